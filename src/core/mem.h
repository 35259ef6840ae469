/* core/mem.h - sizes that are checked before they are used, and aligned memory. */
#ifndef MTS_CORE_MEM_H
#define MTS_CORE_MEM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* Every buffer that a kernel touches starts on such a boundary (one AVX-512 register, one cache line). */
#define MTS_ALIGN 64

/* *out = a * b, or a + b; false when the result does not fit in size_t (then *out is 0). */
bool mts_size_mul(size_t a, size_t b, size_t *out);
bool mts_size_add(size_t a, size_t b, size_t *out);

/* count * size bytes, zeroed, plainly aligned; NULL when the product overflows or memory ran out.
 * A count or size of 0 gives a valid pointer. Free with free(). */
void *mts_calloc(size_t count, size_t size);

/* Grows *array (element size `size`, capacity *cap) to hold at least `need` elements, doubling.
 * New elements are not initialised. false leaves everything as it was. */
bool mts_grow(void *array, size_t *cap, size_t need, size_t size);

/* count * size bytes aligned to MTS_ALIGN and rounded up to a multiple of it, zeroed.
 * NULL as above. Free with mts_aligned_free(). */
void *mts_aligned_calloc(size_t count, size_t size);
void *mts_aligned_alloc(size_t bytes); /* not zeroed */
void mts_aligned_free(void *p);        /* NULL-safe */

/* At least `bytes` for something large: aligned to 2 MiB, not zeroed, resident only where it is touched; in huge pages
 * (fewer address translations) where the system grants them. NULL when memory ran out. Free with mts_aligned_free(). */
void *mts_reserve(size_t bytes);

/* A copy of the string, or of its first n bytes; NULL when memory ran out. Free with free(). */
char *mts_strdup(const char *s);
char *mts_strndup(const char *s, size_t n);

/* A growable byte string. Zero-initialise; data is always NUL-terminated once anything was appended
 * (the NUL is not counted in len). Append returns false when memory ran out. */
typedef struct MtsBytes {
    char *data;
    size_t len, cap;
} MtsBytes;

bool mts_bytes_append(MtsBytes *b, const void *data, size_t n);
bool mts_bytes_append_str(MtsBytes *b, const char *s);
bool mts_bytes_printf(MtsBytes *b, const char *fmt, ...) MTS_PRINTF(2, 3);
bool mts_bytes_vprintf(MtsBytes *b, const char *fmt, va_list args) MTS_PRINTF(2, 0);
void mts_bytes_free(MtsBytes *b);

#endif
