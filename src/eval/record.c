/* eval/record.c - one sample answered by one run: the search, the answer it comes to, and all of it as a record
 * (docs/stages.md). */
#include "eval/record.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <maxts/reward.h>

#include "core/file.h"
#include "core/mem.h"
#include "eval/answer.h"
#include "eval/ask.h"
#include "results/fields.h"
#include "results/metrics.h"
#include "series/format.h"

enum { SERIES_POINTS = 256, TREE_NODES = 400, TREE_DEPTH = 24 };

static int no_memory(MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "memory ran out");
}

char *mts_eval_key(const MtsEvalPlan *plan, size_t sample, const MtsEvalSetup *setup, uint64_t seed)
{
    const char *key = plan->stage ? plan->stage->samples[sample].key : plan->table_key;
    return mts_record_key(key, setup->method, setup->variant, seed);
}

/* ---- lists: NULL when memory ran out ---- */

/* Six significant digits are enough for a picture. */
static json_t *rounded(double v)
{
    char text[32];
    snprintf(text, sizeof text, "%.6g", v);
    return mts_json_real(strtod(text, NULL));
}

static json_t *numbers_json(const double *x, size_t n, bool round)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        mts_json_add(&list, NULL, round ? rounded(x[i]) : mts_json_real(x[i]));
    }
    return list;
}

/* The channels, as means of blocks where they have more values than a picture needs. */
static json_t *series_json(const MtsSeries *series)
{
    json_t *list = json_array();
    size_t n = series->length < SERIES_POINTS ? series->length : SERIES_POINTS;
    double *block = mts_calloc(n, sizeof *block);
    for (size_t c = 0; block && c < series->channels; c++) {
        json_t *channel = json_object();
        mts_block_means(series->values + c * series->length, series->length, block, n);
        mts_json_add_text(&channel, MTS_F_NAME, series->names[c]);
        mts_json_add(&channel, MTS_F_VALUES, numbers_json(block, n, true));
        mts_json_add(&list, NULL, channel);
    }
    if (!block) {
        mts_json_add(&list, NULL, NULL);
    }
    free(block);
    return list;
}

static json_t *token_json(const MtsEngine *engine, int32_t token)
{
    const MtsTokenizer *tokenizer = mts_engine_tokenizer(engine);
    size_t size = 0;
    const char *bytes = tokenizer && token >= 0 ? mts_token_bytes(tokenizer, token, true, &size) : NULL;
    char number[16];
    snprintf(number, sizeof number, "%d", (int)token);
    return bytes ? mts_json_string(bytes, size) : json_string(token < 0 ? "" : number);
}

static json_t *node_json(const MtsEngine *engine, const MtsTreeNode *n, double lambda)
{
    json_t *o = json_object();
    mts_json_add_int(&o, MTS_F_DEPTH, (json_int_t)n->depth);
    mts_json_add(&o, MTS_F_TOKEN, token_json(engine, n->token));
    mts_json_add_real(&o, MTS_F_LOGP, n->logp);
    mts_json_add_real(&o, MTS_F_VALUE, lambda > 0 ? n->log_value / lambda : NAN);
    mts_json_add_real(&o, MTS_F_POLICY, n->policy);
    mts_json_add_real(&o, MTS_F_REWARD, n->reward);
    mts_json_add_int(&o, MTS_F_VISITS, (json_int_t)n->visits);
    mts_json_add_flag(&o, MTS_F_FINISHED, n->finished);
    return o;
}

static json_t *explain_json(const MtsEngine *engine, const MtsSearchResult *r)
{
    json_t *list = json_array();
    for (size_t i = 0, kept = 0; i < r->tree_count && kept < TREE_NODES; i++) {
        if (r->tree[i].depth <= TREE_DEPTH) {
            mts_json_add(&list, NULL, node_json(engine, &r->tree[i], r->lambda));
            kept++;
        }
    }
    return list;
}

/* ---- one sample by one run ---- */

/* A sample under way: what is asked, what was found. */
typedef struct Trial {
    const MtsEvalPlan *plan;
    const MtsEngine *engine;
    const MtsSample *sample; /* NULL: a table's */
    size_t index;            /* of the sample */
    const MtsEvalSetup *setup;
    uint64_t seed;
    const MtsExperience *experience;
    MtsEvalAsk ask;
    MtsEvalAnswer answer;
    MtsTextResult *result; /* NULL: no search, or no text */
    uint64_t nfe, calls;   /* how far a search got whose result there is none of */
    double seconds, reward;
} Trial;

static int watch(void *context, const MtsEvent *event, MtsError *err)
{
    (void)err;
    Trial *t = context;
    t->nfe = event->nfe > t->nfe ? event->nfe : t->nfe;
    t->calls = event->reward_calls > t->calls ? event->reward_calls : t->calls;
    return 0;
}

/* The search. A sample that no text was found for in time or within its constraint has missed, which counts. */
static int search_sample(Trial *t, MtsError *err)
{
    const MtsEventSink sink = {.context = t, .event = watch};
    MtsRequest *r = &t->ask.request;
    r->sink = &sink;
    r->search.keep_tree = t->index < t->plan->keep_trees;
    r->search.experience = t->experience;
    r->search.teach = t->plan->learn;
    int rc = mts_engine_search(t->engine, r, &t->result, err);
    r->sink = NULL;
    bool stopped = r->search.stop && r->search.stop(r->search.stop_context);
    bool out_of_time = rc == MTS_EINTERRUPTED && r->search.max_seconds > 0 && !stopped;
    if (t->sample && (rc == MTS_ECONSTRAINT || out_of_time)) {
        return MTS_OK;
    }
    if (!rc && strcmp(t->result->search->stop_reason, "interrupted") == 0) {
        rc = mts_fail(err, MTS_EINTERRUPTED, "interrupted");
    }
    return rc;
}

/* A composed answer is scored as any text would be; a reward that asks for its probability, or asks the model, cannot
 * be. */
static int score_answer(Trial *t, MtsError *err)
{
    const MtsEvalAnswer *a = &t->answer;
    t->reward = NAN;
    if (a->text && !a->composed) {
        t->reward = t->result->search->answers[a->index].reward;
    }
    if (!a->text || !a->composed || strstr(t->ask.reward, "logprob") || strstr(t->ask.reward, "command") ||
        strstr(t->ask.reward, "choose") || strstr(t->ask.reward, "judge")) {
        return MTS_OK;
    }
    MtsReward *reward = NULL;
    const MtsRewardInput input = {.prompt = t->sample->prompt, .series = t->sample->series, .files = t->plan->files};
    int rc = mts_reward_new(&reward, t->ask.reward, &input, err);
    rc = rc ? rc : mts_reward_score(reward, a->text, strlen(a->text), 0, 1, true, &t->reward, err);
    rc = rc ? rc : mts_reward_finish(reward, err);
    mts_reward_free(&reward);
    return rc;
}

static int answer_trial(Trial *t, MtsError *err)
{
    double began = mts_seconds();
    int rc = mts_eval_ask(&t->ask, t->plan, t->engine, t->sample, t->setup, t->seed, err);
    if (rc || (!t->setup->naive && (rc = search_sample(t, err)))) {
        return rc;
    }
    t->seconds = mts_seconds() - began;
    rc = mts_eval_answer(&t->answer, t->plan, t->engine, t->sample, t->setup, t->ask.reward, t->result, err);
    return rc ? rc : score_answer(t, err);
}

/* ---- the record: *o is NULL once memory ran out ---- */

static void add_names(json_t **o, const Trial *t)
{
    const MtsSearchSettings *set = &t->ask.request.search;
    char *key = mts_eval_key(t->plan, t->index, t->setup, t->seed);
    mts_json_add(o, MTS_F_KEY, key ? mts_json_string(key, strlen(key)) : NULL);
    free(key);
    mts_json_add_text(o, MTS_F_SAMPLE, t->sample ? t->sample->key : t->plan->table_key);
    mts_json_add_text(o, MTS_F_STAGE, t->plan->name);
    mts_json_add_text(o, MTS_F_GROUP, t->sample ? t->sample->group : "");
    mts_json_add_text(o, MTS_F_METHOD, t->setup->method);
    mts_json_add_text(o, MTS_F_VARIANT, t->setup->variant);
    mts_json_add_int(o, MTS_F_SEED, (json_int_t)t->seed);
    if (!t->setup->naive) {
        mts_json_add_real(o, MTS_F_LAMBDA, set->lambda);
        mts_json_add(o, MTS_F_ROLLOUTS, set->max_nfe ? json_null() : json_integer((json_int_t)set->rollouts));
        mts_json_add_int(o, MTS_F_MAX_TOKENS, (json_int_t)t->ask.request.max_tokens);
        mts_json_add_real(o, MTS_F_TEMPERATURE, set->temperature);
        mts_json_add_int(o, MTS_F_EXPANSION, (json_int_t)set->expansion);
    }
}

static json_t *tree_json(const MtsSearchResult *r)
{
    json_t *o = json_object();
    mts_json_add_int(&o, MTS_F_NODES, (json_int_t)r->tree_nodes);
    mts_json_add_int(&o, MTS_F_MAX_DEPTH, (json_int_t)r->tree_max_depth);
    mts_json_add_real(&o, MTS_F_BRANCHING, r->tree_branching);
    return o;
}

/* What its search taught. */
static void add_lesson(json_t **o, const char *lesson)
{
    json_t *list = NULL;
    MtsError err;
    if (lesson) {
        int rc = mts_json_parse(&list, "lesson", lesson, strlen(lesson), &err);
        mts_json_add(o, MTS_F_LESSON, rc ? NULL : list);
    }
}

static void add_search(json_t **o, const Trial *t)
{
    const MtsSearchResult *r = t->result->search;
    double expected = 0;
    for (size_t i = 0; i < r->answer_count; i++) {
        expected += r->answers[i].probability > 0 ? r->answers[i].probability * r->answers[i].reward : 0;
    }
    mts_json_add_int(o, MTS_F_ROLLOUTS_DONE, (json_int_t)r->rollouts_done);
    mts_json_add_int(o, MTS_F_NFE, (json_int_t)r->nfe);
    mts_json_add_int(o, MTS_F_REWARD_CALLS, (json_int_t)r->reward_calls);
    mts_json_add_int(o, MTS_F_DECODE_TOKENS, (json_int_t)r->decode_tokens);
    mts_json_add_int(o, MTS_F_RECOMPUTED, (json_int_t)t->result->recomputed);
    mts_json_add_real(o, MTS_F_BEST_REWARD, r->answers[r->best].reward);
    mts_json_add_real(o, MTS_F_MEAN_REWARD, r->mean_reward);
    mts_json_add_real(o, MTS_F_EXPECTED_REWARD, expected);
    mts_json_add_real(o, MTS_F_LOG_Z, r->log_z);
    mts_json_add_real(o, MTS_F_LOG_Z_SE, r->log_z_se);
    mts_json_add_text(o, MTS_F_STOP_REASON, r->stop_reason);
    mts_json_add(o, MTS_F_TREE, tree_json(r));
    add_lesson(o, r->lesson);
    if (t->index < t->plan->keep_trees) {
        mts_json_add(o, MTS_F_EXPLAIN, explain_json(t->engine, r));
    }
}

/* Of a naive forecast, and of a search that no text came of: what else records have. */
static void add_nothing(json_t **o, const Trial *t)
{
    static const char *const none[] = {MTS_F_BEST_REWARD, MTS_F_MEAN_REWARD, MTS_F_EXPECTED_REWARD,
                                       MTS_F_LOG_Z,       MTS_F_LOG_Z_SE,    MTS_F_TREE};
    mts_json_add_int(o, MTS_F_ROLLOUTS_DONE, 0);
    mts_json_add_int(o, MTS_F_NFE, (json_int_t)t->nfe);
    mts_json_add_int(o, MTS_F_REWARD_CALLS, (json_int_t)t->calls);
    mts_json_add_int(o, MTS_F_DECODE_TOKENS, 0);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        mts_json_add(o, none[i], json_null());
    }
    mts_json_add_text(o, MTS_F_STOP_REASON, t->setup->naive ? "naive" : "nothing");
}

static json_t *truth_json(const MtsSample *s)
{
    if (!s || (s->option_count == 0 && !s->truth.future && !s->truth.text[0])) {
        return json_null();
    }
    const char *text = s->option_count ? s->options[s->truth.option] : s->truth.text;
    return s->truth.future ? numbers_json(s->truth.future, s->horizon, false) : mts_json_string(text, strlen(text));
}

static void add_answer(json_t **o, const Trial *t)
{
    const MtsEvalAnswer *a = &t->answer;
    mts_json_add_int(o, MTS_F_PROMPT_TOKENS, t->setup->naive ? 0 : (json_int_t)t->ask.request.prompt_count);
    mts_json_add_real(o, MTS_F_SECONDS, t->seconds);
    mts_json_add_real(o, MTS_F_PREFILL_SECONDS, t->result ? t->result->prefill_seconds : NAN);
    mts_json_add_real(o, MTS_F_REWARD, t->reward);
    mts_json_add_text(o, MTS_F_ANSWER, a->text);
    mts_json_add_text(o, MTS_F_ANSWER_RULE, a->rule);
    mts_json_add(o, MTS_F_TRUTH, truth_json(t->sample));
    mts_json_add(o, MTS_F_CORRECT, a->correct < 0 ? json_null() : json_boolean(a->correct));
    mts_json_add(o, MTS_F_SCORES, json_incref(a->scores));
}

/* Distinct n-grams of the rollouts' own texts, one found twice counting twice: what a sweep scored in passing differs
 * from a rollout's text in its end alone. */
static int diversity(const MtsSearchResult *r, size_t n, double *ratio, MtsError *err)
{
    size_t all = 0, at = 0;
    for (size_t i = 0; i < r->answer_count; i++) {
        all += r->answers[i].rollouts;
    }
    const int32_t **texts = mts_calloc(all ? all : 1, sizeof *texts);
    size_t *counts = mts_calloc(all ? all : 1, sizeof *counts);
    int rc = texts && counts ? MTS_OK : no_memory(err);
    for (size_t i = 0; !rc && i < r->answer_count; i++) {
        for (size_t k = 0; k < r->answers[i].rollouts; k++, at++) {
            texts[at] = r->answers[i].tokens;
            counts[at] = r->answers[i].count;
        }
    }
    rc = rc ? rc : mts_distinct_n(texts, counts, all, n, ratio, err);
    free((void *)texts);
    free(counts);
    return rc;
}

/* What the text of the answer is like. */
static int add_text(json_t **o, const Trial *t, MtsError *err)
{
    double one = NAN, two = NAN, perplexity = NAN, length = NAN;
    if (t->result && t->answer.index != SIZE_MAX) {
        const MtsSearchResult *r = t->result->search;
        const MtsAnswer *a = &r->answers[t->answer.index];
        int rc;
        if ((rc = diversity(r, 1, &one, err)) || (rc = diversity(r, 2, &two, err))) {
            return rc;
        }
        perplexity = a->count ? exp(-a->logp / (double)a->count) : NAN;
        length = (double)a->count;
    }
    mts_json_add_real(o, MTS_F_PERPLEXITY, perplexity);
    mts_json_add_real(o, MTS_F_LENGTH, length);
    mts_json_add_real(o, MTS_F_DISTINCT_1, one);
    mts_json_add_real(o, MTS_F_DISTINCT_2, two);
    return MTS_OK;
}

static int describe_trial(const Trial *t, bool series, json_t **record, MtsError *err)
{
    json_t *o = json_object();
    add_names(&o, t);
    if (t->result) {
        add_search(&o, t);
    } else {
        add_nothing(&o, t);
    }
    add_answer(&o, t);
    int rc = add_text(&o, t, err);
    if (rc) {
        json_decref(o);
        return rc;
    }
    if (t->sample && series) {
        mts_json_add(&o, MTS_F_SERIES, series_json(t->sample->series));
    }
    if (t->answer.output) {
        mts_json_add(&o, MTS_F_OUTPUT, numbers_json(t->answer.output, t->sample->horizon, false));
    }
    *record = o;
    return o ? MTS_OK : no_memory(err);
}

int mts_eval_record(const MtsEvalPlan *plan, const MtsEngine *engine, size_t sample, const MtsEvalSetup *setup,
                    uint64_t seed, const MtsExperience *experience, bool series, json_t **record, MtsError *err)
{
    Trial t = {.plan = plan, .engine = engine, .index = sample, .setup = setup, .seed = seed, .experience = experience};
    t.sample = plan->stage ? &plan->stage->samples[sample] : NULL;
    *record = NULL;
    int rc = answer_trial(&t, err);
    rc = rc ? rc : describe_trial(&t, series, record, err);
    mts_text_result_free(&t.result);
    mts_eval_answer_free(&t.answer);
    mts_eval_ask_free(&t.ask);
    return rc;
}
