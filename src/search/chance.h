/* search/chance.h - the one place where search draws.
 *
 * Every random decision of every method is either the pick of an index by weight or a uniform number that
 * acts through known breakpoints. Both come from the counter-based stream of core/rng.h. A proof replaces the
 * stream by a script that takes every branch in turn and multiplies up its probability; that a method is
 * unbiased is then a finite sum, not a statistic. */
#ifndef MTS_SEARCH_CHANCE_H
#define MTS_SEARCH_CHANCE_H

#include <stddef.h>

#include "core/rng.h"

typedef struct MtsScript { /* in place of the stream; for proofs */
    void *context;
    /* An index in [0, n) with weights[index] > 0. */
    size_t (*pick)(void *context, const double *weights, size_t n);
    /* A number in [0, 1) inside one of the intervals that breaks[0..n), ascending, cut [0, 1) into. */
    double (*uniform)(void *context, const double *breaks, size_t n);
} MtsScript;

/* An index drawn with probability weights[i] / sum. Weights are finite and >= 0, at least one is > 0. */
size_t mts_pick(const MtsScript *script, MtsRng *rng, const double *weights, size_t n);

/* A uniform number in [0, 1) whose only effect is which of the intervals between `breaks` it falls in. */
double mts_uniform(const MtsScript *script, MtsRng *rng, const double *breaks, size_t n);

#endif
