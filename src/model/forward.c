/* model/forward.c - the layers of one step. Every function below is run by all threads of the team, each on its share;
 * meet() stands where a phase reads what another thread wrote in the phase before. Of matrix rows a thread that is done
 * with its share takes some of others' (take()).
 *
 *     x = embedding                                                              (rows)
 *     per layer
 *         n = norm(x)                                                            (rows)
 *         q, k, v = n Wq, n Wk, n Wv                                             (matrix rows)
 *         bias, norm and rotation of q and k; k and v to their pages             (rows)
 *         a = attention(q, pages)                                                (queries)
 *         x += a Wo                                                              (matrix rows)
 *         n = norm(x)                                                            (rows)
 *         h = act(n Wgate) * (n Wup)                                             (matrix rows)
 *         x += h Wdown                                                           (matrix rows)
 *     final norm, logits = n Woutput for the rows that are wanted                (rows, matrix rows)
 *
 * Where the architecture norms a result before it is added, the two additions go through `branch`. */
#include "model/forward.h"

#include "encoder/parts.h"

#include <string.h>

#include "core/file.h"
#include "kernels/forms.h"
#include "model/blas.h"
#include "model/team.h"

static size_t stride_of(size_t n)
{
    return (n + MTS_GROUP - 1) / MTS_GROUP * MTS_GROUP;
}

/* The calling thread is one of a new team. */
static void join(const MtsForward *s)
{
    MtsScratch *mine = &s->scratch[mts_team_rank()];
    mine->part = (MtsPart){.rank = mts_team_rank(), .size = mts_team_size()};
    mine->deals = 0;
}

static void meet(const MtsForward *s)
{
    mts_barrier_wait(s->barrier, &s->scratch[mts_team_rank()].part);
}

/* This thread's share of n things in this phase: asked for anew in each, as a thread may leave the team (team.h). */
typedef struct Share {
    size_t begin, end;
} Share;

static Share share_of(const MtsForward *s, size_t n)
{
    const MtsPart part = mts_part(s);
    return (Share){mts_team_share(n, part.rank, part.size), mts_team_share(n, part.rank + 1, part.size)};
}

/* ---- matrix products ---- */

void mts_linear(const MtsForward *s, const MtsWeights *w, size_t g0, size_t g1, const MtsOperand *in, size_t s0,
                size_t s1, float *y, size_t stride, bool add, MtsNext next)
{
    if (g0 >= g1 || s0 >= s1) {
        return;
    }
    switch (mts_model_arithmetic(s->model, w)) {
    case MTS_BY_INT8:
        mts_matmul(s->model->kernels, w, g0, g1, in->acts, s0, s1, y, stride, add, next);
        break;
    case MTS_BY_F32:
        mts_matmul_f32(s->model->kernels, w, g0, g1, in->x, in->stride, s0, s1, y, stride, add);
        break;
    case MTS_BY_BLAS:
        mts_blas_matmul(w, g0, g1, in->x + s0 * in->stride, in->stride, s1 - s0, s->scratch[mts_team_rank()].tile,
                        y + s0 * stride, stride, add);
        break;
    }
}

enum { MOST_MATRICES = 3 }; /* with the same input */

static const float CROSS_EPSILON = 1e-5f; /* of PyTorch's layer norm */

/* Matrices with the same input, one behind the other: their groups, `unit` of them together, are dealt out in pieces.
 */
typedef struct Deal {
    const MtsWeights *const *w;
    size_t n, unit;
} Deal;

static size_t units_of(const Deal *d, size_t i)
{
    return (d->w[i]->groups + d->unit - 1) / d->unit;
}

/* The units before share `rank` of `size`, which have equal bytes. */
static size_t cut(const Deal *d, size_t rank, size_t size)
{
    size_t total = 0, at = 0, units = 0;
    for (size_t i = 0; i < d->n; i++) {
        total += units_of(d, i) * d->w[i]->group_bytes;
    }
    const size_t target = mts_team_share(total, rank, size);
    for (size_t i = 0; i < d->n && at < target; i++) {
        const size_t bytes = d->w[i]->group_bytes, all = units_of(d, i), n = (target - at + bytes - 1) / bytes;
        units += n < all ? n : all;
        at += all * bytes;
    }
    return units;
}

/* Groups of all matrices, counted through. */
typedef struct Taken {
    size_t begin, end;
    size_t next; /* the end of the thread's share, where the weights after these are its own; else `end` */
} Taken;

/* Eight groups, half of what product() takes at a time, or four where many rows make that long enough, or a multiple
 * of it. Of one thread, and of BLAS, which likes large matrices: the share. */
static size_t units_of_piece(const MtsForward *s, const Deal *d, size_t share)
{
    if (s->threads == 1 || s->model->blas) {
        return share;
    }
    const bool many = s->rows >= MTS_FFN_ROWS && !mts_matmul_by_product(s->model->kernels, d->w[0], s->rows);
    const size_t least = (many ? 4 : 8) / d->unit, most = 32; /* pieces */
    return (share + least * most - 1) / (least * most) * least;
}

/* Of this phase, that `d` is dealt in, the next groups for this thread: of its own share, or else of another's. false:
 * all have been taken. */
static bool take(const MtsForward *s, const Deal *d, Taken *p)
{
    const MtsScratch *mine = &s->scratch[mts_team_rank()];
    const MtsPart part = mine->part;
    for (size_t i = 0; part.size != MTS_LEFT && i < part.size; i++) {
        const size_t rank = (part.rank + i) % part.size;
        const size_t begin = cut(d, rank, part.size), end = cut(d, rank + 1, part.size), share = end - begin;
        size_t k0, k1;
        if (share > 0) {
            const size_t units = units_of_piece(s, d, share), count = (share + units - 1) / units;
            if (mts_hand_take(&s->hands[rank], mine->deals, count, i == 0, &k0, &k1)) {
                p->begin = (begin + k0 * units) * d->unit;
                p->end = (k1 < count ? begin + k1 * units : end) * d->unit;
                p->next = i == 0 ? end * d->unit : p->end;
                return true;
            }
        }
    }
    return false;
}

/* A phase begins in which something is dealt. */
static void deal(const MtsForward *s)
{
    s->scratch[mts_team_rank()].deals++;
}

/* This thread's first weights of a deal: what the product before fetches at its end. */
static const unsigned char *first_of(const MtsForward *s, const Deal *d)
{
    const MtsPart part = mts_part(s);
    size_t begin = cut(d, part.rank, part.size) * d->unit, i = 0;
    while (i < d->n && begin >= d->w[i]->groups) {
        begin -= d->w[i]->groups;
        i++;
    }
    return i < d->n ? d->w[i]->data + begin * d->w[i]->group_bytes : NULL;
}

/* This thread's first weights of these matrices. */
static const unsigned char *weights_of(const MtsForward *s, const MtsWeights *const *w, size_t n)
{
    return first_of(s, &(Deal){w, n, 1});
}

static size_t within(size_t at, size_t first, size_t n)
{
    return at < first ? 0 : at - first < n ? at - first : n;
}

/* This thread's part in several matrices with the same input. y[i] is where matrix i's results go. */
static void products(const MtsForward *s, const MtsWeights *const *w, size_t n, const MtsOperand *in, size_t rows,
                     float *const *y, size_t stride, bool add, const unsigned char *next)
{
    const Deal d = {w, n, 1};
    deal(s);
    for (Taken p; take(s, &d, &p);) {
        for (size_t i = 0, first = 0; i < n; first += w[i++]->groups) {
            const size_t all = w[i]->groups, g0 = within(p.begin, first, all), g1 = within(p.end, first, all);
            const MtsNext then = {within(p.next, first, all) - g1, p.next > first + all ? w[i + 1]->data
                                                                   : p.next > p.end     ? next
                                                                                        : NULL};
            mts_linear(s, w[i], g0, g1, in, 0, rows, y[i], stride, add, then);
        }
    }
}

/* Row `row` of an operand has its fp32 values; makes the quantised ones where one of the matrices asks for them. */
static void quantize_row(const MtsForward *s, const MtsOperand *o, size_t row, const MtsWeights *const *w, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (mts_model_arithmetic(s->model, w[i]) == MTS_BY_INT8) {
            MtsActBlock *panel = o->acts + row / MTS_PANEL * o->blocks;
            s->model->kernels->quantize(o->x + row * o->stride, o->blocks, panel, row % MTS_PANEL);
            return;
        }
    }
}

/* ---- phases ---- */

static void embed(const MtsForward *s, size_t row)
{
    const MtsConfig *c = &s->model->config;
    const MtsSpan *r = &s->spans[s->span_of[row]];
    size_t i = row - r->first;
    float *x = s->x + row * stride_of(c->width);
    if (r->tokens && r->tokens[i] != MTS_ROW_TOKEN) {
        mts_unpack_row(&s->model->embedding, (size_t)r->tokens[i], x);
        if (c->embedding_scale != 1.0f) {
            s->model->kernels->scale(x, c->embedding_scale, c->width);
        }
    } else {
        memcpy(x, r->rows + mts_forward_rows(r->tokens, i) * c->width, c->width * sizeof *x);
    }
    int kinds = c->window ? MTS_KV_KINDS : MTS_KV_WINDOW;
    for (int kind = 0; kind < kinds; kind++) {
        float *angles = s->angles[kind] + row * c->rope_dims;
        mts_rope_at(&s->rope[kind], s->position[row], angles, angles + c->rope_dims / 2);
    }
}

/* x gets what the layer before gave, normed, where that waits in `branch`. */
static void add_waiting(const MtsForward *s, size_t row, const float *post_norm)
{
    const MtsConfig *c = &s->model->config;
    float *x = s->x + row * stride_of(c->width), *branch = s->branch + row * stride_of(c->width);
    s->model->kernels->rmsnorm(branch, post_norm, c->width, c->norm_epsilon, branch);
    s->model->kernels->add(x, branch, c->width);
}

/* Adds what the last attention or FFN gave (where it is to be normed first), then norms x as input of `w`. */
static void norm_row(const MtsForward *s, size_t row, const float *post_norm, const float *norm,
                     const MtsWeights *const *w, size_t n)
{
    const MtsConfig *c = &s->model->config;
    const MtsKernels *k = s->model->kernels;
    const float *x = s->x + row * stride_of(c->width);
    if (post_norm) {
        add_waiting(s, row, post_norm);
    }
    k->rmsnorm(x, norm, c->width, c->norm_epsilon, s->norm.x + row * s->norm.stride);
    quantize_row(s, &s->norm, row, w, n);
}

static void rotate(const MtsForward *s, MtsKvKind kind, size_t row, float *head)
{
    size_t half = s->model->config.rope_dims / 2;
    const float *angles = s->angles[kind] + row * 2 * half;
    (s->model->config.architecture->rope_halves ? s->model->kernels->rope_halves
                                                : s->model->kernels->rope_pairs)(head, angles, angles + half, half);
}

/* q, k and v of one row become what attention reads. */
static void place_row(const MtsForward *s, const MtsLayer *y, size_t row)
{
    const MtsConfig *c = &s->model->config;
    const MtsKernels *kernels = s->model->kernels;
    MtsKvKind kind = y->window ? MTS_KV_WINDOW : MTS_KV_FULL;
    float *q = s->qkv + row * (s->q_floats + 2 * s->kv_floats), *k = q + s->q_floats, *v = k + s->kv_floats;
    if (y->q_bias) {
        kernels->add(q, y->q_bias, c->heads * c->head_dim);
    }
    if (y->k_bias) {
        kernels->add(k, y->k_bias, c->kv_heads * c->head_dim);
    }
    if (y->v_bias) {
        kernels->add(v, y->v_bias, c->kv_heads * c->head_dim);
    }
    for (size_t h = 0; h < c->heads + c->kv_heads; h++) {
        float *head = h < c->heads ? q + h * c->head_dim : k + (h - c->heads) * c->head_dim;
        if (y->q_norm) {
            kernels->rmsnorm(head, h < c->heads ? y->q_norm : y->k_norm, c->head_dim, c->norm_epsilon, head);
        }
        rotate(s, kind, row, head);
    }
    kernels->scale(q, c->attention_scale, c->heads * c->head_dim);
    const MtsSpan *r = &s->spans[s->span_of[row]];
    size_t p = s->position[row];
    /* the table holds const pages for readers; this row's own slot is written here, before anybody reads it */
    unsigned char *page = mts_kv_page(s->kv, kind, s->ids[kind][r->tables + p / MTS_PAGE_TOKENS]);
    kernels->put_key[s->kv_f32](page + mts_forward_key_offset(s, y), p % MTS_PAGE_TOKENS, c->kv_heads, c->head_dim, k);
    kernels->put_value[s->kv_f32](page + mts_forward_value_offset(s, y), p % MTS_PAGE_TOKENS, c->kv_heads, c->head_dim,
                                  v);
}

/* y = act(g) * u */
static void (*activation(const MtsKernels *k, MtsActivation which))(const float *g, const float *u, float *y, size_t n)
{
    switch (which) {
    case MTS_SILU:
        break;
    case MTS_GELU:
        return k->gelu_mul;
    }
    return k->silu_mul;
}

/* A matrix whose outputs become blocks of 32: its groups go two by two. */
static Deal pairs_of(const MtsWeights *const *gate)
{
    return (Deal){gate, 1, 2};
}

/* Columns of hidden = act(n Wgate) * (n Wup), quantised for `down` where it asks for that. */
static void gated_piece(const MtsForward *s, const MtsLayer *y, const Taken *p, const unsigned char *next)
{
    const MtsConfig *c = &s->model->config;
    const MtsKernels *k = s->model->kernels;
    const size_t stride = stride_of(c->ffn_width), all = y->gate.groups;
    const size_t g0 = p->begin, g1 = p->end < all ? p->end : all, last = p->next < all ? p->next : all;
    size_t c0 = g0 * MTS_GROUP, c1 = g1 * MTS_GROUP < c->ffn_width ? g1 * MTS_GROUP : c->ffn_width;
    bool int8 = mts_model_arithmetic(s->model, &y->down) == MTS_BY_INT8;
    void (*activate)(const float *, const float *, float *, size_t) = activation(k, c->architecture->activation);
    const unsigned char *const gate = y->gate.data + g0 * y->gate.group_bytes, *const up =
                                                                                   y->up.data + g0 * y->up.group_bytes;
    for (size_t s0 = 0, n; s0 < s->rows; s0 += n) {
        n = s->rows - s0 < MTS_FFN_ROWS ? s->rows - s0 : MTS_FFN_ROWS;
        const bool over = s0 + n == s->rows;
        MtsOperand in = s->norm; /* from row s0 on */
        in.x += s0 * in.stride;
        in.acts += s0 / MTS_PANEL * in.blocks;
        const unsigned char *after = !over ? gate : g1 < last ? y->gate.data + g1 * y->gate.group_bytes : next;
        mts_linear(s, &y->gate, g0, g1, &in, 0, n, s->gate, stride, false, (MtsNext){0, up});
        mts_linear(s, &y->up, g0, g1, &in, 0, n, s->up, stride, false, (MtsNext){0, after});
        for (size_t i = 0; i < n; i++) {
            size_t row = s0 + i;
            float *out = s->hidden.x + row * s->hidden.stride + c0;
            activate(s->gate + i * stride + c0, s->up + i * stride + c0, out, c1 - c0);
            if (int8) {
                MtsActBlock *panel = s->hidden.acts + row / MTS_PANEL * s->hidden.blocks + g0 / 2;
                k->quantize(out, (c1 - c0) / 32, panel, row % MTS_PANEL);
            }
        }
    }
}

/* This thread's part in hidden. */
static void gated(const MtsForward *s, const MtsLayer *y)
{
    const MtsWeights *const down[] = {&y->down}, *const gate[] = {&y->gate};
    const Deal d = pairs_of(gate);
    const unsigned char *next = weights_of(s, down, 1);
    deal(s);
    for (Taken p; take(s, &d, &p);) {
        gated_piece(s, y, &p, next);
    }
}

/* x += in W, or branch = in W where a norm comes first. */
static void add_product(const MtsForward *s, const MtsWeights *w, const MtsOperand *in, const float *post_norm,
                        const unsigned char *next)
{
    float *const y[] = {post_norm ? s->branch : s->x};
    const MtsWeights *const one[] = {w};
    products(s, one, 1, in, s->rows, y, stride_of(s->model->config.width), post_norm == NULL, next);
    meet(s);
}

/* norm = layer norm of x, as input of w. */
static void layer_norm_row(const MtsForward *s, size_t row, const float *weight, const float *bias, const MtsWeights *w)
{
    const MtsConfig *c = &s->model->config;
    const MtsNorm norm = {.weight = weight, .bias = bias};
    const MtsWeights *const one[] = {w};
    mts_layer_norm(&norm, CROSS_EPSILON, c->width, s->x + row * stride_of(c->width), s->norm.x + row * s->norm.stride);
    quantize_row(s, &s->norm, row, one, 1);
}

/* Before a layer that looks at the medium: x += Wo attention(norm(x); medium), x += Wdown gelu(Wup norm(x)), the gates
 * being part of Wo and Wdown. */
static void look(const MtsForward *s, size_t index, const float *post_norm)
{
    const MtsConfig *c = &s->model->config;
    const MtsCross *y = &s->model->layers[index].cross;
    const MtsWeights *const q[] = {&y->q}, *const o[] = {&y->o}, *const up[] = {&y->up}, *const down[] = {&y->down};
    Share rows;
    float *const queries[] = {s->cross_q}, *const hidden[] = {s->cross_hidden.x};
    rows = share_of(s, s->rows);
    for (size_t row = rows.begin; row < rows.end; row++) {
        if (post_norm) {
            add_waiting(s, row, post_norm);
        }
        layer_norm_row(s, row, y->norm, y->norm_bias, &y->q);
    }
    meet(s);
    products(s, q, 1, &s->norm, s->rows, queries, stride_of(c->cross_heads * c->cross_dim), false, weights_of(s, o, 1));
    meet(s);
    rows = share_of(s, s->rows);
    for (size_t row = rows.begin; row < rows.end; row++) {
        mts_cross_attend(s, index, row);
        quantize_row(s, &s->crossed, row, o, 1);
    }
    meet(s);
    add_product(s, &y->o, &s->crossed, NULL, weights_of(s, up, 1));
    rows = share_of(s, s->rows);
    for (size_t row = rows.begin; row < rows.end; row++) {
        layer_norm_row(s, row, y->ffn_norm, y->ffn_norm_bias, &y->up);
    }
    meet(s);
    products(s, up, 1, &s->norm, s->rows, hidden, s->cross_hidden.stride, false, weights_of(s, down, 1));
    meet(s);
    rows = share_of(s, s->rows);
    for (size_t row = rows.begin; row < rows.end; row++) {
        mts_gelu_exact(s->cross_hidden.x + row * s->cross_hidden.stride, c->cross_ffn);
        quantize_row(s, &s->cross_hidden, row, down, 1);
    }
    meet(s);
    add_product(s, &y->down, &s->cross_hidden, NULL, NULL);
}

static void layer(const MtsForward *s, size_t index)
{
    const MtsLayer *y = &s->model->layers[index], *before = index ? y - 1 : NULL;
    const float *waiting = before ? before->post_ffn_norm : NULL; /* norm of what `branch` holds */
    const size_t row_floats = s->q_floats + 2 * s->kv_floats;
    Share rows;
    const MtsWeights *const qkv[] = {&y->q, &y->k, &y->v}, *const gate_up[] = {&y->gate, &y->up};
    const MtsWeights *const o[] = {&y->o}, *const last[] = {&s->model->output};
    const bool more = index + 1 < s->model->config.layers;
    const MtsLayer *then = more ? y + 1 : y;
    const MtsWeights *const after[] = {&then->q, &then->k, &then->v};
    const MtsWeights *const gate[] = {&y->gate};
    const Deal pairs = pairs_of(gate);
    float *const places[] = {s->qkv, s->qkv + s->q_floats, s->qkv + s->q_floats + s->kv_floats};
    if (y->cross.q.rows) {
        look(s, index, waiting);
        waiting = NULL;
    }
    rows = share_of(s, s->rows);
    for (size_t row = rows.begin; row < rows.end; row++) {
        norm_row(s, row, waiting, y->attn_norm, qkv, 3);
    }
    meet(s);
    products(s, qkv, 3, &s->norm, s->rows, places, row_floats, false, weights_of(s, o, 1));
    meet(s);
    rows = share_of(s, s->rows);
    for (size_t row = rows.begin; row < rows.end; row++) {
        place_row(s, y, row);
    }
    meet(s);
    mts_attention(s, index);
    meet(s);
    if (!mts_attention_quantizes(s, index)) {
        rows = share_of(s, s->rows);
        for (size_t row = rows.begin; row < rows.end; row++) {
            quantize_row(s, &s->attended, row, o, 1);
        }
        meet(s);
    }
    add_product(s, &y->o, &s->attended, y->post_attn_norm, first_of(s, &pairs));
    rows = share_of(s, s->rows);
    for (size_t row = rows.begin; row < rows.end; row++) {
        norm_row(s, row, y->post_attn_norm, y->ffn_norm, gate_up, 2);
    }
    meet(s);
    gated(s, y);
    meet(s);
    add_product(s, &y->down, &s->hidden, y->post_ffn_norm, more ? weights_of(s, after, 3) : weights_of(s, last, 1));
}

/* logits = cap * tanh(logits / cap), tanh z = 1 - 2 / (1 + exp(2 z)). */
static void soften(float *x, size_t n, float cap)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = cap * (1.0f - 2.0f / (1.0f + mts_exp(2.0f * (x[i] / cap))));
    }
}

/* Rows 0 .. rows - 1 of `norm` times the output matrix. */
static void output(const MtsForward *s, size_t rows, float *logits)
{
    const MtsWeights *const w[] = {&s->model->output};
    float *const y[] = {logits};
    size_t vocab = s->model->config.vocab, stride = mts_model_logits_stride(s->model);
    products(s, w, 1, &s->norm, rows, y, stride, false, NULL);
    if (s->model->config.final_softcap > 0) {
        meet(s);
        const Share mine = share_of(s, vocab);
        for (size_t row = 0; row < rows; row++) {
            soften(logits + row * stride + mine.begin, mine.end - mine.begin, s->model->config.final_softcap);
        }
    }
}

/* The final norm of the wanted rows, which become rows 0, 1, ... of `norm`. */
static void finish(const MtsForward *s)
{
    const MtsConfig *c = &s->model->config;
    const MtsLayer *last = &s->model->layers[c->layers - 1];
    const MtsWeights *const w[] = {&s->model->output};
    const Share mine = share_of(s, s->final_count);
    for (size_t f = mine.begin; f < mine.end; f++) {
        const MtsFinal *final = &s->finals[f];
        size_t row = s->spans[final->span].first + final->index;
        float *x = s->x + row * stride_of(c->width), *branch = s->branch + row * stride_of(c->width);
        float *out = s->norm.x + f * s->norm.stride;
        if (last->post_ffn_norm) {
            s->model->kernels->rmsnorm(branch, last->post_ffn_norm, c->width, c->norm_epsilon, branch);
            s->model->kernels->add(x, branch, c->width);
        }
        s->model->kernels->rmsnorm(x, s->model->output_norm, c->width, c->norm_epsilon, out);
        if (final->hidden) {
            memcpy(final->hidden, out, c->width * sizeof *out);
        }
        quantize_row(s, &s->norm, f, w, 1);
    }
    meet(s);
    if (s->logits_count > 0) {
        output(s, s->logits_count, s->finals[0].logits);
    }
}

void mts_forward_run(MtsForward *s, MtsFinal *finals, size_t final_count, size_t logits_count)
{
    s->finals = finals;
    s->final_count = final_count;
    s->logits_count = logits_count;
    memset(s->hands, 0, (size_t)s->threads * sizeof *s->hands);
    mts_barrier_begin(s->barrier, s->pace.now);
    MTS_TEAM(s->pace.now)
    {
        join(s);
        const Share mine = share_of(s, s->rows);
        for (size_t row = mine.begin; row < mine.end; row++) {
            embed(s, row);
        }
        const size_t layers = s->model->config.layers;
        MtsPart *part = &s->scratch[mts_team_rank()].part;
        for (size_t i = 0; i < layers; i++) {
            part->ahead = (double)(layers - i - 1) / (double)(i + 1);
            layer(s, i);
        }
        finish(s);
    }
    mts_pace_end(&s->pace, (int)s->barrier->size, mts_seconds());
}

void mts_forward_logits(MtsForward *s, const float *hidden, float *logits)
{
    const MtsWeights *const w[] = {&s->model->output};
    memcpy(s->norm.x, hidden, s->model->config.width * sizeof *hidden);
    quantize_row(s, &s->norm, 0, w, 1);
    memset(s->hands, 0, (size_t)s->threads * sizeof *s->hands);
    mts_barrier_begin(s->barrier, s->pace.now);
    MTS_TEAM(s->pace.now)
    {
        join(s);
        output(s, 1, logits);
    }
}
