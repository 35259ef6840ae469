/* search/rollout.c - see rollout.h. */
#include "search/rollout.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

MtsRollout *mts_rollout_new(const MtsSearch *search, size_t index)
{
    MtsRollout *r = mts_calloc(1, sizeof *r + search->ops->rollout_bytes);
    if (r) {
        r->index = index;
        r->started = search->done;
        r->node = search->nodes.root;
        r->in_tree = search->nodes.root->visits > 0;
    }
    return r;
}

void mts_rollout_free(const MtsSearch *search, MtsRollout *r)
{
    if (search->ops->end_rollout) {
        search->ops->end_rollout(r);
    }
    free(r->choices);
    free(r);
}

bool mts_rollout_append(MtsRollout *r, MtsNode *child, MtsChoice choice)
{
    if (!mts_grow(&r->choices, &r->choice_cap, child->depth, sizeof *r->choices)) {
        return false;
    }
    r->choices[child->depth - 1] = choice;
    r->log_q += choice.log_q;
    r->left_at += r->in_tree;
    r->in_tree = r->in_tree && child->visits > 0;
    r->node = child;
    return true;
}

bool mts_rollout_follow(MtsRollout *r, MtsNode *node)
{
    if (!mts_grow(&r->choices, &r->choice_cap, node->depth, sizeof *r->choices)) {
        return false;
    }
    memset(r->choices, 0, node->depth * sizeof *r->choices);
    r->in_tree = false;
    r->node = node;
    return true;
}

bool mts_rollout_keep(MtsSearch *search, MtsRollout *r)
{
    if (!mts_grow(&search->log, &search->log_cap, search->log_count + 1, sizeof(MtsRollout *))) {
        return false;
    }
    search->log[search->log_count++] = r;
    return true;
}

/* An event for each token; *event is then that of the last. */
static int tell_tokens(MtsSearch *search, const MtsRollout *r, MtsEvent *event, MtsError *err)
{
    int rc = MTS_OK;
    MtsNode **path = mts_calloc(r->node->depth + 1, sizeof(MtsNode *));
    if (!path) {
        return mts_out_of_memory(err);
    }
    for (MtsNode *n = r->node; n; n = n->parent) {
        path[n->depth] = n;
    }
    for (size_t i = 0; i < r->node->depth && !rc; i++) {
        event->kind = i < r->left_at ? MTS_EVENT_SELECTED : MTS_EVENT_EXTENDED;
        event->count = i + 1;
        event->log_q = r->choices[i].log_q;
        event->logp = path[i + 1]->logp;
        rc = mts_search_emit(search, event, err);
    }
    free((void *)path);
    return rc;
}

int mts_rollout_tell(MtsSearch *search, const MtsRollout *r, MtsError *err)
{
    if (!search->sink) {
        return MTS_OK;
    }
    const MtsNode *node = r->node;
    mts_node_tokens(node, search->tokens);
    MtsEvent event = {.rollout = r->index, .tokens = search->tokens};
    int rc = tell_tokens(search, r, &event, err);
    event.count = node->depth;
    event.log_q = r->log_q;
    event.logp = node->path_logp;
    event.reward = r->dead ? -HUGE_VAL : node->reward;
    event.log_z_rollout = r->log_z;
    event.kind = MTS_EVENT_SCORED;
    if (rc || (!r->dead && (rc = mts_search_emit(search, &event, err)))) {
        return rc;
    }
    event.kind = MTS_EVENT_BACKED_UP;
    return mts_search_emit(search, &event, err);
}

const char *mts_search_settled(MtsSearch *search)
{
    const MtsSearchSettings *s = &search->settings;
    const MtsMethodOps *ops = search->ops;
    if (ops->exhausted && ops->exhausted(search)) {
        return "exhausted";
    }
    if (search->done < s->min_rollouts || search->done < 2) {
        return NULL;
    }
    double log_z = (double)NAN, se = (double)NAN;
    if (ops->estimate && s->log_z_tolerance > 0) {
        ops->estimate(search, &log_z, &se);
    }
    if (se <= s->log_z_tolerance) {
        return "log_z";
    }
    return s->mass_tolerance > 0 && ops->leader && ops->leader(search) >= 1 - s->mass_tolerance ? "mass" : NULL;
}

double mts_search_unbiased(const MtsSearch *search, double log_z)
{
    const MtsMethodOps *ops = search->ops;
    return ops->exhausted && ops->exhausted(search) && ops->whole ? ops->whole(search) : log_z;
}
