/* encoder/parts.c - see parts.h.
 *
 * Attention is two products with matrices that are packed on the spot: the keys, [keys][dim], give a query its scores,
 * and the values, [dim][keys], its result; both sums run in the order of the kernels. */
#include "encoder/parts.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/mem.h"

enum { QUERIES = 16 }; /* that share a look at the keys */

float *mts_rows(size_t n, size_t stride)
{
    size_t count;
    return mts_size_mul(n, stride, &count) ? mts_aligned_calloc(count, sizeof(float)) : NULL;
}

void mts_dense(const MtsKernels *kernels, const MtsDense *dense, const float *x, size_t x_stride, size_t r0, size_t r1,
               float *y, size_t y_stride)
{
    mts_matmul_f32(kernels, &dense->weights, 0, dense->weights.groups, x, x_stride, r0, r1, y, y_stride, false);
    for (size_t r = r0; r < r1 && dense->bias; r++) {
        kernels->add(y + r * y_stride, dense->bias, dense->weights.rows);
    }
}

void mts_layer_norm(const MtsNorm *norm, float epsilon, size_t width, const float *x, float *y)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < width; i++) {
        sum += (double)x[i];
    }
    double mean = sum / (double)width;
    for (size_t i = 0; i < width; i++) {
        squares += ((double)x[i] - mean) * ((double)x[i] - mean);
    }
    double scale = 1 / sqrt(squares / (double)width + (double)epsilon);
    for (size_t i = 0; i < width; i++) {
        y[i] = (float)(((double)x[i] - mean) * scale) * norm->weight[i] + norm->bias[i];
    }
}

/* erf as a quotient of polynomials in x, which are those of Eigen: off by at most 1e-7 anywhere. */
static float error_function(float x)
{
    float c = x < -4.0f ? -4.0f : x > 4.0f ? 4.0f : x, z = c * c;
    float p = -2.72614225801306e-10f;
    p = p * z + 2.77068142495902e-08f;
    p = p * z - 2.10102402082508e-06f;
    p = p * z - 5.69250639462346e-05f;
    p = p * z - 7.34990630326855e-04f;
    p = p * z - 2.95459980854025e-03f;
    p = p * z - 1.60960333262415e-02f;
    float q = -1.45660718464996e-05f;
    q = q * z - 2.13374055278905e-04f;
    q = q * z - 1.68282697438203e-03f;
    q = q * z - 7.37332916720468e-03f;
    q = q * z - 1.42647390514189e-02f;
    return c * p / q;
}

void mts_gelu_exact(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = 0.5f * x[i] * (1.0f + error_function(x[i] * 0.70710678f));
    }
}

/* The pieces of a head's memory, each aligned. */
typedef struct HeadMemory {
    MtsWeights keys, values;
    float *scores; /* [QUERIES][keys padded to 16] */
    float *result; /* [QUERIES][dim padded to 16] */
} HeadMemory;

static unsigned char *take(unsigned char **at, size_t *total, size_t count, size_t size)
{
    size_t bytes, end;
    unsigned char *here = *at;
    if (*total == SIZE_MAX || !mts_size_mul(count, size, &bytes) || !mts_size_add(bytes, MTS_ALIGN - 1, &bytes) ||
        !mts_size_add(*total, bytes / MTS_ALIGN * MTS_ALIGN, &end)) {
        *total = SIZE_MAX;
        return NULL;
    }
    *total = end;
    *at = here ? here + bytes / MTS_ALIGN * MTS_ALIGN : NULL;
    return here;
}

/* Cuts `memory` (NULL: to learn how much it must be) into pieces; SIZE_MAX when the sizes do not fit. */
static size_t lay_out(HeadMemory *m, size_t dim, size_t keys, unsigned char *memory)
{
    size_t total = 0, k = mts_weights_plan(&m->keys, MTS_TYPE_F32, keys, dim),
           v = mts_weights_plan(&m->values, MTS_TYPE_F32, dim, keys), wide;
    if (k == 0 || v == 0 || !mts_size_mul(mts_dense_stride(keys), QUERIES, &wide)) {
        return SIZE_MAX;
    }
    m->keys.data = take(&memory, &total, k, 1);
    m->values.data = take(&memory, &total, v, 1);
    m->scores = (float *)(void *)take(&memory, &total, wide, sizeof(float));
    m->result = (float *)(void *)take(&memory, &total, QUERIES * mts_dense_stride(dim), sizeof(float));
    return total;
}

size_t mts_head_scratch(size_t dim, size_t keys)
{
    HeadMemory m;
    size_t total = lay_out(&m, dim, keys, NULL);
    return total == SIZE_MAX ? 0 : total;
}

void mts_head_attend(const MtsKernels *kernels, const MtsHead *h, void *scratch)
{
    HeadMemory m;
    (void)lay_out(&m, h->dim, h->keys, scratch);
    mts_pack_floats(&m.keys, h->k, h->kv_stride, 1);
    mts_pack_floats(&m.values, h->v, 1, h->kv_stride); /* turned: a row for each of dim */
    size_t wide = mts_dense_stride(h->keys), narrow = mts_dense_stride(h->dim);
    float scale = (float)(1 / sqrt((double)h->dim));
    for (size_t first = 0; first < h->queries; first += QUERIES) {
        size_t n = h->queries - first < QUERIES ? h->queries - first : QUERIES;
        float sums[QUERIES];
        mts_matmul_f32(kernels, &m.keys, 0, m.keys.groups, h->q + first * h->q_stride, h->q_stride, 0, n, m.scores,
                       wide, false);
        for (size_t i = 0; i < n; i++) {
            kernels->scale(m.scores + i * wide, scale, h->keys);
            sums[i] = kernels->softmax(m.scores + i * wide, 0, h->keys, wide);
        }
        mts_matmul_f32(kernels, &m.values, 0, m.values.groups, m.scores, wide, 0, n, m.result, narrow, false);
        for (size_t i = 0; i < n; i++) {
            kernels->scale(m.result + i * narrow, sums[i], h->dim);
            memcpy(h->out + (first + i) * h->out_stride, m.result + i * narrow, h->dim * sizeof *h->out);
        }
    }
}

void mts_each_tile(MtsTiles t, MtsTilePhase *phase)
{
    enum { TILE = 16 };
    long tiles = (long)((t.rows + TILE - 1) / TILE);
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic) num_threads(t.threads) if (tiles > 1)
#endif
    for (long i = 0; i < tiles; i++) {
        size_t r0 = (size_t)i * TILE;
        phase(t.pass, t.layer, r0, r0 + TILE < t.rows ? r0 + TILE : t.rows);
    }
}
