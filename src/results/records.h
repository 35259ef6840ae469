/* results/records.h - journals read back: checked line by line, and the shards of a run joined. */
#ifndef MTS_RESULTS_RECORDS_H
#define MTS_RESULTS_RECORDS_H

#include "core/error.h"
#include "core/json.h"

/* Reads a journal; *head and *records (an array) are new references, NULL on failure. What is read is checked: members
 * have the types that docs/stages.md says wherever they are there and not null, and no key comes twice; a sentence
 * names the file and the line. An unfinished last line is passed over: its work is not done. */
int mts_results_read(const char *path, json_t **head, json_t **records, MtsError *err);

/* Joins the journals of a run's shards to the journal of the whole. */
int mts_results_merge(const char *out, const char *const *in, size_t n, MtsError *err);

#endif
