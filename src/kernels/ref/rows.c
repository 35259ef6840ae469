/* kernels/ref/rows.c - norms, rotations and gates of one row of activations. */
#include <math.h>

#include "kernels/ref/math.h"
#include "kernels/ref/ref.h"

static void rmsnorm(const float *x, const float *w, size_t n, float eps, float *y)
{
    float p[16] = {0};
    for (size_t i = 0; i < n; i++) {
        p[i % 16] = fmaf(x[i], x[i], p[i % 16]);
    }
    float scale = 1.0f / sqrtf(mts_ref_tree(p) / (float)n + eps);
    for (size_t i = 0; i < n; i++) {
        y[i] = x[i] * scale * w[i];
    }
}

static void rotate(float *a, float *b, float c, float s)
{
    float x = *a, y = *b;
    *a = fmaf(x, c, -(y * s));
    *b = fmaf(x, s, y * c);
}

static void rope_pairs(float *x, const float *c, const float *s, size_t half)
{
    for (size_t i = 0; i < half; i++) {
        rotate(&x[2 * i], &x[2 * i + 1], c[i], s[i]);
    }
}

static void rope_halves(float *x, const float *c, const float *s, size_t half)
{
    for (size_t i = 0; i < half; i++) {
        rotate(&x[i], &x[i + half], c[i], s[i]);
    }
}

static void add(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] += x[i];
    }
}

static void scale(float *y, float a, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] *= a;
    }
}

static void silu_mul(const float *g, const float *u, float *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = mts_ref_silu(g[i]) * u[i];
    }
}

static void gelu_mul(const float *g, const float *u, float *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = mts_ref_gelu(g[i]) * u[i];
    }
}

void mts_ref_fill_rows(MtsKernels *k)
{
    k->rmsnorm = rmsnorm;
    k->rope_pairs = rope_pairs;
    k->rope_halves = rope_halves;
    k->add = add;
    k->scale = scale;
    k->silu_mul = silu_mul;
    k->gelu_mul = gelu_mul;
}
