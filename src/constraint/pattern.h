/* constraint/pattern.h - regular expressions as people write them, as expressions of bytes. */
#ifndef MTS_CONSTRAINT_PATTERN_H
#define MTS_CONSTRAINT_PATTERN_H

#include "constraint/charset.h"

typedef enum MtsDialect {
    MTS_PATTERN_PCRE2, /* what PCRE2 takes the pattern to be with UTF; it must compile there */
    MTS_PATTERN_ECMA   /* as in JSON Schema: ECMA 262 with Unicode; ^ and $ are the text's ends */
} MtsDialect;

typedef enum MtsExtent {                    /* of the pattern's texts */
                         MTS_PATTERN_WHOLE, /* all there is: they match from end to end */
                         MTS_PATTERN_PART,  /* likewise, and others may stand behind them: a look-ahead at the end is
                                               refused */
                         MTS_PATTERN_SOMEWHERE
} MtsExtent;

/* The texts that match the pattern to that extent, their characters spelled by `spell`.
 * MTS_EUNSUPPORTED where the pattern is not regular or not understood, and the sentence names what and where;
 * MTS_EREQUEST where it is broken. `name` stands for it in sentences. */
int mts_pattern_compile(MtsExprs *x, const char *name, const char *pattern, size_t size, MtsDialect dialect,
                        MtsExtent extent, MtsSpelling spell, MtsRe *out, MtsError *err);

#endif
