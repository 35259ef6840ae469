/* tokenizer/chat.h - a file's chat template. */
#ifndef MTS_TOKENIZER_CHAT_H
#define MTS_TOKENIZER_CHAT_H

#include <maxts/tokenizer.h>

#include "gguf/gguf.h"

typedef struct MtsChat {
    char *name;   /* "FILE: tokenizer.chat_template", for sentences; malloc'ed */
    char *source; /* its text, malloc'ed; NULL: the file has none */
    size_t size;
} MtsChat;

/* MTS_EFORMAT when the template is no string. On failure *chat is empty. */
int mts_chat_load(MtsChat *chat, const MtsGguf *gguf, MtsError *err);
void mts_chat_free(MtsChat *chat);

/* See mts_chat_family(). By the marks that a template puts round messages. */
const char *mts_chat_family_name(const MtsChat *chat);

/* The prompt of a chat, BOS included where the template writes it. bos, eos: the tokens' texts, data NULL: none. *said
 * as in mts_template_render(). */
int mts_chat_render(const MtsChat *chat, const MtsChatInput *input, MtsString bos, MtsString eos, char **text,
                    char **said, size_t *size, MtsError *err);

#endif
