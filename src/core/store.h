/* core/store.h - lists of words made once: equal lists have one number. */
#ifndef MTS_CORE_STORE_H
#define MTS_CORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MTS_STORE_FULL UINT32_MAX

typedef struct MtsStore {
    uint32_t *words, *starts, *slots; /* starts [count + 1]; slots: 0 free, else number + 1 */
    size_t word_count, word_cap, count, start_cap, slot_count;
} MtsStore; /* zero-initialise */

/* The number of the list, 0, 1, 2, ... in the order of first sight; MTS_STORE_FULL when memory ran out. */
uint32_t mts_store_put(MtsStore *store, const uint32_t *words, size_t count);

/* The number of a list that is there, or MTS_STORE_FULL. */
uint32_t mts_store_find(const MtsStore *store, const uint32_t *words, size_t count);

/* The list with this number; valid until the next put. */
const uint32_t *mts_store_get(const MtsStore *store, uint32_t number, size_t *count);

size_t mts_store_bytes(const MtsStore *store);
void mts_store_free(MtsStore *store);

#endif
