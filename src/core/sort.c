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

static double middle_of_three(double a, double b, double c)
{
    double low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

static void swap(double *a, double *b)
{
    double was = *a;
    *a = *b;
    *b = was;
}

/* By parts about a pivot (C. A. R. Hoare's Find, 1961). What takes too many of them is sorted. */
void mts_select_double(double *x, size_t n, size_t rank)
{
    enum { MOST_PARTS = 64 };
    size_t low = 0, high = n; /* it is one of x[low .. high) */
    for (int parts = 0; high - low > 1 && parts < MOST_PARTS; parts++) {
        double pivot = middle_of_three(x[low], x[low + (high - low) / 2], x[high - 1]);
        size_t less = low, more = high;
        for (size_t i = low; i < more;) {
            if (x[i] < pivot) {
                swap(&x[i++], &x[less++]);
            } else if (x[i] > pivot) {
                swap(&x[i], &x[--more]);
            } else {
                i++;
            }
        }
        if (less <= rank && rank < more) {
            return;
        }
        low = rank < less ? low : more;
        high = rank < less ? less : high;
    }
    mts_sort_doubles(x + low, high - low);
}
