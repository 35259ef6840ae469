/* model/session.c - a session: branches, their keys and values, and the steps that make them.
 *
 * An extension puts all new positions in the KV tree first, which makes the new branches; then brings back what was
 * evicted of the prefixes; then evaluates the new positions, cut into steps of at most max_batch rows. Whatever
 * fails on the way, dropping the new branches' marks takes everything back. */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "model/model.h"
#include "model/forward.h"
#include "model/team.h"

enum { DEFAULT_TOKENS = 4096, DEFAULT_BATCH = 512 };

struct MtsBranch {
    MtsKvMark mark;
    MtsSession *session;
    size_t references;
    MtsBranch *next; /* while it is spare */
    float hidden[];  /* [width] final hidden state of the last position */
};

/* What a chunk of a step holds of one item: positions [begin, end) of the appended ones. */
typedef struct Piece {
    MtsExtend *item;
    size_t begin, end;
} Piece;

struct MtsSession {
    const MtsModel *model;
    MtsKv *kv;
    MtsForward step;
    size_t max_batch;
    MtsBranch *spare;
    float *logits; /* [rows][logits_stride] */
    size_t logits_stride, logits_rows, logits_cap;
    float *row;       /* [logits_stride] logits of a branch on request */
    MtsSpan *spans;   /* [max_batch] */
    Piece *pieces;    /* [max_batch] */
    MtsFinal *finals; /* [max_batch] */
    size_t *sorted;   /* [max_batch] where a span of the chunk under way has gone */
    uint64_t positions, recomputed;
};

int mts_session_new(MtsSession **session, const MtsModel *model, const MtsSessionOptions *options, MtsError *err)
{
    static const MtsSessionOptions defaults;
    const MtsSessionOptions *o = options ? options : &defaults;
    const MtsConfig *c = &model->config;
    *session = NULL;
    MtsSession *s = mts_calloc(1, sizeof *s);
    if (!s) {
        return mts_fail(err, MTS_ENOMEM, "session: memory ran out");
    }
    bool kv_f32 = o->kv_f32 || model->exact;
    size_t tokens = o->kv_tokens ? o->kv_tokens : c->context < DEFAULT_TOKENS ? c->context : DEFAULT_TOKENS;
    size_t positions = tokens < c->context ? tokens : c->context;
    size_t layer_bytes = 2 * c->kv_heads * c->head_dim * MTS_PAGE_TOKENS * (kv_f32 ? 4 : 2);
    MtsKvShape shape = {
        .page_tokens = MTS_PAGE_TOKENS,
        .pages = tokens / MTS_PAGE_TOKENS + (tokens % MTS_PAGE_TOKENS != 0),
        .page_bytes = {(c->layers - model->window_layers) * layer_bytes, model->window_layers * layer_bytes},
        .window = c->window,
    };
    int threads = o->threads > 0 ? o->threads : mts_team_processors();
    s->model = model;
    s->max_batch = o->max_batch ? o->max_batch : DEFAULT_BATCH;
    s->logits_stride = mts_model_logits_stride(model);
    int rc = mts_kv_new(&s->kv, &shape, err);
    if (!rc) {
        s->row = mts_aligned_calloc(s->logits_stride, sizeof *s->row);
        s->spans = mts_calloc(s->max_batch, sizeof *s->spans);
        s->pieces = mts_calloc(s->max_batch, sizeof *s->pieces);
        s->finals = mts_calloc(s->max_batch, sizeof *s->finals);
        s->sorted = mts_calloc(s->max_batch, sizeof *s->sorted);
        if (!s->row || !s->spans || !s->pieces || !s->finals || !s->sorted ||
            !mts_forward_init(&s->step, model, s->kv, s->max_batch, positions, threads, kv_f32)) {
            rc = mts_fail(err, MTS_ENOMEM, "session: no memory for steps of %zu tokens on texts of %zu", s->max_batch,
                          positions);
        }
    }
    if (rc) {
        mts_session_free(&s);
    }
    *session = s;
    return rc;
}

void mts_session_free(MtsSession **session)
{
    MtsSession *s = *session;
    if (!s) {
        return;
    }
    while (s->spare) {
        MtsBranch *b = s->spare;
        s->spare = b->next;
        free(b);
    }
    mts_forward_clear(&s->step);
    mts_kv_free(&s->kv);
    mts_aligned_free(s->row);
    free(s->spans);
    free(s->pieces);
    free(s->finals);
    free(s->sorted);
    mts_aligned_free(s->logits);
    free(s);
    *session = NULL;
}

int mts_session_look(MtsSession *s, const MtsMedia *media, MtsError *err)
{
    MtsKvStats kv;
    mts_kv_stats(s->kv, &kv);
    return kv.segments == 0 ? mts_cross_see(&s->step, media, err)
                            : mts_fail(err, MTS_EREQUEST, "a session that has branches already is shown a medium");
}

/* ---- branches ---- */

static MtsBranch *new_branch(MtsSession *s)
{
    MtsBranch *b = s->spare;
    if (b) {
        s->spare = b->next;
    } else {
        b = malloc(sizeof *b + s->model->config.width * sizeof b->hidden[0]);
    }
    if (b) {
        memset(b, 0, sizeof *b);
        b->session = s;
        b->references = 1;
    }
    return b;
}

MtsBranch *mts_branch_retain(MtsBranch *branch)
{
    branch->references++;
    return branch;
}

void mts_branch_release(MtsBranch **branch)
{
    MtsBranch *b = *branch;
    *branch = NULL;
    if (b && --b->references == 0) {
        if (b->mark.segment) {
            mts_kv_drop(b->session->kv, &b->mark);
        }
        b->next = b->session->spare;
        b->session->spare = b;
    }
}

size_t mts_branch_length(const MtsBranch *branch)
{
    return branch->mark.length;
}

/* ---- extension ---- */

static size_t prefix_length(const MtsExtend *item)
{
    return item->prefix ? item->prefix->mark.length : 0;
}

/* Rows of logits that the item's positions below `index` have. */
static size_t logits_before(const MtsExtend *item, size_t index)
{
    return item->wanted == MTS_LOGITS_ALL ? index : item->wanted == MTS_LOGITS_LAST && index == item->count;
}

static int check_item(const MtsSession *s, const MtsExtend *item, MtsError *err)
{
    const MtsConfig *c = &s->model->config;
    size_t length;
    if (item->count == 0 || (!item->tokens && !item->rows)) {
        return mts_fail(err, MTS_EREQUEST,
                        "an extension has %zu tokens and %s; it takes at least one, as ids or as rows", item->count,
                        item->tokens || item->rows ? "an input" : "neither ids nor embedding rows");
    }
    if (item->prefix && item->prefix->session != s) {
        return mts_fail(err, MTS_EREQUEST, "an extension continues a branch of another session");
    }
    if (!mts_size_add(prefix_length(item), item->count, &length) || length > c->context) {
        return mts_fail(err, MTS_EREQUEST, "a text of %zu tokens is longer than the model's context of %zu", length,
                        c->context);
    }
    if (length > s->step.max_positions) {
        return mts_fail(err, MTS_ECAPACITY, "a text of %zu tokens is longer than the KV cache, which holds %zu", length,
                        s->step.max_positions);
    }
    for (size_t i = 0; item->tokens && i < item->count; i++) {
        bool row = item->rows && item->tokens[i] == MTS_ROW_TOKEN;
        if (!row && (item->tokens[i] < 0 || (size_t)item->tokens[i] >= c->vocab)) {
            return mts_fail(err, MTS_EREQUEST, "token id %d is outside the vocabulary of %zu", (int)item->tokens[i],
                            c->vocab);
        }
    }
    return MTS_OK;
}

static int grow_logits(MtsSession *s, size_t rows, MtsError *err)
{
    s->logits_rows = 0;
    if (rows <= s->logits_cap) {
        return MTS_OK;
    }
    size_t bytes;
    mts_aligned_free(s->logits);
    s->logits = NULL;
    s->logits_cap = 0;
    if (!mts_size_mul(rows, s->logits_stride * sizeof(float), &bytes) || !(s->logits = mts_reserve(bytes))) {
        return mts_fail(err, MTS_ENOMEM, "no memory for %zu rows of %zu logits", rows, s->model->config.vocab);
    }
    s->logits_cap = rows;
    return MTS_OK;
}

/* Plans a step of the first `n` spans of s->spans. */
static int plan_step(MtsSession *s, size_t n, MtsError *err)
{
    if (!mts_forward_plan(&s->step, s->spans, n)) {
        return mts_fail(err, MTS_ENOMEM, "no memory for the page tables of %zu sequences", n);
    }
    for (size_t i = 0; i < n; i++) {
        s->sorted[s->spans[i].item] = i;
    }
    return MTS_OK;
}

static void commit(MtsSession *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        mts_kv_commit(s->kv, s->spans[i].segment, s->spans[i].from + s->spans[i].count);
    }
}

/* Evaluates again what was evicted of a branch below position `limit`. */
static int rebuild(MtsSession *s, MtsBranch *branch, size_t limit, MtsError *err)
{
    MtsKvSegment *segment;
    size_t from, to;
    while (mts_kv_missing(&branch->mark, limit, &segment, &from, &to)) {
        to = to - from > s->max_batch ? from + s->max_batch : to;
        int rc;
        s->spans[0] = (MtsSpan){
            .segment = segment, .from = from, .count = to - from, .tokens = mts_kv_tokens(segment, from), .item = 0};
        if ((rc = mts_kv_reserve(s->kv, segment, to, err)) || (rc = plan_step(s, 1, err))) {
            return rc;
        }
        mts_forward_run(&s->step, s->finals, 0, 0);
        commit(s, 1);
        s->recomputed += to - from;
    }
    return MTS_OK;
}

/* Adds a piece to the chunk under way. */
static int add_piece(MtsSession *s, const Piece *p, size_t number, MtsError *err)
{
    size_t from = prefix_length(p->item) + p->begin;
    MtsKvSegment *segment = p->item->branch->mark.segment;
    s->spans[number] = (MtsSpan){
        .segment = segment,
        .from = from,
        .count = p->end - p->begin,
        .tokens = p->item->tokens ? p->item->tokens + p->begin : NULL,
        .rows =
            p->item->rows ? p->item->rows + mts_forward_rows(p->item->tokens, p->begin) * s->model->config.width : NULL,
        .item = number,
    };
    return mts_kv_reserve(s->kv, segment, from + s->spans[number].count, err);
}

/* Rows of the chunk whose final hidden state is wanted: those with logits first, in the order of their logits. */
static void list_finals(MtsSession *s, const Piece *pieces, size_t n, size_t *finals, size_t *with_logits)
{
    *finals = 0;
    for (int logits = 1; logits >= 0; logits--) {
        for (size_t i = 0; i < n; i++) {
            const Piece *p = &pieces[i];
            for (size_t k = p->begin; k < p->end; k++) {
                bool has_logits = logits_before(p->item, k + 1) > logits_before(p->item, k),
                     last = k + 1 == p->item->count;
                bool kept = last || p->item->between;
                if (logits ? has_logits : !has_logits && kept) {
                    size_t row = p->item->logits_row + logits_before(p->item, k);
                    s->finals[(*finals)++] = (MtsFinal){
                        .span = s->sorted[i],
                        .index = k - p->begin,
                        .hidden = last               ? p->item->branch->hidden
                                  : p->item->between ? p->item->between[k]->hidden
                                                     : NULL,
                        .logits = has_logits ? s->logits + row * s->logits_stride : NULL,
                    };
                }
            }
        }
        if (logits) {
            *with_logits = *finals;
        }
    }
}

/* All new positions of all items, in chunks of at most max_batch. */
static int evaluate(MtsSession *s, MtsExtend *items, size_t n, MtsError *err)
{
    Piece *pieces = s->pieces;
    size_t item = 0, done = 0; /* positions of that item */
    while (item < n) {
        size_t count = 0, rows = 0, finals, with_logits;
        while (item < n && rows < s->max_batch) {
            size_t left = items[item].count - done, some = left < s->max_batch - rows ? left : s->max_batch - rows;
            pieces[count] = (Piece){&items[item], done, done + some};
            int rc = add_piece(s, &pieces[count], count, err);
            if (rc) {
                return rc;
            }
            count++;
            rows += some;
            done += some;
            if (done == items[item].count) {
                item++;
                done = 0;
            }
        }
        int rc = plan_step(s, count, err);
        if (rc) {
            return rc;
        }
        list_finals(s, pieces, count, &finals, &with_logits);
        mts_forward_run(&s->step, s->finals, finals, with_logits);
        commit(s, count);
        s->positions += rows;
    }
    return MTS_OK;
}

static int append(MtsSession *s, MtsExtend *item, MtsError *err)
{
    MtsBranch *b = new_branch(s);
    if (!b) {
        return mts_fail(err, MTS_ENOMEM, "no memory for a branch");
    }
    item->branch = b;
    const int32_t *tokens = item->rows ? NULL : item->tokens; /* what can be evaluated again from them alone */
    int rc = mts_kv_append(s->kv, item->prefix ? &item->prefix->mark : NULL, tokens, item->count, &b->mark, err);
    for (size_t i = 0; item->between && i + 1 < item->count && !rc; i++) {
        MtsBranch *one = item->between[i] = new_branch(s);
        if (!one) {
            return mts_fail(err, MTS_ENOMEM, "no memory for a branch");
        }
        mts_kv_hold(&b->mark, prefix_length(item) + i + 1, &one->mark);
    }
    if (!rc) {
        mts_kv_touch(s->kv, &b->mark);
    }
    return rc;
}

/* Checks all items, works out their rows of logits and makes room for those. */
static int prepare(MtsSession *s, MtsExtend *items, size_t n, size_t *logits, MtsError *err)
{
    *logits = 0;
    if (n == 0) {
        return mts_fail(err, MTS_EREQUEST, "an extension of no sequence was asked for");
    }
    for (size_t i = 0; i < n; i++) {
        items[i].branch = NULL;
        for (size_t k = 0; items[i].between && k + 1 < items[i].count; k++) {
            items[i].between[k] = NULL;
        }
    }
    for (size_t i = 0; i < n; i++) {
        int rc = check_item(s, &items[i], err);
        if (rc) {
            return rc;
        }
        items[i].logits_row = *logits;
        *logits += logits_before(&items[i], items[i].count);
    }
    return grow_logits(s, *logits, err);
}

int mts_session_extend(MtsSession *s, MtsExtend *items, size_t n, MtsError *err)
{
    size_t logits;
    int rc = prepare(s, items, n, &logits, err);
    if (rc) {
        return rc;
    }
    mts_kv_begin(s->kv);
    for (size_t i = 0; i < n; i++) {
        if ((rc = append(s, &items[i], err))) {
            goto fail;
        }
    }
    for (size_t i = 0; i < n; i++) {
        if ((rc = rebuild(s, items[i].branch, prefix_length(&items[i]), err))) {
            goto fail;
        }
    }
    if ((rc = evaluate(s, items, n, err))) {
        goto fail;
    }
    s->logits_rows = logits;
    return MTS_OK;
fail:
    for (size_t i = n; i-- > 0;) {
        for (size_t k = 0; items[i].between && k + 1 < items[i].count; k++) {
            mts_branch_release(&items[i].between[k]);
        }
        mts_branch_release(&items[i].branch);
    }
    return rc;
}

int mts_session_threads(const MtsSession *s)
{
    return s->step.pace.now;
}

const float *mts_session_logits(const MtsSession *s, size_t row)
{
    return row < s->logits_rows ? s->logits + row * s->logits_stride : NULL;
}

int mts_session_branch_logits(MtsSession *s, const MtsBranch *branch, float *out, MtsError *err)
{
    if (branch->session != s) {
        return mts_fail(err, MTS_EREQUEST, "logits of a branch of another session were asked for");
    }
    mts_forward_logits(&s->step, branch->hidden, s->row);
    memcpy(out, s->row, s->model->config.vocab * sizeof *out);
    return MTS_OK;
}

void mts_session_stats(const MtsSession *s, MtsSessionStats *stats)
{
    MtsKvStats kv;
    mts_kv_stats(s->kv, &kv);
    *stats = (MtsSessionStats){
        .positions = s->positions,
        .recomputed = s->recomputed,
        .kv_pages_used = kv.used[MTS_KV_FULL],
        .kv_pages = kv.pages,
        .kv_page_tokens = kv.page_tokens,
        .kv_bytes = kv.bytes,
    };
}
