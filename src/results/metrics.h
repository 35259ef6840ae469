/* results/metrics.h - numbers that say how good answers are, by the published rules (docs/stages.md). */
#ifndef MTS_RESULTS_METRICS_H
#define MTS_RESULTS_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* ---- classes ---- */

enum { MTS_NO_LABEL = -1 }; /* an answer that is missing or none of the allowed labels: always wrong */

typedef struct MtsClassScores {
    size_t samples, correct;
    double accuracy; /* correct / samples */
    double macro_f1; /* mean of F1 = 2TP / (2TP + FP + FN) over the labels that occur as truth or prediction */
    double kappa;    /* Cohen: (po - pe) / (1 - pe); NaN when pe = 1 */
} MtsClassScores;

/* truth[i] in [0, labels); predicted[i] likewise or MTS_NO_LABEL, which is a false negative of the truth and
 * nobody's false positive. samples >= 1. MTS_EREQUEST on a label out of range. */
int mts_class_scores(const int *truth, const int *predicted, size_t samples, size_t labels, MtsClassScores *scores,
                     MtsError *err);

/* ---- forecasts: actual and forecast are [n] (series/smape.h has another) ---- */

/* Mean |h(t) - h(t - season)| of a history [m]: what the seasonal naive forecast errs in sample. NaN when m <= season
 * or all of it is 0. */
double mts_seasonal_scale(const double *history, size_t m, size_t season);

/* Mean |a - f| over the in-sample mean absolute error of the seasonal naive forecast of `history` [m], period
 * `season` >= 1 (Hyndman and Koehler 2006). NaN when m <= season or the history is exactly seasonal. */
double mts_mase(const double *actual, const double *forecast, size_t n, const double *history, size_t m, size_t season);

/* Continuous ranked probability score of weighted draws x [k] with weights w [k] (>= 0, not all 0) against one
 * actual value: E|X - a| - E|X - X'| / 2 (Gneiting and Raftery 2007, eq. 20). O(k log k). */
int mts_crps(const double *x, const double *w, size_t k, double actual, double *score, MtsError *err);

/* The weighted median: the smallest x such that the weight at or below it is at least half of all. k >= 1. */
int mts_weighted_median(const double *x, const double *w, size_t k, double *median, MtsError *err);

/* ---- texts ---- */

/* Distinct n-grams of tokens over all texts' n-grams (Li et al. 2016); 0 where there are none. */
int mts_distinct_n(const int32_t *const *texts, const size_t *counts, size_t n_texts, size_t n, double *ratio,
                   MtsError *err);

/* ---- uncertainty ---- */

typedef struct MtsInterval {
    double mean, low, high; /* low, high: 95 % percentile bootstrap of the mean */
} MtsInterval;

/* Percentile bootstrap of the mean of values [n >= 1] with `resamples` draws (2000 is usual) of one seed. */
int mts_bootstrap(const double *values, size_t n, size_t resamples, uint64_t seed, MtsInterval *interval,
                  MtsError *err);

/* The same of any statistic of the samples index [n], which may repeat. Resamples whose statistic is NaN are left out;
 * low and high are NaN where these are half or more. */
typedef double MtsStatistic(const void *context, const size_t *index, size_t n);
int mts_bootstrap_of(MtsStatistic *statistic, const void *context, size_t n, size_t resamples, uint64_t seed,
                     MtsInterval *interval, MtsError *err);

/* Two-sided p-value of the paired sign-flip test that a and b [n] have the same mean, `flips` random flips. */
double mts_paired_test(const double *a, const double *b, size_t n, size_t flips, uint64_t seed);

#endif
