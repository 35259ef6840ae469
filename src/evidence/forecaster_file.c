/* evidence/forecaster_file.c - what was learnt for forecasts as a file: one sealed line of JSON, as evidence_file.c has
 * it, with "kind": "forecast". */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/forecaster.h"
#include "evidence/sealed.h"

enum { VERSION = 2 };

/* ---- writing ---- */

static json_t *model_json(const MtsForecasterModel *m, size_t horizon)
{
    json_t *o = json_object();
    mts_json_add_int(&o, "context", (json_int_t)m->context);
    mts_json_add_int(&o, "series", (json_int_t)m->tried);
    mts_json_add_real(&o, "smape", m->smape);
    mts_json_add_real(&o, "baseline_smape", m->floor_smape);
    mts_json_add(&o, "spread", mts_sealed_numbers(m->spread, horizon));
    if (m->weights) {
        mts_json_add(&o, "weights", mts_sealed_numbers(m->weights, (m->context + 1) * horizon));
    } else {
        mts_json_add_int(&o, "least", (json_int_t)m->least);
        mts_json_add(&o, "network", mts_network_json(m->network));
    }
    return o;
}

int mts_forecaster_write(const MtsForecaster *o, const char *path, MtsError *err)
{
    json_t *file = mts_sealed_begin("forecast", VERSION, o->about), *models = json_array();
    mts_json_add_int(&file, "horizon", (json_int_t)o->horizon);
    mts_json_add_int(&file, "season", (json_int_t)o->season);
    mts_json_add_text(&file, "baseline", mts_baseline_names[o->baseline]);
    mts_json_add_real(&file, "nearly", o->nearly);
    mts_json_add_int(&file, "trust", (json_int_t)o->trust);
    mts_json_add(&file, "spread", mts_sealed_numbers(o->spread, o->horizon));
    for (size_t i = 0; i < o->models; i++) {
        mts_json_add(&models, NULL, model_json(&o->model[i], o->horizon));
    }
    mts_json_add(&file, "models", models);
    return mts_sealed_write(file, path, err);
}

/* ---- reading ---- */

static int read_spread(const json_t *o, const char *name, size_t horizon, double **out, MtsError *err)
{
    int rc = mts_sealed_read_numbers(o, name, "spread", horizon, out, err);
    for (size_t h = 0; !rc && h < horizon; h++) {
        rc = (*out)[h] > 0 ? MTS_OK : mts_fail(err, MTS_EFORMAT, "%s: spread has one that is not above 0", name);
    }
    return rc;
}

/* Either kind's own part. */
static int read_weights(MtsForecasterModel *m, const json_t *j, const char *name, size_t horizon, MtsError *err)
{
    const json_t *network = json_object_get(j, "network");
    m->least = m->context;
    if (!network) {
        return mts_sealed_read_numbers(j, name, "weights", (m->context + 1) * horizon, &m->weights, err);
    }
    int rc = mts_sealed_read_size(j, name, "least", m->context, &m->least, err);
    return rc ? rc : mts_network_read(&m->network, network, name, m->context, horizon, err);
}

static int read_model(MtsForecaster *o, const json_t *j, const char *name, MtsError *err)
{
    MtsForecasterModel *m = &o->model[o->models];
    int rc = mts_sealed_read_size(j, name, "context", MTS_FORECASTER_MOST_CONTEXT, &m->context, err);
    if (rc) {
        return rc;
    }
    o->models++;
    if ((rc = mts_sealed_read_real(j, name, "smape", 0, 200, &m->smape, err)) ||
        (rc = mts_sealed_read_real(j, name, "baseline_smape", 1e-12, 200, &m->floor_smape, err)) ||
        (rc = read_spread(j, name, o->horizon, &m->spread, err))) {
        return rc;
    }
    return read_weights(m, j, name, o->horizon, err);
}

static int take(MtsForecaster *o, const json_t *file, const char *name, MtsError *err)
{
    const json_t *models = json_object_get(file, "models");
    const char *baseline = json_string_value(json_object_get(file, "baseline"));
    double trust;
    int b = 0, rc;
    while (b < MTS_BASELINES && (!baseline || strcmp(baseline, mts_baseline_names[b]) != 0)) {
        b++;
    }
    if (b == MTS_BASELINES || !json_is_array(models) || json_array_size(models) > MTS_FORECASTER_MODELS) {
        return mts_fail(err, MTS_EFORMAT, "%s: %s", name,
                        b == MTS_BASELINES ? "baseline is none of last, seasonal, theta" : "models is no list of them");
    }
    o->baseline = (MtsBaseline)b;
    if ((rc = mts_sealed_read_size(file, name, "horizon", MTS_FORECASTER_MOST_HORIZON, &o->horizon, err)) ||
        (rc = mts_sealed_read_size(file, name, "season", MTS_FORECASTER_MOST_SEASON, &o->season, err)) ||
        (rc = mts_sealed_read_real(file, name, "nearly", 1, 100, &o->nearly, err)) ||
        (rc = mts_sealed_read_real(file, name, "trust", 0, MTS_FORECASTER_MOST_TRUST, &trust, err)) ||
        (rc = read_spread(file, name, o->horizon, &o->spread, err))) {
        return rc;
    }
    o->trust = (size_t)trust;
    for (size_t i = 0; !rc && i < json_array_size(models); i++) {
        rc = read_model(o, json_array_get(models, i), name, err);
    }
    return rc;
}

int mts_forecaster_parse(MtsForecaster **forecaster, const char *name, const char *text, size_t size, MtsError *err)
{
    json_t *file = NULL;
    MtsForecaster *o = *forecaster = mts_calloc(1, sizeof *o);
    int rc = o ? mts_sealed_parse(&file, name, "forecast", VERSION, text, size, &o->about, err)
               : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", name);
    rc = rc ? rc : take(o, file, name, err);
    json_decref(file);
    if (rc) {
        mts_forecaster_free(forecaster);
    }
    return rc;
}
