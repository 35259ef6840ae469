/* template/template.h - chat templates: the part of the Jinja language that they are written in.
 *
 * A file's tokenizer.chat_template is a program that turns a list of messages into a prompt. Running it, rather than
 * guessing which of some known prompts it means, is what makes the prompt right for each file. What is here of Jinja,
 * and what is not, is listed in docs/tokenizer.md; a construct that is not is MTS_EUNSUPPORTED when it is reached.
 * A template is hostile input: its size, its nesting, its steps and its memory are bounded. */
#ifndef MTS_TEMPLATE_TEMPLATE_H
#define MTS_TEMPLATE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "core/json.h"
#include "core/string.h"

/* A day, as strftime_now() sees it, at midnight. */
typedef struct MtsTemplateDate {
    int year, month, day; /* month and day from 1 */
} MtsTemplateDate;

/* "YYYY-MM-DD" of a day that there is, 1 to 9999. */
bool mts_template_date(const char *text, MtsTemplateDate *date);

/* What a template may refer to. */
typedef struct MtsTemplateInput {
    const json_t *messages;      /* a list */
    const json_t *variables;     /* an object whose members are variables, too; NULL: none. "tools" and "documents" are
                                    none,     and "add_generation_prompt" is true, where it does not say otherwise */
    MtsString bos, eos;          /* bos_token, eos_token; data NULL: undefined */
    const MtsTemplateDate *date; /* of strftime_now(); NULL: there is no such function */
    bool *dated;                 /* set to true where it is called; NULL: not wanted */
} MtsTemplateInput;

/* Renders template [size]. `name` stands before the line number in sentences. *out is malloc'ed and NUL-terminated;
 * *said, malloc'ed, has a byte for each of its bytes: 1 where it came out of a message's words (its role is none) or a
 * variable's, 0 where it is the template's. said may be NULL. MTS_EFORMAT: the template breaks the language;
 * MTS_EUNSUPPORTED: it asks for something that is not here; MTS_EREQUEST: it refuses these messages (raise_exception);
 * MTS_ECAPACITY: it ran over a limit. */
int mts_template_render(const char *name, MtsString text, const MtsTemplateInput *input, char **out, char **said,
                        size_t *size, MtsError *err);

#endif
