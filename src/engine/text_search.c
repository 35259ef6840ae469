/* engine/text_search.c - one search on text: the model or table, the reward and the method joined. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "engine/answers.h"
#include "engine/internal.h"
#include "engine/request.h"
#include "engine/verdict.h"

void mts_request_target(const MtsEngine *engine, const MtsRequest *request, char *out, size_t size)
{
    const MtsCut *cut = &request->cut;
    size_t n = (size_t)snprintf(out, size, "p");
    const char *join = " cut to";
    if (engine->table) {
        return;
    }
    if (cut->top_k > 0) {
        n += (size_t)snprintf(out + n, size - n, "%s top-k %zu", join, cut->top_k);
        join = ",";
    }
    if (cut->top_p < 1) {
        n += (size_t)snprintf(out + n, size - n, "%s top-p %g", join, cut->top_p);
        join = ",";
    }
    if (cut->min_p > 0) {
        n += (size_t)snprintf(out + n, size - n, "%s min-p %g", join, cut->min_p);
    }
    if (cut->top_p < 1 || cut->min_p > 0) {
        n += (size_t)snprintf(out + n, size - n, " at temperature %g", cut->temperature);
    }
    if (request->constraint && n < size) {
        n += (size_t)snprintf(out + n, size - n, ", matching the constraint");
    }
    if (request->stop_count && n < size) {
        n += (size_t)snprintf(out + n, size - n, ", ended by %zu stop string%s", request->stop_count,
                              request->stop_count == 1 ? "" : "s");
    }
    if (request->think_tokens && n < size) {
        n += (size_t)snprintf(out + n, size - n, ", thinking at most %zu tokens", request->think_tokens);
    }
    if (!request->end_stop && n < size) {
        snprintf(out + n, size - n, ", end tokens do not end a text");
    }
}

void mts_text_result_free(MtsTextResult **out)
{
    MtsTextResult *result = *out;
    if (result) {
        mts_answers_free(result);
        free(result->reward);
        mts_search_result_free(&result->search);
        free(result);
        *out = NULL;
    }
}

static int run(const MtsEngine *engine, const MtsRequest *request, MtsSource *source, const MtsSearchReward *reward,
               MtsTextResult *result, MtsError *err)
{
    int rc = mts_search(&source->model, reward, &request->search, request->sink, &result->search, err);
    if (rc) {
        return rc;
    }
    result->prompt_tokens = request->prompt_count;
    if (source->lm) {
        MtsSessionStats stats;
        mts_lm_stats(source->lm, &stats);
        result->kv_bytes = stats.kv_bytes;
        result->kv_pages_peak = stats.kv_pages_used;
        result->kv_page_tokens = stats.kv_page_tokens;
        result->recomputed = stats.recomputed;
    }
    rc = mts_judge_name(engine, request, &result->reward, err);
    return rc ? rc : mts_answers_write(result, engine, request, &source->rules, &source->model, err);
}

int mts_request_try(const MtsEngine *engine, const MtsRequest *request, MtsError *err)
{
    MtsJudge judge = {0};
    MtsConstraint *constraint = NULL;
    int rc = mts_judge_open(&judge, engine, request, err);
    if (!rc && request->constraint && !engine->table) {
        rc = mts_source_constraint(&constraint, engine, request, err);
    }
    mts_constraint_free(&constraint);
    mts_judge_close(&judge);
    return rc;
}

int mts_engine_search(const MtsEngine *engine, const MtsRequest *request, MtsTextResult **out, MtsError *err)
{
    MtsRequest full = *request;
    MtsSource source = {0};
    MtsJudge judge = {0};
    MtsVerdict verdict;
    MtsSearchReward reward;
    double began = mts_seconds(), ready;
    char *identity = NULL;
    int rc;
    *out = NULL;
    MtsTextResult *result = mts_calloc(1, sizeof *result);
    if (!result) {
        return mts_fail(err, MTS_ENOMEM, "no memory for the result");
    }
    if ((rc = mts_judge_open(&judge, engine, &full, err))) {
        goto done;
    }
    reward = judge.search;
    mts_request_resolve(&full);
    mts_request_target(engine, &full, result->target, sizeof result->target);
    if (full.search.save || full.search.resume || full.search.trace) {
        if ((rc = mts_request_identity(engine, &full, result->target, &identity, err))) {
            goto done;
        }
        full.search.identity = identity;
    }
    if ((rc = mts_source_open(&source, engine, &full, full.search.rollouts, err))) {
        goto done;
    }
    if (source.constraint && mts_request_asks(&full) != MTS_MASKS) {
        reward = mts_verdict(&verdict, mts_request_asks(&full), engine, &source, &judge.search);
    }
    ready = mts_seconds();
    rc = run(engine, &full, &source, &reward, result, err);
    rc = rc ? rc : mts_judge_finish(&judge, err);
    result->prefill_seconds = ready - began;
    result->seconds = mts_seconds() - began;
done:
    mts_source_close(&source);
    mts_judge_close(&judge);
    free(identity);
    if (rc) {
        mts_text_result_free(&result);
    }
    *out = result;
    return rc;
}
