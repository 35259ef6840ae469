/* results/head.h - the first line of a journal: which records its run has, in which order. */
#ifndef MTS_RESULTS_HEAD_H
#define MTS_RESULTS_HEAD_H

#include "core/error.h"
#include "core/json.h"

/* How many records a whole run of this head (or the part that its shard names) has; 0 where the head does not say. */
size_t mts_results_expected(const json_t *head);

/* The keys of all records that the head of a run or of a part of one announces, in order. NULL with a sentence where it
 * is no such head. */
json_t *mts_results_keys(const json_t *head, MtsError *err);

#endif
