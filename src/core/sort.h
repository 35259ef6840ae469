/* core/sort.h - numbers in order. */
#ifndef MTS_CORE_SORT_H
#define MTS_CORE_SORT_H

#include <stddef.h>

/* Ascending, in place; none of x[0 .. n) may be NaN. */
void mts_sort_doubles(double *x, size_t n);

#endif
