/* quant/quant.c - from blocks to fp32, one plain loop for each type; formulas and layouts are in types.h. */
#include "quant/quant.h"

#include <assert.h>
#include <stdio.h>

#include "core/endian.h"

/* Names of types that are not read stand here too, so that a refusal can say what it refuses. What has a row in types.h
 * must not: one number twice does not compile. */
static const char *const names[] = {
#define NAME(name, id, ...) [id] = #name,
    MTS_WEIGHT_TYPES(NAME)
#undef NAME
        [4] = "Q4_2",
    [5] = "Q4_3",
    [9] = "Q8_1",
    [10] = "Q2_K",
    [11] = "Q3_K",
    [15] = "Q8_K",
    [16] = "IQ2_XXS",
    [17] = "IQ2_XS",
    [18] = "IQ3_XXS",
    [19] = "IQ1_S",

    [21] = "IQ3_S",
    [22] = "IQ2_S",
    [23] = "IQ4_XS",
    [24] = "I8",
    [25] = "I16",
    [26] = "I32",
    [27] = "I64",
    [28] = "F64",
    [29] = "IQ1_M",
    [34] = "TQ1_0",
    [35] = "TQ2_0",
    [39] = "MXFP4",
};

bool mts_type_block(uint32_t type, size_t *elements, size_t *bytes)
{
    *elements = type < MTS_TYPES ? mts_type_elements((MtsType)type) : 0;
    *bytes = type < MTS_TYPES ? mts_type_bytes((MtsType)type) : 0;
    return *elements > 0;
}

const char *mts_type_name(uint32_t type)
{
    return type < sizeof names / sizeof names[0] && names[type] ? names[type] : "unknown";
}

char *mts_type_list(char out[MTS_TYPE_LIST])
{
    static const char *const read[] = {
#define NAME(name, ...) #name,
        MTS_WEIGHT_TYPES(NAME)
#undef NAME
    };
    enum { COUNT = sizeof read / sizeof read[0] };
    size_t at = 0;
    for (size_t i = 0; i < COUNT && at < MTS_TYPE_LIST; i++) {
        const char *before = i == 0 ? "" : i + 1 < COUNT ? ", " : " and ";
        at += (size_t)snprintf(out + at, MTS_TYPE_LIST - at, "%s%s", before, read[i]);
    }
    return out;
}

static void from_F32(const float *x, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = mts_load_f32(x + i);
    }
}

static float half(uint16_t of_file)
{
    return mts_f16_to_f32(mts_le16(of_file));
}

static void from_F16(const uint16_t *x, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = half(x[i]);
    }
}

static void from_BF16(const uint16_t *x, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = mts_bf16_to_f32(mts_le16(x[i]));
    }
}

static void from_Q8_0(const MtsBlockQ8_0 *b, float *out)
{
    float d = half(b->d);
    for (int j = 0; j < 32; j++) {
        out[j] = d * (float)b->qs[j];
    }
}

static void from_Q4_0(const MtsBlockQ4_0 *b, float *out)
{
    float d = half(b->d);
    for (int j = 0; j < 16; j++) {
        out[j] = d * (float)((b->qs[j] & 15) - 8);
        out[j + 16] = d * (float)((b->qs[j] >> 4) - 8);
    }
}

static void from_Q4_1(const MtsBlockQ4_1 *b, float *out)
{
    float d = half(b->d), m = half(b->m);
    for (int j = 0; j < 16; j++) {
        out[j] = d * (float)(b->qs[j] & 15) + m;
        out[j + 16] = d * (float)(b->qs[j] >> 4) + m;
    }
}

/* The 32 quants of a 5-bit block. */
static void five_bits(const uint8_t qh[4], const uint8_t qs[16], int q[32])
{
    for (int j = 0; j < 16; j++) {
        q[j] = (qs[j] & 15) | (qh[j / 8] >> j % 8 & 1) << 4;
        q[j + 16] = (qs[j] >> 4) | (qh[2 + j / 8] >> j % 8 & 1) << 4;
    }
}

static void from_Q5_0(const MtsBlockQ5_0 *b, float *out)
{
    float d = half(b->d);
    int q[32];
    five_bits(b->qh, b->qs, q);
    for (int j = 0; j < 32; j++) {
        out[j] = d * (float)(q[j] - 16);
    }
}

static void from_Q5_1(const MtsBlockQ5_1 *b, float *out)
{
    float d = half(b->d), m = half(b->m);
    int q[32];
    five_bits(b->qh, b->qs, q);
    for (int j = 0; j < 32; j++) {
        out[j] = d * (float)q[j] + m;
    }
}

static void from_Q4_K(const MtsBlockQ4_K *b, float *out)
{
    float d = half(b->d), dmin = half(b->dmin);
    for (int i = 0; i < 8; i++) {
        uint8_t s, t;
        mts_scale_min(b->scales, i, &s, &t);
        float scale = d * (float)s, min = dmin * (float)t;
        const uint8_t *qs = b->qs + i / 2 * 32;
        int shift = i % 2 * 4;
        for (int j = 0; j < 32; j++) {
            out[32 * i + j] = scale * (float)(qs[j] >> shift & 15) - min;
        }
    }
}

static void from_Q5_K(const MtsBlockQ5_K *b, float *out)
{
    float d = half(b->d), dmin = half(b->dmin);
    for (int i = 0; i < 8; i++) {
        uint8_t s, t;
        mts_scale_min(b->scales, i, &s, &t);
        float scale = d * (float)s, min = dmin * (float)t;
        const uint8_t *qs = b->qs + i / 2 * 32;
        int shift = i % 2 * 4;
        for (int j = 0; j < 32; j++) {
            int q = (qs[j] >> shift & 15) | (b->qh[j] >> i & 1) << 4;
            out[32 * i + j] = scale * (float)q - min;
        }
    }
}

static void from_Q6_K(const MtsBlockQ6_K *b, float *out)
{
    float d = half(b->d);
    for (int k = 0; k < 8; k++) { /* runs of 32 elements: run r = k / 4, i = k % 4 */
        const uint8_t *ql = b->ql + k / 4 * 64 + k % 2 * 32, *qh = b->qh + k / 4 * 32;
        int low = k % 4 / 2 * 4, high = k % 4 * 2;
        for (int j = 0; j < 32; j++) {
            int q = (ql[j] >> low & 15) | (qh[j] >> high & 3) << 4;
            out[32 * k + j] = d * (float)b->scales[2 * k + j / 16] * (float)(q - 32);
        }
    }
}

static void from_IQ4_NL(const MtsBlockIQ4_NL *b, float *out)
{
    float d = half(b->d);
    for (int j = 0; j < 16; j++) {
        out[j] = d * (float)mts_iq4_nl[b->qs[j] & 15];
        out[j + 16] = d * (float)mts_iq4_nl[b->qs[j] >> 4];
    }
}

void mts_dequantize(MtsType type, const void *blocks, float *out, size_t n)
{
    size_t elements, bytes;
    bool known = mts_type_block((uint32_t)type, &elements, &bytes);
    assert(known && n % elements == 0);
    if (!known) {
        return;
    }
    switch (type) {
#define DENSE(name, ...)                                                                                               \
    case MTS_TYPE_##name:                                                                                              \
        from_##name(blocks, out, n);                                                                                   \
        break;
#define QUANT(name, id, block, per, ...)                                                                               \
    case MTS_TYPE_##name:                                                                                              \
        for (size_t i = 0; i < n / (per); i++) {                                                                       \
            from_##name((const block *)blocks + i, out + i * (per));                                                   \
        }                                                                                                              \
        break;
        MTS_DENSE_TYPES(DENSE)
        MTS_QUANT_TYPES(QUANT)
#undef DENSE
#undef QUANT
    }
}
