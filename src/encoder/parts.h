/* encoder/parts.h - what networks on series are made of: dense layers, layer norm, exact GELU, attention.
 *
 * Each works on some rows of its own and gives a row the same bits whatever rows are beside it: products are those of
 * kernels/kernels.h with fp32 activations, sums over a row are taken in double in the order of its elements. */
#ifndef MTS_ENCODER_PARTS_H
#define MTS_ENCODER_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "kernels/kernels.h"

typedef struct MtsNorm {
    const float *weight, *bias; /* [width] */
} MtsNorm;

typedef struct MtsDense {
    MtsWeights weights; /* [rows][cols] */
    const float *bias;  /* [rows], or NULL */
} MtsDense;

/* Floats of a row that a dense layer of so many outputs writes. */
static inline size_t mts_dense_stride(size_t rows)
{
    return (rows + MTS_GROUP - 1) / MTS_GROUP * MTS_GROUP;
}

/* [n][stride] of zeros, for mts_aligned_free(); NULL where there is no memory for them. */
float *mts_rows(size_t n, size_t stride);

/* y = W x + bias for rows [r0, r1); y_stride >= mts_dense_stride(). */
void mts_dense(const MtsKernels *kernels, const MtsDense *dense, const float *x, size_t x_stride, size_t r0, size_t r1,
               float *y, size_t y_stride);

/* y = (x - mean) / sqrt(variance + epsilon) * weight + bias of one row; y may be x. */
void mts_layer_norm(const MtsNorm *norm, float epsilon, size_t width, const float *x, float *y);

/* x = x (1 + erf(x / sqrt 2)) / 2, erf to within 1e-7. */
void mts_gelu_exact(float *x, size_t n);

/* One head of attention: queries [queries][dim], keys and values [keys][dim], each row so many floats behind the one
 * before it. */
typedef struct MtsHead {
    size_t dim, queries, keys;
    const float *q, *k, *v;
    size_t q_stride, kv_stride;
    float *out; /* [queries][dim] */
    size_t out_stride;
} MtsHead;

/* Bytes of the memory that a head works in, aligned to MTS_ALIGN; 0 when that does not fit in size_t. */
size_t mts_head_scratch(size_t dim, size_t keys);

/* out = softmax(q k^T / sqrt(dim)) v. */
void mts_head_attend(const MtsKernels *kernels, const MtsHead *head, void *scratch);

/* Rows 0 .. rows - 1 of a pass in tiles of 16, which threads take as they come. Layers have their own numbers. */
typedef struct MtsTiles {
    const void *pass, *layer;
    size_t rows;
    int threads;
} MtsTiles;

typedef void MtsTilePhase(const void *pass, const void *layer, size_t r0, size_t r1);
void mts_each_tile(MtsTiles tiles, MtsTilePhase *phase);

#endif
