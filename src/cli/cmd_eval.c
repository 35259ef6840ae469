/* cli/cmd_eval.c - eval: a grid of methods and settings over a data set, record by record, and what it comes to. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/out.h"
#include "cli/progress.h"
#include "core/error.h"
#include "core/file.h"
#include "eval/eval.h"
#include "results/records.h"
#include "results/summary.h"

enum { KEEP_TREES = 3 };

static size_t or_zero(size_t given)
{
    return given == CLI_NO_SIZE ? 0 : given;
}

/* ---- progress ---- */

static void show(void *context, const MtsEvalProgress *p)
{
    Progress *progress = context;
    if (!progress_due(progress, mts_seconds())) {
        return;
    }
    ProgressRow row = {0};
    progress_part(&row, "%zu of %zu records", p->done, p->total);
    if (p->fresh > 0) {
        progress_left(&row, p->seconds / (double)p->fresh * (double)(p->total - p->done));
    }
    progress_part(&row, "%zu of %zu samples", p->samples_done, p->samples);
    if (!isnan(p->mean_reward)) {
        progress_part(&row, "mean reward %.4g", p->mean_reward);
    }
    progress_part(&row, "%s", p->doing);
    progress_put(progress, &row);
}

/* ---- the summary, to be read ---- */

static double mean_of(const json_t *row, const char *name, double *half)
{
    const json_t *v = json_object_get(row, name);
    *half = json_is_number(json_object_get(v, "low"))
                ? (json_number_value(json_object_get(v, "high")) - json_number_value(json_object_get(v, "low"))) / 2
                : NAN;
    return json_is_object(v)   ? json_number_value(json_object_get(v, "mean"))
           : json_is_number(v) ? json_number_value(v)
                               : NAN;
}

/* Name and heading of what a table shows, where any row has it. */
static const char *const columns[][2] = {
    {"accuracy", "accuracy"},
    {"macro_f1", "F1"},
    {"kappa", "kappa"},
    {"smape", "sMAPE"},
    {"mase", "MASE"},
    {"crps_scaled", "CRPS/s"},
    {"spectral", "spectral"},
    {"well_formed", "formed"},
    {"claims_true", "true"},
    {"claims_false", "false"},
    {"tv", "TV"},
    {"value_error", "V error"},
    {"reward", "reward"},
    {"nfe", "NFE"},
    {"seconds", "s"},
};

#define COLUMNS (sizeof columns / sizeof columns[0])

static bool is_shown(const json_t *rows, size_t column)
{
    size_t i;
    const json_t *row;
    double half;
    json_array_foreach(rows, i, row)
    {
        if (!isnan(mean_of(row, columns[column][0], &half))) {
            return true;
        }
    }
    return false;
}

/* A method's line: its name, how many records, and each number with half its interval. */
static json_t *line_of(const json_t *rows, const json_t *row)
{
    char text[64];
    json_t *o = json_object();
    snprintf(text, sizeof text, "%s %s", json_string_value(json_object_get(row, "method")),
             json_string_value(json_object_get(row, "variant")));
    mts_json_add_text(&o, "method", text);
    mts_json_add_int(&o, "n", json_integer_value(json_object_get(row, "records")));
    for (size_t c = 0; c < COLUMNS; c++) {
        double half, mean = mean_of(row, columns[c][0], &half);
        snprintf(text, sizeof text, isnan(half) ? "%.4g" : "%.4g \xC2\xB1%.2g", mean, half);
        if (is_shown(rows, c)) {
            mts_json_add_text(&o, columns[c][1], isnan(mean) ? "-" : text);
        }
    }
    return o;
}

static int put_summary(const json_t *summary, MtsError *err)
{
    const json_t *rows = json_object_get(summary, "rows"), *row;
    json_t *lines = json_array();
    size_t i;
    json_array_foreach(rows, i, row)
    {
        mts_json_add(&lines, NULL, line_of(rows, row));
    }
    if (!lines) {
        return mts_fail(err, MTS_ENOMEM, "no memory for the summary");
    }
    out_table(lines);
    json_decref(lines);
    return out_flush(err);
}

static int report(const Args *args, const char *path, MtsError *err)
{
    json_t *head, *records;
    int rc = mts_results_read(path, &head, &records, err);
    if (rc) {
        return rc;
    }
    json_t *summary = mts_results_summary(head, records);
    if (!summary) {
        rc = mts_fail(err, MTS_ENOMEM, "%s: no memory for the summary", path);
        goto done;
    }
    json_t *table = mts_results_optimisations(head, records); /* null: this run has none */
    if (!table) {
        rc = mts_fail(err, MTS_ENOMEM, "%s: no memory for the summary", path);
        goto done;
    }
    if (json_is_array(table)) {
        mts_json_add(&summary, "optimisations", json_incref(table));
    }
    if (out_is_json(args)) {
        mts_json_add_text(&summary, "out", path);
        rc = out_print(args, json_incref(summary), err);
    } else {
        rc = put_summary(summary, err);
    }
    if (!rc && json_is_array(table) && !out_is_json(args)) {
        rc = out_print(args, json_pack("{s:O}", "optimisations", table), err);
    }
    json_decref(table);
done:
    json_decref(summary);
    json_decref(head);
    json_decref(records);
    return rc;
}

/* ---- what is asked ---- */

static int read_shard(const char *text, MtsEvalAsked *asked, MtsError *err)
{
    char *end;
    if (!text) {
        return MTS_OK;
    }
    unsigned long long part = strtoull(text, &end, 10), parts = *end == '/' ? strtoull(end + 1, &end, 10) : 0;
    if (text[0] < '0' || text[0] > '9' || *end || parts < 1 || parts > 1000000 || part >= parts) {
        return mts_fail(err, MTS_EREQUEST, "eval: --shard: '%s' is no part I/N with I from 0 to N - 1", text);
    }
    asked->shard = (size_t)part;
    asked->shards = (size_t)parts;
    return MTS_OK;
}

/* What the stage asks of a search: where the constraint is an option and nothing else, no cut may take an option away.
 */
static void suit_stage(const Args *args, MtsRequest *request)
{
    const MtsStageKind *kind = args->stage ? mts_stage_kind(args->stage) : NULL;
    const char *constraint = args->eval_constraint ? args->eval_constraint : kind ? kind->constraint : "";
    if (strcmp(constraint, "answer") == 0) {
        mts_eval_cut_nothing(request);
    }
    if (kind && kind->answer == MTS_ANSWER_NUMBERS && args->train) {
        mts_eval_follow_path(request);
    }
}

static int fill_asked(const Args *args, const MtsEngine *engine, MtsEvalAsked *a, MtsError *err)
{
    memset(a, 0, sizeof *a);
    mts_request_defaults(engine, &a->base);
    int rc;
    suit_stage(args, &a->base);
    if ((rc = apply_settings(args, &a->base, err))) {
        return rc;
    }
    a->stage = args->stage;
    a->data = args->data;
    a->more = args->more;
    a->train = args->train;
    a->answers = args->answers;
    a->options = (MtsStageOptions){
        .points = or_zero(args->points), .context = or_zero(args->context), .horizon = or_zero(args->horizon)};
    a->samples = args->samples == CLI_NO_SIZE ? 0 : args->samples == 0 ? SIZE_MAX : args->samples;
    a->spread = args->spread;
    a->experiment = args->experiment;
    a->preset = args->preset;
    a->methods = args->methods;
    memcpy(a->lists, args->lists, sizeof a->lists);
    a->seeds = args->seeds;
    a->reward = args->eval_reward;
    a->constraint = args->eval_constraint;
    a->nfe = a->base.search.max_nfe;
    a->total_nfe = or_zero(args->total_nfe);
    a->keep_trees = args->keep_trees == CLI_NO_SIZE ? KEEP_TREES : args->keep_trees;
    if (args->raw && args->date) {
        return mts_fail(err, MTS_EREQUEST, "eval: --raw and --date: a prompt without a template asks for no day");
    }
    a->raw = args->raw;
    a->date = args->date;
    a->exact = args->exact;
    a->learn = args->learn;
    a->outlook = args->outlook;
    return read_shard(args->shard, a, err);
}

static int run(const Args *args, const char *out, MtsError *err)
{
    MtsEngine *engine;
    MtsEvalAsked asked;
    MtsEvalPlan plan = {0};
    Progress progress;
    const MtsEvalSink sink = {.progress = show, .context = &progress};
    int rc = open_engine(&engine, args, MTS_ENGINE_WHOLE, err);
    if (rc) {
        return rc;
    }
    catch_interrupts();
    progress_begin(&progress, args->quiet);
    if (!(rc = fill_asked(args, engine, &asked, err)) && !(rc = mts_eval_plan(&plan, engine, &asked, err))) {
        rc = mts_eval_run(&plan, engine, out, &sink, err);
        progress_end(&progress);
    }
    mts_eval_plan_free(&plan);
    mts_engine_free(&engine);
    return rc;
}

int cmd_eval(const Args *args, MtsError *err)
{
    size_t operands = 0;
    char own[64];
    const char *out = args->out ? args->out : own;
    snprintf(own, sizeof own, "%.40s.jsonl", args->stage ? args->stage : "table");
    while (args->operands[operands]) {
        operands++;
    }
    int rc;
    if (args->merge) {
        rc = mts_results_merge(args->merge, args->operands, operands, err);
    } else if (operands) {
        rc = mts_fail(err, MTS_EREQUEST, "eval: '%s' is one word too many: files are named for --merge alone",
                      args->operands[0]);
    } else {
        rc = run(args, out, err);
    }
    return rc ? rc : report(args, args->merge ? args->merge : out, err);
}
