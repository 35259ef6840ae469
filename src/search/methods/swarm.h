/* search/methods/swarm.h - N particles that go forward token by token, are weighed and resampled: SMC's and AWRS-SMC's.
 *
 * A method says how a particle draws its next token, properly weighted: with q(a, W) the law of token and weight,
 * E[W 1(a)] = p(a|s). The swarm does the rest: potentials, resampling, the estimate of Z (methods/smc.c derives it). */
#ifndef MTS_SEARCH_METHODS_SWARM_H
#define MTS_SEARCH_METHODS_SWARM_H

#include "search/search.h"

typedef struct MtsParticle {
    MtsNode *node;
    double log_w, log_q;
    double to_come; /* without rewards of prefixes: the tilt of its text, which counts at the end */
} MtsParticle;

typedef struct MtsSwarm {
    MtsParticle *particles, *drawn; /* [n] */
    MtsNode **live;                 /* scratch, [n] */
    double *weights;                /* [n] relative to the largest */
    double *breaks;                 /* scratch, [n] */
    MtsNode **asked;                /* scratch of the method's, [asked_cap] */
    size_t asked_cap;
    size_t n;
    double log_z; /* of the resamplings so far */
} MtsSwarm;

typedef struct MtsSwarmTotal { /* search->own of its methods */
    double log_z;
    bool whole; /* the estimate is complete */
} MtsSwarmTotal;

/* Whether it goes on. */
static inline bool mts_particle_is_live(const MtsParticle *p)
{
    return p->log_w != -HUGE_VAL && !p->node->finished;
}

/* lambda phi of a node, which is scored where it has to be. */
double mts_particle_potential(const MtsSearch *search, const MtsNode *node);

/* What a method adds. ahead (may be NULL): before any particle draws at this depth, their nodes evaluated. draw: the
 * next token of a live particle whose node something may follow: moves particle->node to the child and multiplies
 * its weights; without a child to go to it leaves a log_w of -HUGE_VAL. */
typedef struct MtsSwarmOps {
    int (*ahead)(MtsSearch *search, MtsSwarm *swarm, MtsError *err);
    int (*draw)(MtsSearch *search, MtsParticle *particle, MtsRng *rng, MtsError *err);
} MtsSwarmOps;

/* The whole search, for MtsMethodOps.lead and .estimate. */
int mts_swarm_lead(MtsSearch *search, const MtsSwarmOps *ops, MtsError *err);
void mts_swarm_estimate(const MtsSearch *search, double *log_z, double *se);

#endif
