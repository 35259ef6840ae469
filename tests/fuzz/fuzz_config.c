/* libFuzzer target: any bytes as a user's own settings; the first chooses the command. */
#include <stdlib.h>
#include <sys/stat.h>

#include "cli/own_settings.h"
#include "values.h"

/* The file in a scratch folder that is the configuration's. */
static void write_config(const uint8_t *data, size_t size)
{
    static bool there;
    if (!there) {
        const char *folder = fuzz_path("maxts");
        fuzz_require(mkdir(folder, 0700) == 0, "a folder of settings");
        setenv("XDG_CONFIG_HOME", fuzz_path("."), 1);
        there = true;
    }
    fuzz_file("maxts/config", data, size);
}

static uint64_t run(const uint8_t *data, size_t size)
{
    size_t n;
    const Option *options = args_options(&n);
    Args args = {0};
    char *text = NULL;
    MtsError err = {0};
    if (size == 0) {
        return 0;
    }
    write_config(data + 1, size - 1);
    options_clear(options, n, &args);
    int rc = own_settings_read(1u << data[0] % CMD_BITS, &args, &text, &err);
    uint64_t hash = rc ? fuzz_refused(rc, &err) : values_check(options, n, 1u << data[0] % CMD_BITS, &args);
    free(text);
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_input(run, data, size);
}
