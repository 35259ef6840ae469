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
    enum json_error_code code = value ? json_error_unknown : json_error_code(&why);
    bool beyond_jansson = code == json_error_numeric_overflow || code == json_error_null_byte_in_key;
    json_decref(value);
    fuzz_require(value || beyond_jansson, "a text that is taken is JSON");
}

static uint64_t run(const uint8_t *data, size_t size)
{
    return language_run(MTS_CONSTRAINT_SCHEMA, check, data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_input(run, data, size);
}
