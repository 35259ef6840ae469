/* evidence/future.h - the next values of one series, and how far off they may be. */
#ifndef MTS_EVIDENCE_FUTURE_H
#define MTS_EVIDENCE_FUTURE_H

#include "evidence/forecaster.h"

enum { MTS_FUTURE_LEVELS = 7, MTS_FUTURE_MEDIAN = 3 };
extern const double mts_future_levels[MTS_FUTURE_LEVELS]; /* 0.05 .. 0.95 */

typedef struct MtsFuture {
    size_t horizon, season;
    const char *by;   /* whose path it is: a baseline's name, "week" (the same time a week before) or "evidence" */
    size_t windows;   /* of the series' own past that it was tried on */
    double error;     /* mean |error| there, in the series' units today */
    double *quantile; /* [MTS_FUTURE_LEVELS][horizon], ascending by level */
} MtsFuture;

/* Of x [n], after which `horizon` steps come; season >= 1, 1: none. `forecaster` says what comes; NULL: the baseline
 * that erred least on the series' own past. MTS_EREQUEST where the series is too short for that. */
int mts_future_make(MtsFuture **future, const double *x, size_t n, size_t season, size_t horizon,
                    const MtsForecaster *forecaster, MtsError *err);
void mts_future_free(MtsFuture **future);

#endif
