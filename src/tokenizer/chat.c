/* tokenizer/chat.c - a file's chat template: loaded, named, rendered. */
#include "tokenizer/chat.h"

#include <stdlib.h>
#include <string.h>

#include "core/json.h"
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

/* ---- messages ---- */

static json_t *message(const char *role, const char *content)
{
    json_t *o = json_object();
    mts_json_add_text(&o, "role", role);
    mts_json_add_text(&o, "content", content);
    return o;
}

static int check_messages(const json_t *messages, MtsError *err)
{
    size_t i;
    json_t *one;
    if (!json_is_array(messages) || json_array_size(messages) == 0) {
        return mts_fail(err, MTS_EREQUEST, "messages: no list of messages, each with a role and a content");
    }
    json_array_foreach(messages, i, one)
    {
        if (!json_is_string(json_object_get(one, "role"))) {
            return mts_fail(err, MTS_EREQUEST, "messages: number %zu has no \"role\" that is a string", i + 1);
        }
    }
    return MTS_OK;
}

/* The conversation as it was given: its list in *messages and what else it has in *variables. */
static int read_conversation(const char *text, json_t **messages, json_t **variables, MtsError *err)
{
    json_t *given;
    int rc = mts_json_parse(&given, "messages", text, strlen(text), err);
    if (rc) {
        return rc;
    }
    json_t *list = json_is_object(given) ? json_object_get(given, "messages") : given;
    if (!(rc = check_messages(list, err))) {
        *messages = json_incref(list);
    }
    if (!rc && json_is_object(given)) {
        json_object_del(given, "messages");
        *variables = json_incref(given);
    }
    json_decref(given);
    return rc;
}

/* Messages before those of the conversation, and after. */
static int add_messages(const MtsChatInput *input, json_t **messages, MtsError *err)
{
    const char *first = json_string_value(json_object_get(json_array_get(*messages, 0), "role"));
    if (input->system && first && strcmp(first, "system") == 0) {
        return mts_fail(err, MTS_EREQUEST, "messages: there is a system message already, and another one is given");
    }
    bool ok = *messages || (*messages = json_array()) != NULL;
    ok = ok && (!input->system || json_array_insert_new(*messages, 0, message("system", input->system)) == 0);
    ok = ok && (!input->user || json_array_append_new(*messages, message("user", input->user)) == 0);
    return ok ? MTS_OK : mts_fail(err, MTS_ENOMEM, "no memory for the messages");
}

/* Variables of one's own go before the conversation's. */
static int add_variables(const MtsChatInput *input, json_t **variables, MtsError *err)
{
    json_t *own;
    if (!input->variables) {
        return MTS_OK;
    }
    int rc = mts_json_parse(&own, "template variables", input->variables, strlen(input->variables), err);
    if (rc) {
        return rc;
    }
    if (!json_is_object(own)) {
        rc = mts_fail(err, MTS_EREQUEST, "template variables: no JSON object");
    } else if (!*variables) {
        *variables = json_incref(own);
    } else if (json_object_update(*variables, own)) {
        rc = mts_fail(err, MTS_ENOMEM, "no memory for the template's variables");
    }
    json_decref(own);
    return rc;
}

/* Without a template the prompt is the user's text. */
static int plain_prompt(const MtsChat *chat, const MtsChatInput *input, char **text, char **said, size_t *size,
                        MtsError *err)
{
    if (input->system || input->messages || !input->user) {
        return mts_fail(err, MTS_EREQUEST, "%s is missing, so there is no place for %s", chat->name,
                        input->system ? "a system message" : "messages");
    }
    *size = strlen(input->user);
    *text = mts_strdup(input->user);
    *said = mts_calloc(*size + 1, 1);
    if (!*text || !*said) {
        free(*text);
        free(*said);
        *text = *said = NULL;
        return mts_fail(err, MTS_ENOMEM, "no memory for a prompt of %zu bytes", *size);
    }
    memset(*said, 1, *size);
    return MTS_OK;
}

int mts_chat_render(const MtsChat *chat, const MtsChatInput *input, MtsString bos, MtsString eos, char **text,
                    char **said, size_t *size, MtsError *err)
{
    json_t *messages = NULL, *variables = NULL;
    MtsTemplateDate date;
    int rc;
    *text = *said = NULL;
    if (!chat->source && !input->template_text) {
        return plain_prompt(chat, input, text, said, size, err);
    }
    if (input->date && !mts_template_date(input->date, &date)) {
        return mts_fail(err, MTS_EREQUEST, "date: '%.40s' is no day as YYYY-MM-DD", input->date);
    }
    if ((input->messages && (rc = read_conversation(input->messages, &messages, &variables, err))) ||
        (rc = add_messages(input, &messages, err)) || (rc = add_variables(input, &variables, err))) {
        goto done;
    }
    const MtsTemplateInput what = {messages, variables, bos, eos, input->date ? &date : NULL, input->dated};
    const char *own = input->template_text;
    rc = mts_template_render(own ? "the chat template given" : chat->name,
                             own ? (MtsString){own, strlen(own)} : (MtsString){chat->source, chat->size}, &what, text,
                             said, size, err);
done:
    json_decref(messages);
    json_decref(variables);
    return rc;
}
