/* kernels/ref/matmul.c - matrix times vector exactly as kernels.h writes it down, and the quantisation of activations.
 */
#include <math.h>
#include <string.h>

#include "kernels/ref/block.h"
#include "kernels/ref/ref.h"

static void quantize(const float *x, size_t blocks, MtsActBlock *panel, size_t lane)
{
    for (size_t b = 0; b < blocks; b++, x += 32) {
        MtsActRow *out = &panel[b].row[lane];
        uint32_t top = 0; /* the largest magnitude: the order of the bits is that of the numbers, NaN above all */
        for (size_t k = 0; k < 32; k++) {
            uint32_t bits;
            memcpy(&bits, &x[k], sizeof bits);
            bits &= 0x7FFFFFFF;
            top = bits > top ? bits : top;
        }
        float a;
        memcpy(&a, &top, sizeof a);
        bool finite = top < 0x7F800000, tiny = a < 0x1p-100f;
        float inverse = finite && !tiny ? 127.0f / a : 0.0f;
        int32_t sum[2] = {0, 0};
        for (size_t k = 0; k < 32; k++) {
            int q = finite ? (int)rintf(x[k] * inverse) : 0;
            out->q[k] = (int8_t)q;
            sum[k / 16] += q;
        }
        float d = !finite ? NAN : tiny ? 0.0f : a / 127.0f;
        out->d = d;
        out->s = d * (float)(sum[0] + sum[1]);
        out->n[0] = -(sum[0] + sum[1]);
        out->n[1] = -sum[0];
        out->n[2] = -sum[1];
    }
}

static void tile(MtsType type, const unsigned char *group, size_t cols, const MtsActBlock *panel, size_t lane, size_t n,
                 float *y, size_t stride, bool add)
{
    float acc[MTS_PANEL][MTS_GROUP] = {{0}};
    for (size_t b = 0; b < cols / 32; b++) {
        MtsRefBlock w;
        mts_ref_block(&w, type, group, cols, b);
        for (size_t i = 0; i < n; i++) {
            const MtsActRow *a = &panel[b].row[lane + i];
            for (size_t r = 0; r < MTS_GROUP; r++) {
                int32_t half[2] = {0, 0};
                for (size_t k = 0; k < 32; k++) {
                    half[k / 16] += (w.u[r][k] - w.zero) * a->q[k];
                }
                int32_t sum = w.sub[0][r] * half[0] + w.sub[1][r] * half[1];
                acc[i][r] = fmaf((float)sum, w.w[r] * a->d, acc[i][r]);
                if (w.has_min) {
                    acc[i][r] = fmaf(w.m[r], a->s, acc[i][r]);
                }
            }
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t r = 0; r < MTS_GROUP; r++) {
            y[i * stride + r] = add ? y[i * stride + r] + acc[i][r] : acc[i][r];
        }
    }
}

static void put_row(float *y, const float acc[MTS_GROUP], bool add)
{
    for (size_t r = 0; r < MTS_GROUP; r++) {
        y[r] = add ? y[r] + acc[r] : acc[r];
    }
}

/* Weights are spread once for up to 16 activation rows. */
static void tile_f32(MtsType type, const unsigned char *group, size_t cols, const float *x, size_t x_stride, size_t n,
                     float *y, size_t y_stride, bool add)
{
    for (size_t i0 = 0; i0 < n; i0 += 16) {
        size_t count = n - i0 < 16 ? n - i0 : 16;
        float acc[16][MTS_GROUP] = {{0}};
        for (size_t b = 0; b < cols / 32; b++) {
            MtsRefBlock w;
            mts_ref_block(&w, type, group, cols, b);
            for (size_t k = 0; k < 32; k++) {
                for (size_t r = 0; r < MTS_GROUP; r++) {
                    float weight = mts_ref_weight(&w, r, k);
                    for (size_t i = 0; i < count; i++) {
                        acc[i][r] = fmaf(weight, x[(i0 + i) * x_stride + 32 * b + k], acc[i][r]);
                    }
                }
            }
        }
        for (size_t i = 0; i < count; i++) {
            put_row(y + (i0 + i) * y_stride, acc[i], add);
        }
    }
}

static void tile_dense(MtsType type, const unsigned char *group, size_t cols, const float *x, size_t x_stride, size_t n,
                       float *y, size_t y_stride, bool add)
{
    for (size_t i = 0; i < n; i++) {
        float acc[MTS_GROUP] = {0};
        for (size_t k = 0; k < cols; k++) {
            for (size_t r = 0; r < MTS_GROUP; r++) {
                acc[r] = fmaf(mts_ref_dense(type, group, k * MTS_GROUP + r), x[i * x_stride + k], acc[r]);
            }
        }
        put_row(y + i * y_stride, acc, add);
    }
}

#define QUANT(type, ...)                                                                                               \
    static void tile_##type(const unsigned char *group, size_t cols, const MtsActBlock *panel, size_t lane, size_t n,  \
                            float *y, size_t stride, bool add, const unsigned char *ahead)                             \
    {                                                                                                                  \
        (void)ahead;                                                                                                   \
        tile(MTS_TYPE_##type, group, cols, panel, lane, n, y, stride, add);                                            \
    }                                                                                                                  \
    static void tile_f32_##type(const unsigned char *group, size_t cols, const float *x, size_t x_stride, size_t n,    \
                                float *y, size_t y_stride, bool add)                                                   \
    {                                                                                                                  \
        tile_f32(MTS_TYPE_##type, group, cols, x, x_stride, n, y, y_stride, add);                                      \
    }
#define DENSE(type, ...)                                                                                               \
    static void tile_f32_##type(const unsigned char *group, size_t cols, const float *x, size_t x_stride, size_t n,    \
                                float *y, size_t y_stride, bool add)                                                   \
    {                                                                                                                  \
        tile_dense(MTS_TYPE_##type, group, cols, x, x_stride, n, y, y_stride, add);                                    \
    }

MTS_QUANT_TYPES(QUANT)
MTS_DENSE_TYPES(DENSE)
#undef QUANT
#undef DENSE

void mts_ref_fill_matmul(MtsKernels *k)
{
    k->quantize = quantize;
#define TILE(type, ...) k->tile[MTS_TYPE_##type] = tile_##type;
#define TILE_F32(type, ...) k->tile_f32[MTS_TYPE_##type] = tile_f32_##type;
    MTS_QUANT_TYPES(TILE)
    MTS_WEIGHT_TYPES(TILE_F32)
#undef TILE
#undef TILE_F32
}
