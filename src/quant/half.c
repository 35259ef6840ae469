/* quant/half.c - the 16-bit floating-point formats, by integer arithmetic on the bits.
 *
 * binary16: 1 sign, 5 exponent (bias 15), 10 fraction bits; bfloat16: the upper half of a binary32. Both embed in
 * binary32 exactly. A signalling NaN stays the NaN it is, so widening loses no bit of any input. */
#include "quant/quant.h"

#include <string.h>

static float from_bits(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

float mts_f16_to_f32(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16;
    uint32_t exponent = h >> 10 & 31, fraction = h & 0x3FF;
    if (exponent == 31) { /* infinity, NaN */
        return from_bits(sign | 0x7F800000 | fraction << 13);
    }
    if (exponent == 0) { /* zero, or fraction * 2^-24, which binary32 holds as a normal number */
        float magnitude = (float)fraction * 0x1p-24f;
        return sign ? -magnitude : magnitude;
    }
    return from_bits(sign | (exponent + 127 - 15) << 23 | fraction << 13);
}

uint16_t mts_f32_to_f16(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    bits &= 0x7FFFFFFF;
    if (bits > 0x7F800000) { /* NaN: quiet, with the payload's upper bits */
        return (uint16_t)(sign | 0x7E00 | (bits >> 13 & 0x3FF));
    }
    if (bits >= 0x47800000) { /* 2^16 and above, infinity */
        return (uint16_t)(sign | 0x7C00);
    }
    uint32_t kept, rest, half; /* the result before rounding, what is cut off, and half a unit of it */
    if (bits >= 0x38800000) {  /* 2^-14 and above: a normal number */
        kept = (bits >> 13) - ((127 - 15) << 10);
        rest = bits & 0x1FFF;
        half = 0x1000;
    } else if (bits >= 0x33000000) { /* 2^-25 and above: a multiple of 2^-24 */
        uint32_t shift = 126 - (bits >> 23);
        uint32_t significand = (bits & 0x7FFFFF) | 0x800000;
        kept = significand >> shift;
        rest = significand & ((1u << shift) - 1);
        half = 1u << (shift - 1);
    } else {
        return sign;
    }
    if (rest > half || (rest == half && (kept & 1))) {
        kept++; /* may carry into the exponent, up to infinity: that is the right rounding */
    }
    return (uint16_t)(sign | kept);
}

float mts_bf16_to_f32(uint16_t h)
{
    return from_bits((uint32_t)h << 16);
}
