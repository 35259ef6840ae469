/* evidence/measures.h - numbers about a series, or about two, that answers to questions speak of. */
#ifndef MTS_EVIDENCE_MEASURES_H
#define MTS_EVIDENCE_MEASURES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "evidence/forms.h"

enum { MTS_MEASURED_LEAST = 4 * MTS_FORMS_LEAST, MTS_MEASURED_MOST = MTS_FORMS_MOST };

/* A straight line: its slope a step, and that over its standard error. */
typedef struct MtsLine {
    double slope, t;
} MtsLine;

/* How unlike its quarters are: deviation of their means over that of all values, and of the logs of their variances. */
typedef struct MtsUnrest {
    double mean, variance;
} MtsUnrest;

typedef struct MtsMeasured {
    size_t n;
    const double *x; /* [n], borrowed */
    MtsForms forms, half[2];
    double *level, *wave, *rest; /* [n] the parts of the best fit */
    double mean, sd, steps_sd;   /* of the values; of the steps */
    MtsLine line, half_line[2];
    MtsUnrest unrest, of_steps, without_trend, without_wave, part[3]; /* of the thirds */
    double memory[3];                                                 /* autocorrelation at lags 1, 2, 3 */
    double color, step_color; /* log of the portmanteau statistic of ten lags over what is usual, of values, of steps */
    double reversion;         /* t of the level in a regression of the steps on it */
    double change;            /* log likelihood that one change of mean and variance adds */
    double amplitude_change;  /* log of the last third's swing over the first's, without the trend */
    /* What is odd: the largest rests over the usual; how long it stays put, in windows; least and largest gain of the
     * wave in a window, largest mean beside the trend; where rests are largest, 0 to 1, and how much larger. */
    double spike, still, least_gain, most_gain, wander, place, concentration;
} MtsMeasured;

/* Of x [n], MTS_MEASURED_LEAST to MTS_MEASURED_MOST values. Release with mts_measured_free(), also on failure. */
int mts_measure(MtsMeasured *m, const double *x, size_t n, MtsError *err);
void mts_measured_free(MtsMeasured *m);

MtsUnrest mts_unrest(const double *x, size_t n);
double mts_autocorrelation(const double *x, size_t n, size_t lag);

/* Scores of a trend beside its best wave, of a wave beside its best trend (evidence/forms.h), that fit, and the fit of
 * the best wave there is. */
double mts_trend_score(const MtsForms *forms, MtsTrendForm trend);
double mts_wave_score(const MtsForms *forms, MtsWaveForm wave);
const MtsFormFit *mts_wave_fit(const MtsForms *forms, MtsWaveForm wave);
const MtsFormFit *mts_any_wave(const MtsForms *forms);

/* Two series of one length. */
typedef struct MtsLag {
    long steps; /* x(t) is like y(t + steps) */
    double correlation;
} MtsLag;

/* Where correlation stands out most, by its standard error. */
MtsLag mts_best_lag(const double *x, const double *y, size_t n);
double mts_correlation(const double *x, const double *y, size_t n);

/* Kolmogorov's and Smirnov's statistic times the root of n / 2. */
int mts_unlike_values(const double *x, const double *y, size_t n, double *statistic, MtsError *err);

/* Log likelihood that four steps of x add to four of y in telling y's next value, times two. */
int mts_causes(const double *x, const double *y, size_t n, double *gain, MtsError *err);

#endif
