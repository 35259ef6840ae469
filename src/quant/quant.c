/* quant/quant.c - from blocks to fp32, one plain loop for each type; formulas and layouts are in blocks.h. */
#include "quant/quant.h"

#include <assert.h>
#include <string.h>

#include "quant/blocks.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "weights are read in place: this library needs a little-endian processor"
#endif

/* By type id, ids without a name included so that a refusal can say what it refuses. */
static const struct {
    const char *name;
    uint16_t elements, bytes; /* 0: not read by this library */
} types[] = {
    {"F32", 1, 4},
    {"F16", 1, 2},
    {"Q4_0", 32, sizeof(MtsBlockQ4_0)},
    {"Q4_1", 32, sizeof(MtsBlockQ4_1)},
    {"Q4_2", 0, 0},
    {"Q4_3", 0, 0},
    {"Q5_0", 32, sizeof(MtsBlockQ5_0)},
    {"Q5_1", 32, sizeof(MtsBlockQ5_1)},
    {"Q8_0", 32, sizeof(MtsBlockQ8_0)},
    {"Q8_1", 0, 0},
    {"Q2_K", 0, 0},
    {"Q3_K", 0, 0},
    {"Q4_K", 256, sizeof(MtsBlockQ4_K)},
    {"Q5_K", 256, sizeof(MtsBlockQ5_K)},
    {"Q6_K", 256, sizeof(MtsBlockQ6_K)},
    {"Q8_K", 0, 0},
    {"IQ2_XXS", 0, 0},
    {"IQ2_XS", 0, 0},
    {"IQ3_XXS", 0, 0},
    {"IQ1_S", 0, 0},
    {"IQ4_NL", 0, 0},
    {"IQ3_S", 0, 0},
    {"IQ2_S", 0, 0},
    {"IQ4_XS", 0, 0},
    {"I8", 0, 0},
    {"I16", 0, 0},
    {"I32", 0, 0},
    {"I64", 0, 0},
    {"F64", 0, 0},
    {"IQ1_M", 0, 0},
    {"BF16", 1, 2},
    {NULL, 0, 0},
    {NULL, 0, 0},
    {NULL, 0, 0},
    {"TQ1_0", 0, 0},
    {"TQ2_0", 0, 0},
    {NULL, 0, 0},
    {NULL, 0, 0},
    {NULL, 0, 0},
    {"MXFP4", 0, 0},
};

enum { TYPES = sizeof types / sizeof types[0] };

bool mts_type_block(uint32_t type, size_t *elements, size_t *bytes)
{
    if (type >= TYPES || types[type].elements == 0) {
        return false;
    }
    *elements = types[type].elements;
    *bytes = types[type].bytes;
    return true;
}

const char *mts_type_name(uint32_t type)
{
    return type < TYPES && types[type].name ? types[type].name : "unknown";
}

static void from_f16(const uint16_t *x, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = mts_f16_to_f32(x[i]);
    }
}

static void from_bf16(const uint16_t *x, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = mts_bf16_to_f32(x[i]);
    }
}

static void from_q8_0(const MtsBlockQ8_0 *b, float *out)
{
    float d = mts_f16_to_f32(b->d);
    for (int j = 0; j < 32; j++) {
        out[j] = d * (float)b->qs[j];
    }
}

static void from_q4_0(const MtsBlockQ4_0 *b, float *out)
{
    float d = mts_f16_to_f32(b->d);
    for (int j = 0; j < 16; j++) {
        out[j] = d * (float)((b->qs[j] & 15) - 8);
        out[j + 16] = d * (float)((b->qs[j] >> 4) - 8);
    }
}

static void from_q4_1(const MtsBlockQ4_1 *b, float *out)
{
    float d = mts_f16_to_f32(b->d), m = mts_f16_to_f32(b->m);
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

static void from_q5_0(const MtsBlockQ5_0 *b, float *out)
{
    float d = mts_f16_to_f32(b->d);
    int q[32];
    five_bits(b->qh, b->qs, q);
    for (int j = 0; j < 32; j++) {
        out[j] = d * (float)(q[j] - 16);
    }
}

static void from_q5_1(const MtsBlockQ5_1 *b, float *out)
{
    float d = mts_f16_to_f32(b->d), m = mts_f16_to_f32(b->m);
    int q[32];
    five_bits(b->qh, b->qs, q);
    for (int j = 0; j < 32; j++) {
        out[j] = d * (float)q[j] + m;
    }
}

static void from_q4_k(const MtsBlockQ4_K *b, float *out)
{
    float d = mts_f16_to_f32(b->d), dmin = mts_f16_to_f32(b->dmin);
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

static void from_q5_k(const MtsBlockQ5_K *b, float *out)
{
    float d = mts_f16_to_f32(b->d), dmin = mts_f16_to_f32(b->dmin);
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

static void from_q6_k(const MtsBlockQ6_K *b, float *out)
{
    float d = mts_f16_to_f32(b->d);
    for (int k = 0; k < 8; k++) { /* runs of 32 elements: run r = k / 4, i = k % 4 */
        const uint8_t *ql = b->ql + k / 4 * 64 + k % 2 * 32, *qh = b->qh + k / 4 * 32;
        int low = k % 4 / 2 * 4, high = k % 4 * 2;
        for (int j = 0; j < 32; j++) {
            int q = (ql[j] >> low & 15) | (qh[j] >> high & 3) << 4;
            out[32 * k + j] = d * (float)b->scales[2 * k + j / 16] * (float)(q - 32);
        }
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
    const unsigned char *in = blocks;
    switch (type) {
    case MTS_TYPE_F32:
        memcpy(out, blocks, n * sizeof *out);
        return;
    case MTS_TYPE_F16:
        from_f16(blocks, out, n);
        return;
    case MTS_TYPE_BF16:
        from_bf16(blocks, out, n);
        return;
    default:
        break;
    }
    for (size_t done = 0; done < n; done += elements, in += bytes) {
        const void *block = in;
        switch (type) {
        case MTS_TYPE_Q8_0:
            from_q8_0(block, out + done);
            break;
        case MTS_TYPE_Q4_0:
            from_q4_0(block, out + done);
            break;
        case MTS_TYPE_Q4_1:
            from_q4_1(block, out + done);
            break;
        case MTS_TYPE_Q5_0:
            from_q5_0(block, out + done);
            break;
        case MTS_TYPE_Q5_1:
            from_q5_1(block, out + done);
            break;
        case MTS_TYPE_Q4_K:
            from_q4_k(block, out + done);
            break;
        case MTS_TYPE_Q5_K:
            from_q5_k(block, out + done);
            break;
        case MTS_TYPE_Q6_K:
            from_q6_k(block, out + done);
            break;
        default:
            return;
        }
    }
}
