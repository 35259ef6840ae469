/* kernels/simd/rows_template.h - quantisation, norms, rotations and gates of one row. Words: simd.h; arithmetic:
 * kernels.h and ref/math.h, operation by operation. */
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/ref/math.h"
#include "kernels/simd/simd.h"

MTS_INLINE vf v_exp(vf x)
{
    vf y = v_smaller(v_set(MTS_EXP_HIGH), x); /* a NaN passes */
    vf t = v_fma(y, v_set(MTS_EXP_LOG2E), v_set(MTS_EXP_ROUND));
    vf n = v_sub(t, v_set(MTS_EXP_ROUND));
    vf r = v_fma(n, v_set(-MTS_EXP_LN2_HI), y);
    r = v_fma(n, v_set(-MTS_EXP_LN2_LO), r);
    vf p = v_fma(v_set(MTS_EXP_C6), r, v_set(MTS_EXP_C5));
    p = v_fma(p, r, v_set(MTS_EXP_C4));
    p = v_fma(p, r, v_set(MTS_EXP_C3));
    p = v_fma(p, r, v_set(MTS_EXP_C2));
    p = v_fma(p, r, v_set(1));
    p = v_fma(p, r, v_set(1));
    return v_zero_below(x, v_set(MTS_EXP_LOW), v_mul(p, v_power_of_two(t)));
}

/* The 16 partial sums, tree and all. */
MTS_INLINE float sum_tree(const vf p[MTS_UNIT / V_LANES])
{
    float part[MTS_UNIT];
    for (size_t h = 0; h < MTS_UNIT; h += V_LANES) {
        v_store(part + h, p[h / V_LANES]);
    }
    return mts_ref_tree(part);
}

static void quantize(const float *x, size_t blocks, MtsActBlock *panel, size_t lane)
{
    for (size_t b = 0; b < blocks; b++, x += 32) {
        MtsActRow *out = &panel[b].row[lane];
        uint32_t top = v_top32(x);
        float a;
        memcpy(&a, &top, sizeof a);
        bool finite = top < 0x7F800000, tiny = a < 0x1p-100f;
        int32_t sum[2] = {0, 0};
        float d = 0;
        if (finite && !tiny) {
            d = a / 127.0f;
            v_quantize32(x, 127.0f / a, out->q, sum);
        } else {
            d = finite ? 0.0f : NAN;
            memset(out->q, 0, 32);
        }
        out->d = d;
        out->s = d * (float)(sum[0] + sum[1]);
        out->n[0] = -(sum[0] + sum[1]);
        out->n[1] = -sum[0];
        out->n[2] = -sum[1];
    }
}

static void rmsnorm(const float *x, const float *w, size_t n, float eps, float *y)
{
    vf p[MTS_UNIT / V_LANES];
    for (size_t h = 0; h < MTS_UNIT; h += V_LANES) {
        p[h / V_LANES] = v_zero();
    }
    size_t i = 0;
    for (; i + MTS_UNIT <= n; i += MTS_UNIT) {
        for (size_t h = 0; h < MTS_UNIT; h += V_LANES) {
            vf a = v_load(x + i + h);
            p[h / V_LANES] = v_fma(a, a, p[h / V_LANES]);
        }
    }
    for (size_t h = 0; i + h < n; h += V_LANES) {
        vf a = v_load_n(x + i + h, mts_min(n - i - h, V_LANES));
        p[h / V_LANES] = v_fma(a, a, p[h / V_LANES]); /* 0 * 0 + p is p */
    }
    const vf scale = v_set(1.0f / sqrtf(sum_tree(p) / (float)n + eps));
    for (i = 0; i + V_LANES <= n; i += V_LANES) {
        v_store(y + i, v_mul(v_mul(v_load(x + i), scale), v_load(w + i)));
    }
    if (i < n) {
        v_store_n(y + i, v_mul(v_mul(v_load_n(x + i, n - i), scale), v_load_n(w + i, n - i)), n - i);
    }
}

MTS_INLINE void rotate(vf *a, vf *b, vf c, vf s)
{
    vf x = *a, y = *b;
    *a = v_fma(x, c, v_mul(v_mul(y, s), v_set(-1)));
    *b = v_fma(x, s, v_mul(y, c));
}

static void rope_pairs(float *x, const float *c, const float *s, size_t half)
{
    size_t i = 0;
    for (; i + V_LANES <= half; i += V_LANES) {
        vf a, b;
        v_load_pairs(x + 2 * i, &a, &b);
        rotate(&a, &b, v_load(c + i), v_load(s + i));
        v_store_pairs(x + 2 * i, a, b);
    }
    for (; i < half; i++) {
        float a = x[2 * i], b = x[2 * i + 1];
        x[2 * i] = fmaf(a, c[i], -(b * s[i]));
        x[2 * i + 1] = fmaf(a, s[i], b * c[i]);
    }
}

static void rope_halves(float *x, const float *c, const float *s, size_t half)
{
    size_t i = 0;
    for (; i + V_LANES <= half; i += V_LANES) {
        vf a = v_load(x + i), b = v_load(x + i + half);
        rotate(&a, &b, v_load(c + i), v_load(s + i));
        v_store(x + i, a);
        v_store(x + i + half, b);
    }
    if (i < half) {
        size_t n = half - i;
        vf a = v_load_n(x + i, n), b = v_load_n(x + i + half, n);
        rotate(&a, &b, v_load_n(c + i, n), v_load_n(s + i, n));
        v_store_n(x + i, a, n);
        v_store_n(x + i + half, b, n);
    }
}

/* y[i] = f(a[i], b[i]) for i < n; the arguments load what they need. */
#define EACH(n, y, whole, part)                                                                                        \
    do {                                                                                                               \
        size_t i = 0;                                                                                                  \
        for (; i + V_LANES <= (n); i += V_LANES) {                                                                     \
            v_store((y) + i, whole);                                                                                   \
        }                                                                                                              \
        if (i < (n)) {                                                                                                 \
            size_t rest = (n) - i;                                                                                     \
            v_store_n((y) + i, part, rest);                                                                            \
        }                                                                                                              \
    } while (0)

static void add(float *y, const float *x, size_t n)
{
    EACH(n, y, v_add(v_load(y + i), v_load(x + i)), v_add(v_load_n(y + i, rest), v_load_n(x + i, rest)));
}

static void scale(float *y, float a, size_t n)
{
    EACH(n, y, v_mul(v_load(y + i), v_set(a)), v_mul(v_load_n(y + i, rest), v_set(a)));
}

static void finish(float *y, float a, size_t n)
{
    EACH(n, y, v_fma(v_load(y + i), v_set(a), v_zero()), v_fma(v_load_n(y + i, rest), v_set(a), v_zero()));
}

MTS_INLINE vf silu_times(vf g, vf u)
{
    vf e = v_exp(v_mul(g, v_set(-1)));
    return v_mul(v_div(g, v_add(v_set(1), e)), u);
}

MTS_INLINE vf gelu_times(vf g, vf u)
{
    vf t = v_mul(v_set(MTS_GELU_OUTER), v_fma(v_mul(v_set(MTS_GELU_INNER), v_mul(g, g)), g, g));
    vf e = v_exp(v_mul(v_set(-2), t));
    return v_mul(v_div(g, v_add(v_set(1), e)), u);
}

static void silu_mul(const float *g, const float *u, float *y, size_t n)
{
    EACH(n, y, silu_times(v_load(g + i), v_load(u + i)), silu_times(v_load_n(g + i, rest), v_load_n(u + i, rest)));
}

static void gelu_mul(const float *g, const float *u, float *y, size_t n)
{
    EACH(n, y, gelu_times(v_load(g + i), v_load(u + i)), gelu_times(v_load_n(g + i, rest), v_load_n(u + i, rest)));
}

static void fill_rows(MtsKernels *k)
{
    k->quantize = quantize;
    k->rmsnorm = rmsnorm;
    k->rope_pairs = rope_pairs;
    k->rope_halves = rope_halves;
    k->add = add;
    k->scale = scale;
    k->finish = finish;
    k->silu_mul = silu_mul;
    k->gelu_mul = gelu_mul;
}
