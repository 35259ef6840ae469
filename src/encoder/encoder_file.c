/* encoder/encoder_file.c - an encoder out of a GGUF file.
 *
 * Sizes stand in the metadata; every tensor is compared with them, and one that begins with "opentslm." and is none of
 * the encoder's is an error, as it would change what the model computes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "encoder/encoder.h"

static const char PREFIX[] = MTS_ENCODER_PREFIX;

enum { MOST_BLOCKS = 1024, MOST_WIDTH = 1 << 20, MOST_PATCH = 4096, MOST_PLACES = 1 << 24 };

bool mts_encoder_owns(MtsString name)
{
    return name.size >= sizeof PREFIX - 1 && memcmp(name.data, PREFIX, sizeof PREFIX - 1) == 0;
}

static const char *const kinds[] = {"soft-prompt", "flamingo"};

static int read_kind(EncoderReader *r, bool *flamingo)
{
    MtsString kind;
    char shown[MTS_SHOWN];
    int rc = mts_gguf_get_string(r->gguf, MTS_ENCODER_PREFIX "kind", true, &kind, r->err);
    if (rc) {
        return rc;
    }
    *flamingo = mts_str_is(kind, kinds[1]);
    return *flamingo || mts_str_is(kind, kinds[0])
               ? MTS_OK
               : mts_fail(r->err, MTS_EUNSUPPORTED, "%s: opentslm.kind is '%s'; this program knows %s and %s",
                          mts_gguf_path(r->gguf), mts_str_show(kind, shown), kinds[0], kinds[1]);
}

/* What both kinds have: rows of patches at their places. */
static int read_patches(MtsEncoder *e, EncoderReader *r)
{
    double epsilon;
    int rc;
    if ((rc = mts_encoder_size(r, "patch_length", MOST_PATCH, &e->patch)) ||
        (rc = mts_encoder_size(r, "embedding_length", MOST_WIDTH, &e->width)) ||
        (rc = mts_encoder_size(r, "context_length", MOST_PLACES, &e->places)) ||
        (rc = mts_gguf_get_real(r->gguf, MTS_ENCODER_PREFIX "attention.layer_norm_epsilon", true, 0, 1, 0, &epsilon,
                                r->err))) {
        return rc;
    }
    e->epsilon = (float)epsilon;
    if ((rc = mts_encoder_dense(r, &e->patches, -1, "patch_embd", e->width, e->patch, false)) ||
        (rc = mts_encoder_table(r, &e->places_row, "position_embd", e->places, e->width)) ||
        (rc = mts_encoder_norm(r, &e->input, -1, "input_norm", e->width))) {
        return rc;
    }
    return MTS_OK;
}

static int read_block(MtsEncoder *e, EncoderReader *r, long i)
{
    MtsEncoderBlock *b = &e->blocks[i];
    int rc;
    if ((rc = mts_encoder_dense(r, &b->qkv, i, "attn_qkv", 3 * e->width, e->width, true)) ||
        (rc = mts_encoder_dense(r, &b->out, i, "attn_output", e->width, e->width, true)) ||
        (rc = mts_encoder_norm(r, &b->after_attention, i, "attn_norm", e->width)) ||
        (rc = mts_encoder_dense(r, &b->up, i, "ffn_up", e->ffn, e->width, true)) ||
        (rc = mts_encoder_dense(r, &b->down, i, "ffn_down", e->width, e->ffn, true)) ||
        (rc = mts_encoder_norm(r, &b->after_ffn, i, "ffn_norm", e->width))) {
        return rc;
    }
    return MTS_OK;
}

/* Blocks and projector: rows as wide as the language model's. */
static int read_transformer(MtsEncoder *e, EncoderReader *r, size_t rows_width)
{
    int rc;
    e->rows_width = rows_width;
    if ((rc = mts_encoder_size(r, "feed_forward_length", MOST_WIDTH, &e->ffn)) ||
        (rc = mts_encoder_size(r, "block_count", MOST_BLOCKS, &e->block_count)) ||
        (rc = mts_encoder_size(r, "attention.head_count", e->width, &e->heads)) ||
        (rc = mts_encoder_norm(r, &e->before_projection, -1, "projector_norm", e->width)) ||
        (rc = mts_encoder_dense(r, &e->projector, -1, "projector", e->rows_width, e->width, true))) {
        return rc;
    }
    if (e->width % e->heads) {
        return mts_fail(r->err, MTS_EFORMAT, "%s: opentslm.embedding_length %zu is no multiple of %zu heads",
                        mts_gguf_path(r->gguf), e->width, e->heads);
    }
    if (!(e->blocks = mts_calloc(e->block_count, sizeof *e->blocks))) {
        return mts_fail(r->err, MTS_ENOMEM, "%s: no memory for an encoder", mts_gguf_path(r->gguf));
    }
    for (size_t i = 0; i < e->block_count; i++) {
        if ((rc = read_block(e, r, (long)i))) {
            return rc;
        }
    }
    return MTS_OK;
}

static int read_all(MtsEncoder *e, EncoderReader *r, size_t rows_width)
{
    bool flamingo;
    int rc;
    if ((rc = read_kind(r, &flamingo)) || (rc = read_patches(e, r))) {
        return rc;
    }
    if (!flamingo) {
        return read_transformer(e, r, rows_width);
    }
    e->rows_width = e->width;
    if ((rc = mts_encoder_size(r, "media_token_id", INT32_MAX, &e->media_token)) ||
        (rc = mts_encoder_size(r, "chunk_end_token_id", INT32_MAX, &e->chunk_token))) {
        return rc;
    }
    return mts_resampler_read(&e->resampler, r, e->width, e->epsilon);
}

/* Of the tensors that are an encoder's, how many there are, or the first that was not taken. */
static int check_all_taken(const EncoderReader *r)
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
    EncoderReader r = {.gguf = gguf, .err = err, .group = "blk"};
    int rc = read_all(e, &r, rows_width);
    rc = rc ? rc : check_all_taken(&r);
    if (rc) {
        mts_encoder_free(&e);
    }
    *encoder = e;
    return rc;
}

void mts_encoder_free(MtsEncoder **encoder)
{
    MtsEncoder *e = *encoder;
    if (!e) {
        return;
    }
    for (size_t i = 0; e->blocks && i < e->block_count; i++) {
        MtsEncoderBlock *b = &e->blocks[i];
        mts_dense_free(&b->qkv);
        mts_dense_free(&b->out);
        mts_dense_free(&b->up);
        mts_dense_free(&b->down);
        mts_norm_free(&b->after_attention);
        mts_norm_free(&b->after_ffn);
    }
    free(e->blocks);
    mts_resampler_free(&e->resampler);
    mts_dense_free(&e->patches);
    mts_floats_free(e->places_row);
    mts_norm_free(&e->input);
    mts_norm_free(&e->before_projection);
    mts_dense_free(&e->projector);
    free(e);
    *encoder = NULL;
}
