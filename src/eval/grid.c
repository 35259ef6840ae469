/* eval/grid.c - the runs of a plan: methods, each with every combination of the settings that matter to it.
 *
 * The grid is the product of the methods with the values of the settings that matter to each: a greedy answer is asked
 * for once, however many rollouts others are to have. A run's variant names the settings that more than one value was
 * given for. */
#include "eval/grid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/near.h"
#include "core/number.h"

/* PATH_ROLLOUTS: of forecasts by evidence, unless a number or a preset is asked for. The first has the best text
 * already, and four give the median of ten (docs/evaluation.md). */
enum { MOST_VALUES = 64, BATCH = 10, PATH_ROLLOUTS = 4 };

static int no_memory(MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "eval: memory ran out");
}

bool mts_eval_is_forecast(const MtsEvalPlan *plan)
{
    return plan->kind && plan->kind->answer == MTS_ANSWER_NUMBERS;
}

/* ---- dimensions ---- */

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

/* What a dimension is asked for. */
typedef struct GridValues {
    double at[MOST_VALUES];
    size_t count;
} GridValues;

bool mts_eval_is_dimension(const MtsSetting *row)
{
    bool is = false;
    for (size_t d = 0; dimension(d); d++) {
        is = is || strcmp(dimension(d)->name, row->name) == 0;
    }
    return is;
}

/* ---- runs ---- */

static MtsEvalSetup *add_setup(MtsEvalPlan *plan, const char *method, const MtsRequest *base, const char *variant)
{
    MtsEvalSetup setup = {.request = *base};
    setup.method = mts_strdup(method);
    setup.variant = mts_strdup(variant);
    if (!setup.method || !setup.variant ||
        !mts_grow(&plan->setups, &plan->setup_cap, plan->setup_count + 1, sizeof setup)) {
        free(setup.method);
        free(setup.variant);
        return NULL;
    }
    mts_request_resolve(&setup.request);
    setup.seeded = concerns(mts_request_setting(mts_request_setting_find("seed")), base->search.method);
    plan->setups[plan->setup_count] = setup;
    return &plan->setups[plan->setup_count++];
}

/* Every combination of the values that matter to one method. */
static int add_product(MtsEvalPlan *plan, const char *name, const MtsRequest *base, const GridValues *values,
                       MtsError *err)
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
        ok = ok && add_setup(plan, name, &request, variant.data);
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

/* What answers without a search, and which answers it can give. */
static const struct {
    const char *name;
    bool numbers, options;
} NAIVE[] = {{"naive", true, false}, {"seasonal-naive", true, false}, {"reward-alone", true, true}};

enum { NAIVES = sizeof NAIVE / sizeof NAIVE[0] };

static size_t naive_of(const char *word)
{
    size_t i = 0;
    while (i < NAIVES && strcmp(word, NAIVE[i].name) != 0) {
        i++;
    }
    return i;
}

static int add_naive(MtsEvalPlan *plan, const char *name, const MtsRequest *base, MtsError *err)
{
    MtsEvalSetup *setup = add_setup(plan, name, base, "");
    if (!setup) {
        return no_memory(err);
    }
    setup->naive = true;
    setup->seeded = false;
    return MTS_OK;
}

/* One method's, by its name name[0..n). */
static int add_method(MtsEvalPlan *plan, const char *name, size_t n, const MtsRequest *base, const GridValues *values,
                      MtsError *err)
{
    char word[32] = "", methods[256], hint[MTS_NEAR_HINT];
    MtsRequest request = *base;
    memcpy(word, name, n < sizeof word ? n : 0);
    size_t i = naive_of(word);
    bool naive = i < NAIVES;
    if (naive && plan->kind &&
        ((plan->kind->answer == MTS_ANSWER_NUMBERS && NAIVE[i].numbers) ||
         (plan->kind->answer == MTS_ANSWER_OPTION && NAIVE[i].options))) {
        return add_naive(plan, word, base, err);
    }
    if (naive || mts_method_from_name(word, &request.search.method)) {
        mts_method_list(", ", methods, sizeof methods);
        mts_near_in(name, naive ? 0 : n, methods, ", ", hint, sizeof hint);
        return mts_fail(err, MTS_EREQUEST, "eval: --method: '%.*s' is none of %s%s%s", (int)n, name, methods,
                        naive ? "; it is for another stage"
                              : " (forecasts also naive, seasonal-naive, and "
                                "reward-alone)",
                        hint);
    }
    return add_product(plan, mts_method_name(request.search.method), &request, values, err);
}

static int check_twice(const MtsEvalPlan *plan, MtsError *err)
{
    for (size_t i = 0; i < plan->setup_count; i++) {
        for (size_t j = 0; j < i; j++) {
            const MtsEvalSetup *x = &plan->setups[i], *y = &plan->setups[j];
            if (strcmp(x->method, y->method) == 0 && strcmp(x->variant, y->variant) == 0) {
                return mts_fail(err, MTS_EREQUEST, "eval: method %s%s%s is asked for twice", x->method,
                                *x->variant ? " " : "", x->variant);
            }
        }
    }
    return MTS_OK;
}

static int add_methods(MtsEvalPlan *plan, const char *list, const MtsRequest *base, const GridValues *values,
                       MtsError *err)
{
    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        int rc = add_method(plan, at, strcspn(at, ","), base, values, err);
        if (rc) {
            return rc;
        }
    }
    return check_twice(plan, err);
}

/* ---- experiments ---- */

/* The optimisations whose effect the original MaxEnt-TS report estimated, each alone and all together, against none. */
static int add_optimisations(MtsEvalPlan *plan, const MtsRequest *base, const GridValues *rollouts,
                             const GridValues *tokens, MtsError *err)
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
        if (!add_setup(plan, mts_method_name(r.search.method), &r, rows[i].name)) {
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

const char *mts_eval_experiments(char *out, size_t size)
{
    out[0] = '\0';
    for (size_t i = 0, n = 0; i < EXPERIMENT_COUNT && n < size; i++) {
        n += (size_t)snprintf(out + n, size - n, "%s%s", i ? ", " : "", EXPERIMENTS[i].name);
    }
    return out;
}

static int unknown_experiment(const char *name, MtsError *err)
{
    char names[256], hint[MTS_NEAR_HINT];
    mts_eval_experiments(names, sizeof names);
    return mts_fail(err, MTS_EREQUEST, "eval: --experiment: '%s' is none of %s%s", name, names,
                    mts_near_in(name, strlen(name), names, ", ", hint, sizeof hint));
}

/* all: scratch for the names of all methods. */
static int apply_experiment(MtsEvalAsked *a, char *all, size_t size, MtsError *err)
{
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
    }
    return unknown_experiment(a->experiment, err);
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
static int complete(MtsEvalAsked *a, const MtsEvalPlan *plan, const MtsEngine *engine, bool forecast, MtsError *err)
{
    const char *name = a->preset ? a->preset : MTS_PRESET_DEFAULT;
    const MtsPreset *preset = mts_preset_find(name);
    if (!preset) {
        char names[64];
        mts_preset_list(", ", names, sizeof names);
        return mts_fail(err, MTS_EREQUEST, "eval: --preset: '%s' is none of %s", name, names);
    }
    a->samples = a->samples ? a->samples : preset->samples;
    a->base.search.rollouts = plan->paths && !a->preset ? PATH_ROLLOUTS : preset->rollouts;
    if (forecast) {
        a->base.max_tokens = 0;
    } else if (!mts_engine_is_table(engine)) {
        a->base.max_tokens = preset->max_tokens;
    }
    a->base.search.max_nfe = a->nfe;
    return MTS_OK;
}

static int read_values(GridValues *values, MtsEvalAsked *a, bool forecast, MtsError *err)
{
    size_t tokens = dimension_of("max-tokens");
    for (size_t d = 0; dimension(d); d++) {
        const MtsSetting *row = dimension(d);
        char option[48], scratch[32];
        values[d] = (GridValues){.at = {get_dimension(&a->base, d)}, .count = 1};
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

static int lay_out_optimisations(MtsEvalPlan *plan, MtsEvalAsked *a, const GridValues *values, MtsError *err)
{
    const GridValues *rollouts = &values[dimension_of("rollouts")], *tokens = &values[dimension_of("max-tokens")];
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

int mts_eval_grid(MtsEvalPlan *plan, const MtsEngine *engine, MtsEvalAsked *a, MtsError *err)
{
    GridValues values[MTS_WHEELS_MOST];
    char all[256];
    bool forecast = mts_eval_is_forecast(plan);
    int rc = complete(a, plan, engine, forecast, err);
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
