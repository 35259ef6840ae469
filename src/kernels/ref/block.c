/* kernels/ref/block.c - one packed block as plain numbers; the layout is that of weights.h. */
#include "kernels/ref/block.h"

#include <string.h>

static uint16_t word_at(const unsigned char *p, size_t at)
{
    uint16_t h;
    memcpy(&h, p + 2 * at, sizeof h);
    return h;
}

static float half_at(const unsigned char *p, size_t r)
{
    return mts_f16_to_f32(word_at(p, r));
}

static int signed_byte(unsigned char c)
{
    return c < 128 ? c : c - 256;
}

/* Quants of rows [r0, r1), `bits` being a constant. */
static inline void unpack_bits(MtsRefBlock *x, const int bits, const unsigned char *group, size_t b, size_t r0,
                               size_t r1)
{
    const unsigned char *vectors = group + 64 * (size_t)bits * b;
    size_t n;
    const MtsPiece *pieces = mts_pieces(bits, &n);
    for (size_t r = r0; r < r1; r++) {
        for (size_t k = 0; k < 32; k++) { /* operand k / 4, byte 4 r + k % 4 */
            x->u[r][k] = k < 4 * (size_t)bits ? vectors[16 * (k - k % 4) + 4 * r + k % 4] & ((1 << bits) - 1) : 0;
        }
        for (size_t i = 0; i < n; i++) {
            const MtsPiece *p = &pieces[i];
            for (size_t t = 0; t < 4; t++) {
                unsigned from = vectors[64 * (size_t)p->vector + 4 * r + t];
                x->u[r][4 * (size_t)p->operand + t] |= (uint8_t)((from >> p->from & ((1u << p->width) - 1)) << p->to);
            }
        }
    }
}

static void unpack_quants(MtsRefBlock *x, MtsType type, const unsigned char *group, size_t b, size_t r0, size_t r1)
{
    switch (mts_type_bits(type)) {
#define BITS(n)                                                                                                        \
    case n:                                                                                                            \
        unpack_bits(x, n, group, b, r0, r1);                                                                           \
        break;
        BITS(4)
        BITS(5)
        BITS(6)
        BITS(8)
#undef BITS
    }
    const int8_t *codebook = mts_type_codebook(type);
    for (size_t r = r0; codebook && r < r1; r++) {
        for (size_t k = 0; k < 32; k++) {
            x->u[r][k] = (uint8_t)(codebook[x->u[r][k]] + (int)mts_type_zero(type));
        }
    }
}

void mts_ref_rows(MtsRefBlock *x, MtsType type, const unsigned char *group, size_t cols, size_t b, size_t r0, size_t r1)
{
    const MtsSections at = mts_sections(type, cols);
    const unsigned char *scales = group + at.scales + mts_scale_bytes(type) * b;
    const unsigned char *supers = group + at.supers + mts_super_bytes(type) * (b / 8);
    unpack_quants(x, type, group, b, r0, r1);
    x->zero = (int)mts_type_zero(type);
    x->has_min = mts_has_min(type);
    for (size_t r = r0; r < r1; r++) {
        x->sub[0][r] = x->sub[1][r] = 1;
        x->m[r] = 0;
        switch (mts_type_scaling(type)) {
        case MTS_SCALE:
            x->w[r] = half_at(scales, r);
            break;
        case MTS_SCALE_MIN:
            x->w[r] = half_at(scales, r);
            x->m[r] = half_at(scales + 32, r);
            break;
        case MTS_SUB_SCALE_MIN:
            x->w[r] = half_at(supers, r) * (float)scales[r];
            x->m[r] = -(half_at(supers + 32, r) * (float)scales[16 + r]);
            break;
        case MTS_SUB_HALVES:
            x->w[r] = half_at(supers, r);
            x->sub[0][r] = signed_byte(scales[r]);
            x->sub[1][r] = signed_byte(scales[16 + r]);
            break;
        }
    }
}

void mts_ref_block(MtsRefBlock *x, MtsType type, const unsigned char *group, size_t cols, size_t b)
{
    mts_ref_rows(x, type, group, cols, b, 0, MTS_GROUP);
}

static float dense_F32(const unsigned char *group, size_t at)
{
    float f;
    memcpy(&f, group + 4 * at, sizeof f);
    return f;
}

static float dense_F16(const unsigned char *group, size_t at)
{
    return mts_f16_to_f32(word_at(group, at));
}

static float dense_BF16(const unsigned char *group, size_t at)
{
    return mts_bf16_to_f32(word_at(group, at));
}

float mts_ref_dense(MtsType type, const unsigned char *group, size_t at)
{
    switch (type) {
#define DENSE(name, ...)                                                                                               \
    case MTS_TYPE_##name:                                                                                              \
        return dense_##name(group, at);
#define QUANT(name, ...) case MTS_TYPE_##name:
        MTS_DENSE_TYPES(DENSE)
        MTS_QUANT_TYPES(QUANT)
#undef DENSE
#undef QUANT
        break; /* in blocks: mts_ref_block() */
    }
    return 0;
}
