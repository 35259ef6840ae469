/* search/record/spot_check.h - whether what a checkpoint says of a text still holds.
 *
 * Its first line says which model, prompt and reward the search had, by name and hash; a reward program that was
 * changed keeps its name. So a few of the texts that were read, the first, a middle one and the last, are evaluated and
 * scored again before the search goes on from them. That costs no positions of the search and leaves its tree as it is.
 */
#ifndef MTS_SEARCH_RECORD_SPOT_CHECK_H
#define MTS_SEARCH_RECORD_SPOT_CHECK_H

#include "search/search.h"

/* `text` was read from line `index` of the checkpoint, a finished text that is scored. Evaluates it again where the
 * line is one of the few, and is MTS_EREQUEST where log p or the reward is another one now. */
int mts_spot_check(MtsSearch *search, const MtsNode *text, size_t index, MtsError *err);

#endif
