/* encoder/resampler.c - see resampler.h. Threads take tiles of 16 rows, and heads, which changes no bit. */
#include "encoder/resampler.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

enum { MOST_LAYERS = 1024, MOST_WIDTH = 1 << 20, MOST_LATENTS = 1 << 16 };

/* ---- the file ---- */

static int read_layer(MtsResampler *p, EncoderReader *r, long i)
{
    MtsResamplerLayer *y = &p->layers[i];
    size_t inner = p->heads * p->dim;
    int rc;
    if ((rc = mts_encoder_norm(r, &y->rows_norm, i, "rows_norm", p->width)) ||
        (rc = mts_encoder_norm(r, &y->latents_norm, i, "latents_norm", p->width)) ||
        (rc = mts_encoder_dense(r, &y->q, i, "attn_q", inner, p->width, false)) ||
        (rc = mts_encoder_dense(r, &y->kv, i, "attn_kv", 2 * inner, p->width, false)) ||
        (rc = mts_encoder_dense(r, &y->out, i, "attn_output", p->width, inner, false)) ||
        (rc = mts_encoder_norm(r, &y->ffn_norm, i, "ffn_norm", p->width)) ||
        (rc = mts_encoder_dense(r, &y->up, i, "ffn_up", p->ffn, p->width, false)) ||
        (rc = mts_encoder_dense(r, &y->down, i, "ffn_down", p->width, p->ffn, false))) {
        return rc;
    }
    return MTS_OK;
}

static int read_all(MtsResampler *p, EncoderReader *r)
{
    int rc;
    if ((rc = mts_encoder_size(r, "perceiver.latent_count", MOST_LATENTS, &p->latents)) ||
        (rc = mts_encoder_size(r, "perceiver.head_count", 4096, &p->heads)) ||
        (rc = mts_encoder_size(r, "perceiver.key_length", 4096, &p->dim)) ||
        (rc = mts_encoder_size(r, "perceiver.feed_forward_length", MOST_WIDTH, &p->ffn)) ||
        (rc = mts_encoder_size(r, "perceiver.block_count", MOST_LAYERS, &p->layer_count)) ||
        (rc = mts_encoder_table(r, &p->latent, "perceiver_latents", p->latents, p->width)) ||
        (rc = mts_encoder_norm(r, &p->norm, -1, "perceiver_norm", p->width))) {
        return rc;
    }
    if (!(p->layers = mts_calloc(p->layer_count, sizeof *p->layers))) {
        return mts_fail(r->err, MTS_ENOMEM, "%s: no memory for a perceiver", mts_gguf_path(r->gguf));
    }
    r->group = "perceiver";
    for (size_t i = 0; i < p->layer_count; i++) {
        if ((rc = read_layer(p, r, (long)i))) {
            return rc;
        }
    }
    return MTS_OK;
}

int mts_resampler_read(MtsResampler **resampler, EncoderReader *r, size_t width, float epsilon)
{
    MtsResampler *p = mts_calloc(1, sizeof *p);
    *resampler = p;
    if (!p) {
        return mts_fail(r->err, MTS_ENOMEM, "%s: no memory for a perceiver", mts_gguf_path(r->gguf));
    }
    p->width = width;
    p->epsilon = epsilon;
    int rc = read_all(p, r);
    if (rc) {
        mts_resampler_free(resampler);
    }
    return rc;
}

void mts_resampler_free(MtsResampler **resampler)
{
    MtsResampler *p = *resampler;
    if (!p) {
        return;
    }
    for (size_t i = 0; p->layers && i < p->layer_count; i++) {
        MtsResamplerLayer *y = &p->layers[i];
        mts_norm_free(&y->rows_norm);
        mts_norm_free(&y->latents_norm);
        mts_norm_free(&y->ffn_norm);
        mts_dense_free(&y->q);
        mts_dense_free(&y->kv);
        mts_dense_free(&y->out);
        mts_dense_free(&y->up);
        mts_dense_free(&y->down);
    }
    free(p->layers);
    mts_floats_free(p->latent);
    mts_norm_free(&p->norm);
    free(p);
    *resampler = NULL;
}

/* ---- the pass ---- */

/* Rows 0 .. n - 1 are those that are looked at, n .. n + latents - 1 the latents. */
typedef struct Look {
    const MtsResampler *p;
    const MtsKernels *kernels;
    int threads;
    size_t n, all;
    size_t x_stride, q_stride, kv_stride, ffn_stride;
    const float *rows;      /* [n][width] */
    float *latents;         /* [latents][x_stride] what the layers add to */
    float *normed;          /* [all][x_stride] */
    float *q;               /* [latents][q_stride]; then what attention gives */
    float *kv;              /* [all][kv_stride] */
    float *heads;           /* [latents][q_stride] */
    float *branch;          /* [latents][x_stride] */
    float *ffn;             /* [latents][ffn_stride] */
    unsigned char *scratch; /* [heads][scratch_bytes] */
    size_t scratch_bytes;
} Look;

static void make_kv(const void *pass, const void *layer, size_t r0, size_t r1)
{
    const Look *l = pass;
    const MtsResamplerLayer *y = layer;
    for (size_t r = r0; r < r1; r++) {
        bool row = r < l->n;
        const float *x = row ? l->rows + r * l->p->width : l->latents + (r - l->n) * l->x_stride;
        mts_layer_norm(row ? &y->rows_norm : &y->latents_norm, l->p->epsilon, l->p->width, x,
                       l->normed + r * l->x_stride);
    }
    mts_dense(l->kernels, &y->kv, l->normed, l->x_stride, r0, r1, l->kv, l->kv_stride);
}

static void make_q(const void *pass, const void *layer, size_t r0, size_t r1)
{
    const Look *l = pass;
    const MtsResamplerLayer *y = layer;
    mts_dense(l->kernels, &y->q, l->normed + l->n * l->x_stride, l->x_stride, r0, r1, l->q, l->q_stride);
}

static void attend(const Look *l)
{
    const MtsResampler *p = l->p;
    long heads = (long)p->heads;
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic) num_threads(l->threads) if (heads > 1)
#endif
    for (long h = 0; h < heads; h++) {
        size_t at = (size_t)h * p->dim;
        const MtsHead head = {.dim = p->dim,
                              .queries = p->latents,
                              .keys = l->all,
                              .q = l->q + at,
                              .k = l->kv + at,
                              .v = l->kv + p->heads * p->dim + at,
                              .q_stride = l->q_stride,
                              .kv_stride = l->kv_stride,
                              .out = l->heads + at,
                              .out_stride = l->q_stride};
        mts_head_attend(l->kernels, &head, l->scratch + (size_t)h * l->scratch_bytes);
    }
}

static void finish_layer(const void *pass, const void *layer, size_t r0, size_t r1)
{
    const Look *l = pass;
    const MtsResamplerLayer *y = layer;
    const MtsResampler *p = l->p;
    mts_dense(l->kernels, &y->out, l->heads, l->q_stride, r0, r1, l->branch, l->x_stride);
    for (size_t r = r0; r < r1; r++) {
        float *x = l->latents + r * l->x_stride, *branch = l->branch + r * l->x_stride;
        l->kernels->add(x, branch, p->width);
        mts_layer_norm(&y->ffn_norm, p->epsilon, p->width, x, branch);
    }
    mts_dense(l->kernels, &y->up, l->branch, l->x_stride, r0, r1, l->ffn, l->ffn_stride);
    for (size_t r = r0; r < r1; r++) {
        mts_gelu_exact(l->ffn + r * l->ffn_stride, p->ffn);
    }
    mts_dense(l->kernels, &y->down, l->ffn, l->ffn_stride, r0, r1, l->branch, l->x_stride);
    for (size_t r = r0; r < r1; r++) {
        l->kernels->add(l->latents + r * l->x_stride, l->branch + r * l->x_stride, p->width);
    }
}

static void clear(Look *l)
{
    mts_aligned_free(l->latents);
    mts_aligned_free(l->normed);
    mts_aligned_free(l->q);
    mts_aligned_free(l->kv);
    mts_aligned_free(l->heads);
    mts_aligned_free(l->branch);
    mts_aligned_free(l->ffn);
    mts_aligned_free(l->scratch);
}

/* false: memory ran out; clear() all the same. */
static bool begin(Look *l)
{
    const MtsResampler *p = l->p;
    l->x_stride = mts_dense_stride(p->width);
    l->q_stride = mts_dense_stride(p->heads * p->dim);
    l->kv_stride = mts_dense_stride(2 * p->heads * p->dim);
    l->ffn_stride = mts_dense_stride(p->ffn);
    l->scratch_bytes = mts_head_scratch(p->dim, l->all);
    l->latents = mts_rows(p->latents, l->x_stride);
    l->normed = mts_rows(l->all, l->x_stride);
    l->q = mts_rows(p->latents, l->q_stride);
    l->kv = mts_rows(l->all, l->kv_stride);
    l->heads = mts_rows(p->latents, l->q_stride);
    l->branch = mts_rows(p->latents, l->x_stride);
    l->ffn = mts_rows(p->latents, l->ffn_stride);
    l->scratch = l->scratch_bytes ? mts_aligned_calloc(p->heads, l->scratch_bytes) : NULL;
    return l->latents && l->normed && l->q && l->kv && l->heads && l->branch && l->ffn && l->scratch;
}

int mts_resampler_run(const MtsResampler *p, const MtsKernels *kernels, int threads, const float *rows, size_t n,
                      float *out, MtsError *err)
{
    Look look = {.p = p, .kernels = kernels, .threads = threads, .n = n, .rows = rows}, *l = &look;
    if (!mts_size_add(n, p->latents, &l->all) || !begin(l)) {
        clear(l);
        return mts_fail(err, MTS_ENOMEM, "no memory for a perceiver of %zu rows", n);
    }
    for (size_t i = 0; i < p->latents; i++) {
        memcpy(l->latents + i * l->x_stride, p->latent + i * p->width, p->width * sizeof *out);
    }
    for (size_t i = 0; i < p->layer_count; i++) {
        mts_each_tile((MtsTiles){l, &p->layers[i], l->all, threads}, make_kv);
        mts_each_tile((MtsTiles){l, &p->layers[i], p->latents, threads}, make_q);
        attend(l);
        mts_each_tile((MtsTiles){l, &p->layers[i], p->latents, threads}, finish_layer);
    }
    for (size_t i = 0; i < p->latents; i++) {
        mts_layer_norm(&p->norm, p->epsilon, p->width, l->latents + i * l->x_stride, out + i * p->width);
    }
    clear(l);
    return MTS_OK;
}
