/* One sample answered by one run: the search, the answer it comes to, and all of it as a record (docs/stages.md). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <maxts/reward.h>

#include "core/file.h"
#include "core/mem.h"
#include "eval/answer.h"
#include "eval/ask.h"
#include "results/metrics.h"
#include "series/format.h"

enum { SERIES_POINTS = 256, TREE_NODES = 400, TREE_DEPTH = 24 };

static int no_memory(MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "memory ran out");
}

char *mts_eval_key(const MtsEvalPlan *plan, size_t sample, const MtsEvalRun *run, uint64_t seed)
{
    MtsBytes key = {0};
    if (!mts_bytes_printf(&key, "%s|%s|%s|%llu", plan->stage ? plan->stage->samples[sample].key : plan->table_key,
                          run->method, run->variant, (unsigned long long)seed)) {
        mts_bytes_free(&key);
    }
    return key.data;
}

/* Six significant digits are enough for a picture. */
static json_t *rounded(double v)
{
    char text[32];
    snprintf(text, sizeof text, "%.6g", v);
    return mts_json_real(strtod(text, NULL));
}

static json_t *series_json(const MtsSeries *series)
{
    json_t *list = json_array();
    size_t n = series->length < SERIES_POINTS ? series->length : SERIES_POINTS;
    double *block = mts_calloc(n, sizeof *block);
    for (size_t c = 0; block && c < series->channels; c++) {
        json_t *values = json_array();
        mts_block_means(series->values + c * series->length, series->length, block, n);
        for (size_t t = 0; t < n; t++) {
            json_array_append_new(values, rounded(block[t]));
        }
        json_array_append_new(list,
                              json_pack("{s:o, s:o}", "name",
                                        mts_json_string(series->names[c], strlen(series->names[c])), "values", values));
    }
    free(block);
    return list;
}

static json_t *numbers_json(const double *x, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        json_array_append_new(list, json_real(x[i]));
    }
    return list;
}

static json_t *truth_json(const MtsSample *s)
{
    if (!s || (s->option_count == 0 && !s->truth.future && !s->truth.text[0])) {
        return json_null();
    }
    const char *text = s->option_count ? s->options[s->truth.option] : s->truth.text;
    return s->truth.future ? numbers_json(s->truth.future, s->horizon) : mts_json_string(text, strlen(text));
}

static json_t *tree_json(const MtsEngine *engine, const MtsSearchResult *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->tree_count && json_array_size(list) < TREE_NODES; i++) {
        const MtsTreeNode *n = &r->tree[i];
        size_t size = 0;
        const char *bytes = mts_engine_tokenizer(engine) && n->token >= 0
                                ? mts_token_bytes(mts_engine_tokenizer(engine), n->token, true, &size)
                                : NULL;
        char number[16];
        snprintf(number, sizeof number, "%d", (int)n->token);
        if (n->depth > TREE_DEPTH) {
            continue;
        }
        json_array_append_new(list, json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:I, s:b}", "depth", (json_int_t)n->depth,
                                              "token",
                                              n->token < 0 ? json_string("")
                                              : bytes      ? mts_json_string(bytes, size)
                                                           : json_string(number),
                                              "logp", mts_json_real(n->logp), "value",
                                              mts_json_real(r->lambda > 0 ? n->log_value / r->lambda : NAN), "policy",
                                              mts_json_real(n->policy), "reward", mts_json_real(n->reward), "visits",
                                              (json_int_t)n->visits, "finished", (int)n->finished));
    }
    return list;
}

/* Distinct n-grams of all answers. */
static int diversity(const MtsSearchResult *r, size_t n, double *ratio, MtsError *err)
{
    const int32_t **texts = mts_calloc(r->answer_count, sizeof *texts);
    size_t *counts = mts_calloc(r->answer_count, sizeof *counts);
    int rc = texts && counts ? MTS_OK : no_memory(err);
    for (size_t i = 0; rc == MTS_OK && i < r->answer_count; i++) {
        texts[i] = r->answers[i].tokens;
        counts[i] = r->answers[i].count;
    }
    rc = rc == MTS_OK ? mts_distinct_n(texts, counts, r->answer_count, n, ratio, err) : rc;
    free((void *)texts);
    free(counts);
    return rc;
}

/* A composed answer is scored as any text would be; a reward that asks for its probability cannot be. */
static int reward_of(const MtsEvalAsk *ask, const MtsSample *s, const MtsEvalAnswer *a, const MtsTextResult *result,
                     double *value, MtsError *err)
{
    *value = NAN;
    if (!a->text) {
        return MTS_OK;
    }
    if (!a->composed) {
        *value = result->search->answers[a->index].reward;
        return MTS_OK;
    }
    if (strstr(ask->reward, "logprob") || strstr(ask->reward, "command")) {
        return MTS_OK;
    }
    MtsReward *reward = NULL;
    const MtsRewardInput input = {.prompt = s->prompt, .series = s->series};
    int rc = mts_reward_new(&reward, ask->reward, &input, err);
    rc = rc == MTS_OK ? mts_reward_score(reward, a->text, strlen(a->text), 0, 1, true, value, err) : rc;
    mts_reward_free(&reward);
    return rc;
}

static void add_search(json_t *o, const MtsTextResult *result, const MtsEngine *engine, bool keep)
{
    const MtsSearchResult *r = result->search;
    double mean = 0, best = r->answers[r->best].reward;
    for (size_t i = 0; i < r->answer_count; i++) {
        mean += r->answers[i].probability > 0 ? r->answers[i].probability * r->answers[i].reward : 0;
    }
    json_object_set_new(o, "rollouts_done", json_integer((json_int_t)r->rollouts_done));
    json_object_set_new(o, "nfe", json_integer((json_int_t)r->nfe));
    json_object_set_new(o, "decode_tokens", json_integer((json_int_t)r->decode_tokens));
    json_object_set_new(o, "recomputed", json_integer((json_int_t)result->recomputed));
    json_object_set_new(o, "best_reward", mts_json_real(best));
    json_object_set_new(o, "mean_reward", mts_json_real(r->mean_reward));
    json_object_set_new(o, "expected_reward", mts_json_real(mean));
    json_object_set_new(o, "log_z", mts_json_real(r->log_z));
    json_object_set_new(o, "log_z_se", mts_json_real(r->log_z_se));
    json_object_set_new(o, "stop_reason", json_string(r->stop_reason));
    json_object_set_new(o, "tree",
                        json_pack("{s:I, s:I, s:f}", "nodes", (json_int_t)r->tree_nodes, "max_depth",
                                  (json_int_t)r->tree_max_depth, "branching", r->tree_branching));
    if (keep) {
        json_object_set_new(o, "explain", tree_json(engine, r));
    }
}

/* Of a naive forecast, and of a search that no text came of: what else records have. */
static void add_nothing(json_t *o, uint64_t nfe, const char *stop_reason)
{
    static const char *const none[] = {"best_reward", "mean_reward", "expected_reward", "log_z", "log_z_se", "tree"};
    json_object_set_new(o, "rollouts_done", json_integer(0));
    json_object_set_new(o, "nfe", json_integer((json_int_t)nfe));
    json_object_set_new(o, "decode_tokens", json_integer(0));
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        json_object_set_new(o, none[i], json_null());
    }
    json_object_set_new(o, "stop_reason", json_string(stop_reason));
}

/* What the text of answer `index` is like. */
static int add_text(json_t *o, const MtsTextResult *result, size_t index, MtsError *err)
{
    double one = NAN, two = NAN, perplexity = NAN, length = NAN;
    int rc = MTS_OK;
    if (result && index != SIZE_MAX) {
        const MtsAnswer *a = &result->search->answers[index];
        rc = diversity(result->search, 1, &one, err);
        rc = rc == MTS_OK ? diversity(result->search, 2, &two, err) : rc;
        perplexity = a->count ? exp(-a->logp / (double)a->count) : NAN;
        length = (double)a->count;
    }
    json_object_set_new(o, "perplexity", mts_json_real(perplexity));
    json_object_set_new(o, "length", mts_json_real(length));
    json_object_set_new(o, "distinct_1", mts_json_real(one));
    json_object_set_new(o, "distinct_2", mts_json_real(two));
    return rc;
}

/* How far a search got whose result there is none of. */
typedef struct Watch {
    uint64_t nfe;
} Watch;

static int watch(void *context, const MtsEvent *event, MtsError *err)
{
    (void)err;
    Watch *w = context;
    w->nfe = event->nfe > w->nfe ? event->nfe : w->nfe;
    return 0;
}

static json_t *begin(const MtsEvalPlan *plan, size_t sample, const MtsEvalRun *run, uint64_t seed,
                     const MtsEvalAsk *ask)
{
    const MtsSample *s = plan->stage ? &plan->stage->samples[sample] : NULL;
    const MtsSearchSettings *set = &ask->request.search;
    const char *key = s ? s->key : plan->table_key, *group = s ? s->group : "";
    char *whole = mts_eval_key(plan, sample, run, seed);
    json_t *o = !whole ? NULL
                       : json_pack("{s:o, s:o, s:s, s:o, s:s, s:s, s:I}", "key", mts_json_string(whole, strlen(whole)),
                                   "sample", mts_json_string(key, strlen(key)), "stage", plan->name, "group",
                                   mts_json_string(group, strlen(group)), "method", run->method, "variant",
                                   run->variant, "seed", (json_int_t)seed);
    free(whole);
    if (o && !run->naive) {
        json_object_set_new(o, "lambda", json_real(set->lambda));
        json_object_set_new(o, "rollouts", set->max_nfe ? json_null() : json_integer((json_int_t)set->rollouts));
        json_object_set_new(o, "max_tokens", json_integer((json_int_t)ask->request.max_tokens));
        json_object_set_new(o, "temperature", json_real(set->temperature));
        json_object_set_new(o, "expansion", json_integer((json_int_t)set->expansion));
    }
    return o;
}

int mts_eval_record(const MtsEvalPlan *plan, const MtsEngine *engine, size_t sample, const MtsEvalRun *run,
                    uint64_t seed, bool series, json_t **record, MtsError *err)
{
    const MtsSample *s = plan->stage ? &plan->stage->samples[sample] : NULL;
    MtsEvalAsk ask;
    MtsEvalAnswer answer = {0};
    MtsTextResult *result = NULL;
    Watch seen = {0};
    const MtsEventSink sink = {.context = &seen, .event = watch};
    double began = mts_seconds(), reward;
    json_t *o = NULL;
    *record = NULL;
    int rc = mts_eval_ask(&ask, plan, engine, s, run, seed, err);
    if (rc == MTS_OK && !run->naive) {
        ask.request.sink = &sink;
        ask.request.search.keep_tree = sample < plan->keep_trees;
        rc = mts_engine_search(engine, &ask.request, &result, err);
        bool out_of_time = rc == MTS_EINTERRUPTED && ask.request.search.max_seconds > 0 &&
                           !(ask.request.search.stop && ask.request.search.stop(ask.request.search.stop_context));
        if (s && (rc == MTS_ECONSTRAINT || out_of_time)) { /* no text: that is an answer missed, and counts */
            rc = MTS_OK;
        } else if (rc == MTS_OK && strcmp(result->search->stop_reason, "interrupted") == 0) {
            rc = mts_fail(err, MTS_EINTERRUPTED, "interrupted");
        }
    }
    double seconds = mts_seconds() - began;
    rc = rc == MTS_OK ? mts_eval_answer(&answer, plan, engine, s, run, result, err) : rc;
    rc = rc == MTS_OK ? reward_of(&ask, s, &answer, result, &reward, err) : rc;
    if (rc != MTS_OK) {
        goto done;
    }
    if (!(o = begin(plan, sample, run, seed, &ask))) {
        rc = no_memory(err);
        goto done;
    }
    if (result) {
        add_search(o, result, engine, sample < plan->keep_trees);
    } else {
        add_nothing(o, seen.nfe, run->naive ? "naive" : "nothing");
    }
    json_object_set_new(o, "prompt_tokens", json_integer((json_int_t)(run->naive ? 0 : ask.request.prompt_count)));
    json_object_set_new(o, "seconds", json_real(seconds));
    json_object_set_new(o, "prefill_seconds", result ? json_real(result->prefill_seconds) : json_null());
    json_object_set_new(o, "reward", mts_json_real(reward));
    json_object_set_new(o, "answer", answer.text ? mts_json_string(answer.text, strlen(answer.text)) : json_null());
    json_object_set_new(o, "answer_rule", json_string(answer.rule));
    json_object_set_new(o, "truth", truth_json(s));
    json_object_set_new(o, "correct", answer.correct < 0 ? json_null() : json_boolean(answer.correct));
    json_object_set(o, "scores", answer.scores);
    rc = add_text(o, result, answer.index, err);
    if (s && series) {
        json_object_set_new(o, "series", series_json(s->series));
    }
    if (answer.output) {
        json_object_set_new(o, "output", numbers_json(answer.output, s->horizon));
    }
done:
    if (rc == MTS_OK) {
        *record = o;
    } else {
        json_decref(o);
    }
    mts_text_result_free(&result);
    mts_eval_answer_free(&answer);
    mts_eval_ask_free(&ask);
    return rc;
}
