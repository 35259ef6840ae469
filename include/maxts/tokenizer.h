/* maxts/tokenizer.h - bytes to token ids and back, and chat templates, as a GGUF file defines them. */
#ifndef MAXTS_TOKENIZER_H
#define MAXTS_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <maxts/api.h>
#include <maxts/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct MtsTokenizer MtsTokenizer; /* immutable; may be shared by threads */

MTS_API int mts_tokenizer_open(MtsTokenizer **tokenizer, const char *gguf_path, MtsError *err);
MTS_API void mts_tokenizer_free(MtsTokenizer **tokenizer);

MTS_API size_t mts_tokenizer_vocab(const MtsTokenizer *tokenizer);
MTS_API int32_t mts_tokenizer_bos(const MtsTokenizer *tokenizer); /* -1: none */
MTS_API int32_t mts_tokenizer_eos(const MtsTokenizer *tokenizer); /* -1: none */

/* True where the file does not say how its byte-level BPE cuts text into words (tokenizer.ggml.pre): it is cut by the
 * default, and where the model was trained with another rule, some of its words become ids that it does not expect. */
MTS_API bool mts_tokenizer_is_guessed(const MtsTokenizer *tokenizer);

/* True for every token that ends a text: end of sequence, end of turn and the like. */
MTS_API bool mts_tokenizer_is_end(const MtsTokenizer *tokenizer, int32_t token);

typedef struct MtsTokens {
    int32_t *ids;
    size_t count, cap;
} MtsTokens; /* zero-initialise; release with mts_tokens_free() */

MTS_API void mts_tokens_free(MtsTokens *tokens);

/* Appends the ids of text [size] to *tokens. `special`: special tokens written out in the text become
 * their ids; otherwise control tokens are plain text (a file's user-defined tokens are found either way). `bos`:
 * begin with BOS and end with EOS where the model asks for it. Text that is no valid UTF-8 is MTS_EREQUEST; on
 * failure *tokens is as before. Time is O(size log size), memory some 50 bytes per byte of the longest stretch
 * without a cut. */
MTS_API int mts_tokenize(const MtsTokenizer *tokenizer, const char *text, size_t size, bool special, bool bos,
                         MtsTokens *tokens, MtsError *err);

/* The bytes of one token, not NUL-terminated, valid as long as the tokenizer: may be part of a UTF-8
 * character. Control tokens have none unless `special`, and neither has an id outside the vocabulary. */
MTS_API const char *mts_token_bytes(const MtsTokenizer *tokenizer, int32_t token, bool special, size_t *size);

/* The text of a run of tokens, malloc'ed and NUL-terminated, without its control tokens. Bytes that form no
 * UTF-8 character become U+FFFD; an unfinished character at the end is left out when `partial`, so that a
 * stream of calls never splits one. *size may be NULL. An id outside the vocabulary is MTS_EREQUEST. */
MTS_API int mts_detokenize(const MtsTokenizer *tokenizer, const int32_t *ids, size_t count, bool partial, char **text,
                           size_t *size, MtsError *err);

/* The prompt text of a chat of one optional system (NULL: none) and one user message, as the file's own
 * template (tokenizer.chat_template, a Jinja program) renders it with a generation prompt; malloc'ed. Where
 * mts_tokenize() puts BOS first, the text does not begin with it. mts_chat_tokens() also tokenises it. A file
 * without a template returns the user's text as it is (and cannot take a system message: MTS_EREQUEST).
 * MTS_EUNSUPPORTED when the template uses what docs/tokenizer.md does not list, MTS_EREQUEST when it refuses
 * these messages, MTS_EFORMAT when it is broken, MTS_ECAPACITY when it runs without end. */
MTS_API int mts_chat_prompt(const MtsTokenizer *tokenizer, const char *system, const char *user, char **text,
                            MtsError *err);

/* A chat, and how it becomes a prompt. Zero-initialise; strings are UTF-8, NULL: none. */
typedef struct MtsChatInput {
    const char *system;    /* a message of role "system" before all others */
    const char *user;      /* a message of role "user" behind all others */
    const char *messages;  /* JSON, what stands between them: a list of messages (with "role" and what else the
                              template reads), or an object with it as "messages" and variables beside it, such as
                              "tools" and "documents" */
    const char *variables; /* JSON, an object: what the template may refer to besides, as {"enable_thinking": false} */
    const char *template_text; /* a template (Jinja) in place of the file's own */
    const char *date;          /* "YYYY-MM-DD": what strftime_now() tells; NULL: there is no such function */
    bool *dated;               /* set to true where the template asked for the day; NULL: not wanted */
    bool special;              /* control tokens written out in messages and variables become their ids; otherwise
                                  they are text, as all that a user says */
} MtsChatInput;

/* Appends the ids of the chat's prompt to *tokens: BOS as the model says, and never an EOS behind it, since the answer
 * follows. *text (NULL: not wanted) is the prompt as the template wrote it, malloc'ed. Fails as mts_chat_prompt();
 * MTS_EREQUEST or MTS_EFORMAT also where messages, variables or the date are not what they should be. */
MTS_API int mts_chat_tokens(const MtsTokenizer *tokenizer, const MtsChatInput *input, char **text, MtsTokens *tokens,
                            MtsError *err);

/* The family that the template belongs to, for information: "chatml", "llama3", "gemma", "mistral", "llama2",
 * "none" (the file has no template) or "unknown". */
MTS_API const char *mts_chat_family(const MtsTokenizer *tokenizer);

#ifdef __cplusplus
}
#endif
#endif
