/* results/summary.h - the records of a run (docs/stages.md) brought to a row a method and setting. */
#ifndef MTS_RESULTS_SUMMARY_H
#define MTS_RESULTS_SUMMARY_H

#include "core/error.h"
#include "core/json.h"

/* What the records come to: {"stage", "records", "expected", "rows": [...]}, a row for each method and variant that has
 * records, in their order of appearance. Docs/stages.md names a row's members. An interval is {"mean", "low", "high",
 * "n"}: a mean over n samples (a sample's seeds are averaged first; where there is one sample alone, over its n seeds)
 * and its 95 % percentile bootstrap over samples (2000 resamples, one fixed seed); low and high are null for n = 1.
 * NULL when memory ran out. */
json_t *mts_results_summary(const json_t *head, const json_t *records);

/* The summary's row of a record's method and variant; NULL: it has none. */
const json_t *mts_results_row(const json_t *summary, const json_t *record);

/* Of a run of the experiment "optimisations": a list of {"optimisation", "seconds", "times_faster", "positions",
 * "best_reward", "samples", "scaled"}; null of any other run. NULL when memory ran out. */
json_t *mts_results_optimisations(const json_t *head, const json_t *records);

/* Whether the mean of `member` (as in a row) differs between two rows of a summary, over the samples that both have:
 * {"difference": an interval of a - b, "p": two-sided p-value of the paired sign-flip test}. Null where they share
 * fewer than two samples; NULL when memory ran out. */
json_t *mts_results_compare(const json_t *records, const json_t *row_a, const json_t *row_b, const char *member);

#endif
