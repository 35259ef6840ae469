/* maxts/tokenizer.h - bytes to token ids and back, and chat templates, as a GGUF file defines them. */
#ifndef MAXTS_TOKENIZER_H
#define MAXTS_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <maxts/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct MtsTokenizer MtsTokenizer; /* immutable; may be shared by threads */

int mts_tokenizer_open(MtsTokenizer **tokenizer, const char *gguf_path, MtsError *err);
void mts_tokenizer_free(MtsTokenizer **tokenizer);

size_t mts_tokenizer_vocab(const MtsTokenizer *tokenizer);
int32_t mts_tokenizer_bos(const MtsTokenizer *tokenizer); /* -1: none */
int32_t mts_tokenizer_eos(const MtsTokenizer *tokenizer); /* -1: none */

/* True for every token that ends a text: end of sequence, end of turn and the like. */
bool mts_tokenizer_is_end(const MtsTokenizer *tokenizer, int32_t token);

typedef struct MtsTokens {
    int32_t *ids;
    size_t count, cap;
} MtsTokens; /* zero-initialise; release with mts_tokens_free() */

void mts_tokens_free(MtsTokens *tokens);

/* Appends the ids of text [size] to *tokens. `special`: special tokens written out in the text become
 * their ids; otherwise they are plain text. `bos`: begin with BOS (and end with EOS) where the model asks
 * for it. Text that is no valid UTF-8 is MTS_EREQUEST. */
int mts_tokenize(const MtsTokenizer *tokenizer, const char *text, size_t size, bool special, bool bos,
                 MtsTokens *tokens, MtsError *err);

/* The bytes of one token, not NUL-terminated, valid as long as the tokenizer: may be part of a UTF-8
 * character. Control tokens have none unless `special`. */
const char *mts_token_bytes(const MtsTokenizer *tokenizer, int32_t token, bool special, size_t *size);

/* The text of a run of tokens, malloc'ed and NUL-terminated. Bytes that form no UTF-8 character become
 * U+FFFD; an unfinished character at the end is left out when `partial`, so that a stream of calls never
 * splits one. *size may be NULL. */
int mts_detokenize(const MtsTokenizer *tokenizer, const int32_t *ids, size_t count, bool partial, char **text,
                   size_t *size, MtsError *err);

/* The prompt text of a chat of one optional system and one user message in the file's own template, up to
 * where the assistant's answer begins; malloc'ed. MTS_EUNSUPPORTED when the file has a template that none
 * of the known families (ChatML, Llama 3, Gemma, Mistral, Llama 2) matches; a file without a template
 * returns the user's text as it is. */
int mts_chat_prompt(const MtsTokenizer *tokenizer, const char *system, const char *user, char **text, MtsError *err);

/* The family's name: "chatml", "llama3", "gemma", "mistral", "llama2", "none" or "unknown". */
const char *mts_chat_family(const MtsTokenizer *tokenizer);

#ifdef __cplusplus
}
#endif
#endif
