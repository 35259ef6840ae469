/* kernels/simd/attention_template.h - scores, softmax and weighted values over pages. Words: simd.h; needs
 * rows_template.h (v_exp, sum_tree).
 *
 * Scores: a page's 16 positions are lanes, so a score is a chain of fused multiply-adds over the head's dimensions
 * without a horizontal sum. Chains are independent over queries and pages; enough of them run at once to hide the
 * latency: many queries on one page (which is then read and converted once), or few queries on several pages.
 * Values: dimensions are lanes, positions run in order; chains are independent over queries and dimensions. */
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/simd/simd.h"

enum { VECTORS = MTS_UNIT / V_LANES, MOST_QUERIES = V_ACCUMULATORS / VECTORS >= 8 ? 8 : 4 };

MTS_INLINE vf load_element(bool f32, const void *page, size_t at)
{
    return f32 ? v_load((const float *)page + at) : v_load_half((const uint16_t *)page + at);
}

/* nq queries times np pages. */
MTS_INLINE void scores_block(bool f32, const int nq, const int np, const float *const *q, size_t dim,
                             const void *const *pages, size_t offset, float *const *out, size_t at)
{
    vf acc[V_ACCUMULATORS];
    const void *page[V_ACCUMULATORS];
    for (int i = 0; i < np; i++) {
        page[i] = (const char *)pages[i] + offset;
    }
    for (int i = 0; i < nq * np * VECTORS; i++) {
        acc[i] = v_zero();
    }
    for (size_t d = 0; d < dim; d++) {
        vf key[V_ACCUMULATORS];
        for (int i = 0; i < np * VECTORS; i++) {
            key[i] = load_element(f32, page[i / VECTORS], d * MTS_UNIT + (size_t)(i % VECTORS) * V_LANES);
        }
        for (int j = 0; j < nq; j++) {
            vf x = v_set(q[j][d]);
            for (int i = 0; i < np * VECTORS; i++) {
                acc[j * np * VECTORS + i] = v_fma(x, key[i], acc[j * np * VECTORS + i]);
            }
        }
    }
    for (int j = 0; j < nq; j++) {
        for (int i = 0; i < np * VECTORS; i++) {
            v_store(out[j] + at + (size_t)i * V_LANES, acc[j * np * VECTORS + i]);
        }
    }
}

/* As many pages at a time as the accumulators allow, then one at a time. */
MTS_INLINE void scores_queries(bool f32, const int nq, const float *const *q, size_t dim, const void *const *pages,
                               size_t offset, size_t npages, float *const *out)
{
    enum { ALL = V_ACCUMULATORS / VECTORS };
    const int np = nq == 1 ? (ALL >= 8 ? 8 : 4) : nq == 2 ? (ALL >= 8 ? 4 : 2) : nq <= 4 ? (ALL / nq >= 2 ? 2 : 1) : 1;
    size_t i = 0;
    for (; np > 1 && i + (size_t)np <= npages; i += (size_t)np) {
        scores_block(f32, nq, np, q, dim, pages + i, offset, out, i * MTS_UNIT);
    }
    for (; i < npages; i++) {
        scores_block(f32, nq, 1, q, dim, pages + i, offset, out, i * MTS_UNIT);
    }
}

MTS_INLINE void scores(bool f32, const float *const *q, size_t nq, size_t dim, const void *const *pages, size_t offset,
                       size_t npages, float *const *out)
{
    while (nq > 0) {
        size_t shares = (nq + MOST_QUERIES - 1) / MOST_QUERIES, count = (nq + shares - 1) / shares;
        switch (count) {
#define SHARE(n)                                                                                                       \
    case n:                                                                                                            \
        scores_queries(f32, n, q, dim, pages, offset, npages, out);                                                    \
        break;
            SHARE(1)
            SHARE(2)
            SHARE(3)
            SHARE(4)
#if V_ACCUMULATORS * V_LANES >= 128
            SHARE(5)
            SHARE(6)
            SHARE(7)
            SHARE(8)
#endif
#undef SHARE
        }
        q += count;
        out += count;
        nq -= count;
    }
}

/* exp(row[p] - max) for the positions of one unit that lie in [lo, hi), 0 for the others. */
static void exp_part(float *unit, size_t lo, size_t hi, float max)
{
    for (size_t h = 0; h < MTS_UNIT; h += V_LANES) {
        v_store(unit + h, v_exp(v_sub(v_load(unit + h), v_set(max))));
    }
    for (size_t t = 0; t < MTS_UNIT; t++) {
        unit[t] = t >= lo && t < hi ? unit[t] : 0.0f;
    }
}

static float softmax(float *row, size_t lo, size_t hi, size_t end)
{
    const size_t first = lo / MTS_UNIT * MTS_UNIT, stop = (hi + MTS_UNIT - 1) / MTS_UNIT * MTS_UNIT;
    vf best = v_set(-HUGE_VALF), p[VECTORS];
    for (size_t i = lo; i < hi; i += V_LANES) {
        size_t n = mts_min(hi - i, V_LANES);
        vf x = n == V_LANES ? v_load(row + i) : v_load_n(row + i, n);
        if (n == V_LANES) {
            best = v_greater(x, best);
        } else {
            float part[V_LANES];
            v_store(part, best);
            for (size_t t = 0; t < n; t++) {
                part[t] = row[i + t] > part[t] ? row[i + t] : part[t];
            }
            best = v_load(part);
        }
    }
    float part[V_LANES], max = -HUGE_VALF;
    v_store(part, best);
    for (size_t t = 0; t < V_LANES; t++) {
        max = part[t] > max ? part[t] : max;
    }
    for (int v = 0; v < VECTORS; v++) {
        p[v] = v_zero();
    }
    memset(row, 0, first * sizeof *row);
    for (size_t i = first; i < stop; i += MTS_UNIT) {
        if (i < lo || i + MTS_UNIT > hi) {
            exp_part(row + i, i < lo ? lo - i : 0, mts_min(hi - i, MTS_UNIT), max);
            for (int v = 0; v < VECTORS; v++) {
                p[v] = v_add(p[v], v_load(row + i + (size_t)v * V_LANES));
            }
        } else {
            for (int v = 0; v < VECTORS; v++) {
                vf e = v_exp(v_sub(v_load(row + i + (size_t)v * V_LANES), v_set(max)));
                v_store(row + i + (size_t)v * V_LANES, e);
                p[v] = v_add(p[v], e);
            }
        }
    }
    memset(row + stop, 0, (end - stop) * sizeof *row);
    return 1.0f / sum_tree(p);
}

/* nq queries times nd vectors of dimensions from d on; n < V_LANES (a multiple of 8) when only part of one is left. */
MTS_INLINE void values_block(bool f32, const int nq, const int nd, const float *const *w, size_t dim,
                             const void *const *pages, size_t offset, size_t npages, size_t last, float *const *out,
                             size_t d, size_t n)
{
    vf acc[V_ACCUMULATORS];
    for (int j = 0; j < nq; j++) {
        for (int v = 0; v < nd; v++) {
            const float *from = out[j] + d + (size_t)v * V_LANES;
            acc[j * nd + v] = n == V_LANES ? v_load(from) : v_load_n(from, n);
        }
    }
    for (size_t i = 0; i < npages; i++) {
        const void *page = (const char *)pages[i] + offset;
        const size_t count = i + 1 == npages ? last : MTS_UNIT;
        for (size_t t = 0; t < count; t++) {
            vf value[V_ACCUMULATORS];
            for (int v = 0; v < nd; v++) {
                size_t at = t * dim + d + (size_t)v * V_LANES;
                value[v] = n == V_LANES ? load_element(f32, page, at)
                           : f32        ? v_load_n((const float *)page + at, n)
                                        : v_load_half_n((const uint16_t *)page + at, n);
            }
            for (int j = 0; j < nq; j++) {
                vf x = v_set(w[j][i * MTS_UNIT + t]);
                for (int v = 0; v < nd; v++) {
                    acc[j * nd + v] = v_fma(x, value[v], acc[j * nd + v]);
                }
            }
        }
    }
    for (int j = 0; j < nq; j++) {
        for (int v = 0; v < nd; v++) {
            float *to = out[j] + d + (size_t)v * V_LANES;
            if (n == V_LANES) {
                v_store(to, acc[j * nd + v]);
            } else {
                v_store_n(to, acc[j * nd + v], n);
            }
        }
    }
}

MTS_INLINE void values_queries(bool f32, const int nq, const float *const *w, size_t dim, const void *const *pages,
                               size_t offset, size_t npages, size_t last, float *const *out)
{
    const int nd = V_ACCUMULATORS / nq >= 8 ? 8 : V_ACCUMULATORS / nq >= 4 ? 4 : V_ACCUMULATORS / nq >= 2 ? 2 : 1;
    size_t d = 0;
    for (; d + (size_t)nd * V_LANES <= dim; d += (size_t)nd * V_LANES) {
        values_block(f32, nq, nd, w, dim, pages, offset, npages, last, out, d, V_LANES);
    }
    for (; nd > 4 && d + 4 * V_LANES <= dim; d += 4 * V_LANES) {
        values_block(f32, nq, nd > 4 ? 4 : nd, w, dim, pages, offset, npages, last, out, d, V_LANES);
    }
    for (; d + V_LANES <= dim; d += V_LANES) {
        values_block(f32, nq, 1, w, dim, pages, offset, npages, last, out, d, V_LANES);
    }
    if (d < dim) {
        values_block(f32, nq, 1, w, dim, pages, offset, npages, last, out, d, dim - d);
    }
}

MTS_INLINE void values(bool f32, const float *const *w, size_t nq, size_t dim, const void *const *pages, size_t offset,
                       size_t npages, size_t last, float *const *out)
{
    while (nq > 0) {
        size_t shares = (nq + 3) / 4, count = (nq + shares - 1) / shares;
        switch (count) {
#define SHARE(n)                                                                                                       \
    case n:                                                                                                            \
        values_queries(f32, n, w, dim, pages, offset, npages, last, out);                                              \
        break;
            SHARE(1)
            SHARE(2)
            SHARE(3)
            SHARE(4)
#undef SHARE
        }
        w += count;
        out += count;
        nq -= count;
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
    }
BOTH(f16, false)
BOTH(f32, true)
#undef BOTH

static void put_key_f16(void *page, size_t slot, size_t heads, size_t dim, const float *k)
{
    uint16_t *to = (uint16_t *)page + slot, half[V_LANES];
    size_t i = 0;
    for (; i + V_LANES <= heads * dim; i += V_LANES) {
        v_store_half(half, v_load(k + i));
        for (size_t j = 0; j < V_LANES; j++) {
            to[(i + j) * MTS_UNIT] = half[j];
        }
    }
    if (i < heads * dim) {
        v_store_half(half, v_load_n(k + i, heads * dim - i));
        for (size_t j = 0; i + j < heads * dim; j++) {
            to[(i + j) * MTS_UNIT] = half[j];
        }
    }
}

static void put_value_f16(void *page, size_t slot, size_t heads, size_t dim, const float *v)
{
    for (size_t h = 0; h < heads; h++, v += dim) {
        uint16_t *to = (uint16_t *)page + (h * MTS_UNIT + slot) * dim, half[V_LANES];
        size_t i = 0;
        for (; i + V_LANES <= dim; i += V_LANES) {
            v_store_half(to + i, v_load(v + i));
        }
        if (i < dim) {
            v_store_half(half, v_load_n(v + i, dim - i));
            memcpy(to + i, half, (dim - i) * sizeof *half);
        }
    }
}

static void fill_attention(MtsKernels *k)
{
    k->scores[0] = scores_f16;
    k->scores[1] = scores_f32;
    k->softmax = softmax;
    k->values[0] = values_f16;
    k->values[1] = values_f32;
    k->put_key[0] = put_key_f16;
    k->put_value[0] = put_value_f16;
}
