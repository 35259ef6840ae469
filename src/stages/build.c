/* stages/build.c - samples put together: their texts, their series, the files they come from. */
#include "stages/build.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "series/format.h"
#include "series/gzip.h"

#define MOST_BYTES ((size_t)1 << 30)

int mts_stage_no_memory(const MtsStage *stage, MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "stage %s: memory ran out after %zu samples", stage->kind->name, stage->count);
}

/* ---- samples ---- */

int mts_stage_add(MtsStage *stage, const char *id, MtsSample **sample, MtsError *err)
{
    MtsBytes key = {0};
    if (!mts_grow(&stage->samples, &stage->cap, stage->count + 1, sizeof *stage->samples)) {
        return mts_stage_no_memory(stage, err);
    }
    MtsSample *s = *sample = &stage->samples[stage->count++]; /* the stage's from now on, whatever it lacks */
    bool ok = mts_bytes_printf(&key, "%s:%s", stage->kind->name, id);
    *s = (MtsSample){.key = key.data, .group = mts_strdup(""), .truth = {.option = -1, .text = mts_strdup("")}};
    return ok && s->group && s->truth.text ? MTS_OK : mts_stage_no_memory(stage, err);
}

int mts_stage_add_number(MtsStage *stage, size_t number, MtsSample **sample, MtsError *err)
{
    char id[24];
    snprintf(id, sizeof id, "%zu", number);
    return mts_stage_add(stage, id, sample, err);
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

int mts_stage_prompt(MtsStage *stage, MtsSample *sample, MtsBytes *prompt, bool ok, MtsError *err)
{
    sample->prompt = prompt->data;
    *prompt = (MtsBytes){0};
    return ok ? MTS_OK : mts_stage_no_memory(stage, err);
}

bool mts_stage_is_full(const MtsStage *stage, const MtsStageOptions *options)
{
    return options->limit && stage->count >= options->limit;
}

int mts_stage_each(MtsStage *stage, const MtsSeriesSet *set, const MtsStageOptions *options, MtsStageAdd *add,
                   void *context, MtsError *err)
{
    int rc = MTS_OK;
    for (size_t i = 0; !rc && i < set->count && !mts_stage_is_full(stage, options); i++) {
        rc = add(stage, set, i, options, context, err);
    }
    return rc;
}

/* ---- files ---- */

int mts_stage_text(const char *path, char **text, size_t *size, MtsError *err)
{
    int rc = mts_read_file(path, MOST_BYTES, text, size, err);
    if (!rc && mts_is_gzip(*text, *size)) {
        char *packed = *text;
        rc = mts_gunzip(path, packed, *size, MOST_BYTES, text, size, err);
        free(packed);
    }
    return rc;
}

int mts_stage_csv(MtsCsv *csv, const char *path, MtsError *err)
{
    char *text = NULL;
    size_t size = 0;
    *csv = (MtsCsv){0};
    int rc = mts_stage_text(path, &text, &size, err);
    return rc ? rc : mts_csv_parse(csv, path, text, size, err);
}

size_t mts_stage_column(const MtsCsv *csv, const char *name)
{
    for (size_t c = 0; csv->rows && c < mts_csv_columns(csv, 0); c++) {
        if (mts_cell_is(mts_csv_cell(csv, 0, c), name)) {
            return c;
        }
    }
    return SIZE_MAX;
}

/* ---- prompts ---- */

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

/* "a, b or c". */
static bool add_choices(MtsBytes *out, const MtsSample *sample)
{
    bool ok = true;
    for (size_t i = 0; ok && i < sample->option_count; i++) {
        const char *joint = i == 0 ? "" : i + 1 == sample->option_count ? " or " : ", ";
        ok = mts_bytes_printf(out, "%s%s", joint, sample->options[i]);
    }
    return ok;
}

bool mts_stage_ask(MtsBytes *out, const char *question, const MtsSample *sample)
{
    return mts_bytes_printf(out, "%sSay what you see, then end with \"Answer: \" and one of ", question) &&
           add_choices(out, sample) && mts_bytes_append_str(out, ".");
}

bool mts_stage_show(MtsBytes *out, const MtsSample *sample, size_t points)
{
    return mts_bytes_printf(out, "A time series of %zu values:\n", sample->series->length) &&
           mts_stage_values(out, sample->series, points);
}

bool mts_stage_ask_future(MtsBytes *out, const MtsSample *s, size_t points)
{
    size_t shown = s->series->length < points ? s->series->length : points;
    return mts_bytes_printf(
               out, "Continue the time series with its next %zu values, separated by commas, and nothing else.\n",
               s->horizon) &&
           mts_format_values(out, MTS_FORMAT_PLAIN, s->series->values + s->series->length - shown, shown);
}

bool mts_stage_ask_caption(MtsBytes *out)
{
    return mts_bytes_append_str(out, "Describe it: its trend, its lowest and highest values, its mean, its "
                                     "period if it has one, and how calm it is.");
}
