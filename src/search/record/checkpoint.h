/* search/record/checkpoint.h - a search that survives its process: a file that grows by a line for whatever is
 * finished.
 *
 * The file is one JSON line for the settings and one for each backed-up rollout, in the order of the index
 * (search/record/rollout_line.h), or whatever a method that leads its searches itself writes
 * (search/maxent/wave_line.h); what is in a line is not known here. It is
 * begun in one step (core/output.h) and then grows by one write and one sync a line, by one search at a time. Each line
 * has its checksum (core/seal.h), and none is read that is not as it was written; a file from before there were
 * checksums is read without. A last line without its newline was cut off by a crash and does not count. Nothing but
 * rollouts has to be kept: random numbers are keyed, and the tree is what the backups make of it. A resumed search
 * repeats the backups at the moments they had, so rollouts that were in flight see the very trees they saw, and goes on
 * to the same bytes. Distributions are not kept: a node whose distribution is needed again is evaluated again, which
 * nfe does not count twice. */
#ifndef MTS_SEARCH_RECORD_CHECKPOINT_H
#define MTS_SEARCH_RECORD_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/json.h"
#include "core/mem.h"

typedef struct MtsCheckpoint MtsCheckpoint;

/* Reads `resume` and begins `save`, each where it is not NULL. identity: the settings that the two searches must agree
 * in, for the first line. *checkpoint is set (and mts_checkpoint_free() due) on failure too, unless it is NULL. */
int mts_checkpoint_open(MtsCheckpoint **checkpoint, const char *resume, const char *save, json_t *identity,
                        MtsError *err);
void mts_checkpoint_free(MtsCheckpoint **checkpoint);

/* The settings that a checkpoint's search had, as a new object; NULL where there is none to be read (which opening it
 * says in a sentence), or no path. Fails where memory ran out alone. */
int mts_checkpoint_settings(json_t **settings, const char *path, MtsError *err);

size_t mts_checkpoint_count(const MtsCheckpoint *checkpoint); /* lines read, the first apart; 0 of NULL */
const json_t *mts_checkpoint_line(const MtsCheckpoint *checkpoint, size_t index);

/* MTS_EFORMAT with the sentence for a field of a line that is missing or out of range. */
int mts_checkpoint_bad(const MtsCheckpoint *checkpoint, size_t index, const char *field, MtsError *err);

/* MTS_EREQUEST with the sentence for a text whose log p or reward is not the saved one. */
int mts_checkpoint_differs(const MtsCheckpoint *checkpoint, size_t index, const char *what, double there, double now,
                           MtsError *err);

/* Lines from `from` on do not count, and are cut off the file that is written. */
int mts_checkpoint_forget(MtsCheckpoint *checkpoint, size_t from, MtsError *err);

/* Whether lines are written; false for NULL. */
bool mts_checkpoint_writes(const MtsCheckpoint *checkpoint);
/* Adds a line, its newline included: whole and on the disk. */
int mts_checkpoint_append(MtsCheckpoint *checkpoint, const MtsBytes *line, MtsError *err);

/* ---- what lines are made of: false where the number is none between min and max ---- */

bool mts_field_real(const json_t *array, size_t i, double min, double max, double *out);
bool mts_field_whole(const json_t *array, size_t i, double min, double max, size_t *out);
/* A number, or null for minus infinity. */
bool mts_field_log(const json_t *value, double *out);

bool mts_put_real(MtsBytes *b, double x); /* null for what is not finite */
bool mts_put_tokens(MtsBytes *b, const int32_t *tokens, size_t count);

#endif
