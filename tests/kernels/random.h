/* tests/kernels/random.h - inputs for the tests of the kernels. */
#ifndef MTS_TESTS_KERNELS_RANDOM_H
#define MTS_TESTS_KERNELS_RANDOM_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/endian.h"
#include "core/rng.h"
#include "quant/quant.h"

static inline void fill_bytes(MtsRng *rng, void *out, size_t n)
{
    for (size_t i = 0; i < n; i += 8) {
        uint64_t bits = mts_rng_bits(rng);
        memcpy((char *)out + i, &bits, n - i < 8 ? n - i : 8);
    }
}

/* Roughly normal numbers of standard deviation `size`: four uniform ones, all of one draw's bits, whose sum has a
 * variance of 4/12. The draws are most of what these tests take. */
static inline void fill_normal(MtsRng *rng, float *out, size_t n, float size)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = mts_rng_bits(rng);
        double sum = (double)((bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48));
        out[i] = (float)((sum * 0x1p-16 - 2) * 1.7320508075688772) * size;
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
    size_t elements = mts_type_elements(type), bytes = mts_type_bytes(type), halves[2] = {0, 2}, count = 0;
    unsigned char *p = out;
    fill_bytes(rng, p, n / elements * bytes);
    if (type == MTS_TYPE_F32) {
        for (size_t i = 0; i < n; i++) {
            float x;
            uint32_t bits;
            fill_normal(rng, &x, 1, 0.1f);
            memcpy(&bits, &x, sizeof bits);
            mts_store_u32(p + 4 * i, bits);
        }
        return;
    }
    if (type == MTS_TYPE_BF16) {
        for (size_t i = 0; i < n; i++) {
            float x;
            uint32_t bits;
            fill_normal(rng, &x, 1, 0.1f);
            memcpy(&bits, &x, sizeof bits);
            uint16_t upper = mts_le16((uint16_t)(bits >> 16));
            memcpy(p + 2 * i, &upper, sizeof upper);
        }
        return;
    }
    switch (mts_type_scaling(type)) { /* where a block's f16 numbers are; of F16 an element is one */
    case MTS_SCALE:
        count = 1;
        break;
    case MTS_SCALE_MIN:
    case MTS_SUB_SCALE_MIN:
        count = 2;
        break;
    case MTS_SUB_HALVES:
        halves[0] = bytes - 2;
        count = 1;
        break;
    }
    for (size_t i = 0; i < n / elements; i++) {
        for (size_t j = 0; j < count; j++) {
            uint16_t h = mts_le16(random_half(rng));
            memcpy(p + i * bytes + halves[j], &h, sizeof h);
        }
    }
}

/* The same bits, or both NaNs. */
static inline int same_float(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static const MtsType every_type[] = {
#define TYPE(name, ...) MTS_TYPE_##name,
    MTS_WEIGHT_TYPES(TYPE)
#undef TYPE
};
enum { EVERY_TYPE = sizeof every_type / sizeof every_type[0] };

#endif
