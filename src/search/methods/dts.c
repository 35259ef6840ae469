/* search/methods/dts.c - diffusion tree sampling on tokens, as published, done right; and its greedy twin DTS*.
 *
 * A node's children are independent draws from p' (p at the rollout's temperature), kept with their multiplicity: the
 * same token drawn twice is one child that counts twice. With m(s.a) draws of token a among the m(s) at s,
 *
 *     exp(lambda V(s)) = sum over children of m(s.a) p(a|s) / p'(a|s) exp(lambda V(s.a)) / m(s),      V(text) = r
 *
 * is the mean that the soft Bellman equation asks for, by importance where p' is not p. A rollout goes down the tree;
 * where m(s) < C n(s)^alpha (n: rollouts that passed) it draws a new child and from there on all its tokens from p';
 * elsewhere
 *
 *     DTS    takes a child in proportion to m(s.a) p/p' exp(lambda V(s.a)), that is by the policy itself
 *     DTS*   takes the child of the largest V(s.a) + c sqrt(ln n(s) / n(s.a)), the one known first in a tie
 *
 * Every token drawn becomes a node. What a node has seen is part of its mean for good, however often it is visited:
 * exp(lambda V(root)) estimates Z, but a tree that grows where values are high does not sample p there, and the
 * estimate is biased low. The methods stand here to be compared with. */
#include "search/positions.h"
#include "search/methods/methods.h"
#include "search/proposal.h"
#include "search/rollout.h"

typedef struct DtsValue { /* of a node */
    double draws;         /* m of its parent's draws that gave this token */
    double m;             /* draws made here */
    double log_v;         /* lambda V; of a prefix that nothing may follow, and of a tilt of zero, -infinity */
} DtsValue;

typedef struct DtsRollout {
    double from; /* the depth from which on it draws from p' */
} DtsRollout;

static DtsValue *value(const MtsNode *node)
{
    return mts_node_data(node);
}

static DtsRollout *own(const MtsRollout *r)
{
    return mts_rollout_data(r);
}

/* log of m(s.a) p/p' exp(lambda V). */
static double log_share(const MtsSearch *search, const MtsNode *node, const MtsNode *child)
{
    double log_v = value(child)->log_v, importance = child->logp - mts_proposal_child_log(search, node, child);
    return log_v == -HUGE_VAL ? log_v : log(value(child)->draws) + importance + log_v;
}

/* ---- selection ---- */

static int dts_start(MtsSearch *search, MtsRollout *r, MtsError *err)
{
    (void)search;
    (void)err;
    own(r)->from = HUGE_VAL;
    return MTS_OK;
}

static bool may_widen(const MtsSearch *search, const MtsNode *node)
{
    const MtsSearchSettings *s = &search->settings;
    return value(node)->m < s->widening_c * pow((double)node->visits, s->widening_alpha);
}

static const MtsNode *best_child(const MtsSearch *search, const MtsNode *node)
{
    const MtsNode *best = node->first;
    double highest = -HUGE_VAL, log_n = log((double)node->visits);
    for (const MtsNode *child = node->first; child; child = child->next) {
        double v = value(child)->log_v;
        /* lambda (V + bonus): the same order, and defined at lambda 0 */
        double score = v + search->settings.lambda * search->settings.c_uct * sqrt(log_n / (double)child->visits);
        if (score > highest) {
            best = child;
            highest = score;
        }
    }
    return best;
}

/* A child by the policy: its index; the log of its probability. */
static size_t pick_child(MtsSearch *search, MtsRng *rng, const MtsNode *node, double *log_q)
{
    double high = -HUGE_VAL, sum = 0;
    size_t i = 0;
    for (const MtsNode *child = node->first; child; child = child->next, i++) {
        search->weights[i] = log_share(search, node, child);
        high = search->weights[i] > high ? search->weights[i] : high;
    }
    for (i = 0; i < node->children; i++) {
        search->weights[i] = high == -HUGE_VAL ? 1 : exp(search->weights[i] - high); /* no tilt anywhere: any */
        sum += search->weights[i];
    }
    size_t picked = mts_pick(search->script, rng, search->weights, node->children);
    *log_q = log(search->weights[picked] / sum);
    return picked;
}

/* Whether the rollout draws a new child here: draws, and does from here on. */
static bool widens(const MtsSearch *search, const MtsRollout *r)
{
    if (r->in_tree && own(r)->from == HUGE_VAL && !may_widen(search, r->node)) {
        return false;
    }
    own(r)->from = own(r)->from < r->node->depth ? own(r)->from : r->node->depth;
    return true;
}

static int dts_choose(MtsSearch *search, MtsRollout *r, size_t *entry, double *log_q, MtsError *err)
{
    MtsNode *node = r->node;
    MtsRng rng = mts_search_rng(search, r->index, node->depth);
    if (widens(search, r)) {
        return mts_draw_token(search, &rng, node, entry, log_q, err);
    }
    if (!mts_search_weights(search, node->children)) {
        return mts_out_of_memory(err);
    }
    const MtsNode *child = node->first;
    for (size_t i = pick_child(search, &rng, node, log_q); i > 0; i--) {
        child = child->next;
    }
    *entry = mts_node_entry(node, child->token);
    return MTS_OK;
}

static int dts_star_choose(MtsSearch *search, MtsRollout *r, size_t *entry, double *log_q, MtsError *err)
{
    if (widens(search, r)) {
        MtsRng rng = mts_search_rng(search, r->index, r->node->depth);
        return mts_draw_token(search, &rng, r->node, entry, log_q, err);
    }
    *entry = mts_node_entry(r->node, best_child(search, r->node)->token);
    *log_q = 0;
    return MTS_OK;
}

/* ---- backup ---- */

static void update(const MtsSearch *search, MtsNode *node)
{
    MtsLogSum sum = MTS_LOG_SUM_ZERO;
    for (const MtsNode *child = node->first; child; child = child->next) {
        mts_log_sum_add(&sum, log_share(search, node, child));
    }
    value(node)->log_v = value(node)->m > 0 ? mts_log_sum(&sum) - log(value(node)->m) : -HUGE_VAL;
}

static int dts_backup(MtsSearch *search, MtsRollout *r, MtsError *err)
{
    if (r->recorded) { /* p' along its way */
        int rc = mts_search_need(search, r->dead ? r->node : r->node->parent, err);
        if (rc) {
            return rc;
        }
    }
    value(r->node)->log_v = r->dead ? -HUGE_VAL : mts_search_tilt(search, r->node);
    for (MtsNode *child = r->node, *node = child->parent; node; child = node, node = node->parent) {
        double *drawn = &r->choices[node->depth].kept[0];
        if (!r->recorded) {
            *drawn = node->depth >= own(r)->from; /* drawn, not selected: what a resumed search must know */
        }
        value(child)->draws += *drawn;
        value(node)->m += *drawn;
        update(search, node);
    }
    return r->dead ? MTS_OK : mts_search_answer(search, r->node, 0, err);
}

/* ---- what it amounts to ---- */

static void dts_policy(const MtsSearch *search, const MtsNode *node, double *out)
{
    MtsLogSum sum = MTS_LOG_SUM_ZERO;
    for (const MtsNode *child = node->first; child; child = child->next) {
        mts_log_sum_add(&sum, log_share(search, node, child));
    }
    double total = mts_log_sum(&sum);
    for (size_t i = 0; i < node->dist.count; i++) {
        const MtsNode *child = mts_nodes_find(&search->nodes, node, node->dist.tokens[i]);
        bool known = child && child->visits > 0;
        out[i] = total == -HUGE_VAL ? node->dist.logp[i] - node->dist.log_mass
                 : known            ? log_share(search, node, child) - total
                                    : -HUGE_VAL;
    }
}

/* An answer weighs its probability under the policy: the product of its shares. */
static int dts_finish(MtsSearch *search, MtsError *err)
{
    (void)err;
    for (size_t i = 0; i < search->answer_count; i++) {
        double log_p = 0;
        for (const MtsNode *child = search->answers[i].node; child->parent; child = child->parent) {
            double share = log_share(search, child->parent, child);
            log_p = share == -HUGE_VAL ? -HUGE_VAL
                                       : log_p + share - value(child->parent)->log_v - log(value(child->parent)->m);
        }
        search->answers[i].log_weight = log_p;
    }
    return MTS_OK;
}

static void dts_estimate(const MtsSearch *search, double *log_z, double *se)
{
    (void)se;
    if (search->done > 0) {
        *log_z = value(search->nodes.root)->log_v;
    }
}

#define DTS_OPS(how_to_choose)                                                                                         \
    {                                                                                                                  \
        .answers = MTS_ANSWERS_WEIGHTED,                                                                               \
        .most_in_flight = 1,                                                                                           \
        .bias = "the tree grows where values are high, and does not sample p there",                                   \
        .node_bytes = sizeof(DtsValue),                                                                                \
        .rollout_bytes = sizeof(DtsRollout),                                                                           \
        .start = dts_start,                                                                                            \
        .choose = (how_to_choose),                                                                                     \
        .backup = dts_backup,                                                                                          \
        .estimate = dts_estimate,                                                                                      \
        .finish = dts_finish,                                                                                          \
        .policy = dts_policy,                                                                                          \
        .choice_fields = {"unseen"} /* 1: drawn, 0: selected */                                                        \
    }

const MtsMethodOps mts_dts_ops = DTS_OPS(dts_choose);
const MtsMethodOps mts_dts_star_ops = DTS_OPS(dts_star_choose);
