/* constraint/derive.c - what may follow a byte, and whether anything may.
 *
 * A state's transitions are made once each, when something asks for them, for classes of bytes between which no set in
 * sight of the derivative tells. */
#include <stdlib.h>
#include <string.h>

#include "constraint/expr_node.h"
#include "core/hash.h"
#include "core/mem.h"

/* ---- derivatives ---- */

static MtsRe derive(MtsExprs *x, MtsRe r, unsigned byte);
static bool new_stamp(MtsExprs *x);

static MtsRe derive_multiple(MtsExprs *x, const ReNode *n, unsigned byte)
{
    if (byte == '.' && !n->max) {
        return mts_re_intern(x, (ReNode){.kind = MULTIPLE, .a = n->a, .b = n->b, .min = n->min, .max = 1});
    }
    if (byte < '0' || byte > '9' || (n->max && n->min == 0 && byte != '0')) {
        return MTS_RE_NONE;
    }
    uint32_t rest = n->max && n->min == 0 ? n->b : (uint32_t)(((uint64_t)n->b * 10 + byte - '0') % n->a);
    uint32_t left = n->max && n->min ? n->min - 1 : n->min;
    return mts_re_intern(x, (ReNode){.kind = MULTIPLE, .a = n->a, .b = rest, .min = left, .max = n->max});
}

/* Puts the alternatives of r's derivative on the working list, those of every part once: of parts that may be empty,
 * `a? b? c? ...`, each is the end of many, and a derivative that went through every such end by itself would take the
 * square of their number. */
static void push_derivative(MtsExprs *x, MtsRe r, unsigned byte, uint32_t stamp)
{
    for (;;) {
        const ReNode n = x->nodes[r];
        if (!mts_exprs_work(x, 1) || x->stamps[r] == stamp) {
            return;
        }
        x->stamps[r] = stamp;
        if (n.kind == ALT) {
            for (uint32_t i = 0; i < n.b; i++) {
                push_derivative(x, x->lists[n.a + i], byte, stamp);
            }
            return;
        }
        if (n.kind != SEQ || !x->nodes[n.a].nullable) {
            mts_re_push(x, ALT, derive(x, r, byte));
            return;
        }
        mts_re_push(x, ALT, mts_re_seq(x, derive(x, n.a, byte), n.b));
        r = n.b;
    }
}

static MtsRe derive_choice(MtsExprs *x, MtsRe r, unsigned byte)
{
    size_t base = x->stack_count;
    if (!new_stamp(x)) {
        return MTS_RE_NONE;
    }
    push_derivative(x, r, byte, x->stamp);
    return mts_re_combine(x, ALT, base);
}

static MtsRe derive_node(MtsExprs *x, MtsRe r, unsigned byte)
{
    const ReNode n = x->nodes[r];
    size_t base = x->stack_count;
    switch ((ReKind)n.kind) {
    case EPSILON:
        return MTS_RE_NONE;
    case BYTES:
        return mts_byte_set_has(&x->sets[n.a], byte) ? MTS_RE_EMPTY : MTS_RE_NONE;
    case SEQ:
        return x->nodes[n.a].nullable ? derive_choice(x, r, byte) : mts_re_seq(x, derive(x, n.a, byte), n.b);
    case ALT:
        return derive_choice(x, r, byte);
    case AND:
        for (uint32_t i = 0; i < n.b; i++) {
            mts_re_push(x, AND, derive(x, x->lists[n.a + i], byte));
        }
        return mts_re_combine(x, AND, base);
    case NOT:
        return mts_re_not(x, derive(x, n.a, byte));
    case REPEAT: {
        uint32_t max = n.max == MTS_NO_LIMIT ? n.max : n.max - 1;
        MtsRe rest = mts_re_repeat(x, n.a, n.min ? n.min - 1 : 0, max);
        return mts_re_seq(x, derive(x, n.a, byte), rest);
    }
    case MULTIPLE:
        return derive_multiple(x, &n, byte);
    case LOOP:
        return derive(x, x->loops[n.a], byte);
    }
    return MTS_RE_NONE;
}

static Derived *derived_of(const MtsExprs *x, MtsRe r, unsigned byte)
{
    return &x->derived[(r * 2654435761u + byte * 40503u) & (x->derived_slots - 1)];
}

/* Where there are more expressions than slots, there are twice as many slots from now on, if there is memory. */
static void grow_derived(MtsExprs *x)
{
    size_t slots = x->derived_slots;
    Derived *old = x->derived, *fresh = mts_calloc(2 * slots, sizeof *fresh);
    if (fresh) {
        x->derived = fresh;
        x->derived_slots = 2 * slots;
        for (size_t i = 0; i < slots; i++) {
            if (old[i].from) {
                *derived_of(x, old[i].from, old[i].byte) = old[i];
            }
        }
        free(old);
    }
}

/* What has failed keeps nothing, and to walk shared parts without keeping them would not end: so here and in
 * mts_re_alive() and mts_re_shortest() it is not gone on with. */
static MtsRe derive(MtsExprs *x, MtsRe r, unsigned byte)
{
    if (x->failed) {
        return MTS_RE_NONE;
    }
    if (x->nodes[r].kind == BYTES || x->nodes[r].kind == EPSILON) {
        return derive_node(x, r, byte);
    }
    Derived *d = derived_of(x, r, byte);
    if (d->from == r && d->byte == byte) { /* r > 2: an empty slot, from 0, is never taken for one */
        return d->to;
    }
    MtsRe to = derive_node(x, r, byte);
    if (x->count > x->derived_slots && x->derived_slots < MOST_DERIVED_SLOTS) {
        grow_derived(x);
    }
    if (!x->failed) {
        *derived_of(x, r, byte) = (Derived){.from = r, .to = to, .byte = byte};
    }
    return to;
}

/* Bytes that no set tells apart have one signature: bit i says whether set i has the byte. */
typedef struct Signatures {
    uint64_t of[256];
    unsigned used; /* bits */
} Signatures;

/* Gives the signatures short numbers, in the order of their first bytes; returns how many there are. */
static uint32_t number(const Signatures *g, uint8_t of[256])
{
    enum { SLOTS = 1024 };
    uint16_t slots[SLOTS]; /* a byte + 1 with the signature */
    uint32_t count = 0;
    memset(slots, 0, sizeof slots);
    for (unsigned b = 0; b < 256; b++) {
        if (b > 0 && g->of[b] == g->of[b - 1]) {
            of[b] = of[b - 1];
            continue;
        }
        size_t at = (g->of[b] * UINT64_C(0x9E3779B97F4A7C15)) >> 54;
        while (slots[at] && g->of[slots[at] - 1] != g->of[b]) {
            at = (at + 1) & (SLOTS - 1);
        }
        of[b] = slots[at] ? of[slots[at] - 1] : (uint8_t)count++;
        slots[at] = slots[at] ? slots[at] : (uint16_t)(b + 1);
    }
    return count;
}

static void tell_apart(MtsExprs *x, Signatures *g, const MtsByteSet *set)
{
    mts_exprs_work(x, 16);
    if (g->used == 64) { /* the numbers of the classes so far take eight bits */
        uint8_t of[256];
        number(g, of);
        for (unsigned b = 0; b < 256; b++) {
            g->of[b] = of[b];
        }
        g->used = 8;
    }
    for (unsigned w = 0; w < 4; w++) {
        uint64_t bits = set->bits[w];
        for (unsigned b = 64 * w; bits; b++, bits >>= 1) {
            g->of[b] |= (bits & 1) << g->used;
        }
    }
    g->used++;
}

/* Tells apart by every set of bytes that the derivative of r looks at. */
static void split_by(MtsExprs *x, Signatures *p, MtsRe r)
{
    for (;;) {
        const ReNode *n = &x->nodes[r];
        if (x->stamps[r] == x->stamp) {
            return;
        }
        x->stamps[r] = x->stamp;
        switch ((ReKind)n->kind) {
        case EPSILON:
            return;
        case BYTES:
            tell_apart(x, p, &x->sets[n->a]);
            return;
        case SEQ:
            split_by(x, p, n->a);
            if (!x->nodes[n->a].nullable) {
                return;
            }
            r = n->b;
            break;
        case ALT:
        case AND:
            for (uint32_t i = 0; i < n->b; i++) {
                split_by(x, p, x->lists[n->a + i]);
            }
            return;
        case NOT:
        case REPEAT:
            r = n->a;
            break;
        case LOOP:
            r = x->loops[n->a];
            break;
        case MULTIPLE:
            for (unsigned d = 0; d <= 10; d++) {
                MtsByteSet one = {{0}};
                unsigned byte = d < 10 ? '0' + d : '.';
                mts_byte_set_add(&one, byte, byte);
                tell_apart(x, p, &one);
            }
            return;
        }
    }
}

static bool new_stamp(MtsExprs *x)
{
    size_t before = x->stamp_cap;
    if (!mts_exprs_room(x, &x->stamps, &x->stamp_cap, x->cap, sizeof *x->stamps)) {
        return false;
    }
    memset(x->stamps + before, 0, (x->stamp_cap - before) * sizeof *x->stamps);
    if (++x->stamp == 0) { /* all have been used */
        memset(x->stamps, 0, x->stamp_cap * sizeof *x->stamps);
        x->stamp = 1;
    }
    return true;
}

/* The partition's place among the known ones. */
static bool keep_partition(MtsExprs *x, Partition *p, uint32_t *index)
{
    p->hash = mts_hash(MTS_HASH_BEGIN, p->of, sizeof p->of);
    mts_exprs_work(x, 16 + x->partition_count / 8);
    for (size_t i = x->partition_count; i-- > 0;) {
        if (x->partitions[i].hash == p->hash && memcmp(x->partitions[i].of, p->of, sizeof p->of) == 0) {
            *index = (uint32_t)i;
            return true;
        }
    }
    if (!mts_exprs_room_read(x, &x->partitions, &x->partition_cap, x->partition_count + 1, sizeof *x->partitions)) {
        return false;
    }
    *index = (uint32_t)x->partition_count;
    x->partitions[x->partition_count++] = *p;
    return true;
}

/* Makes the row of r's transitions, none of which is known yet. */
static bool make_row(MtsExprs *x, MtsRe r)
{
    Signatures signatures = {.used = 0};
    Partition p;
    uint32_t index;
    if (!new_stamp(x)) {
        return false;
    }
    split_by(x, &signatures, r);
    p.count = number(&signatures, p.of);
    if (!keep_partition(x, &p, &index)) {
        return false;
    }
    size_t row = x->target_count;
    if (!mts_exprs_room_read(x, &x->targets, &x->target_cap, row + p.count, sizeof *x->targets) || x->failed) {
        return false;
    }
    x->target_count += p.count;
    for (uint32_t c = 0; c < p.count; c++) {
        x->targets[row + c] = MTS_RE_UNKNOWN;
    }
    x->nodes[r].classes = index;
    MTS_PUT(x->nodes[r].row, (uint32_t)row + 1);
    return true;
}

/* Where the bytes of a class lead, `byte` being one of them: one derivative for all. */
static MtsRe target_of(MtsExprs *x, MtsRe r, unsigned class, unsigned byte)
{
    size_t at = x->nodes[r].row - 1 + class;
    MtsRe to = x->targets[at];
    if (to == MTS_RE_UNKNOWN) {
        to = derive(x, r, byte);
        if (x->failed) {
            return MTS_RE_NONE;
        }
        MTS_PUT(x->targets[at], to);
    }
    return to;
}

bool mts_re_known_step(const MtsExprs *x, MtsRe r, unsigned byte, MtsRe *to)
{
    const ReNode *n = &MTS_NOW(x->nodes)[r];
    uint32_t row = MTS_NOW(n->row);
    if (!row) {
        return false;
    }
    size_t at = row - 1 + MTS_NOW(x->partitions)[n->classes].of[byte];
    MtsRe there = MTS_NOW(MTS_NOW(x->targets)[at]);
    if (there == MTS_RE_UNKNOWN) {
        return false;
    }
    Life life = (Life)MTS_NOW(MTS_NOW(x->nodes)[there].life);
    *to = life == ALIVE ? there : MTS_RE_NONE;
    return life != UNKNOWN;
}

bool mts_re_same_step(const MtsExprs *x, MtsRe r, unsigned byte, unsigned other)
{
    const ReNode *n = &x->nodes[r];
    return n->row && x->partitions[n->classes].of[byte] == x->partitions[n->classes].of[other];
}

bool mts_re_known_shortest(const MtsExprs *x, MtsRe r, uint32_t *length)
{
    *length = MTS_NOW(MTS_NOW(x->nodes)[r].shortest);
    return *length != MTS_RE_NOT_KNOWN;
}

MtsRe mts_re_step(MtsExprs *x, MtsRe r, unsigned byte)
{
    if (!x->nodes[r].row && (x->failed || !make_row(x, r))) {
        return MTS_RE_NONE;
    }
    unsigned class = x->partitions[x->nodes[r].classes].of[byte];
    MtsRe to = target_of(x, r, class, byte);
    if (x->nodes[to].life == ALIVE) {
        return to;
    }
    if (!mts_re_alive(x, to) && !x->failed) {
        to = MTS_RE_NONE;
        MTS_PUT(x->targets[x->nodes[r].row - 1 + class], to);
    }
    return x->failed ? MTS_RE_NONE : to;
}

bool mts_re_add_live(MtsExprs *x, MtsRe r, MtsByteSet *live)
{
    bool of_class[256];
    if (!x->nodes[r].row && (x->failed || !make_row(x, r))) {
        return false;
    }
    const ReNode n = x->nodes[r];
    uint32_t known = 0;
    for (unsigned b = 0; b < 256; b++) {
        uint8_t class = x->partitions[n.classes].of[b];
        if (class == known) { /* classes are numbered in the order of their first bytes */
            of_class[known++] = mts_re_step(x, r, b) != MTS_RE_NONE;
        }
        live->bits[b >> 6] |= (uint64_t)of_class[class] << (b & 63);
    }
    return !x->failed;
}

/* ---- searches ---- */

typedef struct Seen {
    MtsRe re;
    uint32_t before; /* its place in the queue */
} Seen;

static bool queue_up(MtsExprs *x, MtsRe r, size_t before, size_t *count)
{
    size_t had = x->mark_cap;
    if (!mts_exprs_work(x, 1) || !mts_exprs_room(x, &x->marks, &x->mark_cap, x->cap, sizeof *x->marks) ||
        !mts_exprs_room(x, &x->queue, &x->queue_cap, *count + 1, sizeof *x->queue)) {
        return false;
    }
    memset(x->marks + had, 0, (x->mark_cap - had) * sizeof *x->marks);
    if (x->nodes[r].life != DEAD && x->marks[r] != x->mark) {
        x->marks[r] = x->mark;
        x->queue[(*count)++] = (Seen){.re = r, .before = (uint32_t)before};
    }
    return true;
}

/* Queues up what may follow queue[at], unless it is at least `most` bytes before an end. */
static bool go_on_from(MtsExprs *x, size_t at, uint32_t most, size_t *count)
{
    MtsRe here = x->queue[at].re;
    if (!x->nodes[here].row && !make_row(x, here)) {
        return false;
    }
    uint32_t classes = x->nodes[here].classes, done = 0;
    for (unsigned b = 0; b < 256 && !x->failed; b++) {
        if (x->partitions[classes].of[b] == done) { /* classes are numbered in the order of their first bytes */
            MtsRe to = target_of(x, here, done++, b);
            if (x->nodes[to].least < most) {
                queue_up(x, to, at, count);
            }
        }
    }
    return !x->failed;
}

/* None of the queue leads to an end. */
static void note_dead(MtsExprs *x, size_t count)
{
    for (size_t i = 0; i < count && !x->failed; i++) {
        MTS_PUT(x->nodes[x->queue[i].re].life, (uint8_t)DEAD);
        MTS_PUT(x->nodes[x->queue[i].re].shortest, MTS_NO_LIMIT);
    }
}

/* Walks the derivatives of r in the order of their distance until one is known to be alive: all on the way there are.
 * Where there is none, all that were seen are dead. */
static bool search_life(MtsExprs *x, MtsRe r)
{
    size_t count = 0;
    x->mark++;
    queue_up(x, r, 0, &count);
    for (size_t at = 0; at < count; at++) {
        if (x->nodes[x->queue[at].re].life == ALIVE) {
            for (;; at = x->queue[at].before) {
                MTS_PUT(x->nodes[x->queue[at].re].life, (uint8_t)ALIVE);
                if (at == 0) {
                    return true;
                }
            }
        }
        if (!go_on_from(x, at, MTS_NO_LIMIT, &count)) {
            return false;
        }
    }
    note_dead(x, count);
    return false;
}

/* The same until nothing can lead to a shorter text than what was found: expressions whose length is known need not be
 * walked, those whose lower bound says that they are too far neither. What lies on the shortest way is known then. */
static uint32_t search_shortest(MtsExprs *x, MtsRe r)
{
    size_t count = 0, level_end = 1, best_at = 0;
    uint32_t distance = 0, best = MTS_NO_LIMIT;
    x->mark++;
    queue_up(x, r, 0, &count);
    for (size_t at = 0; at < count && distance < best; at++) {
        if (at == level_end) {
            distance++;
            level_end = count;
        }
        uint32_t known = x->nodes[x->queue[at].re].shortest, most = best == MTS_NO_LIMIT ? best : best - distance;
        if (known != MTS_RE_NOT_KNOWN) {
            best_at = known < most ? at : best_at;
            best = known < most ? mts_length_plus(distance, known) : best;
        } else if (most > 1 && !go_on_from(x, at, most == MTS_NO_LIMIT ? most : most - 1, &count)) {
            return MTS_NO_LIMIT;
        }
    }
    if (best == MTS_NO_LIMIT) {
        note_dead(x, count);
        return best;
    }
    uint32_t left = x->nodes[x->queue[best_at].re].shortest;
    for (size_t at = best_at;; at = x->queue[at].before, left = mts_length_plus(left, 1)) {
        MTS_PUT(x->nodes[x->queue[at].re].life, (uint8_t)ALIVE);
        MTS_PUT(x->nodes[x->queue[at].re].shortest, left);
        if (at == 0) {
            return left;
        }
    }
}

/* A sequence is alive when its parts are, an alternative when one of them is; the rest must be searched. */
bool mts_re_alive(MtsExprs *x, MtsRe r)
{
    const ReNode n = x->nodes[r];
    bool alive = n.life == ALIVE;
    if (n.life != UNKNOWN || x->failed) {
        return alive;
    }
    switch ((ReKind)n.kind) {
    case SEQ:
        alive = mts_re_alive(x, n.a) && mts_re_alive(x, n.b);
        break;
    case ALT:
        for (uint32_t i = 0; i < n.b && !alive; i++) {
            alive = mts_re_alive(x, x->lists[n.a + i]);
        }
        break;
    case REPEAT:
        alive = mts_re_alive(x, n.a);
        break;
    default:
        alive = search_life(x, r);
    }
    if (!x->failed) {
        MTS_PUT(x->nodes[r].life, (uint8_t)(alive ? ALIVE : DEAD));
    }
    return alive;
}

uint32_t mts_re_shortest(MtsExprs *x, MtsRe r)
{
    const ReNode n = x->nodes[r];
    uint32_t length = MTS_NO_LIMIT;
    if (n.shortest != MTS_RE_NOT_KNOWN || x->failed) {
        return n.shortest == MTS_RE_NOT_KNOWN ? MTS_NO_LIMIT : n.shortest;
    }
    switch ((ReKind)n.kind) {
    case SEQ:
        length = mts_length_plus(mts_re_shortest(x, n.a), mts_re_shortest(x, n.b));
        break;
    case ALT:
        for (uint32_t i = 0; i < n.b; i++) {
            uint32_t one = mts_re_shortest(x, x->lists[n.a + i]);
            length = one < length ? one : length;
        }
        break;
    case REPEAT:
        length = mts_length_times(mts_re_shortest(x, n.a), n.min);
        break;
    default:
        length = search_shortest(x, r);
    }
    if (!x->failed) {
        MTS_PUT(x->nodes[r].shortest, length);
    }
    return length;
}

bool mts_re_matches(MtsExprs *x, MtsRe r, const char *text, size_t size)
{
    for (size_t i = 0; i < size && r; i++) {
        r = mts_re_step(x, r, (unsigned char)text[i]);
    }
    return mts_re_nullable(x, r);
}
