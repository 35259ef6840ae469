/* results/metrics.c - classes, forecasts, texts and how sure their means are. */
#include "results/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/rng.h"
#include "core/sort.h"

int mts_class_scores(const int *truth, const int *predicted, size_t samples, size_t labels, MtsClassScores *scores,
                     MtsError *err)
{
    /* per label: true positives, times it is the truth, times it is predicted */
    size_t *hits = mts_calloc(labels, sizeof *hits), *actual = mts_calloc(labels, sizeof *actual),
           *claimed = mts_calloc(labels, sizeof *claimed);
    int rc = MTS_OK;
    memset(scores, 0, sizeof *scores);
    if (!hits || !actual || !claimed) {
        rc = mts_fail(err, MTS_ENOMEM, "class scores: memory ran out for %zu labels", labels);
        goto done;
    }
    for (size_t i = 0; i < samples; i++) {
        if (truth[i] < 0 || (size_t)truth[i] >= labels ||
            (predicted[i] != MTS_NO_LABEL && (predicted[i] < 0 || (size_t)predicted[i] >= labels))) {
            rc = mts_fail(err, MTS_EREQUEST, "class scores: sample %zu has truth %d and prediction %d of %zu labels", i,
                          truth[i], predicted[i], labels);
            goto done;
        }
        actual[truth[i]]++;
        if (predicted[i] != MTS_NO_LABEL) {
            claimed[predicted[i]]++;
            hits[truth[i]] += predicted[i] == truth[i];
        }
    }
    double n = (double)samples, f1 = 0, chance = 0;
    size_t seen = 0;
    for (size_t l = 0; l < labels; l++) {
        scores->correct += hits[l];
        chance += ((double)actual[l] / n) * ((double)claimed[l] / n);
        if (actual[l] + claimed[l] > 0) {
            f1 += 2.0 * (double)hits[l] / (double)(actual[l] + claimed[l]);
            seen++;
        }
    }
    scores->samples = samples;
    scores->accuracy = (double)scores->correct / n;
    scores->macro_f1 = f1 / (double)seen;
    scores->kappa = chance < 1 ? (scores->accuracy - chance) / (1 - chance) : NAN;
done:
    free(hits);
    free(actual);
    free(claimed);
    return rc;
}

double mts_seasonal_scale(const double *history, size_t m, size_t season)
{
    double naive = 0;
    for (size_t i = season; i < m; i++) {
        naive += fabs(history[i] - history[i - season]);
    }
    return m > season && naive > 0 ? naive / (double)(m - season) : NAN;
}

double mts_mase(const double *actual, const double *forecast, size_t n, const double *history, size_t m, size_t season)
{
    double error = 0;
    for (size_t i = 0; i < n; i++) {
        error += fabs(actual[i] - forecast[i]);
    }
    return error / (double)n / mts_seasonal_scale(history, m, season);
}

typedef struct Draw {
    double x, w;
} Draw;

/* Then by weight: sums over equal draws are in no order of qsort()'s own. */
static int by_x(const void *a, const void *b)
{
    const Draw *x = a, *y = b;
    return x->x != y->x ? (x->x > y->x) - (x->x < y->x) : (x->w > y->w) - (x->w < y->w);
}

static int sorted_draws(Draw **out, const double *x, const double *w, size_t k, double *total, MtsError *err)
{
    Draw *draws = *out = mts_calloc(k, sizeof *draws);
    *total = 0;
    for (size_t i = 0; draws && i < k; i++) {
        draws[i].x = x[i];
        draws[i].w = w[i];
        *total += w[i];
    }
    if (!draws) {
        return mts_fail(err, MTS_ENOMEM, "metrics: memory ran out over %zu draws", k);
    }
    qsort(draws, k, sizeof *draws, by_x);
    return MTS_OK;
}

int mts_crps(const double *x, const double *w, size_t k, double actual, double *score, MtsError *err)
{
    double total;
    Draw *draws;
    int rc = sorted_draws(&draws, x, w, k, &total, err);
    if (rc) {
        return rc;
    }
    /* E|X - X'| / 2 = sum over gaps of F (1 - F) times the gap, F the distribution function in it. */
    double error = 0, spread = 0, below = 0;
    for (size_t i = 0; i < k; i++) {
        error += draws[i].w / total * fabs(draws[i].x - actual);
        below += draws[i].w / total;
        if (i + 1 < k) {
            spread += below * (1 - below) * (draws[i + 1].x - draws[i].x);
        }
    }
    free(draws);
    *score = error - spread;
    return MTS_OK;
}

int mts_weighted_median(const double *x, const double *w, size_t k, double *median, MtsError *err)
{
    double total, below = 0;
    Draw *draws;
    int rc = sorted_draws(&draws, x, w, k, &total, err);
    if (rc) {
        return rc;
    }
    size_t i = 0;
    while (i + 1 < k && (below += draws[i].w) < 0.5 * total) {
        i++;
    }
    *median = draws[i].x;
    free(draws);
    return MTS_OK;
}

typedef struct Gram {
    const int32_t *tokens;
    size_t n;
} Gram;

static int by_tokens(const void *a, const void *b)
{
    const Gram *x = a, *y = b;
    for (size_t i = 0; i < x->n; i++) {
        if (x->tokens[i] != y->tokens[i]) {
            return x->tokens[i] < y->tokens[i] ? -1 : 1;
        }
    }
    return 0;
}

int mts_distinct_n(const int32_t *const *texts, const size_t *counts, size_t n_texts, size_t n, double *ratio,
                   MtsError *err)
{
    size_t all = 0, at = 0, distinct = 0;
    for (size_t t = 0; t < n_texts; t++) {
        all += counts[t] >= n ? counts[t] - n + 1 : 0;
    }
    Gram *grams = mts_calloc(all, sizeof *grams);
    if (!grams) {
        return mts_fail(err, MTS_ENOMEM, "distinct-%zu: memory ran out for %zu n-grams", n, all);
    }
    for (size_t t = 0; t < n_texts; t++) {
        for (size_t i = 0; i + n <= counts[t]; i++) {
            grams[at].tokens = texts[t] + i;
            grams[at++].n = n;
        }
    }
    qsort(grams, all, sizeof *grams, by_tokens);
    for (size_t i = 0; i < all; i++) {
        distinct += i == 0 || by_tokens(&grams[i - 1], &grams[i]) != 0;
    }
    *ratio = all ? (double)distinct / (double)all : 0;
    free(grams);
    return MTS_OK;
}

int mts_bootstrap_of(MtsStatistic *statistic, const void *context, size_t n, size_t resamples, uint64_t seed,
                     MtsInterval *interval, MtsError *err)
{
    double *drawn = mts_calloc(resamples, sizeof *drawn);
    size_t *index = mts_calloc(n, sizeof *index), found = 0;
    if (!drawn || !index) {
        free(drawn);
        free(index);
        return mts_fail(err, MTS_ENOMEM, "bootstrap: memory ran out for %zu resamples of %zu", resamples, n);
    }
    for (size_t i = 0; i < n; i++) {
        index[i] = i;
    }
    interval->mean = statistic(context, index, n);
    for (size_t r = 0; r < resamples; r++) {
        MtsRng rng = mts_rng(seed, r, 0);
        for (size_t i = 0; i < n; i++) {
            index[i] = (size_t)(mts_rng_uniform(&rng) * (double)n);
        }
        double v = statistic(context, index, n);
        if (!isnan(v)) {
            drawn[found++] = v;
        }
    }
    interval->low = interval->high = NAN;
    if (found > resamples / 2) {
        mts_sort_doubles(drawn, found);
        interval->low = drawn[(size_t)(0.025 * (double)(found - 1))];
        interval->high = drawn[(size_t)ceil(0.975 * (double)(found - 1))];
    }
    free(drawn);
    free(index);
    return MTS_OK;
}

static double mean_of(const void *context, const size_t *index, size_t n)
{
    const double *values = context;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += values[index[i]];
    }
    return sum / (double)n;
}

int mts_bootstrap(const double *values, size_t n, size_t resamples, uint64_t seed, MtsInterval *interval, MtsError *err)
{
    return mts_bootstrap_of(mean_of, values, n, resamples, seed, interval, err);
}

double mts_paired_test(const double *a, const double *b, size_t n, size_t flips, uint64_t seed)
{
    double observed = 0;
    for (size_t i = 0; i < n; i++) {
        observed += a[i] - b[i];
    }
    size_t extreme = 1; /* the data as they are count as one of the flips */
    for (size_t f = 0; f < flips; f++) {
        MtsRng rng = mts_rng(seed, f, 0);
        double sum = 0;
        uint64_t bits = 0;
        for (size_t i = 0; i < n; i++) {
            bits = i % 64 == 0 ? mts_rng_bits(&rng) : bits >> 1;
            sum += bits & 1 ? a[i] - b[i] : b[i] - a[i];
        }
        extreme += fabs(sum) >= fabs(observed) * (1 - 1e-12);
    }
    return (double)extreme / (double)(flips + 1);
}
