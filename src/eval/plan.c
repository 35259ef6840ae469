/* From what is asked to the runs there are.
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
#include "search/settings.h"
#include "core/number.h"

enum { MOST_VALUES = 64, MOST_SEEDS = 100000, BATCH = 10 };

static int no_memory(MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "eval: memory ran out");
}

/* ---- the dimensions of the grid ---- */

enum { LAMBDA, ROLLOUTS, TOKENS, TEMPERATURE, EXPANSION, DIMENSIONS };

#define BIT(method) (1u << (method))
#define ALL_METHODS (BIT(MTS_MAXENT_TS + 1) - 1)

static const struct {
    const char *name;
    double initial, min, max;
    bool whole;
    unsigned methods; /* that it matters to */
} dimensions[DIMENSIONS] = {
    {"lambda", 1, 0, 1e6, false, ALL_METHODS & ~(BIT(MTS_GREEDY) | BIT(MTS_BEST_OF_N))},
    {"rollouts", 10, 1, 1e7, true, ALL_METHODS & ~BIT(MTS_GREEDY)},
    {"max-tokens", 50, 0, 1e6, true, ALL_METHODS},
    {"temperature", 0.8, 1e-6, 100, false, ALL_METHODS & ~(BIT(MTS_GREEDY) | BIT(MTS_BEAM))},
    {"k", 3, 1, 1e6, true, BIT(MTS_MCTS) | BIT(MTS_DTS)},
};

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
    MtsMethod m = base->search.method;
    run.seeded = m != MTS_GREEDY && m != MTS_BEAM;
    plan->runs[plan->run_count] = run;
    return &plan->runs[plan->run_count++];
}

static void set_dimension(MtsRequest *request, size_t d, double value)
{
    switch (d) {
    case LAMBDA:
        request->search.lambda = value;
        break;
    case ROLLOUTS:
        request->search.rollouts = (size_t)value;
        break;
    case TOKENS:
        request->max_tokens = (size_t)value;
        break;
    case TEMPERATURE:
        request->search.temperature = request->cut.temperature = value;
        break;
    default:
        request->search.expansion = (size_t)value;
    }
}

/* Every combination of the values that matter to one method. */
static int add_product(MtsEvalPlan *plan, const char *name, const MtsRequest *base, const Values *values, MtsError *err)
{
    size_t at[DIMENSIONS] = {0}, d;
    do {
        MtsRequest request = *base;
        MtsBytes variant = {0};
        bool ok = mts_bytes_append_str(&variant, "");
        for (d = 0; d < DIMENSIONS; d++) {
            set_dimension(&request, d, values[d].at[at[d]]);
            if ((dimensions[d].methods & BIT(base->search.method)) && values[d].count > 1) {
                ok = ok && mts_bytes_printf(&variant, "%s%s=%g", variant.len ? "," : "", dimensions[d].name,
                                            values[d].at[at[d]]);
            }
        }
        ok = ok && add_run(plan, name, &request, variant.data);
        mts_bytes_free(&variant);
        if (!ok) {
            return no_memory(err);
        }
        for (d = 0; d < DIMENSIONS; d++) { /* the next combination: as an odometer, only the wheels that matter */
            if ((dimensions[d].methods & BIT(base->search.method)) && ++at[d] < values[d].count) {
                break;
            }
            at[d] = 0;
        }
    } while (d < DIMENSIONS);
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
            return mts_fail(err, MTS_EREQUEST,
                            "eval: --method: '%.*s' is none of greedy, sample, beam, best-of-n, smc, mcts, dts, "
                            "dts-star, maxent-ts%s",
                            (int)n, at,
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
            if (rc != MTS_OK) {
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
        set_dimension(&r, ROLLOUTS, rollouts->at[rows[i].fewer_rollouts]);
        set_dimension(&r, TOKENS, tokens->at[rows[i].fewer_tokens]);
        r.no_cache = !rows[i].cache;
        r.end_stop = rows[i].end_stop;
        r.search.in_flight = rows[i].batch ? BATCH : 1;
        if (!add_run(plan, mts_method_name(r.search.method), &r, rows[i].name)) {
            return no_memory(err);
        }
    }
    return MTS_OK;
}

/* What an ablation asks for where the request leaves it open; false: no such experiment. */
static bool apply_ablation(MtsEvalAsked *a)
{
    const char *of = strncmp(a->experiment, "ablation:", 9) == 0 ? a->experiment + 9 : "";
    if (strcmp(of, "rollouts") == 0) {
        a->rollouts = a->rollouts ? a->rollouts : "5,10,20,50";
    } else if (strcmp(of, "lambda") == 0) {
        a->lambdas = a->lambdas ? a->lambdas : "0.5,1,2,5,10";
    } else if (strcmp(of, "temperature") == 0) {
        a->temperatures = a->temperatures ? a->temperatures : "0.5,0.8,1,1.5,2";
    } else if (strcmp(of, "k") == 0) {
        a->expansions = a->expansions ? a->expansions : "2,3,4,5,8";
        a->methods = a->methods ? a->methods : "mcts,dts";
    } else if (strcmp(of, "methods") == 0) {
        a->methods = a->methods ? a->methods : "greedy,sample,beam,best-of-n,smc,mcts,dts,dts-star,maxent-ts";
    } else {
        return false;
    }
    return true;
}

static const struct {
    const char *name, *rollouts, *tokens;
    size_t samples;
} presets[] = {{"quick", "5", "30", 3}, {"balanced", "10", "50", 10}, {"quality", "20", "100", 50}};

static int lay_out(MtsEvalPlan *plan, const MtsEngine *engine, MtsEvalAsked *a, MtsError *err)
{
    Values values[DIMENSIONS];
    bool table = mts_engine_is_table(engine), forecast = strcmp(plan->name, "forecast") == 0;
    bool optimisations = a->experiment && strcmp(a->experiment, "optimisations") == 0;
    size_t p = 0;
    char own[32];
    const char *preset = a->preset ? a->preset : "balanced";
    while (p < 3 && strcmp(presets[p].name, preset) != 0) {
        p++;
    }
    if (p == 3) {
        return mts_fail(err, MTS_EREQUEST, "eval: --preset: '%s' is none of quick, balanced, quality", preset);
    }
    a->samples = a->samples ? a->samples : presets[p].samples;
    if (a->experiment && !optimisations && !apply_ablation(a)) {
        return mts_fail(err, MTS_EREQUEST,
                        "eval: --experiment: '%s' is none of optimisations, ablation:rollouts, ablation:lambda, "
                        "ablation:temperature, "
                        "ablation:k, ablation:methods",
                        a->experiment);
    }
    if (a->nfe && a->rollouts) {
        return mts_fail(err, MTS_EREQUEST,
                        "eval: --nfe and --rollouts: with a budget of positions the rollouts are what it pays for");
    }
    if (table && a->max_tokens) {
        return mts_fail(err, MTS_EREQUEST, "eval: --max-tokens: a table's texts have the length they have");
    }
    if (optimisations && (table || a->nfe)) {
        return mts_fail(err, MTS_EREQUEST, "eval: the experiment takes no table and no --nfe");
    }
    if (optimisations) { /* before, after */
        a->rollouts = a->rollouts ? a->rollouts : "30,10";
        a->max_tokens = a->max_tokens ? a->max_tokens : "250,50";
    }
    snprintf(own, sizeof own, "%zu", a->base.max_tokens);
    const char *lists[DIMENSIONS] = {a->lambdas, a->rollouts ? a->rollouts : presets[p].rollouts,
                                     a->max_tokens ? a->max_tokens
                                     : table       ? own
                                     : forecast    ? "0"
                                                   : presets[p].tokens,
                                     a->temperatures, a->expansions};
    const double initial[DIMENSIONS] = {a->base.search.lambda, 0, 0, a->base.search.temperature,
                                        (double)a->base.search.expansion};
    for (size_t d = 0; d < DIMENSIONS; d++) {
        values[d] = (Values){.at = {initial[d]}, .count = 1};
        char option[32];
        snprintf(option, sizeof option, "eval: --%s", dimensions[d].name);
        int rc = lists[d] ? mts_numbers_read(option, lists[d], dimensions[d].whole, dimensions[d].min,
                                             dimensions[d].max, values[d].at, MOST_VALUES, &values[d].count, err)
                          : MTS_OK;
        if (rc != MTS_OK) {
            return rc;
        }
    }
    for (size_t i = 0; !forecast && i < values[TOKENS].count; i++) {
        if (values[TOKENS].at[i] == 0) {
            return mts_fail(err, MTS_EREQUEST, "eval: --max-tokens: 0 is for forecasts, whose length is known");
        }
    }
    a->base.search.max_nfe = a->nfe;
    if (optimisations) {
        if (a->methods && mts_method_from_name(a->methods, &a->base.search.method) != 0) {
            return mts_fail(err, MTS_EREQUEST, "eval: --method: the experiment takes one method, not '%s'", a->methods);
        }
        set_dimension(&a->base, LAMBDA, values[LAMBDA].at[0]);
        set_dimension(&a->base, TEMPERATURE, values[TEMPERATURE].at[0]);
        if (values[ROLLOUTS].count != 2 || values[TOKENS].count != 2) {
            return mts_fail(err, MTS_EREQUEST,
                            "eval: the experiment takes two --rollouts and two --max-tokens: before and after");
        }
        return add_optimisations(plan, &a->base, &values[ROLLOUTS], &values[TOKENS], err);
    }
    return add_methods(plan, a->methods ? a->methods : "maxent-ts", &a->base, values, err);
}

/* ---- rewards and constraints ---- */

static const struct {
    const char *stage, *reward, *with_train, *constraint;
} defaults[] = {
    {"har", "option:{options}", "option:{options} + class-spectral:{train},rate=50,gamma=0.04", ""},
    {"sleep", "option:{options}", "option:{options} + class-spectral:{train},rate=50,gamma=0.04", ""},
    {"ecg", "option:{options}", "option:{options}", ""},
    {"tsqa", "option:{options}", "option:{options}", ""},
    {"m4", "claims", "claims", ""},
    {"forecast", "forecast:horizon={horizon},season={season},level=1",
     "forecast:horizon={horizon},season={season},level=1", "numbers"},
    {"table", "table", "table", ""},
};

static int choose_reward(MtsEvalPlan *plan, const MtsEvalAsked *a, MtsError *err)
{
    size_t i = 0;
    while (strcmp(defaults[i].stage, plan->name) != 0) {
        i++;
    }
    const char *reward = a->reward ? a->reward : a->train ? defaults[i].with_train : defaults[i].reward;
    const char *constraint = !a->constraint                       ? defaults[i].constraint
                             : strcmp(a->constraint, "none") == 0 ? ""
                                                                  : a->constraint;
    if (strstr(reward, "{train}") && !a->train) {
        return mts_fail(err, MTS_EREQUEST,
                        "eval: --reward: {train} stands for a file that --train names, and there is none");
    }
    if (a->train && !strstr(reward, "{train}")) {
        return mts_fail(err, MTS_EREQUEST, "eval: --train: the reward '%s' has no {train}", reward);
    }
    if (strcmp(plan->name, "table") == 0 && (a->reward || *constraint)) {
        return mts_fail(err, MTS_EREQUEST, "eval: a table has its own reward and takes no constraint");
    }
    if (strcmp(constraint, "numbers") == 0 && strcmp(plan->name, "forecast") != 0) {
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
    if (rc == MTS_OK) {
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

static json_t *describe_settings(const MtsEvalPlan *plan, const MtsEvalAsked *a)
{
    static const char *const varied[] = {"method",    "seed", "lambda", "rollouts",  "temperature",
                                         "expansion", "nfe",  "sweep",  "look_ahead"};
    MtsRequest r = a->base;
    bool sweep = r.search.sweep != MTS_REWARDS_AUTO, ahead = r.search.look_ahead != MTS_REWARDS_AUTO;
    r.search.sweep = sweep ? r.search.sweep : 0;
    r.search.look_ahead = ahead ? r.search.look_ahead : 0;
    json_t *o = mts_settings_fields(&r.search, true);
    for (size_t i = 0; o && i < (sizeof varied / sizeof varied[0]); i++) {
        if (i < 7 || (i == 7 && !sweep) || (i == 8 && !ahead)) {
            json_object_del(o, varied[i]);
        }
    }
    json_t *more = json_pack(
        "{s:o, s:o, s:I, s:f, s:f, s:b, s:b, s:b, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:f}", "preset",
        optional(a->preset), "experiment", optional(a->experiment), "top_k", (json_int_t)r.cut.top_k, "top_p",
        r.cut.top_p, "min_p", r.cut.min_p, "raw", (int)a->raw, "exact", (int)a->exact, "spread", (int)a->spread,
        "train", optional(a->train), "points", (json_int_t)a->options.points, "context", (json_int_t)a->options.context,
        "horizon", (json_int_t)a->options.horizon, "nfe", (json_int_t)a->nfe, "total_nfe", (json_int_t)a->total_nfe,
        "keep_trees", (json_int_t)a->keep_trees, "max_seconds", r.search.max_seconds);
    if (!o || !more || json_object_update(o, more) != 0) {
        json_decref(o);
        o = NULL;
    }
    json_decref(more);
    (void)plan;
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
            json_t *more = json_pack("{s:f, s:I, s:I, s:f, s:I, s:I, s:b, s:b}", "lambda", s->lambda, "rollouts",
                                     (json_int_t)(s->max_nfe ? 0 : s->rollouts), "max_tokens",
                                     (json_int_t)run->request.max_tokens, "temperature", s->temperature, "expansion",
                                     (json_int_t)s->expansion, "in_flight", (json_int_t)s->in_flight, "end_stop",
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
    if (rc != MTS_OK) {
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
        "methods", methods_of(plan), "settings", describe_settings(plan, a), "samples", samples, "runs",
        describe_runs(plan), "seeds", seeds, "reward", name_json(plan->reward), "constraint",
        optional(plan->constraint), "target", target);
    if (head && plan->shards > 1) {
        char shard[48];
        snprintf(shard, sizeof shard, "%zu/%zu", plan->shard, plan->shards);
        json_object_set_new(head, "shard", json_string(shard));
    }
    plan->head = head;
    return head ? MTS_OK : no_memory(err);
}

/* ---- plans ---- */

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
    plan->samples = rc == MTS_OK ? plan->stage->count : 0;
    if (rc == MTS_OK && limit != SIZE_MAX && plan->samples > limit) {
        plan->samples = limit;
    }
    for (size_t i = 0; rc == MTS_OK && a->spread && i < plan->samples;
         i++) { /* from no earlier place than i: nothing is lost by swapping */
        size_t from = (size_t)((double)i * (double)plan->stage->count / (double)plan->samples);
        MtsSample there = plan->stage->samples[from];
        plan->stage->samples[from] = plan->stage->samples[i];
        plan->stage->samples[i] = there;
    }
    return rc;
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
    if (rc != MTS_OK) {
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
    rc = read_seeds(plan, a.seeds ? a.seeds : "0", err);
    rc = rc == MTS_OK ? lay_out(plan, engine, &a, err) : rc;
    rc = rc == MTS_OK ? check_budget(plan, &a, err) : rc;
    rc = rc == MTS_OK ? open_data(plan, engine, &a, a.samples, err) : rc;
    rc = rc == MTS_OK ? choose_reward(plan, &a, err) : rc;
    return rc == MTS_OK ? make_head(plan, engine, &a, err) : rc;
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
