/* core/store.c - open addressing over one array of words. */
#include "core/store.h"

#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/mem.h"

static uint64_t hash_words(const uint32_t *words, size_t count)
{
    return mts_hash_spread(mts_hash(MTS_HASH_BEGIN, words, count * sizeof *words));
}

const uint32_t *mts_store_get(const MtsStore *s, uint32_t number, size_t *count)
{
    *count = s->starts[number + 1] - s->starts[number];
    return s->words + s->starts[number];
}

static bool rehash(MtsStore *s)
{
    size_t slots = s->slot_count ? 2 * s->slot_count : 64;
    uint32_t *fresh = mts_calloc(slots, sizeof *fresh);
    if (!fresh) {
        return false;
    }
    for (size_t i = 0; i < s->count; i++) {
        size_t n;
        const uint32_t *words = mts_store_get(s, (uint32_t)i, &n);
        size_t at = hash_words(words, n) & (slots - 1);
        while (fresh[at]) {
            at = (at + 1) & (slots - 1);
        }
        fresh[at] = (uint32_t)i + 1;
    }
    free(s->slots);
    s->slots = fresh;
    s->slot_count = slots;
    return true;
}

/* The slot of the list, or the empty one where it belongs. */
static size_t slot_of(const MtsStore *s, const uint32_t *words, size_t count)
{
    size_t at = hash_words(words, count) & (s->slot_count - 1), n;
    for (; s->slots[at]; at = (at + 1) & (s->slot_count - 1)) {
        const uint32_t *old = mts_store_get(s, s->slots[at] - 1, &n);
        if (n == count && memcmp(old, words, n * sizeof *words) == 0) {
            break;
        }
    }
    return at;
}

uint32_t mts_store_find(const MtsStore *s, const uint32_t *words, size_t count)
{
    uint32_t slot = s->slot_count ? s->slots[slot_of(s, words, count)] : 0;
    return slot ? slot - 1 : MTS_STORE_FULL;
}

uint32_t mts_store_put(MtsStore *s, const uint32_t *words, size_t count)
{
    if (2 * (s->count + 1) > s->slot_count && !rehash(s)) {
        return MTS_STORE_FULL;
    }
    size_t at = slot_of(s, words, count);
    if (s->slots[at]) {
        return s->slots[at] - 1;
    }
    if (s->word_count + count >= UINT32_MAX ||
        !mts_grow(&s->words, &s->word_cap, s->word_count + count + 1, sizeof *s->words) ||
        !mts_grow(&s->starts, &s->start_cap, s->count + 2, sizeof *s->starts)) {
        return MTS_STORE_FULL;
    }
    if (count) {
        memcpy(s->words + s->word_count, words, count * sizeof *words);
    }
    s->starts[s->count] = (uint32_t)s->word_count;
    s->word_count += count;
    s->starts[s->count + 1] = (uint32_t)s->word_count;
    s->slots[at] = (uint32_t)++s->count;
    return (uint32_t)s->count - 1;
}

size_t mts_store_bytes(const MtsStore *s)
{
    return (s->word_cap + s->start_cap + s->slot_count) * sizeof(uint32_t);
}

void mts_store_free(MtsStore *s)
{
    free(s->words);
    free(s->starts);
    free(s->slots);
    *s = (MtsStore){0};
}
