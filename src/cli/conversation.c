/* cli/conversation.c - see conversation.h. */
#include "cli/conversation.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/file.h"
#include "core/json.h"
#include "core/mem.h"
#include "template/template.h"

enum { MAX_MESSAGES = 64 << 20, MAX_TEMPLATE = 1 << 20 }; /* bytes */

const char *conversation_option(const Args *args)
{
    return args->system                            ? "--system"
           : args->messages || args->messages_text ? "--messages"
           : args->chat_template                   ? "--chat-template"
           : args->template_variables.count        ? "--template-var"
           : args->date                            ? "--date"
                                                   : NULL;
}

/* A file as a string; a NUL in it would end it unseen. */
static int read_string(const char *option, const char *path, size_t most, char **text, MtsError *err)
{
    size_t size;
    int rc = mts_read_file(path, most, text, &size, err);
    if (!rc && strlen(*text) != size) {
        rc = mts_fail(err, MTS_EREQUEST, "%s: %s holds a NUL byte at %zu", option, path, strlen(*text));
    }
    return rc;
}

/* NAME=VALUE, the value JSON. */
static int add_variable(json_t **variables, const char *given, MtsError *err)
{
    const char *sign = strchr(given, '=');
    json_t *value;
    if (!sign || sign == given) {
        return mts_fail(err, MTS_EREQUEST, "--template-var: '%s' is no NAME=VALUE", given);
    }
    if (sign - given == 8 && strncmp(given, "messages", 8) == 0) { /* the prompt's own would hide them */
        return mts_fail(err, MTS_EREQUEST, "--template-var: messages are given by --messages");
    }
    int rc = mts_json_parse(&value, "--template-var", sign + 1, strlen(sign + 1), err);
    if (rc) {
        return rc == MTS_ENOMEM
                   ? rc
                   : mts_fail(err, MTS_EREQUEST,
                              "--template-var: '%s' is no JSON value, as true, 3 or \"text\" (with its quotes)",
                              sign + 1);
    }
    char *name = mts_strndup(given, (size_t)(sign - given));
    if (!name) {
        json_decref(value);
        return mts_fail(err, MTS_ENOMEM, "no memory for the template's variables");
    }
    mts_json_add(variables, name, value);
    free(name);
    return MTS_OK;
}

static int make_variables(Conversation *c, const Args *args, MtsError *err)
{
    json_t *variables = json_object();
    int rc = MTS_OK;
    for (size_t i = 0; i < args->template_variables.count && !rc; i++) {
        rc = add_variable(&variables, args->template_variables.items[i], err);
    }
    if (!rc && (!variables || !(c->variables = mts_json_text(variables)))) {
        rc = mts_fail(err, MTS_ENOMEM, "no memory for the template's variables");
    }
    json_decref(variables);
    return rc;
}

int conversation_check_date(const Args *args, MtsError *err)
{
    MtsTemplateDate day;
    return !args->date || mts_template_date(args->date, &day)
               ? MTS_OK
               : mts_fail(err, MTS_EREQUEST, "--date: '%.40s' is no day as YYYY-MM-DD", args->date);
}

static int make_date(Conversation *c, const Args *args, MtsError *err)
{
    time_t now = time(NULL);
    struct tm today;
    if (args->date) {
        strcpy(c->date, args->date);
    } else if (!localtime_r(&now, &today) || !strftime(c->date, sizeof c->date, "%Y-%m-%d", &today)) {
        return mts_fail(err, MTS_EREQUEST, "--date is missing, and the clock does not tell the day");
    }
    return MTS_OK;
}

int conversation_open(Conversation *c, const Args *args, MtsError *err)
{
    int rc;
    memset(c, 0, sizeof *c);
    if (args->messages_text && !(c->messages = mts_strdup(args->messages_text))) {
        return mts_fail(err, MTS_ENOMEM, "no memory for the messages");
    }
    if ((args->messages && (rc = read_string("--messages", args->messages, MAX_MESSAGES, &c->messages, err))) ||
        (args->chat_template &&
         (rc = read_string("--chat-template", args->chat_template, MAX_TEMPLATE, &c->template_text, err))) ||
        (args->template_variables.count && (rc = make_variables(c, args, err))) || (rc = make_date(c, args, err))) {
        return rc;
    }
    c->input = (MtsChatInput){.system = args->system,
                              .messages = c->messages,
                              .variables = c->variables,
                              .template_text = c->template_text,
                              .date = c->date,
                              .dated = &c->dated,
                              .special = args->special};
    return MTS_OK;
}

void conversation_close(Conversation *c)
{
    free(c->messages);
    free(c->variables);
    free(c->template_text);
    memset(c, 0, sizeof *c);
}

int conversation_last(const Conversation *c, char **text, MtsError *err)
{
    json_t *given, *one;
    size_t i;
    const char *last = "";
    int rc = mts_json_parse(&given, "--messages", c->messages, strlen(c->messages), err);
    if (rc) {
        return rc;
    }
    json_array_foreach(json_is_object(given) ? json_object_get(given, "messages") : given, i, one)
    {
        const char *role = json_string_value(json_object_get(one, "role"));
        const char *content = json_string_value(json_object_get(one, "content"));
        last = role && content && strcmp(role, "user") == 0 ? content : last;
    }
    *text = mts_strdup(last);
    json_decref(given);
    return *text ? MTS_OK : mts_fail(err, MTS_ENOMEM, "no memory for the prompt");
}
