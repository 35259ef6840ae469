/* search/maxent.c - maximum-entropy tree search on tokens, without replacement.
 *
 * A finished text's reward is deterministic and its prior exact, so drawing it twice teaches nothing: what the
 * tree has seen is taken out of what it draws from, and added to what it knows. Per known node s, given s:
 *
 *     u(s) = sum over a of p(a|s) u(s.a)        prior mass not seen yet: a text 0 once scored, an unknown child 1
 *     K(s) = sum over known a of p(a|s) K(s.a)  tilted mass known: a text exp(lambda r)
 *     E(s) = (S(s) + c E(parent)) / (n(s) + c)  mean tilt to expect of what is unseen below s: S sums exp(lambda r)
 *                                               over the n(s) texts seen below s; at the root c = 0
 *     W(s) = sum over known a of p(a|s) W(s.a) + U(s) E(s)       exp(lambda V(s)), the soft Bellman backup, where
 *                                               U(s) is the prior mass of s's unknown children; a text exp(lambda r)
 *
 * A rollout draws token a at s in proportion to p'(a|s) u(s.a) E(s.a), mixed with a share epsilon of
 * p'(a|s) u(s.a); p' is p at the rollout's temperature. An unknown child has u = 1 and E(s.a) = E(s), so outside the
 * tree this is p'. A subtree that was seen whole has u = 0 and is never entered again; u(root) = 0 is the end, and
 * K(root) is then Z itself.
 *
 * u is kept as the logarithm of what is left, not as 1 - known: it keeps its digits down to the last text and
 * becomes exactly 0 there. What a cut took out of a distribution (it sums to less than 1) is in no sum, which is to
 * say: known, with a tilt of zero.
 *
 * Estimate. Rollout i drew x with probability q among the texts unseen when it selected, when K was known. Then
 *
 *     z = K + p(x) exp(lambda r(x)) / q         has E[z | what came before] = K + sum over unseen x of p exp(lambda r) = Z
 *
 * so the mean of the z is unbiased for any number of rollouts, in flight together or not; a rollout that finds a text
 * which another one brought home meanwhile changes nothing in the tree and still counts with its own K and q. The z
 * have a common mean and no correlation, so their sample variance gives the standard error. When everything is seen,
 * K(root) takes the place of the estimate. */
#include "search/methods.h"

typedef struct Sums { /* of one node */
    double log_u, log_k;
    MtsLogSum tilt;       /* S */
    double n;
    double unseen;        /* U: prior mass of the children that are not known */
    double unseen_q;      /* the same under the proposal, unnormalised */
    double log_e, log_w;  /* E and W, set by survey() */
} Sums;

typedef struct Estimate {
    MtsLogMean z;
} Estimate;

/* Distributions up to this size have their unknown mass summed up directly. */
enum { DIRECT_SUM = 4096 };

static Sums *sums(const MtsNode *node)
{
    return mts_node_data(node);
}

static double log_prior(double x)
{
    return x > 0 ? log(x) : -HUGE_VAL;
}

/* ---- what a node knows ---- */

static void sum_unknown(const MtsRun *run, const MtsNode *node, double *unseen, double *unseen_q)
{
    *unseen = *unseen_q = 0;
    for (size_t i = 0; i < node->dist.count; i++) {
        const MtsNode *child = mts_nodes_find(&run->nodes, node, node->dist.tokens[i]);
        if (!child || child->visits == 0) {
            *unseen += exp(node->dist.logp[i]);
            *unseen_q += mts_proposal_weight(run, node, i);
        }
    }
}

/* The mass of the unknown children. Subtracting the known from the whole costs a few digits of what is left:
 * it is done for large vocabularies only, and where a thousandth is left at least (13 digits stay right). */
static void update_unseen(const MtsRun *run, const MtsNode *node)
{
    Sums *s = sums(node);
    if (node->dist.count > DIRECT_SUM) {
        double t = run->settings.temperature, whole = exp(node->dist.log_mass), known = 0, known_q = 0;
        for (const MtsNode *child = node->first; child; child = child->next) {
            known += exp(child->logp);
            known_q += exp(t == 1 ? child->logp : (child->logp - node->dist.logp[0]) / t);
        }
        s->unseen = whole - known;
        s->unseen_q = node->proposal_mass - known_q;
        if (s->unseen > whole * 0x1p-10 && s->unseen_q > node->proposal_mass * 0x1p-10) {
            return;
        }
    }
    sum_unknown(run, node, &s->unseen, &s->unseen_q);
}

static void update_node(MtsNode *node)
{
    Sums *s = sums(node);
    MtsLogSum u = MTS_LOG_SUM_ZERO, k = MTS_LOG_SUM_ZERO;
    mts_log_sum_add(&u, log_prior(s->unseen));
    for (const MtsNode *child = node->first; child; child = child->next) {
        mts_log_sum_add(&u, child->logp + sums(child)->log_u);
        mts_log_sum_add(&k, child->logp + sums(child)->log_k);
    }
    s->log_u = mts_log_sum(&u);
    s->log_k = mts_log_sum(&k);
}

/* log E of a node from that of its parent; 0 while nothing was seen at all (E has no scale of its own). */
static double log_e(const MtsRun *run, const MtsNode *node, double parent)
{
    const Sums *s = sums(node);
    double c = node->parent ? run->settings.shrinkage : 0;
    if (s->n + c == 0) {
        return node->parent ? parent : 0;
    }
    return mts_log_add(mts_log_sum(&s->tilt), c > 0 ? log(c) + parent : -HUGE_VAL) - log(s->n + c);
}

/* ---- selection ---- */

static int maxent_start(MtsRun *run, MtsRollout *r, MtsError *err)
{
    (void)err;
    const MtsNode *root = run->nodes.root;
    r->own = root->visits ? sums(root)->log_k : -HUGE_VAL; /* K when it selected */
    return MTS_OK;
}

/* log E along the rollout's way, from the root to its node. */
static double log_e_here(const MtsRun *run, const MtsNode *node)
{
    return log_e(run, node, node->parent ? log_e_here(run, node->parent) : 0);
}

/* Weights of the known children and, last, of the unknown ones together, at run->weights. */
static bool weigh(MtsRun *run, const MtsNode *node)
{
    size_t n = node->children + 1, i = 0;
    if (!mts_run_weights(run, 2 * n)) {
        return false;
    }
    double *guided = run->weights, *plain = run->weights + n;
    double here = log_e_here(run, node), t = run->settings.temperature;
    double shift = t == 1 ? 0 : node->dist.logp[0];
    for (const MtsNode *child = node->first; child; child = child->next, i++) {
        plain[i] = (child->logp - shift) / t + sums(child)->log_u;
        guided[i] = plain[i] == -HUGE_VAL ? -HUGE_VAL : plain[i] + log_e(run, child, here);
    }
    plain[i] = log_prior(sums(node)->unseen_q);
    guided[i] = plain[i] == -HUGE_VAL ? -HUGE_VAL : plain[i] + here;

    double high_g = -HUGE_VAL, high_p = -HUGE_VAL, sum_g = 0, sum_p = 0;
    for (i = 0; i < n; i++) {
        high_g = guided[i] > high_g ? guided[i] : high_g;
        high_p = plain[i] > high_p ? plain[i] : high_p;
    }
    for (i = 0; i < n; i++) {
        guided[i] = high_g == -HUGE_VAL ? 0 : exp(guided[i] - high_g);
        plain[i] = exp(plain[i] - high_p);
        sum_g += guided[i];
        sum_p += plain[i];
    }
    double epsilon = sum_g > 0 ? run->settings.exploration : 1; /* nothing seen had any tilt: by prior alone */
    for (i = 0; i < n; i++) {
        run->weights[i] = (sum_g > 0 ? (1 - epsilon) * guided[i] / sum_g : 0) + epsilon * plain[i] / sum_p;
    }
    return true;
}

static int maxent_choose(MtsRun *run, MtsRollout *r, size_t *entry, double *log_q, MtsError *err)
{
    MtsNode *node = r->node;
    MtsRng rng = mts_run_rng(run, r->index, node->depth);
    if (!r->in_tree) {
        if (!mts_draw_prior(run, &rng, node, entry)) {
            return mts_out_of_memory(err);
        }
        *log_q = mts_proposal_log(run, node, *entry);
        return MTS_OK;
    }
    if (!weigh(run, node)) {
        return mts_out_of_memory(err);
    }
    size_t n = node->children + 1, picked = mts_pick(run->script, &rng, run->weights, n);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += run->weights[i];
    }
    *log_q = log(run->weights[picked] / sum);
    if (picked < node->children) {
        const MtsNode *child = node->first;
        while (picked-- > 0) {
            child = child->next;
        }
        for (*entry = 0; node->dist.tokens[*entry] != child->token;) {
            ++*entry;
        }
        return MTS_OK;
    }
    if (!mts_draw_unknown(run, &rng, node, sums(node)->unseen_q, entry)) {
        return mts_out_of_memory(err);
    }
    *log_q += log(mts_proposal_weight(run, node, *entry)) - log(sums(node)->unseen_q);
    return MTS_OK;
}

/* ---- backup ---- */

static int maxent_backup(MtsRun *run, MtsRollout *r, MtsError *err)
{
    MtsNode *leaf = r->node;
    double tilt = r->dead ? -HUGE_VAL : mts_run_tilt(run, leaf);
    Estimate *estimate = run->own;
    r->log_z = mts_log_add(r->own, tilt == -HUGE_VAL ? -HUGE_VAL : leaf->path_logp + tilt - r->log_q);
    mts_log_mean_add(&estimate->z, r->log_z);
    if (!r->fresh) {
        return MTS_OK; /* brought home by another rollout meanwhile */
    }
    *sums(leaf) = (Sums){.log_u = -HUGE_VAL, .log_k = tilt, .n = 1, .tilt = MTS_LOG_SUM_ZERO};
    mts_log_sum_add(&sums(leaf)->tilt, tilt);
    for (MtsNode *node = leaf->parent; node; node = node->parent) {
        Sums *s = sums(node);
        if (s->n == 0) {
            s->tilt = MTS_LOG_SUM_ZERO;
        }
        s->n += 1;
        mts_log_sum_add(&s->tilt, tilt);
        MtsChoice *choice = &r->choices[node->depth];
        if (node->evaluated) {
            update_unseen(run, node);
            choice->unseen = s->unseen;
            choice->unseen_q = s->unseen_q;
        } else {
            s->unseen = choice->unseen;
            s->unseen_q = choice->unseen_q;
        }
        update_node(node);
    }
    return r->dead ? MTS_OK : mts_run_answer(run, leaf, leaf->path_logp + tilt, err);
}

static int maxent_begin(MtsRun *run, MtsError *err)
{
    (void)err;
    Estimate *estimate = run->own;
    estimate->z = MTS_LOG_MEAN_ZERO;
    return MTS_OK;
}

/* ---- what it amounts to ---- */

static bool maxent_exhausted(const MtsRun *run)
{
    return run->done > 0 && sums(run->nodes.root)->log_u == -HUGE_VAL;
}

static void maxent_estimate(const MtsRun *run, double *log_z, double *se)
{
    const Estimate *estimate = run->own;
    if (maxent_exhausted(run)) {
        *log_z = sums(run->nodes.root)->log_k;
        *se = 0;
    } else if (run->done > 0) {
        *log_z = mts_log_mean(&estimate->z);
        *se = mts_log_mean_se(&estimate->z);
    }
}

/* E of all known nodes downwards, W upwards: a parent is always made before its children. */
static void survey(MtsRun *run)
{
    for (size_t i = 0; i < run->nodes.count; i++) {
        MtsNode *node = mts_nodes_at(&run->nodes, i);
        if (node->visits > 0) {
            sums(node)->log_e = log_e(run, node, node->parent ? sums(node->parent)->log_e : 0);
        }
    }
    for (size_t i = run->nodes.count; i-- > 0;) {
        MtsNode *node = mts_nodes_at(&run->nodes, i);
        Sums *s = sums(node);
        if (node->visits == 0) {
            continue;
        }
        if (!node->first) {
            s->log_w = s->log_k; /* a text, or a prefix that nothing may follow */
            continue;
        }
        MtsLogSum w = MTS_LOG_SUM_ZERO;
        mts_log_sum_add(&w, s->unseen > 0 ? log(s->unseen) + s->log_e : -HUGE_VAL);
        for (const MtsNode *child = node->first; child; child = child->next) {
            mts_log_sum_add(&w, child->logp + sums(child)->log_w);
        }
        s->log_w = mts_log_sum(&w);
    }
}

static int maxent_finish(MtsRun *run, MtsError *err)
{
    (void)err;
    survey(run);
    return MTS_OK;
}

static double maxent_leader(MtsRun *run)
{
    survey(run);
    double highest = -HUGE_VAL;
    for (size_t i = 0; i < run->answer_count; i++) {
        double w = run->answers[i].log_weight;
        highest = w > highest ? w : highest;
    }
    return highest == -HUGE_VAL ? 0 : exp(highest - sums(run->nodes.root)->log_w);
}

static double maxent_value(const MtsRun *run, const MtsNode *node)
{
    (void)run;
    return sums(node)->log_w;
}

static void maxent_policy(const MtsRun *run, const MtsNode *node, double *out)
{
    const Sums *s = sums(node);
    for (size_t i = 0; i < node->dist.count; i++) {
        const MtsNode *child = mts_nodes_find(&run->nodes, node, node->dist.tokens[i]);
        double log_w = child && child->visits > 0 ? sums(child)->log_w : s->log_e;
        double logp = node->dist.logp[i];
        out[i] = s->log_w == -HUGE_VAL ? logp - node->dist.log_mass
                 : logp == -HUGE_VAL   ? -HUGE_VAL
                                       : logp + log_w - s->log_w;
    }
}

const MtsMethodOps mts_maxent_ops = {
    .name = "maxent-ts",
    .answers = MTS_ANSWERS_WEIGHTED,
    .node_bytes = sizeof(Sums),
    .run_bytes = sizeof(Estimate),
    .begin = maxent_begin,
    .start = maxent_start,
    .choose = maxent_choose,
    .backup = maxent_backup,
    .exhausted = maxent_exhausted,
    .estimate = maxent_estimate,
    .leader = maxent_leader,
    .finish = maxent_finish,
    .policy = maxent_policy,
    .value = maxent_value,
};
