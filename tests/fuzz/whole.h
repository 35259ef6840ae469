/* tests/fuzz/whole.h - takes the bytes of a model file, whatever they are, through the whole program: the reader and
 * all that it hands out, the tokenizer, the chat template, the model, a short forward pass. */
#ifndef MTS_TESTS_WHOLE_H
#define MTS_TESTS_WHOLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <maxts/model.h>
#include <maxts/tokenizer.h>

#include "core/mem.h"
#include "encoder/encoder.h"
#include "gguf/gguf.h"

/* How far a file came. A failure at any stage must leave one sentence; whole_run() aborts when it does not. */
typedef enum Whole { WHOLE_REFUSED, WHOLE_READ, WHOLE_RAN } Whole;

static inline void whole_check_sentence(int rc, const MtsError *err)
{
    size_t n = strlen(err->text);
    if (rc >= 0 || err->code != rc || n == 0 || strchr(err->text, '\n') || err->text[n - 1] == '.') {
        fprintf(stderr, "code %d with the sentence \"%s\" of code %d\n", rc, err->text, err->code);
        abort();
    }
}

/* Reads every value and every tensor's first and last byte, so that a view outside the file is an error here. */
static inline unsigned whole_touch(const MtsGguf *gguf)
{
    unsigned sum = 0;
    for (size_t i = 0; i < mts_gguf_key_count(gguf); i++) {
        const MtsGgufValue *value;
        MtsString s = mts_gguf_key_at(gguf, i, &value);
        sum += (unsigned char)s.data[s.size - 1];
        size_t n = mts_gguf_type(value) == MTS_GGUF_ARRAY ? mts_gguf_array_count(value) : 1;
        for (size_t k = 0; k < n; k++) {
            double real;
            bool truth;
            if (mts_gguf_real(value, k, &real)) {
                sum += real > 0;
            } else if (mts_gguf_bool(value, k, &truth)) {
                sum += truth;
            } else if (mts_gguf_string(value, k, &s) && s.size > 0) {
                sum += (unsigned char)s.data[0] + (unsigned char)s.data[s.size - 1];
            }
        }
    }
    for (size_t i = 0; i < mts_gguf_tensor_count(gguf); i++) {
        const MtsTensor *t = mts_gguf_tensor_at(gguf, i);
        const unsigned char *p = t->data;
        sum += p[0] + p[t->bytes - 1];
    }
    return sum;
}

static inline void whole_tokenizer(const char *path, MtsError *err)
{
    static const char text[] = "<|im_start|>It rises: 1, 22, 333.\n\t Na\xC3\xAFve \xE2\x9C\x93<end_of_turn>";
    MtsTokenizer *tokenizer = NULL;
    int rc = mts_tokenizer_open(&tokenizer, path, err);
    if (rc != MTS_OK) {
        whole_check_sentence(rc, err);
        return;
    }
    MtsTokens tokens = {0};
    char *back = NULL, *prompt = NULL;
    if ((rc = mts_tokenize(tokenizer, text, sizeof text - 1, true, true, &tokens, err)) != MTS_OK ||
        (rc = mts_detokenize(tokenizer, tokens.ids, tokens.count, false, &back, NULL, err)) != MTS_OK) {
        whole_check_sentence(rc, err);
    }
    if ((rc = mts_chat_prompt(tokenizer, "Be brief.", "Hello", &prompt, err)) != MTS_OK) {
        whole_check_sentence(rc, err);
    }
    free(prompt);
    free(back);
    mts_tokens_free(&tokens);
    mts_tokenizer_free(&tokenizer);
}

/* Three rows to look at, where the model looks at any. */
static inline int whole_look(MtsSession *session, const MtsModel *model, MtsError *err)
{
    static const size_t marks[] = {1, 3};
    MtsModelInfo info;
    mts_model_info(model, &info);
    float *rows = mts_calloc(3, info.media_width * sizeof *rows);
    const MtsMedia media = {.rows = rows, .count = 3, .marks = marks, .mark_count = 2};
    int rc = rows && info.media_width ? mts_session_look(session, &media, err) : MTS_OK;
    free(rows);
    return rc;
}

/* Five positions in two steps, the second for two branches of the first. */
static inline bool whole_forward(const char *path, bool exact, MtsError *err)
{
    static const int32_t ids[3] = {1, 0, 2};
    MtsModel *model = NULL;
    MtsSession *session = NULL;
    MtsModelOptions options = {.exact = exact, .threads = 1};
    MtsSessionOptions session_options = {.kv_tokens = 64, .max_batch = 8, .threads = 1};
    MtsExtend first = {.tokens = ids, .count = 3, .wanted = MTS_LOGITS_LAST}, two[2] = {{0}, {0}};
    bool ran = false;
    int rc = mts_model_open(&model, path, &options, err);
    if (rc == MTS_OK) {
        rc = mts_session_new(&session, model, &session_options, err);
    }
    if (rc == MTS_OK) {
        rc = whole_look(session, model, err);
    }
    if (rc == MTS_OK && (rc = mts_session_extend(session, &first, 1, err)) == MTS_OK) {
        for (int i = 0; i < 2; i++) {
            two[i] = (MtsExtend){.prefix = first.branch, .tokens = ids + i, .count = 1, .wanted = MTS_LOGITS_ALL};
        }
        rc = mts_session_extend(session, two, 2, err);
        ran = rc == MTS_OK;
    }
    if (rc != MTS_OK) {
        whole_check_sentence(rc, err);
    }
    mts_branch_release(&two[0].branch);
    mts_branch_release(&two[1].branch);
    mts_branch_release(&first.branch);
    mts_session_free(&session);
    mts_model_free(&model);
    return ran;
}

/* The encoder of series where the file says that it has one, and what it makes of a short series. */
static inline void whole_encoder(const MtsGguf *gguf, MtsError *err)
{
    static const float values[5] = {0, 1, -2, 3e30F, 0.5F};
    const MtsTensor *t = mts_gguf_tensor(gguf, "opentslm.projector.bias");
    MtsEncoder *encoder = NULL;
    MtsKernels kernels;
    mts_kernels_init(&kernels, 0);
    int rc = mts_encoder_read(&encoder, gguf, t ? t->shape[0] : 1, &kernels, 1, err);
    if (encoder) {
        float *rows = mts_calloc(mts_encoder_rows(encoder, 5), encoder->rows_width * sizeof *rows);
        rc = rows ? mts_encoder_run(encoder, values, 5, rows, err) : MTS_OK;
        const MtsResampler *p = encoder->resampler;
        float *latents = p ? mts_calloc(p->latents, p->width * sizeof *latents) : NULL;
        if (!rc && rows && latents) {
            rc = mts_resampler_run(p, &kernels, 1, rows, mts_encoder_rows(encoder, 5), latents, err);
        }
        free(latents);
        free(rows);
    }
    if (rc) {
        whole_check_sentence(rc, err);
    }
    mts_encoder_free(&encoder);
}

/* `path` holds the `size` bytes at data, which are aligned to MTS_ALIGN. */
static inline Whole whole_run(const char *path, const void *data, size_t size, bool exact, MtsError *err)
{
    MtsGguf *gguf = NULL;
    int rc = mts_gguf_open_memory(&gguf, path, data, size, err);
    if (rc != MTS_OK) {
        whole_check_sentence(rc, err);
        return WHOLE_REFUSED;
    }
    volatile unsigned sink = whole_touch(gguf);
    (void)sink;
    whole_encoder(gguf, err);
    mts_gguf_free(&gguf);
    whole_tokenizer(path, err);
    return whole_forward(path, exact, err) ? WHOLE_RAN : WHOLE_READ;
}

/* Writes the file anew. (Removed first: some file systems flush a file to disk that is cut and written again.) */
static inline void whole_write(const char *path, const void *data, size_t size)
{
    remove(path);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, size, f) != size || fclose(f) != 0) {
        perror(path);
        abort();
    }
}

#endif
