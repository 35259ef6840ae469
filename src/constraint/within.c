/* constraint/within.c - ends within so many tokens.
 *
 * Behind a token that may be taken, at most `left` more must suffice. Tokens that lead to one place (onward.c) have one
 * answer. Where every byte is a token, as many tokens as the shortest end has bytes do; the shortest end, spelled with
 * the longest tokens, takes fewer; and whether another one takes fewer still, a search over the places behind tokens
 * decides, of so many steps for one mask. What it has not found when they are spent counts as not there. So:
 *
 *   let through   only what can be finished within `left` tokens: exact in this direction, always
 *   taken away    what cannot; and, once the steps are spent, what only an end could save that is longer in bytes than
 *                 the shortest one and takes fewer tokens
 *
 * What is let through depends on the place and on `left` alone, not on what was asked before: a prefix that one rollout
 * may go on with another may too, and the target is one and the same for all of them. A step is a place looked at, and
 * so are so many nodes of a walk, whether or not somebody has made it before.
 *
 * Ends within one token are searched first, then those within two, and so on: what a search finds for `left` tokens
 * another finds for more, with as many steps. So more tokens never allow less.
 *
 * Nobody is led astray: a place that was let through has a token to go on with. If the shortest way was the reason, it
 * leads on from there. If a search was, it came by all that the mask of that place comes by, in the same order, and had
 * fewer steps left for it. */
#include <stdlib.h>
#include <string.h>

#include "constraint/masker.h"
#include "core/mem.h"

enum { MOST_STEPS = 1 << 11, WALK_OF_A_STEP = 64 /* nodes */ };
#define NEVER UINT32_MAX

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

/* Keeps the tokens of the ways from path[0 .. count), as far as memory goes: the last one takes `tokens`. Those of the
 * first. */
static uint32_t note_straight(MtsMasker *m, const MtsPlace *path, size_t count, uint32_t tokens)
{
    bool room = true;
    pthread_mutex_lock(&m->lock);
    for (size_t i = count; i-- > 0; tokens += i > 0 && tokens != NEVER) {
        room = room && mts_steady_reach(&m->outgrown, &m->straight, &m->straight_cap, path[i] + 1, sizeof tokens, 0);
        if (room) {
            MTS_PUT(m->straight[path[i]], tokens);
        }
    }
    pthread_mutex_unlock(&m->lock);
    return tokens;
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
    tokens = ok ? note_straight(s->m, path, count, tokens) : NEVER;
    free(path);
    return tokens;
}

/* ---- all other ways ---- */

static Answer ends_within(Search *s, MtsPlace place, size_t tokens);

/* NO only if no place behind any token leads to an end. */
static Answer ends_behind(Search *s, MtsPlace place, size_t tokens)
{
    Answer answer = NO;
    const MtsOnwards *ahead = s->steps > MOST_STEPS ? NULL : mts_onwards(s->m, place);
    s->ok = s->ok && (ahead || s->steps > MOST_STEPS);
    s->steps += ahead ? 1 + ahead->walked / WALK_OF_A_STEP : 0;
    if (!ahead || s->steps > MOST_STEPS) {
        return PERHAPS;
    }
    for (size_t i = 0; i < ahead->count && answer != YES; i++) {
        s->steps++;
        Answer one = ends_within(s, ahead->to[i].place, tokens - 1);
        answer = one == NO ? answer : one;
    }
    return answer;
}

/* What the lengths alone say: of the shortest end in bytes, and of the same in long tokens. */
static Answer by_length(Search *s, MtsPlace place, size_t tokens)
{
    uint32_t length = mts_masker_shortest(s->m, place);
    if (length == 0 || (s->m->all_bytes && length <= tokens)) {
        return YES;
    }
    return tokens == 0 || length > tokens * s->m->v->longest ? NO : straight(s, place) - 1 <= tokens ? YES : PERHAPS;
}

static Answer ends_within(Search *s, MtsPlace place, size_t tokens)
{
    Answer answer = by_length(s, place, tokens);
    if (answer != PERHAPS) {
        return answer;
    }
    const Bound *known = known_of(s, place);
    if (!known || (known->yes && tokens >= known->yes) || tokens < known->no) {
        return known && tokens < known->no ? NO : YES;
    }
    answer = ends_behind(s, place, tokens);
    Bound *found = answer == PERHAPS || !s->ok ? NULL : slot_of(s, place);
    if (found && answer == YES) {
        found->yes = (uint32_t)tokens;
    } else if (found) {
        found->no = (uint32_t)tokens + 1;
    }
    return answer;
}

/* ---- a mask ---- */

static void put_tokens(const MtsMasker *m, const MtsOnwards *ahead, const MtsOnward *to, bool set, uint64_t *bits)
{
    for (uint32_t r = to->first; r < to->last; r++) {
        for (uint32_t i = ahead->runs[r].from; i < ahead->runs[r].to; i++) {
            uint32_t t = (uint32_t)m->v->sorted[i];
            uint64_t bit = UINT64_C(1) << (t & 63);
            bits[t >> 6] = set ? bits[t >> 6] | bit : bits[t >> 6] & ~bit;
        }
    }
}

/* Leaves in the mask the tokens that lead to a place that is not late, the shorter way. */
static void leave(const MtsMasker *m, const MtsOnwards *ahead, const bool *late, uint64_t *bits)
{
    size_t taken = 0;
    for (size_t i = 0; i < ahead->count; i++) {
        taken += late[i] ? ahead->to[i].tokens : 0;
    }
    bool set = taken > ahead->tokens / 2;
    if (set) {
        memset(bits, 0, m->v->words * sizeof *bits);
    }
    for (size_t i = 0; i < ahead->count; i++) {
        if (late[i] != set) {
            put_tokens(m, ahead, &ahead->to[i], set, bits);
        }
    }
}

/* Searches for ends of what lengths leave open, within `fewest` tokens, one more, and so on to `left`. */
static void search_ends(Search *s, const MtsOnwards *ahead, size_t fewest, size_t left, bool *late)
{
    bool open = true;
    for (size_t tokens = fewest; open && tokens <= left && s->ok && s->steps <= MOST_STEPS; tokens++) {
        open = false;
        for (size_t i = 0; i < ahead->count; i++) {
            late[i] = late[i] && ends_within(s, ahead->to[i].place, tokens) != YES;
            open |= late[i] && by_length(s, ahead->to[i].place, left) == PERHAPS;
        }
    }
}

bool mts_mask_keep_within(MtsMasker *m, MtsPlace place, size_t left, uint64_t *bits)
{
    Search s = {.m = m, .ok = true};
    const MtsOnwards *ahead = mts_onwards(m, place);
    bool *late = ahead ? mts_calloc(ahead->count, sizeof *late) : NULL;
    size_t fewest = SIZE_MAX;
    for (size_t i = 0; late && i < ahead->count; i++) {
        Answer answer = by_length(&s, ahead->to[i].place, left);
        size_t need = (ahead->to[i].shortest + m->v->longest - 1) / m->v->longest;
        late[i] = answer != YES;
        fewest = answer == PERHAPS && need < fewest ? need : fewest;
    }
    if (late && fewest <= left) {
        search_ends(&s, ahead, fewest, left, late);
    }
    bool ok = late && s.ok && !mts_masker_failed(m);
    if (ok) {
        leave(m, ahead, late, bits);
    }
    free(late);
    free(s.known);
    return ok;
}
