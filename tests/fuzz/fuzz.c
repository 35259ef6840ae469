/* tests/fuzz/fuzz.c - see fuzz.h. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "blocks.h"

enum { SECONDS = 5, ONE_IN = 4, REPEATS = 4 };

uint64_t fuzz_hash(uint64_t hash, const void *data, size_t size)
{
    const unsigned char *at = data;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ at[i]) * UINT64_C(1099511628211); /* FNV-1a */
    }
    return hash ? hash : 1;
}

void fuzz_require(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "does not hold: %s\n", what);
        blocks_say_failure();
        abort();
    }
}

uint64_t fuzz_refused(int rc, const MtsError *err)
{
    size_t n = strlen(err->text);
    if (rc >= 0 || err->code != rc || n == 0 || strchr(err->text, '\n')) {
        fprintf(stderr, "code %d with the sentence \"%s\" of code %d\n", rc, err->text, err->code);
        abort();
    }
    return 0;
}

const char *fuzz_path(const char *name)
{
    static char folder[200], path[300];
    if (!folder[0]) {
        const char *scratch = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%s/maxts-fuzz-XXXXXX", scratch ? scratch : "/tmp");
        fuzz_require(mkdtemp(folder) != NULL, "a scratch folder can be made");
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

const char *fuzz_file(const char *name, const void *data, size_t size)
{
    const char *path = fuzz_path(name);
    remove(path); /* some file systems flush a file to disk that is cut and written again */
    FILE *f = fopen(path, "wb");
    fuzz_require(f && (!size || fwrite(data, 1, size, f) == size) && fclose(f) == 0, "a scratch file can be written");
    return path;
}

typedef struct Input {
    FuzzRun *run;
    const uint8_t *data;
    size_t size;
    Failure failure;
    uint64_t allocations; /* of the last run */
} Input;

/* How far descriptors are in use: the lowest that is not. */
static int descriptors(void)
{
    int lowest = dup(STDERR_FILENO);
    close(lowest);
    return lowest;
}

static uint64_t run_once(Input *in)
{
    clock_t start = clock();
    blocks_begin(in->failure);
    uint64_t result = in->run(in->data, in->size);
    in->allocations = blocks_end();
    fuzz_require((double)(clock() - start) / CLOCKS_PER_SEC <= SECONDS, "five seconds for an input");
    return result;
}

/* What a run leaves, again and again, is lost; what it keeps on purpose (a cache, or something made once) it keeps only
 * once. */
static uint64_t run_clean(Input *in)
{
    uint64_t first = 0;
    for (int i = 0; i < REPEATS; i++) {
        size_t blocks_before = blocks_count();
        int files_before = descriptors();
        uint64_t result = run_once(in);
        first = i ? first : result;
        bool files_left = descriptors() > files_before;
        if (blocks_count() <= blocks_before && !files_left) {
            break;
        }
        if (i + 1 == REPEATS) {
            blocks_say_left();
            run_once(in);
            fuzz_require(!files_left, "no descriptor is left");
            fuzz_require(false, "no memory is left");
        }
    }
    return first;
}

static void run_failing(Input *in, uint64_t result)
{
    uint64_t again = run_clean(in);
    fuzz_require(again == 0 || again == result, "with an allocation failed: a sentence, or the same result");
}

/* Each allocation in turn, or `most` of them. */
static void fail_each(Input *in, uint64_t result, uint64_t allocations, uint64_t most)
{
    uint64_t stride = (allocations + most - 1) / most;
    for (uint64_t at = 1 + fuzz_hash(FUZZ_HASH, in->data, in->size) % stride; at <= allocations; at += stride) {
        for (int lasts = 0; lasts < 2; lasts++) {
            in->failure = (Failure){at, lasts};
            run_failing(in, result);
        }
    }
}

int fuzz_input(FuzzRun *run, const uint8_t *data, size_t size)
{
    static const char *each;
    each = each ? each : getenv("MAXTS_FUZZ_EACH") ? getenv("MAXTS_FUZZ_EACH") : "";
    Input in = {run, data, size, {0, false}, 0};
    uint64_t result = run_clean(&in), allocations = in.allocations, hash = fuzz_hash(FUZZ_HASH, data, size);
    if (*each && allocations) {
        fail_each(&in, result, allocations, strtoull(each, NULL, 10));
    } else if (hash % ONE_IN == 0 && allocations) {
        in.failure = (Failure){1 + hash / ONE_IN % allocations, hash >> 63};
        run_failing(&in, result);
    }
    return 0;
}

int fuzz_seeds(int *argc, char ***argv, void (*write_seeds)(const char *directory))
{
    const char *directory = getenv("MAXTS_FUZZ_SEEDS");
    (void)argc;
    (void)argv;
    if (directory) {
        write_seeds(directory);
    }
    return 0;
}
