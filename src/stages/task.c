/* stages/task.c - see task.h. */
#include "stages/task.h"

#include <string.h>

#include "stages/build.h"
#include "stages/stage.h"

enum { SHOWN = 64, SHOWN_OF_PAST = 72 };

/* What is asked of classes where no question is given. */
static const char which[] = "What is it?";

static bool publish_classes(MtsPublished *published, const MtsSample *s)
{
    MtsBytes before = {0}, after = {0};
    bool ok = mts_bytes_printf(&before, "A time series of %zu values:", s->series->length) &&
              mts_bytes_append_str(&after, s->question) && mts_stage_ask(&after, " ", s);
    return mts_publish_own(published, s->series, &before, &after, ok);
}

/* Statements are to hold before they are to be likely (docs/cli.md). */
#define STATEMENTS {.lambda = 5, .rollouts = 30, .max_tokens = 160}

const MtsStageKind mts_task_kinds[] = {
    [MTS_TASK_FORECAST] = {.name = "forecast",
                           .answer = MTS_ANSWER_NUMBERS,
                           .reward = "forecast:horizon={horizon},season={season},level=1",
                           .constraint = "numbers"},
    [MTS_TASK_CLASSIFY] = {.name = "classify",
                           .publish = publish_classes,
                           .answer = MTS_ANSWER_OPTION,
                           .reward = "option:{options}",
                           .constraint = "answer"},
    [MTS_TASK_ASK] = {.name = "ask",
                      .publish = mts_publish_asked,
                      .answer = MTS_ANSWER_TEXT,
                      .reward = "claims:most=1,about={question}",
                      .constraint = "",
                      .effort = STATEMENTS},
    [MTS_TASK_CAPTION] = {.name = "caption",
                          .publish = mts_publish_caption,
                          .answer = MTS_ANSWER_TEXT,
                          .reward = "claims",
                          .constraint = "",
                          .effort = STATEMENTS},
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
        return mts_stage_show(out, s, points) && mts_bytes_append_str(out, s->question) && mts_stage_ask(out, " ", s);
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
    const char *question = task->question ? task->question : task->kind == MTS_TASK_CLASSIFY ? which : NULL;
    bool asked = !question || mts_series_rename(&s->question, question, strlen(question));
    bool ok = asked && put_prompt(&prompt, task, s);
    return mts_stage_prompt(stage, s, &prompt, ok, err);
}

int mts_stage_of_task(MtsStage **out, const MtsTask *task, MtsError *err)
{
    const MtsStageKind *kind = &mts_task_kinds[task->kind];
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
