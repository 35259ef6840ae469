/* constraint/inside.c - a walk over the trie inside one expression.
 *
 * What an expression lets through by itself depends on it alone: the tokens that stay inside it, and its exits, the
 * nodes of the trie at which it may end. Both are found once and kept with it. Where the next n bytes lead to the same
 * expression whatever plain bytes they are, the plain tokens of at most n bytes are not walked. */
#include <stdlib.h>
#include <string.h>

#include "constraint/masker.h"
#include "core/mem.h"

enum {
    FEW = 512,    /* tokens that are kept as a list rather than a set */
    ENDLESS = 255 /* of an even run: it never ends */
};
#define UNKNOWN UINT32_MAX

/* ---- even runs ---- */

static MtsRe find_even_step(MtsMasker *m, MtsRe r, bool strict)
{
    MtsRe to = mts_masker_re(m, r, 'a');
    bool even = to != MTS_RE_NONE && !(strict && mts_re_nullable(m->x, to));
    for (unsigned b = 0x20; b < 0x7F && even; b++) {
        even = !mts_plain_byte(b) || mts_masker_re(m, r, b) == to;
    }
    return even ? to : MTS_RE_NONE;
}

/* Where every plain byte leads from r, or MTS_RE_NONE where they part; `strict`: or where it may end. */
static MtsRe even_step(MtsMasker *m, MtsRe r, bool strict)
{
    MtsRe to = r < MTS_NOW(m->even_cap[strict]) ? MTS_NOW(MTS_NOW(m->even[strict])[r]) : UNKNOWN;
    if (to == UNKNOWN) {
        to = find_even_step(m, r, strict);
        pthread_mutex_lock(&m->lock);
        if (mts_steady_reach(&m->outgrown, &m->even[strict], &m->even_cap[strict], r + 1, sizeof to, 0xFF)) {
            MTS_PUT(m->even[strict][r], to);
        }
        pthread_mutex_unlock(&m->lock);
    }
    return to;
}

bool mts_inside_even(MtsMasker *m, MtsRe r)
{
    return even_step(m, r, false) != MTS_RE_NONE;
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

/* ---- the walk ---- */

typedef struct Walk {
    MtsMasker *m;
    bool want_exits;
    uint32_t few[FEW]; /* the first tokens of */
    size_t count;
    uint64_t *bits;
    uint32_t *exits;
    size_t exit_count, exit_cap;
    uint32_t farthest;
    bool ok;
} Walk;

static void mark(Walk *w, uint32_t from, uint32_t to)
{
    const int32_t *sorted = w->m->v->sorted;
    for (uint32_t i = from; i < to; i++) {
        uint32_t t = (uint32_t)sorted[i];
        w->bits[t >> 6] |= UINT64_C(1) << (t & 63);
        if (w->count < FEW) {
            w->few[w->count] = t;
        }
        w->count++;
    }
}

static void note_length(Walk *w, MtsRe r)
{
    uint32_t length = mts_masker_re_shortest(w->m, r);
    w->farthest = length > w->farthest ? length : w->farthest;
}

/* The same of all that an even run of so many bytes comes by. */
static void note_run(Walk *w, MtsRe r, unsigned steps)
{
    MtsRe before = MTS_RE_NONE;
    for (; steps > 0 && r != before; steps--) {
        before = r;
        r = mts_masker_re(w->m, r, 'a');
        note_length(w, r);
    }
}

static void note_exit(Walk *w, uint32_t node)
{
    w->ok = mts_grow(&w->exits, &w->exit_cap, w->exit_count + 1, sizeof *w->exits);
    if (w->ok) {
        w->exits[w->exit_count++] = node;
    }
}

static void walk(Walk *w, uint32_t parent, MtsRe r, bool plain);

/* Node c, whose byte leads to `to`; `plain`: its plain tokens and those below it are marked already. */
static void visit(Walk *w, uint32_t c, MtsRe to, bool plain)
{
    const MtsTrieNode *n = &w->m->v->nodes[c];
    if (to == MTS_RE_NONE || (plain && n->plain)) {
        return;
    }
    if (n->own > n->first) {
        note_length(w, to);
        mark(w, n->first, n->own);
    }
    if (n->end == c + 1) {
        return;
    }
    if (w->want_exits && mts_re_nullable(w->m->x, to)) {
        note_exit(w, c);
    }
    unsigned run = n->below ? even_run(w->m, to, w->want_exits, n->height) : 0;
    if (n->below && run >= n->height) {
        note_run(w, to, n->height);
        mark(w, n->own, n->last);
    } else {
        walk(w, c, to, plain && mts_plain_byte(n->byte));
    }
}

/* Below the node `parent`; `plain`: as above. */
static void walk(Walk *w, uint32_t parent, MtsRe r, bool plain)
{
    const MtsTrieNode *nodes = w->m->v->nodes;
    for (uint32_t c = parent + 1; c < nodes[parent].end && w->ok; c = nodes[c].end) {
        if (!(plain && nodes[c].plain)) {
            visit(w, c, mts_masker_re(w->m, r, nodes[c].byte), plain);
        }
    }
}

/* Where most plain bytes lead, if from there on all plain texts of a token's length go one way and none may end;
 * MTS_RE_NONE otherwise. So it is inside a string, and inside a name that is none of some: there one byte goes on with
 * one of those. */
static MtsRe main_step(Walk *w, MtsRe r, unsigned *run)
{
    unsigned longest = (unsigned)w->m->v->plain_longest;
    MtsRe most = MTS_RE_NONE;
    int votes = 0;
    for (unsigned b = 0x20; b < 0x7F; b++) {
        MtsRe to = mts_plain_byte(b) ? mts_masker_re(w->m, r, b) : most;
        most = votes == 0 ? to : most;
        votes += to == most ? 1 : -1;
    }
    if (most == MTS_RE_NONE || (w->want_exits && mts_re_nullable(w->m->x, most))) {
        return MTS_RE_NONE;
    }
    *run = even_run(w->m, most, w->want_exits, longest);
    return *run + 1 >= longest ? most : MTS_RE_NONE;
}

static void unmark(Walk *w, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        uint32_t t = (uint32_t)w->m->v->sorted[i];
        w->bits[t >> 6] &= ~(UINT64_C(1) << (t & 63));
    }
}

static void walk_all(Walk *w, MtsRe r)
{
    const MtsVocabulary *v = w->m->v;
    unsigned run = 0;
    MtsRe most = main_step(w, r, &run);
    for (size_t i = 0; i < v->words && most != MTS_RE_NONE; i++) {
        w->bits[i] |= v->plain[i];
        w->count = FEW + 1;
    }
    if (most != MTS_RE_NONE) {
        note_length(w, most);
        note_run(w, most, run);
    }
    for (uint32_t c = 1; c < v->nodes[0].end && w->ok; c = v->nodes[c].end) {
        MtsRe to = mts_masker_re(w->m, r, v->nodes[c].byte);
        bool marked = most != MTS_RE_NONE && mts_plain_byte(v->nodes[c].byte), right = marked && to == most;
        if (marked && !right) {
            unmark(w, v->nodes[c].first, v->nodes[c].last);
        }
        visit(w, c, to, right);
    }
}

/* ---- what is kept of it ---- */

static size_t bytes_of(const MtsMasker *m, const MtsInside *in)
{
    return sizeof *in + (in->bits ? m->v->words * sizeof *in->bits : in->count * sizeof *in->list) +
           in->exit_count * sizeof *in->exits;
}

void mts_inside_free(MtsMasker *m, MtsInside **inside)
{
    MtsInside *in = *inside;
    if (in) {
        mts_masker_count(m, 0, bytes_of(m, in));
        free(in->list);
        free(in->bits);
        free(in->exits);
        free(in);
        *inside = NULL;
    }
}

/* Takes over the walk's set and exits. */
static MtsInside *gather(Walk *w)
{
    MtsInside *in = w->ok ? mts_calloc(1, sizeof *in) : NULL;
    if (in && w->count <= FEW && (in->list = mts_calloc(w->count, sizeof *in->list))) {
        memcpy(in->list, w->few, w->count * sizeof *in->list);
    } else if (in) {
        in->bits = w->bits;
        w->bits = NULL;
    }
    if (in) {
        in->exits = w->exits;
        w->exits = NULL;
        in->count = w->count;
        in->exit_count = w->exit_count;
        in->farthest = w->farthest;
    }
    free(w->bits);
    free(w->exits);
    return in;
}

/* Keeps it, or finds that another thread has. */
static const MtsInside *keep(MtsMasker *m, MtsRe r, bool exits, MtsInside *in)
{
    MtsInside ***table = &m->inside[exits];
    pthread_mutex_lock(&m->lock);
    bool room = mts_steady_reach(&m->outgrown, table, &m->inside_cap[exits], r + 1, sizeof **table, 0);
    mts_masker_count(m, bytes_of(m, in), 0);
    if (!room || (*table)[r]) {
        mts_inside_free(m, &in);
        in = room ? (*table)[r] : NULL;
    } else {
        MTS_PUT((*table)[r], in);
    }
    pthread_mutex_unlock(&m->lock);
    return in;
}

const MtsInside *mts_inside(MtsMasker *m, MtsRe r, bool exits)
{
    MtsInside *in = MTS_TABLE_AT(m->inside[1], m->inside_cap[1], r);
    if (!in && !exits) {
        in = MTS_TABLE_AT(m->inside[0], m->inside_cap[0], r);
    }
    if (in) {
        return in;
    }
    Walk w = {.m = m, .want_exits = exits, .ok = true};
    if (!(w.bits = mts_calloc(m->v->words, sizeof *w.bits))) {
        return NULL;
    }
    walk_all(&w, r);
    return (in = gather(&w)) ? keep(m, r, exits, in) : NULL;
}
