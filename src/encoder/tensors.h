/* encoder/tensors.h - an encoder's tensors and sizes out of a GGUF file, each compared with what it should be. */
#ifndef MTS_ENCODER_TENSORS_H
#define MTS_ENCODER_TENSORS_H

#include "core/error.h"
#include "encoder/parts.h"
#include "gguf/gguf.h"

typedef struct EncoderReader {
    const MtsGguf *gguf;
    MtsError *err;
    const char *group; /* of numbered parts: "blk", "perceiver" */
    char name[80];
    size_t taken; /* tensors */
} EncoderReader;

#define MTS_ENCODER_PREFIX "opentslm."

/* The whole number opentslm.<key>, 1 to most. */
int mts_encoder_size(EncoderReader *r, const char *key, size_t most, size_t *out);

/* Of the tensor opentslm.<name>.<weight or bias>, or opentslm.<group>.<index>.<name>.<...> where index >= 0. What was
 * taken is released by the functions below, also after a failure. */
int mts_encoder_table(EncoderReader *r, const float **out, const char *name, size_t rows, size_t cols); /* its weight */
int mts_encoder_norm(EncoderReader *r, MtsNorm *norm, long index, const char *name, size_t width);
int mts_encoder_dense(EncoderReader *r, MtsDense *dense, long index, const char *name, size_t rows, size_t cols,
                      bool bias);

void mts_floats_free(const float *floats);
void mts_norm_free(MtsNorm *norm);
void mts_dense_free(MtsDense *dense);

#endif
