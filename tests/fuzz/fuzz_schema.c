/* libFuzzer target: any bytes as a JSON schema and a text (language.h); what is taken has to be JSON. */
#include <string.h>

#include "core/json.h"
#include "language.h"

static void check(const char *source, size_t source_size, const char *text, size_t size, bool taken)
{
    (void)source;
    (void)source_size;
    if (!taken) {
        return;
    }
    json_error_t why;
    json_t *value = json_loadb(text, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    bool too_large = !value && json_error_code(&why) == json_error_numeric_overflow; /* for jansson */
    json_decref(value);
    fuzz_require(value || too_large, "a text that is taken is JSON");
}

static uint64_t run(const uint8_t *data, size_t size)
{
    return language_run(MTS_CONSTRAINT_SCHEMA, check, data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_input(run, data, size);
}
