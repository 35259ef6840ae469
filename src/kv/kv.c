/* kv/kv.c - the tree of texts, and the pages that their positions have. */
#include "kv/kv.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

/* Own pages are those from page fork / page_tokens on; the first of them may begin with a copy of the
 * parent's last positions. page[kind][i] is own page number i. In the window pool the own pages below
 * window_first have been given back. */
struct MtsKvSegment {
    MtsKvSegment *parent;            /* NULL: begins at position 0 */
    MtsKvSegment *children, *sister; /* first child; next child of the same parent */
    MtsKvMark *marks;
    MtsKvSegment *older, *newer; /* in the order of use, while it owns pages */
    size_t fork, length;         /* own positions: fork .. length - 1 */
    size_t resident;             /* fork <= resident <= length */
    size_t rows_end;             /* positions below this one may have come from embedding rows; 0: none */
    int32_t *tokens;             /* [length - fork]; -1: an embedding row */
    size_t tokens_cap;
    uint32_t *page[MTS_KV_KINDS]; /* [page_count] */
    size_t page_cap[MTS_KV_KINDS];
    size_t page_count, window_first;
    uint64_t used; /* number of the last step that touched it */
};

struct MtsKv {
    MtsKvShape shape;
    MtsKvPool pool[MTS_KV_KINDS];
    MtsKvSegment *oldest, *newest; /* segments that own pages, in the order of use */
    MtsKvSegment *spare;           /* freed segments, linked by parent, kept for their arrays */
    size_t segments;
    uint64_t step;
};

int mts_kv_new(MtsKv **out, const MtsKvShape *shape, MtsError *err)
{
    *out = NULL;
    MtsKv *kv = mts_calloc(1, sizeof *kv);
    if (!kv) {
        return mts_fail(err, MTS_ENOMEM, "KV cache: memory ran out");
    }
    kv->shape = *shape;
    for (int kind = 0; kind < MTS_KV_KINDS; kind++) {
        bool wanted = kind == MTS_KV_FULL || shape->window > 0;
        if (!mts_kv_pool_init(&kv->pool[kind], wanted ? shape->pages : 0, shape->page_bytes[kind])) {
            mts_kv_free(&kv);
            return mts_fail(err, MTS_ENOMEM, "KV cache: no memory for %zu pages of %zu bytes", shape->pages,
                            shape->page_bytes[kind]);
        }
    }
    *out = kv;
    return MTS_OK;
}

static void destroy(MtsKvSegment *s)
{
    free(s->tokens);
    for (int kind = 0; kind < MTS_KV_KINDS; kind++) {
        free(s->page[kind]);
    }
    free(s);
}

void mts_kv_free(MtsKv **kv)
{
    if (!*kv) {
        return;
    }
    while ((*kv)->spare) {
        MtsKvSegment *s = (*kv)->spare;
        (*kv)->spare = s->parent;
        destroy(s);
    }
    for (int kind = 0; kind < MTS_KV_KINDS; kind++) {
        mts_kv_pool_clear(&(*kv)->pool[kind]);
    }
    free(*kv);
    *kv = NULL;
}

/* ---- the order of use ---- */

static void unlink_use(MtsKv *kv, MtsKvSegment *s)
{
    *(s->older ? &s->older->newer : &kv->oldest) = s->newer;
    *(s->newer ? &s->newer->older : &kv->newest) = s->older;
    s->older = s->newer = NULL;
}

static void link_newest(MtsKv *kv, MtsKvSegment *s)
{
    s->older = kv->newest;
    *(kv->newest ? &kv->newest->newer : &kv->oldest) = s;
    kv->newest = s;
}

void mts_kv_begin(MtsKv *kv)
{
    kv->step++;
}

/* From the leaf to the root, so that an ancestor is always newer than what grows on it. */
static void use(MtsKv *kv, MtsKvSegment *s)
{
    for (; s; s = s->parent) {
        s->used = kv->step;
        if (s->page_count > 0) {
            unlink_use(kv, s);
            link_newest(kv, s);
        }
    }
}

void mts_kv_touch(MtsKv *kv, const MtsKvMark *mark)
{
    use(kv, mark->segment);
}

/* ---- pages of a segment ---- */

/* Kinds 0 .. kinds - 1 exist. */
static int kinds(const MtsKv *kv)
{
    return kv->shape.window ? MTS_KV_KINDS : MTS_KV_WINDOW;
}

static size_t first_page(const MtsKv *kv, const MtsKvSegment *s)
{
    return s->fork / kv->shape.page_tokens;
}

/* Pages that positions .. to - 1 need of the segment itself. */
static size_t own_pages(const MtsKv *kv, const MtsKvSegment *s, size_t to)
{
    return to > s->fork ? (to + kv->shape.page_tokens - 1) / kv->shape.page_tokens - first_page(kv, s) : 0;
}

static void give_window(MtsKv *kv, MtsKvSegment *s, size_t i)
{
    if (s->page[MTS_KV_WINDOW][i] != MTS_KV_NO_PAGE) {
        mts_kv_pool_give(&kv->pool[MTS_KV_WINDOW], s->page[MTS_KV_WINDOW][i]);
        s->page[MTS_KV_WINDOW][i] = MTS_KV_NO_PAGE;
    }
}

/* Keeps the first `count` own pages. */
static void shrink(MtsKv *kv, MtsKvSegment *s, size_t count)
{
    if (count >= s->page_count) {
        return;
    }
    while (s->page_count > count) {
        s->page_count--;
        mts_kv_pool_give(&kv->pool[MTS_KV_FULL], s->page[MTS_KV_FULL][s->page_count]);
        if (kv->shape.window) {
            give_window(kv, s, s->page_count);
        }
    }
    if (s->window_first > count) {
        s->window_first = count;
    }
    if (count == 0) {
        unlink_use(kv, s);
    }
}

/* Forgets the keys and values of positions >= to. */
static void forget(MtsKv *kv, MtsKvSegment *s, size_t to)
{
    if (s->resident > to) {
        s->resident = to > s->fork ? to : s->fork;
    }
    shrink(kv, s, own_pages(kv, s, s->resident));
}

/* Whether the window before position `at` >= fork of the segment is there as far as it lies in the segment
 * itself: own window pages are given back from the front, so one comparison tells. (What lies in the ancestors
 * is kept for the fork's sake.) */
static bool window_whole(const MtsKv *kv, const MtsKvSegment *s, size_t at)
{
    if (!kv->shape.window || s->window_first == 0 || at <= s->fork) {
        return true;
    }
    size_t low = at + 1 > kv->shape.window ? at + 1 - kv->shape.window : 0;
    return low / kv->shape.page_tokens >= first_page(kv, s) + s->window_first;
}

/* Forgets from position `to` on, or all of the segment where the window before `to` is gone already: then only
 * the fork is a place from which the rest can be evaluated again. */
static void forget_restartable(MtsKv *kv, MtsKvSegment *s, size_t to)
{
    forget(kv, s, to);
    if (!window_whole(kv, s, s->resident)) {
        forget(kv, s, s->fork);
    }
}

/* Takes one page from the least recently used segment that may lose one. */
static bool evict(MtsKv *kv)
{
    for (MtsKvSegment *s = kv->oldest; s; s = s->newer) {
        if (s->used != kv->step && s->rows_end == 0) {
            size_t to = (first_page(kv, s) + s->page_count - 1) * kv->shape.page_tokens;
            forget_restartable(kv, s, to);
            return true;
        }
    }
    return false;
}

/* The page of the segment's text with number `index`, counted from position 0. */
static uint32_t lookup(const MtsKv *kv, const MtsKvSegment *s, MtsKvKind kind, size_t index)
{
    while (index < first_page(kv, s)) {
        s = s->parent;
    }
    return s->page[kind][index - first_page(kv, s)];
}

/* The segment's newest page: where it is its first and the fork lies inside of it, the parent's keys and values;
 * otherwise zeros, as slots that hold no position yet must read as finite numbers. */
static void fill_page(MtsKv *kv, MtsKvSegment *s, MtsKvKind kind)
{
    size_t i = s->page_count - 1;
    bool begun = i == 0 && s->fork % kv->shape.page_tokens != 0;
    uint32_t from = begun ? lookup(kv, s->parent, kind, first_page(kv, s)) : MTS_KV_NO_PAGE;
    void *page = mts_kv_page(kv, kind, s->page[kind][i]);
    if (from != MTS_KV_NO_PAGE) {
        memcpy(page, mts_kv_page(kv, kind, from), kv->pool[kind].page_bytes);
    } else {
        memset(page, 0, kv->pool[kind].page_bytes);
    }
}

/* One more own page of each kind. A segment has at most as many window pages as others, and the pools are
 * equally large: where one of the full kind is free, one of the window kind is. */
static bool add_page(MtsKv *kv, MtsKvSegment *s)
{
    while (kv->pool[MTS_KV_FULL].free_count == 0) {
        if (!evict(kv)) {
            return false;
        }
    }
    for (int kind = 0; kind < kinds(kv); kind++) {
        s->page[kind][s->page_count] = mts_kv_pool_take(&kv->pool[kind]);
    }
    s->page_count++;
    if (s->page_count == 1) {
        link_newest(kv, s);
        use(kv, s);
    }
    for (int kind = 0; kind < kinds(kv); kind++) {
        fill_page(kv, s, (MtsKvKind)kind);
    }
    return true;
}

int mts_kv_reserve(MtsKv *kv, MtsKvSegment *s, size_t to, MtsError *err)
{
    size_t need = own_pages(kv, s, to), had = s->page_count;
    for (int kind = 0; kind < kinds(kv); kind++) {
        if (!mts_grow(&s->page[kind], &s->page_cap[kind], need, sizeof *s->page[kind])) {
            return mts_fail(err, MTS_ENOMEM, "KV cache: memory ran out for a table of %zu pages", need);
        }
    }
    while (s->page_count < need) {
        if (!add_page(kv, s)) {
            shrink(kv, s, had);
            return mts_fail(err, MTS_ECAPACITY,
                            "KV cache: this step needs more than its %zu tokens at once; ask for a larger one",
                            kv->shape.pages * kv->shape.page_tokens);
        }
    }
    return MTS_OK;
}

/* The lowest position from which somebody may go on: the end of what is resident, a mark or a child's fork. */
static size_t lowest_continuation(const MtsKvSegment *s)
{
    size_t low = s->resident;
    for (const MtsKvMark *m = s->marks; m; m = m->next) {
        low = m->length < low ? m->length : low;
    }
    for (const MtsKvSegment *c = s->children; c; c = c->sister) {
        low = c->fork < low ? c->fork : low;
    }
    return low;
}

/* Whether own page number `i` ends before the window of a text that goes on at position `at`. */
static bool outside_window(const MtsKv *kv, const MtsKvSegment *s, size_t i, size_t at)
{
    size_t end = (first_page(kv, s) + i + 1) * kv->shape.page_tokens;
    return end + kv->shape.window <= at + 1;
}

void mts_kv_commit(MtsKv *kv, MtsKvSegment *s, size_t to)
{
    s->resident = to > s->resident ? to : s->resident;
    if (!kv->shape.window || s->window_first >= s->page_count || !outside_window(kv, s, s->window_first, s->resident)) {
        return;
    }
    size_t low = lowest_continuation(s);
    while (s->window_first < s->page_count && outside_window(kv, s, s->window_first, low)) {
        give_window(kv, s, s->window_first);
        s->window_first++;
    }
}

/* ---- segments and marks ---- */

static MtsKvSegment *new_segment(MtsKv *kv, MtsKvSegment *parent, size_t fork)
{
    MtsKvSegment *s = kv->spare;
    if (s) {
        kv->spare = s->parent;
    } else if (!(s = mts_calloc(1, sizeof *s))) {
        return NULL;
    }
    MtsKvSegment kept = *s;
    memset(s, 0, sizeof *s);
    s->tokens = kept.tokens;
    s->tokens_cap = kept.tokens_cap;
    for (int kind = 0; kind < MTS_KV_KINDS; kind++) {
        s->page[kind] = kept.page[kind];
        s->page_cap[kind] = kept.page_cap[kind];
    }
    s->parent = parent;
    s->fork = s->length = s->resident = fork;
    if (parent) {
        s->sister = parent->children;
        parent->children = s;
    }
    kv->segments++;
    return s;
}

/* Cuts a segment back to what is still held, frees it when nothing is, and then its parent likewise. */
static void tidy(MtsKv *kv, MtsKvSegment *s)
{
    while (s) {
        size_t end = s->fork;
        for (const MtsKvMark *m = s->marks; m; m = m->next) {
            end = m->length > end ? m->length : end;
        }
        for (const MtsKvSegment *c = s->children; c; c = c->sister) {
            end = c->fork > end ? c->fork : end;
        }
        if (end < s->length) {
            s->length = end;
            s->rows_end = s->rows_end > end ? end : s->rows_end;
            forget_restartable(kv, s, end);
        }
        if (s->marks || s->children) {
            return;
        }
        forget(kv, s, s->fork);
        MtsKvSegment *parent = s->parent;
        if (parent) {
            MtsKvSegment **at = &parent->children;
            while (*at != s) {
                at = &(*at)->sister;
            }
            *at = s->sister;
        }
        s->parent = kv->spare;
        kv->spare = s;
        kv->segments--;
        s = parent;
    }
}

static void add_mark(MtsKvSegment *s, size_t length, MtsKvMark *mark)
{
    mark->segment = s;
    mark->length = length;
    mark->prev = NULL;
    mark->next = s->marks;
    if (s->marks) {
        s->marks->prev = mark;
    }
    s->marks = mark;
}

int mts_kv_append(MtsKv *kv, const MtsKvMark *prefix, const int32_t *tokens, size_t count, MtsKvMark *mark,
                  MtsError *err)
{
    MtsKvSegment *s = prefix ? prefix->segment : NULL;
    size_t at = prefix ? prefix->length : 0;
    size_t end;
    bool in_place = s && s->length == at;
    if (!mts_size_add(at, count, &end) || (!in_place && !(s = new_segment(kv, s, at)))) {
        return mts_fail(err, MTS_ENOMEM, "KV cache: memory ran out for %zu more tokens", count);
    }
    if (!mts_grow(&s->tokens, &s->tokens_cap, end - s->fork, sizeof *s->tokens)) {
        tidy(kv, s);
        return mts_fail(err, MTS_ENOMEM, "KV cache: memory ran out for %zu more tokens", count);
    }
    for (size_t i = 0; i < count; i++) {
        s->tokens[at - s->fork + i] = tokens ? tokens[i] : -1;
    }
    s->length = end;
    s->rows_end = tokens ? s->rows_end : end;
    add_mark(s, end, mark);
    return MTS_OK;
}

void mts_kv_hold(const MtsKvMark *end, size_t length, MtsKvMark *mark)
{
    add_mark(end->segment, length, mark);
}

void mts_kv_drop(MtsKv *kv, MtsKvMark *mark)
{
    MtsKvSegment *s = mark->segment;
    *(mark->prev ? &mark->prev->next : &s->marks) = mark->next;
    if (mark->next) {
        mark->next->prev = mark->prev;
    }
    if (mark->length == s->length) {
        tidy(kv, s);
    }
    memset(mark, 0, sizeof *mark);
}

bool mts_kv_missing(const MtsKvMark *mark, size_t limit, MtsKvSegment **segment, size_t *from, size_t *to)
{
    bool missing = false;
    size_t end = limit;
    for (MtsKvSegment *s = mark->segment; s; end = s->fork < end ? s->fork : end, s = s->parent) {
        if (s->fork < end && s->resident < end) { /* the last one found is nearest to the root: the first to do */
            *segment = s;
            *from = s->resident;
            *to = end;
            missing = true;
        }
    }
    return missing;
}

/* ---- reading ---- */

const int32_t *mts_kv_tokens(const MtsKvSegment *segment, size_t from)
{
    return segment->tokens + (from - segment->fork);
}

void mts_kv_table(const MtsKv *kv, const MtsKvSegment *s, size_t length, MtsKvKind kind, uint32_t *pages)
{
    size_t end = (length + kv->shape.page_tokens - 1) / kv->shape.page_tokens;
    for (; s && end > 0; s = s->parent) {
        size_t first = first_page(kv, s);
        if (first < end) {
            memcpy(pages + first, s->page[kind], (end - first) * sizeof *pages);
            end = first;
        }
    }
}

unsigned char *mts_kv_page(const MtsKv *kv, MtsKvKind kind, uint32_t page)
{
    return mts_kv_pool_at(&kv->pool[kind], page);
}

void mts_kv_stats(const MtsKv *kv, MtsKvStats *stats)
{
    memset(stats, 0, sizeof *stats);
    stats->pages = kv->shape.pages;
    stats->page_tokens = kv->shape.page_tokens;
    stats->segments = kv->segments;
    for (int kind = 0; kind < MTS_KV_KINDS; kind++) {
        const MtsKvPool *pool = &kv->pool[kind];
        stats->used[kind] = pool->pages - pool->free_count;
        stats->bytes += pool->touched * pool->page_bytes;
    }
}
