/* model/config.h - what a GGUF file says its network is: its architecture and the numbers. */
#ifndef MTS_MODEL_CONFIG_H
#define MTS_MODEL_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "gguf/gguf.h"
#include "model/architecture.h"
#include "model/rope.h"

typedef struct MtsConfig {
    const MtsArchitecture *architecture; /* static */
    size_t vocab, context, layers, width, heads, kv_heads, ffn_width;
    size_t head_dim;               /* of queries, keys and values alike; a multiple of 8 */
    size_t rope_dims;              /* the first of each head's dimensions that are rotated, <= head_dim */
    size_t window;                 /* positions a window layer sees; 0: every layer sees the whole text */
    size_t window_pattern;         /* of `pattern` consecutive layers all but the last are window layers */
    size_t cross_heads, cross_dim; /* of layers that look at a medium; 0: none does */
    size_t cross_ffn, media_width;
    float norm_epsilon;
    MtsRopeForm rope, rope_window; /* of layers that see the whole text, of window layers */
    float attention_scale;         /* of q.k */
    float embedding_scale;         /* of token embeddings; rows given by the caller are taken as they are */
    float final_softcap;           /* logits become cap * tanh(logit / cap); 0: as they are */
} MtsConfig;

/* Reads and checks the metadata; tensors' shapes are checked where they are loaded (model/weights.h), but for the
 * vocabulary, which is the embedding's row count. */
int mts_config_read(MtsConfig *config, const MtsGguf *gguf, MtsError *err);

static inline bool mts_config_is_window(const MtsConfig *config, size_t layer)
{
    return config->window > 0 && (layer + 1) % config->window_pattern != 0;
}

#endif
