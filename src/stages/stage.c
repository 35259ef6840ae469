/* Stages: opened by name, scored, released. The loaders are in stage_classes.c and stage_texts.c. */
#include "stages/stage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "results/metrics.h"
#include "stages/stage_build.h"
#include "reward/answer_line.h"
#include "series/format.h"
#include "series/gzip.h"

#define MOST_BYTES ((size_t)1 << 30)

int mts_stage_no_memory(const MtsStage *stage, MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "stage %s: memory ran out after %zu samples", stage->name, stage->count);
}

static void free_sample(MtsSample *s)
{
    for (size_t i = 0; i < s->option_count; i++) {
        free(s->options[i]);
    }
    free(s->options);
    free(s->key);
    free(s->prompt);
    free(s->group);
    free(s->truth.future);
    free(s->truth.text);
    mts_series_free(&s->series);
}

MtsSample *mts_stage_add(MtsStage *stage, const char *id)
{
    MtsSample s = {0};
    MtsBytes key = {0};
    bool ok = mts_bytes_printf(&key, "%s:%s", stage->name, id);
    s.key = key.data;
    s.group = mts_strdup("");
    s.truth.text = mts_strdup("");
    s.truth.option = -1;
    if (!ok || !s.group || !s.truth.text || !mts_grow(&stage->samples, &stage->cap, stage->count + 1, sizeof s)) {
        free_sample(&s);
        return NULL;
    }
    stage->samples[stage->count] = s;
    return &stage->samples[stage->count++];
}

bool mts_sample_option(MtsSample *sample, const char *option, size_t n)
{
    char **grown = realloc(sample->options, (sample->option_count + 1) * sizeof *grown);
    if (!grown) {
        return false;
    }
    sample->options = grown;
    sample->options[sample->option_count] = mts_strndup(option, n);
    return sample->options[sample->option_count] && ++sample->option_count;
}

bool mts_stage_channel(MtsBytes *out, const MtsSeries *series, size_t channel, size_t points, bool extremes)
{
    size_t n = series->length < points ? series->length : points;
    const double *x = series->values + channel * series->length;
    double *block = mts_calloc(n, sizeof *block), *scaled = mts_calloc(series->length, sizeof *scaled);
    bool ok = block && scaled;
    if (ok) {
        double mean, deviation;
        mts_scale(MTS_SCALE_POPULATION_CENTRE, x, series->length, scaled, &mean, &deviation);
        double wanted = deviation > 0 ? 1 - floor(log10(deviation)) : 0;
        int places = wanted < 0 ? 0 : wanted > 9 ? 9 : (int)wanted;
        (extremes ? mts_block_extremes : mts_block_means)(x, series->length, block, n);
        ok = !series->names[channel][0] || mts_bytes_printf(out, "%s: ", series->names[channel]);
        for (size_t i = 0; ok && i < n; i++) {
            double v = fabs(block[i]) < 0.5 * pow(10, -places) ? 0 : block[i]; /* no "-0.00" */
            ok = mts_bytes_printf(out, "%s%.*f", i ? ", " : "", places, v);
        }
        ok = ok && mts_bytes_append_str(out, "\n");
    }
    free(block);
    free(scaled);
    return ok;
}

bool mts_stage_values(MtsBytes *out, const MtsSeries *series, size_t points)
{
    bool ok = true;
    for (size_t c = 0; ok && c < series->channels; c++) {
        ok = mts_stage_channel(out, series, c, points, false);
    }
    return ok;
}

bool mts_stage_ecg(MtsBytes *out, const MtsSeries *series, size_t points)
{
    size_t lead = 0; /* rhythm is read from lead II */
    for (size_t c = 0; c < series->channels; c++) {
        lead = strcmp(series->names[c], "II") == 0 || strcmp(series->names[c], "MLII") == 0 ? c : lead;
    }
    return mts_bytes_printf(
               out, "One lead of an electrocardiogram in mV over %.3g seconds, the peaks of %zu equal parts:\n",
               (double)series->length / series->sampling_rate, series->length < points ? series->length : points) &&
           mts_stage_channel(out, series, lead, points, true);
}

int mts_stage_check_mv(const char *path, const MtsSeries *series, MtsError *err)
{
    for (size_t c = 0; c < series->channels; c++) {
        if (strcmp(series->units[c], "mV") != 0 && strcmp(series->units[c], "mv") != 0) {
            return mts_fail(err, MTS_EFORMAT, "%s: channel %s is in %s, not mV", path, series->names[c],
                            series->units[c]);
        }
    }
    return MTS_OK;
}

int mts_stage_text(const char *path, char **text, size_t *size, MtsError *err)
{
    int rc = mts_read_file(path, MOST_BYTES, text, size, err);
    if (rc == MTS_OK && mts_is_gzip(*text, *size)) {
        char *packed = *text;
        rc = mts_gunzip(path, packed, *size, MOST_BYTES, text, size, err);
        free(packed);
    }
    return rc;
}

bool mts_stage_choices(MtsBytes *out, const MtsSample *sample)
{
    bool ok = true;
    for (size_t i = 0; ok && i < sample->option_count; i++) {
        const char *joint = i == 0 ? "" : i + 1 == sample->option_count ? " or " : ", ";
        ok = mts_bytes_printf(out, "%s%s", joint, sample->options[i]);
    }
    return ok;
}

static const struct {
    const char *name;
    MtsStageLoad *load;
    size_t points;
    int more; /* whether there is a second file: -1 never, 0 may be, 1 must be */
} loaders[] = {{"tsqa", mts_load_tsqa, 64, -1}, {"m4", mts_load_captions, 64, 0},
               {"har", mts_load_har, 32, -1},   {"sleep", mts_load_sleep, 64, 0},
               {"ecg", mts_load_ecg, 125, 0},   {"forecast", mts_load_forecast, 64, 1}};

#define LOADERS (sizeof loaders / sizeof loaders[0])

int mts_stage_open(MtsStage **stage, const char *name, const char *path, const char *more,
                   const MtsStageOptions *options, MtsError *err)
{
    MtsStageOptions o = options ? *options : (MtsStageOptions){0};
    size_t which = 0;
    *stage = NULL;
    while (which < LOADERS && strcmp(loaders[which].name, name) != 0) {
        which++;
    }
    if (which == LOADERS) {
        return mts_fail(err, MTS_EREQUEST,
                        "stage: \"%.60s\" is unknown; there are tsqa, m4, har, sleep, ecg and forecast", name);
    }
    if ((loaders[which].more == 1 && !more) || (loaders[which].more == -1 && more)) {
        return mts_fail(err, MTS_EREQUEST, "stage %s: %s", name, more ? "takes no second file" : "needs a second file");
    }
    if ((o.points != 0 && o.points < 2) || o.points > 10000) {
        return mts_fail(err, MTS_EREQUEST, "stage %s: points is %zu, not from 2 to 10000", name, o.points);
    }
    if (o.context != 0 && o.context < 8) {
        return mts_fail(err, MTS_EREQUEST, "stage %s: context is %zu, less than 8", name, o.context);
    }
    o.points = o.points ? o.points : loaders[which].points;
    o.context = o.context ? o.context : 72;
    MtsStage *s = mts_calloc(1, sizeof *s);
    if (!s || !(s->name = mts_strdup(name))) {
        free(s);
        return mts_fail(err, MTS_ENOMEM, "stage %s: memory ran out", name);
    }
    int rc = loaders[which].load(s, path, more, &o, err);
    if (rc == MTS_OK && s->count == 0) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: has no sample of stage %s", path, name);
    }
    if (rc != MTS_OK) {
        mts_stage_free(&s);
        return rc;
    }
    *stage = s;
    return MTS_OK;
}

void mts_stage_free(MtsStage **stage)
{
    MtsStage *s = *stage;
    if (!s) {
        return;
    }
    for (size_t i = 0; i < s->count; i++) {
        free_sample(&s->samples[i]);
    }
    free(s->samples);
    free(s->name);
    free(s);
    *stage = NULL;
}

/* What else sleep stages are called, in normal form. */
static const struct {
    const char *said;
    int option;
} sleep_names[] = {{"awake", 0},        {"w", 0},
                   {"rem", 1},          {"r", 1},
                   {"stage 1", 2},      {"n1", 2},
                   {"nrem stage 1", 2}, {"nrem 1", 2},
                   {"stage 2", 3},      {"n2", 3},
                   {"nrem stage 2", 3}, {"nrem 2", 3},
                   {"stage 3", 4},      {"n3", 4},
                   {"nrem stage 3", 4}, {"nrem 3", 4},
                   {"stage 4", 4},      {"non rem stage 4", 4}};

int mts_stage_answer(const MtsStage *stage, const MtsSample *sample, const char *text, size_t size)
{
    bool lettered = strcmp(stage->name, "tsqa") == 0;
    int option = mts_answer_option(text, size, (const char *const *)sample->options, sample->option_count, lettered);
    if (option >= 0 || strcmp(stage->name, "sleep") != 0) {
        return option >= 0 ? option : MTS_NO_LABEL;
    }
    const char *answer;
    size_t n;
    mts_answer_find(text, size, &answer, &n);
    char *said = mts_answer_normal(answer, n);
    for (size_t i = 0; said && i < sizeof sleep_names / sizeof sleep_names[0]; i++) {
        option = strcmp(said, sleep_names[i].said) == 0 ? sleep_names[i].option : option;
    }
    free(said);
    return option >= 0 ? option : MTS_NO_LABEL;
}
