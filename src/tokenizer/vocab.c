/* tokenizer/vocab.c - see vocab.h.
 *
 * Byte-level BPE writes each of the 256 bytes as one printable character: the bytes 0x21..0x7E, 0xA1..0xAC and
 * 0xAE..0xFF as the character of that number, the other 68 in ascending order as U+0100, U+0101, ... U+0143. So every
 * code below U+0144 means one byte, except the 68 that are not printable themselves. A token that has any other
 * character (an added one, usually) stands for its own UTF-8 and is never the result of a merge. */
#include "tokenizer/vocab.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/utf8.h"

#define TOKENS "tokenizer.ggml.tokens"
#define TYPES "tokenizer.ggml.token_type"

enum { MAX_TOKENS = 1 << 24 };

/* ---- byte-level text ---- */

static bool printable(uint32_t code)
{
    return (code >= 0x21 && code <= 0x7E) || (code >= 0xA1 && code <= 0xAC) || (code >= 0xAE && code <= 0xFF);
}

/* The byte that a character of byte-level text means; -1: none. */
static int byte_of_char(uint32_t code)
{
    if (code < 0x100) {
        return printable(code) ? (int)code : -1;
    }
    if (code < 0x100 + 33) { /* bytes 0x00..0x20 */
        return (int)(code - 0x100);
    }
    if (code < 0x100 + 67) { /* bytes 0x7F..0xA0 */
        return (int)(code - 0x100 - 33 + 0x7F);
    }
    return code == 0x100 + 67 ? 0xAD : -1;
}

size_t mts_byte_level_decode(const char *text, size_t size, char *out)
{
    size_t n = 0;
    for (size_t at = 0; at < size;) {
        uint32_t code;
        size_t len = mts_utf8_decode(text + at, size - at, &code);
        int byte = len ? byte_of_char(code) : -1;
        if (byte < 0) {
            return SIZE_MAX;
        }
        out[n++] = (char)byte;
        at += len;
    }
    return n;
}

/* ---- the hash table ---- */

/* Eight bytes a step, multiplied and folded. Not keyed: a hostile file can only slow its own loading, and the
 * number of tokens bounds that. */
static uint32_t hash_bytes(const char *bytes, size_t size)
{
    const uint64_t prime = 0x9E3779B97F4A7C15u;
    uint64_t h = size * prime, word;
    for (; size >= 8; bytes += 8, size -= 8) {
        memcpy(&word, bytes, 8);
        h = (h ^ word) * prime;
        h ^= h >> 29;
    }
    if (size) {
        word = 0;
        memcpy(&word, bytes, size);
        h = (h ^ word) * prime;
        h ^= h >> 29;
    }
    h *= prime;
    return (uint32_t)(h >> 32);
}

/* The slot that holds these bytes, or the empty one where they belong. */
static MtsVocabSlot *find_slot(const MtsVocab *vocab, uint32_t hash, const char *bytes, size_t size)
{
    for (uint32_t at = hash & vocab->slot_mask;; at = (at + 1) & vocab->slot_mask) {
        MtsVocabSlot *slot = &vocab->slots[at];
        if (slot->id_plus_1 == 0) {
            return slot;
        }
        if (slot->hash == hash) {
            size_t other_size;
            const char *other = mts_vocab_bytes(vocab, (int32_t)(slot->id_plus_1 - 1), &other_size);
            if (other_size == size && memcmp(other, bytes, size) == 0) {
                return slot;
            }
        }
    }
}

int32_t mts_vocab_find(const MtsVocab *vocab, const char *bytes, size_t size)
{
    return (int32_t)find_slot(vocab, hash_bytes(bytes, size), bytes, size)->id_plus_1 - 1;
}

/* ---- loading ---- */

/* "<0x41>": the byte; -1 for any other text. */
static int parse_byte_name(const char *text, size_t size)
{
    if (size != 6 || memcmp(text, "<0x", 3) != 0 || text[5] != '>') {
        return -1;
    }
    int value = 0;
    for (int i = 3; i < 5; i++) {
        const char *digits = "0123456789ABCDEF";
        const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
        if (!digit) {
            return -1;
        }
        value = value * 16 + (int)(digit - digits);
    }
    return value;
}

/* SentencePiece writes U+2581 for a space. Turns it back; *spaced says whether a plain space was there. */
static size_t unescape_spaces(const char *text, size_t size, char *out, bool *spaced)
{
    size_t n = 0;
    *spaced = false;
    for (size_t at = 0; at < size;) {
        if (size - at >= 3 && memcmp(text + at, "\xE2\x96\x81", 3) == 0) {
            out[n++] = ' ';
            at += 3;
        } else {
            *spaced |= text[at] == ' ';
            out[n++] = text[at++];
        }
    }
    return n;
}

/* Writes the bytes that the file's text of a token stands for to out [text.size] and returns their number.
 * *plain: whether plain text may become this token. */
static size_t decode_token(MtsString text, int kind, bool byte_level, char *out, bool *plain)
{
    *plain = false;
    if (kind != MTS_TOKEN_CONTROL && kind != MTS_TOKEN_UNKNOWN && kind != MTS_TOKEN_USER) {
        if (byte_level) {
            size_t size = mts_byte_level_decode(text.data, text.size, out);
            if (size != SIZE_MAX) {
                *plain = size > 0;
                return size;
            }
        } else if (kind == MTS_TOKEN_BYTE && parse_byte_name(text.data, text.size) >= 0) {
            out[0] = (char)parse_byte_name(text.data, text.size);
            return 1;
        } else {
            /* A plain space in the file is no space of a text, where each has become U+2581: it is never met. */
            bool spaced;
            size_t size = unescape_spaces(text.data, text.size, out, &spaced);
            *plain = !spaced && size > 0;
            return size;
        }
    }
    if (text.size) {
        memcpy(out, text.data, text.size);
    }
    return text.size;
}

static int check_array(const MtsGguf *gguf, const char *key, const MtsGgufValue *value, MtsGgufType type,
                       const char *of, MtsError *err)
{
    if (!value) {
        return mts_fail(err, MTS_EFORMAT, "%s: metadata key \"%s\" is missing", mts_gguf_path(gguf), key);
    }
    bool fits = mts_gguf_type(value) == MTS_GGUF_ARRAY && mts_gguf_array_type(value) == type;
    return fits ? MTS_OK
                : mts_fail(err, MTS_EFORMAT, "%s: metadata key \"%s\" is no array of %s", mts_gguf_path(gguf), key, of);
}

/* The kinds, after both arrays have been checked against each other. */
static int load_kinds(MtsVocab *vocab, const MtsGguf *gguf, MtsError *err)
{
    const char *path = mts_gguf_path(gguf);
    const MtsGgufValue *types = mts_gguf_find(gguf, TYPES);
    if (!types) {
        memset(vocab->kind, MTS_TOKEN_NORMAL, vocab->count);
        return MTS_OK;
    }
    int rc = check_array(gguf, TYPES, types, MTS_GGUF_I32, "i32", err);
    if (rc) {
        return rc;
    }
    if (mts_gguf_array_count(types) != vocab->count) {
        return mts_fail(err, MTS_EFORMAT, "%s: " TYPES " has %zu elements, " TOKENS " %zu", path,
                        mts_gguf_array_count(types), vocab->count);
    }
    for (size_t i = 0; i < vocab->count; i++) {
        int64_t kind = -1;
        mts_gguf_int(types, i, &kind);
        if (kind < 0 || kind > MTS_TOKEN_BYTE) {
            return mts_fail(err, MTS_EFORMAT, "%s: " TYPES "[%zu] is %lld, outside 0 to 6", path, i, (long long)kind);
        }
        vocab->kind[i] = (uint8_t)kind;
    }
    return MTS_OK;
}

/* The room that all tokens' texts need, after each has been found short enough. */
static int measure(const MtsGguf *gguf, const MtsGgufValue *tokens, size_t count, size_t *total, MtsError *err)
{
    *total = 0;
    for (size_t i = 0; i < count; i++) {
        MtsString text = {NULL, 0};
        mts_gguf_string(tokens, i, &text);
        if (text.size > MTS_TOKEN_MAX) {
            return mts_fail(err, MTS_EFORMAT, "%s: " TOKENS "[%zu] has %zu bytes, more than %d", mts_gguf_path(gguf), i,
                            text.size, MTS_TOKEN_MAX);
        }
        *total += text.size; /* at most 2^24 tokens of 2^10 bytes */
    }
    if (*total > UINT32_MAX) {
        return mts_fail(err, MTS_EFORMAT, "%s: " TOKENS " has %zu bytes, more than %lu", mts_gguf_path(gguf), *total,
                        (unsigned long)UINT32_MAX);
    }
    return MTS_OK;
}

/* Copies and decodes token i behind the ones before it and files it in the hash table. */
static int load_token(MtsVocab *vocab, const MtsGguf *gguf, size_t i, MtsString text, bool byte_level, MtsError *err)
{
    char *bytes = vocab->bytes + vocab->offset[i];
    bool plain;
    size_t size = decode_token(text, vocab->kind[i], byte_level, bytes, &plain);
    vocab->offset[i + 1] = vocab->offset[i] + (uint32_t)size;
    if (plain) {
        uint32_t hash = hash_bytes(bytes, size);
        MtsVocabSlot *slot = find_slot(vocab, hash, bytes, size);
        if (slot->id_plus_1) {
            return mts_fail(err, MTS_EFORMAT, "%s: " TOKENS "[%zu] is the same as [%lu]", mts_gguf_path(gguf), i,
                            (unsigned long)(slot->id_plus_1 - 1));
        }
        slot->hash = hash;
        slot->id_plus_1 = (uint32_t)i + 1;
    }
    /* A byte's own token: "<0x41>" where there is one, else the one-byte text "A". */
    bool named = !byte_level && vocab->kind[i] == MTS_TOKEN_BYTE;
    if (size == 1 && (plain || named)) {
        int32_t *of_byte = &vocab->byte_token[(unsigned char)bytes[0]];
        if (named || *of_byte < 0) {
            *of_byte = (int32_t)i;
        }
    }
    return MTS_OK;
}

int mts_vocab_load(MtsVocab *vocab, const MtsGguf *gguf, bool byte_level, MtsError *err)
{
    memset(vocab, 0, sizeof *vocab);
    memset(vocab->byte_token, -1, sizeof vocab->byte_token);
    const MtsGgufValue *tokens = mts_gguf_find(gguf, TOKENS);
    size_t total = 0;
    int rc = check_array(gguf, TOKENS, tokens, MTS_GGUF_STRING, "strings", err);
    if (rc) {
        return rc;
    }
    size_t count = mts_gguf_array_count(tokens);
    if (count < 1 || count > MAX_TOKENS) {
        return mts_fail(err, MTS_EFORMAT, "%s: " TOKENS " has %zu elements, outside 1 to %d", mts_gguf_path(gguf),
                        count, MAX_TOKENS);
    }
    rc = measure(gguf, tokens, count, &total, err);
    if (rc) {
        return rc;
    }
    size_t slots = 16;
    while (slots < 2 * count) {
        slots *= 2;
    }
    vocab->count = count;
    vocab->bytes = mts_calloc(total, 1);
    vocab->offset = mts_calloc(count + 1, sizeof *vocab->offset);
    vocab->kind = mts_calloc(count, 1);
    vocab->slots = mts_calloc(slots, sizeof *vocab->slots);
    vocab->slot_mask = (uint32_t)(slots - 1);
    if (!vocab->bytes || !vocab->offset || !vocab->kind || !vocab->slots) {
        rc = mts_fail(err, MTS_ENOMEM, "%s: no memory for %zu tokens", mts_gguf_path(gguf), count);
        goto fail;
    }
    rc = load_kinds(vocab, gguf, err);
    for (size_t i = 0; i < count && !rc; i++) {
        MtsString text = {NULL, 0};
        mts_gguf_string(tokens, i, &text);
        rc = load_token(vocab, gguf, i, text, byte_level, err);
    }
fail:
    if (rc) {
        mts_vocab_free(vocab);
    }
    return rc;
}

void mts_vocab_free(MtsVocab *vocab)
{
    free(vocab->bytes);
    free(vocab->offset);
    free(vocab->kind);
    free(vocab->slots);
    memset(vocab, 0, sizeof *vocab);
}
