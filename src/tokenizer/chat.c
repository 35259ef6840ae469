/* tokenizer/chat.c - a file's chat template: loaded, named, rendered. */
#include "tokenizer/chat.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "template/template.h"

#define KEY "tokenizer.chat_template"

int mts_chat_load(MtsChat *chat, const MtsGguf *gguf, MtsError *err)
{
    const char *path = mts_gguf_path(gguf);
    MtsString source;
    MtsBytes name = {NULL, 0, 0};
    memset(chat, 0, sizeof *chat);
    int rc = mts_gguf_get_string(gguf, KEY, false, &source, err);
    if (rc) {
        return rc;
    }
    bool fits = mts_bytes_printf(&name, "%s: " KEY, path);
    chat->name = name.data;
    if (source.size > 0 && fits) { /* an empty template is none */
        chat->source = mts_strndup(source.data, source.size);
        chat->size = source.size;
        fits = chat->source != NULL;
    }
    if (!fits) {
        mts_chat_free(chat);
        return mts_fail(err, MTS_ENOMEM, "%s: no memory for " KEY, path);
    }
    return MTS_OK;
}

void mts_chat_free(MtsChat *chat)
{
    free(chat->name);
    free(chat->source);
    memset(chat, 0, sizeof *chat);
}

static bool contains(const MtsChat *chat, const char *mark)
{
    size_t n = strlen(mark);
    for (size_t at = 0; at + n <= chat->size; at++) {
        if (memcmp(chat->source + at, mark, n) == 0) {
            return true;
        }
    }
    return false;
}

const char *mts_chat_family_name(const MtsChat *chat)
{
    if (!chat->source) {
        return "none";
    }
    return contains(chat, "<|im_start|>")          ? "chatml"
           : contains(chat, "<|start_header_id|>") ? "llama3"
           : contains(chat, "<start_of_turn>")     ? "gemma"
           : contains(chat, "<<SYS>>")             ? "llama2"
           : contains(chat, "[INST]")              ? "mistral"
                                                   : "unknown";
}

int mts_chat_render(const MtsChat *chat, const char *system, const char *user, MtsString bos, MtsString eos,
                    bool strip_bos, char **text, MtsError *err)
{
    *text = NULL;
    if (!chat->source && system) {
        return mts_fail(err, MTS_EREQUEST, "%s is missing, so there is no place for a system message", chat->name);
    }
    if (!chat->source) {
        *text = mts_strdup(user);
        return *text ? MTS_OK : mts_fail(err, MTS_ENOMEM, "no memory for a prompt of %zu bytes", strlen(user));
    }
    MtsTemplateInput input = {{NULL, 0}, {user, strlen(user)}, bos, eos};
    if (system) {
        input.system = (MtsString){system, strlen(system)};
    }
    size_t size;
    int rc = mts_template_render(chat->name, (MtsString){chat->source, chat->size}, &input, text, &size, err);
    if (!rc && strip_bos && bos.size && size >= bos.size && memcmp(*text, bos.data, bos.size) == 0) {
        memmove(*text, *text + bos.size, size - bos.size + 1);
    }
    return rc;
}
