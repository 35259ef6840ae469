/* search/methods/swarm.c - see swarm.h. */
#include "search/methods/swarm.h"

#include <stdlib.h>

#include "core/mem.h"
#include "core/sort.h"
#include "search/methods/population.h"

/* Resampling draws from a stream of its own, which no particle reaches. */
#define RESAMPLE_STREAM (UINT64_MAX - 1)

static size_t list_live(MtsSwarm *s)
{
    size_t count = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (mts_particle_is_live(&s->particles[i])) {
            s->live[count++] = s->particles[i].node;
        }
    }
    return count;
}

double mts_particle_potential(const MtsSearch *search, const MtsNode *node)
{
    return node->parent && (node->finished || search->reward->prefixes) ? mts_search_tilt(search, node) : 0;
}

static int select_tokens(MtsSearch *search, MtsSwarm *s, const MtsSwarmOps *ops, size_t depth, MtsError *err)
{
    int rc = MTS_OK;
    for (size_t i = 0; i < s->n && !rc; i++) {
        MtsParticle *p = &s->particles[i];
        if (!mts_particle_is_live(p)) {
            continue;
        }
        if (mts_node_is_dead(p->node)) {
            p->log_w = -HUGE_VAL;
            continue;
        }
        MtsRng rng = mts_search_rng(search, i, depth);
        rc = ops->draw(search, p, &rng, err);
    }
    return rc;
}

/* Potentials of the tokens just drawn, all of them at `depth`. */
static int score(MtsSearch *search, MtsSwarm *s, size_t depth, MtsError *err)
{
    size_t count = 0;
    for (size_t i = 0; i < s->n; i++) {
        const MtsParticle *p = &s->particles[i];
        if (p->log_w != -HUGE_VAL && p->node->depth == depth && (p->node->finished || search->reward->prefixes)) {
            s->live[count++] = p->node;
        }
    }
    int rc = mts_search_score(search, s->live, count, err);
    for (size_t i = 0; i < s->n && !rc; i++) {
        MtsParticle *p = &s->particles[i];
        if (p->log_w != -HUGE_VAL && p->node->depth == depth) {
            double here = mts_particle_potential(search, p->node);
            if (!search->reward->prefixes) {
                p->to_come = here;
                continue;
            }
            p->log_w = here == -HUGE_VAL ? here : p->log_w + here - mts_particle_potential(search, p->node->parent);
        }
    }
    return rc;
}

/* log of the mean weight; weights relative to the largest. */
static double mean_weight(MtsSwarm *s)
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

static double effective(const MtsSwarm *s)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < s->n; i++) {
        sum += s->weights[i];
        squares += s->weights[i] * s->weights[i];
    }
    return sum * sum / squares;
}

/* Which particle owns the point u in [0, N) of the cumulative weights scaled to N. */
static size_t owner(const MtsSwarm *s, double scale, double u)
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
static size_t list_breaks(MtsSwarm *s, double scale, double k)
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
static size_t draw_particle(MtsSearch *search, MtsSwarm *s, MtsRng *rng, double scale, size_t k, double *u)
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

static void resample(MtsSearch *search, MtsSwarm *s, size_t depth)
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
    MtsParticle *before = s->particles;
    s->particles = s->drawn;
    s->drawn = before;
}

/* The tilts that were left to the end. */
static void count_tilts(MtsSwarm *s)
{
    for (size_t i = 0; i < s->n; i++) {
        MtsParticle *p = &s->particles[i];
        p->log_w = p->to_come == -HUGE_VAL ? -HUGE_VAL : p->log_w + p->to_come;
    }
}

/* From the root until no particle goes on. */
static int lead_swarm(MtsSearch *search, MtsSwarm *s, const MtsSwarmOps *ops, MtsError *err)
{
    MtsSwarmTotal *total = search->own;
    total->log_z = (double)NAN;
    for (size_t depth = 0, count; (count = list_live(s)) > 0; depth++) {
        bool go = true;
        int rc = mts_population_extend(search, s->live, count, &go, err);
        if (rc || !go) {
            return rc;
        }
        if ((ops->ahead && (rc = ops->ahead(search, s, err))) || (rc = select_tokens(search, s, ops, depth, err)) ||
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
    total->log_z = s->log_z + mean_weight(s);
    total->whole = true;
    return MTS_OK;
}

static int back_up(MtsSearch *search, MtsSwarm *s, MtsError *err)
{
    int rc = MTS_OK;
    bool none = mean_weight(s) == -HUGE_VAL; /* then texts of no weight are what there is to tell */
    for (size_t i = 0; i < s->n && !rc; i++) {
        const MtsParticle *p = &s->particles[i];
        if (p->node->finished && (none || p->log_w != -HUGE_VAL)) {
            rc = mts_population_back_up(search, p->node, p->log_q, s->log_z + p->log_w, err);
        }
    }
    return rc;
}

int mts_swarm_lead(MtsSearch *search, const MtsSwarmOps *ops, MtsError *err)
{
    size_t n = search->settings.rollouts;
    MtsSwarm s = {.particles = mts_calloc(n, sizeof *s.particles),
                  .drawn = mts_calloc(n, sizeof *s.drawn),
                  .live = mts_calloc(n, sizeof(MtsNode *)),
                  .weights = mts_calloc(n, sizeof *s.weights),
                  .breaks = mts_calloc(n, sizeof *s.breaks),
                  .n = n};
    int rc = s.particles && s.drawn && s.live && s.weights && s.breaks ? MTS_OK : mts_out_of_memory(err);
    for (size_t i = 0; !rc && i < n; i++) {
        s.particles[i].node = search->nodes.root;
    }
    (void)(rc || (rc = lead_swarm(search, &s, ops, err)) || (rc = back_up(search, &s, err)));
    search->stop_reason = search->stop_reason ? search->stop_reason : "rollouts";
    free(s.particles);
    free(s.drawn);
    free((void *)s.live);
    free((void *)s.asked);
    free(s.weights);
    free(s.breaks);
    return rc;
}

void mts_swarm_estimate(const MtsSearch *search, double *log_z, double *se)
{
    const MtsSwarmTotal *total = search->own;
    (void)se;
    if (total->whole) {
        *log_z = total->log_z;
    }
}
