/* maxts/measure.h - how fast a model runs here, and the two limits of the machine that it runs against: what
 * `maxts bench` prints.
 *
 * Every call needs an engine that was opened with its weights; a table has nothing to measure (MTS_EREQUEST). They run
 * on the engine's threads. Rates are per second of wall clock, so they are no function of their arguments. */
#ifndef MAXTS_MEASURE_H
#define MAXTS_MEASURE_H

#include <stddef.h>

#include <maxts/api.h>
#include <maxts/engine.h>
#include <maxts/error.h>
#include <maxts/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct MtsMachine {
    int threads;             /* that were measured with: the engine's */
    double read_bytes_per_s; /* all threads reading memory that no cache holds */
    double int8_macs_per_s;  /* multiply-adds of all threads in the fastest instruction that int8 kernels are made of */
    const char *kernels;     /* the kernels' name, as in MtsModelInfo; static */
} MtsMachine;

/* About half a second, and 256 MiB of memory while it lasts. */
MTS_API int mts_measure_machine(const MtsEngine *engine, MtsMachine *machine, MtsError *err);

/* Tokens per second of evaluating one prompt of `tokens` tokens (1 to the context), repeated for about `seconds`, once
 * at least: the best of them. */
MTS_API int mts_measure_prefill(const MtsEngine *engine, size_t tokens, double seconds, double *tok_per_s,
                                MtsError *err);

/* Tokens per second, over all sequences, of `batch` sequences that share a prompt of `prompt` tokens and grow by a
 * token a step for up to `most` steps or about `seconds`; the median step. *steps: how many there were. Each step ends
 * with the logits of every sequence. All at least 1; prompt + most at most the context. */
MTS_API int mts_measure_decode(const MtsEngine *engine, size_t batch, size_t prompt, size_t most, double seconds,
                               size_t *steps, double *tok_per_s, MtsError *err);

typedef enum MtsForm { MTS_FORM_TILE, MTS_FORM_PRODUCT, MTS_FORM_FP32 } MtsForm;

/* One matrix shape of the model: multiply-adds per second of one core with int8 activations (quantising them included)
 * by maxts' own kernels, and in fp32 by OpenBLAS (dequantising the weights included; 0: there is none). */
typedef struct MtsShapeRate {
    const char *type;         /* of the weights, as GGUF names it: "Q4_1"; static */
    size_t rows, cols, batch; /* weights [rows][cols] times `batch` activation rows */
    double own, blas;
    double tile, product; /* own ones by each form of the kernels: a tile of few rows at a time; the product whole, as
                             AMX has it (0: this processor has no such form) */
    MtsForm chosen;       /* the form that `own` is of, which forward passes take without BLAS */
    size_t from;          /* activation rows from which on they take the product; 0: there is none, SIZE_MAX: never */
} MtsShapeRate;

enum { MTS_MOST_SHAPES = 8 };

/* Of every different shape of the first layer and of the output matrix with `batch` activation rows (at least 1).
 * *count: how many, at most MTS_MOST_SHAPES. About 0.1 s a shape. */
MTS_API int mts_measure_shapes(const MtsEngine *engine, size_t batch, MtsShapeRate rates[MTS_MOST_SHAPES],
                               size_t *count, MtsError *err);

/* The most tokens per second that the machine's two limits leave for `batch` tokens a step: the weights are read once
 * a step and multiplied once a token. Keys and values are not counted. */
MTS_API double mts_roofline(const MtsMachine *machine, const MtsModelInfo *info, size_t batch);

#ifdef __cplusplus
}
#endif
#endif
