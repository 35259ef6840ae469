/* encoder/encoder.c - the forward pass of one series.
 *
 * Its phases are cut into tiles of 16 rows, and attention into heads; threads take tiles and heads as they come, which
 * changes no bit (parts.h). */
#include "encoder/encoder.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

/* A pass: its rows, and the floats from one to the next. */
typedef struct Pass {
    const MtsEncoder *e;
    size_t n;
    const float *patches; /* [n][patch] */
    size_t x_stride, qkv_stride, ffn_stride, out_stride;
    float *x;               /* [n][x_stride] what the layers add to */
    float *branch;          /* the same shape */
    float *heads;           /* the same shape: what attention gives */
    float *qkv;             /* [n][qkv_stride] */
    float *ffn;             /* [n][ffn_stride] */
    float *out;             /* [n][out_stride] */
    unsigned char *scratch; /* [heads][scratch_bytes] */
    size_t scratch_bytes;
} Pass;

static void embed(const void *pass, const void *layer, size_t r0, size_t r1)
{
    const Pass *p = pass;
    const MtsEncoder *e = p->e;
    (void)layer;
    mts_dense(e->kernels, &e->patches, p->patches, e->patch, r0, r1, p->x, p->x_stride);
    for (size_t r = r0; r < r1; r++) {
        float *x = p->x + r * p->x_stride;
        e->kernels->add(x, e->places_row + r * e->width, e->width);
        mts_layer_norm(&e->input, e->epsilon, e->width, x, x);
    }
}

static void make_qkv(const void *pass, const void *layer, size_t r0, size_t r1)
{
    const Pass *p = pass;
    const MtsEncoderBlock *b = layer;
    mts_dense(p->e->kernels, &b->qkv, p->x, p->x_stride, r0, r1, p->qkv, p->qkv_stride);
}

static void attend(const Pass *p)
{
    const MtsEncoder *e = p->e;
    size_t dim = e->width / e->heads;
    long heads = (long)e->heads;
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic) num_threads(e->threads) if (heads > 1)
#endif
    for (long h = 0; h < heads; h++) {
        const float *q = p->qkv + (size_t)h * dim;
        const MtsHead head = {.dim = dim,
                              .queries = p->n,
                              .keys = p->n,
                              .q = q,
                              .k = q + e->width,
                              .v = q + 2 * e->width,
                              .q_stride = p->qkv_stride,
                              .kv_stride = p->qkv_stride,
                              .out = p->heads + (size_t)h * dim,
                              .out_stride = p->x_stride};
        mts_head_attend(e->kernels, &head, p->scratch + (size_t)h * p->scratch_bytes);
    }
}

/* x = norm(x + branch) */
static void add_branch(const Pass *p, const MtsNorm *norm, size_t r0, size_t r1)
{
    const MtsEncoder *e = p->e;
    for (size_t r = r0; r < r1; r++) {
        float *x = p->x + r * p->x_stride;
        e->kernels->add(x, p->branch + r * p->x_stride, e->width);
        mts_layer_norm(norm, e->epsilon, e->width, x, x);
    }
}

static void finish_block(const void *pass, const void *layer, size_t r0, size_t r1)
{
    const Pass *p = pass;
    const MtsEncoderBlock *b = layer;
    const MtsEncoder *e = p->e;
    mts_dense(e->kernels, &b->out, p->heads, p->x_stride, r0, r1, p->branch, p->x_stride);
    add_branch(p, &b->after_attention, r0, r1);
    mts_dense(e->kernels, &b->up, p->x, p->x_stride, r0, r1, p->ffn, p->ffn_stride);
    for (size_t r = r0; r < r1; r++) {
        mts_gelu_exact(p->ffn + r * p->ffn_stride, e->ffn);
    }
    mts_dense(e->kernels, &b->down, p->ffn, p->ffn_stride, r0, r1, p->branch, p->x_stride);
    add_branch(p, &b->after_ffn, r0, r1);
}

static void project(const void *pass, const void *layer, size_t r0, size_t r1)
{
    const Pass *p = pass;
    const MtsEncoder *e = p->e;
    (void)layer;
    for (size_t r = r0; r < r1; r++) {
        mts_layer_norm(&e->before_projection, e->epsilon, e->width, p->x + r * p->x_stride,
                       p->branch + r * p->x_stride);
    }
    mts_dense(e->kernels, &e->projector, p->branch, p->x_stride, r0, r1, p->out, p->out_stride);
    for (size_t r = r0; r < r1; r++) {
        mts_gelu_exact(p->out + r * p->out_stride, e->rows_width);
    }
}

/* ---- memory ---- */

static void clear(Pass *p)
{
    mts_aligned_free(p->x);
    mts_aligned_free(p->branch);
    mts_aligned_free(p->heads);
    mts_aligned_free(p->qkv);
    mts_aligned_free(p->ffn);
    mts_aligned_free(p->out);
    mts_aligned_free(p->scratch);
}

/* false: memory ran out; clear() all the same. */
static bool begin(Pass *p, const MtsEncoder *e, size_t n)
{
    *p = (Pass){.e = e,
                .n = n,
                .x_stride = mts_dense_stride(e->width),
                .qkv_stride = mts_dense_stride(3 * e->width),
                .ffn_stride = mts_dense_stride(e->ffn),
                .out_stride = mts_dense_stride(e->rows_width),
                .scratch_bytes = e->heads ? mts_head_scratch(e->width / e->heads, n) : MTS_ALIGN};
    p->x = mts_rows(n, p->x_stride);
    p->branch = mts_rows(n, p->x_stride);
    p->heads = mts_rows(n, p->x_stride);
    p->qkv = mts_rows(n, p->qkv_stride);
    p->ffn = mts_rows(n, p->ffn_stride);
    p->out = mts_rows(n, p->out_stride);
    p->scratch = p->scratch_bytes ? mts_aligned_calloc(e->heads, p->scratch_bytes) : NULL;
    return p->x && p->branch && p->heads && p->qkv && p->ffn && p->out && p->scratch;
}

size_t mts_encoder_rows(const MtsEncoder *e, size_t n)
{
    return n / e->patch + (n % e->patch != 0);
}

int mts_encoder_run(const MtsEncoder *e, const float *values, size_t n, float *rows, MtsError *err)
{
    size_t count = mts_encoder_rows(e, n);
    if (count > e->places) {
        return mts_fail(err, MTS_EREQUEST,
                        "a series of %zu values is longer than the %zu that the model's encoder reads", n,
                        e->places * e->patch);
    }
    Pass pass;
    float *patches = mts_rows(count, e->patch);
    if (!begin(&pass, e, count) || !patches) {
        clear(&pass);
        mts_aligned_free(patches);
        return mts_fail(err, MTS_ENOMEM, "no memory to encode a series of %zu values", n);
    }
    memcpy(patches, values, n * sizeof *values);
    pass.patches = patches;
    mts_each_tile((MtsTiles){&pass, NULL, count, e->threads}, embed);
    for (size_t i = 0; i < e->block_count; i++) {
        mts_each_tile((MtsTiles){&pass, &e->blocks[i], count, e->threads}, make_qkv);
        attend(&pass);
        mts_each_tile((MtsTiles){&pass, &e->blocks[i], count, e->threads}, finish_block);
    }
    bool projects = e->projector.weights.data != NULL;
    if (projects) {
        mts_each_tile((MtsTiles){&pass, NULL, count, e->threads}, project);
    }
    for (size_t r = 0; r < count; r++) {
        const float *row = projects ? pass.out + r * pass.out_stride : pass.x + r * pass.x_stride;
        memcpy(rows + r * e->rows_width, row, e->rows_width * sizeof *rows);
    }
    clear(&pass);
    mts_aligned_free(patches);
    return MTS_OK;
}
