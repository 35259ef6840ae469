/* results/summary.h - the records of a run (docs/stages.md), read back and brought to a row a method and setting. */
#ifndef MTS_RESULTS_SUMMARY_H
#define MTS_RESULTS_SUMMARY_H

#include "core/error.h"
#include "core/json.h"

/* Reads a journal; *head and *records (an array) are new references, NULL on failure. What is read is checked: members
 * have the types that docs/stages.md says wherever they are there and not null, and no key comes twice; a sentence
 * names the file and the line. An unfinished last line is passed over: its work is not done. */
int mts_eval_read(const char *path, json_t **head, json_t **records, MtsError *err);

/* How many records a whole run of this head (or the part that its shard names) has; 0 where the head does not say. */
size_t mts_eval_expected(const json_t *head);

/* What the records come to: {"stage", "records", "expected", "rows": [...]}, a row for each method and variant that has
 * records, in their order of appearance. Docs/stages.md names a row's members. An interval is {"mean", "low", "high",
 * "n"}: a mean over n samples (a sample's seeds are averaged first; where there is one sample alone, over its n seeds)
 * and its 95 % percentile bootstrap over samples (2000 resamples, one fixed seed); low and high are null for n = 1.
 * NULL when memory ran out. */
json_t *mts_eval_summary(const json_t *head, const json_t *records);

/* Whether the mean of `member` (as in a row) differs between two rows of a summary, over the samples that both have:
 * {"difference": an interval of a - b, "p": two-sided p-value of the paired sign-flip test}. Null where they share
 * fewer than two samples; NULL when memory ran out. */
json_t *mts_eval_compare(const json_t *records, const json_t *row_a, const json_t *row_b, const char *member);

#endif
