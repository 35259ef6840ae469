/* template/expressions.h - reading the expressions of a template. */
#ifndef MTS_TEMPLATE_EXPRESSIONS_H
#define MTS_TEMPLATE_EXPRESSIONS_H

#include "template/lex.h"

/* A zeroed node of that kind; NULL on failure. */
MtsTplNode *mts_parse_node(MtsTplLexer *p, MtsTplNodeKind kind, size_t at);
/* A node that is an error when it is reached. */
MtsTplNode *mts_parse_unknown(MtsTplLexer *p, size_t at, const char *what);
/* Puts a node, unless it is NULL, at the end of a list that *tail is the end of. */
void mts_parse_append(MtsTplNode ***tail, MtsTplNode *node);
bool mts_parse_at_one_of(const MtsTplLexer *p, const char *const *words);

MtsTplNode *mts_parse_expression(MtsTplLexer *p);
/* "a, b", a tuple, or one expression; `conditions`: with "if" in it. */
MtsTplNode *mts_parse_tuple(MtsTplLexer *p, bool conditions);
/* "name(arguments)" behind a "|", of node; and all filters, tests and calls after node. */
MtsTplNode *mts_parse_filter(MtsTplLexer *p, MtsTplNode *node, size_t at);
MtsTplNode *mts_parse_filters(MtsTplLexer *p, MtsTplNode *node);

#endif
