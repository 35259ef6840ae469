/* search/maxent/maxent.c - maximum-entropy tree search on tokens, without replacement.
 *
 * A finished text's reward is deterministic and its prior exact, so drawing it twice teaches nothing: what the
 * tree has seen is taken out of what it draws from, and added to what it knows. Per known node s, given s:
 *
 *     u(s) = sum over a of p(a|s) u(s.a)        prior mass not seen yet: a text 0 once scored, an unknown child 1
 *     K(s) = sum over known a of p(a|s) K(s.a)  tilted mass known: a text exp(lambda r)
 *     E(s.a)                                    mean tilt to expect of what is unseen there (estimate.c)
 *     W(s) = sum over known a of p(a|s) W(s.a) + U(s) E(s)       the soft Bellman backup: a text exp(lambda r)
 *
 * where U(s) is the prior mass of unknown children; W = exp(lambda V).
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
#include "search/positions.h"
#include "search/methods/methods.h"
#include "search/proposal.h"

/* ---- selection ---- */

static bool is_best_first(const MtsSearch *search, const MtsRollout *r)
{
    return !search->sampling && mts_maxent_is_best_first(search, r->index);
}

/* A best-first one waits until those are backed up that are drawn first: it goes on from what is known. */
static bool maxent_may_start(const MtsSearch *search, size_t index)
{
    size_t first = search->settings.best_first_after;
    return !mts_maxent_is_best_first(search, index) || search->done >= (first > 0 ? first : 1);
}

static int maxent_start(MtsSearch *search, MtsRollout *r, MtsError *err)
{
    MtsMaxent *m = mts_maxent(search);
    const MtsNode *root = search->nodes.root;
    mts_maxent_rollout(r)->log_k = root->visits ? mts_sums(root)->log_k : -HUGE_VAL;
    mts_maxent_rollout(r)->share = search->settings.exploration;
    m->here = mts_estimate_root(&m->estimate);
    MtsMaxentRollout *own = mts_maxent_rollout(r);
    own->log_said = is_best_first(search, r) ? (double)NAN : mts_maxent_say_unseen(search);
    bool recorded = r->index < mts_checkpoint_count(search->checkpoint);
    int rc = is_best_first(search, r) && !recorded ? mts_frontier_pick(search, &own->target, &own->entry, err) : MTS_OK;
    own->step = m->frontier.step;
    return rc ? rc : mts_frontier_fly(search, r) ? MTS_OK : mts_out_of_memory(err);
}

/* Asks the reward of a finished child of the rollout's node too. */
static int ask_aside(MtsSearch *search, MtsMaxentRollout *own, MtsNode *text, MtsError *err)
{
    if (!text || !mts_grow(&own->asides, &own->aside_cap, own->aside_count + 1, sizeof(MtsNode *))) {
        return mts_out_of_memory(err);
    }
    own->asides[own->aside_count++] = text;
    return mts_search_ask(search, text, err);
}

/* Has the finished children of the rollout's node scored that its prior makes worth it. */
static int sweep(MtsSearch *search, MtsRollout *r, MtsError *err)
{
    MtsNode *node = r->node;
    size_t left = search->settings.sweep;
    int rc = MTS_OK;
    for (size_t i = 0; i < node->dist.count && left > 0 && node->dist.logp[i] >= MTS_SWEEP_LOGP && !rc; i++) {
        if (mts_maxent_sweeps(search, node, i, &left)) {
            rc = ask_aside(search, mts_maxent_rollout(r), mts_search_child(search, node, i), err);
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

/* From logarithms of weights, behind search->weights[n] those without E and behind these those with it, to
 * probabilities: of their mixture at search->weights, and each on its own. */
static void mix(MtsSearch *search, double share, size_t n)
{
    double *plain = search->weights + n, *guided = plain + n;
    double sum_p = exponentiate(plain, n), sum_g = exponentiate(guided, n);
    for (size_t i = 0; i < n; i++) {
        plain[i] /= sum_p;
        guided[i] = sum_g > 0 ? guided[i] / sum_g : plain[i]; /* all foreseen to be of no use */
        search->weights[i] = (1 - share) * guided[i] + share * plain[i];
    }
}

/* Draws one of n, given probabilities by mix(). */
static size_t pick_mixed(MtsSearch *search, MtsMaxentRollout *own, MtsRng *rng, size_t n, double *log_q)
{
    size_t picked = mts_pick(search->script, rng, search->weights, n);
    *log_q = log(search->weights[picked]);
    own->share *= search->weights[n + picked] / search->weights[picked];
    own->share = own->share < 1 ? own->share : 1;
    return picked;
}

/* Logarithms of the weights of the known children, at plain[] without E and guided[] with it. */
static void weigh_known(const MtsSearch *search, const MtsNode *node, double *plain, double *guided)
{
    const MtsMaxent *m = mts_maxent(search);
    double t = search->settings.temperature, shift = t == 1 ? 0 : node->dist.logp[0];
    for (const MtsNode *child = node->first; child; child = child->next, plain++, guided++) {
        *plain = *guided = (child->logp - shift) / t + mts_sums(child)->log_u;
        if (*plain != -HUGE_VAL) {
            *guided +=
                mts_estimate_log(&m->estimate, mts_maxent_outlook(m, m->here, child), child->depth, child->finished);
        }
    }
}

/* Selection probabilities of the known children, of the entries looked up (0 where the child is known) and of all
 * others together, at search->weights; behind them the same without E, and with E alone. false: memory ran out. */
static bool weigh(MtsSearch *search, const MtsRollout *r)
{
    const MtsMaxent *m = mts_maxent(search);
    const MtsNode *node = r->node;
    size_t entries = mts_maxent_looked(node), n = node->children + entries + 1, i = node->children;
    if (!mts_search_weights(search, 3 * n)) {
        return false;
    }
    double *plain = search->weights + n, *guided = plain + n;
    double t = search->settings.temperature, shift = t == 1 ? 0 : node->dist.logp[0];
    weigh_known(search, node, plain, guided);
    for (size_t e = 0; e < entries; e++, i++) {
        plain[i] = mts_search_unknown(search, node, e) ? (node->dist.logp[e] - shift) / t : -HUGE_VAL;
        guided[i] = plain[i] == -HUGE_VAL ? plain[i] : plain[i] + mts_maxent_log_e(search, node, m->here, e);
    }
    plain[i] = mts_log_prior(mts_maxent_others_mass(search, node));
    guided[i] = plain[i] == -HUGE_VAL ? plain[i] : plain[i] + mts_maxent_log_e_others(search, node, m->here);
    mix(search, mts_maxent_rollout(r)->share, n);
    return true;
}

/* One of the entries that are not looked up; log_q: of the choice of them. */
static int draw_other(MtsSearch *search, MtsRng *rng, const MtsNode *node, size_t *entry, double *log_q, MtsError *err)
{
    double mass = mts_maxent_others_mass(search, node);
    if (!mts_draw_unknown(search, rng, node, mts_maxent_looked(node), mass, entry)) {
        return mts_out_of_memory(err);
    }
    *log_q += log(mts_proposal_weight(search, node, *entry)) - log(mass);
    return MTS_OK;
}

/* A token at a known node. */
static int select_token(MtsSearch *search, MtsRollout *r, MtsRng *rng, size_t *entry, double *log_q, MtsError *err)
{
    const MtsNode *node = r->node;
    MtsMaxent *m = mts_maxent(search);
    if (!weigh(search, r)) {
        return mts_out_of_memory(err);
    }
    size_t n = node->children + mts_maxent_looked(node) + 1;
    size_t picked = pick_mixed(search, mts_maxent_rollout(r), rng, n, log_q);
    if (picked < node->children) {
        const MtsNode *child = node->first;
        while (picked-- > 0) {
            child = child->next;
        }
        *entry = mts_node_entry(node, child->token);
        m->here = mts_maxent_outlook(m, m->here, child);
        return MTS_OK;
    }
    *entry = picked - node->children;
    return picked < n - 1 ? MTS_OK : draw_other(search, rng, node, entry, log_q, err);
}

/* How a best-first rollout goes on where nothing is known: by the likeliest token. Where nothing is tilted it ends as
 * soon as that makes a likelier text than a longest one seems to become, by the measure that its target was chosen by.
 */
static size_t lead_on(const MtsSearch *search, const MtsRollout *r)
{
    const MtsDist *dist = &r->node->dist;
    double left = (double)search->model->max_tokens - (double)r->node->depth - 1;
    double longest = dist->logp[0] + left * mts_maxent_rollout(r)->step;
    for (size_t e = 0; e < dist->count && search->settings.lambda == 0 && dist->logp[e] >= longest; e++) {
        if (mts_maxent_finished(search, r->node, e)) {
            return e;
        }
    }
    return 0;
}

/* The way of a best-first rollout: to its target, on from there, and then to an end. */
static size_t follow(const MtsSearch *search, const MtsRollout *r)
{
    const MtsMaxentRollout *own = mts_maxent_rollout(r);
    const MtsNode *next = own->target;
    if (r->node->depth >= next->depth) {
        return r->node == next ? own->entry : lead_on(search, r);
    }
    while (next->parent != r->node) {
        next = next->parent;
    }
    return mts_node_entry(r->node, next->token);
}

static int maxent_choose(MtsSearch *search, MtsRollout *r, size_t *entry, double *log_q, MtsError *err)
{
    size_t ahead = 0;
    int rc = sweep(search, r, err);
    if (rc) {
        return rc;
    }
    /* Of searches in waves: the one rollout of settings.complete_sample. */
    if (mts_search_is_led_by_prefixes(search) && r->in_tree &&
        ((rc = mts_maxent_ask_ahead(search, r->node, &ahead, err)) ||
         (rc = mts_search_score(search, mts_maxent(search)->asked, ahead, err)))) {
        return rc;
    }
    if (mts_maxent_rollout(r)->target) {
        *entry = follow(search, r);
        *log_q = 0;
        return MTS_OK;
    }
    MtsRng rng = mts_search_rng(search, r->index, r->node->depth);
    return r->in_tree ? select_token(search, r, &rng, entry, log_q, err)
                      : mts_draw_token(search, &rng, r->node, entry, log_q, err);
}

static bool maxent_ready(MtsSearch *search, const MtsRollout *r, double seconds)
{
    const MtsMaxentRollout *own = mts_maxent_rollout(r);
    bool ready = true;
    for (size_t i = 0; i < own->aside_count && ready; i++) {
        ready = mts_search_answered(search, own->asides[i], seconds);
    }
    return ready;
}

/* ---- backup ---- */

/* z of the rollout. Its asides are brought home, and those that were known when it selected struck from the list. */
static int collect(MtsSearch *search, MtsRollout *r, MtsError *err)
{
    MtsMaxentRollout *own = mts_maxent_rollout(r);
    MtsLogSum z = MTS_LOG_SUM_ZERO;
    double log_q = 0; /* of the way to where the aside was */
    size_t depth = 0, kept = 0;
    bool drawn = !r->dead;
    int rc = MTS_OK;
    mts_log_sum_add(&z, own->log_k);
    for (size_t i = 0; i < own->aside_count && !rc; i++) {
        MtsNode *text = own->asides[i];
        for (; depth + 1 < text->depth; depth++) {
            log_q += r->choices[depth].log_q;
        }
        if (text->visits == 0) {
            mts_node_visit(text);
            rc = mts_maxent_bring_home(search, text, err);
        }
        if (mts_sums(text)->born > r->started) {
            mts_log_sum_add(&z, text->path_logp + mts_search_tilt(search, text) - log_q);
            own->asides[kept++] = text;
            drawn = drawn && text != r->node;
        }
    }
    own->aside_count = kept;
    if (drawn) {
        mts_log_sum_add(&z, r->node->path_logp + mts_search_tilt(search, r->node) - r->log_q);
    }
    r->log_z = mts_log_sum(&z);
    return rc;
}

/* Takes in what E says of a text that is not known yet, given its parent's outlook. */
static void compare(MtsSearch *search, const MtsNode *text, MtsOutlook parent)
{
    const MtsEstimate *e = &mts_maxent(search)->estimate;
    mts_frontier_learn(search, text, mts_estimate_step(e, parent, text->depth, text->token, text).mean - e->mean);
}

/* The same of all texts of the rollout, whose way is at way[depth]. */
static void compare_all(MtsSearch *search, const MtsRollout *r, MtsNode *const *way)
{
    const MtsMaxent *m = mts_maxent(search);
    const MtsMaxentRollout *own = mts_maxent_rollout(r);
    MtsOutlook here = mts_estimate_root(&m->estimate);
    size_t next = 0;
    for (size_t depth = 0; depth < r->node->depth; depth++) {
        here = depth > 0 ? mts_maxent_outlook(m, here, way[depth]) : here;
        for (; next < own->aside_count && own->asides[next]->depth == depth + 1; next++) {
            if (own->asides[next]->visits == 0) {
                compare(search, own->asides[next], here);
            }
        }
    }
    if (r->fresh && !r->dead) {
        compare(search, r->node, here);
    }
}

/* Learns from the rollout's texts, before they are known, how far E is right. */
static bool learn(MtsSearch *search, const MtsRollout *r)
{
    MtsMaxent *m = mts_maxent(search);
    if (search->settings.best_first == 0 || m->estimate.fitted == 0) {
        return true;
    }
    if (!mts_maxent_list_way(m, r->node)) {
        return false;
    }
    compare_all(search, r, m->asked);
    return true;
}

/* The rollout's text and its asides are known from now on. */
static int bring_home(MtsSearch *search, MtsRollout *r, MtsError *err)
{
    const MtsMaxentRollout *own = mts_maxent_rollout(r);
    int rc = mts_search_score(search, own->asides, own->aside_count, err);
    if (rc) {
        return rc;
    }
    if (!learn(search, r)) {
        return mts_out_of_memory(err);
    }
    if (r->dead) {
        *mts_sums(r->node) = (MtsSums){.log_u = -HUGE_VAL, .log_k = -HUGE_VAL, .log_w = -HUGE_VAL};
    } else if (r->fresh) {
        rc = mts_maxent_bring_home(search, r->node, err);
    }
    return rc ? rc : collect(search, r, err);
}

static int maxent_backup(MtsSearch *search, MtsRollout *r, MtsError *err)
{
    MtsMaxent *m = mts_maxent(search);
    const MtsMaxentRollout *own = mts_maxent_rollout(r);
    int rc = bring_home(search, r, err);
    if (rc) {
        return rc;
    }
    if (is_best_first(search, r)) {
        r->log_z = (double)NAN;                                                /* no draw, no estimate */
    } else if (!search->sampling && mts_search_is_certain(search, r->index)) { /* whether there is one more is chance */
        rc = mts_maxent_count(search, r->log_z) ? MTS_OK : mts_out_of_memory(err);
    }
    for (MtsNode *node = r->node->parent; node; node = node->parent) {
        double *kept = r->choices[node->depth].kept;
        mts_maxent_refresh(search, node, &kept[0], &kept[1]);
    }
    mts_maxent_hear_unseen(m, own->log_k, r->log_z, own->log_said, search->settings.level);
    if (mts_estimate_fit(&m->estimate)) {
        mts_maxent_set_level(m);
    }
    return rc ? rc : mts_frontier_land(search, r) ? MTS_OK : mts_out_of_memory(err);
}

static int maxent_begin(MtsSearch *search, MtsError *err)
{
    MtsMaxent *m = mts_maxent(search);
    m->z = MTS_LOG_MEAN_ZERO;
    m->highest = -HUGE_VAL;
    mts_estimate_init(&m->estimate, search->settings.lambda, search->settings.shrinkage);
    m->estimate.experience = mts_search_is_led_by_prefixes(search) ? search->settings.experience : NULL;
    return mts_frontier_begin(search) ? MTS_OK : mts_out_of_memory(err);
}

static void maxent_end(MtsSearch *search)
{
    MtsMaxent *m = mts_maxent(search);
    mts_estimate_free(&m->estimate);
    mts_frontier_free(&m->frontier);
    free((void *)m->asked);
    free(m->terms);
}

static void maxent_end_rollout(MtsRollout *r)
{
    free((void *)mts_maxent_rollout(r)->asides);
}

/* ---- what it amounts to ---- */

static bool maxent_exhausted(const MtsSearch *search)
{
    return search->nodes.root->visits > 0 && mts_sums(search->nodes.root)->log_u == -HUGE_VAL &&
           !mts_search_broke_off(search);
}

static void maxent_estimate(const MtsSearch *search, double *log_z, double *se)
{
    const MtsMaxent *m = mts_maxent(search);
    if (maxent_exhausted(search)) {
        *log_z = mts_sums(search->nodes.root)->log_k;
        *se = 0;
    } else if (m->z.n > 0) {
        *log_z = mts_log_mean(&m->z);
        *se = mts_log_mean_se(&m->z);
    }
}

/* How many rollouts count in the estimate, whatever they find. */
static size_t counted(const MtsSearch *search)
{
    const MtsSearchSettings *s = &search->settings;
    size_t count = 0;
    for (size_t i = 0; i < s->rollouts && mts_search_is_certain(search, i); i++) {
        count += !mts_maxent_is_best_first(search, i);
    }
    return count;
}

static double maxent_whole(const MtsSearch *search)
{
    const MtsMaxent *m = mts_maxent(search);
    size_t asked = mts_search_is_led_by_prefixes(search) ? mts_maxent_waves_counted(search) : counted(search);
    double log_k = mts_sums(search->nodes.root)->log_k;
    MtsLogMean mean = MTS_LOG_MEAN_ZERO;
    for (size_t i = 0; i < asked; i++) {
        mts_log_mean_add(&mean, i < m->term_count ? m->terms[i] : log_k, mts_maxent_weight(search, i));
    }
    return asked ? mts_log_mean(&mean) : log_k;
}

static int maxent_finish(MtsSearch *search, MtsError *err)
{
    (void)err;
    mts_maxent_survey(search);
    return MTS_OK;
}

static double maxent_leader(MtsSearch *search)
{
    const MtsMaxent *m = mts_maxent(search);
    mts_maxent_survey_news(search);
    return m->highest == -HUGE_VAL ? 0 : exp(m->highest - mts_sums(search->nodes.root)->log_w);
}

static double maxent_value(const MtsSearch *search, const MtsNode *node)
{
    (void)search;
    return mts_sums(node)->log_w;
}

static double maxent_unseen(const MtsSearch *search)
{
    const MtsSums *s = mts_sums(search->nodes.root);
    return s->log_u == -HUGE_VAL || s->log_w == -HUGE_VAL ? 0 : -expm1(s->log_k - s->log_w);
}

/* The share of unknown children is U E / W, and each one's part of it in proportion to its own p E. */
static void maxent_policy(const MtsSearch *search, const MtsNode *node, double *out)
{
    const MtsSums *s = mts_sums(node);
    double others = mts_maxent_log_e_others(search, node, s->outlook);
    MtsLogSum unknown = MTS_LOG_SUM_ZERO;
    for (size_t i = 0; i < node->dist.count; i++) {
        double logp = node->dist.logp[i];
        out[i] = logp - node->dist.log_mass; /* where nothing has any tilt */
        if (s->log_w != -HUGE_VAL && logp != -HUGE_VAL && mts_search_unknown(search, node, i)) {
            out[i] = logp + (i < mts_maxent_looked(node) ? mts_maxent_log_e(search, node, s->outlook, i) : others);
            mts_log_sum_add(&unknown, out[i]);
        }
    }
    double scale = mts_log_prior(s->unseen) + mts_maxent_log_e_below(search, node) - mts_log_sum(&unknown);
    for (size_t i = 0; i < node->dist.count && s->log_w != -HUGE_VAL; i++) {
        const MtsNode *child = mts_nodes_find(&search->nodes, node, node->dist.tokens[i]);
        double logp = node->dist.logp[i];
        if (logp != -HUGE_VAL) {
            out[i] = child && child->visits > 0 ? logp + mts_sums(child)->log_w : out[i] + scale;
            out[i] -= s->log_w;
        }
    }
}

static double maxent_beyond(const MtsSearch *search, size_t depth, int32_t token)
{
    const MtsMaxent *m = mts_maxent(search);
    return mts_estimate_token(&m->estimate, depth, token);
}

/* ---- records ---- */

static bool maxent_write_rollout(const MtsRollout *r, MtsBytes *b)
{
    const MtsMaxentRollout *own = mts_maxent_rollout(r);
    bool ok = mts_bytes_append_str(b, ",\"asides\":[");
    for (size_t i = 0; ok && i < own->aside_count; i++) {
        const MtsNode *text = own->asides[i];
        ok = mts_bytes_printf(b, "%s[%u,%d,%.17g,", i ? "," : "", (unsigned)(text->depth - 1), (int)text->token,
                              text->logp) &&
             mts_put_real(b, text->reward) && mts_bytes_append_str(b, "]");
    }
    return ok && mts_bytes_append_str(b, "]");
}

static const char *maxent_read_rollout(MtsSearch *search, MtsRollout *r, const json_t *line, int *rc)
{
    MtsMaxentRollout *own = mts_maxent_rollout(r);
    const json_t *asides = json_object_get(line, "asides");
    for (size_t i = 0; i < json_array_size(asides); i++) {
        const json_t *aside = json_array_get(asides, i);
        size_t depth, token;
        double logp, reward;
        if (!mts_field_whole(aside, 0, 0, r->node->depth, &depth) || !mts_field_whole(aside, 1, 0, INT32_MAX, &token) ||
            !mts_field_real(aside, 2, -HUGE_VAL, 1e-6, &logp) || !mts_field_log(json_array_get(aside, 3), &reward)) {
            return "asides";
        }
        MtsNode *prefix = r->node;
        while (prefix->depth > depth) {
            prefix = prefix->parent;
        }
        if (prefix->finished) {
            return "asides";
        }
        MtsNode *text = mts_nodes_child(&search->nodes, prefix, (int32_t)token, logp, true);
        if (!text || !mts_grow(&own->asides, &own->aside_cap, own->aside_count + 1, sizeof(MtsNode *))) {
            *rc = MTS_ENOMEM;
            return NULL;
        }
        text->reward = reward;
        text->scored = true;
        own->asides[own->aside_count++] = text;
    }
    return NULL;
}

static void maxent_inspect(const MtsSearch *search, const MtsNode *node, double out[3])
{
    (void)search;
    const MtsSums *s = mts_sums(node);
    out[0] = s->log_k;
    out[1] = s->log_u;
    out[2] = s->unseen;
}

const MtsMethodOps mts_maxent_ops = {
    .answers = MTS_ANSWERS_WEIGHTED,
    .most_in_a_wave = 12,
    .node_bytes = sizeof(MtsSums),
    .rollout_bytes = sizeof(MtsMaxentRollout),
    .search_bytes = sizeof(MtsMaxent),
    .lead_prefixes = mts_maxent_waves,
    .begin = maxent_begin,
    .end = maxent_end,
    .end_rollout = maxent_end_rollout,
    .may_start = maxent_may_start,
    .start = maxent_start,
    .choose = maxent_choose,
    .ready = maxent_ready,
    .backup = maxent_backup,
    .exhausted = maxent_exhausted,
    .estimate = maxent_estimate,
    .whole = maxent_whole,
    .interval = mts_maxent_interval,
    .leader = maxent_leader,
    .finish = maxent_finish,
    .policy = maxent_policy,
    .beyond = maxent_beyond,
    .value = maxent_value,
    .unseen = maxent_unseen,
    .lesson = mts_maxent_lesson,
    .choice_fields = {"unseen", "unseen_q"}, /* prior and proposal mass of unknown children, after the backup */
    .write_rollout = maxent_write_rollout,
    .read_rollout = maxent_read_rollout,
    .inspect = maxent_inspect,
    .write_stop = mts_maxent_waves_write_stop,
};
