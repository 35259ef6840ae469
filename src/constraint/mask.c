/* constraint/mask.c - the masks of places.
 *
 * A place's threads are taken one by one: what stays inside a thread's expression is known (inside.c), and behind each
 * of its exits a walk over the trie goes on in the place that the thread's tail opens. */
#include "constraint/mask.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

/* ---- the walk ---- */

static uint32_t farther(uint32_t a, uint64_t b)
{
    b = b > MTS_NO_LIMIT - 1 ? MTS_NO_LIMIT - 1 : b;
    return b > a ? (uint32_t)b : a;
}

/* Below node `parent`, which was reached at `place`. */
static void walk_places(MtsMasker *m, uint32_t parent, MtsPlace place, MtsKept *out)
{
    const MtsTrieNode *nodes = m->v->nodes;
    for (uint32_t c = parent + 1; c < nodes[parent].end; c = nodes[c].end) {
        MtsPlace to = mts_masker_step(m, place, nodes[c].byte);
        if (to == MTS_DEAD) {
            continue;
        }
        for (uint32_t i = nodes[c].first; i < nodes[c].own; i++) {
            uint32_t t = (uint32_t)m->v->sorted[i];
            out->bits[t >> 6] |= UINT64_C(1) << (t & 63);
            out->farthest = farther(out->farthest, mts_masker_shortest(m, to));
        }
        if (nodes[c].end > c + 1) {
            walk_places(m, c, to, out);
        }
    }
}

static bool walk_thread(MtsMasker *m, MtsThread t, MtsKept *out)
{
    const MtsInside *in = mts_inside(m, t.re, t.tail != MTS_TAIL_END);
    MtsPlace entry;
    if (!in) {
        return false;
    }
    for (size_t i = 0; i < in->count && in->list; i++) {
        out->bits[in->list[i] >> 6] |= UINT64_C(1) << (in->list[i] & 63);
    }
    for (size_t i = 0; i < m->v->words && in->bits; i++) {
        out->bits[i] |= in->bits[i];
    }
    uint64_t length = mts_masker_behind(m, t.tail, &entry);
    out->farthest = in->count ? farther(out->farthest, in->farthest + length) : out->farthest;
    for (size_t i = 0; i < in->exit_count && entry; i++) {
        walk_places(m, in->exits[i], entry, out);
    }
    return true;
}

static size_t kept_bytes(const MtsMasker *m)
{
    return sizeof(MtsKept) + m->v->words * sizeof(uint64_t);
}

static MtsKept *make(MtsMasker *m, MtsPlace place)
{
    size_t count;
    MtsThread *threads = mts_masker_threads(m, place, &count);
    MtsKept *out = mts_calloc(1, kept_bytes(m));
    bool ok = threads && out;
    for (size_t i = 0; i < count && ok; i++) {
        ok = walk_thread(m, threads[i], out);
    }
    free(threads);
    if (!ok || mts_masker_failed(m)) {
        free(out);
        return NULL;
    }
    return out;
}

/* The place's mask; valid while `keeping` is held. */
static const MtsKept *find(MtsMasker *m, MtsPlace place)
{
    MtsKept *mask = MTS_TABLE_AT(m->kept, m->kept_cap, place);
    if (mask || !(mask = make(m, place))) {
        return mask;
    }
    pthread_mutex_lock(&m->lock);
    bool room = mts_steady_reach(&m->outgrown, &m->kept, &m->kept_cap, place + 1, sizeof *m->kept, 0);
    if (!room || m->kept[place]) {
        free(mask);
        mask = room ? m->kept[place] : NULL;
    } else {
        mts_masker_count(m, kept_bytes(m), 0);
        MTS_PUT(m->kept[place], mask);
    }
    pthread_mutex_unlock(&m->lock);
    return mask;
}

/* ---- near the limit ---- */

static MtsLate *late_of(MtsMasker *m, MtsPlace place, size_t left)
{
    return &m->late[(place * 2654435761u ^ (uint32_t)left * 40503u) >> 16 & (MTS_LATE_SLOTS - 1)];
}

static bool recall_late(MtsMasker *m, MtsPlace place, size_t left, uint64_t *bits)
{
    pthread_mutex_lock(&m->lock);
    const MtsLate *late = late_of(m, place, left);
    bool known = late->place == place && late->left == left;
    if (known) {
        memcpy(bits, late->bits, m->v->words * sizeof *bits);
    }
    pthread_mutex_unlock(&m->lock);
    return known;
}

/* Without memory it is not kept. */
static void keep_late(MtsMasker *m, MtsPlace place, size_t left, const uint64_t *bits)
{
    pthread_mutex_lock(&m->lock);
    MtsLate *late = late_of(m, place, left);
    if (!late->bits && (late->bits = mts_calloc(m->v->words, sizeof *bits))) {
        mts_masker_count(m, m->v->words * sizeof *bits, 0);
    }
    if (late->bits) {
        memcpy(late->bits, bits, m->v->words * sizeof *bits);
        late->place = place;
        late->left = left;
    }
    pthread_mutex_unlock(&m->lock);
}

static void forget_late(MtsMasker *m)
{
    for (size_t i = 0; i < MTS_LATE_SLOTS; i++) {
        if (m->late[i].bits) {
            mts_masker_count(m, 0, m->v->words * sizeof *m->late[i].bits);
        }
        free(m->late[i].bits);
        m->late[i] = (MtsLate){0};
    }
}

/* Takes from bits, the mask of the place, what does not end within `left` tokens. */
static bool keep_within(MtsMasker *m, MtsPlace place, size_t left, uint64_t *bits)
{
    if (recall_late(m, place, left, bits)) {
        return true;
    }
    bool ok = mts_mask_keep_within(m, place, left, bits);
    if (ok) {
        keep_late(m, place, left, bits);
    }
    return ok;
}

static void forget(MtsMasker *m)
{
    forget_late(m);
    for (int exits = 0; exits < 2; exits++) {
        for (size_t i = 0; i < m->inside_cap[exits]; i++) {
            mts_inside_free(m, &m->inside[exits][i]);
        }
    }
    for (size_t i = 0; i < m->kept_cap; i++) {
        if (m->kept[i]) {
            mts_masker_count(m, 0, kept_bytes(m));
        }
        free(m->kept[i]);
        m->kept[i] = NULL;
    }
    for (size_t i = 0; i < m->onwards_cap; i++) {
        mts_onwards_free(m, &m->onwards[i]);
    }
}

/* Masks beyond the budget, and arrays that nobody reads any more. */
static void tidy(MtsMasker *m)
{
    bool full = MTS_NOW(m->bytes) > m->budget, old = mts_automaton_outgrown(m->a) > m->budget / 4;
    if (full || old) {
        pthread_rwlock_wrlock(&m->keeping);
        if (m->bytes > m->budget) {
            forget(m);
        }
        mts_automaton_settle(m->a);
        mts_steady_free(&m->outgrown);
        pthread_rwlock_unlock(&m->keeping);
    }
}

void mts_masker_read(MtsMasker *m, MtsPlace *place, const char *bytes, size_t size)
{
    tidy(m);
    mts_exprs_begin(m->x);
    pthread_rwlock_rdlock(&m->keeping);
    for (size_t i = 0; i < size && *place; i++) {
        *place = mts_masker_step(m, *place, (unsigned char)bytes[i]);
    }
    pthread_rwlock_unlock(&m->keeping);
}

bool mts_masker_accepts(MtsMasker *m, MtsPlace place)
{
    pthread_rwlock_rdlock(&m->keeping);
    bool accepts = mts_automaton_accepts(m->a, place);
    pthread_rwlock_unlock(&m->keeping);
    return accepts;
}

bool mts_mask(MtsMasker *m, MtsPlace place, size_t left, uint64_t *bits)
{
    tidy(m);
    mts_exprs_begin(m->x);
    pthread_rwlock_rdlock(&m->keeping);
    const MtsKept *mask = find(m, place);
    bool ok = mask != NULL, near = mask && m->all_bytes && mask->farthest <= left;
    if (mask) {
        memcpy(bits, mask->bits, m->v->words * sizeof *bits);
    }
    ok = ok && (left == SIZE_MAX || near || keep_within(m, place, left, bits));
    pthread_rwlock_unlock(&m->keeping);
    return ok;
}

/* ---- begin and end ---- */

MtsMasker *mts_masker_new(MtsAutomaton *automaton, const MtsVocabulary *vocabulary, size_t budget)
{
    MtsMasker *m = mts_calloc(1, sizeof *m);
    if (!m || pthread_mutex_init(&m->lock, NULL)) {
        free(m);
        return NULL;
    }
    if (pthread_rwlock_init(&m->keeping, NULL)) {
        pthread_mutex_destroy(&m->lock);
        free(m);
        return NULL;
    }
    m->a = automaton;
    m->x = mts_automaton_exprs(automaton);
    m->v = vocabulary;
    m->budget = budget;
    m->outgrown.shared = true;
    mts_automaton_share(automaton);
    size_t bytes = 0;
    for (uint32_t c = 1; c < vocabulary->nodes[0].end; c = vocabulary->nodes[c].end) {
        bytes += vocabulary->nodes[c].own > vocabulary->nodes[c].first;
    }
    m->all_bytes = bytes == 256;
    return m;
}

void mts_masker_free(MtsMasker **masker)
{
    MtsMasker *m = *masker;
    if (m) {
        forget(m);
        for (int i = 0; i < 2; i++) {
            free(m->inside[i]);
            free(m->even[i]);
        }
        free(m->kept);
        free(m->straight);
        free(m->onwards);
        free(m->level);
        mts_steady_free(&m->outgrown);
        pthread_rwlock_destroy(&m->keeping);
        pthread_mutex_destroy(&m->lock);
        free(m);
        *masker = NULL;
    }
}
