/* encoder/tensors.c - see tensors.h. */
#include "encoder/tensors.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "core/mem.h"

int mts_encoder_size(EncoderReader *r, const char *key, size_t most, size_t *out)
{
    snprintf(r->name, sizeof r->name, MTS_ENCODER_PREFIX "%s", key);
    return mts_gguf_get_size(r->gguf, r->name, true, 1, most, 0, out, r->err);
}

/* A tensor of `rows` x `cols` numbers (rows 0: one row without a second dimension); NULL with a sentence. */
static const MtsTensor *find(EncoderReader *r, long index, const char *name, const char *part, size_t rows, size_t cols)
{
    if (index < 0) {
        snprintf(r->name, sizeof r->name, MTS_ENCODER_PREFIX "%s.%s", name, part);
    } else {
        snprintf(r->name, sizeof r->name, MTS_ENCODER_PREFIX "%s.%ld.%s.%s", r->group, index, name, part);
    }
    const MtsTensor *t = mts_gguf_tensor(r->gguf, r->name);
    if (!t) {
        (void)mts_fail(r->err, MTS_EFORMAT, "%s: tensor %s is missing", mts_gguf_path(r->gguf), r->name);
        return NULL;
    }
    if (t->dims != (rows ? 2 : 1) || t->shape[0] != cols || (rows && t->shape[1] != rows)) {
        (void)mts_fail(r->err, MTS_EFORMAT, "%s: tensor %s has %d dimensions, %zu x %zu; the metadata says %zu x %zu",
                       mts_gguf_path(r->gguf), r->name, t->dims, t->shape[0], t->shape[1], cols, rows ? rows : 1);
        return NULL;
    }
    r->taken++;
    return t;
}

static int no_memory(EncoderReader *r)
{
    return mts_fail(r->err, MTS_ENOMEM, "%s: no memory for tensor %s", mts_gguf_path(r->gguf), r->name);
}

/* The numbers of a tensor, which are finite. */
static int take_numbers(EncoderReader *r, const MtsTensor *t, const float **out)
{
    float *numbers = mts_aligned_calloc(t->elements, sizeof *numbers);
    *out = numbers;
    if (!numbers) {
        return no_memory(r);
    }
    mts_dequantize(t->type, t->data, numbers, t->elements);
    for (size_t i = 0; i < t->elements; i++) {
        if (!isfinite(numbers[i])) {
            return mts_fail(r->err, MTS_EFORMAT, "%s: tensor %s holds %g", mts_gguf_path(r->gguf), r->name,
                            (double)numbers[i]);
        }
    }
    return MTS_OK;
}

static int take_vector(EncoderReader *r, const float **out, long index, const char *name, const char *part, size_t n)
{
    const MtsTensor *t = find(r, index, name, part, 0, n);
    return t ? take_numbers(r, t, out) : MTS_EFORMAT;
}

int mts_encoder_table(EncoderReader *r, const float **out, const char *name, size_t rows, size_t cols)
{
    const MtsTensor *t = find(r, -1, name, "weight", rows, cols);
    return t ? take_numbers(r, t, out) : MTS_EFORMAT;
}

int mts_encoder_norm(EncoderReader *r, MtsNorm *norm, long index, const char *name, size_t width)
{
    int rc = take_vector(r, &norm->weight, index, name, "weight", width);
    return rc ? rc : take_vector(r, &norm->bias, index, name, "bias", width);
}

int mts_encoder_dense(EncoderReader *r, MtsDense *dense, long index, const char *name, size_t rows, size_t cols,
                      bool bias)
{
    const MtsTensor *t = find(r, index, name, "weight", rows, cols);
    if (!t) {
        return MTS_EFORMAT;
    }
    size_t bytes = mts_weights_plan(&dense->weights, t->type, rows, cols);
    dense->weights.data = bytes ? mts_aligned_calloc(bytes, 1) : NULL;
    if (!dense->weights.data) {
        return no_memory(r);
    }
    mts_pack(&dense->weights, 0, dense->weights.groups, t->data);
    return bias ? take_vector(r, &dense->bias, index, name, "bias", rows) : MTS_OK;
}

void mts_floats_free(const float *floats)
{
    mts_aligned_free((void *)(uintptr_t)floats);
}

void mts_norm_free(MtsNorm *norm)
{
    mts_floats_free(norm->weight);
    mts_floats_free(norm->bias);
}

void mts_dense_free(MtsDense *dense)
{
    mts_aligned_free(dense->weights.data);
    mts_floats_free(dense->bias);
}
