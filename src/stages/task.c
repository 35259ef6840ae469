/* stages/task.c - see task.h. */
#include "stages/task.h"

#include <string.h>

#include "stages/build.h"
#include "stages/stage.h"

enum { SHOWN = 64, SHOWN_OF_PAST = 72 };

static const MtsStageKind kinds[] = {
    [MTS_TASK_FORECAST] = {.name = "forecast",
                           .answer = MTS_ANSWER_NUMBERS,
                           .reward = "forecast:horizon={horizon},season={season},level=1",
                           .constraint = "numbers"},
    [MTS_TASK_CLASSIFY] = {.name = "classify",
                           .answer = MTS_ANSWER_OPTION,
                           .reward = "option:{options}",
                           .constraint = "answer"},
    [MTS_TASK_ASK] =
        {.name = "ask", .publish = mts_publish_asked, .answer = MTS_ANSWER_TEXT, .reward = "claims", .constraint = ""},
    [MTS_TASK_CAPTION] = {.name = "caption",
                          .publish = mts_publish_caption,
                          .answer = MTS_ANSWER_TEXT,
                          .reward = "claims",
                          .constraint = ""},
};

/* All of a series, or the last `last` values of its one channel. */
static MtsSeries *copy_of(const MtsSeries *s)
{
    MtsSeries *copy = mts_series_alloc(s->channels, s->length);
    bool ok = copy != NULL;
    if (ok) {
        memcpy(copy->values, s->values, s->channels * s->length * sizeof *s->values);
        copy->sampling_rate = s->sampling_rate;
        ok = mts_series_rename(&copy->id, s->id, strlen(s->id));
    }
    for (size_t c = 0; ok && c < s->channels; c++) {
        ok = mts_series_rename(&copy->names[c], s->names[c], strlen(s->names[c])) &&
             mts_series_rename(&copy->units[c], s->units[c], strlen(s->units[c]));
    }
    if (!ok) {
        mts_series_free(&copy);
    }
    return copy;
}

static bool put_prompt(MtsBytes *out, const MtsTask *task, const MtsSample *s)
{
    size_t points = task->points ? task->points : task->kind == MTS_TASK_FORECAST ? SHOWN_OF_PAST : SHOWN;
    switch (task->kind) {
    case MTS_TASK_FORECAST:
        return mts_stage_ask_future(out, s, points);
    case MTS_TASK_CAPTION:
        return mts_stage_show(out, s, points) && mts_stage_ask_caption(out);
    case MTS_TASK_CLASSIFY:
        return mts_stage_show(out, s, points) &&
               mts_bytes_append_str(out, task->question ? task->question : "What is it?") && mts_stage_ask(out, " ", s);
    case MTS_TASK_ASK:
        return mts_stage_show(out, s, points) && mts_bytes_append_str(out, task->question);
    }
    return false;
}

static int make_sample(MtsStage *stage, const MtsTask *task, MtsError *err)
{
    MtsSample *s;
    MtsBytes prompt = {0};
    int rc = mts_stage_add_number(stage, 1, &s, err);
    if (rc) {
        return rc;
    }
    s->horizon = task->horizon;
    s->season = task->season;
    if (!(s->series = copy_of(task->series))) {
        return mts_stage_no_memory(stage, err);
    }
    for (size_t i = 0; i < task->label_count; i++) {
        if (!mts_sample_option(s, task->labels[i], strlen(task->labels[i]))) {
            return mts_stage_no_memory(stage, err);
        }
    }
    bool asked = task->kind != MTS_TASK_ASK || mts_series_rename(&s->question, task->question, strlen(task->question));
    bool ok = asked && put_prompt(&prompt, task, s);
    return mts_stage_prompt(stage, s, &prompt, ok, err);
}

int mts_stage_of_task(MtsStage **out, const MtsTask *task, MtsError *err)
{
    const MtsStageKind *kind = &kinds[task->kind];
    MtsStage *stage = *out = mts_calloc(1, sizeof *stage);
    if (!stage) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", kind->name);
    }
    stage->kind = kind;
    int rc =
        task->kind == MTS_TASK_FORECAST && task->series->channels != 1
            ? mts_fail(err, MTS_EREQUEST, "forecast: the series has %zu channels; choose one", task->series->channels)
            : make_sample(stage, task, err);
    if (rc) {
        mts_stage_free(out);
    }
    return rc;
}

/* ---- labelled series ---- */

/* `labels`: a sample that has all of the file's labels as options. */
static int add_labelled(MtsStage *stage, const MtsSeriesSet *set, size_t i, const MtsStageOptions *options,
                        void *labels, MtsError *err)
{
    MtsSample *s;
    (void)options;
    int rc = mts_stage_add_number(stage, i + 1, &s, err);
    if (rc || (rc = mts_set_take_at(set, i, 0, &s->series, err))) {
        return rc;
    }
    s->prompt = mts_strdup("");
    return s->prompt && mts_sample_options_of(s, labels, set->label[i]) ? MTS_OK : mts_stage_no_memory(stage, err);
}

int mts_stage_of_labelled(MtsStage **out, const char *path, MtsError *err)
{
    const MtsStageOptions all = {0};
    MtsSeriesSet set = {0};
    MtsSample labels = {0};
    MtsStage *stage = *out = mts_calloc(1, sizeof *stage);
    if (!stage) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
    }
    stage->kind = &kinds[MTS_TASK_CLASSIFY];
    int rc;
    if (!(rc = mts_set_read(&set, path, err)) && !(rc = mts_stage_labels(&set, &labels, err))) {
        rc = mts_stage_each(stage, &set, &all, add_labelled, &labels, err);
    }
    mts_sample_free_options(&labels);
    mts_set_free(&set);
    if (rc) {
        mts_stage_free(out);
    }
    return rc;
}
