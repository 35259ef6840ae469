/* engine/judge.c - a reward on texts as search sees it: token ids in, a number out.
 *
 * What a reward gets is the answer's text alone: without the prompt, without the token that ended it, without what was
 * thought before it and what a stop string ends. A request's
 * specification (maxts/reward.h) and its function add up, as the terms of a specification do among themselves: the sum
 * scores prefixes where a part of it does, and a part that does not is left out of a prefix's value.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "engine/internal.h"
#include "engine/request.h"

enum { SLOW_REWARD_WORKERS = 4, MOST_WORKERS = 1024 };

const char *mts_request_reward(const MtsRequest *request)
{
    return request->reward            ? request->reward
           : request->reward_function ? NULL
           : request->series          ? "spectral"
                                      : "logprob";
}

int mts_judge_name(const MtsEngine *engine, const MtsRequest *request, char **name, MtsError *err)
{
    const char *spec = engine->table ? "table" : mts_request_reward(request);
    const char *function = request->reward_function ? request->reward_function->name : NULL;
    MtsBytes out = {0};
    if (!mts_bytes_printf(&out, "%s%s%s", spec ? spec : "", spec && function ? " + " : "", function ? function : "")) {
        mts_bytes_free(&out);
        return mts_fail(err, MTS_ENOMEM, "no memory for the result");
    }
    *name = out.data;
    return MTS_OK;
}

/* Asks the function. Its failures come from outside, so their code is ours and their sentence gets its name. */
static int call(const MtsRewardFunction *function, const MtsTextCandidate *candidate, double *value, MtsError *err)
{
    MtsError own = {0};
    double v = NAN;
    int rc = function->score(function->context, candidate, &v, &own);
    if (rc && own.text[0]) {
        own.text[sizeof own.text - 1] = '\0';
        return mts_fail(err, MTS_EREWARD, "reward %s: %s", function->name, own.text);
    }
    if (rc) {
        return mts_fail(err, MTS_EREWARD, "reward %s: it failed with code %d on a text of %zu bytes", function->name,
                        rc, candidate->size);
    }
    if (!isfinite(v) && v != -HUGE_VAL) {
        return mts_fail(err, MTS_EREWARD, "reward %s: its value for a text of %zu bytes is %g, which is not finite",
                        function->name, candidate->size, v);
    }
    *value = v;
    return MTS_OK;
}

static int sum(const MtsJudge *judge, const MtsTextCandidate *c, double *value, MtsError *err)
{
    double spec = 0, function = 0;
    int rc = MTS_OK;
    if (judge->reward) {
        rc = mts_reward_score(judge->reward, c->text, c->size, c->logp, c->count, c->finished, &spec, err);
    }
    if (!rc && judge->function && (c->finished || judge->function->prefixes)) {
        rc = call(judge->function, c, &function, err);
    }
    *value = spec + function;
    return rc;
}

/* Called from several threads at once; everything it reads is immutable. */
static int score(void *context, const MtsCandidate *candidate, double *value, MtsError *err)
{
    const MtsJudge *judge = context;
    size_t count = candidate->count, size;
    char *text;
    if (count > 0 && candidate->finished &&
        mts_tokenizer_is_end(judge->engine->tokenizer, candidate->tokens[count - 1])) {
        count--;
    }
    int rc = mts_answer_text(judge->engine, &judge->rules, candidate->tokens, count, false, &text, &size, NULL, err);
    if (rc) {
        return rc;
    }
    const MtsTextCandidate asked = {.text = text,
                                    .size = size,
                                    .tokens = candidate->tokens,
                                    .count = candidate->count,
                                    .logp = candidate->logp,
                                    .finished = candidate->finished};
    rc = sum(judge, &asked, value, err);
    free(text);
    return rc;
}

static int check_function(const MtsRewardFunction *function, MtsError *err)
{
    if (!function->name || !function->name[0]) {
        return mts_fail(err, MTS_EREQUEST, "reward function: it has no name");
    }
    if (!function->score) {
        return mts_fail(err, MTS_EREQUEST, "reward %s: score is NULL", function->name);
    }
    if (function->workers < 0 || function->workers > MOST_WORKERS) {
        return mts_fail(err, MTS_EREQUEST, "reward %s: workers is %d, it may be 0 to %d", function->name,
                        function->workers, MOST_WORKERS);
    }
    return MTS_OK;
}

static int refuse_for_table(const MtsEngine *engine, const MtsRequest *request, MtsError *err)
{
    const MtsRewardFunction *function = request->reward_function;
    if (request->reward || function) {
        return mts_fail(err, MTS_EREQUEST, "%s: a table has its own reward and takes none ('%s')", engine->path,
                        request->reward  ? request->reward
                        : function->name ? function->name
                                         : "");
    }
    return MTS_OK;
}

/* On how many threads the whole may be asked: a function may allow fewer than a slow specification wants, and the model
 * is asked by one. */
static int workers_of(const MtsJudge *judge)
{
    int spec = judge->reward && mts_reward_is_slow(judge->reward) ? SLOW_REWARD_WORKERS : 0;
    int workers = judge->function ? judge->function->workers : spec;
    return judge->reward && mts_reward_asks_model(judge->reward) && workers > 1 ? 1 : workers;
}

int mts_judge_open(MtsJudge *judge, const MtsEngine *engine, const MtsRequest *request, MtsError *err)
{
    memset(judge, 0, sizeof *judge);
    int rc;
    if (engine->table) {
        mts_table_reward(engine->table, &judge->search);
        return refuse_for_table(engine, request, err);
    }
    judge->engine = engine;
    judge->function = request->reward_function;
    if ((rc = mts_rules_make(&judge->rules, engine, request, err)) ||
        (judge->function && (rc = check_function(judge->function, err)))) {
        return rc;
    }
    if (mts_request_reward(request)) {
        MtsRewardInput input = {.prompt = request->prompt_text ? request->prompt_text : "",
                                .series = request->series,
                                .model = &judge->opinion.model,
                                .files = request->files};
        mts_opinion_begin(&judge->opinion, engine, request);
        if ((rc = mts_reward_new(&judge->reward, mts_request_reward(request), &input, err))) {
            return rc;
        }
    }
    judge->search.context = judge;
    judge->search.prefixes =
        (judge->reward && mts_reward_scores_prefixes(judge->reward)) || (judge->function && judge->function->prefixes);
    judge->search.bounds = judge->reward && !judge->function && mts_reward_bounds(judge->reward);
    judge->search.workers = workers_of(judge);
    judge->search.score = score;
    return MTS_OK;
}

int mts_judge_finish(MtsJudge *judge, MtsError *err)
{
    return judge->reward ? mts_reward_finish(judge->reward, err) : MTS_OK;
}

void mts_judge_close(MtsJudge *judge)
{
    mts_reward_free(&judge->reward);
    mts_opinion_end(&judge->opinion);
    memset(judge, 0, sizeof *judge);
}
