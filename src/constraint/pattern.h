/* constraint/pattern.h - regular expressions as people write them, as expressions of bytes. */
#ifndef MTS_CONSTRAINT_PATTERN_H
#define MTS_CONSTRAINT_PATTERN_H

#include "constraint/charset.h"

typedef enum MtsDialect {
    MTS_PATTERN_PCRE2, /* what PCRE2 takes the pattern to be with UTF; it must compile there */
    MTS_PATTERN_ECMA   /* as in JSON Schema: ECMA 262 with Unicode; ^ and $ are the text's ends */
} MtsDialect;

/* The texts that match the pattern as a whole (`search`: somewhere in them), their characters spelled by `spell`.
 * MTS_EUNSUPPORTED where the pattern is not regular or not understood, and the sentence names what and where;
 * MTS_EREQUEST where it is broken. `name` stands for it in sentences. */
int mts_pattern_compile(MtsExprs *x, const char *name, const char *pattern, size_t size, MtsDialect dialect,
                        bool search, MtsSpelling spell, MtsRe *out, MtsError *err);

#endif
