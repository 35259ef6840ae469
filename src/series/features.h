/* series/features.h - what can be said about one channel, each with its formula.
 *
 * x(0 .. n-1) are the values, t = 0 .. n-1 the time in steps. Positions count from 0. */
#ifndef MTS_SERIES_FEATURES_H
#define MTS_SERIES_FEATURES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

#define MTS_MOST_SHIFTS 8

/* A straight line by least squares. */
typedef struct MtsTrend {
    double slope;       /* b = sum (t - mean t)(x - mean x) / sum (t - mean t)^2, units per step */
    double intercept;   /* at t = 0 of the range */
    double correlation; /* r of t and x, -1 .. 1; 0 where x is constant */
} MtsTrend;

/* Of x [n], n >= 1. */
MtsTrend mts_trend(const double *x, size_t n);

/* A sudden change of level between positions at - 1 and at. */
typedef struct MtsShift {
    size_t at;
    double step;      /* units, signed */
    double statistic; /* step over its standard error */
} MtsShift;

typedef struct MtsFeatures {
    size_t length;
    double mean, sd; /* sd with n - 1; 0 for n = 1 */
    double median;   /* mean of the two middle values for even n */
    double min, max;
    size_t argmin, argmax; /* the first of equals */
    double first, last;
    MtsTrend trend;
    double volatility; /* root mean square of x(t) - x(t-1); 0 for n = 1 */
    /* Seasonality. d = x without its line; r(k) = sum d(t) d(t+k) / sum d(t)^2. The period is the local maximum of r
     * over lags 2 .. min(n/2, 1000) with the largest r, if that is at least 0.3; 0: none. */
    size_t period;
    double autocorrelation;   /* r(period) */
    double seasonal_strength; /* 1 - var(d - s) / var(d), s(t) the mean of d over the times of equal t mod period; 0: no
                                 period */
    /* Shifts of level, at most 8, by descending |statistic|. With w = n/10 held to 4 .. 50 and y = x - s: a
     * least-squares fit of a + b t + step * (t >= k) to the w values on either side of k; a shift stands where
     * |statistic| >= 5, |step| >= (max - min) / 10, and no larger statistic is nearer than w. */
    MtsShift shift[MTS_MOST_SHIFTS];
    size_t shifts;
} MtsFeatures;

/* Of x [n], n >= 1, all finite. `adjusted` [n], which may be NULL, is x without its seasonal part: x - s. MTS_ENOMEM
 * alone can go wrong. */
int mts_features(const double *x, size_t n, MtsFeatures *features, double *adjusted, MtsError *err);

/* Of x [n], n >= 1. */
double mts_mean(const double *x, size_t n);

/* Root mean square of the steps x(t) - x(t-1) of x [n]; 0 for n < 2. */
double mts_volatility(const double *x, size_t n);

#endif
