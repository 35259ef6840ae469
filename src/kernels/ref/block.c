#include "kernels/ref/block.h"

#include <string.h>

static float half_at(const unsigned char *p, size_t r)
{
    uint16_t h;
    memcpy(&h, p + 2 * r, sizeof h);
    return mts_f16_to_f32(h);
}

static int signed_byte(unsigned char c)
{
    return c < 128 ? c : c - 256;
}

/* Quants of rows [r0, r1): bits 0..3 from the nibbles, 4 and 5 from the plane. */
static void unpack_quants(MtsRefBlock *x, MtsType type, const unsigned char *group, size_t plane_at, size_t b,
                          size_t r0, size_t r1)
{
    const unsigned char *nibbles = group + 256 * b, *bytes = group + 512 * b, *plane = group + plane_at;
    for (size_t r = r0; r < r1; r++) {
        for (size_t k = 0; k < 32; k++) {
            size_t j = k / 4, lane = 4 * r + k % 4; /* operand, byte */
            unsigned u = nibbles[64 * (j % 4) + lane] >> (j < 4 ? 0 : 4) & 15;
            switch (type) {
            case MTS_TYPE_Q8_0:
                u = bytes[64 * j + lane];
                break;
            case MTS_TYPE_Q6_K:
                u |= (plane[128 * b + 64 * (j / 4) + lane] >> 2 * (j % 4) & 3u) << 4;
                break;
            case MTS_TYPE_Q5_0:
            case MTS_TYPE_Q5_1:
            case MTS_TYPE_Q5_K:
                u |= (plane[64 * b + 8 * j + lane / 8] >> lane % 8 & 1u) << 4;
                break;
            default:
                break;
            }
            x->u[r][k] = (uint8_t)u;
        }
    }
}

void mts_ref_rows(MtsRefBlock *x, MtsType type, const unsigned char *group, size_t cols, size_t b, size_t r0, size_t r1)
{
    MtsSections at = mts_sections(type, cols);
    const unsigned char *scales = group + at.scales, *supers = group + at.supers;
    unpack_quants(x, type, group, at.plane, b, r0, r1);
    x->zero = type == MTS_TYPE_Q4_0   ? 8
              : type == MTS_TYPE_Q5_0 ? 16
              : type == MTS_TYPE_Q6_K ? 32
              : type == MTS_TYPE_Q8_0 ? 128
                                      : 0;
    x->has_min = x->zero == 0;
    for (size_t r = r0; r < r1; r++) {
        x->sub[0][r] = x->sub[1][r] = 1;
        x->m[r] = 0;
        switch (type) {
        case MTS_TYPE_Q4_1:
        case MTS_TYPE_Q5_1:
            x->w[r] = half_at(scales + 64 * b, r);
            x->m[r] = half_at(scales + 64 * b + 32, r);
            break;
        case MTS_TYPE_Q4_K:
        case MTS_TYPE_Q5_K:
            x->w[r] = half_at(supers + b / 8 * 64, r) * (float)scales[32 * b + r];
            x->m[r] = -(half_at(supers + b / 8 * 64 + 32, r) * (float)scales[32 * b + 16 + r]);
            break;
        case MTS_TYPE_Q6_K:
            x->w[r] = half_at(supers + b / 8 * 32, r);
            x->sub[0][r] = signed_byte(scales[32 * b + r]);
            x->sub[1][r] = signed_byte(scales[32 * b + 16 + r]);
            break;
        default:
            x->w[r] = half_at(scales + 32 * b, r);
            break;
        }
    }
}

void mts_ref_block(MtsRefBlock *x, MtsType type, const unsigned char *group, size_t cols, size_t b)
{
    mts_ref_rows(x, type, group, cols, b, 0, MTS_GROUP);
}

float mts_ref_dense(MtsType type, const unsigned char *group, size_t at)
{
    if (type == MTS_TYPE_F32) {
        float f;
        memcpy(&f, group + 4 * at, sizeof f);
        return f;
    }
    uint16_t h;
    memcpy(&h, group + 2 * at, sizeof h);
    return type == MTS_TYPE_F16 ? mts_f16_to_f32(h) : mts_bf16_to_f32(h);
}
