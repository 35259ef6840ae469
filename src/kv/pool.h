/* kv/pool.h - a fixed number of equal pages and which of them are free.
 *
 * The memory is reserved once and becomes resident when a page is first written. Free pages are handed out
 * last-freed first: a sequence that gives back its oldest window page and asks for a new one gets the same
 * memory again, so that a window goes round in a ring of a few pages whatever the length of the text. */
#ifndef MTS_KV_POOL_H
#define MTS_KV_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MTS_KV_NO_PAGE UINT32_MAX

typedef struct MtsKvPool {
    unsigned char *memory; /* [pages][page_bytes], each page aligned to MTS_ALIGN */
    uint32_t *free;        /* [free_count] a stack of free pages */
    size_t page_bytes;     /* a multiple of MTS_ALIGN; 0: pages are counted but hold nothing */
    size_t pages, free_count;
    size_t touched; /* pages 0 .. touched - 1 have been handed out at least once: what is resident */
} MtsKvPool;

/* page_bytes is rounded up to MTS_ALIGN. false: memory ran out or the product does not fit. */
bool mts_kv_pool_init(MtsKvPool *pool, size_t pages, size_t page_bytes);
void mts_kv_pool_clear(MtsKvPool *pool);

/* A page, whatever lies in it; MTS_KV_NO_PAGE when none is free. */
uint32_t mts_kv_pool_take(MtsKvPool *pool);
void mts_kv_pool_give(MtsKvPool *pool, uint32_t page);

static inline unsigned char *mts_kv_pool_at(const MtsKvPool *pool, uint32_t page)
{
    return pool->memory + (size_t)page * pool->page_bytes;
}

#endif
