/* search/methods/smc.c - sequential Monte Carlo: N particles, each one text growing token by token.
 *
 * A particle draws its tokens from p', p at the rollout's temperature, and carries the weight
 *
 *     w  <-  w * p(a|s) / p'(a|s) * G,   G = exp(lambda (phi(s.a) - phi(s))),   phi(root) = 0, phi(text) = r(text)
 *
 * where phi is the reward of prefixes. The potentials telescope to exp(lambda r), so pi* does not depend on phi, only
 * the way there does. A reward that does not score prefixes has phi = 0 up to the end, and its whole weight there.
 *
 * Look-ahead. The rewards of the settings.look_ahead likeliest tokens' prefixes (and texts) can be asked for before one
 * is drawn, at no cost in positions; the particle then draws in proportion to p' G, tokens that were not asked for
 * counting with the mean of the logarithms of G of those that were. What it draws weighs p G / q as before, so nothing
 * else changes; where all are asked for, the weight is the same whichever is drawn (the fully adapted filter).
 *
 * One run of a swarm tells no honest standard error of Z^. What can be had from one is an estimate by the particles'
 * common ancestors (Lee and Whiteley 2018), and at a few dozen particles and a hundred tokens all descend from one: it
 * then says 1, whatever the truth. Repeat the search with other seeds instead.
 *
 * After each token, when the effective number of particles (sum w)^2 / sum w^2 is below threshold * N, N
 * particles are drawn in proportion to w and all weights become 1; their mean before that is a factor of the estimate
 *
 *     Z^ = product of the mean weights at each resampling, times the mean weight at the end,      E[Z^] = Z
 *
 * for each of the three ways to draw: multinomial (N draws), stratified (one draw in each N-th of the cumulative
 * weights), systematic (the same draw in each). Finished texts are particles like all others until the last one is
 * finished. Where the reward does not score prefixes, a text's tilt counts at the end: a short text that has its tilt
 * would otherwise be drawn against long ones that have none yet, and the swarm be resampled down to what ended first. A
 * prefix that nothing may follow, or whose phi is minus infinity, has weight 0; when all have, Z^ = 0 and there is no
 * answer. Particles on the same prefix share its evaluation. */
#include <stdlib.h>

#include "core/mem.h"
#include "core/sort.h"
#include "search/positions.h"
#include "search/methods/methods.h"
#include "search/methods/population.h"
#include "search/proposal.h"

/* Resampling draws from a stream of its own, which no particle reaches. */
#define RESAMPLE_STREAM (UINT64_MAX - 1)

typedef struct Particle {
    MtsNode *node;
    double log_w, log_q;
    double to_come; /* without rewards of prefixes: the tilt of its text, which counts at the end */
} Particle;

typedef struct Smc { /* of the search */
    double log_z;
    bool whole; /* the estimate is complete */
} Smc;

typedef struct Swarm {
    Particle *particles, *drawn; /* [n] */
    MtsNode **live;              /* scratch, [n] */
    double *weights;             /* [n] relative to the largest */
    double *breaks;              /* scratch, [n] */
    MtsNode **asked;             /* scratch, [asked_cap] */
    size_t asked_cap;
    size_t n;
    double log_z; /* of the resamplings so far */
} Swarm;

static bool is_live(const Particle *p)
{
    return p->log_w != -HUGE_VAL && !p->node->finished;
}

static size_t list_live(Swarm *s)
{
    size_t count = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (is_live(&s->particles[i])) {
            s->live[count++] = s->particles[i].node;
        }
    }
    return count;
}

/* lambda phi of a node, which is scored where it has to be. */
static double log_potential(const MtsSearch *search, const MtsNode *node)
{
    return node->parent && (node->finished || search->reward->prefixes) ? mts_search_tilt(search, node) : 0;
}

/* The entries of a node that are looked ahead at. */
static size_t looked_ahead(const MtsSearch *search, const MtsNode *node)
{
    size_t most = search->reward->prefixes ? search->settings.look_ahead : 0;
    return most < node->dist.count ? most : node->dist.count;
}

/* Asks the prefixes looked ahead at from a node into s->asked from *n on. */
static int ask_ahead(MtsSearch *search, Swarm *s, MtsNode *node, size_t *n, MtsError *err)
{
    size_t ahead = looked_ahead(search, node);
    if (!mts_grow(&s->asked, &s->asked_cap, *n + ahead + 1, sizeof(MtsNode *))) {
        return mts_out_of_memory(err);
    }
    for (size_t e = 0; e < ahead; e++) {
        if (node->dist.logp[e] != -HUGE_VAL && !(s->asked[(*n)++] = mts_search_child(search, node, e))) {
            return mts_out_of_memory(err);
        }
    }
    return MTS_OK;
}

static int score_ahead(MtsSearch *search, Swarm *s, MtsError *err)
{
    size_t n = 0;
    int rc = MTS_OK;
    for (size_t i = 0; i < s->n && !rc; i++) {
        rc = is_live(&s->particles[i]) ? ask_ahead(search, s, s->particles[i].node, &n, err) : MTS_OK;
    }
    return rc ? rc : mts_search_score(search, s->asked, n, err);
}

/* Weights of the tokens looked ahead at and, behind them, of all others together, whose proposal mass is `others`, at
 * search->weights; their sum. */
static double weigh_guided(MtsSearch *search, const MtsNode *node, size_t ahead, double others)
{
    double high = -HUGE_VAL, sum = 0, mass = 0, total = 0;
    double *w = search->weights, before = log_potential(search, node);
    for (size_t e = 0; e < ahead; e++) {
        const MtsNode *child = mts_nodes_find(&search->nodes, node, node->dist.tokens[e]);
        double p = mts_proposal_weight(search, node, e);
        double gain = child ? log_potential(search, child) - before : -HUGE_VAL;
        w[e] = p > 0 && gain != -HUGE_VAL ? log(p) + gain : -HUGE_VAL;
        sum += w[e] != -HUGE_VAL ? p * gain : 0;
        mass += w[e] != -HUGE_VAL ? p : 0;
    }
    w[ahead] = others > 0 ? log(others) + (mass > 0 ? sum / mass : 0) : -HUGE_VAL;
    for (size_t i = 0; i <= ahead; i++) {
        high = w[i] > high ? w[i] : high;
    }
    for (size_t i = 0; i <= ahead; i++) {
        w[i] = high == -HUGE_VAL   ? (i < ahead ? mts_proposal_weight(search, node, i) : others) /* all are of no use */
               : w[i] == -HUGE_VAL ? 0
                                   : exp(w[i] - high);
        total += w[i];
    }
    return total;
}

/* Draws among the tokens looked ahead at, by p' G, and all others together. */
static int draw_guided(MtsSearch *search, MtsRng *rng, const MtsNode *node, size_t ahead, size_t *entry, double *log_q,
                       MtsError *err)
{
    if (!mts_search_weights(search, ahead + 1)) {
        return mts_out_of_memory(err);
    }
    double others = mts_proposal_rest(search, node, ahead), total = weigh_guided(search, node, ahead, others);
    *entry = mts_pick(search->script, rng, search->weights, ahead + 1);
    *log_q = log(search->weights[*entry] / total);
    if (*entry == ahead) {
        if (!mts_draw_rest(search, rng, node, ahead, others, entry)) {
            return mts_out_of_memory(err);
        }
        *log_q += log(mts_proposal_weight(search, node, *entry)) - log(others);
    }
    return MTS_OK;
}

/* The next token of a particle that is live. */
static int select_token(MtsSearch *search, Particle *p, MtsRng *rng, MtsError *err)
{
    size_t entry, ahead = looked_ahead(search, p->node);
    double log_q = 0;
    int rc = ahead > 0 ? draw_guided(search, rng, p->node, ahead, &entry, &log_q, err)
                       : mts_draw_token(search, rng, p->node, &entry, &log_q, err);
    if (rc) {
        return rc;
    }
    p->log_q += log_q;
    p->log_w += p->node->dist.logp[entry] - log_q;
    p->node = mts_search_child(search, p->node, entry);
    return p->node ? MTS_OK : mts_out_of_memory(err);
}

static int select_tokens(MtsSearch *search, Swarm *s, size_t depth, MtsError *err)
{
    int rc = MTS_OK;
    for (size_t i = 0; i < s->n && !rc; i++) {
        Particle *p = &s->particles[i];
        if (!is_live(p)) {
            continue;
        }
        if (mts_node_is_dead(p->node)) {
            p->log_w = -HUGE_VAL;
            continue;
        }
        MtsRng rng = mts_search_rng(search, i, depth);
        rc = select_token(search, p, &rng, err);
    }
    return rc;
}

/* Potentials of the tokens just drawn, all of them at `depth`. */
static int score(MtsSearch *search, Swarm *s, size_t depth, MtsError *err)
{
    size_t count = 0;
    for (size_t i = 0; i < s->n; i++) {
        const Particle *p = &s->particles[i];
        if (p->log_w != -HUGE_VAL && p->node->depth == depth && (p->node->finished || search->reward->prefixes)) {
            s->live[count++] = p->node;
        }
    }
    int rc = mts_search_score(search, s->live, count, err);
    for (size_t i = 0; i < s->n && !rc; i++) {
        Particle *p = &s->particles[i];
        if (p->log_w != -HUGE_VAL && p->node->depth == depth) {
            double here = log_potential(search, p->node);
            if (!search->reward->prefixes) {
                p->to_come = here;
                continue;
            }
            p->log_w = here == -HUGE_VAL ? here : p->log_w + here - log_potential(search, p->node->parent);
        }
    }
    return rc;
}

/* log of the mean weight; weights relative to the largest. */
static double mean_weight(Swarm *s)
{
    double high = -HUGE_VAL, sum = 0;
    for (size_t i = 0; i < s->n; i++) {
        high = s->particles[i].log_w > high ? s->particles[i].log_w : high;
    }
    for (size_t i = 0; i < s->n; i++) {
        s->weights[i] = high == -HUGE_VAL ? 0 : exp(s->particles[i].log_w - high);
        sum += s->weights[i];
    }
    return high == -HUGE_VAL ? high : high + log(sum / (double)s->n);
}

static double effective(const Swarm *s)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < s->n; i++) {
        sum += s->weights[i];
        squares += s->weights[i] * s->weights[i];
    }
    return sum * sum / squares;
}

/* Which particle owns the point u in [0, N) of the cumulative weights scaled to N. */
static size_t owner(const Swarm *s, double scale, double u)
{
    double sum = 0;
    size_t last = 0;
    for (size_t i = 0; i < s->n; i++) {
        sum += s->weights[i] * scale;
        if (s->weights[i] > 0) {
            last = i;
            if (sum > u) {
                return i;
            }
        }
    }
    return last; /* u rounded up to N */
}

/* Points of the cumulative weights that fall into the k-th N-th, or into any (k < 0), as numbers in (0, 1). */
static size_t list_breaks(Swarm *s, double scale, double k)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i + 1 < s->n; i++) {
        sum += s->weights[i] * scale;
        double at = k < 0 ? sum - floor(sum) : sum - k;
        if (at > 0 && at < 1) {
            s->breaks[count++] = at;
        }
    }
    mts_sort_doubles(s->breaks, count);
    return count;
}

/* The particle that the k-th of N draws takes; u: the last uniform number, 0 before the first. */
static size_t draw_particle(MtsSearch *search, Swarm *s, MtsRng *rng, double scale, size_t k, double *u)
{
    if (search->settings.resampling == MTS_MULTINOMIAL) {
        return mts_pick(search->script, rng, s->weights, s->n);
    }
    bool own = search->settings.resampling == MTS_STRATIFIED;
    if (own || k == 0) {
        *u = mts_uniform(search->script, rng, s->breaks, list_breaks(s, scale, own ? (double)k : -1));
    }
    return owner(s, scale, (double)k + *u);
}

static void resample(MtsSearch *search, Swarm *s, size_t depth)
{
    MtsRng rng = mts_search_rng(search, RESAMPLE_STREAM, depth);
    double sum = 0, u = 0;
    for (size_t i = 0; i < s->n; i++) {
        sum += s->weights[i];
    }
    for (size_t k = 0; k < s->n; k++) {
        s->drawn[k] = s->particles[draw_particle(search, s, &rng, (double)s->n / sum, k, &u)];
        s->drawn[k].log_w = 0;
    }
    Particle *before = s->particles;
    s->particles = s->drawn;
    s->drawn = before;
}

/* The tilts that were left to the end. */
static void count_tilts(Swarm *s)
{
    for (size_t i = 0; i < s->n; i++) {
        Particle *p = &s->particles[i];
        p->log_w = p->to_come == -HUGE_VAL ? -HUGE_VAL : p->log_w + p->to_come;
    }
}

/* From the root until no particle goes on. */
static int lead_swarm(MtsSearch *search, Swarm *s, MtsError *err)
{
    Smc *smc = search->own;
    smc->log_z = (double)NAN;
    for (size_t depth = 0, count; (count = list_live(s)) > 0; depth++) {
        bool go = true;
        int rc = mts_population_extend(search, s->live, count, &go, err);
        if (rc || !go) {
            return rc;
        }
        if ((rc = score_ahead(search, s, err)) || (rc = select_tokens(search, s, depth, err)) ||
            (rc = score(search, s, depth + 1, err))) {
            return rc;
        }
        double log_mean = mean_weight(s);
        if (log_mean == -HUGE_VAL) {
            break;
        }
        if (list_live(s) > 0 && effective(s) < search->settings.ess_threshold * (double)s->n) {
            s->log_z += log_mean;
            resample(search, s, depth);
        }
    }
    count_tilts(s);
    smc->log_z = s->log_z + mean_weight(s);
    smc->whole = true;
    return MTS_OK;
}

static int back_up(MtsSearch *search, Swarm *s, MtsError *err)
{
    int rc = MTS_OK;
    bool none = mean_weight(s) == -HUGE_VAL; /* then texts of no weight are what there is to tell */
    for (size_t i = 0; i < s->n && !rc; i++) {
        const Particle *p = &s->particles[i];
        if (p->node->finished && (none || p->log_w != -HUGE_VAL)) {
            rc = mts_population_back_up(search, p->node, p->log_q, s->log_z + p->log_w, err);
        }
    }
    return rc;
}

static int smc_lead(MtsSearch *search, MtsError *err)
{
    size_t n = search->settings.rollouts;
    Swarm s = {.particles = mts_calloc(n, sizeof *s.particles),
               .drawn = mts_calloc(n, sizeof *s.drawn),
               .live = mts_calloc(n, sizeof(MtsNode *)),
               .weights = mts_calloc(n, sizeof *s.weights),
               .breaks = mts_calloc(n, sizeof *s.breaks),
               .n = n};
    int rc = s.particles && s.drawn && s.live && s.weights && s.breaks ? MTS_OK : mts_out_of_memory(err);
    for (size_t i = 0; !rc && i < n; i++) {
        s.particles[i].node = search->nodes.root;
    }
    (void)(rc || (rc = lead_swarm(search, &s, err)) || (rc = back_up(search, &s, err)));
    search->stop_reason = search->stop_reason ? search->stop_reason : "rollouts";
    free(s.particles);
    free(s.drawn);
    free((void *)s.live);
    free((void *)s.asked);
    free(s.weights);
    free(s.breaks);
    return rc;
}

static void smc_estimate(const MtsSearch *search, double *log_z, double *se)
{
    const Smc *smc = search->own;
    (void)se;
    if (smc->whole) {
        *log_z = smc->log_z;
    }
}

const MtsMethodOps mts_smc_ops = {
    .answers = MTS_ANSWERS_WEIGHTED,
    .search_bytes = sizeof(Smc),
    .lead = smc_lead,
    .estimate = smc_estimate,
};
