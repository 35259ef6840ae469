/* constraint/mask.h - which tokens may follow at a place. */
#ifndef MTS_CONSTRAINT_MASK_H
#define MTS_CONSTRAINT_MASK_H

#include "constraint/automaton.h"
#include "constraint/vocabulary.h"

typedef struct MtsMasker MtsMasker;

/* Both are borrowed. `budget`: bytes that masks may take before they are forgotten and made again. */
MtsMasker *mts_masker_new(MtsAutomaton *automaton, const MtsVocabulary *vocabulary, size_t budget);
void mts_masker_free(MtsMasker **masker);

typedef struct MtsMask {
    const uint64_t *bits; /* [vocabulary->words] valid until the next call */
    uint32_t farthest;    /* bytes of the shortest good end behind any of the tokens; MTS_NO_LIMIT - 1: perhaps more */
} MtsMask;

/* Bit t is set exactly when the place goes on alive behind token t. NULL bits when memory ran out. */
MtsMask mts_mask(MtsMasker *m, MtsPlace place);

/* Whether some text of at most `tokens` tokens ends well from here. */
bool mts_mask_ends_within(MtsMasker *m, MtsPlace place, size_t tokens);

/* Takes from bits [words], the mask of `place`, the tokens behind which no text of at most `tokens` tokens ends well.
 */
void mts_mask_keep_within(MtsMasker *m, MtsPlace place, size_t tokens, uint64_t *bits);

/* The place behind a token. */
MtsPlace mts_mask_advance(MtsMasker *m, MtsPlace place, int32_t token);

#endif
