/* model/forward.h - one forward step: some new positions of some texts, all layers, one parallel region.
 *
 * A step is a list of spans; a span is consecutive new positions of one text. Its rows are all positions of all spans,
 * in the order of the spans; a row's activations stay in its row of every buffer. Spans are sorted so that those
 * which share pages of keys and values are neighbours.
 *
 * Nothing here depends on how the work was cut: every kernel gives a row the same bits whatever rows are beside it,
 * and attention adds positions up in the order of their number. */
#ifndef MTS_MODEL_FORWARD_H
#define MTS_MODEL_FORWARD_H

#include "kv/kv.h"
#include "model/blas.h"
#include "model/model.h"
#include "model/pace.h"
#include "model/rope.h"
#include "model/team.h"

/* Input of a matrix product: rows as fp32, as quantised panels, or both, as the matrices ask for. */
typedef struct MtsOperand {
    float *x;          /* [rows][stride] */
    size_t stride;     /* floats */
    MtsActBlock *acts; /* [ceil(rows / MTS_PANEL)][blocks] */
    size_t blocks;     /* of 32 columns */
} MtsOperand;

typedef struct MtsSpan {
    MtsKvSegment *segment;
    size_t from, count;    /* positions from .. from + count - 1 */
    const int32_t *tokens; /* [count], or NULL: all of them are */
    const float *rows;     /* embedding rows [][width], each in its turn where a token is MTS_ROW_TOKEN */
    size_t item;           /* the caller's number for it, which survives the sorting */
    /* set by mts_forward_plan() */
    size_t first;  /* row of its first position */
    size_t shared; /* pages that it shares with the span before it */
    size_t tables; /* where its page tables begin in MtsForward.pages[] and .ids[] */
    size_t page_count;
    const uint32_t *ids; /* its table of full pages */
} MtsSpan;

/* A row whose final hidden state is wanted, and perhaps its logits. */
typedef struct MtsFinal {
    size_t span, index; /* position number `index` of the span */
    float *hidden;      /* [width] out: a copy of the final hidden state, or NULL */
    float *logits;      /* [stride of logits] out, or NULL; wanted ones of a step follow each other in memory */
} MtsFinal;

/* One thread's own memory. */
typedef struct MtsScratch {
    float *scores;                         /* [score_floats] */
    float *tile;                           /* [MTS_BLAS_TILE][widest input] dequantised weights, for BLAS only */
    MtsPart part;                          /* its place in the team */
    uint32_t deals;                        /* of this step, so far */
} __attribute__((aligned(64))) MtsScratch; /* on a cache line of its own */

/* A medium as the layers that look at it see it: 64 latents of a perceiver, say. A page of MTS_PAGE_TOKENS of its rows
 * holds their keys and values of all layers, as pages of texts do (kernels/kernels.h), in fp32. */
typedef struct MtsMediaKv {
    const void **pages; /* [page_count], NULL: nothing is there to be seen */
    float *floats;      /* what they point into */
    size_t count, page_count;
    size_t *marks; /* [mark_count] ascending positions from which on a text sees it */
    size_t mark_count;
} MtsMediaKv;

typedef struct MtsForward {
    const MtsModel *model;
    MtsKv *kv;
    size_t max_rows, max_positions; /* of a step; of a text */
    int threads;
    bool kv_f32;

    /* the work of this step */
    MtsSpan *spans; /* [span_count] */
    size_t span_count, rows;
    MtsFinal *finals; /* [final_count]; those with logits first */
    size_t final_count, logits_count;

    /* per row [max_rows] */
    uint32_t *span_of;
    size_t *position;
    float *angles[MTS_KV_KINDS];      /* [max_rows][2][rope_dims / 2] cosines, sines */
    uint64_t *cost[MTS_KV_KINDS];     /* [max_rows + 1] running sum of the positions that attention reads */
    const void **pages[MTS_KV_KINDS]; /* page addresses of all spans, one table behind the other */
    uint32_t *ids[MTS_KV_KINDS];      /* the same as numbers */
    size_t pages_cap[MTS_KV_KINDS], ids_cap[MTS_KV_KINDS];

    MtsRope rope[MTS_KV_KINDS];

    /* activations */
    size_t q_floats, kv_floats; /* rows of q and of k and v, padded to 16 */
    float *x;                   /* [max_rows][width padded to 16] the residual stream */
    float *branch;              /* the same shape: what attention or FFN gave, where it is normed before it is added */
    float *qkv;                 /* [max_rows][q_floats + 2 kv_floats] */
    float *gate, *up;           /* [MTS_FFN_ROWS][ffn_width padded to 16] */
    MtsOperand norm;            /* [max_rows][width]: input of q, k, v, of gate and up, of the output matrix */
    MtsOperand attended;        /* [max_rows][heads * head_dim] */
    MtsOperand hidden;          /* [max_rows][ffn_width] */
    float *cross_q;             /* [max_rows][cross_heads * cross_dim padded to 16]; with the next two, of layers that
                                   look at a medium */
    MtsOperand crossed;         /* [max_rows][cross_heads * cross_dim] */
    MtsOperand cross_hidden;    /* [max_rows][cross_ffn] */
    MtsMediaKv media;
    MtsScratch *scratch; /* [threads] */
    MtsHand *hands;      /* [threads] */
    MtsBarrier *barrier;
    bool barrier_made;
    MtsPace pace;
    size_t score_floats;
} MtsForward;

enum {
    MTS_FFN_ROWS = 64
}; /* rows that go through gate, up and activation together: what they make stays in the cache */

/* Sizes and buffers for steps of at most max_rows rows on texts of at most max_positions. false: memory ran out; then
 * mts_forward_clear() all the same. */
bool mts_forward_init(MtsForward *step, const MtsModel *model, MtsKv *kv, size_t max_rows, size_t max_positions,
                      int threads, bool kv_f32);
void mts_forward_clear(MtsForward *step);

/* Sorts the spans, whose pages have been reserved, and works out rows, tables and costs. false: memory ran out. */
bool mts_forward_plan(MtsForward *step, MtsSpan *spans, size_t span_count);

/* Runs the planned step: keys and values go to the pages, finals[] to their places. finals refer to spans as sorted. */
void mts_forward_run(MtsForward *step, MtsFinal *finals, size_t final_count, size_t logits_count);

/* Logits of a kept final hidden state. */
void mts_forward_logits(MtsForward *step, const float *hidden, float *logits);

/* ---- parts of the pass, called by every thread of the team ---- */

/* Rows [16 g0, 16 g1) of w times rows [s0, s1) of the input. */
void mts_linear(const MtsForward *step, const MtsWeights *w, size_t g0, size_t g1, const MtsOperand *in, size_t s0,
                size_t s1, float *y, size_t stride, bool add, MtsNext next);

/* attended = attention of all rows of one layer (attention.c); its shares of quantised output blocks too where heads
 * are whole blocks (mts_attention_quantizes). */
void mts_attention(const MtsForward *step, size_t layer);
bool mts_attention_quantizes(const MtsForward *step, size_t layer);

/* The calling thread's place among those that share the work. */
static inline MtsPart mts_part(const MtsForward *step)
{
    return step->scratch[mts_team_rank()].part;
}

/* How many of the first n positions of a span are embedding rows. */
static inline size_t mts_forward_rows(const int32_t *tokens, size_t n)
{
    size_t rows = tokens ? 0 : n;
    for (size_t i = 0; tokens && i < n; i++) {
        rows += tokens[i] == MTS_ROW_TOKEN;
    }
    return rows;
}

/* What one row of layer `index` sees of the medium, from its row of cross_q to its row of crossed (cross.c). */
void mts_cross_attend(const MtsForward *step, size_t index, size_t row);

/* Makes keys and values of a medium's rows for all layers that look at it. */
int mts_cross_see(MtsForward *step, const MtsMedia *media, MtsError *err);
void mts_cross_clear(MtsForward *step);

/* Where the keys and values of a layer begin in a page of its kind. */
static inline size_t mts_forward_key_offset(const MtsForward *step, const MtsLayer *layer)
{
    size_t bytes =
        step->model->config.kv_heads * step->model->config.head_dim * MTS_PAGE_TOKENS * (step->kv_f32 ? 4 : 2);
    return layer->kv_index * 2 * bytes;
}

static inline size_t mts_forward_value_offset(const MtsForward *step, const MtsLayer *layer)
{
    size_t bytes =
        step->model->config.kv_heads * step->model->config.head_dim * MTS_PAGE_TOKENS * (step->kv_f32 ? 4 : 2);
    return mts_forward_key_offset(step, layer) + bytes;
}

/* Positions that a row at position p sees: [*lo, *hi). */
static inline void mts_forward_sees(const MtsForward *step, MtsKvKind kind, size_t p, size_t *lo, size_t *hi)
{
    size_t window = step->model->config.window;
    *lo = kind == MTS_KV_WINDOW && p + 1 > window ? p + 1 - window : 0;
    *hi = p + 1;
}

#endif
