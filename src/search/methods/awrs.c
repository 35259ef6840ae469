/* search/methods/awrs.c - SMC whose particles find an allowed token by adaptive weighted rejection.
 *
 * For constraints that are programs: whether a token may follow is known by asking it, one token at a time, and asking
 * all of a vocabulary would be too slow. The constraint is a reward: minus infinity of a text, or of a prefix where the
 * reward scores prefixes, says no. (Masks, where there are any, count as tokens already asked.)
 *
 * At a prefix s let every token a that was not refused yet ring at rate p(a|s). What rings first is drawn in proportion
 * to p among those left; it is asked, and refused tokens ring no more. Allowed ones ring on: they are a Poisson process
 * of rate Z = sum of p over the allowed, whatever is refused meanwhile. So the first allowed token rings with
 * p(a|s) / Z, independently of when, and with S the time of the second ring of an allowed one, which is the sum of two
 * exponential waits of rate Z, E[1/S] = Z. Nobody has to draw S: given the order of events, the waits between them are
 * exponential with the rates l_1, l_2, ... of what was left, and
 *
 *     W = E[1/S | order] = integral over u > 0 of E[exp(-u S)] du = integral of prod_j l_j / (l_j + u) du,     E[W] = Z
 *
 * independent of which token was first. Token and W are properly weighted, E[W 1(a)] = p(a|s), and W is positive; where
 * nothing is allowed all are refused in the end, and the particle has weight 0. With one token certain W is l / 1: the
 * cost of knowing Z better than not at all is the search for a second allowed token, which as a rule is the first one
 * again and asked already. Tokens are drawn from the model itself: no temperature bends them.
 *
 * In v = log u the integrand is analytic in a strip of half-width pi and falls off exponentially at both ends, so the
 * trapezoidal rule with step h errs by exp(-2 pi^2 / h): below rounding at h = 1/2. */
#include <math.h>
#include <stdlib.h>

#include "core/mem.h"
#include "search/methods/methods.h"
#include "search/methods/population.h"
#include "search/methods/swarm.h"
#include "search/positions.h"

/* log of W for the rates of the waits, at least two. */
static double log_rate(const double *rates, size_t n)
{
    const double step = 0.5, beyond = 40; /* exp(-beyond) is nothing beside 1 */
    double low = rates[0], high = rates[0], sum = 0;
    for (size_t j = 1; j < n; j++) {
        low = rates[j] < low ? rates[j] : low;
        high = rates[j] > high ? rates[j] : high;
    }
    double scale = log(low);
    for (double v = scale - beyond, end = log(high) + beyond; v <= end; v += step) {
        double u = exp(v), log_term = v - scale;
        for (size_t j = 0; j < n && log_term > -745; j++) {
            log_term -= log1p(u / rates[j]);
        }
        sum += exp(log_term);
    }
    return scale + log(sum * step);
}

typedef struct Race {
    MtsNode *node;
    double left, summed; /* the sum of search->weights, and what it was when it was last summed anew */
    double *rates;       /* [events] what was left at each event */
    size_t events, cap;
    size_t first; /* the entry that rang first of the allowed */
} Race;

/* Sums what is left anew: little remains of a small difference's digits. */
static void sum_left(const MtsSearch *search, Race *race)
{
    race->left = 0;
    for (size_t i = 0; i < race->node->dist.count; i++) {
        race->left += search->weights[i];
    }
    race->summed = race->left;
}

static void refuse(const MtsSearch *search, Race *race, size_t entry)
{
    race->left -= search->weights[entry];
    search->weights[entry] = 0;
    if (race->left < race->summed * 0x1p-10) {
        sum_left(search, race);
    }
}

/* In proportion to the weights. Entries descend, so the stream's draw is near the front. */
static size_t pick_left(const MtsSearch *search, const Race *race, MtsRng *rng)
{
    size_t n = race->node->dist.count, last = 0;
    if (search->script) {
        return mts_pick(search->script, rng, search->weights, n);
    }
    double target = mts_rng_uniform(rng) * race->left, sum = 0;
    for (size_t i = 0; i < n && !(sum > target); i++) {
        if (search->weights[i] > 0) {
            last = i;
            sum += search->weights[i];
        }
    }
    return last;
}

/* Whether the constraint lets the entry follow. */
static int ask(MtsSearch *search, MtsNode *node, size_t entry, bool *allowed, MtsError *err)
{
    MtsNode *child = mts_search_child(search, node, entry);
    int rc = MTS_OK;
    if (!child) {
        return mts_out_of_memory(err);
    }
    bool asked = child->finished || search->reward->prefixes;
    if (asked && !child->scored) {
        rc = mts_search_score(search, &child, 1, err);
    }
    *allowed = !asked || (!rc && child->reward != -HUGE_VAL);
    return rc;
}

/* One ring: an entry of those left, in search->weights, and whether it was allowed; a refused one is left no more. */
static int ring(MtsSearch *search, Race *race, MtsRng *rng, bool *any, bool *allowed, size_t *entry, MtsError *err)
{
    *any = race->left > 0;
    *allowed = false;
    if (!*any) {
        return MTS_OK;
    }
    if (!mts_grow(&race->rates, &race->cap, race->events + 1, sizeof *race->rates)) {
        return mts_out_of_memory(err);
    }
    race->rates[race->events++] = race->left;
    *entry = pick_left(search, race, rng);
    int rc = ask(search, race->node, *entry, allowed, err);
    if (!rc && !*allowed) {
        refuse(search, race, *entry);
    }
    return rc;
}

/* Up to the second ring of an allowed one; *any is false where there is none. */
static int run_race(MtsSearch *search, Race *race, MtsRng *rng, bool *any, MtsError *err)
{
    const MtsDist *dist = &race->node->dist;
    if (!mts_search_weights(search, dist->count)) {
        return mts_out_of_memory(err);
    }
    for (size_t i = 0; i < dist->count; i++) {
        search->weights[i] = exp(dist->logp[i]);
    }
    sum_left(search, race);
    *any = true;
    for (int rings = 0; rings < 2 && *any;) {
        size_t entry = 0;
        bool allowed;
        int rc = ring(search, race, rng, any, &allowed, &entry, err);
        if (rc) {
            return rc;
        }
        race->first = allowed && rings == 0 ? entry : race->first;
        rings += allowed;
    }
    return MTS_OK;
}

static int awrs_draw(MtsSearch *search, MtsParticle *p, MtsRng *rng, MtsError *err)
{
    Race race = {.node = p->node};
    bool any = false;
    int rc = run_race(search, &race, rng, &any, err);
    if (!rc && any) {
        double log_w = log_rate(race.rates, race.events);
        p->node = mts_search_child(search, race.node, race.first);
        p->log_w += log_w;
        p->log_q += race.node->dist.logp[race.first] - log_w;
    } else if (!rc) {
        p->log_w = -HUGE_VAL;
    }
    free(race.rates);
    return rc || p->node ? rc : mts_out_of_memory(err);
}

static int awrs_lead(MtsSearch *search, MtsError *err)
{
    return mts_swarm_lead(search, &(MtsSwarmOps){.draw = awrs_draw}, err);
}

const MtsMethodOps mts_awrs_ops = {
    .answers = MTS_ANSWERS_WEIGHTED,
    .asks = MTS_ASKS_PREFIXES,
    .search_bytes = sizeof(MtsSwarmTotal),
    .lead = awrs_lead,
    .write_stop = mts_population_write_stop,
    .estimate = mts_swarm_estimate,
};
