/* search/record/rollout_line.h - a rollout as a line of a checkpoint:
 *
 *     {"rollout":index, "dead":nothing may follow, "tokens", "logp", "log_q", ..., "reward", ...}
 *
 * with a number a token in the lists, and what the method adds: its choice_fields behind log_q, what its
 * write_rollout() writes at the end. */
#ifndef MTS_SEARCH_RECORD_ROLLOUT_LINE_H
#define MTS_SEARCH_RECORD_ROLLOUT_LINE_H

#include "search/rollout.h"

/* Fills in a rollout whose line was read: its path of nodes, choices, rewards. */
int mts_rollout_read(MtsSearch *search, MtsRollout *rollout, MtsError *err);

/* Adds a backed-up rollout, unless it was read from the very file. */
int mts_rollout_write(MtsSearch *search, const MtsRollout *rollout, MtsError *err);

#endif
