/* eval/plan.c - from what is asked to the runs there are, the samples they are over, and the reward they are under. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/list.h"
#include "core/mem.h"
#include "core/number.h"
#include "core/sort.h"
#include "eval/describe.h"
#include "eval/grid.h"
#include "eval/outlook.h"
#include "evidence/trained.h"
#include "reward/files.h"

enum { MOST_SEEDS = 100000, POINTS_BESIDE_EVIDENCE = 4, POINTS_BESIDE_PATHS = 12 };

static int no_memory(MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "eval: memory ran out");
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Each once: a seed's record is one record. */
static int check_seeds(const MtsEvalPlan *plan, MtsError *err)
{
    size_t bytes = plan->seed_count * sizeof *plan->seeds;
    uint64_t *sorted = mts_calloc(1, bytes);
    int rc = sorted ? MTS_OK : no_memory(err);
    if (!rc) {
        memcpy(sorted, plan->seeds, bytes);
        mts_sort(sorted, plan->seed_count, sizeof *sorted, by_number);
    }
    for (size_t i = 1; i < plan->seed_count && !rc; i++) {
        if (sorted[i] == sorted[i - 1]) {
            rc = mts_fail(err, MTS_EREQUEST, "eval: --seeds: %llu is named twice", (unsigned long long)sorted[i]);
        }
    }
    free(sorted);
    return rc;
}

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
    return check_seeds(plan, err);
}

/* ---- rewards and constraints ---- */

/* What is asked for, or the stage's own; a table has its own. */
static int choose_reward(MtsEvalPlan *plan, const MtsEvalAsked *a, MtsError *err)
{
    const MtsStageKind *kind = plan->kind;
    if (!kind && (a->reward || (a->constraint && strcmp(a->constraint, "none") != 0))) {
        return mts_fail(err, MTS_EREQUEST, "eval: a table has its own reward and takes no constraint");
    }
    const char *own = kind ? kind->reward : "table", *constraint = a->constraint;
    own = a->train && kind && kind->reward_with_train ? kind->reward_with_train : own;
    bool trained = false;
    int rc = a->train ? mts_trained_is(a->train, &trained, err) : MTS_OK;
    if (rc) {
        return rc;
    }
    if (trained) {
        own = mts_eval_is_forecast(plan) ? "evidence:{train},horizon={horizon}"
              : !kind->lettered          ? plan->leads ? "evidence:{train},prior=1" : "evidence:{train}"
              : plan->leads              ? "evidence:{train},prior=1|{question}|{options}"
                                         : "evidence:{train}|{question}|{options}";
    }
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
    if (strcmp(constraint, "numbers") == 0 && !mts_eval_is_forecast(plan)) {
        return mts_fail(err, MTS_EREQUEST, "eval: --constraint: 'numbers' is for stage forecast");
    }
    plan->reward = mts_strdup(reward);
    plan->constraint = mts_strdup(constraint);
    return plan->reward && plan->constraint ? MTS_OK : no_memory(err);
}

/* Where the reward is the stage's own and the evidence knows something, it leads: the options' prior is its own, and
 * lambda, unless it is told, what it counts beside the model. Of forecasts it leads always. */
static int follow_evidence(MtsEvalPlan *plan, MtsEvalAsked *a, MtsError *err)
{
    const MtsTrained *trained = NULL;
    bool is = false;
    int rc = a->train && !a->reward && plan->kind ? mts_trained_is(a->train, &is, err) : MTS_OK;
    if (rc || !is || (rc = mts_reward_trained(plan->files, a->train, &trained, err))) {
        return rc;
    }
    plan->leads = plan->kind->answer == MTS_ANSWER_OPTION && mts_trained_leads(trained);
    if (plan->leads) {
        a->base.search.lambda = MTS_TRAINED_LAMBDA;
    }
    plan->paths = trained->forecasts;
    return MTS_OK;
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

/* Labels, whose texts are another's. */
typedef struct Labels {
    char *text;
    const char **list; /* [count] */
    size_t count;
} Labels;

static int cut_labels(Labels *l, const char *answers, MtsError *err)
{
    l->text = mts_strdup(answers);
    l->list = mts_calloc(mts_parts(answers, ','), sizeof *l->list);
    if (!l->text || !l->list) {
        return no_memory(err);
    }
    l->count = mts_cut(l->text, ',', l->list);
    int rc = mts_check_texts(l->list, l->count, "eval: --answers: answer", err);
    return rc             ? rc
           : l->count > 1 ? MTS_OK
                          : mts_fail(err, MTS_EREQUEST, "eval: --answers: one answer alone leaves no choice");
}

/* The labels that are asked for, or that the evidence knows; none: the file's own. */
static int declare_labels(MtsEvalPlan *plan, const MtsEvalAsked *a, Labels *l, MtsError *err)
{
    const MtsTrained *trained = NULL;
    bool is = false;
    int rc;
    if (a->answers && !plan->kind->labelled) {
        return mts_fail(err, MTS_EREQUEST, "eval: --answers: stage %s has answers of its own", plan->kind->name);
    }
    if (a->answers) {
        return cut_labels(l, a->answers, err);
    }
    if (!plan->kind->labelled || !a->train) {
        return MTS_OK;
    }
    if ((rc = mts_trained_is(a->train, &is, err)) || !is ||
        (rc = mts_reward_trained(plan->files, a->train, &trained, err)) || !trained->classes) {
        return rc;
    }
    l->count = trained->classes->classes;
    if (!(l->list = mts_calloc(l->count, sizeof *l->list))) {
        return no_memory(err);
    }
    for (size_t k = 0; k < l->count; k++) {
        l->list[k] = trained->classes->labels[k];
    }
    return MTS_OK;
}

/* What evidence has seen whole, a prompt need not show: every value there is read by the model, and costs more than the
 * search. */
static int show_less(const MtsEvalPlan *plan, const MtsEvalAsked *a, MtsStageOptions *options, MtsError *err)
{
    bool trained = false;
    int rc = a->train ? mts_trained_is(a->train, &trained, err) : MTS_OK;
    bool options_asked = plan->kind->answer == MTS_ANSWER_OPTION;
    if (trained && (options_asked || plan->paths) && options->points == 0) {
        options->points = options_asked ? POINTS_BESIDE_EVIDENCE : POINTS_BESIDE_PATHS;
    }
    return rc;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A sample whose key is another's would never have a record. */
static int check_keys(const MtsEvalPlan *plan, const MtsEvalAsked *a, MtsError *err)
{
    const char **keys = mts_calloc(plan->samples, sizeof *keys);
    int rc = keys ? MTS_OK : no_memory(err);
    for (size_t i = 0; i < plan->samples && !rc; i++) {
        keys[i] = plan->stage->samples[i].key;
    }
    if (!rc && plan->samples) {
        mts_sort(keys, plan->samples, sizeof *keys, by_text);
    }
    for (size_t i = 1; i < plan->samples && !rc; i++) {
        if (strcmp(keys[i], keys[i - 1]) == 0) {
            rc = mts_fail(err, MTS_EFORMAT, "%s: has two samples that are both called %s", a->data, keys[i]);
        }
    }
    free((void *)keys);
    return rc;
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
    Labels labels = {0};
    options.limit = limit == SIZE_MAX || a->spread ? 0 : limit;
    int rc = plan->kind ? declare_labels(plan, a, &labels, err) : MTS_OK;
    rc = rc || !plan->kind ? rc : show_less(plan, a, &options, err);
    options.labels = labels.list;
    options.label_count = labels.count;
    rc = rc ? rc : mts_stage_open(&plan->stage, a->stage, a->data, a->more, &options, err);
    free(labels.list);
    free(labels.text);
    if (rc) {
        return rc;
    }
    plan->samples = limit < plan->stage->count ? limit : plan->stage->count;
    if (a->spread) {
        spread(plan);
    }
    return check_keys(plan, a, err);
}

static int check_asked(const MtsEngine *engine, const MtsEvalAsked *a, MtsError *err)
{
    bool table = mts_engine_is_table(engine);
    if (table && ((a->stage && strcmp(a->stage, "table") != 0) || a->data || a->more || a->train)) {
        return mts_fail(err, MTS_EREQUEST, "eval: %s: a table is its own stage and takes no data",
                        mts_engine_path(engine));
    }
    if (!table && (!a->stage || !a->data)) {
        char names[256];
        mts_stage_names(names, sizeof names);
        return a->stage ? mts_fail(err, MTS_EREQUEST, "eval: --data is missing: which file?")
                        : mts_fail(err, MTS_EREQUEST, "eval: --stage is missing: which of %s?", names);
    }
    if (a->learn && (a->shards > 1 || a->total_nfe)) {
        return mts_fail(err, MTS_EREQUEST,
                        "eval: --learn: each sample has what those before it taught, which neither "
                        "a part of them (--shard) nor a shared budget (--total-nfe) knows");
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
    const MtsEvalSetup *setup = &plan->setups[0];
    MtsMethod m = setup->request.search.method;
    if (!a->total_nfe) {
        return MTS_OK;
    }
    if (plan->setup_count != 1 || plan->seed_count != 1 || plan->shards > 1 || a->nfe || a->experiment) {
        return mts_fail(err, MTS_EREQUEST,
                        "eval: --total-nfe: one method with one setting and one seed can share a budget, without "
                        "--shard and --nfe");
    }
    if (setup->naive || m == MTS_GREEDY || m == MTS_BEAM || m == MTS_SMC) {
        return mts_fail(err, MTS_EREQUEST, "eval: --total-nfe: a search of method %s cannot go on where it ended",
                        setup->method);
    }
    return MTS_OK;
}

void mts_eval_cut_nothing(MtsRequest *request)
{
    request->cut = (MtsCut){.temperature = request->cut.temperature, .top_p = 1};
}

void mts_eval_follow_path(MtsRequest *request)
{
    mts_eval_cut_nothing(request);
    request->search.lambda = MTS_TRAINED_LAMBDA;
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
    plan->kind = a.stage && !mts_engine_is_table(engine) ? mts_stage_kind(a.stage) : NULL;
    plan->shard = a.shard;
    plan->shards = a.shards > 1 ? a.shards : 1;
    plan->keep_trees = a.keep_trees;
    plan->total_nfe = a.total_nfe;
    plan->raw = a.raw;
    plan->date = a.date;
    plan->train = a.train;
    plan->learn = a.learn;
    if (!plan->name) {
        return no_memory(err);
    }
    if ((rc = read_seeds(plan, a.seeds ? a.seeds : "0", err)) || (rc = mts_reward_files_new(&plan->files, err)) ||
        (rc = follow_evidence(plan, &a, err)) || (rc = mts_eval_grid(plan, engine, &a, err)) ||
        (rc = check_budget(plan, &a, err)) || (rc = open_data(plan, engine, &a, a.samples, err)) ||
        (rc = mts_eval_check_train(plan, &a, err)) || (rc = choose_reward(plan, &a, err)) ||
        (a.outlook && (rc = mts_outlook_read(&plan->outlook, a.outlook, engine, plan->reward, err)))) {
        return rc;
    }
    return mts_eval_describe(&plan->head, plan, engine, &a, err);
}

void mts_eval_plan_free(MtsEvalPlan *plan)
{
    for (size_t i = 0; i < plan->setup_count; i++) {
        free(plan->setups[i].method);
        free(plan->setups[i].variant);
    }
    free(plan->setups);
    free(plan->seeds);
    free(plan->name);
    free(plan->table_key);
    free(plan->reward);
    free(plan->constraint);
    mts_stage_free(&plan->stage);
    mts_reward_files_free(&plan->files);
    mts_experience_free(&plan->outlook);
    json_decref(plan->head);
    memset(plan, 0, sizeof *plan);
}
