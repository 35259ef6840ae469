/* core/sort.c - numbers in order. */
#include "core/sort.h"

#include <stdlib.h>

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void mts_sort_doubles(double *x, size_t n)
{
    qsort(x, n, sizeof *x, ascending);
}
