/* search/maxent.c - maximum-entropy tree search on tokens, without replacement.
 *
 * A finished text's reward is deterministic and its prior exact, so drawing it twice teaches nothing: what the
 * tree has seen is taken out of what it draws from, and added to what it knows. Per known node s, given s:
 *
 *     u(s) = sum over a of p(a|s) u(s.a)        prior mass not seen yet: a text 0 once scored, an unknown child 1
 *     K(s) = sum over known a of p(a|s) K(s.a)  tilted mass known: a text exp(lambda r)
 *     E(s.a)                                    mean tilt to expect of what is unseen there, by search/estimate.c
 *     W(s) = sum over known a of p(a|s) W(s.a) + U(s) E(s)       exp(lambda V(s)), the soft Bellman backup, where
 *                                               U(s) is the prior mass of unknown children; a text exp(lambda r)
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
 * Prefix rewards. Where the reward scores prefixes it is asked for every prefix that a rollout comes by and, before a
 * token is drawn there, for the settings.look_ahead likeliest next ones, which costs no position either. E then begins
 * from them (search/estimate.c), and outside the tree, where the other rollouts in flight must not be seen, the
 * rollouts that go by E draw in proportion to p'(a|s) exp(lambda (phi(s.a) - phi(s))), tokens that were not asked for
 * having the mean of those that were. A prefix of reward minus infinity is one without a text of any tilt below it;
 * these rollouts do not go there.
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
#include "search/methods.h"

#include <stdlib.h>

#include "core/mem.h"
#include "search/estimate.h"

typedef struct Sums { /* of one node */
    double log_u, log_k;
    double unseen;      /* prior mass of the children that are not known */
    double unseen_q;    /* the same under the proposal, unnormalised */
    MtsOutlook outlook; /* set by survey() */
    double log_w;       /* W, set by survey() */
    size_t born;        /* texts: rollouts backed up when it became known, its own included */
} Sums;

typedef struct Maxent { /* of the run */
    MtsLogMean z;
    MtsEstimate estimate;
    MtsOutlook here; /* at the node where a rollout that is in the tree chooses next */
    MtsNode **asked; /* scratch, [settings.look_ahead + 1] */
} Maxent;

/* Distributions up to this size have their unknown mass summed up directly, and E of every unknown child looked up;
 * of larger ones, that of the LOOKED likeliest tokens, the others having no effect of their own. */
enum { DIRECT_SUM = 4096, LOOKED = 1024 };

/* Sweeps leave out finished children below this probability: too many, for too little. */
#define SWEEP_LOGP (-10 * 0.69314718055994531)

static Sums *sums(const MtsNode *node)
{
    return mts_node_data(node);
}

static double log_prior(double x)
{
    return x > 0 ? log(x) : -HUGE_VAL;
}

/* ---- what a node knows ---- */

static bool is_unknown(const MtsRun *run, const MtsNode *node, size_t entry)
{
    const MtsNode *child = mts_nodes_find(&run->nodes, node, node->dist.tokens[entry]);
    return !child || child->visits == 0;
}

static void sum_unknown(const MtsRun *run, const MtsNode *node, double *unseen, double *unseen_q)
{
    *unseen = *unseen_q = 0;
    for (size_t i = 0; i < node->dist.count; i++) {
        if (is_unknown(run, node, i)) {
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

/* ---- E ---- */

static bool is_finished(const MtsRun *run, const MtsNode *node, size_t entry)
{
    return node->depth + 1 >= run->model->max_tokens ||
           run->model->is_end(run->model->context, node->dist.tokens[entry]);
}

static size_t looked(const MtsNode *node)
{
    return node->dist.count <= DIRECT_SUM ? node->dist.count : LOOKED;
}

/* The entries whose prefixes are scored before one is drawn. */
static size_t looked_ahead(const MtsRun *run, const MtsNode *node)
{
    size_t most = run->reward->prefixes ? run->settings.look_ahead : 0;
    return most < node->dist.count ? most : node->dist.count;
}

/* The unfinished child by an entry that was looked ahead at; NULL for any other. */
static const MtsNode *foreseen(const MtsRun *run, const MtsNode *node, size_t entry)
{
    if (entry >= looked_ahead(run, node)) {
        return NULL;
    }
    const MtsNode *child = mts_nodes_find(&run->nodes, node, node->dist.tokens[entry]);
    return child && !child->finished && child->scored ? child : NULL;
}

static MtsOutlook child_outlook(const Maxent *m, MtsOutlook here, const MtsNode *child)
{
    return mts_estimate_step(&m->estimate, here, child->depth, child->token, child);
}

/* log E of an unknown child by an entry. */
static double log_e_unknown(const MtsRun *run, const MtsNode *node, MtsOutlook here, size_t entry)
{
    const Maxent *m = run->own;
    const MtsNode *child = foreseen(run, node, entry);
    size_t depth = node->depth + 1;
    if (child && child->reward == -HUGE_VAL) {
        return -HUGE_VAL;
    }
    MtsOutlook there = mts_estimate_step(&m->estimate, here, depth, node->dist.tokens[entry], child);
    return mts_estimate_log(&m->estimate, there, depth, is_finished(run, node, entry));
}

/* log E of an unknown child by a token that has no effect. */
static double log_e_others(const MtsRun *run, const MtsNode *node, MtsOutlook here)
{
    const Maxent *m = run->own;
    size_t depth = node->depth + 1;
    return mts_estimate_log(&m->estimate, mts_estimate_step(&m->estimate, here, depth, -1, NULL), depth,
                            depth >= run->model->max_tokens);
}

/* What of the unknown mass under the proposal is on entries that are not looked up. */
static double others_mass(const MtsRun *run, const MtsNode *node)
{
    size_t from = looked(node);
    double whole = sums(node)->unseen_q, left = whole, direct = 0;
    if (from == node->dist.count) {
        return 0;
    }
    for (size_t i = 0; i < from; i++) {
        if (is_unknown(run, node, i)) {
            left -= mts_proposal_weight(run, node, i);
        }
    }
    if (left > whole * 0x1p-10) {
        return left;
    }
    for (size_t i = from; i < node->dist.count; i++) {
        if (is_unknown(run, node, i)) {
            direct += mts_proposal_weight(run, node, i);
        }
    }
    return direct;
}

/* ---- selection ---- */

static int maxent_start(MtsRun *run, MtsRollout *r, MtsError *err)
{
    (void)err;
    Maxent *m = run->own;
    const MtsNode *root = run->nodes.root;
    r->own = root->visits ? sums(root)->log_k : -HUGE_VAL; /* K when it selected */
    m->here = mts_estimate_root(&m->estimate);
    r->share = run->settings.exploration;
    r->trust = m->estimate.trust;
    return MTS_OK;
}

/* Has the finished children of the rollout's node scored that its prior makes worth it. */
static int sweep(MtsRun *run, MtsRollout *r, MtsError *err)
{
    MtsNode *node = r->node;
    size_t left = run->settings.sweep;
    int rc = MTS_OK;
    for (size_t i = 0; i < node->dist.count && left > 0 && node->dist.logp[i] >= SWEEP_LOGP && rc == MTS_OK; i++) {
        if (is_finished(run, node, i)) {
            MtsNode *text = mts_run_child(run, node, i);
            rc = text ? mts_run_aside(run, r, text, err) : mts_out_of_memory(err);
            left--;
        }
    }
    return rc;
}

/* Has the rollout's node scored, and the prefixes that it looks ahead at. */
static int look_ahead(MtsRun *run, MtsNode *node, MtsError *err)
{
    Maxent *m = run->own;
    size_t n = 0;
    if (!run->reward->prefixes) {
        return MTS_OK;
    }
    if (node->parent) {
        m->asked[n++] = node;
    }
    for (size_t i = 0; i < looked_ahead(run, node); i++) {
        if (node->dist.logp[i] != -HUGE_VAL && !is_finished(run, node, i)) {
            MtsNode *child = mts_run_child(run, node, i);
            if (!child) {
                return mts_out_of_memory(err);
            }
            m->asked[n++] = child;
        }
    }
    return mts_run_score(run, m->asked, n, err);
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
    const Maxent *m = run->own;
    const MtsNode *node = r->node;
    size_t entries = looked(node), n = node->children + entries + 1, i = 0;
    if (!mts_run_weights(run, 3 * n)) {
        return false;
    }
    double *plain = run->weights + n, *guided = plain + n;
    double t = run->settings.temperature, shift = t == 1 ? 0 : node->dist.logp[0];
    for (const MtsNode *child = node->first; child; child = child->next, i++) {
        plain[i] = (child->logp - shift) / t + sums(child)->log_u;
        guided[i] = plain[i];
        if (plain[i] != -HUGE_VAL) {
            guided[i] +=
                mts_estimate_log(&m->estimate, child_outlook(m, m->here, child), child->depth, child->finished);
        }
    }
    for (size_t e = 0; e < entries; e++, i++) {
        plain[i] = is_unknown(run, node, e) ? (node->dist.logp[e] - shift) / t : -HUGE_VAL;
        guided[i] = plain[i] == -HUGE_VAL ? plain[i] : plain[i] + log_e_unknown(run, node, m->here, e);
    }
    plain[i] = log_prior(others_mass(run, node));
    guided[i] = plain[i] == -HUGE_VAL ? plain[i] : plain[i] + log_e_others(run, node, m->here);
    mix(run, r, n);
    return true;
}

static int choose_known(MtsRun *run, MtsRollout *r, size_t *entry, double *log_q, MtsError *err)
{
    MtsNode *node = r->node;
    Maxent *m = run->own;
    MtsRng rng = mts_run_rng(run, r->index, node->depth);
    if (!weigh(run, r)) {
        return mts_out_of_memory(err);
    }
    size_t entries = looked(node), n = node->children + entries + 1;
    size_t picked = pick_mixed(run, r, &rng, n, log_q);
    if (picked < node->children) {
        const MtsNode *child = node->first;
        while (picked-- > 0) {
            child = child->next;
        }
        for (*entry = 0; node->dist.tokens[*entry] != child->token;) {
            ++*entry;
        }
        m->here = child_outlook(m, m->here, child);
        return MTS_OK;
    }
    if (picked < n - 1) {
        *entry = picked - node->children;
        return MTS_OK;
    }
    double mass = others_mass(run, node);
    if (!mts_draw_unknown(run, &rng, node, entries, mass, entry)) {
        return mts_out_of_memory(err);
    }
    *log_q += log(mts_proposal_weight(run, node, *entry)) - log(mass);
    return MTS_OK;
}

/* Outside the tree: by what was foreseen at this node and nothing else. */
static int choose_unknown(MtsRun *run, MtsRollout *r, size_t *entry, double *log_q, MtsError *err)
{
    const Maxent *m = run->own;
    const MtsNode *node = r->node;
    MtsRng rng = mts_run_rng(run, r->index, node->depth);
    size_t n = looked_ahead(run, node) + 1;
    if (n == 1) {
        if (!mts_draw_prior(run, &rng, node, entry)) {
            return mts_out_of_memory(err);
        }
        *log_q = mts_proposal_log(run, node, *entry);
        return MTS_OK;
    }
    if (!mts_run_weights(run, 3 * n)) {
        return mts_out_of_memory(err);
    }
    double *plain = run->weights + n, *guided = plain + n, sum = 0, mass = 0;
    for (size_t i = 0; i + 1 < n; i++) {
        const MtsNode *child = foreseen(run, node, i);
        double w = mts_proposal_weight(run, node, i);
        guided[i] = child ? mts_estimate_gain(&m->estimate, r->trust, child) : 0;
        if (child && guided[i] != -HUGE_VAL) {
            sum += w * guided[i];
            mass += w;
        }
    }
    double mean = mass > 0 ? sum / mass : 0, others = mts_proposal_rest(run, node, n - 1);
    for (size_t i = 0; i < n; i++) {
        double w = i + 1 < n ? mts_proposal_weight(run, node, i) : others;
        plain[i] = log_prior(w);
        guided[i] = w > 0 ? plain[i] + (i + 1 < n && foreseen(run, node, i) ? guided[i] - mean : 0) : -HUGE_VAL;
    }
    mix(run, r, n);
    *entry = pick_mixed(run, r, &rng, n, log_q);
    if (*entry == n - 1) {
        if (!mts_draw_rest(run, &rng, node, n - 1, others, entry)) {
            return mts_out_of_memory(err);
        }
        *log_q += log(mts_proposal_weight(run, node, *entry)) - log(others);
    }
    return MTS_OK;
}

static int maxent_choose(MtsRun *run, MtsRollout *r, size_t *entry, double *log_q, MtsError *err)
{
    int rc = sweep(run, r, err);
    rc = rc == MTS_OK ? look_ahead(run, r->node, err) : rc;
    if (rc != MTS_OK) {
        return rc;
    }
    return r->in_tree ? choose_known(run, r, entry, log_q, err) : choose_unknown(run, r, entry, log_q, err);
}

/* ---- backup ---- */

/* The text is known from now on. */
static int bring_home(MtsRun *run, MtsNode *text, MtsError *err)
{
    Maxent *m = run->own;
    double tilt = mts_run_tilt(run, text);
    *sums(text) = (Sums){.log_u = -HUGE_VAL, .log_k = tilt, .born = run->done};
    if (!mts_estimate_add(&m->estimate, text)) {
        return mts_out_of_memory(err);
    }
    return mts_run_answer(run, text, text->path_logp + tilt, err);
}

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
            rc = bring_home(run, text, err);
        }
        if (sums(text)->born > r->started) {
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

/* The prefixes of a rollout read from a checkpoint are asked for again. */
static int score_prefixes(MtsRun *run, const MtsRollout *r, MtsError *err)
{
    int rc = MTS_OK;
    for (MtsNode *node = r->node->finished ? r->node->parent : r->node; node->parent && rc == MTS_OK;
         node = node->parent) {
        rc = mts_run_score(run, &node, 1, err);
    }
    return rc;
}

static int maxent_backup(MtsRun *run, MtsRollout *r, MtsError *err)
{
    Maxent *m = run->own;
    int rc = run->reward->prefixes ? score_prefixes(run, r, err) : MTS_OK;
    if (rc != MTS_OK) {
        return rc;
    }
    if (r->dead) {
        *sums(r->node) = (Sums){.log_u = -HUGE_VAL, .log_k = -HUGE_VAL};
    } else if (r->fresh) {
        rc = bring_home(run, r->node, err);
    }
    rc = rc == MTS_OK ? collect(run, r, err) : rc;
    if (rc != MTS_OK) {
        return rc;
    }
    mts_log_mean_add(&m->z, r->log_z);
    for (MtsNode *node = r->node->parent; node; node = node->parent) {
        MtsChoice *choice = &r->choices[node->depth];
        Sums *s = sums(node);
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
    mts_estimate_fit(&m->estimate);
    return MTS_OK;
}

static int maxent_begin(MtsRun *run, MtsError *err)
{
    Maxent *m = run->own;
    m->z = MTS_LOG_MEAN_ZERO;
    mts_estimate_init(&m->estimate, run->settings.lambda, run->settings.shrinkage);
    m->asked = mts_calloc(run->settings.look_ahead + 1, sizeof(MtsNode *));
    return m->asked ? MTS_OK : mts_out_of_memory(err);
}

static void maxent_end(MtsRun *run)
{
    Maxent *m = run->own;
    mts_estimate_free(&m->estimate);
    free((void *)m->asked);
}

/* ---- what it amounts to ---- */

static bool maxent_exhausted(const MtsRun *run)
{
    return run->done > 0 && sums(run->nodes.root)->log_u == -HUGE_VAL;
}

static void maxent_estimate(const MtsRun *run, double *log_z, double *se)
{
    const Maxent *m = run->own;
    if (maxent_exhausted(run)) {
        *log_z = sums(run->nodes.root)->log_k;
        *se = 0;
    } else if (run->done > 0) {
        *log_z = mts_log_mean(&m->z);
        *se = mts_log_mean_se(&m->z);
    }
}

/* log E of a known node. */
static double log_e(const MtsRun *run, const MtsNode *node)
{
    const Maxent *m = run->own;
    return mts_estimate_log(&m->estimate, sums(node)->outlook, node->depth, node->finished);
}

/* Outlooks of all known nodes downwards, W upwards: a parent is always made before its children. */
static void survey(MtsRun *run)
{
    const Maxent *m = run->own;
    for (size_t i = 0; i < run->nodes.count; i++) {
        MtsNode *node = mts_nodes_at(&run->nodes, i);
        if (node->visits > 0) {
            sums(node)->outlook =
                node->parent ? child_outlook(m, sums(node->parent)->outlook, node) : mts_estimate_root(&m->estimate);
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
        mts_log_sum_add(&w, s->unseen > 0 ? log(s->unseen) + log_e(run, node) : -HUGE_VAL);
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

static double maxent_unseen(const MtsRun *run)
{
    const Sums *s = sums(run->nodes.root);
    return s->log_u == -HUGE_VAL || s->log_w == -HUGE_VAL ? 0 : -expm1(s->log_k - s->log_w);
}

static void maxent_inspect(const MtsRun *run, const MtsNode *node, double out[3])
{
    (void)run;
    const Sums *s = sums(node);
    out[0] = s->log_k;
    out[1] = s->log_u;
    out[2] = s->unseen;
}

/* The share of unknown children is U E / W, and each one's part of it in proportion to its own p E. */
static void maxent_policy(const MtsRun *run, const MtsNode *node, double *out)
{
    const Sums *s = sums(node);
    double others = log_e_others(run, node, s->outlook);
    MtsLogSum unknown = MTS_LOG_SUM_ZERO;
    for (size_t i = 0; i < node->dist.count; i++) {
        double logp = node->dist.logp[i];
        out[i] = logp - node->dist.log_mass; /* where nothing has any tilt */
        if (s->log_w != -HUGE_VAL && logp != -HUGE_VAL && is_unknown(run, node, i)) {
            out[i] = logp + (i < looked(node) ? log_e_unknown(run, node, s->outlook, i) : others);
            mts_log_sum_add(&unknown, out[i]);
        }
    }
    double scale = log_prior(s->unseen) + log_e(run, node) - mts_log_sum(&unknown);
    for (size_t i = 0; i < node->dist.count && s->log_w != -HUGE_VAL; i++) {
        const MtsNode *child = mts_nodes_find(&run->nodes, node, node->dist.tokens[i]);
        double logp = node->dist.logp[i];
        if (logp != -HUGE_VAL) {
            out[i] = child && child->visits > 0 ? logp + sums(child)->log_w : out[i] + scale;
            out[i] -= s->log_w;
        }
    }
}

static double maxent_beyond(const MtsRun *run, size_t depth, int32_t token)
{
    const Maxent *m = run->own;
    return mts_estimate_token(&m->estimate, depth, token);
}

const MtsMethodOps mts_maxent_ops = {
    .name = "maxent-ts",
    .answers = MTS_ANSWERS_WEIGHTED,
    .node_bytes = sizeof(Sums),
    .run_bytes = sizeof(Maxent),
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
