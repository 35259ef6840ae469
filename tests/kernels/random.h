/* tests/kernels/random.h - inputs for the tests of the kernels. */
#ifndef MTS_TESTS_KERNELS_RANDOM_H
#define MTS_TESTS_KERNELS_RANDOM_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/rng.h"
#include "quant/quant.h"

static inline void fill_bytes(MtsRng *rng, void *out, size_t n)
{
    for (size_t i = 0; i < n; i += 8) {
        uint64_t bits = mts_rng_bits(rng);
        memcpy((char *)out + i, &bits, n - i < 8 ? n - i : 8);
    }
}

/* Roughly normal numbers of standard deviation `size`. */
static inline void fill_normal(MtsRng *rng, float *out, size_t n, float size)
{
    for (size_t i = 0; i < n; i++) {
        double sum = -6;
        for (int j = 0; j < 12; j++) {
            sum += mts_rng_uniform(rng);
        }
        out[i] = (float)sum * size;
    }
}

/* One random f16 of magnitude about 2^-9 .. 2^-2, as scales are. */
static inline uint16_t random_half(MtsRng *rng)
{
    uint64_t bits = mts_rng_bits(rng);
    return (uint16_t)((bits & 0x83FF) | (6 + (bits >> 16 & 7)) << 10);
}

/* n elements of a tensor of any type: random quants, reasonable scales. */
static inline void fill_tensor(MtsRng *rng, MtsType type, void *out, size_t n)
{
    size_t elements, bytes, halves[2], count = 0;
    mts_type_block(type, &elements, &bytes);
    unsigned char *p = out;
    fill_bytes(rng, p, n / elements * bytes);
    switch (type) {
    case MTS_TYPE_F32:
        fill_normal(rng, out, n, 0.1f);
        return;
    case MTS_TYPE_BF16:
        for (size_t i = 0; i < n; i++) {
            float x;
            fill_normal(rng, &x, 1, 0.1f);
            memcpy(p + 2 * i, (char *)&x + 2, 2);
        }
        return;
    case MTS_TYPE_Q6_K:
        halves[count++] = 208;
        break;
    case MTS_TYPE_Q4_1:
    case MTS_TYPE_Q5_1:
    case MTS_TYPE_Q4_K:
    case MTS_TYPE_Q5_K:
        halves[count++] = 0;
        halves[count++] = 2;
        break;
    default:
        halves[count++] = 0;
        break;
    }
    for (size_t i = 0; i < n / elements; i++) {
        for (size_t j = 0; j < count; j++) {
            uint16_t h = random_half(rng);
            memcpy(p + i * bytes + halves[j], &h, sizeof h);
        }
    }
}

/* The same bits, or both NaNs. */
static inline int same_float(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static const MtsType every_type[] = {MTS_TYPE_F32,  MTS_TYPE_F16,  MTS_TYPE_BF16, MTS_TYPE_Q8_0,
                                     MTS_TYPE_Q4_0, MTS_TYPE_Q4_1, MTS_TYPE_Q5_0, MTS_TYPE_Q5_1,
                                     MTS_TYPE_Q4_K, MTS_TYPE_Q5_K, MTS_TYPE_Q6_K};
enum { EVERY_TYPE = sizeof every_type / sizeof every_type[0] };

#endif
