/* stages/captions.c - captions: a series described in words.
 *
 * path: series in rows or (id, value) form; more: NULL, or CSV of id and caption, the references. */
#include <stdint.h>
#include <string.h>

#include "stages/build.h"

/* The reference of a series' id, where the stage has the series; then *fits. */
static int attach(MtsStage *stage, const char *path, MtsCell id, MtsCell caption, bool *fits, MtsError *err)
{
    for (size_t i = 0; i < stage->count; i++) {
        MtsSample *s = &stage->samples[i];
        if (strlen(s->series->id) != id.size || memcmp(s->series->id, id.data, id.size) != 0) {
            continue;
        }
        if (s->truth.text[0]) {
            return mts_fail(err, MTS_EFORMAT, "%s: has two captions of %.80s", path, s->series->id);
        }
        if (!mts_series_rename(&s->truth.text, caption.data, caption.size)) {
            return mts_stage_no_memory(stage, err);
        }
        *fits = true;
    }
    return MTS_OK;
}

static int attach_captions(MtsStage *stage, const char *path, MtsError *err)
{
    MtsCsv csv;
    bool fits = false;
    int rc = mts_stage_csv(&csv, path, err);
    if (rc) {
        return rc;
    }
    size_t id = mts_stage_column(&csv, "id"), caption = mts_stage_column(&csv, "caption");
    if (id == SIZE_MAX || caption == SIZE_MAX) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: has no columns id and caption", path);
    }
    for (size_t r = 1; !rc && r < csv.rows; r++) {
        rc = attach(stage, path, mts_csv_cell(&csv, r, id), mts_csv_cell(&csv, r, caption), &fits, err);
    }
    if (!rc && !fits) {
        rc = mts_fail(err, MTS_EREQUEST, "%s: no caption is of a series that is there", path);
    }
    mts_csv_free(&csv);
    return rc;
}

static int add_caption(MtsStage *stage, const MtsSeriesSet *set, size_t i, const MtsStageOptions *options,
                       void *context, MtsError *err)
{
    const char *id = set->item[i]->id;
    MtsBytes prompt = {0};
    MtsSample *s;
    (void)context;
    int rc = *id ? mts_stage_add(stage, id, &s, err) : mts_stage_add_number(stage, i + 1, &s, err);
    if (rc || (rc = mts_set_take_at(set, i, 0, &s->series, err))) {
        return rc;
    }
    bool ok = mts_stage_show(&prompt, s, options->points) && mts_stage_ask_caption(&prompt);
    return mts_stage_prompt(stage, s, &prompt, ok, err);
}

static int load_captions(MtsStage *stage, const char *path, const char *more, const MtsStageOptions *options,
                         MtsError *err)
{
    MtsSeriesSet set;
    int rc = mts_set_read(&set, path, err);
    rc = rc ? rc : mts_stage_each(stage, &set, options, add_caption, NULL, err);
    mts_set_free(&set);
    return !rc && more ? attach_captions(stage, more, err) : rc;
}

/* ---- as published ---- */

bool mts_publish_caption(MtsPublished *published, const MtsSample *sample)
{
    static const MtsShowing showing = {
        .scaling = MTS_SCALE_SAMPLE_FLOOR, .prefix = "This is the time series", .suffix = "", .end = ":"};
    MtsBytes before = {0}, after = {0};
    bool ok = mts_bytes_append_str(&before, "You are an expert in time series analysis.") &&
              mts_bytes_append_str(&after, "Please generate a detailed caption for this time-series, describing it as "
                                           "accurately as possible.") &&
              mts_publish_series(published, sample->series, &showing);
    return mts_publish_texts(published, &before, &after, ok);
}

const MtsStageKind mts_stage_m4 = {
    .name = "m4",
    .load = load_captions,
    .publish = mts_publish_caption,
    .points = 64,
    .more = MTS_SECOND_MAYBE,
    .answer = MTS_ANSWER_TEXT,
    .reward = "claims",
    .constraint = "",
};
