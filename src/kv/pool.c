/* kv/pool.c - pages by number: free ones, references. */
#include "kv/pool.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

bool mts_kv_pool_init(MtsKvPool *pool, size_t pages, size_t page_bytes)
{
    memset(pool, 0, sizeof *pool);
    size_t rounded, bytes;
    if (pages >= MTS_KV_NO_PAGE || !mts_size_add(page_bytes, MTS_ALIGN - 1, &rounded) ||
        !mts_size_mul(rounded / MTS_ALIGN * MTS_ALIGN, pages, &bytes)) {
        return false;
    }
    pool->page_bytes = rounded / MTS_ALIGN * MTS_ALIGN;
    pool->pages = pages;
    pool->free = mts_calloc(pages, sizeof *pool->free);
    pool->memory = mts_reserve(bytes); /* not zeroed: a page becomes resident when it is first written */
    if (!pool->free || !pool->memory) {
        mts_kv_pool_clear(pool);
        return false;
    }
    for (size_t i = 0; i < pages; i++) { /* page 0 on top */
        pool->free[i] = (uint32_t)(pages - 1 - i);
    }
    pool->free_count = pages;
    return true;
}

void mts_kv_pool_clear(MtsKvPool *pool)
{
    mts_aligned_free(pool->memory);
    free(pool->free);
    memset(pool, 0, sizeof *pool);
}

uint32_t mts_kv_pool_take(MtsKvPool *pool)
{
    if (pool->free_count == 0) {
        return MTS_KV_NO_PAGE;
    }
    uint32_t page = pool->free[--pool->free_count];
    if (page >= pool->touched) {
        pool->touched = (size_t)page + 1;
    }
    return page;
}

void mts_kv_pool_give(MtsKvPool *pool, uint32_t page)
{
    pool->free[pool->free_count++] = page;
}
