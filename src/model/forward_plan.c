/* model/forward_plan.c - a step's buffers, and what is worked out once per step before the threads start. */
#include "model/forward.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

static size_t padded(size_t n)
{
    return (n + MTS_GROUP - 1) / MTS_GROUP * MTS_GROUP;
}

static void *take(size_t a, size_t b, size_t size, bool *ok)
{
    size_t bytes;
    /* not zeroed: steps smaller than the largest never touch the rest */
    void *p = *ok && mts_size_mul(a, b, &bytes) && mts_size_mul(bytes, size, &bytes) ? mts_aligned_alloc(bytes) : NULL;
    *ok = p != NULL;
    return p;
}

static MtsOperand take_operand(size_t rows, size_t cols, bool *ok)
{
    MtsOperand o = {.stride = padded(cols), .blocks = cols % 32 == 0 ? cols / 32 : 0};
    o.x = take(rows, o.stride, sizeof *o.x, ok);
    size_t bytes = o.blocks ? mts_acts_size(rows, cols) : MTS_ALIGN;
    o.acts = take(bytes, 1, bytes != 0, ok);
    return o;
}

static bool take_ropes(MtsForward *s, size_t max_positions)
{
    const MtsConfig *c = &s->model->config;
    return mts_rope_init(&s->rope[MTS_KV_FULL], c->rope_dims, max_positions, &c->rope, s->model->rope_factors) &&
           (c->window == 0 || mts_rope_init(&s->rope[MTS_KV_WINDOW], c->rope_dims, max_positions, &c->rope_window,
                                            s->model->rope_factors));
}

bool mts_forward_init(MtsForward *s, const MtsModel *model, MtsKv *kv, size_t max_rows, size_t max_positions,
                      int threads, bool kv_f32)
{
    const MtsConfig *c = &model->config;
    bool ok = true;
    memset(s, 0, sizeof *s);
    s->model = model;
    s->kv = kv;
    s->max_rows = max_rows;
    s->max_positions = max_positions;
    s->threads = threads;
    s->pace = mts_pace(threads);
    s->kv_f32 = kv_f32;
    s->q_floats = padded(c->heads * c->head_dim);
    s->kv_floats = padded(c->kv_heads * c->head_dim);
    s->span_of = take(max_rows, 1, sizeof *s->span_of, &ok);
    s->position = take(max_rows, 1, sizeof *s->position, &ok);
    for (int kind = 0; kind < MTS_KV_KINDS; kind++) {
        s->angles[kind] = take(max_rows, c->rope_dims, sizeof(float), &ok);
        s->cost[kind] = take(max_rows + 1, 1, sizeof *s->cost[kind], &ok);
    }
    s->x = take(max_rows, padded(c->width), sizeof(float), &ok);
    s->branch = take(max_rows, padded(c->width), sizeof(float), &ok);
    s->qkv = take(max_rows, s->q_floats + 2 * s->kv_floats, sizeof(float), &ok);
    s->gate = take(MTS_FFN_ROWS, padded(c->ffn_width), sizeof(float), &ok);
    s->up = take(MTS_FFN_ROWS, padded(c->ffn_width), sizeof(float), &ok);
    s->norm = take_operand(max_rows, c->width, &ok);
    s->attended = take_operand(max_rows, c->heads * c->head_dim, &ok);
    s->hidden = take_operand(max_rows, c->ffn_width, &ok);
    if (c->cross_heads) {
        s->cross_q = take(max_rows, padded(c->cross_heads * c->cross_dim), sizeof(float), &ok);
        s->crossed = take_operand(max_rows, c->cross_heads * c->cross_dim, &ok);
        s->cross_hidden = take_operand(max_rows, c->cross_ffn, &ok);
    }
    /* at least one query of the longest text; else what leaves room in a 1 MiB second-level cache */
    s->score_floats = padded(max_positions) + MTS_PAGE_TOKENS > 65536 ? padded(max_positions) + MTS_PAGE_TOKENS : 65536;
    size_t widest = padded(c->ffn_width > c->width ? c->ffn_width : c->width);
    widest = widest > s->q_floats ? widest : s->q_floats;
    widest = widest > padded(c->cross_ffn) ? widest : padded(c->cross_ffn);
    widest = widest > padded(c->cross_heads * c->cross_dim) ? widest : padded(c->cross_heads * c->cross_dim);
    s->scratch = mts_aligned_calloc((size_t)threads, sizeof *s->scratch);
    s->hands = mts_aligned_calloc((size_t)threads, sizeof *s->hands);
    s->barrier = take(1, MTS_ALIGN, sizeof *s->barrier, &ok); /* on a cache line of its own */
    s->barrier_made = s->barrier && mts_barrier_init(s->barrier, threads);
    for (int i = 0; s->scratch && i < threads; i++) {
        s->scratch[i].scores = take(s->score_floats, 1, sizeof(float), &ok);
        s->scratch[i].tile = take(model->blas ? MTS_BLAS_TILE : 0, widest, sizeof(float), &ok);
    }
    return ok && s->barrier_made && s->scratch && s->hands && take_ropes(s, max_positions);
}

static void drop_operand(MtsOperand *o)
{
    mts_aligned_free(o->x);
    mts_aligned_free(o->acts);
}

void mts_forward_clear(MtsForward *s)
{
    for (int i = 0; s->scratch && i < s->threads; i++) {
        mts_aligned_free(s->scratch[i].scores);
        mts_aligned_free(s->scratch[i].tile);
    }
    for (int kind = 0; kind < MTS_KV_KINDS; kind++) {
        mts_aligned_free(s->angles[kind]);
        mts_aligned_free(s->cost[kind]);
        free(s->pages[kind]);
        free(s->ids[kind]);
        mts_rope_clear(&s->rope[kind]);
    }
    drop_operand(&s->norm);
    drop_operand(&s->attended);
    drop_operand(&s->hidden);
    drop_operand(&s->crossed);
    drop_operand(&s->cross_hidden);
    mts_aligned_free(s->cross_q);
    mts_cross_clear(s);
    mts_aligned_free(s->scratch);
    mts_aligned_free(s->hands);
    if (s->barrier_made) {
        mts_barrier_destroy(s->barrier);
    }
    mts_aligned_free(s->barrier);
    mts_aligned_free(s->span_of);
    mts_aligned_free(s->position);
    mts_aligned_free(s->x);
    mts_aligned_free(s->branch);
    mts_aligned_free(s->qkv);
    mts_aligned_free(s->gate);
    mts_aligned_free(s->up);
    memset(s, 0, sizeof *s);
}

/* Texts that share more pages end up nearer to each other: the order of their page tables as words. */
static int compare_spans(const void *a, const void *b)
{
    const MtsSpan *x = a, *y = b;
    size_t n = x->page_count < y->page_count ? x->page_count : y->page_count;
    for (size_t i = 0; i < n; i++) {
        if (x->ids[i] != y->ids[i]) {
            return x->ids[i] < y->ids[i] ? -1 : 1;
        }
    }
    return (x->page_count > y->page_count) - (x->page_count < y->page_count);
}

/* The page numbers of every span's text up to its last new position. */
static bool make_tables(MtsForward *s)
{
    size_t total = 0;
    for (size_t i = 0; i < s->span_count; i++) {
        MtsSpan *r = &s->spans[i];
        r->page_count = (r->from + r->count + MTS_PAGE_TOKENS - 1) / MTS_PAGE_TOKENS;
        r->tables = total;
        total += r->page_count;
    }
    int kinds = s->model->config.window ? MTS_KV_KINDS : MTS_KV_WINDOW;
    for (int kind = 0; kind < kinds; kind++) {
        if (!mts_grow(&s->pages[kind], &s->pages_cap[kind], total, sizeof *s->pages[kind]) ||
            !mts_grow(&s->ids[kind], &s->ids_cap[kind], total, sizeof *s->ids[kind])) {
            return false;
        }
        for (size_t i = 0; i < s->span_count; i++) {
            const MtsSpan *r = &s->spans[i];
            mts_kv_table(s->kv, r->segment, r->from + r->count, (MtsKvKind)kind, s->ids[kind] + r->tables);
        }
        for (size_t i = 0; i < total; i++) {
            uint32_t id = s->ids[kind][i];
            s->pages[kind][i] = id == MTS_KV_NO_PAGE ? NULL : mts_kv_page(s->kv, (MtsKvKind)kind, id);
        }
    }
    for (size_t i = 0; i < s->span_count; i++) {
        s->spans[i].ids = s->ids[MTS_KV_FULL] + s->spans[i].tables;
    }
    return true;
}

bool mts_forward_plan(MtsForward *s, MtsSpan *spans, size_t span_count)
{
    s->spans = spans;
    s->span_count = span_count;
    if (!make_tables(s)) {
        return false;
    }
    qsort(spans, span_count, sizeof *spans, compare_spans);
    s->rows = 0;
    for (size_t i = 0; i < span_count; i++) {
        MtsSpan *r = &spans[i];
        r->first = s->rows;
        r->shared = 0;
        while (i > 0 && r->shared < r->page_count && r->shared < spans[i - 1].page_count &&
               r->ids[r->shared] == spans[i - 1].ids[r->shared]) {
            r->shared++;
        }
        for (size_t k = 0; k < r->count; k++, s->rows++) {
            s->span_of[s->rows] = (uint32_t)i;
            s->position[s->rows] = r->from + k;
        }
    }
    for (int kind = 0; kind < MTS_KV_KINDS; kind++) {
        s->cost[kind][0] = 0;
        for (size_t row = 0; row < s->rows; row++) {
            size_t lo, hi;
            mts_forward_sees(s, (MtsKvKind)kind, s->position[row], &lo, &hi);
            s->cost[kind][row + 1] = s->cost[kind][row] + (hi - lo) + MTS_PAGE_TOKENS;
        }
    }
    return true;
}
