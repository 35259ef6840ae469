/* constraint/onward.c - the places behind the tokens that may follow at a place.
 *
 * Many tokens lead to few places: inside a string all plain tokens lead back to where they began, or, where its length
 * is limited, as many tokens as have n bytes to one place. So tokens are runs of v->sorted, which has them by their
 * bytes and, behind those, the plain ones by their lengths; and a walk leaves out what it knows: where the next n bytes
 * lead to one place whatever plain bytes they are, the plain tokens of at most n bytes are not walked. */
#include <stdlib.h>
#include <string.h>

#include "constraint/masker.h"
#include "core/mem.h"
#include "core/sort.h"

#define UNKNOWN UINT32_MAX
#define NO_SLOT UINT32_MAX

typedef struct TokenPiece {
    uint32_t target; /* index of the place */
    MtsTokenRun run;
} TokenPiece;

typedef struct Tour {
    MtsMasker *m;
    MtsOnward *to; /* [count] in the order of the walk */
    size_t count, cap;
    uint32_t *slots; /* [slot_count] open addressing of `to`; NO_SLOT: free */
    size_t slot_count;
    TokenPiece *pieces;
    size_t piece_count, piece_cap;
    MtsPlace *even; /* [run + 1] where so many plain bytes lead from the walk's beginning, whatever they are */
    size_t run, walked;
    bool ok;
} Tour;

/* ---- even steps ---- */

/* Only what is seen at once: that every thread goes on by one step, and may not end there. */
static MtsPlace find_even_step(MtsMasker *m, MtsPlace place)
{
    size_t count;
    MtsThread *threads = mts_masker_threads(m, place, &count);
    bool even = threads && count;
    for (size_t i = 0; i < count && even; i++) {
        even = mts_inside_even(m, threads[i].re);
    }
    free(threads);
    return even ? mts_masker_step(m, place, 'a') : MTS_DEAD;
}

/* Where every plain byte leads from the place; MTS_DEAD: they part, or it is not seen that they do not. */
static MtsPlace even_step(MtsMasker *m, MtsPlace place)
{
    MtsPlace to = place < MTS_NOW(m->level_cap) ? MTS_NOW(MTS_NOW(m->level)[place]) : UNKNOWN;
    if (to == UNKNOWN) {
        to = find_even_step(m, place);
        pthread_mutex_lock(&m->lock);
        if (mts_steady_reach(&m->outgrown, &m->level, &m->level_cap, place + 1, sizeof to, 0xFF)) {
            MTS_PUT(m->level[place], to);
        }
        pthread_mutex_unlock(&m->lock);
    }
    return to;
}

/* Whether so many plain bytes lead back to the place. */
static bool is_level(MtsMasker *m, MtsPlace place)
{
    return even_step(m, place) == place;
}

/* ---- pieces ---- */

static bool grow_slots(Tour *w)
{
    size_t slots = w->slot_count ? 2 * w->slot_count : 64;
    free(w->slots);
    w->slot_count = 0;
    if (!(w->slots = mts_calloc(slots, sizeof *w->slots))) {
        return false;
    }
    w->slot_count = slots;
    memset(w->slots, 0xFF, slots * sizeof *w->slots);
    for (size_t i = 0; i < w->count; i++) {
        size_t at = w->to[i].place * 2654435761u & (slots - 1);
        while (w->slots[at] != NO_SLOT) {
            at = (at + 1) & (slots - 1);
        }
        w->slots[at] = (uint32_t)i;
    }
    return true;
}

/* The index of the place; UNKNOWN when memory ran out. */
static uint32_t target_of(Tour *w, MtsPlace place)
{
    if (2 * (w->count + 1) > w->slot_count && !grow_slots(w)) {
        return UNKNOWN;
    }
    size_t at = place * 2654435761u & (w->slot_count - 1);
    for (; w->slots[at] != NO_SLOT; at = (at + 1) & (w->slot_count - 1)) {
        if (w->to[w->slots[at]].place == place) {
            return w->slots[at];
        }
    }
    if (!mts_grow(&w->to, &w->cap, w->count + 1, sizeof *w->to)) {
        return UNKNOWN;
    }
    w->to[w->count] = (MtsOnward){.place = place, .shortest = mts_masker_shortest(w->m, place)};
    w->slots[at] = (uint32_t)w->count;
    return (uint32_t)w->count++;
}

/* The tokens v->sorted[from .. to) lead to the place. */
static void add(Tour *w, MtsPlace place, uint32_t from, uint32_t to)
{
    TokenPiece *last = w->piece_count ? &w->pieces[w->piece_count - 1] : NULL;
    if (from == to || !w->ok) {
        return;
    }
    if (last && last->run.to == from && w->to[last->target].place == place) {
        last->run.to = to;
        return;
    }
    uint32_t target = target_of(w, place);
    w->ok = target != UNKNOWN && mts_grow(&w->pieces, &w->piece_cap, w->piece_count + 1, sizeof *w->pieces);
    if (w->ok) {
        w->pieces[w->piece_count++] = (TokenPiece){target, {from, to}};
    }
}

/* ---- the walk ---- */

/* The even run at the beginning, and the plain tokens that do not go beyond it. */
static void take_even_run(Tour *w, MtsPlace place)
{
    const MtsVocabulary *v = w->m->v;
    if (!(w->even = mts_calloc(v->plain_longest + 1, sizeof *w->even))) {
        w->ok = false;
        return;
    }
    w->even[0] = place;
    while (w->run < v->plain_longest && w->ok) {
        MtsPlace to = even_step(w->m, w->even[w->run]);
        if (to == MTS_DEAD) {
            break;
        }
        w->even[++w->run] = to;
        add(w, to, v->plain_at[w->run], v->plain_at[w->run + 1]);
    }
}

/* Below node `parent`, which was reached at `place`; `depth`: of it, where only plain bytes of the even run lead there,
 * else SIZE_MAX. */
static void walk(Tour *w, uint32_t parent, MtsPlace place, size_t depth)
{
    const MtsTrieNode *nodes = w->m->v->nodes;
    for (uint32_t c = parent + 1; c < nodes[parent].end && w->ok; c = nodes[c].end) {
        const MtsTrieNode *n = &nodes[c];
        bool known = depth < w->run && mts_plain_byte(n->byte);
        if (known && n->plain && depth + 1 + n->height <= w->run) {
            continue;
        }
        MtsPlace to = known ? w->even[depth + 1] : mts_masker_step(w->m, place, n->byte);
        w->walked++;
        if (to == MTS_DEAD) {
            continue;
        }
        if (!known) {
            add(w, to, n->first, n->own);
        }
        if (n->end == c + 1) {
            continue;
        }
        if (!known && n->below && is_level(w->m, to)) {
            add(w, to, n->own, n->last);
        } else {
            walk(w, c, to, known ? depth + 1 : SIZE_MAX);
        }
    }
}

/* ---- what is kept of it ---- */

static size_t bytes_of(const MtsOnwards *o)
{
    return sizeof *o + o->count * sizeof *o->to + o->run_count * sizeof *o->runs;
}

void mts_onwards_free(MtsMasker *m, MtsOnwards **onwards)
{
    MtsOnwards *o = *onwards;
    if (o) {
        mts_masker_count(m, 0, bytes_of(o));
        free(o->to);
        free(o->runs);
        free(o);
        *onwards = NULL;
    }
}

static int by_length(const void *a, const void *b)
{
    const MtsOnward *x = a, *y = b;
    return x->shortest != y->shortest ? (x->shortest < y->shortest ? -1 : 1) : x->first < y->first ? -1 : 1;
}

/* Puts the runs of each place together, and the places in order. */
static MtsOnwards *gather(Tour *w)
{
    MtsOnwards *o = mts_calloc(1, sizeof *o);
    if (!o || !(o->runs = mts_calloc(w->piece_count, sizeof *o->runs))) {
        free(o);
        return NULL;
    }
    for (size_t i = 0; i < w->piece_count; i++) {
        w->to[w->pieces[i].target].last++;
    }
    uint32_t sum = 0;
    for (size_t i = 0; i < w->count; i++) {
        uint32_t runs = w->to[i].last;
        w->to[i].first = w->to[i].last = sum;
        sum += runs;
    }
    for (size_t i = 0; i < w->piece_count; i++) {
        MtsOnward *to = &w->to[w->pieces[i].target];
        MtsTokenRun run = w->pieces[i].run;
        o->runs[to->last++] = run;
        to->tokens += run.to - run.from;
        o->tokens += run.to - run.from;
    }
    o->run_count = w->piece_count;
    o->walked = w->walked;
    o->to = w->to;
    o->count = w->count;
    w->to = NULL;
    if (o->count) {
        mts_sort(o->to, o->count, sizeof *o->to, by_length);
    }
    return o;
}

static MtsOnwards *make(MtsMasker *m, MtsPlace place)
{
    Tour w = {.m = m, .ok = true};
    take_even_run(&w, place);
    walk(&w, 0, place, 0);
    MtsOnwards *o = w.ok && !mts_masker_failed(m) ? gather(&w) : NULL;
    free(w.to);
    free(w.slots);
    free(w.pieces);
    free(w.even);
    return o;
}

const MtsOnwards *mts_onwards(MtsMasker *m, MtsPlace place)
{
    MtsOnwards *o = MTS_TABLE_AT(m->onwards, m->onwards_cap, place);
    if (o || !(o = make(m, place))) {
        return o;
    }
    pthread_mutex_lock(&m->lock);
    bool room = mts_steady_reach(&m->outgrown, &m->onwards, &m->onwards_cap, place + 1, sizeof *m->onwards, 0);
    mts_masker_count(m, bytes_of(o), 0);
    if (!room || m->onwards[place]) {
        mts_onwards_free(m, &o);
        o = room ? m->onwards[place] : NULL;
    } else {
        MTS_PUT(m->onwards[place], o);
    }
    pthread_mutex_unlock(&m->lock);
    return o;
}
