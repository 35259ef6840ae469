/* tokenizer/bpe.c - see bpe.h.
 *
 * A word starts as its bytes; of all neighbouring pairs in the list of merges, the one that stands earliest in it is
 * joined, the leftmost among equals, until none is left (Sennrich, Haddow and Birch 2016, on bytes as GPT-2 does it).
 * The list is kept as a hash table from two token ids to rank and joined token, so that nothing is compared as text. */
#include "tokenizer/bpe.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "tokenizer/tokens.h"

#define MERGES "tokenizer.ggml.merges"

static MtsMerge *find_merge(const MtsBpe *bpe, int32_t left, int32_t right)
{
    uint64_t h = ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) * 0x9E3779B97F4A7C15u;
    for (size_t at = (size_t)(h >> 32) & bpe->merge_mask;; at = (at + 1) & bpe->merge_mask) {
        MtsMerge *merge = &bpe->merges[at];
        if (merge->left < 0 || (merge->left == left && merge->right == right)) {
            return merge;
        }
    }
}

static int add_merge(MtsBpe *bpe, const char *path, size_t i, MtsString line, MtsError *err)
{
    char bytes[2 * MTS_TOKEN_MAX], shown[MTS_SHOWN];
    const char *space = line.size > 1 ? memchr(line.data + 1, ' ', line.size - 1) : NULL;
    if (line.size > sizeof bytes || !space) {
        return mts_fail(err, MTS_EFORMAT, "%s: " MERGES "[%zu] is \"%s\", not two tokens with a space between them",
                        path, i, mts_str_show(line, shown));
    }
    size_t head = (size_t)(space - line.data);
    size_t left_size = mts_byte_level_decode(line.data, head, bytes);
    size_t right_size =
        left_size == SIZE_MAX ? SIZE_MAX : mts_byte_level_decode(space + 1, line.size - head - 1, bytes + left_size);
    int32_t left = -1, right = -1, id = -1;
    if (right_size != SIZE_MAX) {
        left = mts_vocab_find(bpe->vocab, bytes, left_size);
        right = mts_vocab_find(bpe->vocab, bytes + left_size, right_size);
        id = mts_vocab_find(bpe->vocab, bytes, left_size + right_size);
    }
    if (left < 0 || right < 0 || id < 0) {
        return MTS_OK; /* a merge of or into what is no token can never come up; files have such lines */
    }
    MtsMerge *merge = find_merge(bpe, left, right);
    if (merge->left < 0) { /* a repeated line changes nothing: its first place counts */
        *merge = (MtsMerge){left, right, (uint32_t)i, id};
    }
    return MTS_OK;
}

int mts_bpe_load(MtsBpe *bpe, const MtsGguf *gguf, const MtsVocab *vocab, MtsError *err)
{
    const char *path = mts_gguf_path(gguf);
    memset(bpe, 0, sizeof *bpe);
    bpe->vocab = vocab;
    int rc = mts_split_new(&bpe->split, gguf, err);
    if (rc) {
        return rc;
    }
    const MtsGgufValue *lines = mts_gguf_find(gguf, MERGES);
    if (!lines || mts_gguf_type(lines) != MTS_GGUF_ARRAY || mts_gguf_array_type(lines) != MTS_GGUF_STRING ||
        mts_gguf_array_count(lines) > UINT32_MAX) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: metadata key \"" MERGES "\" is %s", path,
                      lines ? "no array of strings" : "missing");
        goto fail;
    }
    size_t count = mts_gguf_array_count(lines), slots = 16;
    while (slots / 4 * 3 < count) {
        slots *= 2;
    }
    bpe->merges = mts_calloc(slots, sizeof *bpe->merges);
    bpe->merge_mask = slots - 1;
    if (!bpe->merges) {
        rc = mts_fail(err, MTS_ENOMEM, "%s: no memory for %zu merges", path, count);
        goto fail;
    }
    for (size_t i = 0; i < slots; i++) {
        bpe->merges[i].left = -1;
    }
    for (size_t i = 0; i < count && !rc; i++) {
        MtsString line = {NULL, 0};
        mts_gguf_string(lines, i, &line);
        rc = add_merge(bpe, path, i, line, err);
    }
fail:
    if (rc) {
        mts_bpe_free(bpe);
    }
    return rc;
}

void mts_bpe_free(MtsBpe *bpe)
{
    mts_split_free(&bpe->split);
    free(bpe->merges);
    memset(bpe, 0, sizeof *bpe);
}

static bool pair_rule(const void *rules, const char *text, const MtsSymbol *left, const MtsSymbol *right,
                      uint32_t *rank, int32_t *id)
{
    (void)text;
    const MtsMerge *merge = find_merge(rules, left->id, right->id);
    *rank = merge->rank;
    *id = merge->id;
    return merge->left >= 0;
}

/* The working memory of one text, grown to its longest word. */
typedef struct Work {
    MtsSymbol *symbols;
    size_t cap;
    MtsHeap heap;
} Work;

static int encode_word(const MtsBpe *bpe, const char *word, size_t size, Work *work, MtsTokens *tokens, MtsError *err)
{
    if (mts_split_ignores_merges(bpe->split)) {
        int32_t whole = size <= MTS_TOKEN_MAX ? mts_vocab_find(bpe->vocab, word, size) : -1;
        if (whole >= 0) {
            return mts_tokens_push(tokens, whole, err);
        }
    }
    if (!mts_grow(&work->symbols, &work->cap, size, sizeof *work->symbols)) {
        return mts_fail(err, MTS_ENOMEM, "no memory for the tokens of a word of %zu bytes", size);
    }
    size_t count = 0;
    for (size_t i = 0; i < size; i++) {
        int32_t id = bpe->vocab->byte_token[(unsigned char)word[i]];
        work->symbols[count++] = (MtsSymbol){(uint32_t)i, 1, 0, 0, id};
    }
    if (!mts_merge(work->symbols, count, word, pair_rule, bpe, &work->heap)) {
        return mts_fail(err, MTS_ENOMEM, "no memory for the tokens of a word of %zu bytes", size);
    }
    int rc = MTS_OK;
    for (size_t i = 0; i < count && !rc; i++) {
        if (work->symbols[i].size > 0 && work->symbols[i].id >= 0) {
            rc = mts_tokens_push(tokens, work->symbols[i].id, err);
        }
    }
    return rc;
}

int mts_bpe_encode(const MtsBpe *bpe, const char *text, size_t size, MtsTokens *tokens, MtsError *err)
{
    Work work = {NULL, 0, {NULL, 0, 0}};
    MtsSplitter *words;
    int rc = mts_splitter_new(&words, bpe->split, text, size, err);
    while (!rc) {
        size_t start, length;
        rc = mts_splitter_next(words, &start, &length, err);
        if (rc || length == 0) {
            break;
        }
        rc = encode_word(bpe, text + start, length, &work, tokens, err);
    }
    mts_splitter_free(&words);
    free(work.symbols);
    mts_heap_free(&work.heap);
    return rc;
}
