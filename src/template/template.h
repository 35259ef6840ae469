/* template/template.h - chat templates: the part of the Jinja language that they are written in.
 *
 * A file's tokenizer.chat_template is a program that turns a list of messages into a prompt. Running it, rather than
 * guessing which of some known prompts it means, is what makes the prompt right for each file. What is here of Jinja,
 * and what is not, is listed in docs/tokenizer.md; a construct that is not is MTS_EUNSUPPORTED when it is reached.
 * A template is hostile input: its size, its nesting, its steps and its memory are bounded. */
#ifndef MTS_TEMPLATE_TEMPLATE_H
#define MTS_TEMPLATE_TEMPLATE_H

#include <stddef.h>

#include "core/error.h"
#include "core/string.h"

/* What a template may refer to. Strings are UTF-8; data NULL: the variable is undefined. */
typedef struct MtsTemplateInput {
    MtsString system, user; /* messages: a system message unless data is NULL, then a user message */
    MtsString bos, eos;     /* bos_token, eos_token */
} MtsTemplateInput;

/* Renders template [size] with add_generation_prompt = true, tools = documents = none. `name` stands before the line
 * number in sentences. *out is malloc'ed and NUL-terminated. MTS_EFORMAT: the template breaks the language;
 * MTS_EUNSUPPORTED: it asks for something that is not here; MTS_EREQUEST: it refuses these messages (raise_exception);
 * MTS_ECAPACITY: it ran over a limit. */
int mts_template_render(const char *name, MtsString text, const MtsTemplateInput *input, char **out, size_t *size,
                        MtsError *err);

#endif
