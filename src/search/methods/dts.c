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
#include "search/methods/methods.h"

typedef struct Value { /* of a node */
    double draws;      /* m of its parent's draws that gave this token */
    double m;          /* draws made here */
    double log_v;      /* lambda V; of a prefix that nothing may follow, and of a tilt of zero, -infinity */
} Value;

static Value *value(const MtsNode *node)
{
    return mts_node_data(node);
}

/* log of p/p' of a child that is known. */
static double log_importance(const MtsRun *run, const MtsNode *node, const MtsNode *child)
{
    double t = run->settings.temperature;
    double log_q = (t == 1 ? child->logp : (child->logp - node->dist.logp[0]) / t) - log(node->proposal_mass);
    return child->logp - log_q;
}

/* log of m(s.a) p/p' exp(lambda V). */
static double log_share(const MtsRun *run, const MtsNode *node, const MtsNode *child)
{
    double log_v = value(child)->log_v;
    return log_v == -HUGE_VAL ? log_v : log(value(child)->draws) + log_importance(run, node, child) + log_v;
}

/* ---- selection ---- */

static int dts_start(MtsRun *run, MtsRollout *r, MtsError *err)
{
    (void)run;
    (void)err;
    r->own = HUGE_VAL; /* the depth from which on it draws from p' */
    return MTS_OK;
}

static bool may_widen(const MtsRun *run, const MtsNode *node)
{
    const MtsSearchSettings *s = &run->settings;
    return value(node)->m < s->widening_c * pow((double)node->visits, s->widening_alpha);
}

static size_t best_child(const MtsRun *run, const MtsNode *node, double *log_q)
{
    const MtsNode *best = node->first;
    double highest = -HUGE_VAL, log_n = log((double)node->visits);
    for (const MtsNode *child = node->first; child; child = child->next) {
        double v = value(child)->log_v;
        /* lambda (V + bonus): the same order, and defined at lambda 0 */
        double score = v + run->settings.lambda * run->settings.c_uct * sqrt(log_n / (double)child->visits);
        if (score > highest) {
            best = child;
            highest = score;
        }
    }
    *log_q = 0;
    size_t entry = 0;
    while (node->dist.tokens[entry] != best->token) {
        entry++;
    }
    return entry;
}

static int draw_child(MtsRun *run, MtsRng *rng, const MtsNode *node, size_t *entry, double *log_q, MtsError *err)
{
    if (!mts_run_weights(run, node->children)) {
        return mts_out_of_memory(err);
    }
    double high = -HUGE_VAL, sum = 0;
    size_t i = 0;
    for (const MtsNode *child = node->first; child; child = child->next, i++) {
        run->weights[i] = log_share(run, node, child);
        high = run->weights[i] > high ? run->weights[i] : high;
    }
    for (i = 0; i < node->children; i++) {
        run->weights[i] = high == -HUGE_VAL ? 1 : exp(run->weights[i] - high); /* no tilt anywhere: any */
        sum += run->weights[i];
    }
    size_t picked = mts_pick(run->script, rng, run->weights, node->children);
    *log_q = log(run->weights[picked] / sum);
    const MtsNode *child = node->first;
    while (picked-- > 0) {
        child = child->next;
    }
    for (*entry = 0; node->dist.tokens[*entry] != child->token;) {
        ++*entry;
    }
    return MTS_OK;
}

static int dts_choose(MtsRun *run, MtsRollout *r, size_t *entry, double *log_q, MtsError *err)
{
    MtsNode *node = r->node;
    MtsRng rng = mts_run_rng(run, r->index, node->depth);
    if (r->in_tree && r->own == HUGE_VAL && !may_widen(run, node)) {
        if (run->settings.method == MTS_DTS) {
            return draw_child(run, &rng, node, entry, log_q, err);
        }
        *entry = best_child(run, node, log_q);
        return MTS_OK;
    }
    r->own = r->own < node->depth ? r->own : node->depth;
    if (!mts_draw_prior(run, &rng, node, entry)) {
        return mts_out_of_memory(err);
    }
    *log_q = mts_proposal_log(run, node, *entry);
    return MTS_OK;
}

/* ---- backup ---- */

static void update(const MtsRun *run, MtsNode *node)
{
    MtsLogSum sum = MTS_LOG_SUM_ZERO;
    for (const MtsNode *child = node->first; child; child = child->next) {
        mts_log_sum_add(&sum, log_share(run, node, child));
    }
    value(node)->log_v = value(node)->m > 0 ? mts_log_sum(&sum) - log(value(node)->m) : -HUGE_VAL;
}

static int dts_backup(MtsRun *run, MtsRollout *r, MtsError *err)
{
    int rc = r->recorded ? mts_run_need(run, r->dead ? r->node : r->node->parent, err) : MTS_OK; /* p' along its way */
    if (rc != MTS_OK) {
        return rc;
    }
    value(r->node)->log_v = r->dead ? -HUGE_VAL : mts_run_tilt(run, r->node);
    for (MtsNode *child = r->node, *node = child->parent; node; child = node, node = node->parent) {
        MtsChoice *choice = &r->choices[node->depth];
        if (!r->recorded) {
            choice->unseen = node->depth >= r->own; /* drawn, not selected: what a resumed search must know */
        }
        value(child)->draws += choice->unseen;
        value(node)->m += choice->unseen;
        update(run, node);
    }
    return r->dead ? MTS_OK : mts_run_answer(run, r->node, 0, err);
}

/* ---- what it amounts to ---- */

static void dts_policy(const MtsRun *run, const MtsNode *node, double *out)
{
    MtsLogSum sum = MTS_LOG_SUM_ZERO;
    for (const MtsNode *child = node->first; child; child = child->next) {
        mts_log_sum_add(&sum, log_share(run, node, child));
    }
    double total = mts_log_sum(&sum);
    for (size_t i = 0; i < node->dist.count; i++) {
        const MtsNode *child = mts_nodes_find(&run->nodes, node, node->dist.tokens[i]);
        bool known = child && child->visits > 0;
        out[i] = total == -HUGE_VAL ? node->dist.logp[i] - node->dist.log_mass
                 : known            ? log_share(run, node, child) - total
                                    : -HUGE_VAL;
    }
}

/* An answer weighs its probability under the policy: the product of its shares. */
static int dts_finish(MtsRun *run, MtsError *err)
{
    (void)err;
    for (size_t i = 0; i < run->answer_count; i++) {
        double log_p = 0;
        for (const MtsNode *child = run->answers[i].node; child->parent; child = child->parent) {
            double share = log_share(run, child->parent, child);
            log_p = share == -HUGE_VAL ? -HUGE_VAL
                                       : log_p + share - value(child->parent)->log_v - log(value(child->parent)->m);
        }
        run->answers[i].log_weight = log_p;
    }
    return MTS_OK;
}

static void dts_estimate(const MtsRun *run, double *log_z, double *se)
{
    (void)se;
    if (run->done > 0) {
        *log_z = value(run->nodes.root)->log_v;
    }
}

const MtsMethodOps mts_dts_ops = {
    .name = "dts",
    .answers = MTS_ANSWERS_WEIGHTED,
    .node_bytes = sizeof(Value),
    .start = dts_start,
    .choose = dts_choose,
    .backup = dts_backup,
    .estimate = dts_estimate,
    .finish = dts_finish,
    .policy = dts_policy,
};
