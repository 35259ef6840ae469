/* search/result.c - what a finished search hands out. */
#include "search/result.h"

#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "search/rollout.h"

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

const char *mts_answer_end_name(MtsAnswerEnd end)
{
    return end == MTS_ANSWER_COMPLETE ? "complete" : end == MTS_ANSWER_CUT ? "cut" : "stopped";
}

static MtsAnswerEnd end_of(const MtsSearch *search, const MtsNode *node)
{
    return !node->finished                                              ? MTS_ANSWER_STOPPED
           : search->model->is_end(search->model->context, node->token) ? MTS_ANSWER_COMPLETE
                                                                        : MTS_ANSWER_CUT;
}

/* root: ops->value of the root, of tree methods. */
static int copy_answer(const MtsSearch *search, const MtsWeighted *from, double root, MtsAnswer *to, MtsError *err)
{
    const MtsNode *node = from->node;
    to->tokens = mts_calloc(node->depth, sizeof *to->tokens);
    if (!to->tokens) {
        return mts_out_of_memory(err);
    }
    mts_node_tokens(node, to->tokens);
    to->count = node->depth;
    to->end = end_of(search, node);
    to->rollouts = node->ended;
    to->reward = node->reward;
    to->logp = node->path_logp;
    to->log_weight = from->log_weight;
    if (search->ops->value) {
        double tilted = node->path_logp + mts_search_tilt(search, node);
        to->policy = tilted == -HUGE_VAL ? 0 : exp(tilted - root);
    }
    return MTS_OK;
}

static int copy_answers(const MtsSearch *search, MtsSearchResult *result, MtsError *err)
{
    result->answers = mts_calloc(search->answer_count, sizeof *result->answers);
    if (!result->answers) {
        return mts_out_of_memory(err);
    }
    double root = search->ops->value ? search->ops->value(search, search->nodes.root) : (double)NAN;
    for (size_t i = 0; i < search->answer_count; i++) {
        int rc = copy_answer(search, &search->answers[i], root, &result->answers[i], err);
        if (rc) {
            return rc;
        }
        result->answer_count = i + 1;
    }
    qsort(result->answers, result->answer_count, sizeof *result->answers, compare_answers);
    return MTS_OK;
}

static void weigh_answers(const MtsSearch *search, MtsSearchResult *result)
{
    MtsLogSum sum = MTS_LOG_SUM_ZERO;
    for (size_t i = 0; i < result->answer_count; i++) {
        mts_log_sum_add(&sum, result->answers[i].log_weight);
    }
    double total = mts_log_sum(&sum), highest = -HUGE_VAL;
    for (size_t i = 0; i < result->answer_count; i++) {
        MtsAnswer *answer = &result->answers[i];
        answer->probability = answer->log_weight == -HUGE_VAL ? 0 : exp(answer->log_weight - total);
        double map = answer->logp + mts_log_tilt(search->settings.lambda, answer->reward);
        if (map > highest) {
            highest = map;
            result->map = i;
        }
    }
    for (size_t i = 0; i < result->answer_count; i++) {
        MtsAnswer *answer = &result->answers[i];
        if (search->ops->answers != MTS_ANSWERS_WEIGHTED) {
            answer->probability = i == (search->ops->answers == MTS_ANSWERS_MAP ? result->map : 0);
        }
        if (!search->ops->value) {
            answer->policy = answer->probability;
        }
    }
}

static bool is_answer(const MtsSearch *search, const MtsAnswer *answer, const MtsNode *node)
{
    if (answer->count != node->depth) {
        return false;
    }
    mts_node_tokens(node, search->tokens);
    return memcmp(answer->tokens, search->tokens, node->depth * sizeof *search->tokens) == 0;
}

static int draw_sampled(MtsSearch *search, MtsSearchResult *result, MtsError *err)
{
    bool any = false;
    if (!mts_search_weights(search, result->answer_count)) {
        return mts_out_of_memory(err);
    }
    for (size_t i = 0; i < result->answer_count; i++) {
        if (search->sampled && is_answer(search, &result->answers[i], search->sampled)) {
            result->sampled = i;
        }
        search->weights[i] = result->answers[i].probability;
        any = any || search->weights[i] > 0;
    }
    if (any && !search->sampled) {
        MtsRng rng = mts_search_rng(search, MTS_SAMPLE_STREAM, 1);
        result->sampled = mts_pick(NULL, &rng, search->weights, result->answer_count);
    }
    return MTS_OK;
}

static void describe_tree(const MtsSearch *search, MtsSearchResult *result)
{
    size_t internal = 0, children = 0;
    for (size_t i = 0; i < search->nodes.count; i++) {
        const MtsNode *node = mts_nodes_at(&search->nodes, i);
        if (node->visits > 0 || i == 0) {
            result->tree_nodes++;
            internal += node->children > 0;
            children += node->children;
            result->tree_max_depth = node->depth > result->tree_max_depth ? node->depth : result->tree_max_depth;
        }
    }
    result->tree_branching = internal ? (double)children / (double)internal : 0;
}

/* Why the mean of the estimate over seeds is not Z; NULL where it is, or where Z is exact, or there is no estimate. How
 * many rollouts an estimate is of must not depend on what they found: a stop that looked at it decides that even where
 * it let a search go on to its end. (A standard error of 0 makes no estimate exact: a text drawn twice has that, too.)
 */
const char *mts_search_bias(const MtsSearch *search, double log_z)
{
    const MtsSearchSettings *s = &search->settings;
    if (isnan(log_z) || (search->ops->exhausted && search->ops->exhausted(search))) {
        return NULL;
    }
    return search->ops->bias                              ? search->ops->bias
           : mts_search_is_cut_short(search)              ? "cut short: what is finished by then is not left to chance"
           : s->log_z_tolerance > 0 && !search->ops->lead ? "a stop that looks at its standard error"
           : s->mass_tolerance > 0 && search->ops->leader ? "a stop that looks at the answers"
                                                          : NULL;
}

/* Everything but the answers and the tree. */
static void describe(const MtsSearch *search, MtsSearchResult *result)
{
    result->method = search->settings.method;
    result->lambda = search->settings.lambda;
    result->log_z = result->log_z_se = (double)NAN;
    if (search->ops->estimate) {
        search->ops->estimate(search, &result->log_z, &result->log_z_se);
    }
    result->log_z_low = result->log_z_high = (double)NAN;
    if (search->ops->interval) {
        search->ops->interval(search, &result->log_z_low, &result->log_z_high);
    }
    result->log_z_bias = mts_search_bias(search, result->log_z);
    result->nfe = search->nfe;
    result->reward_calls = search->reward_calls;
    result->decode_tokens = search->decode_tokens;
    result->rollouts_asked = search->settings.rollouts;
    result->rollouts_done = search->done;
    result->mean_reward = search->reward_sum / (double)search->rewarded_texts; /* of none: NaN */
    describe_tree(search, result);
    result->stop_reason = search->stop_reason;
    result->seconds = mts_seconds() - search->began;
}

static int teach(const MtsSearch *search, MtsSearchResult *result, MtsError *err)
{
    MtsBytes lesson = {0};
    if (!search->settings.teach || !search->ops->lesson || mts_search_is_cut_short(search)) {
        return MTS_OK;
    }
    if (!search->ops->lesson(search, &lesson)) {
        mts_bytes_free(&lesson);
        return mts_out_of_memory(err);
    }
    result->lesson = lesson.data;
    return MTS_OK;
}

static int fill_in(MtsSearch *search, MtsSearchResult *result, MtsError *err)
{
    int rc = copy_answers(search, result, err);
    if (rc) {
        return rc;
    }
    weigh_answers(search, result);
    if ((rc = draw_sampled(search, result, err)) || (rc = teach(search, result, err)) ||
        (search->settings.keep_tree && (rc = mts_search_tree(search, result, err)))) {
        return rc;
    }
    describe(search, result);
    return MTS_OK;
}

static int constraint_forbids(MtsError *err)
{
    return mts_fail(err, MTS_ECONSTRAINT, "constraint: no rollout ended in a text that it allows");
}

/* Why there is no answer at all: nothing may follow where rollouts went, or no prefix had a part in the target. */
static int no_answer(const MtsSearch *search, MtsError *err)
{
    for (size_t i = 0; i < search->nodes.count; i++) {
        if (mts_node_is_dead(mts_nodes_at(&search->nodes, i))) {
            return constraint_forbids(err);
        }
    }
    for (size_t i = 0; i < search->log_count; i++) {
        if (search->log[i]->dead) {
            return constraint_forbids(err);
        }
    }
    return mts_fail(err, MTS_ECONSTRAINT, "reward: minus infinity for all that was found, so there is no answer");
}

int mts_search_result(MtsSearch *search, MtsSearchResult **out, MtsError *err)
{
    *out = NULL;
    if (search->answer_count == 0) {
        return no_answer(search, err);
    }
    MtsSearchResult *result = *out = mts_calloc(1, sizeof *result);
    if (!result) {
        return mts_out_of_memory(err);
    }
    int rc = fill_in(search, result, err);
    if (rc) {
        mts_search_result_free(out);
    }
    return rc;
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
    free(result->lesson);
    free(result);
    *out = NULL;
}
