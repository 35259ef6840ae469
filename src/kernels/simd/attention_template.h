/* kernels/simd/attention_template.h - scores, softmax and weighted values over pages. Words: simd.h; needs
 * rows_template.h (v_exp, sum_tree).
 *
 * Scores: a page's 16 positions are lanes, so a score is a chain of fused multiply-adds over the head's dimensions
 * without a horizontal sum. Values: dimensions are lanes, positions run in order. Chains are independent over queries
 * and pages, over queries and dimensions; enough of them run at once to hide the latency.
 *
 * Few queries read pages as they lie; from WIDE queries on a few pages at a time are converted to fp32 once for all
 * queries. Pages are small and lie apart, so no processor guesses which one comes next: it is fetched meanwhile. */
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/simd/simd.h"

enum {
    VECTORS = MTS_UNIT / V_LANES,
    SCORED = V_ACCUMULATORS / VECTORS,
    MOST_QUERIES = SCORED >= 8   ? 8
                   : SCORED >= 6 ? 6
                                 : 4,             /* that scores are made for at once */
    MOST_MIXED = V_ACCUMULATORS % 6 == 0 ? 6 : 4, /* that values are added up for at once */
    WIDE = V_WIDE_QUERIES,
    WIDE_PAGES = 3,       /* that are converted at a time at most */
    WIDE_ELEMENTS = 8192, /* of them together: 32 KiB */
    WIDE_DIM = WIDE_ELEMENTS / MTS_UNIT,
    NARROW_PAGES = 8 /* that are used as they lie before the next ones are fetched */
};

MTS_INLINE vf load_element(bool f32, const void *page, size_t at)
{
    return f32 ? v_load((const float *)page + at) : v_load_half((const uint16_t *)page + at);
}

/* ---- pages as fp32 ---- */

typedef struct Copy {
    float x[WIDE_ELEMENTS] __attribute__((aligned(64)));
    const void *page[WIDE_PAGES];
} Copy;

static void copy_pages(Copy *to, const void *const *pages, size_t offset, size_t npages, size_t elements)
{
    for (size_t i = 0; i < npages; i++) {
        const uint16_t *from = (const uint16_t *)((const char *)pages[i] + offset);
        float *x = to->x + i * elements;
        for (size_t e = 0; e < elements; e += V_LANES) {
            v_store(x + e, v_load_half(from + e));
        }
        to->page[i] = x;
    }
}

/* ---- fetching ahead: a list of pages, in equal parts ---- */

typedef struct Fetch {
    const void *const *pages;
    size_t count, offset;
    size_t lines;   /* of a page */
    size_t step;    /* lines that are fetched at a time */
    size_t i, line; /* the next one */
} Fetch;

static Fetch fetch_begin(const void *const *pages, size_t count, size_t offset, size_t bytes, size_t parts)
{
    const size_t lines = bytes / 64;
    return (Fetch){pages, count, offset, lines, (count * lines + parts - 1) / parts, 0, 0};
}

/* Inlined, as GCC takes a function that only prefetches for one without effect. */
MTS_INLINE void fetch(Fetch *f)
{
    for (size_t n = 0; n < f->step && f->i < f->count; n++) {
        __builtin_prefetch((const char *)f->pages[f->i] + f->offset + f->line * 64, 0, 2);
        if (++f->line == f->lines) {
            f->line = 0;
            f->i++;
        }
    }
}

/* ---- all queries, a few at a time ---- */

/* What is done for nq queries and npages pages: scores, or values of which the last page holds `last`. `at`: the
 * position from which rows of scores are written or read. */
typedef void TileShare(size_t nq, const float *const *in, size_t dim, const void *const *pages, size_t offset,
                       size_t npages, size_t last, float *const *out, size_t at);

/* In equal shares of at most `most` queries, `some` pages at a time: f16 ones as they lie (copy NULL) or copied as
 * fp32. */
MTS_INLINE void in_shares(TileShare *share, size_t most, size_t some, Copy *copy, const float *const *in, size_t nq,
                          size_t dim, const void *const *pages, size_t offset, size_t npages, size_t last,
                          float *const *out)
{
    const size_t shares = (nq + most - 1) / most, elements = dim * MTS_UNIT;
    for (size_t i = 0, n; i < npages; i += n) {
        n = mts_min(npages - i, some);
        const size_t count = i + n < npages ? MTS_UNIT : last;
        Fetch next = fetch_begin(pages + i + n, mts_min(npages - i - n, some), offset, 2 * elements, shares);
        if (copy) {
            copy_pages(copy, pages + i, offset, n, elements);
        }
        for (size_t s = 0; s < shares; s++) {
            size_t j = nq * s / shares, end = nq * (s + 1) / shares;
            fetch(&next);
            share(end - j, in + j, dim, copy ? copy->page : pages + i, copy ? 0 : offset, n, count, out + j,
                  i * MTS_UNIT);
        }
    }
}

/* f16 pages by the one share or the other. */
MTS_INLINE void in_best_shares(TileShare *f16, TileShare *f32, size_t most, const float *const *in, size_t nq,
                               size_t dim, const void *const *pages, size_t offset, size_t npages, size_t last,
                               float *const *out)
{
    if (nq >= (size_t)WIDE && dim <= WIDE_DIM) {
        Copy copy;
        size_t some = mts_min(WIDE_PAGES, WIDE_ELEMENTS / (dim * MTS_UNIT));
        in_shares(f32, most, some, &copy, in, nq, dim, pages, offset, npages, last, out);
    } else {
        in_shares(f16, most, NARROW_PAGES, NULL, in, nq, dim, pages, offset, npages, last, out);
    }
}

/* ---- scores ---- */

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

/* As many pages at a time as the accumulators allow, then one at a time. out: from position `at` on. */
MTS_INLINE void scores_queries(bool f32, const int nq, const float *const *q, size_t dim, const void *const *pages,
                               size_t offset, size_t npages, float *const *out, size_t at)
{
    enum { ALL = V_ACCUMULATORS / VECTORS };
    const int most = ALL / nq >= 8 ? 8 : ALL / nq >= 4 ? 4 : ALL / nq >= 3 ? 3 : ALL / nq >= 2 ? 2 : 1;
    size_t i = 0;
    for (; i + (size_t)most <= npages; i += (size_t)most) {
        scores_block(f32, nq, most, q, dim, pages + i, offset, out, at + i * MTS_UNIT);
    }
    for (; most > 4 && i + 4 <= npages; i += 4) {
        scores_block(f32, nq, most > 4 ? 4 : 1, q, dim, pages + i, offset, out, at + i * MTS_UNIT);
    }
    for (; most > 2 && i + 2 <= npages; i += 2) {
        scores_block(f32, nq, most > 2 ? 2 : 1, q, dim, pages + i, offset, out, at + i * MTS_UNIT);
    }
    for (; most > 1 && i < npages; i++) {
        scores_block(f32, nq, 1, q, dim, pages + i, offset, out, at + i * MTS_UNIT);
    }
}

MTS_INLINE void scores_share(bool f32, size_t nq, const float *const *q, size_t dim, const void *const *pages,
                             size_t offset, size_t npages, float *const *out, size_t at)
{
    switch (nq) {
#define SHARE(n)                                                                                                       \
    case n:                                                                                                            \
        scores_queries(f32, n, q, dim, pages, offset, npages, out, at);                                                \
        break;
        SHARE(1)
        SHARE(2)
        SHARE(3)
        SHARE(4)
#if V_ACCUMULATORS * V_LANES >= 96
        SHARE(5)
        SHARE(6)
#endif
#if V_ACCUMULATORS * V_LANES >= 128
        SHARE(7)
        SHARE(8)
#endif
#undef SHARE
    }
}

static void scores_share_f32(size_t nq, const float *const *q, size_t dim, const void *const *pages, size_t offset,
                             size_t npages, size_t last, float *const *out, size_t at)
{
    (void)last;
    scores_share(true, nq, q, dim, pages, offset, npages, out, at);
}

static void scores_share_f16(size_t nq, const float *const *q, size_t dim, const void *const *pages, size_t offset,
                             size_t npages, size_t last, float *const *out, size_t at)
{
    (void)last;
    scores_share(false, nq, q, dim, pages, offset, npages, out, at);
}

static void scores_f32(const float *const *q, size_t nq, size_t dim, const void *const *pages, size_t offset,
                       size_t npages, float *const *out)
{
    in_shares(scores_share_f32, MOST_QUERIES, npages, NULL, q, nq, dim, pages, offset, npages, MTS_UNIT, out);
}

static void scores_f16(const float *const *q, size_t nq, size_t dim, const void *const *pages, size_t offset,
                       size_t npages, float *const *out)
{
    in_best_shares(scores_share_f16, scores_share_f32, MOST_QUERIES, q, nq, dim, pages, offset, npages, MTS_UNIT, out);
}

/* ---- softmax ---- */

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

/* ---- values ---- */

/* nq queries times nd vectors of dimensions from d on; n < V_LANES (a multiple of 8) when only part of one is left. */
MTS_INLINE void values_block(bool f32, const int nq, const int nd, const float *const *w, size_t dim,
                             const void *const *pages, size_t offset, size_t npages, size_t last, float *const *out,
                             size_t at, size_t d, size_t n)
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
                size_t e = t * dim + d + (size_t)v * V_LANES;
                value[v] = n == V_LANES ? load_element(f32, page, e)
                           : f32        ? v_load_n((const float *)page + e, n)
                                        : v_load_half_n((const uint16_t *)page + e, n);
            }
            for (int j = 0; j < nq; j++) {
                vf x = v_set(w[j][at + i * MTS_UNIT + t]);
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

/* w: from position `at` on. */
MTS_INLINE void values_queries(bool f32, const int nq, const float *const *w, size_t dim, const void *const *pages,
                               size_t offset, size_t npages, size_t last, float *const *out, size_t at)
{
    const int nd = V_ACCUMULATORS / nq >= 8 ? 8 : V_ACCUMULATORS / nq >= 4 ? 4 : V_ACCUMULATORS / nq >= 2 ? 2 : 1;
    size_t d = 0;
    for (; d + (size_t)nd * V_LANES <= dim; d += (size_t)nd * V_LANES) {
        values_block(f32, nq, nd, w, dim, pages, offset, npages, last, out, at, d, V_LANES);
    }
    for (; nd > 4 && d + 4 * V_LANES <= dim; d += 4 * V_LANES) {
        values_block(f32, nq, nd > 4 ? 4 : nd, w, dim, pages, offset, npages, last, out, at, d, V_LANES);
    }
    for (; d + V_LANES <= dim; d += V_LANES) {
        values_block(f32, nq, 1, w, dim, pages, offset, npages, last, out, at, d, V_LANES);
    }
    if (d < dim) {
        values_block(f32, nq, 1, w, dim, pages, offset, npages, last, out, at, d, dim - d);
    }
}

MTS_INLINE void values_share(bool f32, size_t nq, const float *const *w, size_t dim, const void *const *pages,
                             size_t offset, size_t npages, size_t last, float *const *out, size_t at)
{
    switch (nq) {
#define SHARE(n)                                                                                                       \
    case n:                                                                                                            \
        values_queries(f32, n, w, dim, pages, offset, npages, last, out, at);                                          \
        break;
        SHARE(1)
        SHARE(2)
        SHARE(3)
        SHARE(4)
#if V_ACCUMULATORS % 6 == 0
        SHARE(5)
        SHARE(6)
#endif
#undef SHARE
    }
}

static void values_share_f32(size_t nq, const float *const *w, size_t dim, const void *const *pages, size_t offset,
                             size_t npages, size_t last, float *const *out, size_t at)
{
    values_share(true, nq, w, dim, pages, offset, npages, last, out, at);
}

static void values_share_f16(size_t nq, const float *const *w, size_t dim, const void *const *pages, size_t offset,
                             size_t npages, size_t last, float *const *out, size_t at)
{
    values_share(false, nq, w, dim, pages, offset, npages, last, out, at);
}

static void values_f32(const float *const *w, size_t nq, size_t dim, const void *const *pages, size_t offset,
                       size_t npages, size_t last, float *const *out)
{
    in_shares(values_share_f32, MOST_MIXED, npages, NULL, w, nq, dim, pages, offset, npages, last, out);
}

static void values_f16(const float *const *w, size_t nq, size_t dim, const void *const *pages, size_t offset,
                       size_t npages, size_t last, float *const *out)
{
    in_best_shares(values_share_f16, values_share_f32, MOST_MIXED, w, nq, dim, pages, offset, npages, last, out);
}

/* ---- keys and values to their pages ---- */

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
