/* libFuzzer target: any bytes as a chat template. It must end in a prompt or in one sentence. */
#include <stdlib.h>

#include "fuzz.h"
#include "template/template.h"

/* Made before an allocation fails. */
static const json_t *messages(void)
{
    static json_t *made;
    if (!made) {
        made = json_pack("[{s:s, s:s}, {s:s, s:s}]", "role", "system", "content", "Be brief.", "role", "user",
                         "content", "What rises?");
    }
    return made;
}

static uint64_t run(const uint8_t *data, size_t size)
{
    static const MtsTemplateDate day = {2026, 3, 5};
    const MtsTemplateInput input = {messages(), NULL, {"<s>", 3}, {NULL, 0}, &day, NULL};
    char *prompt, *said;
    size_t prompt_size;
    MtsError err = {0};
    int rc = mts_template_render("template", (MtsString){(const char *)data, size}, &input, &prompt, &said,
                                 &prompt_size, &err);
    if (rc) {
        fuzz_require(!prompt && !said, "no prompt where it was refused");
        return fuzz_refused(rc, &err);
    }
    fuzz_require(prompt && said, "a prompt where it was not refused");
    uint64_t hash = fuzz_hash(FUZZ_HASH, prompt, prompt_size);
    free(prompt);
    free(said);
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_input(run, data, size);
}
