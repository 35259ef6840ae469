/* tokenizer/merge.c - see merge.h.
 *
 * All pairs of neighbours that the rules know go into a heap. The best one is taken; the right symbol is joined to
 * the left one; the joined symbol makes at most two new pairs with its neighbours. Pairs made stale by a join stay in
 * the heap and are passed over when they come up: a pair (l, r) is current exactly while both are alive and r has not
 * grown, for l can only grow by swallowing r. Each join takes one symbol away and adds at most two pairs, so the heap
 * sees at most 3 count pairs and the whole takes O(count log count), whatever the text. */
#include "tokenizer/merge.h"

#include <stdlib.h>

#include "core/mem.h"

static bool before(const MtsPair *a, const MtsPair *b)
{
    return a->rank < b->rank || (a->rank == b->rank && a->left < b->left);
}

bool mts_heap_push(MtsHeap *heap, const MtsPair *pair)
{
    if (!mts_grow(&heap->items, &heap->cap, heap->count + 1, sizeof *heap->items)) {
        return false;
    }
    size_t at = heap->count++;
    while (at > 0) {
        size_t parent = (at - 1) / 2;
        if (!before(pair, &heap->items[parent])) {
            break;
        }
        heap->items[at] = heap->items[parent];
        at = parent;
    }
    heap->items[at] = *pair;
    return true;
}

MtsPair mts_heap_pop(MtsHeap *heap)
{
    MtsPair top = heap->items[0];
    MtsPair last = heap->items[--heap->count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= heap->count) {
            break;
        }
        if (child + 1 < heap->count && before(&heap->items[child + 1], &heap->items[child])) {
            child++;
        }
        if (!before(&heap->items[child], &last)) {
            break;
        }
        heap->items[at] = heap->items[child];
        at = child;
    }
    heap->items[at] = last;
    return top;
}

void mts_heap_free(MtsHeap *heap)
{
    free(heap->items);
    heap->items = NULL;
    heap->count = heap->cap = 0;
}

typedef struct Merge {
    MtsSymbol *symbols;
    const char *text;
    MtsPairRule rule;
    const void *rules;
    MtsHeap *heap;
} Merge;

static bool offer(const Merge *m, uint32_t left, uint32_t right)
{
    if (left == MTS_NO_SYMBOL || right == MTS_NO_SYMBOL) {
        return true;
    }
    MtsPair pair = {0, left, right, m->symbols[right].size, -1};
    if (!m->rule(m->rules, m->text, &m->symbols[left], &m->symbols[right], &pair.rank, &pair.id)) {
        return true;
    }
    return mts_heap_push(m->heap, &pair);
}

bool mts_merge(MtsSymbol *symbols, size_t count, const char *text, MtsPairRule rule, const void *rules, MtsHeap *heap)
{
    Merge m = {symbols, text, rule, rules, heap};
    for (size_t i = 0; i < count; i++) {
        symbols[i].left = i > 0 ? (uint32_t)(i - 1) : MTS_NO_SYMBOL;
        symbols[i].right = i + 1 < count ? (uint32_t)(i + 1) : MTS_NO_SYMBOL;
    }
    bool fits = true;
    for (size_t i = 0; i + 1 < count && fits; i++) {
        fits = offer(&m, (uint32_t)i, (uint32_t)(i + 1));
    }
    while (heap->count > 0 && fits) {
        MtsPair pair = mts_heap_pop(heap);
        MtsSymbol *left = &symbols[pair.left], *right = &symbols[pair.right];
        if (left->size == 0 || right->size == 0 || right->size != pair.right_size) {
            continue;
        }
        left->size += right->size;
        left->id = pair.id;
        left->right = right->right;
        right->size = 0;
        if (left->right != MTS_NO_SYMBOL) {
            symbols[left->right].left = pair.left;
        }
        fits = offer(&m, left->left, pair.left) && offer(&m, pair.left, left->right);
    }
    heap->count = 0;
    return fits;
}
