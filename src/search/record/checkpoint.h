/* search/record/checkpoint.h - a search that survives its process: a journal of finished rollouts.
 *
 * The file is one JSON line for the settings and one for each backed-up rollout, in the order of the index, or for each
 * wave of rollouts (search/maxent/waves.c), which is finished as one. It is
 * begun in one step (written aside, renamed into place) and then grows by one write and one sync a rollout; a last
 * line without its newline was cut off by a crash and does not count. Nothing but rollouts has to be kept: random
 * numbers are keyed, and the tree is what the backups make of it. A resumed search repeats the backups at the
 * moments they had, so rollouts that were in flight see the very trees they saw, and goes on to the same bytes.
 * Distributions are not kept: a node whose distribution is needed again is evaluated again, which nfe does not count
 * twice. */
#ifndef MTS_SEARCH_RECORD_CHECKPOINT_H
#define MTS_SEARCH_RECORD_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/json.h"

typedef struct MtsCheckpoint MtsCheckpoint;

struct MtsRun;
struct MtsRollout;

/* Reads run->settings.resume and begins run->settings.save, each where it is not NULL. */
int mts_checkpoint_open(MtsCheckpoint **checkpoint, const struct MtsRun *run, MtsError *err);
void mts_checkpoint_free(MtsCheckpoint **checkpoint);

/* The settings that a checkpoint's search had, as a new object; NULL where there is none to be read (which opening it
 * says in a sentence), or no path. */
json_t *mts_checkpoint_settings(const char *path);

/* ---- waves (search/maxent/waves.c): one line each ---- */

#define MTS_NO_PLACE SIZE_MAX

typedef struct MtsPassed { /* an unfinished prefix that a wave stood on */
    struct MtsNode *node;
    double log_pi;           /* log of the probability that it was taken, given its parent was */
    double unseen, unseen_q; /* after the wave, where it is known: prior and proposal mass of unknown children */
    bool dead;               /* nothing may follow it */
} MtsPassed;

typedef struct MtsFound { /* a text that a wave had scored */
    struct MtsNode *text;
    double log_w; /* log of p over the probability that it was scored */
    size_t place; /* among the wave's rollouts; MTS_NO_PLACE: none */
} MtsFound;

typedef struct MtsWave {
    MtsPassed *passed; /* [passed_count] a parent before its children */
    MtsFound *found;   /* [found_count] */
    size_t passed_count, passed_cap, found_count, found_cap;
    double log_z; /* of its own estimate; NaN: it was cut short */
} MtsWave;

/* Fills in wave number run->waves, of `size` rollouts, where it was read (*recorded). One of another size is forgotten,
 * and all after it: it was the last of a search that was asked for fewer rollouts. */
int mts_checkpoint_read_wave(MtsCheckpoint *checkpoint, struct MtsRun *run, size_t size, MtsWave *wave, bool *recorded,
                             MtsError *err);
int mts_checkpoint_write_wave(MtsCheckpoint *checkpoint, size_t number, size_t size, const MtsWave *wave,
                              MtsError *err);

size_t mts_checkpoint_count(const MtsCheckpoint *checkpoint); /* rollouts read; 0 of NULL */

/* Fills in a rollout that was read: its path of nodes, choices, rewards. */
int mts_checkpoint_read(const MtsCheckpoint *checkpoint, struct MtsRun *run, struct MtsRollout *rollout, MtsError *err);

/* Adds a backed-up rollout, unless it was read from the very file. */
int mts_checkpoint_write(MtsCheckpoint *checkpoint, const struct MtsRollout *rollout, MtsError *err);

#endif
