/* kernels/ref/attention.c - scores, softmax and weighted values over pages of 16 positions. */
#include <math.h>
#include <string.h>

#include "kernels/ref/math.h"
#include "kernels/ref/ref.h"

enum { PT = MTS_PAGE_TOKENS };

static float element(const void *page, bool f32, size_t at)
{
    if (f32) {
        return ((const float *)page)[at];
    }
    return mts_f16_to_f32(((const uint16_t *)page)[at]);
}

static void put_element(void *page, bool f32, size_t at, float x)
{
    if (f32) {
        ((float *)page)[at] = x;
    } else {
        ((uint16_t *)page)[at] = mts_f32_to_f16(x);
    }
}

static void scores(bool f32, const float *const *q, size_t nq, size_t dim, const void *const *pages, size_t offset,
                   size_t npages, float *const *out)
{
    for (size_t i = 0; i < npages; i++) {
        const void *page = (const char *)pages[i] + offset;
        for (size_t j = 0; j < nq; j++) {
            float acc[PT] = {0};
            for (size_t d = 0; d < dim; d++) {
                for (size_t t = 0; t < PT; t++) {
                    acc[t] = fmaf(q[j][d], element(page, f32, d * PT + t), acc[t]);
                }
            }
            memcpy(out[j] + i * PT, acc, sizeof acc);
        }
    }
}

static float softmax(float *row, size_t lo, size_t hi, size_t end)
{
    float max = -HUGE_VALF, p[16] = {0};
    for (size_t i = lo; i < hi; i++) {
        max = row[i] > max ? row[i] : max;
    }
    for (size_t i = 0; i < end; i++) {
        row[i] = i >= lo && i < hi ? mts_ref_exp(row[i] - max) : 0.0f;
        p[i % 16] += row[i];
    }
    return 1.0f / mts_ref_tree(p);
}

static void values(bool f32, const float *const *w, size_t nq, size_t dim, const void *const *pages, size_t offset,
                   size_t npages, size_t last, float *const *out)
{
    for (size_t i = 0; i < npages; i++) {
        const void *page = (const char *)pages[i] + offset;
        for (size_t j = 0; j < nq; j++) {
            for (size_t t = 0; t < (i + 1 == npages ? last : PT); t++) {
                for (size_t d = 0; d < dim; d++) {
                    out[j][d] = fmaf(w[j][i * PT + t], element(page, f32, t * dim + d), out[j][d]);
                }
            }
        }
    }
}

static void finish(float *y, float a, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = fmaf(y[i], a, 0.0f);
    }
}

static void put_key(bool f32, void *page, size_t slot, size_t heads, size_t dim, const float *k)
{
    for (size_t i = 0; i < heads * dim; i++) {
        put_element(page, f32, i * PT + slot, k[i]);
    }
}

static void put_value(bool f32, void *page, size_t slot, size_t heads, size_t dim, const float *v)
{
    for (size_t h = 0; h < heads; h++) {
        for (size_t d = 0; d < dim; d++) {
            put_element(page, f32, (h * PT + slot) * dim + d, v[h * dim + d]);
        }
    }
}

#define BOTH(suffix, f32)                                                                                              \
    static void scores_##suffix(const float *const *q, size_t nq, size_t dim, const void *const *pages, size_t offset, \
                                size_t npages, float *const *out)                                                      \
    {                                                                                                                  \
        scores(f32, q, nq, dim, pages, offset, npages, out);                                                           \
    }                                                                                                                  \
    static void values_##suffix(const float *const *w, size_t nq, size_t dim, const void *const *pages, size_t offset, \
                                size_t npages, size_t last, float *const *out)                                         \
    {                                                                                                                  \
        values(f32, w, nq, dim, pages, offset, npages, last, out);                                                     \
    }                                                                                                                  \
    static void put_key_##suffix(void *page, size_t slot, size_t heads, size_t dim, const float *k)                    \
    {                                                                                                                  \
        put_key(f32, page, slot, heads, dim, k);                                                                       \
    }                                                                                                                  \
    static void put_value_##suffix(void *page, size_t slot, size_t heads, size_t dim, const float *v)                  \
    {                                                                                                                  \
        put_value(f32, page, slot, heads, dim, v);                                                                     \
    }

BOTH(f16, false)
BOTH(f32, true)

void mts_ref_fill_attention(MtsKernels *k)
{
    k->scores[0] = scores_f16;
    k->scores[1] = scores_f32;
    k->softmax = softmax;
    k->values[0] = values_f16;
    k->values[1] = values_f32;
    k->finish = finish;
    k->put_key[0] = put_key_f16;
    k->put_key[1] = put_key_f32;
    k->put_value[0] = put_value_f16;
    k->put_value[1] = put_value_f32;
}
