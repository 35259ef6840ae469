/* tokenizer/special.c - see special.h.
 *
 * The rule to reproduce is: for each special token, the longest first, take every occurrence of it that is still
 * unclaimed, from left to right. Done literally that is one pass over the text per token, and Gemma has 6,414 of them.
 *
 * Here one pass over the text walks the trie from every byte and puts the longest token that begins there into a heap,
 * keyed by (the token's place in the longest-first order, position) - which is the order in which the literal passes
 * would come to it. An occurrence that comes up and is free is claimed. One that overlaps a claimed one is replaced by
 * the longest token from the same byte that ends before the claim; that is shorter, so it belongs later in the order,
 * and the heap stays right. The heap never holds more than one entry per byte of the text. */
#include "tokenizer/special.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/mem.h"
#include "tokenizer/merge.h"

static bool is_special(int kind)
{
    return kind == MTS_TOKEN_CONTROL || kind == MTS_TOKEN_UNKNOWN || kind == MTS_TOKEN_USER;
}

/* One special token while they are put in order. */
typedef struct SpecialEntry {
    size_t size;
    int32_t id;
} SpecialEntry;

static int longest_first(const void *a, const void *b)
{
    const SpecialEntry *x = a, *y = b;
    if (x->size != y->size) {
        return x->size > y->size ? -1 : 1;
    }
    return x->id < y->id ? -1 : 1;
}

/* The node that `byte` leads to from *link's list, made where there is none; 0 when memory ran out. */
static uint32_t step(MtsSpecials *specials, uint32_t parent, unsigned char byte)
{
    uint32_t first = parent ? specials->nodes[parent].child : specials->root[byte];
    for (uint32_t at = first; at; at = specials->nodes[at].sibling) {
        if (specials->nodes[at].byte == byte) {
            return at;
        }
    }
    if (!mts_grow(&specials->nodes, &specials->node_cap, specials->node_count + 1, sizeof *specials->nodes)) {
        return 0;
    }
    uint32_t made = (uint32_t)specials->node_count++;
    specials->nodes[made] = (MtsSpecialNode){0, parent ? first : 0, 0, byte};
    *(parent ? &specials->nodes[parent].child : &specials->root[byte]) = made;
    return made;
}

static bool insert(MtsSpecials *specials, size_t place)
{
    size_t size;
    const char *bytes = mts_vocab_bytes(specials->vocab, specials->ids[place], &size);
    uint32_t node = 0;
    for (size_t i = 0; i < size; i++) {
        node = step(specials, node, (unsigned char)bytes[i]);
        if (!node) {
            return false;
        }
    }
    if (node && !specials->nodes[node].order) { /* of two with the same text the lower id counts */
        specials->nodes[node].order = (uint32_t)place + 1;
    }
    return true;
}

int mts_specials_build(MtsSpecials *specials, const MtsVocab *vocab, MtsError *err)
{
    memset(specials, 0, sizeof *specials);
    specials->vocab = vocab;
    specials->node_count = 1;
    for (size_t i = 0; i < vocab->count; i++) {
        specials->count += is_special(vocab->kind[i]);
    }
    SpecialEntry *entries = mts_calloc(specials->count, sizeof *entries);
    specials->ids = mts_calloc(specials->count, sizeof *specials->ids);
    bool fits = entries && specials->ids;
    if (fits) {
        size_t n = 0;
        for (size_t i = 0; i < vocab->count; i++) {
            if (is_special(vocab->kind[i])) {
                entries[n].id = (int32_t)i;
                mts_vocab_bytes(vocab, (int32_t)i, &entries[n++].size);
            }
        }
        qsort(entries, n, sizeof *entries, longest_first);
        for (size_t i = 0; i < n && fits; i++) {
            specials->ids[i] = entries[i].id;
            fits = insert(specials, i);
        }
    }
    free(entries);
    if (!fits) {
        size_t count = specials->count;
        mts_specials_free(specials);
        return mts_fail(err, MTS_ENOMEM, "no memory for %zu special tokens", count);
    }
    return MTS_OK;
}

void mts_specials_free(MtsSpecials *specials)
{
    free(specials->ids);
    free(specials->nodes);
    memset(specials, 0, sizeof *specials);
}

/* The text in which tokens are sought: see mts_specials_find(). */
typedef struct SpecialPlace {
    const char *text, *said;
    bool all;
} SpecialPlace;

/* The longest token at byte `at`, of at most `limit` bytes, as a pair of (order, its size); false when there is none.
 */
static bool longest_at(const MtsSpecials *specials, const SpecialPlace *place, size_t at, size_t limit, uint32_t *order,
                       uint32_t *size)
{
    const char *text = place->text + at, *said = place->said ? place->said + at : NULL;
    uint32_t node = limit ? specials->root[(unsigned char)text[0]] : 0;
    bool any = false, all = place->all;
    for (size_t depth = 1; node; depth++) {
        all = all && !(said && said[depth - 1]);
        const MtsSpecialNode *here = &specials->nodes[node];
        if (here->order && (all || specials->vocab->kind[specials->ids[here->order - 1]] == MTS_TOKEN_USER)) {
            *order = here->order - 1;
            *size = (uint32_t)depth;
            any = true;
        }
        if (depth == limit) {
            break;
        }
        for (node = here->child; node && specials->nodes[node].byte != (unsigned char)text[depth];) {
            node = specials->nodes[node].sibling;
        }
    }
    return any;
}

/* Puts the longest token of at most `limit` bytes at `at` into the heap, if there is one. */
static bool offer(const MtsSpecials *specials, const SpecialPlace *place, size_t at, size_t limit, MtsHeap *heap)
{
    MtsPair pair = {0, (uint32_t)at, 0, 0, -1};
    if (!longest_at(specials, place, at, limit, &pair.rank, &pair.right_size)) {
        return true;
    }
    pair.id = specials->ids[pair.rank];
    return mts_heap_push(heap, &pair);
}

static int by_start(const void *a, const void *b)
{
    const MtsSpecialAt *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

int mts_specials_find(const MtsSpecials *specials, const char *text, const char *said, size_t size, bool all,
                      MtsSpecialAt **found, size_t *count, MtsError *err)
{
    const SpecialPlace place = {text, said, all};
    MtsHeap heap = {NULL, 0, 0};
    unsigned char *claimed = NULL; /* [size] 1 where a token has been claimed */
    size_t cap = 0;
    *found = NULL;
    *count = 0;
    bool fits = true;
    for (size_t at = 0; at < size && fits; at++) {
        fits = offer(specials, &place, at, size - at, &heap);
    }
    if (heap.count > 0) {
        claimed = mts_calloc(size, 1);
        fits = fits && claimed;
    }
    while (heap.count > 0 && fits) {
        MtsPair pair = mts_heap_pop(&heap);
        const unsigned char *taken = memchr(claimed + pair.left, 1, pair.right_size);
        if (taken) {
            fits = offer(specials, &place, pair.left, (size_t)(taken - claimed) - pair.left, &heap);
            continue;
        }
        fits = mts_grow(found, &cap, *count + 1, sizeof **found);
        if (fits) {
            memset(claimed + pair.left, 1, pair.right_size);
            (*found)[(*count)++] = (MtsSpecialAt){pair.left, pair.right_size, pair.id};
        }
    }
    free(claimed);
    mts_heap_free(&heap);
    if (!fits) {
        free(*found);
        *found = NULL;
        *count = 0;
        return mts_fail(err, MTS_ENOMEM, "no memory to find special tokens in a text of %zu bytes", size);
    }
    if (*count) {
        qsort(*found, *count, sizeof **found, by_start);
    }
    return MTS_OK;
}
