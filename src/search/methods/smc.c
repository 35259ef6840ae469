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
#include "core/mem.h"
#include "search/methods/methods.h"
#include "search/methods/population.h"
#include "search/methods/swarm.h"
#include "search/positions.h"
#include "search/proposal.h"

/* The entries of a node that are looked ahead at. */
static size_t looked_ahead(const MtsSearch *search, const MtsNode *node)
{
    size_t most = search->reward->prefixes ? search->settings.look_ahead : 0;
    return most < node->dist.count ? most : node->dist.count;
}

/* Asks the prefixes looked ahead at from a node into s->asked from *n on. */
static int ask_ahead(MtsSearch *search, MtsSwarm *s, MtsNode *node, size_t *n, MtsError *err)
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

static int score_ahead(MtsSearch *search, MtsSwarm *s, MtsError *err)
{
    size_t n = 0;
    int rc = MTS_OK;
    for (size_t i = 0; i < s->n && !rc; i++) {
        rc = mts_particle_is_live(&s->particles[i]) ? ask_ahead(search, s, s->particles[i].node, &n, err) : MTS_OK;
    }
    return rc ? rc : mts_search_score(search, s->asked, n, err);
}

/* Weights of the tokens looked ahead at and, behind them, of all others together, whose proposal mass is `others`, at
 * search->weights; their sum. */
static double weigh_guided(MtsSearch *search, const MtsNode *node, size_t ahead, double others)
{
    double high = -HUGE_VAL, sum = 0, mass = 0, total = 0;
    double *w = search->weights, before = mts_particle_potential(search, node);
    for (size_t e = 0; e < ahead; e++) {
        const MtsNode *child = mts_nodes_find(&search->nodes, node, node->dist.tokens[e]);
        double p = mts_proposal_weight(search, node, e);
        double gain = child ? mts_particle_potential(search, child) - before : -HUGE_VAL;
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
static int select_token(MtsSearch *search, MtsParticle *p, MtsRng *rng, MtsError *err)
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

static int smc_lead(MtsSearch *search, MtsError *err)
{
    return mts_swarm_lead(search, &(MtsSwarmOps){.ahead = score_ahead, .draw = select_token}, err);
}

const MtsMethodOps mts_smc_ops = {
    .answers = MTS_ANSWERS_WEIGHTED,
    .search_bytes = sizeof(MtsSwarmTotal),
    .lead = smc_lead,
    .write_stop = mts_population_write_stop,
    .estimate = mts_swarm_estimate,
};
