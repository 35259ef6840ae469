/* maxts/model.h - a language model read from a GGUF file, and sessions that run it.
 *
 * The model is immutable and may be shared by any number of sessions and threads; a session owns its
 * KV cache and its logits and belongs to one thread at a time. A token's logits are a function of the
 * model, the tokens before it and the session's precision alone: not of batch size, chunking, thread
 * count, place in the cache, or whether the cache had to be rebuilt (except with MTS_MATMUL_BLAS).
 */
#ifndef MAXTS_MODEL_H
#define MAXTS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <maxts/api.h>
#include <maxts/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct MtsModel MtsModel;
typedef struct MtsSession MtsSession;
typedef struct MtsBranch MtsBranch; /* a token prefix held in one session's KV cache; refcounted */

typedef enum MtsMatmul {
    MTS_MATMUL_AUTO, /* measured choice per shape (docs/performance.md); bit-stable */
    MTS_MATMUL_INT8, /* own kernels everywhere; bit-stable */
    MTS_MATMUL_BLAS  /* OpenBLAS fp32 for every weight matrix: logits may change with batch and threads */
} MtsMatmul;

typedef struct MtsModelOptions {
    const char *cpu_mask; /* features to do without, as --cpu-mask; NULL: the environment's MAXTS_CPU_MASK */
    MtsMatmul matmul;     /* default MTS_MATMUL_AUTO */
    bool exact;           /* fp32 activations against the file's own weights; default false: int8 activations */
    int threads;          /* for repacking; 0 (default): the processors that this process may keep busy */
} MtsModelOptions;

/* Opens `path`; options may be NULL for the defaults. On failure *model is NULL. */
MTS_API int mts_model_open(MtsModel **model, const char *path, const MtsModelOptions *options, MtsError *err);
MTS_API void mts_model_free(MtsModel **model);

typedef struct MtsModelInfo {
    const char *architecture; /* as the file names it; owned by the model */
    const char *name;         /* general.name, or "" */
    size_t vocab;             /* tokens */
    size_t context;           /* trained context, tokens */
    size_t layers, width, heads, kv_heads, head_dim, ffn_width;
    size_t window;             /* sliding window of the window layers, tokens; 0: none */
    size_t media_width;        /* of the rows that mts_session_look() takes; 0: it looks at none */
    uint64_t parameters;       /* weights in the file */
    size_t weight_bytes;       /* resident bytes of the weights as this process holds them */
    size_t kv_bytes_per_token; /* at the default precision, without windows */
    const char *kernels;       /* the kernel family in use: "scalar", "avx2", "avx512vnni", ... */
} MtsModelInfo;

MTS_API void mts_model_info(const MtsModel *model, MtsModelInfo *info);

typedef struct MtsSessionOptions {
    size_t kv_tokens; /* capacity of the KV ring in tokens over all branches; 0 (default): 4096, or the context if that
                         is less */
    size_t max_batch; /* most tokens in one forward step; longer work is cut into such steps; 0 (default): 512 */
    int threads;      /* 0 (default): the processors that this process may keep busy; on a machine that has other things
                         to do steps take fewer */
    bool kv_f32;      /* keys and values in f32; default false: f16. Exact models always use f32. */
} MtsSessionOptions;

MTS_API int mts_session_new(MtsSession **session, const MtsModel *model, const MtsSessionOptions *options,
                            MtsError *err);
MTS_API void mts_session_free(MtsSession **session); /* after every branch of it has been released */

/* In place of a token id: the next of the embedding rows that stand beside the ids. */
enum { MTS_ROW_TOKEN = -1 };

/* What the texts of a session look at, where the model has layers for it (Flamingo: docs/opentslm.md). */
typedef struct MtsMedia {
    const float *rows;   /* [count][media_width] */
    size_t count;        /* at least 1 */
    const size_t *marks; /* [mark_count] ascending positions: from the first on a text sees the rows, from the second on
                            their mean */
    size_t mark_count;
} MtsMedia;

/* Copies it, before the session has any branch. Without it, texts see nothing. */
MTS_API int mts_session_look(MtsSession *session, const MtsMedia *media, MtsError *err);

typedef enum MtsLogitsWanted { MTS_LOGITS_NONE, MTS_LOGITS_LAST, MTS_LOGITS_ALL } MtsLogitsWanted;

/* One sequence's share of a forward step: the branch it continues and what it appends. */
typedef struct MtsExtend {
    MtsBranch *prefix;     /* borrowed; NULL: the empty prefix */
    const int32_t *tokens; /* [count] token ids, MTS_ROW_TOKEN among them where there are rows; or NULL: all are rows */
    const float *rows;     /* [count, or how many MTS_ROW_TOKEN there are][width] embedding rows, taken as they are; or
                              NULL: all are tokens */
    size_t count;          /* >= 1 */
    MtsLogitsWanted wanted; /* which of the appended positions need logits */
    MtsBranch *branch;      /* out: the longer prefix; the caller owns one reference */
    size_t logits_row;      /* out: index of this item's first row for mts_session_logits() */
    MtsBranch **between;    /* NULL, or out: [count - 1] the prefixes between; the caller owns one reference each */
} MtsExtend;

/* Runs all items as one step (cut into steps of max_batch tokens where they are more). Items may share
 * prefixes; shared KV is stored and read once. A branch whose KV was evicted is rebuilt first, to the same
 * bits. On failure no item has a branch and the session is as before. */
MTS_API int mts_session_extend(MtsSession *session, MtsExtend *items, size_t n, MtsError *err);

/* The logits of a row of the latest step: [vocab], after the architecture's final soft-capping if any.
 * Valid until the next mts_session_extend(); NULL for a row that it has not. A step holds all rows it was asked for
 * (vocab * 4 bytes each): ask for many positions in several steps. */
MTS_API const float *mts_session_logits(const MtsSession *session, size_t row);

/* The logits of a branch's last position again (from its kept final hidden state: no position is
 * evaluated), written to out [vocab]; the same bits as when it was extended. */
MTS_API int mts_session_branch_logits(MtsSession *session, const MtsBranch *branch, float *out, MtsError *err);

MTS_API MtsBranch *mts_branch_retain(MtsBranch *branch);
MTS_API void mts_branch_release(MtsBranch **branch);       /* NULL-safe; sets *branch to NULL */
MTS_API size_t mts_branch_length(const MtsBranch *branch); /* tokens */

typedef struct MtsSessionStats {
    uint64_t positions;  /* token positions evaluated on request since the session began */
    uint64_t recomputed; /* positions evaluated again because their KV had been evicted */
    size_t kv_pages_used, kv_pages, kv_page_tokens;
    size_t kv_bytes; /* resident bytes of the KV ring */
} MtsSessionStats;

MTS_API void mts_session_stats(const MtsSession *session, MtsSessionStats *stats);

#ifdef __cplusplus
}
#endif
#endif
