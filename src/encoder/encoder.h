/* encoder/encoder.h - series to embedding rows: OpenTSLM's encoder and projector, read from a model's file.
 *
 * A series of n values is cut into patches of `patch` values, each a row of `width` by a matrix of the file, plus the
 * file's row for that place, normed. Then `blocks` transformer layers, normed behind each sum:
 *     x = norm(x + attention(x)),  x = norm(x + W2 gelu(W1 x))
 * and the projector, gelu(W norm(x)), whose rows are as wide as the language model's embeddings: the prompt has them
 * where the series stands. Of the other kind, Flamingo, it has neither blocks nor projector, and a perceiver turns the
 * rows of all series into one medium, which layers of the language model look at. docs/opentslm.md lists the tensors.
 */
#ifndef MTS_ENCODER_ENCODER_H
#define MTS_ENCODER_ENCODER_H

#include "core/error.h"
#include "encoder/parts.h"
#include "encoder/resampler.h"
#include "gguf/gguf.h"

typedef struct MtsEncoderBlock {
    MtsDense qkv, out, up, down; /* [3 width][width], [width][width], [ffn][width], [width][ffn] */
    MtsNorm after_attention, after_ffn;
} MtsEncoderBlock;

/* Immutable once it is read. */
typedef struct MtsEncoder {
    const MtsKernels *kernels; /* borrowed */
    int threads;               /* >= 1 */
    size_t patch, width, heads, ffn, places;
    size_t rows_width; /* of what it gives */
    float epsilon;
    MtsDense patches;        /* [width][patch], no bias */
    const float *places_row; /* [places][width] */
    MtsNorm input, before_projection;
    MtsDense projector; /* [rows_width][width]; none of Flamingo, whose rows are `width` wide */
    MtsEncoderBlock *blocks;
    size_t block_count;
    MtsResampler *resampler;         /* of Flamingo; NULL: rows stand in the prompt */
    size_t media_token, chunk_token; /* Flamingo's ids: a series stands here; its text ends */
} MtsEncoder;

/* Whether a tensor's name, or a key, is one of an encoder's: it begins with "opentslm.". */
bool mts_encoder_owns(MtsString name);

/* The encoder of a file whose embeddings are rows_width wide; *encoder is NULL where the file has none. */
int mts_encoder_read(MtsEncoder **encoder, const MtsGguf *gguf, size_t rows_width, const MtsKernels *kernels,
                     int threads, MtsError *err);
void mts_encoder_free(MtsEncoder **encoder);

/* Rows of a series of n >= 1 values, filled up to whole patches. */
size_t mts_encoder_rows(const MtsEncoder *encoder, size_t n);

/* rows [mts_encoder_rows(n)][rows_width] of values [n], after which zeros follow. MTS_EREQUEST: longer than the file
 * has places for. */
int mts_encoder_run(const MtsEncoder *encoder, const float *values, size_t n, float *rows, MtsError *err);

#endif
