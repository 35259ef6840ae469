/* model/cross.c - gated cross-attention (Flamingo): what texts see of a medium, the same for all branches of a session.
 *
 * Keys and values of the medium's rows are made once. A text sees them from its first mark on, the place where it says
 * that a series stands there. Behind a second mark it would see the second medium; there is but one, which holds all
 * series, and OpenFlamingo's masked softmax over none of it gives every row the same weight: the mean of all values.
 */
#include <stdlib.h>
#include <string.h>

#include <math.h>

#include "core/mem.h"
#include "encoder/parts.h"
#include "model/forward.h"

enum { MOST_MEDIA = 32768 }; /* rows, whose scores fit into a thread's memory */

/* Floats of a page's keys, or values, of one layer. */
static size_t layer_floats(const MtsConfig *c)
{
    return c->cross_heads * c->cross_dim * MTS_PAGE_TOKENS;
}

/* Marks at or before a position. */
static size_t marks_before(const MtsMediaKv *m, size_t position)
{
    size_t n = 0;
    while (n < m->mark_count && m->marks[n] <= position) {
        n++;
    }
    return n;
}

void mts_cross_attend(const MtsForward *s, size_t index, size_t row)
{
    const MtsConfig *c = &s->model->config;
    const MtsKernels *k = s->model->kernels;
    const MtsMediaKv *m = &s->media;
    size_t dim = c->cross_dim, floats = layer_floats(c), end = m->page_count * MTS_PAGE_TOKENS;
    size_t marks = m->pages ? marks_before(m, s->position[row]) : 0;
    float *q = s->cross_q + row * ((c->cross_heads * dim + MTS_GROUP - 1) / MTS_GROUP * MTS_GROUP);
    float *out = s->crossed.x + row * s->crossed.stride, *scores = s->scratch[mts_team_rank()].scores;
    memset(out, 0, c->cross_heads * dim * sizeof *out);
    k->scale(q, (float)(1 / sqrt((double)dim)), c->cross_heads * dim);
    for (size_t h = 0; marks > 0 && h < c->cross_heads; h++) {
        const float *const query = q + h * dim, *const weights = scores;
        size_t keys = (2 * index * floats + h * dim * MTS_PAGE_TOKENS) * sizeof(float), values = keys + floats * 4;
        float *to = out + h * dim;
        k->scores[1](&query, 1, dim, m->pages, keys, m->page_count, &scores);
        if (marks > 1) {
            memset(scores, 0, end * sizeof *scores);
        }
        float by = k->softmax(scores, 0, m->count, end);
        k->values[1](&weights, 1, dim, m->pages, values, m->page_count, m->count - (end - MTS_PAGE_TOKENS), &to);
        k->finish(to, by, dim);
    }
}

/* Keys and values of one layer into the pages; kv [count][stride] is memory to work in. */
static void see_layer(MtsForward *s, size_t index, const MtsMedia *media, float *kv, size_t stride, float *pages,
                      size_t page_floats)
{
    const MtsConfig *c = &s->model->config;
    const MtsKernels *k = s->model->kernels;
    const MtsWeights *w = &s->model->layers[index].cross.kv;
    size_t floats = layer_floats(c);
    mts_matmul_f32(k, w, 0, w->groups, media->rows, c->media_width, 0, media->count, kv, stride, false);
    for (size_t i = 0; i < media->count; i++) {
        float *page = pages + i / MTS_PAGE_TOKENS * page_floats + 2 * index * floats, *row = kv + i * stride;
        k->put_key[1](page, i % MTS_PAGE_TOKENS, c->cross_heads, c->cross_dim, row);
        k->put_value[1](page + floats, i % MTS_PAGE_TOKENS, c->cross_heads, c->cross_dim,
                        row + c->cross_heads * c->cross_dim);
    }
}

static int no_memory(MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "no memory for what a medium is seen by");
}

int mts_cross_see(MtsForward *s, const MtsMedia *media, MtsError *err)
{
    const MtsConfig *c = &s->model->config;
    MtsMediaKv *m = &s->media;
    mts_cross_clear(s);
    if (!c->cross_heads) {
        return mts_fail(err, MTS_EREQUEST, "the model has no layers that look at a medium");
    }
    if (media->count == 0 || media->count > MOST_MEDIA) {
        return mts_fail(err, MTS_EREQUEST, "a medium of %zu rows: it has 1 to %d", media->count, MOST_MEDIA);
    }
    size_t page_floats = 2 * layer_floats(c) * c->layers, total, stride = mts_dense_stride(2 * layer_floats(c) / 16);
    m->page_count = (media->count + MTS_PAGE_TOKENS - 1) / MTS_PAGE_TOKENS;
    float *kv = mts_aligned_calloc(media->count, stride * sizeof *kv);
    m->marks = mts_calloc(media->mark_count, sizeof *m->marks);
    m->pages = mts_calloc(m->page_count, sizeof *m->pages);
    m->floats = mts_size_mul(page_floats, m->page_count, &total) ? mts_aligned_calloc(total, sizeof *m->floats) : NULL;
    if (!kv || !m->marks || !m->pages || !m->floats) {
        mts_aligned_free(kv);
        mts_cross_clear(s);
        return no_memory(err);
    }
    m->count = media->count;
    m->mark_count = media->mark_count;
    for (size_t i = 0; i < media->mark_count; i++) {
        m->marks[i] = media->marks[i];
    }
    for (size_t i = 0; i < m->page_count; i++) {
        m->pages[i] = m->floats + i * page_floats;
    }
    for (size_t i = 0; i < c->layers; i++) {
        if (s->model->layers[i].cross.q.rows) {
            see_layer(s, i, media, kv, stride, m->floats, page_floats);
        }
    }
    mts_aligned_free(kv);
    return MTS_OK;
}

void mts_cross_clear(MtsForward *s)
{
    free(s->media.pages);
    free(s->media.marks);
    mts_aligned_free(s->media.floats);
    s->media = (MtsMediaKv){0};
}
