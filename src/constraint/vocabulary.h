/* constraint/vocabulary.h - a model's tokens as a trie of their bytes. */
#ifndef MTS_CONSTRAINT_VOCABULARY_H
#define MTS_CONSTRAINT_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* The bytes of one token (a control token has none), as mts_token_bytes() gives them. */
typedef const char *(*MtsTokenBytes)(const void *context, int32_t token, size_t *size);

/* A node of the trie; node 0 is the root. Nodes stand in the order of a walk: the children of n are n + 1, then what
 * comes behind the one before, up to nodes[n].end. */
typedef struct MtsTrieNode {
    uint32_t end;              /* behind the last node below this one */
    uint32_t first, own, last; /* tokens: sorted[first .. own) end here, sorted[own .. last) below */
    uint8_t byte;
    uint8_t height;    /* bytes to the deepest node below, at most 255 */
    bool below, plain; /* all bytes below are plain; this one is too */
} MtsTrieNode;

typedef struct MtsVocabulary {
    size_t count;    /* tokens */
    size_t words;    /* of a mask: 64 tokens each */
    int32_t *sorted; /* [sorted_count] tokens that have bytes, by those, then by id; behind them once more */
    size_t sorted_count;
    uint32_t
        *plain_at; /* the plain ones, those of n bytes sorted[plain_at[n] .. plain_at[n + 1]), n <= plain_longest */
    MtsTrieNode *nodes;
    size_t node_count, node_cap;
    uint64_t *plain; /* [words] the tokens of plain bytes alone */
    size_t plain_longest, longest;
    MtsTokenBytes bytes;
    const void *context;
} MtsVocabulary;

/* Plain bytes: printable ASCII that stands for itself inside a JSON string. */
bool mts_plain_byte(unsigned byte);

int mts_vocabulary_new(MtsVocabulary **vocabulary, size_t count, MtsTokenBytes bytes, const void *context,
                       MtsError *err);
void mts_vocabulary_free(MtsVocabulary **vocabulary);

#endif
