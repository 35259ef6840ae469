/* cli/posed.c - see posed.h. */
#include "cli/posed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/out.h"
#include "cli/progress.h"
#include "core/error.h"
#include "series/features.h"
#include "stages/stage.h"

int task_open(Task *task, const Args *args, const char *command, MtsError *err)
{
    MtsSeriesOptions options;
    if (!args->operands[0]) {
        return mts_fail(err, MTS_EREQUEST, "%s: which series? maxts %s FILE[#SELECTION]", command, command);
    }
    int rc = series_options(args, &options, err);
    return rc ? rc : mts_series_read_with(&task->series, args->operands[0], &options, err);
}

int task_pose(Task *task, MtsTask *asked, MtsError *err)
{
    asked->series = task->series;
    return mts_stage_of_task(&task->stage, asked, err);
}

int task_ask(Task *task, const Args *args, const char *reward, MtsError *err)
{
    const MtsStageKind *kind = task->stage->kind;
    const char *own = reward ? reward : kind->reward;
    MtsRequest *r = &task->setup.request;
    int rc = open_engine(&task->engine, args, MTS_ENGINE_WHOLE, err);
    if (rc) {
        return rc;
    }
    if (mts_engine_is_table(task->engine)) {
        return mts_fail(err, MTS_EREQUEST, "%s: %s is a table, which reads no series", kind->name, args->model);
    }
    mts_request_defaults(task->engine, r);
    if (kind->effort.rollouts) {
        r->search.lambda = kind->effort.lambda;
        r->search.rollouts = kind->effort.rollouts;
        r->max_tokens = kind->effort.max_tokens;
    }
    if (kind->answer == MTS_ANSWER_NUMBERS && args->evidence) {
        mts_eval_follow_path(r);
    }
    if ((rc = apply_settings(args, r, err))) {
        return rc;
    }
    size_t longest = mts_request_setting_find("max-tokens");
    if (kind->answer == MTS_ANSWER_NUMBERS && args->settings[longest].size == CLI_NO_SIZE) {
        r->max_tokens = 0; /* what the horizon may need */
    }
    task->plan = (MtsEvalPlan){.kind = kind,
                               .stage = task->stage,
                               .name = (char *)(uintptr_t)kind->name,
                               .samples = 1,
                               .reward = (char *)(uintptr_t)(args->eval_reward ? args->eval_reward : own),
                               .constraint = (char *)(uintptr_t)kind->constraint,
                               .train = args->evidence,
                               .date = args->date,
                               .raw = args->raw,
                               .shards = 1};
    return mts_eval_ask(&task->ask, &task->plan, task->engine, &task->stage->samples[0], &task->setup, r->search.seed,
                        err);
}

int task_search(Task *task, const Args *args, MtsError *err)
{
    Progress progress;
    MtsRequest *r = &task->ask.request;
    catch_interrupts();
    progress_begin_search(&progress, args->quiet, &r->search, r->max_tokens);
    r->sink = progress.shown ? &progress.sink : NULL;
    progress_say(&progress, "reading the prompt ...");
    int rc = mts_engine_search(task->engine, r, &task->result, err);
    progress_end(&progress);
    return rc ? rc
              : mts_eval_answer(&task->answer, &task->plan, task->engine, &task->stage->samples[0], &task->setup,
                                task->ask.reward, task->result, err);
}

void task_close(Task *task)
{
    mts_eval_answer_free(&task->answer);
    mts_text_result_free(&task->result);
    mts_eval_ask_free(&task->ask);
    mts_engine_free(&task->engine);
    mts_stage_free(&task->stage);
    mts_series_free(&task->series);
}

/* Mean |x(t) - x(t - m)|. */
static double repeat_error(const double *x, size_t n, size_t m)
{
    double sum = 0;
    for (size_t t = m; t < n; t++) {
        sum += fabs(x[t] - x[t - m]) / (double)(n - m);
    }
    return sum;
}

int task_season(const double *x, size_t n, size_t *season, MtsError *err)
{
    MtsFeatures features;
    int rc = mts_features(x, n, &features, NULL, err);
    size_t period = rc || features.period < 2 ? 1 : features.period, best = period;
    for (size_t m = period - 1; period > 2 && m <= period + 1; m++) { /* a broad peak may be off by one */
        best = repeat_error(x, n, m) < repeat_error(x, n, best) ? m : best;
    }
    *season = best;
    return rc;
}
