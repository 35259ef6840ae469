/* model/model.h - a network as the forward pass sees it: immutable once it is open. */
#ifndef MTS_MODEL_MODEL_H
#define MTS_MODEL_MODEL_H

#include <maxts/model.h>

#include "core/mem.h"
#include "gguf/gguf.h"
#include "kernels/kernels.h"
#include "model/choice.h"
#include "model/config.h"

/* Gated cross-attention before a layer, whose gates are part of the matrices (cross.c). */
typedef struct MtsCross {
    const float *norm, *norm_bias, *ffn_norm, *ffn_norm_bias; /* [width] */
    MtsWeights q;    /* [cross_heads * cross_dim][width]; no rows: the layer has none of it */
    MtsWeights kv;   /* [2 * cross_heads * cross_dim][media_width] */
    MtsWeights o;    /* [width][cross_heads * cross_dim] */
    MtsWeights up;   /* [cross_ffn][width] */
    MtsWeights down; /* [width][cross_ffn] */
} MtsCross;

typedef struct MtsLayer {
    /* [width], [head_dim] or, of biases, [rows of the matrix]; NULL: the architecture has none */
    const float *attn_norm, *post_attn_norm, *ffn_norm, *post_ffn_norm, *q_norm, *k_norm, *q_bias, *k_bias, *v_bias;
    MtsWeights q;        /* [heads * head_dim][width] */
    MtsWeights k, v;     /* [kv_heads * head_dim][width] */
    MtsWeights o;        /* [width][heads * head_dim] */
    MtsWeights gate, up; /* [ffn_width][width] */
    MtsWeights down;     /* [width][ffn_width] */
    bool window;
    size_t kv_index; /* among the layers of its kind */
    MtsCross cross;
} MtsLayer;

struct MtsModel {
    MtsConfig config;
    MtsKernels table;
    const MtsKernels *kernels; /* the table */
    uint32_t cpu;              /* MTS_CPU_ flags */
    MtsChoices choices;        /* how its matrices' product_from came about */
    bool exact, blas;
    MtsLayer *layers;     /* [config.layers] */
    MtsWeights embedding; /* [vocab][width] */
    MtsWeights output;    /* [vocab][width]; the embedding itself where the file ties them */
    const float *output_norm;
    const float *rope_factors; /* [rope_dims / 2] or NULL: all 1 */
    float *vectors;            /* what the const float pointers point into */
    unsigned char *arena;      /* every matrix, packed */
    size_t arena_bytes, vector_count;
    size_t window_layers; /* of config.layers */
    uint64_t parameters;
    char *name;
};

/* As mts_model_open() on a file that is already open; it is not needed afterwards. Pages of the mapping that have
 * been packed are given back on the way. */
int mts_model_from_gguf(MtsModel **model, const MtsGguf *gguf, const MtsModelOptions *options, MtsError *err);

/* The threads of the session's next step, which are fewer on a busy machine (model/pace.h): others that are waited for
 * between steps would be waited for as long. */
int mts_session_threads(const MtsSession *session);

/* How a matrix is multiplied: by the kernels, int8 activations where weights are quantised, unless BLAS was asked for.
 * That is the measured choice too: for every shape, type and batch on every machine so far they are ahead of OpenBLAS
 * on dequantised weights, 4 to 6 times with 512 rows and hundreds of times with one (docs/performance.md; `maxts bench`
 * measures it here). */
typedef enum MtsArithmetic { MTS_BY_INT8, MTS_BY_F32, MTS_BY_BLAS } MtsArithmetic;

static inline MtsArithmetic mts_model_arithmetic(const MtsModel *m, const MtsWeights *w)
{
    return m->blas ? MTS_BY_BLAS : !m->exact && mts_is_quantized(w->type) ? MTS_BY_INT8 : MTS_BY_F32;
}

/* Floats from one row of logits to the next. Long rows are a page and a cache line longer than the vocabulary: often a
 * power of two, which would put the same token of all rows into the same few sets of the caches. */
static inline size_t mts_model_logits_stride(const MtsModel *m)
{
    return m->output.groups * MTS_GROUP + (m->output.rows >= 4096 ? (4096 + MTS_ALIGN) / sizeof(float) : 0);
}

#endif
