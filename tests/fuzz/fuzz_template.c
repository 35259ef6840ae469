/* libFuzzer target: any bytes as a chat template. It must end in a prompt or in one sentence. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "template/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const MtsTemplateInput input = {{"Be brief.", 9}, {"What rises?", 11}, {"<s>", 3}, {NULL, 0}};
    char *prompt;
    size_t prompt_size;
    MtsError err = {0};
    int rc =
        mts_template_render("template", (MtsString){(const char *)data, size}, &input, &prompt, &prompt_size, &err);
    if (rc == 0 ? !prompt : prompt || err.code != rc || !err.text[0] || strchr(err.text, '\n')) {
        fprintf(stderr, "code %d with the sentence \"%s\"\n", rc, err.text);
        abort();
    }
    free(prompt);
    return 0;
}
