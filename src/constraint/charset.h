/* constraint/charset.h - sets of code points, and the expressions that spell them. */
#ifndef MTS_CONSTRAINT_CHARSET_H
#define MTS_CONSTRAINT_CHARSET_H

#include <stdbool.h>

#include "constraint/expr.h"

typedef struct MtsChars {
    struct MtsCharRange {
        uint32_t from, to; /* both included */
    } *ranges;             /* [count] ascending and apart after mts_chars_tidy() */
    size_t count, cap;
    bool broken; /* memory ran out */
} MtsChars;      /* zero-initialise; release with mts_chars_free() */

void mts_chars_add(MtsChars *set, uint32_t from, uint32_t to);
void mts_chars_add_all(MtsChars *set, const MtsChars *other);
void mts_chars_tidy(MtsChars *set);
void mts_chars_negate(MtsChars *set);                     /* of a tidy set: all scalar values that are not in it */
void mts_chars_and(MtsChars *set, const MtsChars *other); /* both tidy */
bool mts_chars_has(const MtsChars *set, uint32_t c);
void mts_chars_free(MtsChars *set);

/* What PCRE2 (with UTF) takes a class to be, as `[...]` or `\p{L}`: every code point is asked once. */
int mts_chars_ask(MtsChars *set, const char *class_text, bool caseless, bool properties, MtsError *err);

/* How characters are written down; nothing can be made of a broken set (mts_exprs_failed()). */
typedef MtsRe (*MtsSpelling)(MtsExprs *x, const MtsChars *set);

/* One character of the tidy set in UTF-8; surrogates have no spelling. */
MtsRe mts_spell_utf8(MtsExprs *x, const MtsChars *set);

/* One character of the tidy set inside a JSON string: as itself where it may stand so, or as any escape that means it
 * (two of them for a character beyond U+FFFF). */
MtsRe mts_spell_json(MtsExprs *x, const MtsChars *set);

#endif
