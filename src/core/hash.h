/* core/hash.h - a 64-bit fingerprint: against mistakes, not against forgery. */
#ifndef MTS_CORE_HASH_H
#define MTS_CORE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a over words of eight bytes, the same on every processor. `before` is the hash of what came before, or
 * MTS_HASH_BEGIN. */
#define MTS_HASH_BEGIN UINT64_C(14695981039346656037)
uint64_t mts_hash(uint64_t before, const void *data, size_t size);
/* Of n numbers as their bytes, the least first: what processors of either order take alike. */
uint64_t mts_hash_words(uint64_t before, const void *words, size_t n); /* of 32 bits, integers or floats */
uint64_t mts_hash_doubles(uint64_t before, const double *x, size_t n);

/* The hash spread over its lower bits, which alone say where it stands in a table. */
static inline uint64_t mts_hash_spread(uint64_t hash)
{
    hash = (hash ^ hash >> 32) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 32;
}

enum { MTS_HASH_DIGITS = 16 };
/* The hash as hexadecimal digits, NUL-terminated; returns `text`. */
const char *mts_hash_text(uint64_t hash, char text[MTS_HASH_DIGITS + 1]);

#endif
