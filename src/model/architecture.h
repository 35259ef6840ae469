/* model/architecture.h - the architectures: what each does in its own way, as data.
 *
 * All of them are one block: norm, attention with rotated queries and keys over grouped heads, norm, gated
 * feed-forward. A row says which of the few variants of it a name stands for; config.c reads the file's numbers by it,
 * load.c the tensors, forward.c does what config and layers say. The facts are those of the reference implementations
 * in `transformers` and of GGUF's conversion: llama's query and key rows are permuted so that rotated pairs are
 * neighbours, Gemma's norm weights have their 1 already added. */
#ifndef MTS_MODEL_ARCHITECTURE_H
#define MTS_MODEL_ARCHITECTURE_H

#include <stdbool.h>
#include <stddef.h>

typedef enum MtsPresence { MTS_ABSENT, MTS_OPTIONAL, MTS_REQUIRED } MtsPresence;

typedef enum MtsActivation { MTS_SILU, MTS_GELU /* tanh form */ } MtsActivation;

/* What a row leaves out is absent, false or 0. */
typedef struct MtsArchitecture {
    const char *name;         /* general.architecture, and what its metadata keys begin with */
    bool rope_halves;         /* rotated pairs are (i, i + rope_dims / 2); else (2 i, 2 i + 1) */
    MtsPresence qkv_bias;     /* of queries, keys and values */
    MtsPresence qk_norm;      /* RMS norm of each head's query and key before the rotation */
    MtsPresence post_norms;   /* RMS norm of the attention's and the FFN's result before they are added */
    MtsActivation activation; /* of the gate */
    bool embedding_scaled;    /* token embeddings times sqrt(width) */
    size_t window_pattern;    /* of so many consecutive layers all but the last are window layers, where the file does
                               * not say otherwise; 0: every layer sees the whole text */
    double window_rope_base;  /* theta of window layers, where the file does not say otherwise */
    size_t layers_by_width;   /* the model of so many layers scales q.k by the width per head, not by the head's size */
} MtsArchitecture;

/* The row of that name, or NULL. */
const MtsArchitecture *mts_architecture_find(const char *name, size_t size);

/* "llama, gemma3 and qwen2": all names. Returns out. */
enum { MTS_ARCHITECTURE_LIST = 256 };
char *mts_architecture_list(char out[MTS_ARCHITECTURE_LIST]);

#endif
