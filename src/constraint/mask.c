/* constraint/mask.c - a walk over the trie of the vocabulary.
 *
 * A place's threads are walked one by one. What a thread's expression lets through by itself depends on the expression
 * alone: the tokens that stay inside it, and its exits, the nodes of the trie at which it may end. Both are kept with
 * the expression. Behind an exit the walk goes on in the place that the thread's tail opens. */
#include "constraint/mask.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/sort.h"

enum {
    FEW = 512,    /* tokens that are kept as a list rather than a set */
    ENDLESS = 255 /* of an even run: it never ends */
};
#define UNKNOWN UINT32_MAX

typedef struct Inside {
    uint32_t *list; /* [count] tokens, or NULL and */
    uint64_t *bits; /* [words] */
    uint32_t count;
    uint32_t *exits; /* [exit_count] nodes with something below them at which the expression may end */
    uint32_t exit_count;
    uint32_t farthest;
    bool known, exits_known;
} Inside;

typedef struct Kept { /* the mask of a place */
    uint64_t *bits;
    uint32_t farthest;
} Kept;

typedef struct Within { /* what is known about ends within n tokens */
    uint32_t yes, no;   /* ends within yes and more; does not within no and fewer (plus one: 0 is unknown) */
} Within;

struct MtsMasker {
    MtsAutomaton *a;
    MtsExprs *x;
    const MtsVocabulary *v;
    Inside *inside; /* by expression */
    size_t inside_cap, inside_known;
    Kept *kept; /* by place */
    size_t kept_cap, kept_known;
    MtsRe *even[2]; /* by expression: where any plain byte leads; [1]: without ending there */
    size_t even_cap[2], even_known[2];
    Within *within; /* by place */
    size_t within_cap, within_known;
    size_t bytes, budget;     /* of lists and sets */
    uint32_t *tokens, *exits; /* of the walk under way */
    size_t token_cap, exit_cap;
    uint64_t *bits; /* [words] of the walk under way */
    bool all_bytes; /* every byte is a token */
};

/* Grows a table that is indexed by numbers up to `need`; what is new is filled with `fill`. */
static bool reach(void *table, size_t *cap, size_t *known, size_t need, size_t size, int fill)
{
    if (need <= *known) {
        return true;
    }
    if (!mts_grow(table, cap, need, size)) {
        return false;
    }
    memset(*(char **)table + *known * size, fill, (*cap - *known) * size);
    *known = *cap;
    return true;
}

/* Where every plain byte leads from r, or MTS_RE_NONE where they part; `strict`: or where it may end. */
static MtsRe even_step(MtsMasker *m, MtsRe r, bool strict)
{
    MtsExprs *x = m->x;
    if (!reach(&m->even[strict], &m->even_cap[strict], &m->even_known[strict], r + 1, sizeof(MtsRe), 0xFF)) {
        return MTS_RE_NONE;
    }
    if (m->even[strict][r] == UNKNOWN) {
        MtsRe to = mts_re_step(x, r, 'a');
        bool even = to != MTS_RE_NONE && !(strict && mts_re_nullable(x, to));
        for (unsigned b = 0x20; b < 0x7F && even; b++) {
            even = !mts_plain_byte(b) || mts_re_step(x, r, b) == to;
        }
        m->even[strict][r] = even ? to : MTS_RE_NONE;
    }
    return m->even[strict][r];
}

/* How many plain bytes may follow r, whatever they are, so that after each the expression is the same for all of them
 * (at most `most`, or ENDLESS); `strict`: and may not end at any of them. */
static unsigned even_run(MtsMasker *m, MtsRe r, bool strict, unsigned most)
{
    unsigned run = 0;
    while (run < most && run < ENDLESS) {
        MtsRe to = even_step(m, r, strict);
        if (to == r && to != MTS_RE_NONE) {
            return ENDLESS;
        }
        if (to == MTS_RE_NONE) {
            return run;
        }
        r = to;
        run++;
    }
    return run < ENDLESS ? run : ENDLESS - 1;
}

/* ---- inside one expression ---- */

typedef struct MaskWalk {
    MtsMasker *m;
    bool want_exits;
    size_t count, exit_count;
    uint32_t farthest;
    bool ok;
} MaskWalk;

static void mark(MaskWalk *w, uint32_t from, uint32_t to)
{
    MtsMasker *m = w->m;
    for (uint32_t i = from; i < to; i++) {
        uint32_t t = (uint32_t)m->v->sorted[i];
        m->bits[t >> 6] |= UINT64_C(1) << (t & 63);
        if (w->count < FEW) {
            m->tokens[w->count] = t;
        }
        w->count++;
    }
}

static void note_distance(MaskWalk *w, MtsRe r)
{
    uint32_t far = mts_re_shortest(w->m->x, r);
    w->farthest = far > w->farthest ? far : w->farthest;
}

static void note_even_run(MaskWalk *w, MtsRe r, unsigned steps)
{
    MtsRe before = MTS_RE_NONE;
    for (; steps > 0 && r != before; steps--) {
        before = r;
        r = mts_re_step(w->m->x, r, 'a');
        note_distance(w, r);
    }
}

/* `plain`: only plain bytes lead to the parent, so that plain nodes below it are marked already. */
static void walk_inside(MaskWalk *w, uint32_t parent, MtsRe r, bool plain)
{
    const MtsTrieNode *nodes = w->m->v->nodes;
    MtsMasker *m = w->m;
    for (uint32_t c = parent + 1; c < nodes[parent].end && w->ok; c = nodes[c].end) {
        const MtsTrieNode *n = &nodes[c];
        if (plain && n->plain) {
            continue;
        }
        MtsRe to = mts_re_step(m->x, r, n->byte);
        if (to == MTS_RE_NONE) {
            continue;
        }
        note_distance(w, to);
        mark(w, n->first, n->own);
        if (n->end == c + 1) {
            continue;
        }
        if (w->want_exits && mts_re_nullable(m->x, to)) {
            w->ok = mts_grow(&m->exits, &m->exit_cap, w->exit_count + 1, sizeof *m->exits);
            if (w->ok) {
                m->exits[w->exit_count++] = c;
            }
        }
        unsigned run = n->below ? even_run(m, to, w->want_exits, n->height) : 0;
        if (n->below && run >= n->height) {
            note_even_run(w, to, n->height);
            mark(w, n->own, n->last);
        } else {
            walk_inside(w, c, to, plain && mts_plain_byte(n->byte));
        }
    }
}

static void forget_inside(MtsMasker *m, Inside *in)
{
    m->bytes -= in->bits ? m->v->words * sizeof *in->bits : in->known ? in->count * sizeof *in->list : 0;
    m->bytes -= in->exit_count * sizeof *in->exits;
    free(in->list);
    free(in->bits);
    free(in->exits);
    *in = (Inside){0};
}

/* What the walk has found, kept with the expression. */
static bool keep_inside(MaskWalk *w, Inside *in)
{
    MtsMasker *m = w->m;
    size_t words = m->v->words;
    forget_inside(m, in);
    if (w->count <= FEW) {
        in->list = mts_calloc(w->count, sizeof *in->list);
        if (in->list) {
            memcpy(in->list, m->tokens, w->count * sizeof *in->list);
        }
    } else if ((in->bits = mts_calloc(words, sizeof *in->bits))) {
        memcpy(in->bits, m->bits, words * sizeof *in->bits);
    }
    if (w->exit_count && (in->exits = mts_calloc(w->exit_count, sizeof *in->exits))) {
        memcpy(in->exits, m->exits, w->exit_count * sizeof *in->exits);
    }
    if (!(in->list || in->bits) || (w->exit_count && !in->exits)) {
        forget_inside(m, in);
        return false;
    }
    in->count = (uint32_t)w->count;
    in->exit_count = (uint32_t)w->exit_count;
    in->farthest = w->farthest;
    in->known = true;
    in->exits_known = w->want_exits;
    m->bytes +=
        in->exit_count * sizeof *in->exits + (in->bits ? words * sizeof *in->bits : in->count * sizeof *in->list);
    return true;
}

static const Inside *inside(MtsMasker *m, MtsRe r, bool want_exits)
{
    if (!reach(&m->inside, &m->inside_cap, &m->inside_known, r + 1, sizeof *m->inside, 0)) {
        return NULL;
    }
    Inside *in = &m->inside[r];
    if (in->known && (in->exits_known || !want_exits)) {
        return in;
    }
    MaskWalk w = {.m = m, .want_exits = want_exits, .ok = true};
    unsigned run = even_run(m, r, want_exits, (unsigned)m->v->plain_longest);
    memset(m->bits, 0, m->v->words * sizeof *m->bits);
    bool all_plain = run == ENDLESS || run >= m->v->plain_longest;
    if (all_plain) {
        memcpy(m->bits, m->v->plain, m->v->words * sizeof *m->bits);
        w.count = FEW + 1;
        note_even_run(&w, r, run);
    }
    walk_inside(&w, 0, r, all_plain);
    return w.ok && keep_inside(&w, &m->inside[r]) ? &m->inside[r] : NULL;
}

/* ---- over places ---- */

/* Below node `parent`, which was reached at `place`. */
static void walk_places(MtsMasker *m, uint32_t parent, MtsPlace place, Kept *out)
{
    const MtsTrieNode *nodes = m->v->nodes;
    for (uint32_t c = parent + 1; c < nodes[parent].end; c = nodes[c].end) {
        MtsPlace to = mts_automaton_step(m->a, place, nodes[c].byte);
        if (to == MTS_DEAD) {
            continue;
        }
        for (uint32_t i = nodes[c].first; i < nodes[c].own; i++) {
            uint32_t t = (uint32_t)m->v->sorted[i], far = mts_automaton_shortest(m->a, to);
            out->bits[t >> 6] |= UINT64_C(1) << (t & 63);
            out->farthest = far > out->farthest ? far : out->farthest;
        }
        if (nodes[c].end > c + 1) {
            walk_places(m, c, to, out);
        }
    }
}

static bool walk_thread(MtsMasker *m, MtsThread t, Kept *out)
{
    bool exits = t.tail != MTS_TAIL_END;
    const Inside *in = inside(m, t.re, exits);
    if (!in) {
        return false;
    }
    for (uint32_t i = 0; i < in->count && in->list; i++) {
        out->bits[in->list[i] >> 6] |= UINT64_C(1) << (in->list[i] & 63);
    }
    for (size_t i = 0; i < m->v->words && in->bits; i++) {
        out->bits[i] |= in->bits[i];
    }
    uint64_t far = (uint64_t)in->farthest + mts_automaton_behind(m->a, t.tail);
    if (in->count) {
        out->farthest = far > MTS_NO_LIMIT - 1 ? MTS_NO_LIMIT - 1 : far > out->farthest ? (uint32_t)far : out->farthest;
    }
    uint32_t *nodes = in->exits, count = exits ? in->exit_count : 0;
    MtsPlace behind = count ? mts_automaton_enter(m->a, t.tail) : MTS_DEAD;
    for (uint32_t i = 0; i < count; i++) {
        walk_places(m, nodes[i], behind, out);
    }
    return true;
}

static void forget_all(MtsMasker *m)
{
    for (size_t i = 0; i < m->inside_known; i++) {
        forget_inside(m, &m->inside[i]);
    }
    for (size_t i = 0; i < m->kept_known; i++) {
        free(m->kept[i].bits);
        m->kept[i].bits = NULL;
    }
    m->bytes = 0;
}

MtsMask mts_mask(MtsMasker *m, MtsPlace place)
{
    MtsMask none = {0};
    if (!reach(&m->kept, &m->kept_cap, &m->kept_known, place + 1, sizeof *m->kept, 0)) {
        return none;
    }
    if (m->kept[place].bits) {
        return (MtsMask){m->kept[place].bits, m->kept[place].farthest};
    }
    if (m->bytes > m->budget) {
        forget_all(m);
    }
    Kept out = {.bits = mts_calloc(m->v->words, sizeof *out.bits)};
    size_t count;
    bool ok = out.bits != NULL;
    mts_automaton_threads(m->a, place, &count);
    for (size_t i = 0; i < count && ok; i++) {
        ok = walk_thread(m, mts_automaton_threads(m->a, place, &count)[i], &out);
    }
    if (!ok || mts_automaton_failed(m->a)) {
        free(out.bits);
        return none;
    }
    m->bytes += m->v->words * sizeof *out.bits;
    m->kept[place] = out;
    return (MtsMask){out.bits, out.farthest};
}

/* ---- ends within so many tokens ---- */

MtsPlace mts_mask_advance(MtsMasker *m, MtsPlace place, int32_t token)
{
    size_t size = 0;
    const char *bytes = m->v->bytes(m->v->context, token, &size);
    if (!bytes || size == 0) {
        return MTS_DEAD;
    }
    for (size_t i = 0; i < size && place; i++) {
        place = mts_automaton_step(m->a, place, (unsigned char)bytes[i]);
    }
    return place;
}

static int by_place(const void *a, const void *b)
{
    MtsPlace x = *(const MtsPlace *)a, y = *(const MtsPlace *)b;
    return x < y ? -1 : x > y;
}

/* The distinct places behind the tokens of a mask, malloc'ed. */
static MtsPlace *places_behind(MtsMasker *m, MtsPlace place, size_t *count)
{
    MtsMask mask = mts_mask(m, place);
    MtsPlace *all = NULL;
    size_t cap = 0, n = 0;
    *count = 0;
    for (size_t t = 0; t < m->v->count && mask.bits; t++) {
        if (mask.bits[t >> 6] >> (t & 63) & 1) {
            if (!mts_grow(&all, &cap, n + 1, sizeof *all)) {
                break;
            }
            all[n++] = mts_mask_advance(m, place, (int32_t)t);
        }
    }
    if (n) {
        mts_sort(all, n, sizeof *all, by_place);
    }
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || all[i] != all[i - 1]) {
            all[(*count)++] = all[i];
        }
    }
    return all;
}

bool mts_mask_ends_within(MtsMasker *m, MtsPlace place, size_t tokens)
{
    if (place == MTS_DEAD) {
        return false;
    }
    uint32_t bytes = mts_automaton_shortest(m->a, place);
    if (bytes == 0 || (m->all_bytes && bytes <= tokens)) {
        return true;
    }
    if (tokens == 0 || bytes > tokens * m->v->longest ||
        !reach(&m->within, &m->within_cap, &m->within_known, place + 1, sizeof *m->within, 0)) {
        return false;
    }
    Within *known = &m->within[place];
    if (tokens < known->no) {
        return false;
    }
    if (known->yes && tokens + 1 >= known->yes) {
        return true;
    }
    size_t count;
    MtsPlace *next = places_behind(m, place, &count);
    bool found = false;
    for (size_t i = 0; i < count && !found; i++) { /* what certainly ends first */
        found = m->all_bytes && mts_automaton_shortest(m->a, next[i]) < tokens;
    }
    for (size_t i = 0; i < count && !found; i++) {
        found = mts_mask_ends_within(m, next[i], tokens - 1);
    }
    free(next);
    known = &m->within[place];
    if (found) {
        known->yes = (uint32_t)tokens + 1;
    } else {
        known->no = (uint32_t)tokens + 1;
    }
    return found;
}

void mts_mask_keep_within(MtsMasker *m, MtsPlace place, size_t tokens, uint64_t *bits)
{
    MtsMask mask = mts_mask(m, place);
    if (m->all_bytes && mask.bits && mask.farthest <= tokens) {
        return;
    }
    for (size_t t = 0; t < m->v->count; t++) {
        if (bits[t >> 6] >> (t & 63) & 1 && !mts_mask_ends_within(m, mts_mask_advance(m, place, (int32_t)t), tokens)) {
            bits[t >> 6] &= ~(UINT64_C(1) << (t & 63));
        }
    }
}

MtsMasker *mts_masker_new(MtsAutomaton *automaton, const MtsVocabulary *vocabulary, size_t budget)
{
    MtsMasker *m = mts_calloc(1, sizeof *m);
    if (m) {
        m->a = automaton;
        m->x = mts_automaton_exprs(automaton);
        m->v = vocabulary;
        m->budget = budget;
        m->bits = mts_calloc(vocabulary->words, sizeof *m->bits);
        m->tokens = mts_calloc(FEW, sizeof *m->tokens);
        m->token_cap = FEW;
    }
    if (!m || !m->bits || !m->tokens) {
        mts_masker_free(&m);
        return NULL;
    }
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
        forget_all(m);
        free(m->inside);
        free(m->kept);
        free(m->even[0]);
        free(m->even[1]);
        free(m->within);
        free(m->tokens);
        free(m->exits);
        free(m->bits);
        free(m);
        *masker = NULL;
    }
}
