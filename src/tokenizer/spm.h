/* tokenizer/spm.h - SentencePiece's BPE with byte fallback: tokenizer.ggml.model "llama". */
#ifndef MTS_TOKENIZER_SPM_H
#define MTS_TOKENIZER_SPM_H

#include <maxts/tokenizer.h>

#include "tokenizer/merge.h"
#include "tokenizer/vocab.h"

typedef struct MtsSpm {
    const MtsVocab *vocab; /* borrowed */
    uint32_t *rank;        /* [vocab->count] the scores as numbers to be sorted: the lowest is joined first */
    int32_t unknown;       /* what a byte without a token becomes; -1 only when every byte has one */
} MtsSpm;

/* Reads tokenizer.ggml.scores. unknown: the unknown token or -1. MTS_EFORMAT on a score that is no finite number, or
 * when there is neither an unknown token nor one for each byte. On failure *spm is empty. */
int mts_spm_load(MtsSpm *spm, const MtsGguf *gguf, const MtsVocab *vocab, int32_t unknown, MtsError *err);
void mts_spm_free(MtsSpm *spm);

/* Appends the ids of text [size], valid UTF-8 without special tokens. space_prefix: as if it began with a space. */
int mts_spm_encode(const MtsSpm *spm, const char *text, size_t size, bool space_prefix, MtsTokens *tokens,
                   MtsError *err);

#endif
