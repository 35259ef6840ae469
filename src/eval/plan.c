/* eval/plan.c - from what is asked to the runs there are.
 *
 * The grid is the product of the methods with the values of the settings that matter to each: a greedy answer is asked
 * for once, however many rollouts others are to have. A run's variant names the settings that more than one value was
 * given for. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <maxts/version.h>

#include "core/file.h"
#include "core/hash.h"
#include "core/mem.h"
#include "eval/eval.h"
#include "core/number.h"

enum { MOST_VALUES = 64, MOST_SEEDS = 100000, BATCH = 10 };

static int no_memory(MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "eval: memory ran out");
}

/* ---- the dimensions of the grid ---- */

/* Dimension d is the setting whose row has wheel d + 1. */
static const MtsSetting *dimension(size_t d)
{
    size_t i = mts_request_wheel((unsigned)d + 1);
    return i < mts_request_setting_count() ? mts_request_setting(i) : NULL;
}

/* The place of a setting, by the name of its option. */
static size_t dimension_of(const char *option)
{
    return mts_request_setting(mts_request_setting_find(option))->wheel - 1;
}

static const char *dimension_name(size_t d, char *scratch, size_t size)
{
    const MtsSetting *row = dimension(d);
    return row->dimension ? row->dimension : mts_setting_option(row, scratch, size);
}

static void set_dimension(MtsRequest *request, size_t d, double value)
{
    mts_setting_put(dimension(d), mts_request_setting_base(request, mts_request_wheel((unsigned)d + 1)), value);
}

static double get_dimension(MtsRequest *request, size_t d)
{
    return mts_setting_get(dimension(d), mts_request_setting_base(request, mts_request_wheel((unsigned)d + 1)));
}

static bool concerns(const MtsSetting *row, MtsMethod method)
{
    return (row->methods & MTS_CONCERNS(method)) != 0;
}

typedef struct Values {
    double at[MOST_VALUES];
    size_t count;
} Values;

/* "0..4", "7", "1,3,9". */
static int read_seeds(MtsEvalPlan *plan, const char *list, MtsError *err)
{
    size_t cap = 0;
    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        size_t n = strcspn(at, ","), left = n;
        const char *dots = strstr(at, "..");
        double first, last;
        bool range = dots && dots < at + n;
        left = range ? (size_t)(dots - at) : n;
        bool ok = mts_number_parse(at, left, &first);
        last = first;
        ok = ok && (!range || mts_number_parse(dots + 2, n - left - 2, &last));
        if (!ok || first != floor(first) || last != floor(last) || first < 0 || last < first || last > 0x1p53 ||
            last - first >= MOST_SEEDS - (double)plan->seed_count) {
            return mts_fail(err, MTS_EREQUEST, "eval: --seeds: '%.*s' is no seed and no range A..B of at most %d",
                            (int)n, at, MOST_SEEDS);
        }
        for (double s = first; s <= last; s++) {
            if (!mts_grow(&plan->seeds, &cap, plan->seed_count + 1, sizeof *plan->seeds)) {
                return no_memory(err);
            }
            plan->seeds[plan->seed_count++] = (uint64_t)s;
        }
    }
    return MTS_OK;
}

/* ---- runs ---- */

static MtsEvalRun *add_run(MtsEvalPlan *plan, const char *method, const MtsRequest *base, const char *variant)
{
    MtsEvalRun run = {.request = *base};
    run.method = mts_strdup(method);
    run.variant = mts_strdup(variant);
    if (!run.method || !run.variant || !mts_grow(&plan->runs, &plan->run_cap, plan->run_count + 1, sizeof run)) {
        free(run.method);
        free(run.variant);
        return NULL;
    }
    mts_request_resolve(&run.request);
    run.seeded = concerns(mts_request_setting(mts_request_setting_find("seed")), base->search.method);
    plan->runs[plan->run_count] = run;
    return &plan->runs[plan->run_count++];
}

/* Every combination of the values that matter to one method. */
static int add_product(MtsEvalPlan *plan, const char *name, const MtsRequest *base, const Values *values, MtsError *err)
{
    size_t at[MTS_WHEELS_MOST] = {0}, d;
    do {
        MtsRequest request = *base;
        MtsBytes variant = {0};
        char scratch[32];
        bool ok = mts_bytes_append_str(&variant, "");
        for (d = 0; dimension(d); d++) {
            set_dimension(&request, d, values[d].at[at[d]]);
            if (concerns(dimension(d), base->search.method) && values[d].count > 1) {
                ok = ok && mts_bytes_printf(&variant, "%s%s=%g", variant.len ? "," : "",
                                            dimension_name(d, scratch, sizeof scratch), values[d].at[at[d]]);
            }
        }
        ok = ok && add_run(plan, name, &request, variant.data);
        mts_bytes_free(&variant);
        if (!ok) {
            return no_memory(err);
        }
        for (d = 0; dimension(d); d++) { /* the next combination: as an odometer, only the wheels that matter */
            if (concerns(dimension(d), base->search.method) && ++at[d] < values[d].count) {
                break;
            }
            at[d] = 0;
        }
    } while (dimension(d));
    return MTS_OK;
}

static int add_methods(MtsEvalPlan *plan, const char *list, const MtsRequest *base, const Values *values, MtsError *err)
{
    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        char word[32] = "";
        size_t n = strcspn(at, ",");
        MtsRequest request = *base;
        memcpy(word, at, n < sizeof word ? n : 0);
        bool naive = strcmp(word, "naive") == 0 || strcmp(word, "seasonal-naive") == 0;
        if (naive ? strcmp(plan->name, "forecast") != 0 : mts_method_from_name(word, &request.search.method) != 0) {
            char methods[256];
            mts_method_list(", ", methods, sizeof methods);
            return mts_fail(err, MTS_EREQUEST, "eval: --method: '%.*s' is none of %s%s", (int)n, at, methods,
                            naive ? "; it is for stage forecast" : " (forecast also naive, seasonal-naive)");
        }
        if (naive) {
            MtsEvalRun *run = add_run(plan, word, base, "");
            if (!run) {
                return no_memory(err);
            }
            run->naive = true;
            run->seeded = false;
        } else {
            int rc = add_product(plan, mts_method_name(request.search.method), &request, values, err);
            if (rc) {
                return rc;
            }
        }
    }
    for (size_t i = 0; i < plan->run_count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(plan->runs[i].method, plan->runs[j].method) == 0 &&
                strcmp(plan->runs[i].variant, plan->runs[j].variant) == 0) {
                return mts_fail(err, MTS_EREQUEST, "eval: method %s %sis asked for twice", plan->runs[i].method,
                                plan->runs[i].variant);
            }
        }
    }
    return MTS_OK;
}

/* ---- experiments ---- */

/* The optimisations whose effect the original MaxEnt-TS report estimated, each alone and all together, against none. */
static int add_optimisations(MtsEvalPlan *plan, const MtsRequest *base, const Values *rollouts, const Values *tokens,
                             MtsError *err)
{
    static const struct {
        const char *name;
        bool fewer_rollouts, fewer_tokens, cache, end_stop, batch;
    } rows[] = {{"none", 0, 0, 0, 0, 0},
                {"rollouts", 1, 0, 0, 0, 0},
                {"tokens", 0, 1, 0, 0, 0},
                {"kv-cache", 0, 0, 1, 0, 0},
                {"end-stop", 0, 0, 0, 1, 0},
                {"batch", 0, 0, 0, 0, 1},
                {"kv-cache+end-stop", 0, 0, 1, 1, 0},
                {"all", 1, 1, 1, 1, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        MtsRequest r = *base;
        r.search.rollouts = (size_t)rollouts->at[rows[i].fewer_rollouts];
        r.max_tokens = (size_t)tokens->at[rows[i].fewer_tokens];
        r.no_cache = !rows[i].cache;
        r.end_stop = rows[i].end_stop;
        r.search.in_flight = rows[i].batch ? BATCH : 1;
        if (!add_run(plan, mts_method_name(r.search.method), &r, rows[i].name)) {
            return no_memory(err);
        }
    }
    return MTS_OK;
}

/* What an experiment asks for where the request leaves it open. */
static const struct {
    const char *name, *option, *list, *methods;
} EXPERIMENTS[] = {
    {"optimisations", "rollouts", "30,10", NULL}, /* before, after; and max-tokens likewise */
    {"ablation:rollouts", "rollouts", "5,10,20,50", NULL},
    {"ablation:lambda", "lambda", "0.5,1,2,5,10", NULL},
    {"ablation:temperature", "temperature", "0.5,0.8,1,1.5,2", NULL},
    {"ablation:k", "expansion", "2,3,4,5,8", "mcts"},
    {"ablation:methods", NULL, NULL, "all"},
};
enum { EXPERIMENT_COUNT = sizeof EXPERIMENTS / sizeof EXPERIMENTS[0] };

static bool is_optimisations(const MtsEvalAsked *a)
{
    return a->experiment && strcmp(a->experiment, "optimisations") == 0;
}

static void suggest(const char **list, const char *otherwise)
{
    *list = *list ? *list : otherwise;
}

/* all: scratch for the names of all methods. */
static int apply_experiment(MtsEvalAsked *a, char *all, size_t size, MtsError *err)
{
    MtsBytes names = {0};
    bool ok = true;
    mts_method_list(",", all, size);
    for (size_t i = 0; i < EXPERIMENT_COUNT; i++) {
        if (strcmp(a->experiment, EXPERIMENTS[i].name) == 0) {
            const char *methods = EXPERIMENTS[i].methods;
            if (EXPERIMENTS[i].option) {
                suggest(&a->lists[dimension_of(EXPERIMENTS[i].option)], EXPERIMENTS[i].list);
            }
            suggest(&a->methods, methods && strcmp(methods, "all") == 0 ? all : methods);
            return MTS_OK;
        }
        ok = ok && mts_bytes_printf(&names, "%s%s", i ? ", " : "", EXPERIMENTS[i].name);
    }
    int rc = ok ? mts_fail(err, MTS_EREQUEST, "eval: --experiment: '%s' is none of %s", a->experiment, names.data)
                : no_memory(err);
    mts_bytes_free(&names);
    return rc;
}

static int check_lists(const MtsEngine *engine, const MtsEvalAsked *a, MtsError *err)
{
    bool table = mts_engine_is_table(engine);
    if (a->nfe && a->lists[dimension_of("rollouts")] && !is_optimisations(a)) {
        return mts_fail(err, MTS_EREQUEST,
                        "eval: --nfe and --rollouts: with a budget of positions the rollouts are what it pays for");
    }
    if (table && a->lists[dimension_of("max-tokens")]) {
        return mts_fail(err, MTS_EREQUEST, "eval: --max-tokens: a table's texts have the length they have");
    }
    if (is_optimisations(a) && (table || a->nfe)) {
        return mts_fail(err, MTS_EREQUEST, "eval: the experiment takes no table and no --nfe");
    }
    return MTS_OK;
}

/* The preset and the experiment where the request leaves something open. */
static int complete(MtsEvalAsked *a, const MtsEngine *engine, bool forecast, MtsError *err)
{
    const char *name = a->preset ? a->preset : MTS_PRESET_DEFAULT;
    const MtsPreset *preset = mts_preset_find(name);
    if (!preset) {
        char names[64];
        mts_preset_list(", ", names, sizeof names);
        return mts_fail(err, MTS_EREQUEST, "eval: --preset: '%s' is none of %s", name, names);
    }
    a->samples = a->samples ? a->samples : preset->samples;
    a->base.search.rollouts = preset->rollouts;
    if (forecast) {
        a->base.max_tokens = 0;
    } else if (!mts_engine_is_table(engine)) {
        a->base.max_tokens = preset->max_tokens;
    }
    a->base.search.max_nfe = a->nfe;
    return MTS_OK;
}

static int read_values(Values *values, MtsEvalAsked *a, bool forecast, MtsError *err)
{
    size_t tokens = dimension_of("max-tokens");
    for (size_t d = 0; dimension(d); d++) {
        const MtsSetting *row = dimension(d);
        char option[48], scratch[32];
        values[d] = (Values){.at = {get_dimension(&a->base, d)}, .count = 1};
        snprintf(option, sizeof option, "eval: --%s", mts_setting_option(row, scratch, sizeof scratch));
        int rc = !a->lists[d]
                     ? MTS_OK
                     : mts_numbers_read(option, a->lists[d], row->kind == MTS_SETTING_SIZE, d == tokens ? 0 : row->min,
                                        row->max, values[d].at, MOST_VALUES, &values[d].count, err);
        if (rc) {
            return rc;
        }
    }
    for (size_t i = 0; !forecast && i < values[tokens].count; i++) {
        if (values[tokens].at[i] == 0) {
            return mts_fail(err, MTS_EREQUEST, "eval: --max-tokens: 0 is for forecasts, whose length is known");
        }
    }
    return MTS_OK;
}

static int lay_out_optimisations(MtsEvalPlan *plan, MtsEvalAsked *a, const Values *values, MtsError *err)
{
    const Values *rollouts = &values[dimension_of("rollouts")], *tokens = &values[dimension_of("max-tokens")];
    if (a->methods && mts_method_from_name(a->methods, &a->base.search.method) != 0) {
        return mts_fail(err, MTS_EREQUEST, "eval: --method: the experiment takes one method, not '%s'", a->methods);
    }
    if (rollouts->count != 2 || tokens->count != 2) {
        return mts_fail(err, MTS_EREQUEST,
                        "eval: the experiment takes two --rollouts and two --max-tokens: before and after");
    }
    for (size_t d = 0; dimension(d); d++) {
        set_dimension(&a->base, d, values[d].at[0]);
    }
    return add_optimisations(plan, &a->base, rollouts, tokens, err);
}

static int lay_out(MtsEvalPlan *plan, const MtsEngine *engine, MtsEvalAsked *a, MtsError *err)
{
    Values values[MTS_WHEELS_MOST];
    char all[256];
    bool forecast = strcmp(plan->name, "forecast") == 0;
    int rc = complete(a, engine, forecast, err);
    if (rc || (a->experiment && (rc = apply_experiment(a, all, sizeof all, err))) ||
        (rc = check_lists(engine, a, err))) {
        return rc;
    }
    if (is_optimisations(a)) {
        suggest(&a->lists[dimension_of("max-tokens")], "250,50");
    }
    if ((rc = read_values(values, a, forecast, err))) {
        return rc;
    }
    return is_optimisations(a) ? lay_out_optimisations(plan, a, values, err)
                               : add_methods(plan, a->methods ? a->methods : "maxent-ts", &a->base, values, err);
}

/* ---- rewards and constraints ---- */

/* What is asked for, or the stage's own; a table has its own. */
static int choose_reward(MtsEvalPlan *plan, const MtsEvalAsked *a, MtsError *err)
{
    const MtsStageKind *kind = plan->stage ? plan->stage->kind : NULL;
    if (!kind && (a->reward || (a->constraint && strcmp(a->constraint, "none") != 0))) {
        return mts_fail(err, MTS_EREQUEST, "eval: a table has its own reward and takes no constraint");
    }
    const char *own = kind ? kind->reward : "table", *constraint = a->constraint;
    own = a->train && kind && kind->reward_with_train ? kind->reward_with_train : own;
    const char *reward = a->reward ? a->reward : own;
    if (!constraint) {
        constraint = kind ? kind->constraint : "";
    } else if (strcmp(constraint, "none") == 0) {
        constraint = "";
    }
    if (strstr(reward, "{train}") && !a->train) {
        return mts_fail(err, MTS_EREQUEST,
                        "eval: --reward: {train} stands for a file that --train names, and there is none");
    }
    if (a->train && !strstr(reward, "{train}")) {
        return mts_fail(err, MTS_EREQUEST, "eval: --train: the reward '%s' has no {train}", reward);
    }
    if (strcmp(constraint, "numbers") == 0 && kind->answer != MTS_ANSWER_NUMBERS) {
        return mts_fail(err, MTS_EREQUEST, "eval: --constraint: 'numbers' is for stage forecast");
    }
    plan->reward = mts_strdup(reward);
    plan->constraint = mts_strdup(constraint);
    return plan->reward && plan->constraint ? MTS_OK : no_memory(err);
}

/* ---- the head ---- */

/* Of everything that the samples hold. */
static uint64_t hash_samples(const MtsStage *stage, size_t count)
{
    uint64_t h = MTS_HASH_BEGIN;
    for (size_t i = 0; i < count; i++) {
        const MtsSample *s = &stage->samples[i];
        h = mts_hash(h, s->key, strlen(s->key));
        h = mts_hash(h, s->prompt, strlen(s->prompt));
        h = mts_hash(h, s->series->values, s->series->channels * s->series->length * sizeof(double));
        for (size_t k = 0; k < s->option_count; k++) {
            h = mts_hash(h, s->options[k], strlen(s->options[k]));
        }
        h = mts_hash(h, &s->truth.option, sizeof s->truth.option);
        h = mts_hash(h, s->truth.text, strlen(s->truth.text));
        if (s->truth.future) {
            h = mts_hash(h, s->truth.future, s->horizon * sizeof(double));
        }
    }
    return h;
}

static json_t *hash_json(uint64_t h)
{
    char hex[20];
    snprintf(hex, sizeof hex, "%016llx", (unsigned long long)h);
    return json_string(hex);
}

static int hash_file(const char *path, uint64_t *h, MtsError *err)
{
    MtsMap map;
    int rc = mts_map_open(&map, path, err);
    if (!rc) {
        *h = mts_hash(MTS_HASH_BEGIN, map.data, map.size);
        mts_map_close(&map);
    }
    return rc;
}

static json_t *name_json(const char *text)
{
    return mts_json_string(text, strlen(text));
}

static json_t *optional(const char *text)
{
    return text && *text ? mts_json_string(text, strlen(text)) : json_null();
}

/* A setting that the runs have each for itself, beside the method and the seed. */
static bool is_varied(const MtsSetting *row)
{
    bool varied = row->kind == MTS_SETTING_METHOD || row->kind == MTS_SETTING_SEED;
    for (size_t d = 0; dimension(d) && !varied; d++) {
        varied = strcmp(dimension(d)->name, row->name) == 0;
    }
    return varied;
}

/* The settings of the search that all runs share. An automatic one is 0, or absent where 0 is a value. */
static json_t *shared_settings(const MtsSearchSettings *search)
{
    json_t *o = mts_settings_fields(search, true);
    for (size_t i = 0; o && i < mts_search_setting_count; i++) {
        const MtsSetting *row = &mts_search_settings[i];
        bool automatic = json_is_null(json_object_get(o, row->name));
        if (is_varied(row) || (automatic && row->min <= 0)) {
            json_object_del(o, row->name);
        } else if (automatic) {
            json_object_set_new(o, row->name, json_integer(0));
        }
    }
    return o;
}

static json_t *describe_settings(const MtsEvalAsked *a)
{
    const MtsRequest *r = &a->base;
    json_t *o = shared_settings(&r->search);
    json_t *more = json_pack(
        "{s:o, s:o, s:I, s:f, s:f, s:b, s:b, s:b, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:f}", "preset",
        optional(a->preset), "experiment", optional(a->experiment), "top_k", (json_int_t)r->cut.top_k, "top_p",
        r->cut.top_p, "min_p", r->cut.min_p, "raw", (int)a->raw, "exact", (int)a->exact, "spread", (int)a->spread,
        "train", optional(a->train), "points", (json_int_t)a->options.points, "context", (json_int_t)a->options.context,
        "horizon", (json_int_t)a->options.horizon, "nfe", (json_int_t)a->nfe, "total_nfe", (json_int_t)a->total_nfe,
        "keep_trees", (json_int_t)a->keep_trees, "max_seconds", r->search.max_seconds);
    if (!o || !more || json_object_update(o, more) != 0) {
        json_decref(o);
        o = NULL;
    }
    json_decref(more);
    return o;
}

static json_t *describe_runs(const MtsEvalPlan *plan)
{
    json_t *list = json_array();
    for (size_t i = 0; i < plan->run_count; i++) {
        const MtsEvalRun *run = &plan->runs[i];
        const MtsSearchSettings *s = &run->request.search;
        json_t *o =
            json_pack("{s:s, s:s, s:b}", "method", run->method, "variant", run->variant, "seeded", (int)run->seeded);
        if (!run->naive) {
            json_t *more =
                json_pack("{s:f, s:I, s:I, s:f, s:I, s:I, s:b, s:b}", "lambda", s->lambda, "rollouts",
                          (json_int_t)(s->max_nfe ? 0 : s->rollouts), "max_tokens", (json_int_t)run->request.max_tokens,
                          "temperature", s->temperature, "expansion", (json_int_t)s->expansion, "in_flight",
                          (json_int_t)(s->in_flight == MTS_AUTO ? 0 : s->in_flight), "end_stop",
                          (int)run->request.end_stop, "kv_cache", (int)!run->request.no_cache);
            json_object_update(o, more);
            json_decref(more);
        }
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    slash = slash ? slash + 1 : path;
    return mts_json_string(slash, strlen(slash));
}

static json_t *methods_of(const MtsEvalPlan *plan)
{
    json_t *list = json_array();
    for (size_t i = 0; i < plan->run_count; i++) {
        if (i == 0 || strcmp(plan->runs[i].method, plan->runs[i - 1].method) != 0) {
            json_array_append_new(list, json_string(plan->runs[i].method));
        }
    }
    return list;
}

static int make_head(MtsEvalPlan *plan, const MtsEngine *engine, const MtsEvalAsked *a, MtsError *err)
{
    char target[192];
    uint64_t model;
    json_t *samples = json_array(), *seeds = json_array(), *files = json_array();
    int rc = hash_file(mts_engine_path(engine), &model, err);
    if (rc) {
        json_decref(samples);
        json_decref(seeds);
        json_decref(files);
        return rc;
    }
    for (size_t i = 0; i < plan->samples; i++) {
        const char *key = plan->stage ? plan->stage->samples[i].key : plan->table_key;
        json_array_append_new(samples, mts_json_string(key, strlen(key)));
    }
    for (size_t i = 0; i < plan->seed_count; i++) {
        json_array_append_new(seeds, json_integer((json_int_t)plan->seeds[i]));
    }
    if (plan->stage) {
        json_array_append_new(files, base_name(a->data));
    }
    if (plan->stage && a->more) {
        json_array_append_new(files, base_name(a->more));
    }
    MtsRequest like = plan->runs[0].request;
    like.constraint = *plan->constraint ? plan->constraint : NULL;
    mts_request_target(engine, &like, target, sizeof target);
    MtsModelInfo info = {0};
    MtsTableInfo table = {0};
    if (mts_engine_model(engine)) {
        mts_model_info(mts_engine_model(engine), &info);
    } else {
        mts_table_info(mts_engine_table(engine), &table);
    }
    json_t *head = json_pack(
        "{s:s, s:s, s:{s:o, s:o, s:o}, s:s, s:{s:o, s:o}, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s}", "maxts", "eval",
        "version", MTS_VERSION, "model", "file", base_name(mts_engine_path(engine)), "name",
        name_json(mts_engine_model(engine) ? info.name : table.name), "hash", hash_json(model), "stage", plan->name,
        "data", "files", files, "hash", hash_json(plan->stage ? hash_samples(plan->stage, plan->samples) : model),
        "methods", methods_of(plan), "settings", describe_settings(a), "samples", samples, "runs", describe_runs(plan),
        "seeds", seeds, "reward", name_json(plan->reward), "constraint", optional(plan->constraint), "target", target);
    if (head && plan->shards > 1) {
        char shard[48];
        snprintf(shard, sizeof shard, "%zu/%zu", plan->shard, plan->shards);
        json_object_set_new(head, "shard", json_string(shard));
    }
    plan->head = head;
    return head ? MTS_OK : no_memory(err);
}

/* ---- plans ---- */

/* The samples evenly over the file: each from no earlier place than its own, so that nothing is lost by swapping. */
static void spread(MtsEvalPlan *plan)
{
    for (size_t i = 0; i < plan->samples; i++) {
        size_t from = (size_t)((double)i * (double)plan->stage->count / (double)plan->samples);
        MtsSample there = plan->stage->samples[from];
        plan->stage->samples[from] = plan->stage->samples[i];
        plan->stage->samples[i] = there;
    }
}

static int open_data(MtsEvalPlan *plan, const MtsEngine *engine, const MtsEvalAsked *a, size_t limit, MtsError *err)
{
    if (mts_engine_is_table(engine)) {
        MtsTableInfo info;
        MtsBytes key = {0};
        mts_table_info(mts_engine_table(engine), &info);
        bool ok = mts_bytes_printf(&key, "table:%s", info.name);
        plan->table_key = key.data;
        plan->samples = 1;
        return ok ? MTS_OK : no_memory(err);
    }
    MtsStageOptions options = a->options;
    options.limit = limit == SIZE_MAX || a->spread ? 0 : limit;
    int rc = mts_stage_open(&plan->stage, a->stage, a->data, a->more, &options, err);
    if (rc) {
        return rc;
    }
    plan->samples = limit < plan->stage->count ? limit : plan->stage->count;
    if (a->spread) {
        spread(plan);
    }
    return MTS_OK;
}

static int check_asked(const MtsEngine *engine, const MtsEvalAsked *a, MtsError *err)
{
    bool table = mts_engine_is_table(engine);
    if (table && ((a->stage && strcmp(a->stage, "table") != 0) || a->data || a->more || a->train)) {
        return mts_fail(err, MTS_EREQUEST, "eval: %s: a table is its own stage and takes no data",
                        mts_engine_path(engine));
    }
    if (!table && (!a->stage || !a->data)) {
        return mts_fail(err, MTS_EREQUEST, "eval: --%s is missing: which %s?", a->stage ? "data" : "stage",
                        a->stage ? "file" : "of har, sleep, ecg, tsqa, m4, forecast");
    }
    if (a->shards > 1 && a->shard >= a->shards) {
        return mts_fail(err, MTS_EREQUEST, "eval: --shard: there is no part %zu of %zu, they count from 0", a->shard,
                        a->shards);
    }
    return MTS_OK;
}

/* A total budget is for one run of one seed, of a method whose search can go on. */
static int check_budget(const MtsEvalPlan *plan, const MtsEvalAsked *a, MtsError *err)
{
    const MtsEvalRun *run = &plan->runs[0];
    MtsMethod m = run->request.search.method;
    if (!a->total_nfe) {
        return MTS_OK;
    }
    if (plan->run_count != 1 || plan->seed_count != 1 || plan->shards > 1 || a->nfe || a->experiment) {
        return mts_fail(err, MTS_EREQUEST,
                        "eval: --total-nfe: one method with one setting and one seed can share a budget, without "
                        "--shard and --nfe");
    }
    if (run->naive || m == MTS_GREEDY || m == MTS_BEAM || m == MTS_SMC) {
        return mts_fail(err, MTS_EREQUEST, "eval: --total-nfe: a search of method %s cannot go on where it ended",
                        run->method);
    }
    return MTS_OK;
}

int mts_eval_plan(MtsEvalPlan *plan, const MtsEngine *engine, const MtsEvalAsked *asked, MtsError *err)
{
    MtsEvalAsked a = *asked;
    memset(plan, 0, sizeof *plan);
    int rc = check_asked(engine, &a, err);
    if (rc) {
        return rc;
    }
    plan->name = mts_strdup(mts_engine_is_table(engine) ? "table" : a.stage);
    plan->shard = a.shard;
    plan->shards = a.shards > 1 ? a.shards : 1;
    plan->keep_trees = a.keep_trees;
    plan->total_nfe = a.total_nfe;
    plan->raw = a.raw;
    plan->train = a.train;
    if (!plan->name) {
        return no_memory(err);
    }
    if ((rc = read_seeds(plan, a.seeds ? a.seeds : "0", err)) || (rc = lay_out(plan, engine, &a, err)) ||
        (rc = check_budget(plan, &a, err)) || (rc = open_data(plan, engine, &a, a.samples, err)) ||
        (rc = choose_reward(plan, &a, err))) {
        return rc;
    }
    return make_head(plan, engine, &a, err);
}

void mts_eval_plan_free(MtsEvalPlan *plan)
{
    for (size_t i = 0; i < plan->run_count; i++) {
        free(plan->runs[i].method);
        free(plan->runs[i].variant);
    }
    free(plan->runs);
    free(plan->seeds);
    free(plan->name);
    free(plan->table_key);
    free(plan->reward);
    free(plan->constraint);
    mts_stage_free(&plan->stage);
    json_decref(plan->head);
    memset(plan, 0, sizeof *plan);
}
