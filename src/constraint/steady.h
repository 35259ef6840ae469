/* constraint/steady.h - arrays that one thread grows while others read them.
 *
 * What is known of a constraint is read without a lock, what is new is made under one. The writer fills an element
 * before it gives its number away, and an array that it outgrows is copied, never moved: a reader that loads the
 * array's address after the number finds an array that has it. Elements may change in an old array's successor alone,
 * so what may still change says "not known yet" first, and who reads that asks again under the lock. Old arrays are
 * kept until the end; as capacities double, they are together no larger than the array that is there. */
#ifndef MTS_CONSTRAINT_STEADY_H
#define MTS_CONSTRAINT_STEADY_H

#include <stdbool.h>
#include <stddef.h>

/* A field that others may read or write meanwhile: its value now, with all that was written before it was put there. */
#define MTS_NOW(field) __atomic_load_n(&(field), __ATOMIC_ACQUIRE)
#define MTS_PUT(field, value) __atomic_store_n(&(field), (value), __ATOMIC_RELEASE)

typedef struct MtsSteady { /* the arrays outgrown */
    bool shared;           /* false: nobody reads yet, arrays may move */
    void **old;
    size_t count, cap, bytes;
} MtsSteady; /* zero-initialise */

/* As mts_grow(), what is new filled with bytes `fill`. *cap is put behind the array, so that who loads *cap first may
 * look up whatever is below it. */
bool mts_steady_reach(MtsSteady *s, void *array, size_t *cap, size_t need, size_t size, int fill);

/* Frees the old arrays: nobody reads them. */
void mts_steady_free(MtsSteady *s);

#endif
