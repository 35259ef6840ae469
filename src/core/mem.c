/* core/mem.c - checked sizes, aligned memory, growing arrays and text. */
#if defined(__linux__)
#define _DEFAULT_SOURCE /* madvise() */
#endif
#include "core/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

bool mts_size_mul(size_t a, size_t b, size_t *out)
{
    if (b != 0 && a > SIZE_MAX / b) {
        *out = 0;
        return false;
    }
    *out = a * b;
    return true;
}

bool mts_size_add(size_t a, size_t b, size_t *out)
{
    if (a > SIZE_MAX - b) {
        *out = 0;
        return false;
    }
    *out = a + b;
    return true;
}

void *mts_calloc(size_t count, size_t size)
{
    size_t bytes;
    if (!mts_size_mul(count, size, &bytes)) {
        return NULL;
    }
    return calloc(1, bytes ? bytes : 1);
}

bool mts_grow(void *array, size_t *cap, size_t need, size_t size)
{
    if (need <= *cap) {
        return true;
    }
    size_t want = *cap ? *cap : 8;
    while (want < need) {
        if (want > SIZE_MAX / 2) {
            return false;
        }
        want *= 2;
    }
    size_t bytes;
    if (!mts_size_mul(want, size, &bytes)) {
        return false;
    }
    void *old;
    memcpy(&old, array, sizeof old);
    void *grown = realloc(old, bytes);
    if (!grown) {
        return false;
    }
    memcpy(array, &grown, sizeof grown);
    *cap = want;
    return true;
}

/* What Windows' library aligns only its own function frees. */
static void *aligned(size_t boundary, size_t bytes)
{
    void *p = NULL;
    size_t size = bytes ? bytes : MTS_ALIGN;
#if defined(_WIN32)
    p = _aligned_malloc(size, boundary);
#else
    p = posix_memalign(&p, boundary, size) == 0 ? p : NULL;
#endif
    return p;
}

void *mts_reserve(size_t bytes)
{
    const size_t huge = (size_t)1 << 21;
    void *p = aligned(huge, bytes);
#if defined(__linux__)
    if (p && bytes >= huge) {
        madvise(p, bytes / huge * huge, MADV_HUGEPAGE);
    }
#endif
    return p;
}

void *mts_aligned_calloc(size_t count, size_t size)
{
    size_t bytes;
    if (!mts_size_mul(count, size, &bytes) || !mts_size_add(bytes, MTS_ALIGN, &bytes)) {
        return NULL;
    }
    bytes = bytes / MTS_ALIGN * MTS_ALIGN;
    void *p = mts_aligned_alloc(bytes);
    if (p) {
        memset(p, 0, bytes);
    }
    return p;
}

void *mts_aligned_alloc(size_t bytes)
{
    return aligned(MTS_ALIGN, bytes);
}

void mts_aligned_free(void *p)
{
#if defined(_WIN32)
    _aligned_free(p);
#else
    free(p);
#endif
}

char *mts_strdup(const char *s)
{
    return mts_strndup(s, strlen(s));
}

char *mts_strndup(const char *s, size_t n)
{
    char *copy = malloc(n + 1);
    if (copy) {
        memcpy(copy, s, n);
        copy[n] = '\0';
    }
    return copy;
}

bool mts_bytes_append(MtsBytes *b, const void *data, size_t n)
{
    size_t need;
    if (!mts_size_add(b->len, n, &need) || !mts_size_add(need, 1, &need)) {
        return false;
    }
    if (!mts_grow(&b->data, &b->cap, need, 1)) {
        return false;
    }
    if (n) {
        memcpy(b->data + b->len, data, n);
    }
    b->len += n;
    b->data[b->len] = '\0';
    return true;
}

bool mts_bytes_append_str(MtsBytes *b, const char *s)
{
    return mts_bytes_append(b, s, strlen(s));
}

bool mts_bytes_vprintf(MtsBytes *b, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int need = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (need < 0 || !mts_grow(&b->data, &b->cap, b->len + (size_t)need + 1, 1)) {
        return false;
    }
    vsnprintf(b->data + b->len, (size_t)need + 1, fmt, args);
    b->len += (size_t)need;
    return true;
}

bool mts_bytes_printf(MtsBytes *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    bool ok = mts_bytes_vprintf(b, fmt, args);
    va_end(args);
    return ok;
}

void mts_bytes_free(MtsBytes *b)
{
    free(b->data);
    memset(b, 0, sizeof *b);
}
