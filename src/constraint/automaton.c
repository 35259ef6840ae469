/* constraint/automaton.c - the closure: from what may come next to the threads that read it.
 *
 * The closure takes nodes apart until only expressions are left. Calls of rules wait until everything else is taken
 * apart, lowest rank first, so that when a rule is opened all its callers are known and become one tail (a JOIN). */
#include "constraint/automaton.h"

#include <stdlib.h>
#include <string.h>

#include "constraint/steady.h"
#include "core/mem.h"
#include "core/sort.h"

enum { LINK, JOIN }; /* kinds of tails: [LINK, node, tail], [JOIN, tails...] ascending */

#define NO_PLACE UINT32_MAX
#define NOT_KNOWN (MTS_NO_LIMIT - 1)

/* The table of steps, open addressing: words of 28 bits from, 8 byte and 28 to; 0: free, for nothing is kept of steps
 * from or to MTS_DEAD. It is replaced as a whole by a larger one. */
enum { PLACE_BITS = 28 };
#define MOST_PLACES ((size_t)1 << PLACE_BITS)
typedef struct Edges {
    size_t slots, count;
    uint64_t items[]; /* [slots] */
} Edges;

typedef struct Spot {  /* what is said of a place */
    uint32_t shortest; /* NOT_KNOWN: nothing has asked yet */
    bool accepts, stepped;
    MtsByteSet live; /* the bytes that may follow, once stepped */
} Spot;

typedef struct Opened {
    uint32_t node, tail;
} Opened;

typedef struct OpenedList {
    Opened *items;
    size_t count, cap;
} OpenedList;

struct MtsAutomaton {
    MtsGrammar *g;
    MtsStore places; /* [accepts, re, tail, re, tail, ...] */
    MtsStore tails;  /* number 0, the empty list, is the end */
    uint32_t *tail_lengths;
    MtsPlace *entries; /* of tails */
    size_t tail_cap, entry_cap, tail_known;
    Spot *spots; /* of places */
    size_t spot_cap;
    Edges *edges;
    MtsSteady outgrown; /* spots and edges are read by others meanwhile */
    /* working memory of one closure */
    OpenedList open, calls, seen, threads;
    uint32_t *words;
    size_t word_cap;
    uint32_t *marks; /* hash set of `seen`: index + 1, stamped */
    size_t mark_slots;
    bool accepts;
    MtsPlace start;
    size_t budget;
    int failed;
};

static bool fail(MtsAutomaton *a, int code)
{
    a->failed = a->failed ? a->failed : code;
    return false;
}

int mts_automaton_failed(const MtsAutomaton *a)
{
    return a->failed ? a->failed : mts_grammar_failed(a->g);
}

static bool push(MtsAutomaton *a, OpenedList *list, uint32_t node, uint32_t tail)
{
    if (!mts_grow(&list->items, &list->cap, list->count + 1, sizeof *list->items)) {
        return fail(a, MTS_ENOMEM);
    }
    list->items[list->count++] = (Opened){node, tail};
    return true;
}

/* ---- tails ---- */

static MtsTail put_tail(MtsAutomaton *a, const uint32_t *words, size_t count)
{
    uint32_t tail = mts_store_put(&a->tails, words, count);
    if (tail == MTS_STORE_FULL) {
        fail(a, MTS_ENOMEM);
        return MTS_TAIL_END;
    }
    return tail;
}

static MtsTail link_tail(MtsAutomaton *a, MtsGrammarNode node, MtsTail tail)
{
    return node == MTS_NODE_EMPTY ? tail : put_tail(a, (uint32_t[]){LINK, node, tail}, 3);
}

static uint32_t plus(uint32_t a, uint32_t b)
{
    uint64_t sum = (uint64_t)a + b;
    return a == MTS_NO_LIMIT || b == MTS_NO_LIMIT ? MTS_NO_LIMIT : sum > NOT_KNOWN - 1 ? NOT_KNOWN - 1 : (uint32_t)sum;
}

static bool know_tails(MtsAutomaton *a)
{
    if (!mts_grow(&a->tail_lengths, &a->tail_cap, a->tails.count, sizeof *a->tail_lengths) ||
        !mts_grow(&a->entries, &a->entry_cap, a->tails.count, sizeof *a->entries)) {
        return fail(a, MTS_ENOMEM);
    }
    for (; a->tail_known < a->tails.count; a->tail_known++) {
        a->tail_lengths[a->tail_known] = NOT_KNOWN;
        a->entries[a->tail_known] = NO_PLACE;
    }
    return true;
}

/* A tail's list grows with the depth of the text: so without recursion along its links. */
uint32_t mts_automaton_behind(MtsAutomaton *a, MtsTail tail)
{
    size_t n;
    if (!know_tails(a)) {
        return MTS_NO_LIMIT;
    }
    if (a->tail_lengths[tail] != NOT_KNOWN) {
        return a->tail_lengths[tail];
    }
    a->calls.count = 0;
    for (MtsTail t = tail;;) { /* the links down to the first tail that is known or a join */
        const uint32_t *w = mts_store_get(&a->tails, t, &n);
        if (n == 0 || a->tail_lengths[t] != NOT_KNOWN || w[0] == JOIN) {
            uint32_t length = n == 0 ? 0 : a->tail_lengths[t] != NOT_KNOWN ? a->tail_lengths[t] : MTS_NO_LIMIT;
            if (n && a->tail_lengths[t] == NOT_KNOWN) {
                OpenedList kept = a->calls;
                a->calls = (OpenedList){0};
                for (size_t i = 1; i < n; i++) {
                    uint32_t one = mts_automaton_behind(a, w[i]);
                    length = one < length ? one : length;
                }
                free(a->calls.items);
                a->calls = kept;
            }
            a->tail_lengths[t] = length;
            break;
        }
        if (!push(a, &a->calls, w[1], t)) {
            return MTS_NO_LIMIT;
        }
        t = w[2];
    }
    while (a->calls.count > 0) {
        Opened top = a->calls.items[--a->calls.count];
        const uint32_t *w = mts_store_get(&a->tails, top.tail, &n);
        a->tail_lengths[top.tail] = plus(mts_node_shortest(a->g, top.node), a->tail_lengths[w[2]]);
    }
    return a->tail_lengths[tail];
}

/* ---- closure ---- */

/* true when (node, tail) was not met before in this closure. */
static bool first_meeting(MtsAutomaton *a, uint32_t node, uint32_t tail)
{
    if (2 * (a->seen.count + 1) > a->mark_slots) {
        size_t slots = a->mark_slots ? 2 * a->mark_slots : 64;
        uint32_t *marks = mts_calloc(slots, sizeof *marks);
        if (!marks) {
            return fail(a, MTS_ENOMEM); /* the old ones are still forgotten by their slots */
        }
        free(a->marks);
        a->marks = marks;
        a->mark_slots = slots;
        for (size_t i = 0; i < a->seen.count; i++) {
            size_t at = (a->seen.items[i].node * 2654435761u ^ a->seen.items[i].tail * 2246822519u) & (slots - 1);
            while (a->marks[at]) {
                at = (at + 1) & (slots - 1);
            }
            a->marks[at] = (uint32_t)i + 1;
        }
    }
    size_t at = (node * 2654435761u ^ tail * 2246822519u) & (a->mark_slots - 1);
    for (; a->marks[at]; at = (at + 1) & (a->mark_slots - 1)) {
        Opened w = a->seen.items[a->marks[at] - 1];
        if (w.node == node && w.tail == tail) {
            return false;
        }
    }
    a->marks[at] = (uint32_t)a->seen.count + 1;
    return push(a, &a->seen, node, tail);
}

static void forget_meetings(MtsAutomaton *a)
{
    for (size_t i = 0; i < a->seen.count; i++) { /* by their own slots: the table may be far larger */
        size_t at = (a->seen.items[i].node * 2654435761u ^ a->seen.items[i].tail * 2246822519u) & (a->mark_slots - 1);
        while (a->marks[at]) {
            a->marks[at] = 0;
            at = (at + 1) & (a->mark_slots - 1);
        }
    }
    a->seen.count = 0;
}

/* Rules that wait are a heap: the lowest rank first, then the lowest tail. */
static bool goes_first(const MtsAutomaton *a, Opened x, Opened y)
{
    uint32_t first = a->g->rules[x.node].rank, second = a->g->rules[y.node].rank;
    return first != second ? first < second : x.tail < y.tail;
}

static void push_call(MtsAutomaton *a, uint32_t rule, MtsTail tail)
{
    if (!push(a, &a->calls, rule, tail)) {
        return;
    }
    Opened *heap = a->calls.items, call = {rule, tail};
    size_t at = a->calls.count - 1;
    for (; at > 0 && goes_first(a, call, heap[(at - 1) / 2]); at = (at - 1) / 2) {
        heap[at] = heap[(at - 1) / 2];
    }
    heap[at] = call;
}

static Opened pop_call(MtsAutomaton *a)
{
    Opened *heap = a->calls.items, first = heap[0], last = heap[--a->calls.count];
    size_t at = 0, count = a->calls.count;
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        child += child + 1 < count && goes_first(a, heap[child + 1], heap[child]);
        if (!goes_first(a, heap[child], last)) {
            break;
        }
        heap[at] = heap[child];
    }
    if (count) {
        heap[at] = last;
    }
    return first;
}

static void open_node(MtsAutomaton *a, MtsGrammarNode node, MtsTail tail);

/* Goes on behind a node that is complete. */
static void open_tail(MtsAutomaton *a, MtsTail tail)
{
    size_t n;
    const uint32_t *w = mts_store_get(&a->tails, tail, &n);
    if (n == 0) {
        a->accepts = true;
    } else if (w[0] == LINK) {
        push(a, &a->open, w[1], w[2]);
    } else {
        for (size_t i = 1; i < n; i++) {
            w = mts_store_get(&a->tails, tail, &n);
            open_tail(a, w[i]);
        }
    }
}

/* One member of the bag at `w`, and the bag behind it. */
static void open_member(MtsAutomaton *a, const uint32_t *w, size_t n, const MtsBagTally *tally, size_t member,
                        MtsTail tail)
{
    MtsGrammar *g = a->g;
    const MtsBag *bag = &g->bags[w[1]];
    uint32_t *next = a->words;
    if (!mts_bag_may_take(g, w, tally, member)) {
        return;
    }
    memcpy(next, w, n * sizeof *next);
    next[2] = MTS_BAG_AFTER;
    if (member < bag->count) {
        next[4 + member / 32] |= UINT32_C(1) << (member & 31);
        for (size_t i = 0; i < member && bag->ordered; i++) {
            bool counts = bag->min > 0 || bag->max != MTS_NO_LIMIT;
            next[MTS_BAG_PASSED(bag)] += counts && !(next[4 + i / 32] >> (i & 31) & 1);
            next[4 + i / 32] |= UINT32_C(1) << (i & 31);
        }
    } else { /* counted as far as the count is asked for; towards min only one, for two may be the same */
        bool counts = bag->max != MTS_NO_LIMIT || (bag->min > 0 && w[3] == 0);
        next[3] += counts || w[3] == 0;
    }
    MtsGrammarNode node = member < bag->count ? bag->members[member] : bag->rest;
    MtsGrammarNode behind = mts_node_bag_at(g, next, n);
    push(a, &a->open, node, link_tail(a, behind, tail));
}

static void open_bag(MtsAutomaton *a, MtsGrammarNode node, MtsTail tail)
{
    MtsGrammar *g = a->g;
    size_t n;
    const uint32_t *stored = mts_store_get(&g->nodes, node, &n);
    if (!mts_grow(&a->words, &a->word_cap, 2 * n, sizeof *a->words)) {
        fail(a, MTS_ENOMEM);
        return;
    }
    uint32_t *w = a->words + n; /* the store moves while members are made */
    memcpy(w, stored, n * sizeof *w);
    size_t count = g->bags[w[1]].count;
    const MtsBagTally tally = mts_bag_tally(g, w);
    mts_exprs_work(g->exprs, count / 8);
    if (w[2] != MTS_BAG_NEXT && mts_bag_may_close(g, w, &tally)) {
        push(a, &a->open, g->bags[w[1]].close, tail);
    }
    if (w[2] == MTS_BAG_AFTER) {
        bool any = false;
        for (size_t i = 0; i <= count && !any; i++) {
            any = mts_bag_may_take(g, w, &tally, i);
        }
        if (any) {
            w[2] = MTS_BAG_NEXT;
            MtsGrammarNode next = mts_node_bag_at(g, w, n);
            push(a, &a->open, g->bags[w[1]].comma, link_tail(a, next, tail));
        }
        return;
    }
    for (size_t i = 0; i <= count && !mts_grammar_failed(g); i++) {
        open_member(a, w, n, &tally, i, tail);
    }
}

static void open_node(MtsAutomaton *a, MtsGrammarNode node, MtsTail tail)
{
    MtsGrammar *g = a->g;
    size_t n;
    if (!mts_exprs_work(g->exprs, 1) || mts_node_shortest(g, node) == MTS_NO_LIMIT || !first_meeting(a, node, tail)) {
        return;
    }
    const uint32_t *w = mts_store_get(&g->nodes, node, &n);
    switch ((MtsGrammarNodeKind)w[0]) {
    case MTS_NODE_NOTHING:
        break;
    case MTS_NODE_NO_BYTE:
        open_tail(a, tail);
        break;
    case MTS_NODE_RE:
        push(a, &a->threads, w[1], tail);
        if (mts_re_nullable(g->exprs, w[1])) {
            open_tail(a, tail);
        }
        break;
    case MTS_NODE_SEQ:
        push(a, &a->open, w[1], link_tail(a, w[2], tail));
        break;
    case MTS_NODE_ALT:
        for (size_t i = 1; i < n; i++) {
            push(a, &a->open, w[i], tail);
        }
        break;
    case MTS_NODE_RULE:
        push_call(a, w[1], tail);
        break;
    case MTS_NODE_REPEAT: {
        uint32_t body = w[1], min = w[2], max = w[3];
        if (min == 0) {
            open_tail(a, tail);
        }
        MtsGrammarNode rest = mts_node_repeat(g, body, min ? min - 1 : 0, max == MTS_NO_LIMIT ? max : max - 1);
        push(a, &a->open, body, link_tail(a, rest, tail));
        break;
    }
    case MTS_NODE_BAG:
        open_bag(a, node, tail);
        break;
    }
}

static int by_words(const void *x, const void *y)
{
    const Opened *a = x, *b = y;
    return a->node != b->node ? (a->node < b->node ? -1 : 1) : a->tail < b->tail ? -1 : a->tail > b->tail;
}

/* Opens the waiting rule of the lowest rank, with one tail for all its callers. */
static void open_rule(MtsAutomaton *a)
{
    uint32_t rule = a->calls.items[0].node;
    size_t callers = 1;
    if (!mts_grow(&a->words, &a->word_cap, a->calls.count + 1, sizeof *a->words)) {
        fail(a, MTS_ENOMEM);
        return;
    }
    a->words[0] = JOIN;
    while (a->calls.count > 0 && a->calls.items[0].node == rule) {
        a->words[callers++] = pop_call(a).tail;
    }
    MtsTail tail = callers == 2 ? a->words[1] : put_tail(a, a->words, callers);
    push(a, &a->open, a->g->rules[rule].body, tail);
}

static size_t bytes_taken(const MtsAutomaton *a)
{
    return mts_store_bytes(&a->places) + mts_store_bytes(&a->tails) + mts_store_bytes(&a->g->nodes) +
           a->tail_cap * (sizeof *a->tail_lengths + sizeof *a->entries) + a->spot_cap * sizeof *a->spots +
           a->edges->slots * sizeof *a->edges->items + a->outgrown.bytes;
}

void mts_automaton_settle(MtsAutomaton *a)
{
    mts_steady_free(&a->outgrown);
    mts_exprs_settle(a->g->exprs);
}

size_t mts_automaton_outgrown(const MtsAutomaton *a)
{
    return MTS_NOW(a->outgrown.bytes);
}

static MtsPlace put_place(MtsAutomaton *a, const uint32_t *words, size_t count)
{
    size_t known = a->places.count;
    MtsPlace place = mts_store_put(&a->places, words, count);
    if (place == MTS_STORE_FULL ||
        !mts_steady_reach(&a->outgrown, &a->spots, &a->spot_cap, a->places.count, sizeof *a->spots, 0)) {
        fail(a, MTS_ENOMEM);
        return MTS_DEAD;
    }
    if (place == known) {
        a->spots[place] = (Spot){.shortest = NOT_KNOWN, .accepts = words[0]};
    }
    if (bytes_taken(a) > a->budget || a->places.count > MOST_PLACES) {
        fail(a, MTS_ECAPACITY);
    }
    return place;
}

/* The place that a->open and a->threads lead to. */
static MtsPlace close_over(MtsAutomaton *a)
{
    while ((a->open.count || a->calls.count) && !mts_automaton_failed(a)) {
        if (a->open.count) {
            Opened w = a->open.items[--a->open.count];
            open_node(a, w.node, w.tail);
        } else {
            open_rule(a);
        }
    }
    forget_meetings(a);
    a->open.count = a->calls.count = 0;
    size_t count = a->threads.count, n = 1;
    if (mts_automaton_failed(a)) {
        return MTS_DEAD;
    }
    if (!mts_grow(&a->words, &a->word_cap, 2 * count + 1, sizeof *a->words)) {
        fail(a, MTS_ENOMEM);
        return MTS_DEAD;
    }
    mts_sort(a->threads.items, count, sizeof *a->threads.items, by_words);
    a->words[0] = a->accepts;
    for (size_t i = 0; i < count; i++) {
        Opened t = a->threads.items[i];
        if (t.node != MTS_RE_EMPTY && (i == 0 || by_words(&t, &a->threads.items[i - 1]) != 0)) {
            a->words[n++] = t.node;
            a->words[n++] = t.tail;
        }
    }
    return put_place(a, a->words, n);
}

static void begin(MtsAutomaton *a)
{
    a->open.count = a->calls.count = a->threads.count = 0;
    a->accepts = false;
}

MtsPlace mts_automaton_enter(MtsAutomaton *a, MtsTail tail)
{
    if (!know_tails(a)) {
        return MTS_DEAD;
    }
    if (a->entries[tail] == NO_PLACE) {
        begin(a);
        open_tail(a, tail);
        MtsPlace place = close_over(a);
        a->entries[tail] = place;
    }
    return a->entries[tail];
}

/* ---- steps ---- */

static uint64_t edge_of(MtsPlace from, unsigned byte, MtsPlace to)
{
    return (uint64_t)from << (PLACE_BITS + 8) | (uint64_t)byte << PLACE_BITS | to;
}

/* The slot of a step, or the free one where it belongs. */
static uint64_t *edge_at(Edges *edges, MtsPlace from, unsigned byte)
{
    uint64_t key = edge_of(from, byte, 0) >> PLACE_BITS, there;
    size_t at = (key * UINT64_C(0x9E3779B97F4A7C15)) >> 32 & (edges->slots - 1);
    while ((there = MTS_NOW(edges->items[at])) && there >> PLACE_BITS != key) {
        at = (at + 1) & (edges->slots - 1);
    }
    return &edges->items[at];
}

static bool grow_edges(MtsAutomaton *a, size_t slots)
{
    Edges *old = a->edges, *fresh = mts_calloc(1, sizeof *fresh + slots * sizeof *fresh->items);
    if (!fresh || !mts_grow(&a->outgrown.old, &a->outgrown.cap, a->outgrown.count + 1, sizeof *a->outgrown.old)) {
        free(fresh);
        return fail(a, MTS_ENOMEM);
    }
    fresh->slots = slots;
    for (size_t i = 0; old && i < old->slots; i++) {
        uint64_t edge = old->items[i];
        if (edge) {
            *edge_at(fresh, (MtsPlace)(edge >> (PLACE_BITS + 8)), edge >> PLACE_BITS & 0xFF) = edge;
            fresh->count++;
        }
    }
    if (old) {
        a->outgrown.old[a->outgrown.count++] = old;
        MTS_PUT(a->outgrown.bytes, a->outgrown.bytes + old->slots * sizeof *old->items);
    }
    MTS_PUT(a->edges, fresh);
    return true;
}

bool mts_automaton_known_step(const MtsAutomaton *a, MtsPlace place, unsigned byte, MtsPlace *to)
{
    const Spot *spot = &MTS_NOW(a->spots)[place];
    *to = MTS_DEAD;
    if (!MTS_NOW(spot->stepped)) {
        return false;
    }
    if (!mts_byte_set_has(&spot->live, byte)) {
        return true;
    }
    *to = MTS_NOW(*edge_at(MTS_NOW(a->edges), place, byte)) & (MOST_PLACES - 1);
    return *to != MTS_DEAD;
}

/* Which bytes may follow at the place. */
static bool find_live(MtsAutomaton *a, MtsPlace place)
{
    MtsByteSet live = {{0}};
    size_t count;
    mts_automaton_threads(a, place, &count);
    for (size_t i = 0; i < count; i++) {
        if (!mts_re_add_live(a->g->exprs, mts_automaton_threads(a, place, &count)[i].re, &live)) {
            return false;
        }
    }
    a->spots[place].live = live;
    MTS_PUT(a->spots[place].stepped, true);
    return true;
}

/* The place behind a byte that may follow. */
static MtsPlace step_threads(MtsAutomaton *a, MtsPlace place, unsigned byte)
{
    size_t count;
    begin(a);
    mts_automaton_threads(a, place, &count);
    for (size_t i = 0; i < count; i++) {
        MtsThread t = mts_automaton_threads(a, place, &count)[i];
        MtsRe re = mts_re_step(a->g->exprs, t.re, byte);
        if (re != MTS_RE_NONE) {
            push(a, &a->threads, re, t.tail);
            if (mts_re_nullable(a->g->exprs, re)) {
                open_tail(a, t.tail);
            }
        }
    }
    return close_over(a);
}

/* The same where no thread tells it from the byte before, whose step is known; MTS_DEAD where that is not so. */
static MtsPlace step_like_before(const MtsAutomaton *a, MtsPlace place, unsigned byte)
{
    MtsPlace to = MTS_DEAD;
    size_t count;
    const MtsThread *threads = mts_automaton_threads(a, place, &count);
    bool same = byte > 0 && mts_automaton_known_step(a, place, byte - 1, &to) && to != MTS_DEAD;
    for (size_t i = 0; i < count && same; i++) {
        same = mts_re_same_step(a->g->exprs, threads[i].re, byte - 1, byte);
    }
    return same ? to : MTS_DEAD;
}

MtsPlace mts_automaton_step(MtsAutomaton *a, MtsPlace place, unsigned byte)
{
    MtsPlace to;
    if (mts_automaton_known_step(a, place, byte, &to)) {
        return to;
    }
    if (!a->spots[place].stepped && !find_live(a, place)) {
        return MTS_DEAD;
    }
    if (mts_automaton_known_step(a, place, byte, &to)) {
        return to;
    }
    if ((to = step_like_before(a, place, byte)) == MTS_DEAD) {
        to = step_threads(a, place, byte);
    }
    size_t slots = a->edges->slots;
    if (mts_automaton_failed(a) || (2 * (a->edges->count + 1) > slots && !grow_edges(a, 2 * slots))) {
        return MTS_DEAD;
    }
    MTS_PUT(*edge_at(a->edges, place, byte), edge_of(place, byte, to));
    a->edges->count++;
    return to;
}

bool mts_automaton_accepts(const MtsAutomaton *a, MtsPlace place)
{
    return MTS_NOW(a->spots)[place].accepts;
}

bool mts_automaton_known_shortest(const MtsAutomaton *a, MtsPlace place, uint32_t *length)
{
    *length = MTS_NOW(MTS_NOW(a->spots)[place].shortest);
    return *length != NOT_KNOWN;
}

const MtsThread *mts_automaton_threads(const MtsAutomaton *a, MtsPlace place, size_t *count)
{
    size_t n;
    const uint32_t *words = mts_store_get(&a->places, place, &n);
    *count = n / 2;
    return (const MtsThread *)(words + 1);
}

uint32_t mts_automaton_shortest(MtsAutomaton *a, MtsPlace place)
{
    size_t count;
    uint32_t best;
    if (mts_automaton_known_shortest(a, place, &best)) {
        return best;
    }
    best = mts_automaton_accepts(a, place) ? 0 : MTS_NO_LIMIT;
    mts_automaton_threads(a, place, &count);
    for (size_t i = 0; i < count && best; i++) {
        MtsThread t = mts_automaton_threads(a, place, &count)[i];
        uint32_t one = plus(mts_re_shortest(a->g->exprs, t.re), mts_automaton_behind(a, t.tail));
        best = one < best ? one : best;
    }
    if (!mts_automaton_failed(a)) {
        MTS_PUT(a->spots[place].shortest, best);
    }
    return best;
}

MtsPlace mts_automaton_start(const MtsAutomaton *a)
{
    return a->start;
}

void mts_automaton_share(MtsAutomaton *a)
{
    a->outgrown.shared = true;
    mts_exprs_share(a->g->exprs);
}

MtsExprs *mts_automaton_exprs(MtsAutomaton *a)
{
    return a->g->exprs;
}

MtsAutomaton *mts_automaton_new(MtsGrammar *g, size_t budget)
{
    MtsAutomaton *a = mts_calloc(1, sizeof *a);
    static const uint32_t dead = 0;
    if (!a) {
        return NULL;
    }
    a->g = g;
    a->budget = budget;
    if (!grow_edges(a, 256) || mts_store_put(&a->tails, NULL, 0) != MTS_TAIL_END ||
        put_place(a, &dead, 1) != MTS_DEAD || a->failed) {
        mts_automaton_free(&a);
        return NULL;
    }
    begin(a);
    push(a, &a->open, g->root, MTS_TAIL_END);
    a->start = close_over(a);
    return a;
}

void mts_automaton_free(MtsAutomaton **automaton)
{
    MtsAutomaton *a = *automaton;
    if (a) {
        mts_store_free(&a->places);
        mts_store_free(&a->tails);
        free(a->tail_lengths);
        free(a->entries);
        free(a->spots);
        free(a->edges);
        mts_steady_free(&a->outgrown);
        free(a->open.items);
        free(a->calls.items);
        free(a->seen.items);
        free(a->threads.items);
        free(a->words);
        free(a->marks);
        free(a);
        *automaton = NULL;
    }
}
