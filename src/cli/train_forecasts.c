/* cli/train_forecasts.c - train --stage forecast: series in rows to a file of evidence about what comes next. */
#include "cli/train.h"

#include <stdlib.h>
#include <string.h>

#include "cli/out.h"
#include "core/hash.h"
#include "core/mem.h"
#include "evidence/forecaster.h"
#include "series/set.h"
#include "stages/stage.h"

/* What each model and baseline is worth on the last values, sMAPE. */
static json_t *worth_of(const MtsForecaster *o)
{
    json_t *worth = json_object(), *models = json_array();
    for (int b = 0; b < MTS_BASELINES; b++) {
        mts_json_add_real(&worth, mts_baseline_names[b], o->smape[b]);
    }
    for (size_t i = 0; i < o->models; i++) {
        json_t *m = json_object();
        mts_json_add_text(&m, "kind", o->model[i].network ? "network" : "linear");
        mts_json_add_int(&m, "context", (json_int_t)o->model[i].context);
        mts_json_add_int(&m, "series", (json_int_t)o->model[i].tried);
        mts_json_add_real(&m, "smape", o->model[i].smape);
        mts_json_add_real(&m, "baseline_smape", o->model[i].floor_smape);
        mts_json_add(&models, NULL, m);
    }
    mts_json_add(&worth, "models", models);
    return worth;
}

static void describe(MtsForecaster *o, const Args *args, const MtsSeries *const *series, size_t count)
{
    uint64_t h = MTS_HASH_BEGIN;
    char digits[MTS_HASH_DIGITS + 1];
    for (size_t i = 0; i < count; i++) {
        h = mts_hash_doubles(h, series[i]->values, series[i]->length);
    }
    mts_json_add_text(&o->about, "stage", args->stage);
    mts_json_add(&o->about, "data", out_string(args->data));
    mts_json_add_text(&o->about, "hash", mts_hash_text(h, digits));
    mts_json_add_int(&o->about, "samples", (json_int_t)count);
    mts_json_add_int(&o->about, "horizon", (json_int_t)o->horizon);
    mts_json_add_int(&o->about, "season", (json_int_t)o->season);
    mts_json_add_text(&o->about, "baseline", mts_baseline_names[o->baseline]);
    mts_json_add_flag(&o->about, "falls_back", o->models == 0);
    mts_json_add_real(&o->about, "nearly", o->nearly);
    mts_json_add_int(&o->about, "trust", (json_int_t)o->trust);
    mts_json_add(&o->about, "last_values_smape", worth_of(o));
}

static int learn(const Args *args, const MtsSeriesSet *set, MtsSeries **series, MtsError *err)
{
    MtsForecaster *o = NULL;
    size_t season = mts_stage_season(set->item[0]->id);
    int rc = MTS_OK;
    for (size_t i = 0; !rc && i < set->count; i++) {
        rc = mts_set_take_at(set, i, 0, &series[i], err);
        if (!rc && series[i]->channels != 1) {
            rc = mts_fail(err, MTS_EREQUEST, "%s: series %zu has %zu channels, not one", set->name, i + 1,
                          series[i]->channels);
        } else if (!rc && mts_stage_season(series[i]->id) != season) {
            rc = mts_fail(err, MTS_EREQUEST,
                          "%s: series %zu (%.40s) has a season of %zu, the first one of %zu: each is "
                          "learnt from a file of its own",
                          set->name, i + 1, series[i]->id, mts_stage_season(series[i]->id), season);
        }
    }
    const MtsSeries *const *list = (const MtsSeries *const *)series;
    if (rc || (rc = mts_forecaster_learn(&o, list, set->count, args->horizon, season, err))) {
        return rc;
    }
    describe(o, args, list, set->count);
    rc = o->about ? mts_forecaster_write(o, args->out, err) : mts_fail(err, MTS_ENOMEM, "train: memory ran out");
    rc = rc ? rc : out_print(args, json_incref(o->about), err);
    mts_forecaster_free(&o);
    return rc;
}

int train_forecasts(const Args *args, MtsError *err)
{
    MtsSeriesSet set = {0};
    MtsSeries **series = NULL;
    if (args->horizon == CLI_NO_SIZE || args->horizon < 1 || args->horizon > MTS_FORECASTER_MOST_HORIZON ||
        args->more) {
        return args->more ? mts_fail(err, MTS_EREQUEST, "train: --more: forecasts are learnt from --data alone")
                          : mts_fail(err, MTS_EREQUEST, "train: --horizon: from 1 to %d steps, which is not given",
                                     MTS_FORECASTER_MOST_HORIZON);
    }
    int rc = mts_set_read(&set, args->data, err);
    if (!rc && !(series = mts_calloc(set.count, sizeof(MtsSeries *)))) {
        rc = mts_fail(err, MTS_ENOMEM, "train: memory ran out");
    }
    rc = rc ? rc : learn(args, &set, series, err);
    for (size_t i = 0; series && i < set.count; i++) {
        mts_series_free(&series[i]);
    }
    free(series);
    mts_set_free(&set);
    return rc;
}
