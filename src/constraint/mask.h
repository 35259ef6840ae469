/* constraint/mask.h - which tokens may follow at a place. */
#ifndef MTS_CONSTRAINT_MASK_H
#define MTS_CONSTRAINT_MASK_H

#include "constraint/masker.h"

/* A masker may be used by several threads at once. Both are borrowed, and from here on the automaton is the masker's
 * alone. `budget`: bytes that masks may take before they are forgotten and made again. */
MtsMasker *mts_masker_new(MtsAutomaton *automaton, const MtsVocabulary *vocabulary, size_t budget);
void mts_masker_free(MtsMasker **masker);

/* Goes on from a place by some bytes, and whether a text may end at one. */
void mts_masker_read(MtsMasker *m, MtsPlace *place, const char *bytes, size_t size);
bool mts_masker_accepts(MtsMasker *m, MtsPlace place);

/* Bit t of bits [vocabulary->words] is set exactly when the place goes on alive behind token t, and at most `left`
 * tokens behind it suffice for a good end (SIZE_MAX: any number). false when memory ran out. */
bool mts_mask(MtsMasker *m, MtsPlace place, size_t left, uint64_t *bits);

#endif
