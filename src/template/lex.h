/* template/lex.h - a chat template as text between tags, and tags as tokens. */
#ifndef MTS_TEMPLATE_LEX_H
#define MTS_TEMPLATE_LEX_H

#include "template/ast.h"

typedef enum MtsTplToken {
    MTS_TPL_END,
    MTS_TPL_NAME,
    MTS_TPL_STRING,
    MTS_TPL_INTEGER,
    MTS_TPL_REAL,
    MTS_TPL_SIGN
} MtsTplToken;

typedef struct MtsTplLexer {
    MtsTpl *tpl;
    const char *text;
    size_t size;
    size_t at;       /* of the next byte to be read */
    bool line_start; /* nothing but what was trimmed stands before `at` on its line */
    int braces;      /* open "{" of this tag: "}}" then closes two of them, not the tag */
    /* the current token of a tag */
    MtsTplToken kind;
    size_t token_at;
    MtsString word; /* of a name or a sign; of a string its decoded text */
    int64_t number;
    double real;
    bool too_large; /* an integer beyond 64 bits */
} MtsTplLexer;

/* Outside tags. The text up to the next tag or the end, as that tag's trimming leaves it. */
MtsString mts_lex_text(MtsTplLexer *p);
/* After the word "raw" of a tag: the text up to "endraw", whose tag is left open. */
MtsString mts_lex_raw(MtsTplLexer *p);
/* At a tag: '{', '%' or '#', its sort. Opens it (the first token is then current), or skips it when it is a comment. */
char mts_lex_open(MtsTplLexer *p);
/* Ends the tag ("}}" or "%}") that must end here, and trims after it. */
void mts_lex_close(MtsTplLexer *p, const char *close);

/* Inside a tag. The next token; MTS_TPL_END where the tag ends. */
void mts_lex_advance(MtsTplLexer *p);
bool mts_lex_at_sign(const MtsTplLexer *p, const char *sign);
bool mts_lex_at_word(const MtsTplLexer *p, const char *word);
/* Takes the token if it is that one. */
bool mts_lex_take_sign(MtsTplLexer *p, const char *sign);
bool mts_lex_take_word(MtsTplLexer *p, const char *word);
/* Takes it or fails. */
void mts_lex_expect_sign(MtsTplLexer *p, const char *sign);
MtsString mts_lex_expect_name(MtsTplLexer *p);

static inline bool mts_lex_failed(const MtsTplLexer *p)
{
    return p->tpl->rc != 0;
}

#endif
