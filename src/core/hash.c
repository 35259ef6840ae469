/* core/hash.c - the fingerprint, byte by byte. */
#include "core/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/endian.h"

static uint64_t add_word(uint64_t h, uint64_t word)
{
    h = (h ^ word) * UINT64_C(1099511628211);
    return h ^ h >> 29; /* so that the upper bytes of a word reach the lower ones of the next product */
}

static uint64_t add_bytes(uint64_t h, const void *data, size_t size)
{
    for (const unsigned char *at = data; size > 0; size--, at++) {
        h = (h ^ *at) * UINT64_C(1099511628211);
    }
    return h;
}

uint64_t mts_hash(uint64_t before, const void *data, size_t size)
{
    const unsigned char *at = data;
    uint64_t h = before ^ size;
    for (; size >= sizeof h; size -= sizeof h, at += sizeof h) {
        h = add_word(h, mts_load_u64(at));
    }
    return add_bytes(h, at, size);
}

uint64_t mts_hash_words(uint64_t before, const void *words, size_t n)
{
    const unsigned char *at = words;
    uint64_t h = before ^ n * sizeof(uint32_t);
    for (; n >= 2; n -= 2, at += sizeof(uint64_t)) {
        uint32_t two[2];
        memcpy(two, at, sizeof two);
        h = add_word(h, (uint64_t)two[1] << 32 | two[0]);
    }
    if (n) {
        uint32_t last;
        memcpy(&last, at, sizeof last);
        last = mts_le32(last);
        h = add_bytes(h, &last, sizeof last);
    }
    return h;
}

uint64_t mts_hash_doubles(uint64_t before, const double *x, size_t n)
{
    uint64_t h = before ^ n * sizeof *x;
    for (size_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, x + i, sizeof bits);
        h = add_word(h, bits);
    }
    return h;
}

const char *mts_hash_text(uint64_t hash, char text[MTS_HASH_DIGITS + 1])
{
    snprintf(text, MTS_HASH_DIGITS + 1, "%016" PRIx64, hash);
    return text;
}
