/* core/sort.h - numbers in order. */
#ifndef MTS_CORE_SORT_H
#define MTS_CORE_SORT_H

#include <stddef.h>
#include <stdlib.h>

/* Ascending, in place; none of x[0 .. n) may be NaN. */
void mts_sort_doubles(double *x, size_t n);

/* Puts at x[rank] what would stand there if x[0 .. n) were sorted, behind what is less and before what is more; in
 * place, some three looks at each number. rank < n; none may be NaN. */
void mts_select_double(double *x, size_t n, size_t rank);

/* qsort() that takes no items at all, at NULL too. */
static inline void mts_sort(void *items, size_t n, size_t size, int (*order)(const void *, const void *))
{
    if (n > 1) {
        qsort(items, n, size, order);
    }
}

#endif
