/* kernels/simd/tile_f32_template.h - 16 weight rows of any type times fp32 activation rows. Words: simd.h.
 *
 * acc = fmaf(W_k, x_k, acc), k ascending, W_k exact: for each column the 16 weights are made fp32 and meet up to V_TILE
 * broadcast activations. d q + m is one fused multiply-add here and two operations in the scalar twin: the product
 * is exact, so both round once and alike. */
#include "kernels/kernels.h"
#include "kernels/simd/simd.h"

/* x rows i < rows at columns k: acc[i] += w * x. */
MTS_INLINE void meet(vf w, const float *x, size_t x_stride, size_t k, int rows, vf acc[V_TILE])
{
    for (int i = 0; i < rows; i++) {
        acc[i] = v_fma(w, v_set(x[(size_t)i * x_stride + k]), acc[i]);
    }
}

MTS_INLINE vf dense_weights(MtsType type, const unsigned char *p, size_t at)
{
    const uint16_t *half = (const uint16_t *)(const void *)p + at;
    return type == MTS_TYPE_F32   ? v_load((const float *)(const void *)p + at)
           : type == MTS_TYPE_F16 ? v_load_half(half)
                                  : v_load_bfloat(half);
}

MTS_INLINE void block_f32(MtsType type, const unsigned char *group, const MtsSections *at, size_t b, size_t h,
                          const float *x, size_t x_stride, int rows, vf acc[V_TILE])
{
    vi u[8];
    vf w, m, sub[2];
    unpack_operands(type, group, at, b, h, u);
    block_scales(type, group, at, b, h, &w, &m);
    sub[0] = sub[1] = w;
    if (type == MTS_TYPE_Q6_K) {
        sub[0] = v_mul(w, v_load_s8(group + at->scales + 32 * b + h));
        sub[1] = v_mul(w, v_load_s8(group + at->scales + 32 * b + 16 + h));
    }
    for (int j = 0; j < 8; j++) {
        vi rest = u[j];
        for (int i = 0; i < 4; i++) {
            vf q = v_int_to_float(v_and(rest, v_set_int(255)));
            rest = v_shift_right_int(rest, 8);
            if (type_shift(type) == 0) {
                q = v_fma(w, q, m);
            } else {
                q = v_mul(sub[j / 4], v_sub(q, v_set((float)(1 << type_shift(type)))));
            }
            meet(q, x, x_stride, 32 * b + 4 * (size_t)j + (size_t)i, rows, acc);
        }
    }
}

MTS_INLINE void tile_f32_rows(MtsType type, const int rows, const unsigned char *group, size_t cols, const float *x,
                              size_t x_stride, float *y, size_t y_stride, bool add)
{
    const MtsSections at = mts_sections(type, cols);
    for (size_t h = 0; h < MTS_GROUP; h += V_LANES) {
        vf acc[V_TILE];
        for (int i = 0; i < rows; i++) {
            acc[i] = v_zero();
        }
        if (type == MTS_TYPE_F32 || type == MTS_TYPE_F16 || type == MTS_TYPE_BF16) {
            for (size_t k = 0; k < cols; k++) {
                meet(dense_weights(type, group, k * MTS_GROUP + h), x, x_stride, k, rows, acc);
            }
        } else {
            for (size_t b = 0; b < cols / 32; b++) {
                block_f32(type, group, &at, b, h, x, x_stride, rows, acc);
            }
        }
        for (int i = 0; i < rows; i++) {
            float *out = y + (size_t)i * y_stride + h;
            v_store(out, add ? v_add(v_load(out), acc[i]) : acc[i]);
        }
    }
}

/* Full shares of V_TILE rows, then the rest four, two and one at a time. */
MTS_INLINE void tile_f32_all(MtsType type, const unsigned char *group, size_t cols, const float *x, size_t x_stride,
                             size_t n, float *y, size_t y_stride, bool add)
{
    while (n > 0) {
        size_t rows = n >= V_TILE ? V_TILE : n >= 4 ? 4 : n >= 2 ? 2 : 1;
        switch (rows) {
        case 1:
            tile_f32_rows(type, 1, group, cols, x, x_stride, y, y_stride, add);
            break;
        case 2:
            tile_f32_rows(type, 2, group, cols, x, x_stride, y, y_stride, add);
            break;
        case 4:
            tile_f32_rows(type, 4, group, cols, x, x_stride, y, y_stride, add);
            break;
#if V_TILE > 4
        case V_TILE:
            tile_f32_rows(type, V_TILE, group, cols, x, x_stride, y, y_stride, add);
            break;
#endif
        }
        x += rows * x_stride;
        y += rows * y_stride;
        n -= rows;
    }
}

#define TILE_F32(type)                                                                                                 \
    static void tile_f32_##type(const unsigned char *group, size_t cols, const float *x, size_t x_stride, size_t n,    \
                                float *y, size_t y_stride, bool add)                                                   \
    {                                                                                                                  \
        tile_f32_all(MTS_TYPE_##type, group, cols, x, x_stride, n, y, y_stride, add);                                  \
    }
TILE_F32(F32)
TILE_F32(F16)
TILE_F32(BF16)
TILE_F32(Q4_0)
TILE_F32(Q4_1)
TILE_F32(Q5_0)
TILE_F32(Q5_1)
TILE_F32(Q8_0)
TILE_F32(Q4_K)
TILE_F32(Q5_K)
TILE_F32(Q6_K)
#undef TILE_F32

static void fill_tiles_f32(MtsKernels *k)
{
    k->tile_f32[MTS_TYPE_F32] = tile_f32_F32;
    k->tile_f32[MTS_TYPE_F16] = tile_f32_F16;
    k->tile_f32[MTS_TYPE_BF16] = tile_f32_BF16;
    k->tile_f32[MTS_TYPE_Q4_0] = tile_f32_Q4_0;
    k->tile_f32[MTS_TYPE_Q4_1] = tile_f32_Q4_1;
    k->tile_f32[MTS_TYPE_Q5_0] = tile_f32_Q5_0;
    k->tile_f32[MTS_TYPE_Q5_1] = tile_f32_Q5_1;
    k->tile_f32[MTS_TYPE_Q8_0] = tile_f32_Q8_0;
    k->tile_f32[MTS_TYPE_Q4_K] = tile_f32_Q4_K;
    k->tile_f32[MTS_TYPE_Q5_K] = tile_f32_Q5_K;
    k->tile_f32[MTS_TYPE_Q6_K] = tile_f32_Q6_K;
}
