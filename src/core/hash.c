/* core/hash.c - the fingerprint, byte by byte. */
#include "core/hash.h"

#include <string.h>

uint64_t mts_hash(uint64_t before, const void *data, size_t size)
{
    const unsigned char *at = data;
    uint64_t h = before ^ size, word;
    for (; size >= sizeof word; size -= sizeof word, at += sizeof word) {
        memcpy(&word, at, sizeof word);
        h = (h ^ word) * UINT64_C(1099511628211);
        h ^= h >> 29; /* so that the upper bytes of a word reach the lower ones of the next product */
    }
    for (; size > 0; size--, at++) {
        h = (h ^ *at) * UINT64_C(1099511628211);
    }
    return h;
}
