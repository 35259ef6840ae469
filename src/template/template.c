/* template/template.c - one rendering from beginning to end: parse, set the variables, run. */
#include "template/template.h"

#include <stdlib.h>
#include <string.h>

#include "template/ast.h"

/* Line ends as "\n", which is all the language knows. */
static MtsString unix_lines(MtsTpl *tpl, MtsString text)
{
    if (!text.size || !memchr(text.data, '\r', text.size)) {
        return text;
    }
    char *out = mts_tpl_alloc(tpl, text.size);
    size_t n = 0;
    for (size_t i = 0; i < text.size && out; i++) {
        bool pair = text.data[i] == '\r' && i + 1 < text.size && text.data[i + 1] == '\n';
        if (!pair) {
            out[n++] = text.data[i] == '\r' ? '\n' : text.data[i];
        }
    }
    return (MtsString){out ? out : "", n};
}

static MtsString word(const char *s)
{
    return (MtsString){s, strlen(s)};
}

/* ---- JSON as values ---- */

static MtsValue value_of(MtsTpl *tpl, const json_t *json, bool said);

static MtsValue string_of(MtsTpl *tpl, const char *text, size_t size, bool said)
{
    char *copy = mts_tpl_alloc(tpl, size + 1);
    if (copy) {
        memcpy(copy, text, size);
        memset(mts_tpl_shadow(tpl, copy), said, size + 1);
    }
    return mts_value_string((MtsString){copy ? copy : "", copy ? size : 0});
}

/* A message's role is the template's word: templates build control tokens around it. */
static MtsValue dict_of(MtsTpl *tpl, const json_t *json, bool said)
{
    MtsValue value = mts_value_dict(tpl);
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)json, key, member)
    {
        MtsValue name = string_of(tpl, key, strlen(key), said);
        mts_dict_set_key(tpl, value.dict, name, value_of(tpl, member, said && strcmp(key, "role") != 0),
                         MTS_TPL_NOWHERE);
        if (tpl->rc) {
            break;
        }
    }
    return value;
}

static MtsValue value_of(MtsTpl *tpl, const json_t *json, bool said)
{
    MtsValue value = mts_value(MTS_VALUE_NONE);
    if (!mts_tpl_enter(tpl, MTS_TPL_NOWHERE)) {
        return value;
    }
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        value = dict_of(tpl, json, said);
        break;
    case JSON_ARRAY:
        value = mts_value_list(tpl, json_array_size(json));
        for (size_t i = 0; !tpl->rc && i < value.list->count; i++) {
            value.list->items[i] = value_of(tpl, json_array_get(json, i), said);
        }
        break;
    case JSON_STRING:
        value = string_of(tpl, json_string_value(json), json_string_length(json), said);
        break;
    case JSON_INTEGER:
        value = mts_value_integer(json_integer_value(json));
        break;
    case JSON_REAL:
        value = mts_value_real(json_real_value(json));
        break;
    case JSON_NULL:
        break;
    default:
        value = mts_value_bool(json_is_true(json));
        break;
    }
    tpl->depth--;
    return value;
}

/* The bytes of its strings. */
static size_t json_size(const json_t *json)
{
    size_t size = json_is_string(json) ? json_string_length(json) : 0, i;
    const char *key;
    json_t *part;
    json_array_foreach(json, i, part)
    {
        size += json_size(part);
    }
    json_object_foreach((json_t *)json, key, part)
    {
        size += json_size(part);
    }
    return size;
}

/* ---- a rendering ---- */

static MtsDict *variables(MtsTpl *tpl, const MtsTemplateInput *input)
{
    MtsDict *names = mts_value_dict(tpl).dict;
    const char *key;
    json_t *value;
    if (!names) {
        return NULL;
    }
    mts_dict_set(tpl, names, word("add_generation_prompt"), mts_value_bool(true));
    mts_dict_set(tpl, names, word("tools"), mts_value(MTS_VALUE_NONE));
    mts_dict_set(tpl, names, word("documents"), mts_value(MTS_VALUE_NONE));
    if (input->bos.data) {
        mts_dict_set(tpl, names, word("bos_token"), mts_value_string(input->bos));
    }
    if (input->eos.data) {
        mts_dict_set(tpl, names, word("eos_token"), mts_value_string(input->eos));
    }
    json_object_foreach((json_t *)input->variables, key, value)
    {
        MtsValue name = string_of(tpl, key, strlen(key), false);
        mts_dict_set_key(tpl, names, name, value_of(tpl, value, true), MTS_TPL_NOWHERE);
    }
    mts_dict_set(tpl, names, word("messages"), value_of(tpl, input->messages, true));
    return names;
}

/* Copies what was written, and whose words it is, to memory of its own. */
static void hand_out(MtsTpl *tpl, const MtsTplWriter *w, char **out, char **said, size_t *size)
{
    *out = malloc(w->size + 1);
    if (said) {
        *said = calloc(w->size + 1, 1);
    }
    if (!*out || (said && !*said)) {
        mts_tpl_fail(tpl, MTS_ENOMEM, MTS_TPL_NOWHERE, "no memory for the prompt");
        return;
    }
    if (w->size) {
        memcpy(*out, w->data, w->size);
    }
    (*out)[w->size] = '\0';
    if (said && w->size) {
        memcpy(*said, mts_tpl_shadow(tpl, w->data), w->size);
    }
    *size = w->size;
}

int mts_template_render(const char *name, MtsString text, const MtsTemplateInput *input, char **out, char **said,
                        size_t *size, MtsError *err)
{
    MtsTpl tpl = {.name = name, .text = text, .err = err, .steps_left = MTS_TEMPLATE_STEPS, .date = input->date};
    MtsTplWriter rendered = {.tpl = &tpl};
    *out = NULL;
    if (said) {
        *said = NULL;
    }
    tpl.work_left = MTS_TEMPLATE_WORK + 64 * json_size(input->messages);
    if (text.size > MTS_TEMPLATE_BYTES) {
        mts_tpl_fail(&tpl, MTS_EFORMAT, MTS_TPL_NOWHERE, "%zu bytes, more than %d", text.size, MTS_TEMPLATE_BYTES);
    } else {
        tpl.text = unix_lines(&tpl, text);
        MtsTplNode *statements = mts_tpl_parse(&tpl);
        MtsDict *scope = variables(&tpl, input);
        if (!tpl.rc) {
            mts_tpl_run(&tpl, statements, scope, &rendered);
        }
        if (!tpl.rc) {
            hand_out(&tpl, &rendered, out, said, size);
        }
    }
    if (input->dated) {
        *input->dated = tpl.dated;
    }
    mts_tpl_free(&tpl);
    if (tpl.rc) {
        free(*out);
        *out = NULL;
        if (said) {
            free(*said);
            *said = NULL;
        }
    }
    return tpl.rc;
}
