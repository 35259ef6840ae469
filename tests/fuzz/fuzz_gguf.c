/* libFuzzer target: any bytes as a model file (tests/fuzz/README.md says how to run it). */
#include "whole.h"

#include <stdint.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[64];
    if (!path[0]) {
        snprintf(path, sizeof path, "/tmp/maxts-fuzz-%ld", (long)getpid());
    }
    void *copy = mts_aligned_calloc(size, 1);
    if (!copy) {
        return 0;
    }
    if (size) {
        memcpy(copy, data, size);
    }
    MtsError err = {0};
    whole_write(path, copy, size);
    whole_run(path, copy, size, size % 2 == 0, &err);
    mts_aligned_free(copy);
    return 0;
}
