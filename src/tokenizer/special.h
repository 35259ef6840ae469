/* tokenizer/special.h - finding special tokens that are written out in a text. */
#ifndef MTS_TOKENIZER_SPECIAL_H
#define MTS_TOKENIZER_SPECIAL_H

#include <maxts/tokenizer.h>

#include "tokenizer/vocab.h"

typedef struct MtsSpecialNode {
    uint32_t child, sibling; /* nodes; 0: none */
    uint32_t order;          /* 1 + place in MtsSpecials.ids of the token that ends here; 0: none ends here */
    unsigned char byte;      /* the byte that leads here */
} MtsSpecialNode;

typedef struct MtsSpecials {
    const MtsVocab *vocab; /* borrowed */
    int32_t *ids;          /* [count] control, unknown and user-defined tokens, longest first, then by id */
    size_t count;
    MtsSpecialNode *nodes; /* a trie over their bytes; node 0 is no node */
    size_t node_count, node_cap;
    uint32_t root[256]; /* first byte to node; 0: none */
} MtsSpecials;

int mts_specials_build(MtsSpecials *specials, const MtsVocab *vocab, MtsError *err);
void mts_specials_free(MtsSpecials *specials);

typedef struct MtsSpecialAt {
    size_t start, size; /* bytes of the text */
    int32_t id;
} MtsSpecialAt;

/* The special tokens in text [size], which do not overlap, in text order; malloc'ed, NULL when there are none. A
 * longer token goes before a shorter one wherever they overlap, a lower id before a higher one of the same length, an
 * earlier place before a later one of the same token. all: every kind; otherwise user-defined ones only. said, NULL or
 * [size]: where it is not 0 only user-defined ones are found all the same. */
int mts_specials_find(const MtsSpecials *specials, const char *text, const char *said, size_t size, bool all,
                      MtsSpecialAt **found, size_t *count, MtsError *err);

#endif
