/* search/result.c - what a finished search hands out. */
#include "search/run.h"

#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"

/* By descending reward, then descending logp, then tokens. */
static int compare_answers(const void *a, const void *b)
{
    const MtsAnswer *x = a, *y = b;
    if (x->reward != y->reward) {
        return x->reward > y->reward ? -1 : 1;
    }
    if (x->logp != y->logp) {
        return x->logp > y->logp ? -1 : 1;
    }
    for (size_t i = 0; i < x->count && i < y->count; i++) {
        if (x->tokens[i] != y->tokens[i]) {
            return x->tokens[i] < y->tokens[i] ? -1 : 1;
        }
    }
    return (x->count > y->count) - (x->count < y->count);
}

static int copy_answers(const MtsRun *run, MtsSearchResult *result, MtsError *err)
{
    result->answers = mts_calloc(run->answer_count, sizeof *result->answers);
    if (!result->answers) {
        return mts_out_of_memory(err);
    }
    double root = run->ops->value ? run->ops->value(run, run->nodes.root) : (double)NAN;
    for (size_t i = 0; i < run->answer_count; i++) {
        const MtsNode *node = run->answers[i].node;
        MtsAnswer *answer = &result->answers[i];
        answer->tokens = mts_calloc(node->depth, sizeof *answer->tokens);
        if (!answer->tokens) {
            return mts_out_of_memory(err);
        }
        result->answer_count = i + 1;
        mts_node_tokens(node, answer->tokens);
        answer->count = node->depth;
        answer->reward = node->reward;
        answer->logp = node->path_logp;
        answer->log_weight = run->answers[i].log_weight;
        if (run->ops->value) {
            double tilted = node->path_logp + mts_run_tilt(run, node);
            answer->policy = tilted == -HUGE_VAL ? 0 : exp(tilted - root);
        }
    }
    qsort(result->answers, result->answer_count, sizeof *result->answers, compare_answers);
    return MTS_OK;
}

static void weigh_answers(const MtsRun *run, MtsSearchResult *result)
{
    MtsLogSum sum = MTS_LOG_SUM_ZERO;
    for (size_t i = 0; i < result->answer_count; i++) {
        mts_log_sum_add(&sum, result->answers[i].log_weight);
    }
    double total = mts_log_sum(&sum), highest = -HUGE_VAL;
    for (size_t i = 0; i < result->answer_count; i++) {
        MtsAnswer *answer = &result->answers[i];
        answer->probability = answer->log_weight == -HUGE_VAL ? 0 : exp(answer->log_weight - total);
        double map = answer->logp + mts_log_tilt(run->settings.lambda, answer->reward);
        if (map > highest) {
            highest = map;
            result->map = i;
        }
    }
    for (size_t i = 0; i < result->answer_count; i++) {
        MtsAnswer *answer = &result->answers[i];
        if (run->ops->answers != MTS_ANSWERS_WEIGHTED) {
            answer->probability = i == (run->ops->answers == MTS_ANSWERS_MAP ? result->map : 0);
        }
        if (!run->ops->value) {
            answer->policy = answer->probability;
        }
    }
}

static bool is_answer(const MtsRun *run, const MtsAnswer *answer, const MtsNode *node)
{
    if (answer->count != node->depth) {
        return false;
    }
    mts_node_tokens(node, run->tokens);
    return memcmp(answer->tokens, run->tokens, node->depth * sizeof *run->tokens) == 0;
}

static int draw_sampled(MtsRun *run, MtsSearchResult *result, MtsError *err)
{
    bool any = false;
    if (!mts_run_weights(run, result->answer_count)) {
        return mts_out_of_memory(err);
    }
    for (size_t i = 0; i < result->answer_count; i++) {
        if (run->sampled && is_answer(run, &result->answers[i], run->sampled)) {
            result->sampled = i;
        }
        run->weights[i] = result->answers[i].probability;
        any = any || run->weights[i] > 0;
    }
    if (any && !run->sampled) {
        MtsRng rng = mts_run_rng(run, MTS_SAMPLE_STREAM, 1);
        result->sampled = mts_pick(NULL, &rng, run->weights, result->answer_count);
    }
    return MTS_OK;
}

static void describe_tree(const MtsRun *run, MtsSearchResult *result)
{
    size_t internal = 0, children = 0;
    for (size_t i = 0; i < run->nodes.count; i++) {
        const MtsNode *node = mts_nodes_at(&run->nodes, i);
        if (node->visits > 0 || i == 0) {
            result->tree_nodes++;
            internal += node->children > 0;
            children += node->children;
            result->tree_max_depth = node->depth > result->tree_max_depth ? node->depth : result->tree_max_depth;
        }
    }
    result->tree_branching = internal ? (double)children / (double)internal : 0;
}

int mts_run_result(MtsRun *run, MtsSearchResult **out, MtsError *err)
{
    *out = NULL;
    if (run->answer_count == 0) {
        return mts_fail(err, MTS_ECONSTRAINT, "constraint: no rollout ended in a text that it allows");
    }
    MtsSearchResult *result = mts_calloc(1, sizeof *result);
    if (!result) {
        return mts_out_of_memory(err);
    }
    int rc = copy_answers(run, result, err);
    if (rc == MTS_OK) {
        weigh_answers(run, result);
        rc = draw_sampled(run, result, err);
    }
    if (rc == MTS_OK && run->settings.keep_tree) {
        rc = mts_run_tree(run, result, err);
    }
    if (rc != MTS_OK) {
        mts_search_result_free(&result);
        return rc;
    }
    result->method = run->settings.method;
    result->lambda = run->settings.lambda;
    result->log_z = result->log_z_se = (double)NAN;
    if (run->ops->estimate) {
        run->ops->estimate(run, &result->log_z, &result->log_z_se);
    }
    result->nfe = run->nfe;
    result->decode_tokens = run->decode_tokens;
    result->rollouts_done = run->done;
    result->mean_reward = run->reward_sum / (double)run->rewarded_texts; /* of none: NaN */
    describe_tree(run, result);
    result->stop_reason = run->stop_reason;
    result->seconds = mts_seconds() - run->began;
    *out = result;
    return MTS_OK;
}

void mts_search_result_free(MtsSearchResult **out)
{
    MtsSearchResult *result = *out;
    if (!result) {
        return;
    }
    for (size_t i = 0; i < result->answer_count; i++) {
        free(result->answers[i].tokens);
    }
    free(result->answers);
    free(result->tree);
    free(result);
    *out = NULL;
}
