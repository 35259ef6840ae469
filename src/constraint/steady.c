/* constraint/steady.c - see steady.h. */
#include "constraint/steady.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

/* A larger copy, filled up; the array itself stays for those who still read it. */
static bool outgrow(MtsSteady *s, void *array, size_t *cap, size_t need, size_t size, int fill)
{
    void *before = *(void **)array, *fresh = NULL;
    size_t fresh_cap = 0;
    if (!mts_grow(&s->old, &s->cap, s->count + 1, sizeof *s->old) ||
        !mts_grow(&fresh, &fresh_cap, need > 2 * *cap ? need : 2 * *cap, size)) {
        return false;
    }
    if (before) {
        memcpy(fresh, before, *cap * size);
        s->old[s->count++] = before;
        MTS_PUT(s->bytes, s->bytes + *cap * size);
    }
    memset((char *)fresh + *cap * size, fill, (fresh_cap - *cap) * size);
    MTS_PUT(*(void **)array, fresh);
    MTS_PUT(*cap, fresh_cap);
    return true;
}

bool mts_steady_reach(MtsSteady *s, void *array, size_t *cap, size_t need, size_t size, int fill)
{
    size_t had = *cap;
    if (need <= had) {
        return true;
    }
    if (s->shared) {
        return outgrow(s, array, cap, need, size, fill);
    }
    if (!mts_grow(array, cap, need, size)) {
        return false;
    }
    memset(*(char **)array + had * size, fill, (*cap - had) * size);
    return true;
}

void mts_steady_free(MtsSteady *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->old[i]);
    }
    free(s->old);
    s->old = NULL;
    s->count = s->cap = 0;
    MTS_PUT(s->bytes, 0);
}
