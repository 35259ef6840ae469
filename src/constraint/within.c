/* constraint/within.c - ends within so many tokens.
 *
 * Behind a token that may be taken, at most `left` more must suffice. Where every byte is a token, as many tokens as
 * the shortest end has bytes do; the shortest end, spelled with the longest tokens, takes fewer; and whether another
 * one takes fewer still, a search over the places behind tokens decides, of so many steps of the automaton for one
 * mask. What it has not found when they are spent counts as not there. So:
 *
 *   let through   only what can be finished within `left` tokens: exact in this direction, always
 *   taken away    what cannot; and, once the steps are spent, what only an end could save that is longer in bytes than
 *                 `left` and takes more tokens on its shortest way than `left`, but fewer on another
 *
 * What is let through depends on the place and on `left` alone, not on what was asked before: a prefix that one rollout
 * may go on with another may too, and the target is one and the same for all of them. */
#include <stdlib.h>
#include <string.h>

#include "constraint/masker.h"
#include "core/mem.h"
#include "core/sort.h"

/* Steps of the automaton. Each may make a place that is kept; without tokens for all bytes the shortest way may have no
 * tokens at all, and then there is nothing but the search. */
enum { MOST_STEPS = 1 << 11, MOST_STEPS_BLIND = 1 << 18 };
#define NEVER UINT32_MAX

typedef enum Answer { NO, YES, PERHAPS } Answer;

typedef struct Further { /* a place behind a token */
    MtsPlace place;
    uint32_t shortest, index; /* index: in the order of the trie */
} Further;

typedef struct Bound { /* of a place: it ends within `yes` tokens, not within no - 1; 0: not known */
    MtsPlace place;
    uint32_t yes, no;
    Further *ahead; /* [count] the distinct places behind tokens, those nearest to an end first; once `walked` */
    uint32_t count;
    bool walked;
} Bound;

typedef struct Search {
    MtsMasker *m;
    Bound *known; /* [slots] open addressing; places are above MTS_DEAD */
    size_t slots, count, steps, most_steps;
    bool ok;
} Search;

static Bound *slot_of(const Search *s, MtsPlace place)
{
    size_t at = place * 2654435761u & (s->slots - 1);
    while (s->known[at].place != MTS_DEAD && s->known[at].place != place) {
        at = (at + 1) & (s->slots - 1);
    }
    return &s->known[at];
}

/* What is known of a place, to be read or written at once; NULL when memory ran out. */
static Bound *known_of(Search *s, MtsPlace place)
{
    if (2 * (s->count + 1) > s->slots) {
        Search larger = *s;
        larger.slots = s->slots ? 2 * s->slots : 64;
        if (!(larger.known = mts_calloc(larger.slots, sizeof *larger.known))) {
            s->ok = false;
            return NULL;
        }
        for (size_t i = 0; i < s->slots; i++) {
            if (s->known[i].place != MTS_DEAD) {
                *slot_of(&larger, s->known[i].place) = s->known[i];
            }
        }
        free(s->known);
        *s = larger;
    }
    Bound *k = slot_of(s, place);
    s->count += k->place == MTS_DEAD;
    k->place = place;
    return k;
}

/* ---- the shortest end, in long tokens ---- */

/* The place that a token leads to from `place` on a shortest way, as far on as any does; *left: its distance. */
static void descend(Search *s, uint32_t parent, MtsPlace place, uint32_t length, MtsPlace *best, uint32_t *left)
{
    const MtsTrieNode *nodes = s->m->v->nodes;
    for (uint32_t c = parent + 1; c < nodes[parent].end; c = nodes[c].end) {
        MtsPlace to = mts_masker_step(s->m, place, nodes[c].byte);
        uint32_t there = to == MTS_DEAD ? length : mts_masker_shortest(s->m, to);
        if (there >= length) {
            continue;
        }
        if (nodes[c].own > nodes[c].first && there < *left) {
            *best = to;
            *left = there;
        }
        if (nodes[c].end > c + 1) {
            descend(s, c, to, there, best, left);
        }
    }
}

/* Keeps the tokens of the ways from path[0 .. count): the last one takes `tokens`. */
static void note_straight(MtsMasker *m, const MtsPlace *path, size_t count, uint32_t tokens)
{
    pthread_mutex_lock(&m->lock);
    for (size_t i = count; i-- > 0; tokens = tokens == NEVER ? NEVER : tokens + 1) {
        if (!mts_steady_reach(&m->outgrown, &m->straight, &m->straight_cap, path[i] + 1, sizeof tokens, 0)) {
            break;
        }
        MTS_PUT(m->straight[path[i]], tokens);
    }
    pthread_mutex_unlock(&m->lock);
}

/* How many tokens the shortest way takes when each is as long as possible, plus one; NEVER: no tokens spell it. */
static uint32_t straight(Search *s, MtsPlace place)
{
    MtsPlace *path = NULL;
    size_t count = 0, cap = 0;
    uint32_t tokens = 0;
    bool ok = true;
    while (!tokens && (ok = mts_grow(&path, &cap, count + 1, sizeof *path))) {
        uint32_t length = mts_masker_shortest(s->m, place), left = length;
        MtsPlace best = MTS_DEAD;
        path[count++] = place;
        if ((tokens = MTS_TABLE_AT(s->m->straight, s->m->straight_cap, place))) {
            break;
        }
        if (length > 0) {
            descend(s, 0, place, length, &best, &left);
        }
        tokens = length == 0 ? 1 : best == MTS_DEAD ? NEVER : 0;
        place = best;
    }
    s->ok = s->ok && ok;
    if (ok) {
        note_straight(s->m, path, count, tokens);
        tokens = MTS_TABLE_AT(s->m->straight, s->m->straight_cap, path[0]);
    }
    free(path);
    return tokens ? tokens : NEVER;
}

/* ---- all other ways ---- */

typedef struct Places {
    Further *items;
    size_t count, cap;
    Search seen; /* as a set */
} Places;

static void add_behind(Search *s, uint32_t parent, MtsPlace place, Places *out)
{
    const MtsTrieNode *nodes = s->m->v->nodes;
    for (uint32_t c = parent + 1; c < nodes[parent].end && s->steps <= s->most_steps && s->ok; c = nodes[c].end) {
        MtsPlace to = mts_masker_step(s->m, place, nodes[c].byte);
        s->steps++;
        if (to == MTS_DEAD) {
            continue;
        }
        if (nodes[c].own > nodes[c].first) {
            size_t before = out->seen.count;
            s->ok = known_of(&out->seen, to) && mts_grow(&out->items, &out->cap, out->count + 1, sizeof *out->items);
            if (s->ok && out->seen.count > before) {
                out->items[out->count] = (Further){to, mts_masker_shortest(s->m, to), (uint32_t)out->count};
                out->count++;
            }
        }
        if (nodes[c].end > c + 1) {
            add_behind(s, c, to, out);
        }
    }
}

static int by_length(const void *a, const void *b)
{
    const Further *x = a, *y = b;
    return x->shortest != y->shortest ? (x->shortest < y->shortest ? -1 : 1) : x->index < y->index ? -1 : 1;
}

static Answer ends_within(Search *s, MtsPlace place, size_t tokens);

/* What is behind the tokens that may follow at a place, found once; false when the effort is spent. */
static bool look_ahead(Search *s, MtsPlace place)
{
    Places next = {.seen = {.m = s->m, .ok = true}};
    Bound *bound = known_of(s, place);
    if (!bound || bound->walked) {
        return bound != NULL;
    }
    add_behind(s, 0, place, &next);
    free(next.seen.known);
    if (s->steps > s->most_steps || !s->ok) {
        free(next.items);
        return false;
    }
    if (next.count) {
        mts_sort(next.items, next.count, sizeof *next.items, by_length);
    }
    bound->ahead = next.items;
    bound->count = (uint32_t)next.count;
    bound->walked = true;
    return true;
}

/* NO only if no place behind any token leads to an end. */
static Answer ends_behind(Search *s, MtsPlace place, size_t tokens)
{
    Answer answer = NO;
    if (s->steps > s->most_steps || !look_ahead(s, place)) {
        return PERHAPS;
    }
    const Further *ahead = slot_of(s, place)->ahead;
    for (uint32_t i = 0, count = slot_of(s, place)->count; i < count && answer != YES; i++) {
        s->steps++;
        Answer one = ends_within(s, ahead[i].place, tokens - 1);
        answer = one == NO ? answer : one;
    }
    return answer;
}

static Answer ends_within(Search *s, MtsPlace place, size_t tokens)
{
    uint32_t length = mts_masker_shortest(s->m, place);
    if (length == 0 || (s->m->all_bytes && length <= tokens)) {
        return YES;
    }
    if (tokens == 0 || length > tokens * s->m->v->longest) {
        return NO;
    }
    const Bound *known = known_of(s, place);
    if (!known || (known->yes && tokens >= known->yes) || tokens < known->no) {
        return known && tokens < known->no ? NO : YES;
    }
    Answer answer = straight(s, place) - 1 <= tokens ? YES : ends_behind(s, place, tokens);
    Bound *found = answer == PERHAPS ? NULL : slot_of(s, place);
    if (found && answer == YES) {
        found->yes = (uint32_t)tokens;
    } else if (found) {
        found->no = (uint32_t)tokens + 1;
    }
    return answer;
}

/* ---- a mask ---- */

/* Marks the tokens below a node reached at `place` behind which so many bytes suffice. */
static void mark_near(MtsMasker *m, uint32_t parent, MtsPlace place, size_t left, uint64_t *bits)
{
    const MtsTrieNode *nodes = m->v->nodes;
    for (uint32_t c = parent + 1; c < nodes[parent].end; c = nodes[c].end) {
        MtsPlace to = mts_masker_step(m, place, nodes[c].byte);
        if (to == MTS_DEAD) {
            continue;
        }
        bool near = nodes[c].own > nodes[c].first && mts_masker_shortest(m, to) <= left;
        for (uint32_t i = nodes[c].first; i < nodes[c].own && near; i++) {
            uint32_t t = (uint32_t)m->v->sorted[i];
            bits[t >> 6] |= UINT64_C(1) << (t & 63);
        }
        if (nodes[c].end > c + 1) {
            mark_near(m, c, to, left, bits);
        }
    }
}

/* Marks the tokens of the place's mask behind which `left` bytes suffice; every byte is a token. */
static bool mark_certain(MtsMasker *m, MtsPlace place, size_t left, uint64_t *bits)
{
    size_t count;
    MtsThread *threads = mts_masker_threads(m, place, &count);
    bool ok = threads != NULL;
    for (size_t i = 0; i < count && ok; i++) {
        MtsPlace entry;
        size_t length = mts_masker_behind(m, threads[i].tail, &entry);
        if (length <= left) {
            mts_inside_near(m, threads[i].re, (uint32_t)(left - length), bits);
        }
        const MtsInside *in = mts_inside(m, threads[i].re, true);
        for (size_t k = 0; in && k < in->exit_count && entry; k++) {
            mark_near(m, in->exits[k], entry, left, bits);
        }
        ok = in != NULL;
    }
    free(threads);
    return ok;
}

/* Takes from the mask what is below a node reached at `place` and does not end in time. before[i]: of the tokens
 * sorted[0 .. i) how many are in doubt; where there is none, nothing is walked. */
static void take_late(Search *s, uint32_t parent, MtsPlace place, size_t left, const uint32_t *before, uint64_t *bits)
{
    const MtsTrieNode *nodes = s->m->v->nodes;
    for (uint32_t c = parent + 1; c < nodes[parent].end; c = nodes[c].end) {
        if (before[nodes[c].last] == before[nodes[c].first]) {
            continue;
        }
        MtsPlace to = mts_masker_step(s->m, place, nodes[c].byte);
        if (to == MTS_DEAD) {
            continue;
        }
        bool late = before[nodes[c].own] > before[nodes[c].first] && ends_within(s, to, left) != YES;
        for (uint32_t i = nodes[c].first; i < nodes[c].own && late; i++) {
            uint32_t t = (uint32_t)s->m->v->sorted[i];
            bits[t >> 6] &= ~(UINT64_C(1) << (t & 63));
        }
        if (nodes[c].end > c + 1) {
            take_late(s, c, to, left, before, bits);
        }
    }
}

/* Takes the tokens of the mask that are not certain and do not end in time; false when memory ran out. */
static bool take_all_late(Search *s, MtsPlace place, size_t left, const uint64_t *certain, uint64_t *bits)
{
    const MtsVocabulary *v = s->m->v;
    uint64_t any = 0;
    for (size_t i = 0; i < v->words; i++) {
        any |= bits[i] & ~certain[i];
    }
    if (!any) {
        return true;
    }
    uint32_t *before = mts_calloc(v->sorted_count + 1, sizeof *before);
    for (size_t i = 0; i < v->sorted_count && before; i++) {
        uint32_t t = (uint32_t)v->sorted[i];
        before[i + 1] = before[i] + (uint32_t)((bits[t >> 6] & ~certain[t >> 6]) >> (t & 63) & 1);
    }
    if (before) {
        take_late(s, 0, place, left, before, bits);
    }
    free(before);
    return before != NULL;
}

bool mts_mask_keep_within(MtsMasker *m, MtsPlace place, size_t left, uint64_t *bits)
{
    Search s = {.m = m, .ok = true, .most_steps = m->all_bytes ? MOST_STEPS : MOST_STEPS_BLIND};
    uint64_t *certain = mts_calloc(m->v->words, sizeof *certain);
    bool ok = certain && (!m->all_bytes || mark_certain(m, place, left, certain));
    ok = ok && take_all_late(&s, place, left, certain, bits);
    for (size_t i = 0; i < s.slots; i++) {
        free(s.known[i].ahead);
    }
    free(s.known);
    free(certain);
    return ok && s.ok && !mts_masker_failed(m);
}
