/* libFuzzer target: any bytes as a chat template. It must end in a prompt or in one sentence. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "template/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const MtsTemplateDate day = {2026, 3, 5};
    json_t *messages = json_pack("[{s:s, s:s}, {s:s, s:s}]", "role", "system", "content", "Be brief.", "role", "user",
                                 "content", "What rises?");
    const MtsTemplateInput input = {messages, NULL, {"<s>", 3}, {NULL, 0}, &day, NULL};
    char *prompt, *said;
    size_t prompt_size;
    MtsError err = {0};
    int rc = mts_template_render("template", (MtsString){(const char *)data, size}, &input, &prompt, &said,
                                 &prompt_size, &err);
    json_decref(messages);
    if (rc == 0 ? !prompt || !said : prompt || said || err.code != rc || !err.text[0] || strchr(err.text, '\n')) {
        fprintf(stderr, "code %d with the sentence \"%s\"\n", rc, err.text);
        abort();
    }
    free(prompt);
    free(said);
    return 0;
}
