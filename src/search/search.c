/* search/search.c - see search.h. */
#include "search/search.h"

#include <string.h>

#include "core/file.h"
#include "core/mem.h"

int mts_out_of_memory(MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "search: memory ran out");
}

bool mts_search_weights(MtsSearch *search, size_t n)
{
    return mts_grow(&search->weights, &search->weight_cap, n, sizeof *search->weights);
}

/* ---- rewards and answers ---- */

int mts_search_ask(MtsSearch *search, MtsNode *node, MtsError *err)
{
    if (node->scored || node->question) {
        return MTS_OK;
    }
    mts_node_tokens(node, search->tokens);
    MtsCandidate candidate = {search->tokens, node->depth, node->path_logp, node->finished};
    node->question = mts_ask(search->asker, &candidate);
    return node->question ? MTS_OK : mts_out_of_memory(err);
}

bool mts_search_answered(MtsSearch *search, const MtsNode *node, double seconds)
{
    return node->scored || mts_ask_ready(search->asker, node->question, seconds);
}

int mts_search_await(MtsSearch *search, MtsNode *node, MtsError *err)
{
    search->reward_calls += !node->paid; /* of one that a checkpoint recorded, too */
    node->paid = true;
    if (node->scored) {
        return MTS_OK;
    }
    int rc = mts_ask_take(search->asker, &node->question, &node->reward, err);
    if (rc) {
        return rc;
    }
    double tilt = mts_search_tilt(search, node);
    if (tilt != -HUGE_VAL && !isfinite(tilt)) {
        return mts_fail(err, MTS_EREWARD, "reward: %g times lambda %g is no finite number", node->reward,
                        search->settings.lambda);
    }
    node->scored = true;
    return MTS_OK;
}

int mts_search_score(MtsSearch *search, MtsNode *const *nodes, size_t n, MtsError *err)
{
    int rc = MTS_OK;
    for (size_t i = 0; i < n && !rc; i++) {
        rc = mts_search_ask(search, nodes[i], err);
    }
    for (size_t i = 0; i < n && !rc; i++) {
        rc = mts_search_await(search, nodes[i], err);
    }
    return rc;
}

int mts_search_answer(MtsSearch *search, MtsNode *node, double log_weight, MtsError *err)
{
    if (node->answer) {
        MtsWeighted *known = &search->answers[node->answer - 1];
        known->log_weight = mts_log_add(known->log_weight, log_weight);
        return MTS_OK;
    }
    if (!mts_grow(&search->answers, &search->answer_cap, search->answer_count + 1, sizeof *search->answers)) {
        return mts_out_of_memory(err);
    }
    search->answers[search->answer_count++] = (MtsWeighted){node, log_weight};
    node->answer = search->answer_count;
    if (!search->best || node->reward > search->best->reward) {
        search->best = node;
    }
    return MTS_OK;
}

void mts_search_count_text(MtsSearch *search, MtsNode *text)
{
    text->ended++;
    search->reward_sum += text->reward;
    search->rewarded_texts++;
}

/* ---- stopping and telling ---- */

bool mts_search_stopped(MtsSearch *search)
{
    const MtsSearchSettings *s = &search->settings;
    if (s->stop && s->stop(s->stop_context)) {
        search->stop_reason = "interrupted";
        return true;
    }
    if (s->max_seconds > 0 && mts_seconds() - search->began >= s->max_seconds) {
        search->stop_reason = "seconds";
        return true;
    }
    return false;
}

bool mts_search_is_cut_short(const MtsSearch *search)
{
    return strcmp(search->stop_reason, "interrupted") == 0 || strcmp(search->stop_reason, "seconds") == 0;
}

int mts_search_emit(MtsSearch *search, MtsEvent *event, MtsError *err)
{
    if (!search->sink) {
        return MTS_OK;
    }
    event->best_reward = search->best ? search->best->reward : (double)NAN;
    event->nfe = event->kind == MTS_EVENT_PROGRESS ? search->nfe : search->charged;
    event->reward_calls = search->reward_calls;
    event->rollouts_done = search->done;
    event->rollouts = search->settings.rollouts;
    event->log_z = event->log_z_se = (double)NAN;
    if (search->ops->estimate) {
        search->ops->estimate(search, &event->log_z, &event->log_z_se);
    }
    return search->sink->event(search->sink->context, event, err);
}
