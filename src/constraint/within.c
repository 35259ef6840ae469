/* constraint/within.c - ends within so many tokens.
 *
 * Behind a token that may be taken, at most `left` more must suffice. Where every byte is a token, as many tokens as
 * the shortest end has bytes do; the shortest end, spelled with the longest tokens, takes fewer; and whether another
 * one takes fewer still, a search over the places behind tokens decides. That search has an effort: what it cannot
 * refuse within it is let through. So the limit keeps out nothing that could be finished, and at worst lets a text in
 * that cannot be, which has no part in the target. What is let through depends on the place and on `left` alone, not on
 * what was asked before. */
#include <stdlib.h>
#include <string.h>

#include "constraint/masker.h"
#include "core/mem.h"

enum { MOST_STEPS = 1 << 19 }; /* of the automaton, some milliseconds */

typedef enum Answer { NO, YES, PERHAPS } Answer;

typedef struct Bound { /* of a place: it ends within `yes` tokens, not within no - 1; 0: not known */
    MtsPlace place;
    uint32_t yes, no;
} Bound;

typedef struct Search {
    MtsMasker *m;
    Bound *known; /* [slots] open addressing; places are above MTS_DEAD */
    size_t slots, count, steps;
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

static MtsPlace step(Search *s, MtsPlace place, unsigned byte)
{
    s->steps++;
    return mts_masker_step(s->m, place, byte);
}

/* ---- the shortest end, in long tokens ---- */

/* The place that a token leads to from `place` on a shortest way, as far on as any does; *left: its distance. */
static void descend(Search *s, uint32_t parent, MtsPlace place, uint32_t length, MtsPlace *best, uint32_t *left)
{
    const MtsTrieNode *nodes = s->m->v->nodes;
    for (uint32_t c = parent + 1; c < nodes[parent].end; c = nodes[c].end) {
        MtsPlace to = step(s, place, nodes[c].byte);
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

/* Whether the shortest way ends within so many tokens when each is as long as possible. */
static bool ends_straight(Search *s, MtsPlace place, size_t tokens)
{
    for (uint32_t length = mts_masker_shortest(s->m, place);; tokens--) {
        if (length == 0 || (s->m->all_bytes && length <= tokens)) {
            return true;
        }
        MtsPlace best = MTS_DEAD;
        uint32_t left = length;
        if (tokens == 0 || s->steps > MOST_STEPS) {
            return false;
        }
        descend(s, 0, place, length, &best, &left);
        if (best == MTS_DEAD) {
            return false;
        }
        place = best;
        length = left;
    }
}

/* ---- all other ways ---- */

typedef struct Places { /* distinct ones, in the order of the trie */
    MtsPlace *items;
    size_t count, cap;
    Search seen; /* as a set */
} Places;

static void add_behind(Search *s, uint32_t parent, MtsPlace place, Places *out)
{
    const MtsTrieNode *nodes = s->m->v->nodes;
    for (uint32_t c = parent + 1; c < nodes[parent].end && s->steps <= MOST_STEPS && s->ok; c = nodes[c].end) {
        MtsPlace to = step(s, place, nodes[c].byte);
        if (to == MTS_DEAD) {
            continue;
        }
        if (nodes[c].own > nodes[c].first) {
            size_t before = out->seen.count;
            s->ok = known_of(&out->seen, to) && mts_grow(&out->items, &out->cap, out->count + 1, sizeof to);
            if (s->ok && out->seen.count > before) {
                out->items[out->count++] = to;
            }
        }
        if (nodes[c].end > c + 1) {
            add_behind(s, c, to, out);
        }
    }
}

static Answer ends_within(Search *s, MtsPlace place, size_t tokens);

/* NO only if no place behind any token leads to an end. */
static Answer ends_behind(Search *s, MtsPlace place, size_t tokens)
{
    Places next = {.seen = {.m = s->m, .ok = true}};
    Answer answer = NO;
    add_behind(s, 0, place, &next);
    for (size_t i = 0; i < next.count && answer != YES && s->ok; i++) {
        Answer one = ends_within(s, next.items[i], tokens - 1);
        answer = one == NO ? answer : one;
    }
    free(next.items);
    free(next.seen.known);
    return answer == NO && s->steps > MOST_STEPS ? PERHAPS : answer;
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
    if (s->steps > MOST_STEPS) {
        return PERHAPS;
    }
    Answer answer = ends_straight(s, place, tokens) ? YES : ends_behind(s, place, tokens);
    Bound *found = answer == PERHAPS ? NULL : known_of(s, place);
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

/* Takes from the mask what is below a node reached at `place`, is not certain and does not end in time. */
static void take_late(Search *s, uint32_t parent, MtsPlace place, size_t left, const uint64_t *certain, uint64_t *bits)
{
    const MtsTrieNode *nodes = s->m->v->nodes;
    for (uint32_t c = parent + 1; c < nodes[parent].end; c = nodes[c].end) {
        MtsPlace to = mts_masker_step(s->m, place, nodes[c].byte);
        uint32_t first = nodes[c].own > nodes[c].first ? (uint32_t)s->m->v->sorted[nodes[c].first] : 0;
        if (to == MTS_DEAD) {
            continue;
        }
        bool asked = nodes[c].own > nodes[c].first && !(certain[first >> 6] >> (first & 63) & 1);
        bool late = asked && ends_within(s, to, left) == NO;
        for (uint32_t i = nodes[c].first; i < nodes[c].own && late; i++) {
            uint32_t t = (uint32_t)s->m->v->sorted[i];
            bits[t >> 6] &= ~(UINT64_C(1) << (t & 63));
        }
        if (nodes[c].end > c + 1) {
            take_late(s, c, to, left, certain, bits);
        }
    }
}

bool mts_mask_keep_within(MtsMasker *m, MtsPlace place, size_t left, uint64_t *bits)
{
    Search s = {.m = m, .ok = true};
    uint64_t *certain = mts_calloc(m->v->words, sizeof *certain);
    bool ok = certain && (!m->all_bytes || mark_certain(m, place, left, certain));
    if (ok) {
        take_late(&s, 0, place, left, certain, bits);
    }
    free(certain);
    free(s.known);
    return ok && s.ok && !mts_masker_failed(m);
}
