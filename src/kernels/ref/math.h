/* kernels/ref/math.h - exp and what is made of it, the scalar twins: SIMD code does these operations in this order.
 *
 * exp(x) = 2^n exp(r), n = rint(x log2 e), r = x - n ln 2 in two steps (ln 2 as a sum of a 15-bit number, whose
 * products with n are exact, and the rest), |r| <= ln 2 / 2. On that interval exp(r) is 1 + r + r^2 (c2 + c3 r + .. +
 * c6 r^4), a minimax fit of relative error 2^-28.3, so the rounding of the last operations is nearly all the error
 * there is. n comes from adding and subtracting 1.5 * 2^23, which rounds to integer and leaves n in the low bits. */
#ifndef MTS_KERNELS_REF_MATH_H
#define MTS_KERNELS_REF_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define MTS_EXP_LOW (-87.0f) /* below: 0 */
#define MTS_EXP_HIGH 88.0f   /* above: exp(88) */
#define MTS_EXP_LOG2E 0x1.715476p+0f
#define MTS_EXP_LN2_HI 0x1.62e4p-1f
#define MTS_EXP_LN2_LO 0x1.7f7d1cp-20f
#define MTS_EXP_ROUND 0x1.8p+23f
#define MTS_EXP_C2 0x1.fffffcp-2f
#define MTS_EXP_C3 0x1.555492p-3f
#define MTS_EXP_C4 0x1.5558f2p-5f
#define MTS_EXP_C5 0x1.123a2p-7f
#define MTS_EXP_C6 0x1.6a23dp-10f

#define MTS_GELU_INNER 0.044715f
#define MTS_GELU_OUTER 0.7978845608f /* sqrt(2 / pi) */

static inline float mts_ref_exp(float x)
{
    float y = x > MTS_EXP_HIGH ? MTS_EXP_HIGH : x; /* a NaN passes */
    float t = fmaf(y, MTS_EXP_LOG2E, MTS_EXP_ROUND);
    float n = t - MTS_EXP_ROUND;
    float r = fmaf(n, -MTS_EXP_LN2_HI, y);
    r = fmaf(n, -MTS_EXP_LN2_LO, r);
    float p = fmaf(MTS_EXP_C6, r, MTS_EXP_C5);
    p = fmaf(p, r, MTS_EXP_C4);
    p = fmaf(p, r, MTS_EXP_C3);
    p = fmaf(p, r, MTS_EXP_C2);
    p = fmaf(p, r, 1.0f);
    p = fmaf(p, r, 1.0f);
    uint32_t bits;
    memcpy(&bits, &t, sizeof bits);
    bits = (bits << 23) + 0x3F800000u; /* 2^n */
    float power;
    memcpy(&power, &bits, sizeof power);
    return x < MTS_EXP_LOW ? 0.0f : p * power;
}

static inline float mts_ref_silu(float g)
{
    return g / (1.0f + mts_ref_exp(-g));
}

static inline float mts_ref_gelu(float g)
{
    float t = MTS_GELU_OUTER * fmaf(MTS_GELU_INNER * (g * g), g, g);
    return g / (1.0f + mts_ref_exp(-2.0f * t));
}

/* The tree that ends every sum: p[i] += p[i + 8], then 4, 2, 1. */
static inline float mts_ref_tree(float p[16])
{
    for (int step = 8; step > 0; step /= 2) {
        for (int i = 0; i < step; i++) {
            p[i] += p[i + step];
        }
    }
    return p[0];
}

#endif
