/* tests/fuzz/fuzz.c - see fuzz.h. The linker sends every allocation of the library here (--wrap, meson.build). */
#include "fuzz.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/json.h"

enum { SECONDS = 5, ONE_IN = 4 };

/* Of this thread: which allocation from now on fails, 0: none; those seen so far. */
static __thread uint64_t fails_at, seen;
static __thread bool judging;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
int __real_posix_memalign(void **p, size_t align, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
int __wrap_posix_memalign(void **p, size_t align, size_t size);

/* MAXTS_FUZZ_SHOW set: where the allocation stands that fails. */
void __sanitizer_print_stack_trace(void) __attribute__((weak));

void fuzz_judge(void)
{
    judging = true;
}

void fuzz_judged(void)
{
    judging = false;
}

static bool fails(void)
{
    bool now = !judging && ++seen == fails_at;
    if (now && getenv("MAXTS_FUZZ_SHOW") && __sanitizer_print_stack_trace) {
        __sanitizer_print_stack_trace();
    }
    return now;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return fails() ? NULL : __real_realloc(p, size);
}

int __wrap_posix_memalign(void **p, size_t align, size_t size)
{
    return fails() ? ENOMEM : __real_posix_memalign(p, align, size);
}

/* jansson's, too; before it reads anything. */
__attribute__((constructor)) static void take_jansson(void)
{
    json_set_alloc_funcs(__wrap_malloc, free);
}

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

static void require_time(clock_t start)
{
    fuzz_require((double)(clock() - start) / CLOCKS_PER_SEC <= SECONDS, "five seconds for an input");
}

int fuzz_input(FuzzRun *run, const uint8_t *data, size_t size)
{
    clock_t start = clock();
    fails_at = seen = 0;
    uint64_t result = run(data, size), allocations = seen;
    uint64_t hash = fuzz_hash(FUZZ_HASH, data, size);
    if (hash % ONE_IN == 0 && allocations > 0) {
        fails_at = 1 + hash / ONE_IN % allocations;
        seen = 0;
        uint64_t again = run(data, size);
        fails_at = 0;
        fuzz_require(again == 0 || again == result, "with an allocation failed: a sentence, or the same result");
    }
    require_time(start);
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
