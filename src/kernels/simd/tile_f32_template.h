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

/* dense_TYPE: V_LANES elements from element `at` on. */

MTS_INLINE vf dense_F32(const unsigned char *p, size_t at)
{
    return v_load((const float *)(const void *)p + at);
}

MTS_INLINE vf dense_F16(const unsigned char *p, size_t at)
{
    return v_load_half((const uint16_t *)(const void *)p + at);
}

MTS_INLINE vf dense_BF16(const unsigned char *p, size_t at)
{
    return v_load_bfloat((const uint16_t *)(const void *)p + at);
}

MTS_INLINE vf dense_weights(MtsType type, const unsigned char *p, size_t at)
{
    switch (type) {
#define DENSE(name, ...)                                                                                               \
    case MTS_TYPE_##name:                                                                                              \
        return dense_##name(p, at);
#define QUANT(name, ...) case MTS_TYPE_##name:
        MTS_DENSE_TYPES(DENSE)
        MTS_QUANT_TYPES(QUANT)
#undef DENSE
#undef QUANT
        break; /* in blocks: block_f32() */
    }
    return v_zero();
}

MTS_INLINE void block_f32(MtsType type, const unsigned char *group, const MtsSections *at, size_t b, size_t h,
                          const float *x, size_t x_stride, int rows, vf acc[V_TILE])
{
    vi u[8];
    vf w, m, sub[2];
    unpack_operands(type, group, b, h, u);
    block_scales(type, group, at, b, h, &w, &m);
    sub[0] = sub[1] = w;
    if (mts_has_halves(type)) {
        half_scales(type, group, at, b, h, sub);
        sub[0] = v_mul(w, sub[0]);
        sub[1] = v_mul(w, sub[1]);
    }
    for (int j = 0; j < 8; j++) {
        vi rest = u[j];
        for (int i = 0; i < 4; i++) {
            vf q = v_int_to_float(v_and(rest, v_set_int(255)));
            rest = v_shift_right_int(rest, 8);
            if (mts_has_min(type)) {
                q = v_fma(w, q, m);
            } else {
                q = v_mul(sub[j / 4], v_sub(q, v_set((float)mts_type_zero(type))));
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
        if (!mts_is_quantized(type)) {
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

#define TILE_F32(type, ...)                                                                                            \
    static void tile_f32_##type(const unsigned char *group, size_t cols, const float *x, size_t x_stride, size_t n,    \
                                float *y, size_t y_stride, bool add)                                                   \
    {                                                                                                                  \
        tile_f32_all(MTS_TYPE_##type, group, cols, x, x_stride, n, y, y_stride, add);                                  \
    }
MTS_WEIGHT_TYPES(TILE_F32)
#undef TILE_F32

static void fill_tiles_f32(MtsKernels *k)
{
#define FILL(type, ...) k->tile_f32[MTS_TYPE_##type] = tile_f32_##type;
    MTS_WEIGHT_TYPES(FILL)
#undef FILL
}
