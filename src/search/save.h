/* search/save.h - a search that survives its process: a journal of finished rollouts.
 *
 * The file is one JSON line for the settings and one for each backed-up rollout, in the order of the index. It is
 * begun in one step (written aside, renamed into place) and then grows by one write and one sync a rollout; a last
 * line without its newline was cut off by a crash and does not count. Nothing but rollouts has to be kept: random
 * numbers are keyed, and the tree is what the backups make of it. A resumed search repeats the backups at the
 * moments they had, so rollouts that were in flight see the very trees they saw, and goes on to the same bytes.
 * Distributions are not kept: a node whose distribution is needed again is evaluated again, which nfe does not count
 * twice. */
#ifndef MTS_SEARCH_SAVE_H
#define MTS_SEARCH_SAVE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

typedef struct MtsCheckpoint MtsCheckpoint;

struct MtsRun;
struct MtsRollout;

/* Reads run->settings.resume and begins run->settings.save, each where it is not NULL. */
int mts_checkpoint_open(MtsCheckpoint **checkpoint, const struct MtsRun *run, MtsError *err);
void mts_checkpoint_free(MtsCheckpoint **checkpoint);

size_t mts_checkpoint_count(const MtsCheckpoint *checkpoint); /* rollouts read; 0 of NULL */

/* Fills in a rollout that was read: its path of nodes, choices, rewards. */
int mts_checkpoint_read(const MtsCheckpoint *checkpoint, struct MtsRun *run, struct MtsRollout *rollout, MtsError *err);

/* Adds a backed-up rollout, unless it was read from the very file. */
int mts_checkpoint_write(MtsCheckpoint *checkpoint, const struct MtsRollout *rollout, MtsError *err);

#endif
