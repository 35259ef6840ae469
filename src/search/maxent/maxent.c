/* search/maxent/maxent.c - maximum-entropy tree search on tokens, without replacement.
 *
 * A finished text's reward is deterministic and its prior exact, so drawing it twice teaches nothing: what the
 * tree has seen is taken out of what it draws from, and added to what it knows. Per known node s, given s:
 *
 *     u(s) = sum over a of p(a|s) u(s.a)        prior mass not seen yet: a text 0 once scored, an unknown child 1
 *     K(s) = sum over known a of p(a|s) K(s.a)  tilted mass known: a text exp(lambda r)
 *     E(s.a)                                    mean tilt to expect of what is unseen there, by
 * search/maxent/estimate.c W(s) = sum over known a of p(a|s) W(s.a) + U(s) E(s)       exp(lambda V(s)), the soft
 * Bellman backup, where U(s) is the prior mass of unknown children; a text exp(lambda r)
 *
 * Selection. A rollout draws token a at s in proportion to p'(a|s) u(s.a) E(s.a), and outside the tree to p'(a|s); p'
 * is p at the rollout's temperature. A share epsilon of the rollouts leaves E out. Which ones is never decided: with g
 * and h the probabilities of the way to s with and without E, the share of those without it among rollouts that come to
 * s is
 *
 *     e(s) = epsilon h / ((1 - epsilon) g + epsilon h)
 *
 * and drawing from the mixture of both in these shares is the same thing. The way x has then q(x) >= epsilon h(x),
 * whatever E believed: no weight p/q exceeds 1/epsilon at temperature 1, where a mixture made afresh at every token
 * would bound it by epsilon^-T only. A subtree that was seen whole has u = 0 and is never entered again; u(root) = 0 is
 * the end, and K(root) is then Z itself.
 *
 * Sweep. At an evaluated node the prior of every finished child (an end token, any token at the limit) is there, and
 * its reward costs no position. So a rollout has the likeliest of them scored wherever it comes by: F(s), at most
 * settings.sweep of them, a function of the distribution alone.
 *
 * Where the reward scores prefixes, search/maxent/waves.c leads the rollouts instead, on this same tree.
 *
 * u is kept as the logarithm of what is left, not as 1 - known: it keeps its digits down to the last text and
 * becomes exactly 0 there. What a cut took out of a distribution (it sums to less than 1) is in no sum, which is to
 * say: known, with a tilt of zero.
 *
 * Estimate. Let a rollout select when K was known and U was the set of texts not known, and come by s with
 * probability Q(s). Of each text s.a in U: if it is in F(s), it was scored with probability Q(s), else with the
 * probability q(s.a) of having been drawn. Over the texts x of U that this rollout had scored, drawn or swept,
 *
 *     z = K + sum of p(x) exp(lambda r(x)) / (Q(s) if x is in F(s), else q(x))
 *
 * each text of U counts p exp(lambda r) in the mean, so E[z | what came before] = Z: the mean of the z is unbiased for
 * any number of rollouts, in flight together or not; a rollout that finds texts which another one brought home
 * meanwhile changes nothing in the tree and still counts with its own K, U and Q. The z have a common mean and no
 * correlation, so their sample variance gives the standard error. When everything is seen, K(root) takes the place of
 * the estimate. */
#include "search/maxent/maxent.h"

#include <stdlib.h>

#include "core/mem.h"
#include "search/methods/methods.h"

/* ---- selection ---- */

static int maxent_start(MtsRun *run, MtsRollout *r, MtsError *err)
{
    (void)err;
    MtsMaxent *m = run->own;
    const MtsNode *root = run->nodes.root;
    r->own = root->visits ? mts_sums(root)->log_k : -HUGE_VAL; /* K when it selected */
    m->here = mts_estimate_root(&m->estimate);
    r->share = run->settings.exploration;
    return MTS_OK;
}

/* Has the finished children of the rollout's node scored that its prior makes worth it. */
static int sweep(MtsRun *run, MtsRollout *r, MtsError *err)
{
    MtsNode *node = r->node;
    size_t left = run->settings.sweep;
    int rc = MTS_OK;
    for (size_t i = 0; i < node->dist.count && left > 0 && node->dist.logp[i] >= MTS_SWEEP_LOGP && rc == MTS_OK; i++) {
        if (mts_maxent_finished(run, node, i)) {
            MtsNode *text = mts_run_child(run, node, i);
            rc = text ? mts_run_aside(run, r, text, err) : mts_out_of_memory(err);
            left--;
        }
    }
    return rc;
}

/* exp(x - the largest), in place; their sum. */
static double exponentiate(double *x, size_t n)
{
    double high = -HUGE_VAL, sum = 0;
    for (size_t i = 0; i < n; i++) {
        high = x[i] > high ? x[i] : high;
    }
    for (size_t i = 0; i < n; i++) {
        x[i] = x[i] == -HUGE_VAL ? 0 : exp(x[i] - high);
        sum += x[i];
    }
    return sum;
}

/* From logarithms of weights, behind run->weights[n] those without E and behind these those with it, to probabilities:
 * of their mixture at run->weights, and each on its own. */
static void mix(MtsRun *run, const MtsRollout *r, size_t n)
{
    double *plain = run->weights + n, *guided = plain + n;
    double sum_p = exponentiate(plain, n), sum_g = exponentiate(guided, n);
    for (size_t i = 0; i < n; i++) {
        plain[i] /= sum_p;
        guided[i] = sum_g > 0 ? guided[i] / sum_g : plain[i]; /* all foreseen to be of no use */
        run->weights[i] = (1 - r->share) * guided[i] + r->share * plain[i];
    }
}

/* Draws one of n, given probabilities by mix(). */
static size_t pick_mixed(MtsRun *run, MtsRollout *r, MtsRng *rng, size_t n, double *log_q)
{
    size_t picked = mts_pick(run->script, rng, run->weights, n);
    *log_q = log(run->weights[picked]);
    r->share *= run->weights[n + picked] / run->weights[picked];
    r->share = r->share < 1 ? r->share : 1;
    return picked;
}

/* Selection probabilities of the known children, of the entries looked up (0 where the child is known) and of all
 * others together, at run->weights; behind them the same without E, and with E alone. */
static bool weigh(MtsRun *run, const MtsRollout *r)
{
    const MtsMaxent *m = run->own;
    const MtsNode *node = r->node;
    size_t entries = mts_maxent_looked(node), n = node->children + entries + 1, i = 0;
    if (!mts_run_weights(run, 3 * n)) {
        return false;
    }
    double *plain = run->weights + n, *guided = plain + n;
    double t = run->settings.temperature, shift = t == 1 ? 0 : node->dist.logp[0];
    for (const MtsNode *child = node->first; child; child = child->next, i++) {
        plain[i] = (child->logp - shift) / t + mts_sums(child)->log_u;
        guided[i] = plain[i];
        if (plain[i] != -HUGE_VAL) {
            guided[i] +=
                mts_estimate_log(&m->estimate, mts_maxent_outlook(m, m->here, child), child->depth, child->finished);
        }
    }
    for (size_t e = 0; e < entries; e++, i++) {
        plain[i] = mts_maxent_unknown(run, node, e) ? (node->dist.logp[e] - shift) / t : -HUGE_VAL;
        guided[i] = plain[i] == -HUGE_VAL ? plain[i] : plain[i] + mts_maxent_log_e(run, node, m->here, e);
    }
    plain[i] = mts_log_prior(mts_maxent_others_mass(run, node));
    guided[i] = plain[i] == -HUGE_VAL ? plain[i] : plain[i] + mts_maxent_log_e_others(run, node, m->here);
    mix(run, r, n);
    return true;
}

static int choose_known(MtsRun *run, MtsRollout *r, size_t *entry, double *log_q, MtsError *err)
{
    MtsNode *node = r->node;
    MtsMaxent *m = run->own;
    MtsRng rng = mts_run_rng(run, r->index, node->depth);
    if (!weigh(run, r)) {
        return mts_out_of_memory(err);
    }
    size_t entries = mts_maxent_looked(node), n = node->children + entries + 1;
    size_t picked = pick_mixed(run, r, &rng, n, log_q);
    if (picked < node->children) {
        const MtsNode *child = node->first;
        while (picked-- > 0) {
            child = child->next;
        }
        for (*entry = 0; node->dist.tokens[*entry] != child->token;) {
            ++*entry;
        }
        m->here = mts_maxent_outlook(m, m->here, child);
        return MTS_OK;
    }
    if (picked < n - 1) {
        *entry = picked - node->children;
        return MTS_OK;
    }
    double mass = mts_maxent_others_mass(run, node);
    if (!mts_draw_unknown(run, &rng, node, entries, mass, entry)) {
        return mts_out_of_memory(err);
    }
    *log_q += log(mts_proposal_weight(run, node, *entry)) - log(mass);
    return MTS_OK;
}

static int maxent_choose(MtsRun *run, MtsRollout *r, size_t *entry, double *log_q, MtsError *err)
{
    MtsMaxent *m = run->own;
    size_t ahead = 0;
    int rc = sweep(run, r, err);
    if (run->reward->prefixes && r->in_tree) { /* of searches in waves: the one rollout of settings.complete_sample */
        rc = rc == MTS_OK ? mts_maxent_ask_ahead(run, r->node, &ahead, err) : rc;
        rc = rc == MTS_OK ? mts_run_score(run, m->asked, ahead, err) : rc;
    }
    if (rc != MTS_OK) {
        return rc;
    }
    if (r->in_tree) {
        return choose_known(run, r, entry, log_q, err);
    }
    MtsRng rng = mts_run_rng(run, r->index, r->node->depth);
    if (!mts_draw_prior(run, &rng, r->node, entry)) {
        return mts_out_of_memory(err);
    }
    *log_q = mts_proposal_log(run, r->node, *entry);
    return MTS_OK;
}

/* ---- backup ---- */

/* z of the rollout. Its asides are brought home, and those that were known when it selected struck from the list. */
static int collect(MtsRun *run, MtsRollout *r, MtsError *err)
{
    MtsLogSum z = MTS_LOG_SUM_ZERO;
    double log_q = 0; /* of the way to where the aside was */
    size_t depth = 0, kept = 0;
    bool drawn = !r->dead;
    int rc = MTS_OK;
    mts_log_sum_add(&z, r->own);
    for (size_t i = 0; i < r->aside_count && rc == MTS_OK; i++) {
        MtsNode *text = r->asides[i];
        for (; depth + 1 < text->depth; depth++) {
            log_q += r->choices[depth].log_q;
        }
        if (text->visits == 0) {
            mts_node_visit(text);
            rc = mts_maxent_bring_home(run, text, err);
        }
        if (mts_sums(text)->born > r->started) {
            mts_log_sum_add(&z, text->path_logp + mts_run_tilt(run, text) - log_q);
            r->asides[kept++] = text;
            drawn = drawn && text != r->node;
        }
    }
    r->aside_count = kept;
    if (drawn) {
        mts_log_sum_add(&z, r->node->path_logp + mts_run_tilt(run, r->node) - r->log_q);
    }
    r->log_z = mts_log_sum(&z);
    return rc;
}

static int maxent_backup(MtsRun *run, MtsRollout *r, MtsError *err)
{
    MtsMaxent *m = run->own;
    int rc = MTS_OK;
    if (r->dead) {
        *mts_sums(r->node) = (MtsSums){.log_u = -HUGE_VAL, .log_k = -HUGE_VAL};
    } else if (r->fresh) {
        rc = mts_maxent_bring_home(run, r->node, err);
    }
    rc = rc == MTS_OK ? collect(run, r, err) : rc;
    if (rc != MTS_OK) {
        return rc;
    }
    if (mts_run_is_certain(run, r->index)) {
        mts_log_mean_add(&m->z, r->log_z);
    }
    for (MtsNode *node = r->node->parent; node; node = node->parent) {
        MtsChoice *choice = &r->choices[node->depth];
        MtsSums *s = mts_sums(node);
        if (node->evaluated) {
            mts_maxent_update_unseen(run, node);
            choice->unseen = s->unseen;
            choice->unseen_q = s->unseen_q;
        } else {
            s->unseen = choice->unseen;
            s->unseen_q = choice->unseen_q;
        }
        mts_maxent_update(node);
    }
    mts_estimate_fit(&m->estimate);
    return MTS_OK;
}

static int maxent_begin(MtsRun *run, MtsError *err)
{
    (void)err;
    MtsMaxent *m = run->own;
    m->z = MTS_LOG_MEAN_ZERO;
    mts_estimate_init(&m->estimate, run->settings.lambda, run->settings.shrinkage);
    return MTS_OK;
}

static void maxent_end(MtsRun *run)
{
    MtsMaxent *m = run->own;
    mts_estimate_free(&m->estimate);
    free((void *)m->asked);
}

/* ---- what it amounts to ---- */

static bool maxent_exhausted(const MtsRun *run)
{
    return run->nodes.root->visits > 0 && mts_sums(run->nodes.root)->log_u == -HUGE_VAL;
}

static void maxent_estimate(const MtsRun *run, double *log_z, double *se)
{
    const MtsMaxent *m = run->own;
    if (maxent_exhausted(run)) {
        *log_z = mts_sums(run->nodes.root)->log_k;
        *se = 0;
    } else if (m->z.n > 0) {
        *log_z = mts_log_mean(&m->z);
        *se = mts_log_mean_se(&m->z);
    }
}

/* log E of a known node. */
static double log_e(const MtsRun *run, const MtsNode *node)
{
    const MtsMaxent *m = run->own;
    return mts_estimate_log(&m->estimate, mts_sums(node)->outlook, node->depth, node->finished);
}

/* Outlooks of all known nodes downwards, W upwards: a parent is always made before its children. */
static void survey(MtsRun *run)
{
    const MtsMaxent *m = run->own;
    for (size_t i = 0; i < run->nodes.count; i++) {
        MtsNode *node = mts_nodes_at(&run->nodes, i);
        if (node->visits > 0) {
            mts_sums(node)->outlook = node->parent ? mts_maxent_outlook(m, mts_sums(node->parent)->outlook, node)
                                                   : mts_estimate_root(&m->estimate);
        }
    }
    for (size_t i = run->nodes.count; i-- > 0;) {
        MtsNode *node = mts_nodes_at(&run->nodes, i);
        MtsSums *s = mts_sums(node);
        if (node->visits == 0) {
            continue;
        }
        if (!node->first) {
            s->log_w = s->log_k; /* a text, or a prefix that nothing may follow */
            continue;
        }
        MtsLogSum w = MTS_LOG_SUM_ZERO;
        mts_log_sum_add(&w, s->unseen > 0 ? log(s->unseen) + log_e(run, node) : -HUGE_VAL);
        for (const MtsNode *child = node->first; child; child = child->next) {
            mts_log_sum_add(&w, child->logp + mts_sums(child)->log_w);
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
    return highest == -HUGE_VAL ? 0 : exp(highest - mts_sums(run->nodes.root)->log_w);
}

static double maxent_value(const MtsRun *run, const MtsNode *node)
{
    (void)run;
    return mts_sums(node)->log_w;
}

static double maxent_unseen(const MtsRun *run)
{
    const MtsSums *s = mts_sums(run->nodes.root);
    return s->log_u == -HUGE_VAL || s->log_w == -HUGE_VAL ? 0 : -expm1(s->log_k - s->log_w);
}

static void maxent_inspect(const MtsRun *run, const MtsNode *node, double out[3])
{
    (void)run;
    const MtsSums *s = mts_sums(node);
    out[0] = s->log_k;
    out[1] = s->log_u;
    out[2] = s->unseen;
}

/* The share of unknown children is U E / W, and each one's part of it in proportion to its own p E. */
static void maxent_policy(const MtsRun *run, const MtsNode *node, double *out)
{
    const MtsSums *s = mts_sums(node);
    double others = mts_maxent_log_e_others(run, node, s->outlook);
    MtsLogSum unknown = MTS_LOG_SUM_ZERO;
    for (size_t i = 0; i < node->dist.count; i++) {
        double logp = node->dist.logp[i];
        out[i] = logp - node->dist.log_mass; /* where nothing has any tilt */
        if (s->log_w != -HUGE_VAL && logp != -HUGE_VAL && mts_maxent_unknown(run, node, i)) {
            out[i] = logp + (i < mts_maxent_looked(node) ? mts_maxent_log_e(run, node, s->outlook, i) : others);
            mts_log_sum_add(&unknown, out[i]);
        }
    }
    double scale = mts_log_prior(s->unseen) + log_e(run, node) - mts_log_sum(&unknown);
    for (size_t i = 0; i < node->dist.count && s->log_w != -HUGE_VAL; i++) {
        const MtsNode *child = mts_nodes_find(&run->nodes, node, node->dist.tokens[i]);
        double logp = node->dist.logp[i];
        if (logp != -HUGE_VAL) {
            out[i] = child && child->visits > 0 ? logp + mts_sums(child)->log_w : out[i] + scale;
            out[i] -= s->log_w;
        }
    }
}

static double maxent_beyond(const MtsRun *run, size_t depth, int32_t token)
{
    const MtsMaxent *m = run->own;
    return mts_estimate_token(&m->estimate, depth, token);
}

const MtsMethodOps mts_maxent_ops = {
    .name = "maxent-ts",
    .answers = MTS_ANSWERS_WEIGHTED,
    .node_bytes = sizeof(MtsSums),
    .run_bytes = sizeof(MtsMaxent),
    .waves = mts_maxent_waves,
    .begin = maxent_begin,
    .end = maxent_end,
    .start = maxent_start,
    .choose = maxent_choose,
    .backup = maxent_backup,
    .exhausted = maxent_exhausted,
    .estimate = maxent_estimate,
    .leader = maxent_leader,
    .finish = maxent_finish,
    .policy = maxent_policy,
    .beyond = maxent_beyond,
    .value = maxent_value,
    .unseen = maxent_unseen,
    .inspect = maxent_inspect,
};
