/* tokenizer/tokenizer.c - opening a file's tokenizer; text to ids and ids to text. */
#include "tokenizer/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/mem.h"
#include "core/utf8.h"
#include "tokenizer/tokens.h"

/* Names under which models end a text or a turn, where the file does not say so by number. They count for control
 * tokens only: Gemma has "</s>", the end of struck-out HTML, as a user-defined one. */
static const char *const end_names[] = {
    "</s>",       "<eos>",      "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>",
    "<|im_end|>", "<|eot_id|>", "<|eom_id|>",    "<|end|>",
};

/* A longer text would not fit the 32-bit places of symbols and pairs. */
#define MAX_TEXT ((size_t)INT32_MAX)

/* ---- opening ---- */

/* The id at that key, or `fallback` where it is absent; -1 where the fallback is no token of this vocabulary. */
static int get_id(const MtsGguf *gguf, const char *key, size_t vocab, int32_t fallback, int32_t *id, MtsError *err)
{
    *id = fallback >= 0 && (size_t)fallback < vocab ? fallback : -1;
    if (!mts_gguf_find(gguf, key)) {
        return MTS_OK;
    }
    size_t value;
    int rc = mts_gguf_get_size(gguf, key, true, 0, vocab - 1, 0, &value, err);
    if (!rc) {
        *id = (int32_t)value;
    }
    return rc;
}

static int get_flag(const MtsGguf *gguf, const char *key, bool *flag, MtsError *err)
{
    const MtsGgufValue *value = mts_gguf_find(gguf, key);
    if (value && (mts_gguf_type(value) != MTS_GGUF_BOOL || !mts_gguf_bool(value, 0, flag))) {
        return mts_fail(err, MTS_EFORMAT, "%s: metadata key \"%s\" is no boolean", mts_gguf_path(gguf), key);
    }
    return MTS_OK;
}

static int mark_ends(MtsTokenizer *t, const MtsGguf *gguf, MtsError *err)
{
    t->ends = mts_calloc(t->vocab.count, sizeof *t->ends);
    if (!t->ends) {
        return mts_fail(err, MTS_ENOMEM, "%s: no memory for %zu tokens", mts_gguf_path(gguf), t->vocab.count);
    }
    static const char *const keys[] = {"tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"};
    if (t->eos >= 0) {
        t->ends[t->eos] = true;
    }
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        int32_t id;
        int rc = get_id(gguf, keys[i], t->vocab.count, -1, &id, err);
        if (rc) {
            return rc;
        }
        if (id >= 0) {
            t->ends[id] = true;
        }
    }
    for (size_t i = 0; i < t->specials.count; i++) {
        int32_t id = t->specials.ids[i];
        size_t size;
        const char *bytes = mts_vocab_bytes(&t->vocab, id, &size);
        for (size_t k = 0; k < sizeof end_names / sizeof *end_names; k++) {
            if (t->vocab.kind[id] == MTS_TOKEN_CONTROL && strlen(end_names[k]) == size &&
                memcmp(end_names[k], bytes, size) == 0) {
                t->ends[id] = true;
            }
        }
    }
    return MTS_OK;
}

/* Everything after the vocabulary; what it leaves behind on failure, mts_tokenizer_free() takes. */
static int load_rest(MtsTokenizer *t, const MtsGguf *gguf, MtsError *err)
{
    size_t vocab = t->vocab.count;
    bool spm = !t->byte_level;
    int rc;
    if ((rc = get_id(gguf, "tokenizer.ggml.bos_token_id", vocab, spm ? 1 : -1, &t->bos, err)) ||
        (rc = get_id(gguf, "tokenizer.ggml.eos_token_id", vocab, spm ? 2 : -1, &t->eos, err)) ||
        (rc = get_id(gguf, "tokenizer.ggml.unknown_token_id", vocab, spm ? 0 : -1, &t->unknown, err)) ||
        (rc = spm ? mts_spm_load(&t->spm, gguf, &t->vocab, t->unknown, err)
                  : mts_bpe_load(&t->bpe, gguf, &t->vocab, err)) ||
        (rc = mts_specials_build(&t->specials, &t->vocab, err)) || (rc = mark_ends(t, gguf, err))) {
        return rc;
    }
    t->add_bos = spm || mts_split_adds_bos(t->bpe.split);
    t->space_prefix = spm;
    if ((rc = get_flag(gguf, "tokenizer.ggml.add_bos_token", &t->add_bos, err)) ||
        (rc = get_flag(gguf, "tokenizer.ggml.add_eos_token", &t->add_eos, err)) ||
        (rc = get_flag(gguf, "tokenizer.ggml.add_space_prefix", &t->space_prefix, err))) {
        return rc;
    }
    if ((t->add_bos && t->bos < 0) || (t->add_eos && t->eos < 0)) {
        const char *which = t->add_bos && t->bos < 0 ? "bos" : "eos";
        return mts_fail(err, MTS_EFORMAT,
                        "%s: tokenizer.ggml.add_%s_token is true, but there is no tokenizer.ggml.%s_token_id",
                        mts_gguf_path(gguf), which, which);
    }
    return mts_chat_load(&t->chat, gguf, err);
}

int mts_tokenizer_from_gguf(MtsTokenizer **tokenizer, const MtsGguf *gguf, MtsError *err)
{
    *tokenizer = NULL;
    MtsString model;
    int rc = mts_gguf_get_string(gguf, "tokenizer.ggml.model", true, &model, err);
    if (rc) {
        return rc;
    }
    bool bpe = model.size == 4 && memcmp(model.data, "gpt2", 4) == 0;
    bool spm = model.size == 5 && memcmp(model.data, "llama", 5) == 0;
    if (!bpe && !spm) {
        char shown[MTS_SHOWN];
        return mts_fail(err, MTS_EUNSUPPORTED,
                        "%s: tokenizer.ggml.model is \"%s\", and the known ones are gpt2 and llama",
                        mts_gguf_path(gguf), mts_str_show(model, shown));
    }
    MtsTokenizer *t = mts_calloc(1, sizeof *t);
    if (!t) {
        return mts_fail(err, MTS_ENOMEM, "%s: no memory for the tokenizer", mts_gguf_path(gguf));
    }
    t->byte_level = bpe;
    if ((rc = mts_vocab_load(&t->vocab, gguf, bpe, err)) || (rc = load_rest(t, gguf, err))) {
        mts_tokenizer_free(&t);
    }
    *tokenizer = t;
    return rc;
}

int mts_tokenizer_open(MtsTokenizer **tokenizer, const char *gguf_path, MtsError *err)
{
    *tokenizer = NULL;
    MtsGguf *gguf;
    int rc = mts_gguf_open(&gguf, gguf_path, err);
    if (rc) {
        return rc;
    }
    rc = mts_tokenizer_from_gguf(tokenizer, gguf, err);
    mts_gguf_free(&gguf);
    return rc;
}

void mts_tokenizer_free(MtsTokenizer **tokenizer)
{
    MtsTokenizer *t = *tokenizer;
    if (t) {
        mts_chat_free(&t->chat);
        free(t->ends);
        mts_specials_free(&t->specials);
        mts_spm_free(&t->spm);
        mts_bpe_free(&t->bpe);
        mts_vocab_free(&t->vocab);
        free(t);
        *tokenizer = NULL;
    }
}

/* ---- facts ---- */

size_t mts_tokenizer_vocab(const MtsTokenizer *t)
{
    return t->vocab.count;
}

bool mts_tokenizer_is_guessed(const MtsTokenizer *t)
{
    return t->byte_level && mts_split_is_guessed(t->bpe.split);
}

int32_t mts_tokenizer_bos(const MtsTokenizer *t)
{
    return t->bos;
}

int32_t mts_tokenizer_eos(const MtsTokenizer *t)
{
    return t->eos;
}

static bool in_vocab(const MtsTokenizer *t, int32_t token)
{
    return token >= 0 && (size_t)token < t->vocab.count;
}

bool mts_tokenizer_is_end(const MtsTokenizer *t, int32_t token)
{
    return in_vocab(t, token) && t->ends[token];
}

void mts_tokens_free(MtsTokens *tokens)
{
    free(tokens->ids);
    memset(tokens, 0, sizeof *tokens);
}

/* ---- text to ids ---- */

/* A stretch of text between special tokens: each is a text of its own, with a space prefix of its own. */
static int encode_stretch(const MtsTokenizer *t, const char *text, size_t size, MtsTokens *tokens, MtsError *err)
{
    if (size == 0) {
        return MTS_OK;
    }
    return t->byte_level ? mts_bpe_encode(&t->bpe, text, size, tokens, err)
                         : mts_spm_encode(&t->spm, text, size, t->space_prefix, tokens, err);
}

/* said, NULL or [size]: where it is not 0 control tokens are plain text. */
static int encode(const MtsTokenizer *t, const char *text, const char *said, size_t size, bool special, bool bos,
                  bool eos, MtsTokens *tokens, MtsError *err)
{
    MtsSpecialAt *found;
    size_t count, at = 0;
    int rc = mts_specials_find(&t->specials, text, said, size, special, &found, &count, err);
    if (rc || (bos && t->add_bos && (rc = mts_tokens_push(tokens, t->bos, err)))) {
        goto done;
    }
    for (size_t i = 0; i < count; i++) {
        if ((rc = encode_stretch(t, text + at, found[i].start - at, tokens, err)) ||
            (rc = mts_tokens_push(tokens, found[i].id, err))) {
            goto done;
        }
        at = found[i].start + found[i].size;
    }
    if (!(rc = encode_stretch(t, text + at, size - at, tokens, err)) && eos && t->add_eos) {
        rc = mts_tokens_push(tokens, t->eos, err);
    }
done:
    free(found);
    return rc;
}

static int tokenize(const MtsTokenizer *t, const char *text, const char *said, size_t size, bool special, bool bos,
                    bool eos, MtsTokens *tokens, MtsError *err)
{
    size_t valid = mts_utf8_valid_prefix(text, size);
    if (valid < size) {
        return mts_fail(err, MTS_EREQUEST, "the text is no valid UTF-8: byte %zu is 0x%02X", valid,
                        (unsigned)(unsigned char)text[valid]);
    }
    if (size > MAX_TEXT) {
        return mts_fail(err, MTS_EREQUEST, "the text has %zu bytes, more than %zu", size, MAX_TEXT);
    }
    size_t before = tokens->count;
    int rc = encode(t, text, said, size, special, bos, eos, tokens, err);
    if (rc) {
        tokens->count = before;
    }
    return rc;
}

int mts_tokenize(const MtsTokenizer *t, const char *text, size_t size, bool special, bool bos, MtsTokens *tokens,
                 MtsError *err)
{
    return tokenize(t, text, NULL, size, special, bos, bos, tokens, err);
}

/* ---- ids to text ---- */

const char *mts_token_bytes(const MtsTokenizer *t, int32_t token, bool special, size_t *size)
{
    *size = 0;
    if (!in_vocab(t, token)) {
        return "";
    }
    int kind = t->vocab.kind[token];
    if (!special && (kind == MTS_TOKEN_CONTROL || kind == MTS_TOKEN_UNKNOWN)) {
        return "";
    }
    return mts_vocab_bytes(&t->vocab, token, size);
}

/* Appends bytes [size] with each maximal run that begins no valid character replaced by U+FFFD, as the Unicode Standard
 * recommends (section 3.9). */
static bool append_valid(MtsBytes *out, const char *bytes, size_t size)
{
    bool fits = true;
    while (size > 0 && fits) {
        size_t valid = mts_utf8_valid_prefix(bytes, size);
        fits = mts_bytes_append(out, bytes, valid);
        bytes += valid;
        size -= valid;
        if (size > 0 && fits) {
            size_t bad = size < 3 ? size : 3;
            while (bad > 1 && mts_utf8_pending(bytes, bad) != bad) {
                bad--;
            }
            fits = mts_bytes_append(out, "\xEF\xBF\xBD", 3);
            bytes += bad;
            size -= bad;
        }
    }
    return fits;
}

int mts_detokenize(const MtsTokenizer *t, const int32_t *ids, size_t count, bool partial, char **text, size_t *size,
                   MtsError *err)
{
    MtsBytes raw = {NULL, 0, 0}, out = {NULL, 0, 0};
    *text = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!in_vocab(t, ids[i])) {
            return mts_fail(err, MTS_EREQUEST, "token %zu is %ld, outside the vocabulary of %zu", i, (long)ids[i],
                            t->vocab.count);
        }
    }
    bool fits = mts_bytes_append(&out, "", 0);
    for (size_t i = 0; i < count && fits; i++) {
        size_t length;
        const char *bytes = mts_token_bytes(t, ids[i], false, &length);
        fits = mts_bytes_append(&raw, bytes, length);
    }
    if (fits) {
        size_t unfinished = partial ? mts_utf8_pending(raw.data, raw.len) : 0;
        fits = append_valid(&out, raw.data, raw.len - unfinished);
    }
    mts_bytes_free(&raw);
    if (!fits) {
        mts_bytes_free(&out);
        return mts_fail(err, MTS_ENOMEM, "no memory for the text of %zu tokens", count);
    }
    *text = out.data;
    if (size) {
        *size = out.len;
    }
    return MTS_OK;
}

/* ---- chat ---- */

static MtsString token_text(const MtsTokenizer *t, int32_t id)
{
    MtsString text = {NULL, 0};
    if (id >= 0) {
        text.data = mts_vocab_bytes(&t->vocab, id, &text.size);
    }
    return text;
}

/* The bytes of BOS that the template writes where the tokenizer puts one first itself. */
static size_t own_bos(const MtsTokenizer *t, const char *text, size_t size)
{
    MtsString bos = token_text(t, t->bos);
    bool twice = t->add_bos && bos.size && size >= bos.size && memcmp(text, bos.data, bos.size) == 0;
    return twice ? bos.size : 0;
}

int mts_chat_tokens(const MtsTokenizer *t, const MtsChatInput *input, char **text, MtsTokens *tokens, MtsError *err)
{
    char *prompt, *said;
    size_t size;
    if (text) {
        *text = NULL;
    }
    int rc = mts_chat_render(&t->chat, input, token_text(t, t->bos), token_text(t, t->eos), &prompt, &said, &size, err);
    if (rc) {
        return rc;
    }
    size_t skip = own_bos(t, prompt, size);
    rc = tokenize(t, prompt + skip, input->special ? NULL : said + skip, size - skip, true, true, false, tokens, err);
    free(said);
    if (text && !rc) {
        *text = prompt;
    } else {
        free(prompt);
    }
    return rc;
}

int mts_chat_prompt(const MtsTokenizer *t, const char *system, const char *user, char **text, MtsError *err)
{
    const MtsChatInput input = {.system = system, .user = user};
    char *said;
    size_t size;
    int rc = mts_chat_render(&t->chat, &input, token_text(t, t->bos), token_text(t, t->eos), text, &said, &size, err);
    if (!rc) {
        size_t skip = t->chat.source ? own_bos(t, *text, size) : 0;
        memmove(*text, *text + skip, size - skip + 1);
        free(said);
    }
    return rc;
}

const char *mts_chat_family(const MtsTokenizer *t)
{
    return mts_chat_family_name(&t->chat);
}
