/* search/positions.c - see positions.h. */
#include "search/positions.h"

#include "search/proposal.h"

MtsNode *mts_search_child(MtsSearch *search, MtsNode *node, size_t entry)
{
    int32_t token = node->dist.tokens[entry];
    bool finished = mts_search_ends(search, node->depth + 1, token);
    return mts_nodes_child(&search->nodes, node, token, node->dist.logp[entry], finished);
}

int mts_search_check_dist(const MtsDist *dist, MtsError *err)
{
    if (isnan(dist->log_mass) || dist->log_mass > MTS_LOG_MASS_MOST ||
        (dist->count == 0 && dist->log_mass != -HUGE_VAL)) {
        return mts_fail(err, MTS_EFORMAT, "model: a next-token distribution of %zu tokens has log mass %g", dist->count,
                        dist->log_mass);
    }
    if (dist->count > 0 && !(dist->logp[0] <= 1e-6)) {
        return mts_fail(err, MTS_EFORMAT, "model: token %d has log-probability %g", (int)dist->tokens[0],
                        dist->logp[0]);
    }
    return MTS_OK;
}

/* A node whose distribution has just come in. */
static int take_in(MtsSearch *search, MtsNode *node, MtsError *err)
{
    int rc = mts_search_check_dist(&node->dist, err);
    if (rc) {
        return rc;
    }
    node->proposal_mass = mts_proposal_mass(search, node);
    if (!node->counted) {
        node->counted = true;
        search->nfe++;
    }
    return MTS_OK;
}

static int evaluate_batch(MtsSearch *search, size_t n, MtsError *err)
{
    for (size_t i = 0; i < n; i++) {
        const MtsNode *node = search->stepped[i];
        search->steps[i] = (MtsSearchStep){.state = node->parent->state, .token = node->token};
    }
    int rc = search->model->extend(search->model->context, search->steps, n, err);
    if (rc) {
        return rc;
    }
    for (size_t i = 0; i < n; i++) {
        MtsNode *node = search->stepped[i];
        node->state = search->steps[i].next;
        node->dist = search->steps[i].dist;
        node->evaluated = true;
    }
    for (size_t i = 0; i < n; i++) {
        if ((rc = take_in(search, search->stepped[i], err))) {
            return rc;
        }
    }
    MtsEvent event = {.kind = MTS_EVENT_PROGRESS};
    return mts_search_emit(search, &event, err);
}

/* Whether the node waits for an evaluation that is not among the first n of this batch. */
static bool is_wanted(const MtsSearch *search, size_t n, const MtsNode *node)
{
    bool there = node->evaluated;
    for (size_t i = 0; i < n && !there; i++) {
        there = search->stepped[i] == node;
    }
    return !there;
}

int mts_search_evaluate(MtsSearch *search, MtsNode *const *nodes, size_t n, MtsError *err)
{
    for (size_t from = 0; from < n;) {
        size_t count = 0;
        for (; from < n && count < search->settings.batch; from++) {
            if (is_wanted(search, count, nodes[from])) {
                search->stepped[count++] = nodes[from];
            }
        }
        int rc = count ? evaluate_batch(search, count, err) : MTS_OK;
        if (rc) {
            return rc;
        }
    }
    return MTS_OK;
}

bool mts_search_is_ready(const MtsSearch *search, const MtsNode *node)
{
    const MtsSearchModel *model = search->model;
    return model->ready && node->parent->state && model->ready(model->context, node->parent->state, node->token);
}

int mts_search_need(MtsSearch *search, MtsNode *node, MtsError *err)
{
    while (!node->evaluated) {
        MtsNode *highest = node;
        while (!highest->parent->evaluated) {
            highest = highest->parent;
        }
        int rc = mts_search_evaluate(search, &highest, 1, err);
        if (rc) {
            return rc;
        }
    }
    return MTS_OK;
}

void mts_search_charge(MtsSearch *search, MtsNode *node)
{
    if (!node->charged) {
        node->charged = true;
        search->charged++;
        search->nfe += !node->counted; /* of what a checkpoint recorded */
        node->counted = true;
    }
}
