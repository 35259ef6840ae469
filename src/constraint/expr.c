/* constraint/expr.c - expressions: made once, and normalised.
 *
 * A node is found by what it is made of; making it again gives the same number. Normalisation keeps the set of
 * derivatives finite and small: alternatives are sorted sets in which bytes are one leaf, sequences lean to the right,
 * what is empty or says nothing goes away, (a{p,q}){m,n} is a{pm,qn} wherever no count between is left out. */
#include "constraint/expr_node.h"

#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/mem.h"
#include "core/sort.h"

bool mts_byte_set_has(const MtsByteSet *set, unsigned byte)
{
    return set->bits[byte >> 6] >> (byte & 63) & 1;
}

void mts_byte_set_add(MtsByteSet *set, unsigned from, unsigned to)
{
    for (unsigned b = from; b <= to; b++) {
        set->bits[b >> 6] |= UINT64_C(1) << (b & 63);
    }
}

/* ---- the store ---- */

static bool fail(MtsExprs *x, int code)
{
    x->failed = x->failed ? x->failed : code;
    return false;
}

size_t mts_exprs_bytes(const MtsExprs *x)
{
    return x->cap * sizeof *x->nodes + x->slot_count * sizeof *x->slots + x->list_cap * sizeof *x->lists +
           x->set_cap * sizeof *x->sets + mts_store_bytes(&x->set_numbers) + mts_store_bytes(&x->keys) +
           x->noted_cap * sizeof *x->noted + x->partition_cap * sizeof *x->partitions +
           x->target_cap * sizeof *x->targets + (x->stamp_cap + x->mark_cap) * sizeof *x->stamps + x->outgrown.bytes;
}

static bool within_budget(MtsExprs *x, size_t cap, size_t need, size_t size)
{
    bool within = need <= cap || mts_exprs_bytes(x) + need * size <= x->budget;
    return !x->failed && (within || fail(x, MTS_ECAPACITY));
}

bool mts_exprs_room(MtsExprs *x, void *array, size_t *cap, size_t need, size_t size)
{
    return within_budget(x, *cap, need, size) && (mts_grow(array, cap, need, size) || fail(x, MTS_ENOMEM));
}

bool mts_exprs_room_read(MtsExprs *x, void *array, size_t *cap, size_t need, size_t size)
{
    return within_budget(x, *cap, need, size) &&
           (mts_steady_reach(&x->outgrown, array, cap, need, size, 0) || fail(x, MTS_ENOMEM));
}

void mts_exprs_begin(MtsExprs *x)
{
    MTS_PUT(x->begun, MTS_NOW(x->work));
}

bool mts_exprs_work(MtsExprs *x, size_t steps)
{
    MTS_PUT(x->work, x->work + steps);
    if (!x->failed && x->work - MTS_NOW(x->begun) > x->budget) {
        x->tired = true;
        fail(x, MTS_ECAPACITY);
    }
    return !x->failed;
}

const char *mts_exprs_short_of(const MtsExprs *x)
{
    return x->tired ? "steps" : "memory";
}

void mts_exprs_settle(MtsExprs *x)
{
    mts_steady_free(&x->outgrown);
}

void mts_exprs_share(MtsExprs *x)
{
    x->outgrown.shared = true;
}

static uint64_t node_hash(const MtsExprs *x, const ReNode *n)
{
    uint32_t head[4] = {n->kind, n->kind == ALT || n->kind == AND ? n->b : n->a, n->min, n->max};
    uint64_t h = mts_hash(MTS_HASH_BEGIN, head, sizeof head);
    return mts_hash_spread(n->kind == ALT || n->kind == AND ? mts_hash(h, x->lists + n->a, n->b * sizeof *x->lists)
                                                            : mts_hash(h, &n->b, sizeof n->b));
}

static bool same(const MtsExprs *x, const ReNode *a, const ReNode *b)
{
    if (a->kind != b->kind || a->b != b->b || a->min != b->min || a->max != b->max) {
        return false;
    }
    return a->kind == ALT || a->kind == AND ? memcmp(x->lists + a->a, x->lists + b->a, a->b * sizeof *x->lists) == 0
                                            : a->a == b->a;
}

static bool rehash(MtsExprs *x, size_t slots)
{
    uint32_t *fresh = mts_calloc(slots, sizeof *fresh);
    if (!fresh) {
        return fail(x, MTS_ENOMEM);
    }
    for (size_t i = 0; i < x->count; i++) {
        size_t at = node_hash(x, &x->nodes[i]) & (slots - 1);
        while (fresh[at]) {
            at = (at + 1) & (slots - 1);
        }
        fresh[at] = (uint32_t)i + 1;
    }
    free(x->slots);
    x->slots = fresh;
    x->slot_count = slots;
    return true;
}

uint32_t mts_length_plus(uint32_t a, uint32_t b)
{
    return a == MTS_NO_LIMIT || b == MTS_NO_LIMIT ? MTS_NO_LIMIT : a > MTS_NO_LIMIT - 2 - b ? MTS_NO_LIMIT - 2 : a + b;
}

uint32_t mts_length_times(uint32_t a, uint32_t n)
{
    uint64_t product = (uint64_t)a * n;
    return a == MTS_NO_LIMIT && n ? MTS_NO_LIMIT : product > MTS_NO_LIMIT - 2 ? MTS_NO_LIMIT - 2 : (uint32_t)product;
}

static void describe_list(const MtsExprs *x, ReNode *n)
{
    bool all = n->kind == AND;
    n->nullable = n->searched = all;
    n->least = all ? 0 : MTS_NO_LIMIT;
    for (uint32_t i = 0; i < n->b; i++) {
        const ReNode *part = &x->nodes[x->lists[n->a + i]];
        n->nullable = all ? n->nullable && part->nullable : n->nullable || part->nullable;
        n->searched |= part->searched;
        n->least = (part->least < n->least) != all ? part->least : n->least;
    }
}

/* What a new node's parts say of it. */
static void describe(MtsExprs *x, ReNode *n)
{
    const ReNode *nodes = x->nodes;
    n->searched = 0;
    n->shortest = MTS_RE_NOT_KNOWN;
    switch ((ReKind)n->kind) {
    case EPSILON:
        n->nullable = 1;
        n->least = 0;
        break;
    case BYTES:
        n->nullable = 0;
        n->least = 1;
        break;
    case SEQ:
        n->nullable = nodes[n->a].nullable && nodes[n->b].nullable;
        n->searched = nodes[n->a].searched || nodes[n->b].searched;
        n->least = mts_length_plus(nodes[n->a].least, nodes[n->b].least);
        break;
    case ALT:
    case AND:
        describe_list(x, n);
        break;
    case NOT:
        n->nullable = !nodes[n->a].nullable;
        n->searched = n->a != MTS_RE_NONE;
        n->least = 1;
        break;
    case REPEAT:
        n->nullable = n->min == 0 || nodes[n->a].nullable;
        n->searched = nodes[n->a].searched && n->min > 0;
        n->least = mts_length_times(n->min ? nodes[n->a].least : 0, n->min);
        break;
    case MULTIPLE: {
        uint64_t rest = n->b;
        for (uint32_t i = 0; i < n->min; i++) {
            rest = rest * 10 % n->a;
        }
        n->nullable = rest == 0;
        n->searched = 1;
        n->least = 1;
        break;
    }
    case LOOP:
        n->nullable = n->b != 0;
        n->searched = 1;
        n->least = 1;
        break;
    }
    n->least = n->nullable ? 0 : n->least;
    n->shortest = n->nullable || !n->searched ? n->least : MTS_RE_NOT_KNOWN;
    n->life = n->least == MTS_NO_LIMIT ? DEAD : !n->searched || n->nullable ? ALIVE : UNKNOWN;
}

/* The number of this node; a list must stand at the end of x->lists, and is taken back when the node is known. */
MtsRe mts_re_intern(MtsExprs *x, ReNode n)
{
    bool listed = n.kind == ALT || n.kind == AND;
    if (!mts_exprs_work(x, 4) || (2 * (x->count + 1) > x->slot_count && !rehash(x, x->slot_count * 2))) {
        return MTS_RE_NONE;
    }
    size_t at = node_hash(x, &n) & (x->slot_count - 1);
    for (; x->slots[at]; at = (at + 1) & (x->slot_count - 1)) {
        if (same(x, &x->nodes[x->slots[at] - 1], &n)) {
            x->list_count = listed ? n.a : x->list_count;
            return x->slots[at] - 1;
        }
    }
    if (!mts_exprs_room_read(x, &x->nodes, &x->cap, x->count + 1, sizeof *x->nodes)) {
        return MTS_RE_NONE;
    }
    describe(x, &n);
    n.row = 0;
    x->nodes[x->count++] = n;
    x->slots[at] = (uint32_t)x->count;
    return (MtsRe)(x->count - 1);
}

MtsExprs *mts_exprs_new(size_t budget)
{
    MtsExprs *x = mts_calloc(1, sizeof *x);
    if (!x || !(x->derived = mts_calloc(FIRST_DERIVED_SLOTS, sizeof *x->derived))) {
        free(x);
        return NULL;
    }
    x->derived_slots = FIRST_DERIVED_SLOTS;
    x->budget = budget;
    MtsByteSet none = {{0}};
    bool ok = rehash(x, 256) && mts_exprs_room(x, &x->sets, &x->set_cap, 1, sizeof *x->sets) &&
              mts_exprs_room_read(x, &x->nodes, &x->cap, 64, sizeof *x->nodes);
    if (ok) {
        mts_re_bytes(x, &none);
        ReNode *nothing = &x->nodes[MTS_RE_NONE];
        nothing->shortest = nothing->least = MTS_NO_LIMIT;
        nothing->life = DEAD;
        mts_re_intern(x, (ReNode){.kind = EPSILON});
        mts_re_intern(x, (ReNode){.kind = NOT, .a = MTS_RE_NONE});
    }
    if (!ok || x->failed) {
        mts_exprs_free(&x);
    }
    return x;
}

void mts_exprs_free(MtsExprs **exprs)
{
    MtsExprs *x = *exprs;
    if (x) {
        free(x->nodes);
        free(x->slots);
        free(x->lists);
        mts_store_free(&x->set_numbers);
        mts_store_free(&x->keys);
        free(x->noted);
        free(x->loops);
        free(x->sets);
        free(x->partitions);
        free(x->targets);
        free(x->stack);
        free(x->derived);
        free(x->stamps);
        free(x->queue);
        free(x->marks);
        mts_steady_free(&x->outgrown);
        free(x);
        *exprs = NULL;
    }
}

int mts_exprs_failed(const MtsExprs *x)
{
    return x->failed;
}

MtsRe mts_exprs_no_memory(MtsExprs *x)
{
    fail(x, MTS_ENOMEM);
    return MTS_RE_NONE;
}

bool mts_re_nullable(const MtsExprs *x, MtsRe r)
{
    return MTS_NOW(x->nodes)[r].nullable;
}

/* ---- what was found before ---- */

/* The number of the key. */
static uint32_t key_number(MtsExprs *x, const char *key, size_t size)
{
    size_t words = size / sizeof(uint32_t) + 2;
    uint32_t *padded = mts_calloc(words, sizeof *padded), number = MTS_STORE_FULL;
    if (padded) {
        padded[0] = (uint32_t)size;
        memcpy(padded + 1, key, size);
        number = mts_store_put(&x->keys, padded, words);
    }
    free(padded);
    return number;
}

MtsRe mts_exprs_recall(MtsExprs *x, const char *key, size_t size)
{
    size_t known = x->keys.count;
    uint32_t number = key_number(x, key, size);
    if (number == MTS_STORE_FULL || !mts_exprs_room(x, &x->noted, &x->noted_cap, x->keys.count, sizeof *x->noted)) {
        fail(x, MTS_ENOMEM);
        return MTS_RE_NONE;
    }
    if (number == known) {
        x->noted[number] = MTS_RE_UNKNOWN;
    }
    return x->noted[number];
}

void mts_exprs_note(MtsExprs *x, const char *key, size_t size, MtsRe re)
{
    uint32_t number = x->failed ? MTS_STORE_FULL : key_number(x, key, size);
    if (number != MTS_STORE_FULL && number < x->noted_cap) {
        x->noted[number] = re;
    }
}

/* ---- constructors ---- */

MtsRe mts_re_bytes(MtsExprs *x, const MtsByteSet *set)
{
    uint32_t words[8], number;
    memcpy(words, set->bits, sizeof words);
    if ((number = mts_store_put(&x->set_numbers, words, 8)) == MTS_STORE_FULL) {
        fail(x, MTS_ENOMEM);
        return MTS_RE_NONE;
    }
    if (number == x->set_count) {
        if (!mts_exprs_room(x, &x->sets, &x->set_cap, x->set_count + 1, sizeof *x->sets)) {
            return MTS_RE_NONE;
        }
        x->sets[x->set_count++] = *set;
    }
    return mts_re_intern(x, (ReNode){.kind = BYTES, .a = number});
}

MtsRe mts_re_range(MtsExprs *x, unsigned from, unsigned to)
{
    MtsByteSet set = {{0}};
    mts_byte_set_add(&set, from, to);
    return mts_re_bytes(x, &set);
}

MtsRe mts_re_literal(MtsExprs *x, const char *text, size_t size)
{
    MtsRe r = MTS_RE_EMPTY;
    while (size-- > 0) {
        r = mts_re_seq(x, mts_re_range(x, (unsigned char)text[size], (unsigned char)text[size]), r);
    }
    return r;
}

/* a b, where a is no sequence: x{p,q} x{r,s} is x{p+r,q+s}. */
static MtsRe joined(MtsExprs *x, MtsRe a, MtsRe b)
{
    const ReNode *first = &x->nodes[a], *rest = &x->nodes[b], *second = rest->kind == SEQ ? &x->nodes[rest->a] : rest;
    MtsRe behind = rest->kind == SEQ ? rest->b : MTS_RE_EMPTY;
    if (first->kind == REPEAT && second->kind == REPEAT && first->a == second->a) {
        uint32_t min = mts_length_plus(first->min, second->min), max = mts_length_plus(first->max, second->max);
        bool endless = first->max == MTS_NO_LIMIT || second->max == MTS_NO_LIMIT;
        if (min < MTS_NO_LIMIT - 2 && (endless || max < MTS_NO_LIMIT - 2)) {
            MtsRe both = mts_re_repeat(x, first->a, min, max);
            return behind == MTS_RE_EMPTY ? both : mts_re_intern(x, (ReNode){.kind = SEQ, .a = both, .b = behind});
        }
    }
    return mts_re_intern(x, (ReNode){.kind = SEQ, .a = a, .b = b});
}

MtsRe mts_re_seq(MtsExprs *x, MtsRe a, MtsRe b)
{
    if (a == MTS_RE_NONE || b == MTS_RE_NONE) {
        return MTS_RE_NONE;
    }
    if (a == MTS_RE_EMPTY || b == MTS_RE_EMPTY) {
        return a == MTS_RE_EMPTY ? b : a;
    }
    size_t base = x->stack_count; /* a's links, so that the sequence leans to the right */
    while (x->nodes[a].kind == SEQ) {
        if (!mts_exprs_room(x, &x->stack, &x->stack_cap, x->stack_count + 1, sizeof *x->stack)) {
            x->stack_count = base;
            return MTS_RE_NONE;
        }
        x->stack[x->stack_count++] = x->nodes[a].a;
        a = x->nodes[a].b;
    }
    MtsRe r = joined(x, a, b);
    while (x->stack_count > base) {
        r = joined(x, x->stack[--x->stack_count], r);
    }
    return x->failed ? MTS_RE_NONE : r;
}

static int by_number(const void *a, const void *b)
{
    MtsRe x = *(const MtsRe *)a, y = *(const MtsRe *)b;
    return x < y ? -1 : x > y;
}

static void push_one(MtsExprs *x, MtsRe r)
{
    if (mts_exprs_room(x, &x->stack, &x->stack_cap, x->stack_count + 1, sizeof *x->stack)) {
        x->stack[x->stack_count++] = r;
    }
}

/* Puts r on the working list, or what it is made of where it is of the list's own kind. */
void mts_re_push(MtsExprs *x, ReKind kind, MtsRe r)
{
    const ReNode n = x->nodes[r];
    size_t more = n.kind == kind ? n.b : 1;
    if (mts_exprs_room(x, &x->stack, &x->stack_cap, x->stack_count + more, sizeof *x->stack)) {
        memcpy(x->stack + x->stack_count, n.kind == kind ? x->lists + n.a : &r, more * sizeof r);
        x->stack_count += more;
    }
}

/* Makes one leaf of the list's byte sets, drops what says nothing. true: *whole is the result already. */
static bool simplify(MtsExprs *x, ReKind kind, size_t base, MtsRe *whole)
{
    MtsRe neutral = kind == ALT ? MTS_RE_NONE : MTS_RE_ALL, zero = kind == ALT ? MTS_RE_ALL : MTS_RE_NONE;
    MtsByteSet set = {{0}};
    size_t kept = base, leaves = 0;
    bool empty = false, nullable = kind == AND;
    for (size_t i = base; i < x->stack_count; i++) {
        MtsRe r = x->stack[i];
        const ReNode *n = &x->nodes[r];
        if (r == zero) {
            *whole = zero;
            return true;
        }
        if (r == neutral) {
            continue;
        }
        if (n->kind == BYTES) {
            for (int w = 0; w < 4; w++) {
                uint64_t bits = x->sets[n->a].bits[w];
                set.bits[w] = leaves == 0 ? bits : kind == ALT ? set.bits[w] | bits : set.bits[w] & bits;
            }
            leaves++;
        }
        empty |= r == MTS_RE_EMPTY;
        nullable = kind == ALT ? nullable || (n->nullable && r != MTS_RE_EMPTY) : nullable && n->nullable;
        if (n->kind != BYTES && !(r == MTS_RE_EMPTY)) {
            x->stack[kept++] = r;
        }
    }
    x->stack_count = kept;
    if (kind == AND && empty) {
        *whole = nullable ? MTS_RE_EMPTY : MTS_RE_NONE;
        return true;
    }
    if (leaves) {
        MtsRe leaf = mts_re_bytes(x, &set);
        if (kind == AND && leaf == MTS_RE_NONE) {
            *whole = MTS_RE_NONE;
            return true;
        }
        push_one(x, leaf);
    }
    if (empty && !nullable) {
        push_one(x, MTS_RE_EMPTY);
    }
    return false;
}

/* The alternative or the intersection of what stands on the working list from `base` on, which it takes off. */
MtsRe mts_re_combine(MtsExprs *x, ReKind kind, size_t base)
{
    MtsRe whole = MTS_RE_NONE;
    if (x->failed || simplify(x, kind, base, &whole)) {
        x->stack_count = base;
        return whole;
    }
    size_t count = x->stack_count - base, unique = 0;
    if (count == 0) {
        return kind == ALT ? MTS_RE_NONE : MTS_RE_ALL;
    }
    mts_exprs_work(x, count);
    mts_sort(x->stack + base, count, sizeof *x->stack, by_number);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || x->stack[base + i] != x->stack[base + unique - 1]) {
            x->stack[base + unique++] = x->stack[base + i];
        }
    }
    x->stack_count = base;
    if (unique < 2) {
        return x->stack[base];
    }
    if (!mts_exprs_room(x, &x->lists, &x->list_cap, x->list_count + unique, sizeof *x->lists)) {
        return MTS_RE_NONE;
    }
    memcpy(x->lists + x->list_count, x->stack + base, unique * sizeof *x->lists);
    ReNode n = {.kind = (uint8_t)kind, .a = (uint32_t)x->list_count, .b = (uint32_t)unique};
    x->list_count += unique;
    return mts_re_intern(x, n);
}

/* Of many alternatives those with one beginning are taken together, a x | a y = a (x | y), and so on: of a list of
 * words a text then is at one place and not at as many as there are words. */
enum { MANY = 16, MOST_COMMON = 300 /* parts of a common beginning: no deep recursion */ };

typedef struct Headed {
    MtsRe head, rest;
} Headed;

static int by_head(const void *a, const void *b)
{
    const Headed *x = a, *y = b;
    return x->head != y->head ? (x->head < y->head ? -1 : 1) : x->rest < y->rest ? -1 : x->rest > y->rest;
}

static Headed headed(const MtsExprs *x, MtsRe r)
{
    const ReNode *n = &x->nodes[r];
    return n->kind == SEQ ? (Headed){n->a, n->b} : (Headed){r, MTS_RE_EMPTY};
}

/* The alternative of the list, which it writes over. */
static MtsRe take_together(MtsExprs *x, Headed *list, size_t count, int depth)
{
    size_t base = x->stack_count;
    mts_sort(list, count, sizeof *list, by_head);
    for (size_t i = 0, end; i < count && !x->failed; i = end) {
        MtsRe head = list[i].head, rest = list[i].rest;
        for (end = i + 1; end < count && list[end].head == head; end++) {
        }
        if (head != MTS_RE_EMPTY && end > i + 1 && depth < MOST_COMMON) {
            for (size_t k = i; k < end; k++) {
                list[k] = headed(x, list[k].rest);
            }
            rest = take_together(x, list + i, end - i, depth + 1);
            mts_re_push(x, ALT, mts_re_seq(x, head, rest));
        } else {
            for (size_t k = i; k < end; k++) {
                mts_re_push(x, ALT, mts_re_seq(x, head, list[k].rest));
            }
        }
    }
    return mts_re_combine(x, ALT, base);
}

static MtsRe alt_of_many(MtsExprs *x, size_t base)
{
    size_t count = x->stack_count - base;
    Headed *list = mts_calloc(count, sizeof *list);
    for (size_t i = 0; i < count && list; i++) {
        list[i] = headed(x, x->stack[base + i]);
    }
    x->stack_count = base;
    MtsRe all = list ? take_together(x, list, count, 0) : mts_exprs_no_memory(x);
    free(list);
    return all;
}

MtsRe mts_re_alt(MtsExprs *x, const MtsRe *list, size_t count)
{
    size_t base = x->stack_count;
    for (size_t i = 0; i < count; i++) {
        mts_re_push(x, ALT, list[i]);
    }
    return count < MANY || x->failed ? mts_re_combine(x, ALT, base) : alt_of_many(x, base);
}

MtsRe mts_re_or(MtsExprs *x, MtsRe a, MtsRe b)
{
    return mts_re_alt(x, (MtsRe[]){a, b}, 2);
}

MtsRe mts_re_and(MtsExprs *x, MtsRe a, MtsRe b)
{
    size_t base = x->stack_count;
    mts_re_push(x, AND, a);
    mts_re_push(x, AND, b);
    return mts_re_combine(x, AND, base);
}

MtsRe mts_re_not(MtsExprs *x, MtsRe a)
{
    return x->nodes[a].kind == NOT ? x->nodes[a].a : mts_re_intern(x, (ReNode){.kind = NOT, .a = a});
}

MtsRe mts_re_repeat(MtsExprs *x, MtsRe a, uint32_t min, uint32_t max)
{
    const ReNode n = x->nodes[a];
    if (max == 0 || a == MTS_RE_EMPTY || (a == MTS_RE_NONE && min == 0)) {
        return MTS_RE_EMPTY;
    }
    if (a == MTS_RE_NONE || (min == 1 && max == 1)) {
        return a;
    }
    if (n.kind == REPEAT &&
        (min == 0 ? n.min <= 1
                  : n.max == MTS_NO_LIMIT || (uint64_t)(min + 1) * n.min <= (uint64_t)min * n.max + 1 || min == max)) {
        uint64_t high = n.max == MTS_NO_LIMIT || max == MTS_NO_LIMIT ? MTS_NO_LIMIT : (uint64_t)n.max * max;
        uint64_t low = (uint64_t)n.min * min;
        if (low < MTS_NO_LIMIT && high <= MTS_NO_LIMIT) {
            return mts_re_repeat(x, n.a, (uint32_t)low, (uint32_t)high);
        }
    }
    return mts_re_intern(x, (ReNode){.kind = REPEAT, .a = a, .min = n.nullable ? 0 : min, .max = max});
}

MtsRe mts_re_multiple(MtsExprs *x, uint32_t m, uint32_t scale)
{
    return mts_re_intern(x, (ReNode){.kind = MULTIPLE, .a = m, .b = 0, .min = scale});
}

MtsRe mts_re_loop(MtsExprs *x, bool nullable)
{
    if (!mts_exprs_room(x, &x->loops, &x->loop_cap, x->loop_count + 1, sizeof *x->loops)) {
        return MTS_RE_NONE;
    }
    x->loops[x->loop_count++] = MTS_RE_NONE;
    return mts_re_intern(x, (ReNode){.kind = LOOP, .a = (uint32_t)x->loop_count - 1, .b = nullable});
}

void mts_re_close(MtsExprs *x, MtsRe loop, MtsRe what)
{
    if (x->nodes[loop].kind == LOOP) { /* it is none when memory ran out */
        x->loops[x->nodes[loop].a] = what;
    }
}
