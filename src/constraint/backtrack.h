/* constraint/backtrack.h - patterns that are not regular: PCRE2 matches every text from its beginning. */
#ifndef MTS_CONSTRAINT_BACKTRACK_H
#define MTS_CONSTRAINT_BACKTRACK_H

#include "constraint/vocabulary.h"

typedef struct MtsBacktrack MtsBacktrack; /* belongs to one thread */

/* A pattern that does not compile is MTS_EREQUEST and the sentence names the place; one that is more than PCRE2 holds
 * MTS_ECAPACITY. All texts together take at most `budget` bytes, one of the questions below half as many steps; more is
 * MTS_ECAPACITY. */
int mts_backtrack_new(MtsBacktrack **backtrack, const char *pattern, size_t size, const MtsVocabulary *vocabulary,
                      size_t budget, MtsError *err);
void mts_backtrack_free(MtsBacktrack **backtrack);

/* Places are texts; 0 is the dead one. */
uint32_t mts_backtrack_start(void);
int mts_backtrack_read(MtsBacktrack *b, uint32_t place, const char *bytes, size_t size, uint32_t *next, MtsError *err);
int mts_backtrack_may_end(MtsBacktrack *b, uint32_t place, bool *ends, MtsError *err);

/* As mts_constraint_mask(); `last`: only tokens that make the text match. A match that takes PCRE2 more steps than its
 * limit is MTS_ECAPACITY. */
int mts_backtrack_mask(MtsBacktrack *b, uint32_t place, bool last, uint64_t *mask, MtsError *err);

#endif
