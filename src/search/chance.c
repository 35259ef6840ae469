/* search/chance.c - see chance.h. */
#include "search/chance.h"

size_t mts_pick(const MtsScript *script, MtsRng *rng, const double *weights, size_t n)
{
    if (script) {
        return script->pick(script->context, weights, n);
    }
    double total = 0;
    for (size_t i = 0; i < n; i++) {
        total += weights[i];
    }
    double target = mts_rng_uniform(rng) * total, sum = 0;
    size_t last = 0;
    for (size_t i = 0; i < n; i++) {
        if (weights[i] > 0) {
            last = i;
            sum += weights[i];
            if (sum > target) {
                return i;
            }
        }
    }
    return last; /* target rounded up to the total */
}

double mts_uniform(const MtsScript *script, MtsRng *rng, const double *breaks, size_t n)
{
    return script ? script->uniform(script->context, breaks, n) : mts_rng_uniform(rng);
}
