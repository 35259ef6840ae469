/* tokenizer/bpe.h - byte-level BPE: tokenizer.ggml.model "gpt2". */
#ifndef MTS_TOKENIZER_BPE_H
#define MTS_TOKENIZER_BPE_H

#include <maxts/tokenizer.h>

#include "tokenizer/merge.h"
#include "tokenizer/split.h"
#include "tokenizer/vocab.h"

typedef struct MtsMerge {
    int32_t left, right; /* tokens; left -1: an empty slot */
    uint32_t rank;       /* line of the list: the lowest is applied first */
    int32_t id;          /* the token that they become */
} MtsMerge;

typedef struct MtsBpe {
    const MtsVocab *vocab; /* borrowed */
    MtsSplit *split;
    MtsMerge *merges;  /* open addressing, at most three quarters full */
    size_t merge_mask; /* slots - 1 */
} MtsBpe;

/* Reads tokenizer.ggml.pre and .merges. MTS_EFORMAT when a merge names something that is no token. On failure *bpe is
 * empty. */
int mts_bpe_load(MtsBpe *bpe, const MtsGguf *gguf, const MtsVocab *vocab, MtsError *err);
void mts_bpe_free(MtsBpe *bpe);

/* Appends the ids of text [size], valid UTF-8 without special tokens. A byte that the vocabulary has no token for is
 * left out, as by every implementation that models of this kind were trained with. */
int mts_bpe_encode(const MtsBpe *bpe, const char *text, size_t size, MtsTokens *tokens, MtsError *err);

#endif
