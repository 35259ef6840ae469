/* results/journal.h - one JSON line a result, never lost and never twice.
 *
 * A journal is a text file: its first line says what run it belongs to, every further line is one record with a
 * string "key". Lines are appended whole and synced; a line that a crash cut short is dropped when the journal is
 * opened again, and its work is done again. Each line has its checksum (core/seal.h), and none that is not as it was
 * written is read; a file from before there were checksums is read and goes on without. Whoever has a journal open to
 * write has it alone. */
#ifndef MTS_RESULTS_JOURNAL_H
#define MTS_RESULTS_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "core/json.h"

typedef struct MtsJournal MtsJournal;

/* Opens or creates the journal of the run that `head` (an object) describes. A file that begins with another
 * head is MTS_EREQUEST: it belongs to another run and is left as it is. *dropped (may be NULL) is the number of
 * bytes of an unfinished last line that were cut off. */
int mts_journal_open(MtsJournal **journal, const char *path, const json_t *head, size_t *dropped, MtsError *err);

/* Closes the file; NULL-safe. Every appended record is on disk already. */
void mts_journal_close(MtsJournal **journal);

size_t mts_journal_count(const MtsJournal *journal);
const json_t *mts_journal_at(const MtsJournal *journal, size_t index);      /* in the file's order */
const json_t *mts_journal_find(const MtsJournal *journal, const char *key); /* NULL: not there */

/* Appends a record (an object with a string "key" that is not there yet; a reference is taken). On failure the
 * file ends as it did before. */
int mts_journal_append(MtsJournal *journal, json_t *record, MtsError *err);

/* Reads journals of one run (equal heads but for the member "shard") and writes their records to `out`, each key once,
 * ordered by `order`[i] (an array of all keys of the run). Keys that no journal has are MTS_EREQUEST unless `partial`;
 * two different records of one key are MTS_EFORMAT ("seconds" members aside, the first one stays). */
int mts_journal_merge(const char *const *paths, size_t n, const json_t *order, bool partial, const char *out,
                      MtsError *err);

#endif
