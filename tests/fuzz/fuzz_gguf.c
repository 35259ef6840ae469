/* libFuzzer target: any bytes as a model file (tests/fuzz/README.md says how to run it). An input that takes more than
 * five seconds of processor time, sanitizers included, counts as a crash: unlike libFuzzer's own limit this one does
 * not fire because the machine is busy. */
#include "whole.h"

#include <stdint.h>
#include <time.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[4096];
    if (!path[0]) {
        const char *directory = getenv("TMPDIR");
        snprintf(path, sizeof path, "%s/maxts-fuzz-%ld", directory ? directory : "/tmp", (long)getpid());
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
    clock_t start = clock();
    whole_run(path, copy, size, size % 2 == 0, &err);
    if ((double)(clock() - start) / CLOCKS_PER_SEC > 5) {
        abort();
    }
    mts_aligned_free(copy);
    return 0;
}
