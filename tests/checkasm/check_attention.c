/* Attention: every number of queries up to two tiles, page counts round the unrolling, head sizes that fill vectors in
 * part. */
#include "checkasm.h"

enum { MOST_PAGES = 11, MOST_QUERIES = 32 };

static const size_t dims[] = {8, 16, 24, 40, 64, 72, 128, 256, 512, 520};

typedef struct Case {
    size_t nq, dim, npages, offset, last;
    void *page[MOST_PAGES];
    float *q[MOST_QUERIES], *row[MOST_QUERIES], *out[MOST_QUERIES], *want[MOST_QUERIES];
} Case;

/* Pages of one head behind another one's, each ending at a guard; weights and queries of nq rows. */
static void case_new(Check *c, Case *k, bool f32, size_t nq, size_t dim, size_t npages, size_t row, size_t out)
{
    size_t elements = dim * MTS_PAGE_TOKENS, size = f32 ? 4 : 2;
    *k = (Case){.nq = nq, .dim = dim, .npages = npages, .offset = elements * size};
    for (size_t i = 0; i < npages; i++) {
        k->page[i] = guard_new(2 * elements * size, true);
        for (size_t e = 0; e < 2 * elements; e++) {
            float x;
            fill_normal(&c->rng, &x, 1, 1);
            uint16_t h = mts_f32_to_f16(x);
            memcpy((char *)k->page[i] + e * size, f32 ? (void *)&x : (void *)&h, size);
        }
    }
    float *q = guard_new(nq * dim * sizeof *q, true), *r = guard_new(nq * row * sizeof *r, true);
    float *o = guard_new(nq * out * sizeof *o, true), *w = guard_new(nq * out * sizeof *w, true);
    fill_normal(&c->rng, q, nq * dim, 1);
    fill_normal(&c->rng, r, nq * row, 1);
    fill_normal(&c->rng, o, nq * out, 1);
    memcpy(w, o, nq * out * sizeof *o);
    for (size_t j = 0; j < nq; j++) {
        k->q[j] = q + j * dim;
        k->row[j] = r + j * row;
        k->out[j] = o + j * out;
        k->want[j] = w + j * out;
    }
}

static void case_free(Case *k)
{
    for (size_t i = 0; i < k->npages; i++) {
        guard_free(k->page[i]);
    }
    guard_free(k->q[0]);
    guard_free(k->row[0]);
    guard_free(k->out[0]);
    guard_free(k->want[0]);
}

typedef struct AttentionRun {
    const MtsKernels *k;
    Case *c;
    bool values;
} AttentionRun;

static void run_attention(void *data)
{
    AttentionRun *r = data;
    Case *k = r->c;
    const void *const *pages = (const void *const *)k->page;
    if (r->values) {
        r->k->values[0]((const float *const *)k->row, k->nq, k->dim, pages, k->offset, k->npages, 16, k->out);
    } else {
        r->k->scores[0]((const float *const *)k->q, k->nq, k->dim, pages, k->offset, k->npages, k->out);
    }
}

static void bench(Check *c, bool values)
{
    static const size_t queries[] = {1, 2, 3, 4, 8, 16, 32};
    printf("  %-12s %-16s GMAC/s (head of 64) for", c->vector->name, c->name);
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        Case k;
        case_new(c, &k, false, queries[i], 64, 8, 128, values ? 64 : 128);
        AttentionRun run = {c->vector, &k, values};
        double rate = check_rate(run_attention, &run);
        printf(" %zu: %.1f", queries[i], rate * (double)(queries[i] * 64 * 128) * 1e-9);
        case_free(&k);
    }
    printf("\n");
}

static void check_scores(Check *c, bool f32)
{
    for (size_t d = 0; d < sizeof dims / sizeof dims[0]; d++) {
        for (size_t nq = 1; nq <= MOST_QUERIES; nq++) {
            Case k;
            size_t npages = 1 + (nq * 3 + d) % MOST_PAGES, n = npages * MTS_PAGE_TOKENS;
            case_new(c, &k, f32, nq, dims[d], npages, 1, n);
            const void *const *pages = (const void *const *)k.page;
            c->scalar->scores[f32]((const float *const *)k.q, nq, dims[d], pages, k.offset, npages, k.want);
            c->vector->scores[f32]((const float *const *)k.q, nq, dims[d], pages, k.offset, npages, k.out);
            check_floats(c, k.out[0], k.want[0], nq * n, "dimensions and queries", dims[d], nq);
            case_free(&k);
        }
    }
    if (c->bench && !f32) {
        bench(c, false);
    }
}

static void check_values(Check *c, bool f32)
{
    for (size_t d = 0; d < sizeof dims / sizeof dims[0]; d++) {
        for (size_t nq = 1; nq <= MOST_QUERIES; nq++) {
            Case k;
            size_t npages = 1 + (nq * 3 + d) % 5, last = 1 + (nq * 7 + d) % MTS_PAGE_TOKENS;
            case_new(c, &k, f32, nq, dims[d], npages, npages * MTS_PAGE_TOKENS, dims[d]);
            const void *const *pages = (const void *const *)k.page;
            const float *const *w = (const float *const *)k.row;
            c->scalar->values[f32](w, nq, dims[d], pages, k.offset, npages, last, k.want);
            c->vector->values[f32](w, nq, dims[d], pages, k.offset, npages, last, k.out);
            check_floats(c, k.out[0], k.want[0], nq * dims[d], "dimensions and queries", dims[d], nq);
            case_free(&k);
        }
    }
    if (c->bench && !f32) {
        bench(c, true);
    }
}

static void check_softmax(Check *c)
{
    for (size_t end = 16; end <= 128; end += 16) {
        for (size_t lo = 0; lo < end; lo += 1 + lo / 3) {
            for (size_t hi = lo + 1; hi <= end; hi += 1 + (hi - lo) / 4) {
                float *row = guard_new(end * sizeof *row, true), want[128];
                fill_normal(&c->rng, row, end, (lo + hi) % 3 ? 4 : 60);
                if ((lo + hi) % 7 == 0) {
                    row[lo] = -INFINITY;
                } else if ((lo + hi) % 11 == 0) {
                    row[lo] = NAN;
                }
                memcpy(want, row, end * sizeof *row);
                float a = c->scalar->softmax(want, lo, hi, end), b = c->vector->softmax(row, lo, hi, end);
                check_floats(c, row, want, end, "range", lo, hi);
                check_floats(c, &b, &a, 1, "inverse sum of range", lo, hi);
                guard_free(row);
            }
        }
    }
}

typedef void (*Put)(void *page, size_t slot, size_t heads, size_t dim, const float *x);

static void check_put(Check *c, Put scalar, Put vector, bool f32)
{
    for (size_t d = 0; d < sizeof dims / sizeof dims[0]; d++) {
        for (size_t heads = 1; heads < 4; heads++) {
            size_t n = heads * dims[d], size = n * MTS_PAGE_TOKENS * (f32 ? 4 : 2);
            void *got = guard_new(size, true), *want = guard_new(size, true);
            float *x = guard_new(n * sizeof *x, true);
            for (size_t slot = 0; slot < MTS_PAGE_TOKENS; slot++) {
                static const float sizes[] = {1, 1e5f, 1e-5f, 1e-8f};
                fill_normal(&c->rng, x, n, sizes[slot % 4]);
                scalar(want, slot, heads, dims[d], x);
                vector(got, slot, heads, dims[d], x);
            }
            if (memcmp(got, want, size) != 0) {
                check_fail(c, "%zu heads of %zu", heads, dims[d]);
            }
            guard_free(got);
            guard_free(want);
            guard_free(x);
        }
    }
}

void check_attention(Check *c)
{
    static const char *const names[][2] = {{"scores f16", "scores f32"},
                                           {"values f16", "values f32"},
                                           {"put_key f16", "put_key f32"},
                                           {"put_value f16", "put_value f32"}};
    for (int f32 = 0; f32 < 2; f32++) {
        if (CHECK_BEGIN(c, names[0][f32], scores[f32])) {
            check_scores(c, f32);
        }
        if (CHECK_BEGIN(c, names[1][f32], values[f32])) {
            check_values(c, f32);
        }
        if (CHECK_BEGIN(c, names[2][f32], put_key[f32])) {
            check_put(c, c->scalar->put_key[f32], c->vector->put_key[f32], f32);
        }
        if (CHECK_BEGIN(c, names[3][f32], put_value[f32])) {
            check_put(c, c->scalar->put_value[f32], c->vector->put_value[f32], f32);
        }
    }
    if (CHECK_BEGIN(c, "softmax", softmax)) {
        check_softmax(c);
    }
}
