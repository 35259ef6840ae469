/* tokenizer/vocab.h - the tokens of a file: their bytes, their kinds, and the way back from bytes to id.
 *
 * Everything is copied out of the file into three arrays and one hash table, so a tokenizer outlives its MtsGguf
 * and costs no allocation per token. What is kept of a token is the bytes that it stands for: "Ġhouse" of a
 * byte-level vocabulary and "▁house" of a SentencePiece one are both " house" here. */
#ifndef MTS_TOKENIZER_VOCAB_H
#define MTS_TOKENIZER_VOCAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gguf/gguf.h"

/* The longest token that a file may have, in bytes of the file. (The longest known ones have some 500.) It bounds the
 * time of every search that starts at a byte of a text. */
enum { MTS_TOKEN_MAX = 1024 };

/* The numbers are the file's own (tokenizer.ggml.token_type). */
typedef enum MtsTokenKind {
    MTS_TOKEN_UNDEFINED = 0,
    MTS_TOKEN_NORMAL = 1,
    MTS_TOKEN_UNKNOWN = 2,
    MTS_TOKEN_CONTROL = 3, /* has no text of its own: begin, end, turn ... */
    MTS_TOKEN_USER = 4,    /* text that is always one token, whatever surrounds it */
    MTS_TOKEN_UNUSED = 5,
    MTS_TOKEN_BYTE = 6 /* "<0x41>" of a SentencePiece vocabulary */
} MtsTokenKind;

typedef struct MtsVocabSlot {
    uint32_t hash;
    uint32_t id_plus_1; /* 0: empty */
} MtsVocabSlot;

typedef struct MtsVocab {
    size_t count;
    char *bytes;             /* all tokens' bytes, one after another */
    uint32_t *offset;        /* [count + 1] into bytes */
    uint8_t *kind;           /* [count] MtsTokenKind */
    MtsVocabSlot *slots;     /* open addressing, at most half full; holds the tokens that plain text may become */
    uint32_t slot_mask;      /* slots - 1 */
    int32_t byte_token[256]; /* the token of a single byte; -1: none */
} MtsVocab;

/* Reads tokenizer.ggml.tokens and .token_type. byte_level: tokens are written in the 256 characters of byte-level
 * BPE; otherwise as SentencePiece writes them. MTS_EFORMAT on a duplicate, an overlong token, a type outside 0 to 6,
 * arrays of unequal length. On failure the vocabulary is empty. */
int mts_vocab_load(MtsVocab *vocab, const MtsGguf *gguf, bool byte_level, MtsError *err);
void mts_vocab_free(MtsVocab *vocab);

/* The token that stands for exactly these bytes of plain text; -1: none. Never a control, unknown, byte or
 * user-defined token. */
int32_t mts_vocab_find(const MtsVocab *vocab, const char *bytes, size_t size);

/* The bytes of a token, 0 <= id < count; of a control token its name. */
static inline const char *mts_vocab_bytes(const MtsVocab *vocab, int32_t id, size_t *size)
{
    *size = vocab->offset[id + 1] - vocab->offset[id];
    return vocab->bytes + vocab->offset[id];
}

/* The bytes that a text in the 256 characters of byte-level BPE stands for, written to out [size]; returns their
 * number, SIZE_MAX when a character is none of the 256 (out is then unspecified). */
size_t mts_byte_level_decode(const char *text, size_t size, char *out);

#endif
