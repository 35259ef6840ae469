/* encoder/encoder_file.c - an encoder out of a GGUF file.
 *
 * Sizes stand in the metadata; every tensor is compared with them, and one that begins with "opentslm." and is none of
 * the encoder's is an error, as it would change what the model computes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "encoder/encoder.h"

static const char PREFIX[] = "opentslm.";

enum { MOST_BLOCKS = 1024, MOST_WIDTH = 1 << 20, MOST_PATCH = 4096, MOST_PLACES = 1 << 24 };

typedef struct EncoderReader {
    MtsEncoder *encoder;
    const MtsGguf *gguf;
    MtsError *err;
    char name[64];
    size_t taken; /* tensors */
} EncoderReader;

bool mts_encoder_owns(MtsString name)
{
    return name.size >= sizeof PREFIX - 1 && memcmp(name.data, PREFIX, sizeof PREFIX - 1) == 0;
}

/* ---- tensors ---- */

/* "opentslm.<name>.<part>", or "opentslm.blk.<block>.<name>.<part>" of a block, of `rows` x `cols` numbers (rows 0: one
 * row without a second dimension); NULL with a sentence. */
static const MtsTensor *find(EncoderReader *r, long block, const char *name, const char *part, size_t rows, size_t cols)
{
    if (block < 0) {
        snprintf(r->name, sizeof r->name, "%s%s.%s", PREFIX, name, part);
    } else {
        snprintf(r->name, sizeof r->name, "%sblk.%ld.%s.%s", PREFIX, block, name, part);
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
static int take_numbers(EncoderReader *r, const MtsTensor *t, float **out)
{
    *out = mts_aligned_calloc(t->elements, sizeof **out);
    if (!*out) {
        return no_memory(r);
    }
    mts_dequantize(t->type, t->data, *out, t->elements);
    for (size_t i = 0; i < t->elements; i++) {
        if (!isfinite((*out)[i])) {
            return mts_fail(r->err, MTS_EFORMAT, "%s: tensor %s holds %g", mts_gguf_path(r->gguf), r->name,
                            (double)(*out)[i]);
        }
    }
    return MTS_OK;
}

static int take_vector(EncoderReader *r, float **out, long block, const char *name, const char *part, size_t n)
{
    const MtsTensor *t = find(r, block, name, part, 0, n);
    return t ? take_numbers(r, t, out) : MTS_EFORMAT;
}

static int take_norm(EncoderReader *r, MtsNorm *norm, long block, const char *name, size_t n)
{
    int rc = take_vector(r, &norm->weight, block, name, "weight", n);
    return rc ? rc : take_vector(r, &norm->bias, block, name, "bias", n);
}

static int take_dense(EncoderReader *r, MtsDense *dense, long block, const char *name, size_t rows, size_t cols,
                      bool bias)
{
    const MtsTensor *t = find(r, block, name, "weight", rows, cols);
    if (!t) {
        return MTS_EFORMAT;
    }
    size_t bytes = mts_weights_plan(&dense->weights, t->type, rows, cols);
    dense->weights.data = bytes ? mts_aligned_calloc(bytes, 1) : NULL;
    if (!dense->weights.data) {
        return no_memory(r);
    }
    mts_pack(&dense->weights, 0, dense->weights.groups, t->data);
    return bias ? take_vector(r, &dense->bias, block, name, "bias", rows) : MTS_OK;
}

/* ---- the whole ---- */

static int read_size(EncoderReader *r, const char *key, size_t most, size_t *out)
{
    snprintf(r->name, sizeof r->name, "%s%s", PREFIX, key);
    return mts_gguf_get_size(r->gguf, r->name, true, 1, most, 0, out, r->err);
}

static int read_sizes(EncoderReader *r)
{
    MtsEncoder *e = r->encoder;
    MtsString kind;
    double epsilon;
    int rc;
    if ((rc = mts_gguf_get_string(r->gguf, "opentslm.kind", true, &kind, r->err))) {
        return rc;
    }
    if (!mts_str_is(kind, "soft-prompt")) {
        char shown[MTS_SHOWN];
        return mts_fail(r->err, MTS_EUNSUPPORTED, "%s: opentslm.kind is '%s'; this program knows soft-prompt",
                        mts_gguf_path(r->gguf), mts_str_show(kind, shown));
    }
    if ((rc = read_size(r, "patch_length", MOST_PATCH, &e->patch)) ||
        (rc = read_size(r, "embedding_length", MOST_WIDTH, &e->width)) ||
        (rc = read_size(r, "context_length", MOST_PLACES, &e->places)) ||
        (rc = read_size(r, "feed_forward_length", MOST_WIDTH, &e->ffn)) ||
        (rc = read_size(r, "block_count", MOST_BLOCKS, &e->block_count)) ||
        (rc = read_size(r, "attention.head_count", e->width, &e->heads)) ||
        (rc = mts_gguf_get_real(r->gguf, "opentslm.attention.layer_norm_epsilon", true, 0, 1, 0, &epsilon, r->err))) {
        return rc;
    }
    e->epsilon = (float)epsilon;
    return e->width % e->heads
               ? mts_fail(r->err, MTS_EFORMAT, "%s: opentslm.embedding_length %zu is no multiple of %zu heads",
                          mts_gguf_path(r->gguf), e->width, e->heads)
               : MTS_OK;
}

static int read_block(EncoderReader *r, size_t index)
{
    MtsEncoder *e = r->encoder;
    MtsEncoderBlock *b = &e->blocks[index];
    long i = (long)index;
    int rc;
    if ((rc = take_dense(r, &b->qkv, i, "attn_qkv", 3 * e->width, e->width, true)) ||
        (rc = take_dense(r, &b->out, i, "attn_output", e->width, e->width, true)) ||
        (rc = take_norm(r, &b->after_attention, i, "attn_norm", e->width)) ||
        (rc = take_dense(r, &b->up, i, "ffn_up", e->ffn, e->width, true)) ||
        (rc = take_dense(r, &b->down, i, "ffn_down", e->width, e->ffn, true)) ||
        (rc = take_norm(r, &b->after_ffn, i, "ffn_norm", e->width))) {
        return rc;
    }
    return MTS_OK;
}

static int read_tensors(EncoderReader *r)
{
    MtsEncoder *e = r->encoder;
    int rc;
    e->blocks = mts_calloc(e->block_count, sizeof *e->blocks);
    if (!e->blocks) {
        return mts_fail(r->err, MTS_ENOMEM, "%s: no memory for an encoder", mts_gguf_path(r->gguf));
    }
    const MtsTensor *places;
    if ((rc = take_dense(r, &e->patches, -1, "patch_embd", e->width, e->patch, false))) {
        return rc;
    }
    if (!(places = find(r, -1, "position_embd", "weight", e->places, e->width))) {
        return MTS_EFORMAT;
    }
    if ((rc = take_numbers(r, places, &e->places_row)) || (rc = take_norm(r, &e->input, -1, "input_norm", e->width)) ||
        (rc = take_norm(r, &e->before_projection, -1, "projector_norm", e->width)) ||
        (rc = take_dense(r, &e->projector, -1, "projector", e->rows_width, e->width, true))) {
        return rc;
    }
    for (size_t i = 0; i < e->block_count; i++) {
        if ((rc = read_block(r, i))) {
            return rc;
        }
    }
    return MTS_OK;
}

/* Of the tensors that are an encoder's, how many there are, or the first that was not taken. */
static int check_all_taken(EncoderReader *r)
{
    size_t owned = 0;
    for (size_t i = 0; i < mts_gguf_tensor_count(r->gguf); i++) {
        owned += mts_encoder_owns(mts_gguf_tensor_at(r->gguf, i)->name);
    }
    return owned == r->taken ? MTS_OK
                             : mts_fail(r->err, MTS_EUNSUPPORTED,
                                        "%s: %zu of its tensors begin with opentslm.; an encoder as the metadata says "
                                        "has %zu",
                                        mts_gguf_path(r->gguf), owned, r->taken);
}

static bool has_encoder(const MtsGguf *gguf)
{
    bool found = mts_gguf_find(gguf, "opentslm.kind") != NULL;
    for (size_t i = 0; i < mts_gguf_tensor_count(gguf) && !found; i++) {
        found = mts_encoder_owns(mts_gguf_tensor_at(gguf, i)->name);
    }
    return found;
}

int mts_encoder_read(MtsEncoder **encoder, const MtsGguf *gguf, size_t rows_width, const MtsKernels *kernels,
                     int threads, MtsError *err)
{
    *encoder = NULL;
    if (!has_encoder(gguf)) {
        return MTS_OK;
    }
    MtsEncoder *e = mts_calloc(1, sizeof *e);
    if (!e) {
        return mts_fail(err, MTS_ENOMEM, "%s: no memory for an encoder", mts_gguf_path(gguf));
    }
    e->kernels = kernels;
    e->threads = threads;
    e->rows_width = rows_width;
    EncoderReader r = {.encoder = e, .gguf = gguf, .err = err};
    int rc;
    if ((rc = read_sizes(&r)) || (rc = read_tensors(&r)) || (rc = check_all_taken(&r))) {
        mts_encoder_free(&e);
    }
    *encoder = e;
    return rc;
}

static void free_norm(MtsNorm *norm)
{
    mts_aligned_free(norm->weight);
    mts_aligned_free(norm->bias);
}

static void free_dense(MtsDense *dense)
{
    mts_aligned_free(dense->weights.data);
    mts_aligned_free(dense->bias);
}

void mts_encoder_free(MtsEncoder **encoder)
{
    MtsEncoder *e = *encoder;
    if (!e) {
        return;
    }
    for (size_t i = 0; e->blocks && i < e->block_count; i++) {
        MtsEncoderBlock *b = &e->blocks[i];
        free_dense(&b->qkv);
        free_dense(&b->out);
        free_dense(&b->up);
        free_dense(&b->down);
        free_norm(&b->after_attention);
        free_norm(&b->after_ffn);
    }
    free(e->blocks);
    free_dense(&e->patches);
    mts_aligned_free(e->places_row);
    free_norm(&e->input);
    free_norm(&e->before_projection);
    free_dense(&e->projector);
    free(e);
    *encoder = NULL;
}
