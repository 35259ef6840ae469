/* tokenizer/spm.c - see spm.h.
 *
 * The text starts as its characters; of all neighbouring pairs that make a token, the one of the highest score is
 * joined, the leftmost among equals, until none is left (Kudo and Richardson 2018, in its BPE mode). There are no
 * words: a pair may reach across a space. A character that is no token at the end becomes the tokens of its UTF-8
 * bytes. The character U+2581, which stands for the space in the file, is a space in the text, too. */
#include "tokenizer/spm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/utf8.h"
#include "tokenizer/tokens.h"

#define SCORES "tokenizer.ggml.scores"

/* A finite score to a number that is lower the higher the score: the bits of a float sort like the float when the sign
 * bit is flipped for positive and all bits for negative ones; all of that inverted. */
static uint32_t rank_of_score(float score)
{
    uint32_t bits;
    score += 0.0f; /* -0 and 0 are equal */
    memcpy(&bits, &score, sizeof bits);
    bits ^= bits >> 31 ? 0xFFFFFFFFu : 0x80000000u;
    return ~bits;
}

int mts_spm_load(MtsSpm *spm, const MtsGguf *gguf, const MtsVocab *vocab, int32_t unknown, MtsError *err)
{
    const char *path = mts_gguf_path(gguf);
    memset(spm, 0, sizeof *spm);
    for (int byte = 0; byte < 256 && unknown < 0; byte++) {
        if (vocab->byte_token[byte] < 0) {
            return mts_fail(err, MTS_EFORMAT,
                            "%s: tokenizer.ggml.tokens has neither an unknown token nor one for byte 0x%02X", path,
                            (unsigned)byte);
        }
    }
    const MtsGgufValue *scores = mts_gguf_find(gguf, SCORES);
    if (!scores || mts_gguf_array_count(scores) != vocab->count) {
        return mts_fail(err, MTS_EFORMAT, "%s: " SCORES " has %zu elements, tokenizer.ggml.tokens %zu", path,
                        scores ? mts_gguf_array_count(scores) : 0, vocab->count);
    }
    spm->vocab = vocab;
    spm->unknown = unknown;
    spm->rank = mts_calloc(vocab->count, sizeof *spm->rank);
    if (!spm->rank) {
        return mts_fail(err, MTS_ENOMEM, "%s: no memory for %zu scores", path, vocab->count);
    }
    for (size_t i = 0; i < vocab->count; i++) {
        double score;
        if (!mts_gguf_real(scores, i, &score) || !isfinite((float)score)) {
            mts_spm_free(spm);
            return mts_fail(err, MTS_EFORMAT, "%s: " SCORES "[%zu] is no finite number", path, i);
        }
        spm->rank[i] = rank_of_score((float)score);
    }
    return MTS_OK;
}

void mts_spm_free(MtsSpm *spm)
{
    free(spm->rank);
    memset(spm, 0, sizeof *spm);
}

static bool pair_rule(const void *rules, const char *text, const MtsSymbol *left, const MtsSymbol *right,
                      uint32_t *rank, int32_t *id)
{
    const MtsSpm *spm = rules;
    size_t size = (size_t)left->size + right->size;
    if (size > MTS_TOKEN_MAX) {
        return false;
    }
    *id = mts_vocab_find(spm->vocab, text + left->start, size);
    if (*id < 0) {
        return false;
    }
    *rank = spm->rank[*id];
    return true;
}

/* The text with a space for each U+2581, and one before it where asked for. */
static bool normalise(const char *text, size_t size, bool space_prefix, MtsBytes *out)
{
    bool fits = !space_prefix || mts_bytes_append(out, " ", 1);
    size_t begin = 0;
    for (size_t at = 0; at < size && fits; at++) {
        if (text[at] == '\xE2' && size - at >= 3 && memcmp(text + at, "\xE2\x96\x81", 3) == 0) {
            fits = mts_bytes_append(out, text + begin, at - begin) && mts_bytes_append(out, " ", 1);
            at += 2;
            begin = at + 1;
        }
    }
    return fits && mts_bytes_append(out, text + begin, size - begin);
}

/* A character that is no token: its bytes; of a space, those of the U+2581 that the file would have. */
static int push_bytes(const MtsSpm *spm, const char *text, size_t size, MtsTokens *tokens, MtsError *err)
{
    bool space = size == 1 && text[0] == ' ';
    const char *bytes = space ? "\xE2\x96\x81" : text;
    int rc = MTS_OK;
    for (size_t i = 0; i < (space ? 3 : size) && !rc; i++) {
        int32_t id = spm->vocab->byte_token[(unsigned char)bytes[i]];
        rc = mts_tokens_push(tokens, id >= 0 ? id : spm->unknown, err);
    }
    return rc;
}

int mts_spm_encode(const MtsSpm *spm, const char *text, size_t size, bool space_prefix, MtsTokens *tokens,
                   MtsError *err)
{
    MtsBytes normal = {NULL, 0, 0};
    MtsHeap heap = {NULL, 0, 0};
    MtsSymbol *symbols = NULL;
    size_t count = 0, cap = 0;
    int rc = MTS_OK;
    if (!normalise(text, size, space_prefix, &normal) || !mts_grow(&symbols, &cap, normal.len, sizeof *symbols)) {
        rc = MTS_ENOMEM;
        goto done;
    }
    for (size_t at = 0; at < normal.len;) {
        uint32_t code = 0;
        size_t length = mts_utf8_decode(normal.data + at, normal.len - at, &code);
        int32_t id = mts_vocab_find(spm->vocab, normal.data + at, length);
        symbols[count++] = (MtsSymbol){(uint32_t)at, (uint32_t)length, 0, 0, id};
        at += length;
    }
    if (!mts_merge(symbols, count, normal.data, pair_rule, spm, &heap)) {
        rc = MTS_ENOMEM;
        goto done;
    }
    for (size_t i = 0; i < count && !rc; i++) {
        const MtsSymbol *symbol = &symbols[i];
        if (symbol->size > 0) {
            rc = symbol->id >= 0 ? mts_tokens_push(tokens, symbol->id, err)
                                 : push_bytes(spm, normal.data + symbol->start, symbol->size, tokens, err);
        }
    }
done:
    if (rc == MTS_ENOMEM) {
        mts_fail(err, MTS_ENOMEM, "no memory for the tokens of a text of %zu bytes", size);
    }
    free(symbols);
    mts_heap_free(&heap);
    mts_bytes_free(&normal);
    return rc;
}
