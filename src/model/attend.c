/* model/attend.c - attention of all rows of a step over the pages of their texts.
 *
 * A query is (row, head). The query heads of one kv head stand together, so all queries of a kv head form a list of
 * rows * group of them in the order of the rows, and the whole work is kv_heads such lists. It is cut into one
 * piece per thread by the number of positions that queries read. A thread goes through its piece in tiles of
 * queries whose scores fit in the cache:
 *
 *     scores   s[p] = q . k[p]             a page at a time, for all queries of the tile that have this page
 *     softmax  e[p] = exp(s[p] - max)      per query, over the positions that it sees
 *     values   o = sum over p of e[p] v[p] a page at a time again; then o / sum of e
 *
 * "All queries that have this page": spans are sorted so that texts with a common beginning are neighbours, and a
 * span knows how many pages it shares with the span before. walk() therefore takes the pages that all spans of a
 * range share in one go, then splits the range where the least is shared, and so on: it descends the tree of
 * prefixes, and a shared page is read (and converted to fp32) once for all queries below it.
 *
 * A query may be given scores for positions that it does not see (rows of one span differ by a few positions; so do
 * the windows of different spans). Its softmax makes them 0, and adding 0 * v changes no sum, as every v is finite. */
#include "model/forward.h"

#include <string.h>

#include "model/team.h"

enum { MOST_QUERIES = 128 };

typedef struct Tile {
    const MtsForward *step;
    MtsKvKind kind;
    size_t base;       /* first page of the tile: scores are numbered from its first position */
    size_t stride;     /* floats from one query's scores to the next one's; a multiple of 16 */
    size_t key, value; /* offsets in a page, of this layer and kv head */
    size_t count;      /* queries */
    const float *q[MOST_QUERIES];
    float *scores[MOST_QUERIES]; /* position 16 * base first */
    float *out[MOST_QUERIES];
    size_t position[MOST_QUERIES];
    size_t span[MOST_QUERIES];
} Tile;

/* Pages [*first, *end) that queries [j0, j1), all of one span, need. */
static void pages_of(const Tile *t, size_t j0, size_t j1, size_t *first, size_t *end)
{
    size_t lo, hi;
    mts_forward_sees(t->step, t->kind, t->position[j0], &lo, &hi);
    *first = lo / MTS_PAGE_TOKENS;
    mts_forward_sees(t->step, t->kind, t->position[j1 - 1], &lo, &hi);
    *end = (hi + MTS_PAGE_TOKENS - 1) / MTS_PAGE_TOKENS;
}

static void scores_of(const Tile *t, size_t j0, size_t j1, size_t first, size_t end)
{
    const MtsForward *s = t->step;
    float *out[MOST_QUERIES];
    for (size_t j = j0; j < j1; j++) {
        out[j] = t->scores[j] + (first - t->base) * MTS_PAGE_TOKENS;
    }
    const void **pages = s->pages[t->kind] + s->spans[t->span[j0]].tables + first;
    s->model->kernels->scores[s->kv_f32](t->q + j0, j1 - j0, s->model->config.head_dim, pages, t->key, end - first,
                                         out + j0);
}

static void values_of(const Tile *t, size_t j0, size_t j1, size_t first, size_t end)
{
    const MtsForward *s = t->step;
    const float *weights[MOST_QUERIES];
    for (size_t j = j0; j < j1; j++) {
        weights[j] = t->scores[j] + (first - t->base) * MTS_PAGE_TOKENS;
    }
    /* slots of the last page that hold no position yet have weight 0; what lies there is finite */
    const void **pages = s->pages[t->kind] + s->spans[t->span[j0]].tables + first;
    s->model->kernels->values[s->kv_f32](weights + j0, j1 - j0, s->model->config.head_dim, pages, t->value, end - first,
                                         MTS_PAGE_TOKENS, t->out + j0);
}

/* Calls `part` for queries [j0, j1), from page i0 on, with rectangles of queries and the pages they share: for every
 * query in ascending order of pages. */
static void walk(const Tile *t, size_t j0, size_t j1, size_t i0,
                 void (*part)(const Tile *, size_t, size_t, size_t, size_t))
{
    size_t first = SIZE_MAX, shared = SIZE_MAX;
    for (size_t j = j0, next; j < j1; j = next) { /* one span at a time */
        size_t lo, end;
        for (next = j + 1; next < j1 && t->span[next] == t->span[j]; next++) {
        }
        pages_of(t, j, next, &lo, &end);
        first = lo < first ? lo : first;
        if (j == j0 && next == j1) {
            shared = end;
        }
        for (size_t r = t->span[j] + 1; next < j1 && r <= t->span[next]; r++) {
            shared = t->step->spans[r].shared < shared ? t->step->spans[r].shared : shared;
        }
    }
    first = first > i0 ? first : i0;
    if (first < shared) {
        part(t, j0, j1, first, shared);
    }
    if (t->span[j0] == t->span[j1 - 1]) {
        return;
    }
    for (size_t j = j0, next; j < j1; j = next) { /* split where no more than `shared` pages are shared */
        for (next = j + 1; next < j1; next++) {
            size_t least = SIZE_MAX;
            for (size_t r = t->span[next - 1] + 1; r <= t->span[next]; r++) {
                least = t->step->spans[r].shared < least ? t->step->spans[r].shared : least;
            }
            if (least <= shared) {
                break;
            }
        }
        walk(t, j, next, shared > i0 ? shared : i0, part);
    }
}

static void run_tile(const Tile *t)
{
    const MtsKernels *kernels = t->step->model->kernels;
    size_t dim = t->step->model->config.head_dim, at = t->base * MTS_PAGE_TOKENS;
    float inverse[MOST_QUERIES];
    walk(t, 0, t->count, 0, scores_of);
    for (size_t j = 0; j < t->count; j++) {
        size_t lo, hi;
        mts_forward_sees(t->step, t->kind, t->position[j], &lo, &hi);
        inverse[j] = kernels->softmax(t->scores[j], lo - at, hi - at, t->stride);
        memset(t->out[j], 0, dim * sizeof *t->out[j]);
    }
    walk(t, 0, t->count, 0, values_of);
    for (size_t j = 0; j < t->count; j++) {
        kernels->finish(t->out[j], inverse[j], dim);
    }
}

/* Queries [begin, end) of one kv head's list. */
static void run_list(const MtsForward *s, const MtsLayer *layer, size_t kv_head, size_t begin, size_t end)
{
    const MtsConfig *c = &s->model->config;
    size_t group = c->heads / c->kv_heads, dim = c->head_dim;
    size_t head_bytes = dim * MTS_PAGE_TOKENS * (s->kv_f32 ? 4 : 2);
    float *scores = s->scratch[mts_team_rank()].scores;
    Tile t = {.step = s,
              .kind = layer->window ? MTS_KV_WINDOW : MTS_KV_FULL,
              .key = mts_forward_key_offset(s, layer) + kv_head * head_bytes,
              .value = mts_forward_value_offset(s, layer) + kv_head * head_bytes};
    bool quantize = mts_attention_quantizes(s, (size_t)(layer - s->model->layers));
    while (begin < end) {
        size_t first = SIZE_MAX, last = 0;
        for (t.count = 0; t.count < MOST_QUERIES && begin + t.count < end; t.count++) {
            size_t row = (begin + t.count) / group, lo, hi;
            mts_forward_sees(s, t.kind, s->position[row], &lo, &hi);
            lo /= MTS_PAGE_TOKENS;
            hi = (hi + MTS_PAGE_TOKENS - 1) / MTS_PAGE_TOKENS;
            size_t wide = (hi > last ? hi : last) - (lo < first ? lo : first);
            if (t.count > 0 && (t.count + 1) * wide * MTS_PAGE_TOKENS > s->score_floats) {
                break;
            }
            first = lo < first ? lo : first;
            last = hi > last ? hi : last;
        }
        t.base = first;
        t.stride = (last - first) * MTS_PAGE_TOKENS;
        for (size_t j = 0; j < t.count; j++) {
            size_t row = (begin + j) / group, head = kv_head * group + (begin + j) % group;
            t.q[j] = s->qkv + row * (s->q_floats + 2 * s->kv_floats) + head * dim;
            t.out[j] = s->attended.x + row * s->attended.stride + head * dim;
            t.scores[j] = scores + j * t.stride;
            t.position[j] = s->position[row];
            t.span[j] = s->span_of[row];
        }
        run_tile(&t);
        for (size_t j = 0; quantize && j < t.count; j++) {
            size_t row = (begin + j) / group, head = kv_head * group + (begin + j) % group;
            MtsActBlock *panel = s->attended.acts + row / MTS_PANEL * s->attended.blocks + head * (dim / 32);
            s->model->kernels->quantize(t.out[j], dim / 32, panel, row % MTS_PANEL);
        }
        begin += t.count;
    }
}

bool mts_attention_quantizes(const MtsForward *s, size_t layer)
{
    return mts_model_arithmetic(s->model, &s->model->layers[layer].o) == MTS_BY_INT8 &&
           s->model->config.head_dim % 32 == 0;
}

/* The first query of thread `rank`'s piece: of all kv_heads lists, one behind the other, the one where the positions
 * read so far reach rank / size of the total. */
static size_t piece(const MtsForward *s, MtsKvKind kind, size_t rank, size_t size)
{
    const MtsConfig *c = &s->model->config;
    size_t group = c->heads / c->kv_heads, list = s->rows * group;
    const uint64_t *cost = s->cost[kind];
    if (rank == size) {
        return c->kv_heads * list;
    }
    uint64_t per_list = cost[s->rows] * group, target = mts_team_share(per_list * c->kv_heads, rank, size);
    uint64_t rest = target % per_list / group; /* within the list, in the unit of cost[] */
    size_t low = 0, high = s->rows;            /* cost[low] <= rest < cost[high] */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        *(cost[middle] <= rest ? &low : &high) = middle;
    }
    size_t within = (size_t)((target % per_list - cost[low] * group) / (cost[low + 1] - cost[low]));
    return (size_t)(target / per_list) * list + low * group + within;
}

void mts_attention(const MtsForward *s, size_t layer)
{
    const MtsConfig *c = &s->model->config;
    const MtsLayer *y = &s->model->layers[layer];
    MtsKvKind kind = y->window ? MTS_KV_WINDOW : MTS_KV_FULL;
    const MtsPart part = mts_part(s);
    size_t list = s->rows * (c->heads / c->kv_heads);
    size_t begin = piece(s, kind, part.rank, part.size), end = piece(s, kind, part.rank + 1, part.size);
    for (size_t head = begin / list; head < c->kv_heads && begin < end; head++) {
        size_t stop = (head + 1) * list < end ? (head + 1) * list : end;
        run_list(s, y, head, begin - head * list, stop - head * list);
        begin = stop;
    }
}
