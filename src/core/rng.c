/* core/rng.c - the counter-based stream. */
#include "core/rng.h"

#include <math.h>

void mts_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0;
        uint64_t p1 = (uint64_t)0xCD9E8D57u * c2;
        uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        uint32_t n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        c0 = n0;
        c2 = n2;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

MtsRng mts_rng(uint64_t seed, uint64_t stream, uint32_t step)
{
    MtsRng rng = {seed, stream, step, 0};
    return rng;
}

uint64_t mts_rng_bits(MtsRng *rng)
{
    uint32_t counter[4] = {rng->draw++, rng->step, (uint32_t)rng->stream, (uint32_t)(rng->stream >> 32)};
    uint32_t key[2] = {(uint32_t)rng->seed, (uint32_t)(rng->seed >> 32)};
    uint32_t out[4];
    mts_philox(counter, key, out);
    return (uint64_t)out[1] << 32 | out[0];
}

double mts_rng_uniform(MtsRng *rng)
{
    return (double)(mts_rng_bits(rng) >> 11) * 0x1p-53;
}

double mts_rng_open(MtsRng *rng)
{
    return ((double)(mts_rng_bits(rng) >> 11) + 0.5) * 0x1p-53;
}

double mts_rng_gumbel(MtsRng *rng)
{
    return -log(-log(mts_rng_open(rng)));
}
