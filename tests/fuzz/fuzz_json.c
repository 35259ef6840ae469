/* libFuzzer target: any bytes as JSON. What is read and written must read back to the same. */
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "fuzz.h"

static uint64_t run(const uint8_t *data, size_t size)
{
    MtsError err = {0};
    json_t *value, *back = NULL;
    int rc = mts_json_parse(&value, "json", (const char *)data, size, &err);
    if (rc) {
        fuzz_require(!value, "no value where it was refused");
        return fuzz_refused(rc, &err);
    }
    char *text = mts_json_text(value);
    rc = text ? mts_json_parse(&back, "text", text, strlen(text), &err) : MTS_ENOMEM;
    uint64_t hash = text ? fuzz_hash(FUZZ_HASH, text, strlen(text)) : 0;
    fuzz_require(rc == MTS_ENOMEM || (!rc && json_equal(value, back)), "what is written reads back to the same");
    json_decref(value);
    json_decref(back);
    free(text);
    return rc ? 0 : hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_input(run, data, size);
}
