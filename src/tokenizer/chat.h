/* tokenizer/chat.h - a file's chat template. */
#ifndef MTS_TOKENIZER_CHAT_H
#define MTS_TOKENIZER_CHAT_H

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

/* See mts_chat_prompt(). bos, eos: the tokens' texts, data NULL: none. strip_bos: the tokenizer will put one first
 * itself. */
int mts_chat_render(const MtsChat *chat, const char *system, const char *user, MtsString bos, MtsString eos,
                    bool strip_bos, char **text, MtsError *err);

#endif
