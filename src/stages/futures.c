/* stages/futures.c - forecasts: the next values of a series.
 *
 * path: training series in rows, more: the same series' futures. */
#include <stdlib.h>
#include <string.h>

#include "results/metrics.h"
#include "stages/build.h"
#include "stages/stage.h"

/* M4's own seasons by the first letter of a series' name: "H10" is one of its names, and "Hungary" none. */
size_t mts_stage_season(const char *id)
{
    bool named = id[0] && id[1] >= '0' && id[1] <= '9';
    switch (named ? id[0] : 'W') {
    case 'H':
        return 24;
    case 'Q':
        return 4;
    case 'M':
        return 12;
    default:
        return 1; /* weekly, daily, yearly, as the competition scored them */
    }
}

/* The one future of this very id: a file that lacks it has no other one for it. */
static int find_future(const MtsSeriesSet *future, const MtsSeries *whole, MtsSeries **come, MtsError *err)
{
    size_t found = 0, at = 0;
    for (size_t i = 0; i < future->count; i++) {
        bool is = strcmp(future->item[i]->id, whole->id) == 0;
        at = is ? i : at;
        found += is;
    }
    if (found != 1) {
        return mts_fail(err, MTS_EREQUEST,
                        found ? "%s: has two series called \"%.80s\"" : "%s: has no series \"%.80s\"", future->name,
                        whole->id);
    }
    int rc = mts_set_take_at(future, at, 0, come, err);
    if (!rc && (*come)->channels == 1 && (*come)->length >= whole->length &&
        memcmp((*come)->values, whole->values, whole->length * sizeof *whole->values) == 0) {
        mts_series_free(come);
        rc = mts_fail(err, MTS_EFORMAT, "%s: the future of %s begins with its past: only what came after may be there",
                      future->name, whole->id);
    }
    return rc;
}

/* What came, and the scale that its error is measured in; `whole` is the whole past. */
static int take_truth(MtsStage *stage, MtsSample *s, const MtsSeriesSet *future, const MtsSeries *whole,
                      const MtsStageOptions *options, MtsError *err)
{
    MtsSeries *come = NULL;
    int rc = find_future(future, whole, &come, err);
    if (rc) {
        return rc;
    }
    s->truth.scale = mts_seasonal_scale(whole->values, whole->length, s->season);
    s->horizon = options->horizon ? options->horizon : come->length;
    if (s->horizon > come->length) {
        rc = mts_fail(err, MTS_EREQUEST, "%s: the future of %s has %zu values, fewer than the %zu asked for",
                      future->name, whole->id, come->length, s->horizon);
    } else if (!(s->truth.future = mts_calloc(s->horizon, sizeof *s->truth.future))) {
        rc = mts_stage_no_memory(stage, err);
    } else {
        memcpy(s->truth.future, come->values, s->horizon * sizeof *come->values);
    }
    mts_series_free(&come);
    return rc;
}

/* `future`: the set of futures. */
static int add_forecast(MtsStage *stage, const MtsSeriesSet *past, size_t i, const MtsStageOptions *options,
                        void *future, MtsError *err)
{
    MtsBytes prompt = {0};
    MtsSeries *whole = NULL;
    MtsSample *s;
    const char *id = past->item[i]->id;
    int rc;
    if ((rc = mts_stage_add(stage, id, &s, err)) ||
        (rc = mts_set_take_at(past, i, options->context, &s->series, err)) ||
        (rc = mts_set_take_at(past, i, 0, &whole, err))) {
        goto done;
    }
    s->season = mts_stage_season(id);
    if (whole->channels != 1) {
        rc =
            mts_fail(err, MTS_EFORMAT,
                     "%s: holds %zu channels; of stage forecast each series is a row that begins with its name, or the "
                     "values of an id",
                     past->name, whole->channels);
        goto done;
    }
    if ((rc = take_truth(stage, s, future, whole, options, err))) {
        goto done;
    }
    bool ok = mts_stage_ask_future(&prompt, s, options->points);
    rc = mts_stage_prompt(stage, s, &prompt, ok, err);
done:
    mts_series_free(&whole);
    return rc;
}

static int load_forecast(MtsStage *stage, const char *path, const char *more, const MtsStageOptions *options,
                         MtsError *err)
{
    MtsSeriesSet past, future = {0};
    int rc;
    if (!(rc = mts_set_read(&past, path, err)) && !(rc = mts_set_read(&future, more, err))) {
        rc = mts_stage_each(stage, &past, options, add_forecast, &future, err);
    }
    mts_set_free(&past);
    mts_set_free(&future);
    return rc;
}

const MtsStageKind mts_stage_forecast = {
    .name = "forecast",
    .load = load_forecast,
    .points = 10000,
    .more = MTS_SECOND_NEEDED,
    .answer = MTS_ANSWER_NUMBERS,
    .reward = "forecast:horizon={horizon},season={season},level=1",
    .constraint = "numbers",
};
