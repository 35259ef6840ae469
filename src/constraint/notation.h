/* constraint/notation.h - grammars as people write them: llama.cpp's GBNF and a part of Lark's EBNF. */
#ifndef MTS_CONSTRAINT_NOTATION_H
#define MTS_CONSTRAINT_NOTATION_H

#include "constraint/grammar.h"

/* Reads GBNF where the text has "::=" in a rule, else Lark's notation; sets g->root and finishes the grammar. Errors
 * name the line and the column. MTS_EREQUEST: the text is wrong; MTS_EUNSUPPORTED: it asks for what is not held. `name`
 * stands for it in sentences. */
int mts_notation_grammar(MtsGrammar *g, const char *text, size_t size, const char *name, MtsError *err);

#endif
