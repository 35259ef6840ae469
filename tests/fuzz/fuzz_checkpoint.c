/* libFuzzer target: any bytes as a checkpoint to go on from; the first chooses the search. The seeds are checkpoints of
 * all methods, made by itself. */
#include <stdlib.h>

#include "core/file.h"
#include "fuzz.h"
#include "small_search.h"

static uint64_t run(const uint8_t *data, size_t size)
{
    MtsSearchSettings settings;
    MtsError err = {0};
    uint64_t hash = FUZZ_HASH;
    if (size == 0) {
        return 0;
    }
    small_settings(&settings, data[0] % SMALL_KINDS);
    settings.resume = fuzz_file("input", data + 1, size - 1);
    int rc = small_search(&settings, data[0] % SMALL_KINDS, &hash, &err);
    return rc ? fuzz_refused(rc, &err) : hash;
}

/* A checkpoint for each kind of search, with the byte that chooses it in front. */
static void write_seeds(const char *directory)
{
    for (int kind = 0; kind < SMALL_KINDS; kind++) {
        char path[4096], *data = NULL;
        size_t size = 0;
        MtsSearchSettings settings;
        MtsError err = {0};
        small_settings(&settings, kind);
        snprintf(path, sizeof path, "%s/seed-%d", directory, kind);
        settings.save = path;
        if (small_search(&settings, kind, NULL, &err) || mts_read_file(path, 1 << 20, &data, &size, &err)) {
            fuzz_require(err.code == MTS_EREQUEST, err.text); /* a method without checkpoints */
            remove(path);
            continue;
        }
        FILE *f = fopen(path, "wb");
        fuzz_require(f && fputc(kind, f) == kind && fwrite(data, 1, size, f) == size && fclose(f) == 0, path);
        free(data);
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
