/* template/template.c - one rendering from beginning to end: parse, set the variables, run. */
#include "template/template.h"

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

static MtsValue message(MtsTpl *tpl, const char *role, MtsString content)
{
    MtsValue value = mts_value_dict(tpl);
    if (value.dict) {
        mts_dict_set(tpl, value.dict, word("role"), mts_value_string(word(role)));
        mts_dict_set(tpl, value.dict, word("content"), mts_value_string(content));
    }
    return value;
}

static MtsDict *variables(MtsTpl *tpl, const MtsTemplateInput *input)
{
    MtsValue scope = mts_value_dict(tpl);
    size_t count = input->system.data ? 2 : 1;
    MtsValue messages = mts_value_list(tpl, count);
    if (!scope.dict || !messages.list) {
        return NULL;
    }
    if (input->system.data) {
        messages.list->items[0] = message(tpl, "system", input->system);
    }
    messages.list->items[count - 1] = message(tpl, "user", input->user);
    mts_dict_set(tpl, scope.dict, word("messages"), messages);
    mts_dict_set(tpl, scope.dict, word("add_generation_prompt"), mts_value_bool(true));
    mts_dict_set(tpl, scope.dict, word("tools"), mts_value(MTS_VALUE_NONE));
    mts_dict_set(tpl, scope.dict, word("documents"), mts_value(MTS_VALUE_NONE));
    if (input->bos.data) {
        mts_dict_set(tpl, scope.dict, word("bos_token"), mts_value_string(input->bos));
    }
    if (input->eos.data) {
        mts_dict_set(tpl, scope.dict, word("eos_token"), mts_value_string(input->eos));
    }
    return scope.dict;
}

int mts_template_render(const char *name, MtsString text, const MtsTemplateInput *input, char **out, size_t *size,
                        MtsError *err)
{
    MtsTpl tpl = {name, text, err, MTS_OK, 0, MTS_TEMPLATE_STEPS, 0, NULL};
    MtsBytes rendered = {NULL, 0, 0};
    *out = NULL;
    tpl.work_left = MTS_TEMPLATE_WORK + 64 * (input->system.size + input->user.size);
    if (text.size > MTS_TEMPLATE_BYTES) {
        mts_tpl_fail(&tpl, MTS_EFORMAT, MTS_TPL_NOWHERE, "%zu bytes, more than %d", text.size, MTS_TEMPLATE_BYTES);
    } else {
        tpl.text = unix_lines(&tpl, text);
        MtsTplNode *statements = mts_tpl_parse(&tpl);
        MtsDict *scope = variables(&tpl, input);
        if (!tpl.rc && !mts_bytes_append(&rendered, "", 0)) {
            mts_tpl_fail(&tpl, MTS_ENOMEM, MTS_TPL_NOWHERE, "no memory for the prompt");
        }
        if (!tpl.rc) {
            mts_tpl_run(&tpl, statements, scope, &rendered);
        }
    }
    mts_tpl_free(&tpl);
    if (tpl.rc) {
        mts_bytes_free(&rendered);
        return tpl.rc;
    }
    *out = rendered.data;
    *size = rendered.len;
    return MTS_OK;
}
