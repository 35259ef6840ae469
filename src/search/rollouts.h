/* search/rollouts.h - the driver of rollout methods. */
#ifndef MTS_SEARCH_ROLLOUTS_H
#define MTS_SEARCH_ROLLOUTS_H

#include "search/search.h"

/* The whole search of a rollout method, up to search->stop_reason. */
int mts_rollouts_lead(MtsSearch *search, MtsError *err);
/* A scored text that no rollout drew, backed up as one more: no part of the estimate of Z, nor of checkpoints. */
int mts_rollouts_take(MtsSearch *search, MtsNode *text, MtsError *err);
/* One more rollout on the tree as it is, for search->sampled; no part of checkpoints. */
int mts_rollouts_one_more(MtsSearch *search, MtsError *err);

#endif
