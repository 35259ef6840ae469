/* tokenizer/merge.h - joining neighbours, best pair first, until no pair is left: what byte-level BPE and
 * SentencePiece's BPE have in common. */
#ifndef MTS_TOKENIZER_MERGE_H
#define MTS_TOKENIZER_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MTS_NO_SYMBOL UINT32_MAX

/* A piece of the text: a link of a doubly linked list in text order. */
typedef struct MtsSymbol {
    uint32_t start, size; /* bytes of the text; size 0: it was joined to its left neighbour */
    uint32_t left, right; /* its neighbours, or MTS_NO_SYMBOL */
    int32_t id;           /* its token, or -1 */
} MtsSymbol;

/* Two neighbours that may be joined. The heap gives the lowest rank first, the leftmost among equals. */
typedef struct MtsPair {
    uint32_t rank;
    uint32_t left, right; /* symbols */
    uint32_t right_size;  /* of the right one when the pair was made: it is stale when that has changed */
    int32_t id;           /* the token that they become */
} MtsPair;

/* A binary heap of pairs. Zero-initialise; release with mts_heap_free(). */
typedef struct MtsHeap {
    MtsPair *items;
    size_t count, cap;
} MtsHeap;

bool mts_heap_push(MtsHeap *heap, const MtsPair *pair); /* false: memory ran out */
MtsPair mts_heap_pop(MtsHeap *heap);                    /* count > 0 */
void mts_heap_free(MtsHeap *heap);

/* What two neighbouring symbols become; false when they are no pair. `text` is what symbols point into. */
typedef bool (*MtsPairRule)(const void *rules, const char *text, const MtsSymbol *left, const MtsSymbol *right,
                            uint32_t *rank, int32_t *id);

/* Joins symbols [count], whose links are set here, until no pair is left. The heap must be empty and is left empty.
 * O(count log count) calls and steps. false: memory ran out. */
bool mts_merge(MtsSymbol *symbols, size_t count, const char *text, MtsPairRule rule, const void *rules, MtsHeap *heap);

#endif
