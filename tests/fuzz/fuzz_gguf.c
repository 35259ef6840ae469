/* libFuzzer target: any bytes as a model file (tests/fuzz/README.md says how to run it). */
#include "fuzz.h"
#include "whole.h"

static uint64_t run(const uint8_t *data, size_t size)
{
    MtsError err = {0};
    void *copy = mts_aligned_calloc(size, 1);
    if (!copy) {
        return 0;
    }
    if (size) {
        memcpy(copy, data, size);
    }
    Whole far = whole_run(fuzz_file("input", copy, size), copy, size, size % 2 == 0, &err);
    mts_aligned_free(copy);
    return err.code == MTS_ENOMEM ? 0 : 1 + (uint64_t)far;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_input(run, data, size);
}
