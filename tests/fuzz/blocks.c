/* tests/fuzz/blocks.c - see blocks.h. The linker sends every allocation of the library and every call of PCRE2 that
 * allocates here (--wrap, meson.build). */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "blocks.h"

#include <errno.h>
#include <malloc.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/json.h"
#include "fuzz.h"

/* Of this thread: what fails, the allocations of the run so far, and which of them shows where it stands. */
static __thread Failure failing;
static __thread uint64_t seen, shown;
static __thread bool judging, running;

void *__real_malloc(size_t size);
void *__real_calloc(size_t number, size_t size);
void *__real_realloc(void *p, size_t size);
int __real_posix_memalign(void **p, size_t align, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t number, size_t size);
void *__wrap_realloc(void *p, size_t size);
int __wrap_posix_memalign(void **p, size_t align, size_t size);
void __wrap_free(void *p);

/* libFuzzer's own, with a sanitizer or without. */
void __sanitizer_print_stack_trace(void);

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
    if (judging || !running) {
        return false;
    }
    seen++;
    bool now = failing.at && (seen == failing.at || (failing.lasts && seen > failing.at));
    if (seen == shown || (now && seen == failing.at && getenv("MAXTS_FUZZ_SHOW"))) {
        __sanitizer_print_stack_trace();
    }
    return now;
}

/* ---- what is there: blocks of memory and objects of PCRE2 that a run has made ----
 *
 * What other threads make does not count, nor what a judge makes; they may free what counts. */

typedef struct Block {
    const void *p;
    uint64_t run, made; /* by which run, and by which of its allocations */
} Block;

static Block *blocks; /* a hash table; cap is a power of two, and at most half of it is in use */
static size_t cap, count;
static bool locked;
static uint64_t runs;

static void lock(void)
{
    while (__atomic_test_and_set(&locked, __ATOMIC_ACQUIRE)) {
    }
}

static void unlock(void)
{
    __atomic_clear(&locked, __ATOMIC_RELEASE);
}

static size_t place_of(const void *p)
{
    return (size_t)((uint64_t)((uintptr_t)p >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (cap - 1);
}

static size_t find(const void *p)
{
    size_t i = place_of(p);
    while (blocks[i].p && blocks[i].p != p) {
        i = (i + 1) & (cap - 1);
    }
    return i;
}

static void grow(void)
{
    Block *old = blocks;
    size_t old_cap = cap;
    cap = cap ? 2 * cap : 1 << 12;
    blocks = __real_calloc(cap, sizeof *blocks);
    fuzz_require(blocks != NULL, "memory to count blocks");
    for (size_t i = 0; i < old_cap; i++) {
        if (old[i].p) {
            blocks[find(old[i].p)] = old[i];
        }
    }
    __real_free(old);
}

static void *made(void *p)
{
    if (p && !judging && running) {
        lock();
        if (2 * count >= cap) {
            grow();
        }
        size_t i = find(p); /* there already, where PCRE2 is linked in and its own allocation came here */
        count += !blocks[i].p;
        blocks[i] = (Block){p, runs, seen};
        unlock();
    }
    return p;
}

static void gone(const void *p)
{
    if (!p || !count) {
        return;
    }
    lock();
    size_t hole = find(p);
    if (blocks[hole].p) {
        count--;
        for (size_t i = (hole + 1) & (cap - 1); blocks[i].p;
             i = (i + 1) & (cap - 1)) { /* what was pushed aside by it */
            if (((i - place_of(blocks[i].p)) & (cap - 1)) >= ((i - hole) & (cap - 1))) {
                blocks[hole] = blocks[i];
                hole = i;
            }
        }
        blocks[hole].p = NULL;
    }
    unlock();
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : made(__real_malloc(size));
}

void *__wrap_calloc(size_t number, size_t size)
{
    return fails() ? NULL : made(__real_calloc(number, size));
}

void *__wrap_realloc(void *p, size_t size)
{
    if (fails()) {
        return NULL;
    }
    gone(p); /* before another thread can have the place */
    return made(__real_realloc(p, size));
}

int __wrap_posix_memalign(void **p, size_t align, size_t size)
{
    int rc = fails() ? ENOMEM : __real_posix_memalign(p, align, size);
    if (!rc) {
        made(*p);
    }
    return rc;
}

void __wrap_free(void *p)
{
    gone(p);
    __real_free(p);
}

/* PCRE2's objects come and go as blocks do. */
#define OBJECT(object, made_by, gone_by, parameters, arguments)                                                        \
    object *__real_##made_by parameters;                                                                               \
    object *__wrap_##made_by parameters;                                                                               \
    object *__wrap_##made_by parameters                                                                                \
    {                                                                                                                  \
        return fails() ? NULL : made(__real_##made_by arguments);                                                      \
    }                                                                                                                  \
    void __real_##gone_by(object *p);                                                                                  \
    void __wrap_##gone_by(object *p);                                                                                  \
    void __wrap_##gone_by(object *p)                                                                                   \
    {                                                                                                                  \
        gone(p);                                                                                                       \
        __real_##gone_by(p);                                                                                           \
    }

OBJECT(pcre2_match_data, pcre2_match_data_create_8, pcre2_match_data_free_8, (uint32_t n, pcre2_general_context *c),
       (n, c))
OBJECT(pcre2_match_context, pcre2_match_context_create_8, pcre2_match_context_free_8, (pcre2_general_context * c), (c))
OBJECT(pcre2_jit_stack, pcre2_jit_stack_create_8, pcre2_jit_stack_free_8,
       (size_t first, size_t most, pcre2_general_context *c), (first, most, c))

pcre2_code *__real_pcre2_compile_8(PCRE2_SPTR text, PCRE2_SIZE size, uint32_t how, int *why, PCRE2_SIZE *where,
                                   pcre2_compile_context *c);
pcre2_code *__wrap_pcre2_compile_8(PCRE2_SPTR text, PCRE2_SIZE size, uint32_t how, int *why, PCRE2_SIZE *where,
                                   pcre2_compile_context *c);
void __real_pcre2_code_free_8(pcre2_code *p);
void __wrap_pcre2_code_free_8(pcre2_code *p);
int __real_pcre2_match_8(const pcre2_code *code, PCRE2_SPTR text, PCRE2_SIZE size, PCRE2_SIZE from, uint32_t how,
                         pcre2_match_data *data, pcre2_match_context *c);
int __wrap_pcre2_match_8(const pcre2_code *code, PCRE2_SPTR text, PCRE2_SIZE size, PCRE2_SIZE from, uint32_t how,
                         pcre2_match_data *data, pcre2_match_context *c);

pcre2_code *__wrap_pcre2_compile_8(PCRE2_SPTR text, PCRE2_SIZE size, uint32_t how, int *why, PCRE2_SIZE *where,
                                   pcre2_compile_context *c)
{
    if (fails()) {
        *why = PCRE2_ERROR_HEAP_FAILED;
        *where = 0;
        return NULL;
    }
    return made(__real_pcre2_compile_8(text, size, how, why, where, c));
}

void __wrap_pcre2_code_free_8(pcre2_code *p)
{
    gone(p);
    __real_pcre2_code_free_8(p);
}

int __wrap_pcre2_match_8(const pcre2_code *code, PCRE2_SPTR text, PCRE2_SIZE size, PCRE2_SIZE from, uint32_t how,
                         pcre2_match_data *data, pcre2_match_context *c)
{
    return fails() ? PCRE2_ERROR_NOMEMORY : __real_pcre2_match_8(code, text, size, from, how, data, c);
}

/* jansson's, too; before it reads anything. */
__attribute__((constructor)) static void take_jansson(void)
{
    json_set_alloc_funcs(__wrap_malloc, __wrap_free);
    mallopt(M_MMAP_THRESHOLD, 64 << 20); /* what is freed stays: pages that come anew are cleared anew */
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
}

void blocks_begin(Failure failure)
{
    failing = failure;
    seen = 0;
    runs++;
    running = true;
}

uint64_t blocks_end(void)
{
    running = false;
    return seen;
}

size_t blocks_count(void)
{
    return count;
}

void blocks_say_failure(void)
{
    if (failing.at) {
        fprintf(stderr, "of the run's allocations number %llu failed%s\n", (unsigned long long)failing.at,
                failing.lasts ? ", and all behind it" : "");
    }
}

void blocks_say_left(void)
{
    shown = 0;
    for (size_t i = 0; i < cap; i++) {
        if (blocks[i].p && blocks[i].run == runs) {
            fprintf(stderr, "left: the run's allocation number %llu\n", (unsigned long long)blocks[i].made);
            shown = shown && shown < blocks[i].made ? shown : blocks[i].made;
        }
    }
}
