/* core/rng.h - the only source of chance.
 *
 * A counter-based stream (Philox4x32-10: Salmon, Moraes, Dror and Shaw, "Parallel random numbers:
 * as easy as 1, 2, 3", SC 2011). The key is the seed, the counter is (stream, step, draw), so the
 * n-th number of step t of rollout i is the same whichever thread asks for it, and when.
 */
#ifndef MTS_CORE_RNG_H
#define MTS_CORE_RNG_H

#include <stdint.h>

typedef struct MtsRng {
    uint64_t seed;   /* of the whole run */
    uint64_t stream; /* rollout, particle, or whatever draws independently */
    uint32_t step;   /* token position within the stream */
    uint32_t draw;   /* how many blocks this step has used; starts at 0 */
} MtsRng;

/* The ten-round bijection itself: 128 counter bits and 64 key bits to 128 random bits. */
void mts_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

MtsRng mts_rng(uint64_t seed, uint64_t stream, uint32_t step);

/* 64 random bits; a double in [0, 1) with 53 random bits; one in (0, 1), never 0, for logarithms. */
uint64_t mts_rng_bits(MtsRng *rng);
double mts_rng_uniform(MtsRng *rng);
double mts_rng_open(MtsRng *rng);

/* Standard Gumbel: -log(-log(u)). */
double mts_rng_gumbel(MtsRng *rng);

#endif
