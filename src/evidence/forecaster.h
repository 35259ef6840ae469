/* evidence/forecaster.h - what many series have taught about the next values of one. */
#ifndef MTS_EVIDENCE_FORECASTER_H
#define MTS_EVIDENCE_FORECASTER_H

#include <stddef.h>
#include <stdint.h>

#include <maxts/series.h>

#include "core/json.h"
#include "evidence/network.h"

enum {
    MTS_FORECASTER_MODELS = 8,
    MTS_FORECASTER_MOST_HORIZON = 1024,
    MTS_FORECASTER_MOST_CONTEXT = 256,
    MTS_FORECASTER_MOST_SEASON = 4096,
    MTS_FORECASTER_MOST_TRUST = 2
};

/* Baselines: the last value; the last season; Theta (the last value's exponential smoothing and half of the trend), on
 * the series without its season. */
typedef enum MtsBaseline { MTS_LAST, MTS_SEASONAL, MTS_THETA, MTS_BASELINES } MtsBaseline;
extern const char *const mts_baseline_names[MTS_BASELINES]; /* as files and results call them */

/* All horizons at once from the last `context` values. */
typedef struct MtsForecasterModel {
    size_t context, least; /* fewer do, `least` of them, where zeros can stand for the others */
    double *weights;       /* [context + 1][horizon]; or NULL and: */
    MtsNetwork *network;
    double penalty;            /* of a fit */
    uint64_t seed;             /* of a network's */
    double *spread;            /* [horizon] mean |error| on series held out, in units of the window's mean |value| */
    double smape, floor_smape; /* on the last values of the series, which it had not seen; of the baseline there */
    size_t tried;              /* series */
} MtsForecasterModel;

typedef struct MtsForecaster {
    size_t horizon, season;
    MtsBaseline baseline; /* the best on the same last values */
    double *spread;       /* [horizon] as above, of the baseline */
    double smape[MTS_BASELINES];
    /* Only those better than the baseline: linear ones by ascending context, then networks. */
    MtsForecasterModel model[MTS_FORECASTER_MODELS];
    size_t models;
    double nearly; /* a model that errs at most so many times as much as the best has its share */
    size_t trust;  /* the power of (baseline's error / models') that a series' own last values leave them */
    json_t *about;
} MtsForecaster;

/* Learns from series [count] of one channel each, which are long enough where they have 2 horizons and a season.
 * MTS_EREQUEST where none is. */
int mts_forecaster_learn(MtsForecaster **forecaster, const MtsSeries *const *series, size_t count, size_t horizon,
                         size_t season, MtsError *err);
void mts_forecaster_free(MtsForecaster **forecaster);

/* path [horizon] and spread [horizon], mean |error| in the series' units, of what comes after values [n], by the
 * best contexts that they fill. MTS_EREQUEST where they are fewer than a season or 8. */
int mts_forecaster_path(const MtsForecaster *forecaster, const double *values, size_t n, double *path, double *spread,
                        MtsError *err);

/* Of values [n], n >= season and 1; path [horizon]. */
int mts_forecaster_baseline(MtsBaseline baseline, const double *values, size_t n, size_t season, size_t horizon,
                            double *path, MtsError *err);

int mts_forecaster_write(const MtsForecaster *forecaster, const char *path, MtsError *err);
/* From a text [size]; `name` stands for the path. (mts_forecaster_read(), of the file, is in trained.c.) */
int mts_forecaster_read(MtsForecaster **forecaster, const char *path, MtsError *err);
int mts_forecaster_parse(MtsForecaster **forecaster, const char *name, const char *text, size_t size, MtsError *err);

#endif
