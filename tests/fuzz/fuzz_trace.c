/* libFuzzer target: any bytes as a trace, which is replayed. The seeds are traces of all methods, made by itself. */
#include "fuzz.h"
#include "small_search.h"

static uint64_t run(const uint8_t *data, size_t size)
{
    size_t lines = 0;
    MtsError err = {0};
    int rc = mts_replay(fuzz_file("input", data, size), &lines, &err);
    return rc ? fuzz_refused(rc, &err) : fuzz_hash(FUZZ_HASH, &lines, sizeof lines);
}

/* A trace for each kind of search. */
static void write_seeds(const char *directory)
{
    for (int kind = 0; kind < SMALL_KINDS; kind++) {
        char path[4096];
        MtsSearchSettings settings;
        MtsError err = {0};
        small_settings(&settings, kind);
        snprintf(path, sizeof path, "%s/seed-%d", directory, kind);
        settings.trace = path;
        fuzz_require(small_search(&settings, kind, NULL, &err) == 0, err.text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_input(run, data, size);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    return fuzz_seeds(argc, argv, write_seeds);
}
