/* tokenizer/split_rules.h - the pre-tokenizers by name: a table. */
#ifndef MTS_TOKENIZER_SPLIT_RULES_H
#define MTS_TOKENIZER_SPLIT_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MTS_SPLIT_STAGES = 6, MTS_SPLIT_GROUPS = 3 };

/* Characters by their code points, first to last, beyond ASCII; a group ends with {0, 0}. */
typedef struct MtsSplitRange {
    uint32_t first, last;
} MtsSplitRange;

/* How a text is cut: by one expression after another, each inside the pieces that the ones before left; what it matches
 * is a piece, and what stands between two matches is one. */
typedef struct MtsSplitWords {
    const char *stages[MTS_SPLIT_STAGES];          /* in the notation of split.c; NULL behind the last */
    const MtsSplitRange *groups[MTS_SPLIT_GROUPS]; /* \p{0}, \p{1}, ... of the expressions; NULL: none */
} MtsSplitWords;

/* All that is known of a pre-tokenizer. Several names stand for the same words. */
typedef struct MtsSplitRule {
    const char *name;
    const MtsSplitWords *words;
    bool adds_bos;       /* where the file does not say otherwise */
    bool ignores_merges; /* a word that is a token as a whole becomes that token */
} MtsSplitRule;

extern const MtsSplitRule mts_split_rules[];
extern const size_t mts_split_rule_count;

/* NULL: none has that name [size]. */
const MtsSplitRule *mts_split_rule_named(const char *name, size_t size);

#endif
