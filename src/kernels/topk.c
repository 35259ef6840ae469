/* kernels/topk.c - the k largest of a row without sorting it.
 *
 * The row is cut into runs of 64 and the largest element of each run found. The k-th largest of these maxima is a
 * bound that at least k elements reach and that few others do; those that reach it are collected, and the k best
 * of them kept in a heap whose root is the worst. Cost: two passes over the row and k log k or so.
 *
 * Where all that were collected are wanted and they are many (a whole vocabulary), a heap misses the cache at every
 * step; they are sorted by radix instead: three stable passes over the 32 bits of the values, read so that larger
 * floats are smaller keys. */
#include <float.h>
#include <string.h>

#include "kernels/kernels.h"

static size_t runs(size_t n)
{
    return n / 64 + (n % 64 != 0);
}

size_t mts_top_k_scratch(size_t n)
{
    return runs(n) * sizeof(float) + n * sizeof(int32_t);
}

/* The k-th largest of x [n], 1 <= k <= n, none a NaN; reorders x (Hoare's selection, median of three as the pivot). */
static float kth_largest(float *x, size_t n, size_t k)
{
    size_t lo = 0, hi = n - 1, want = k - 1;
    while (lo < hi) {
        float a = x[lo], b = x[lo + (hi - lo) / 2], c = x[hi];
        float pivot = a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
        size_t i = lo, j = hi;
        for (;;) { /* larger ones to the front */
            while (x[i] > pivot) {
                i++;
            }
            while (x[j] < pivot) {
                j--;
            }
            if (i >= j) {
                break;
            }
            float swap = x[i];
            x[i++] = x[j];
            x[j--] = swap;
        }
        if (want <= j) {
            hi = j;
        } else {
            lo = j + 1;
        }
    }
    return x[want];
}

/* True when element a comes after element b in the result. */
static bool worse(const float *x, int32_t a, int32_t b)
{
    return x[a] < x[b] || (x[a] == x[b] && a > b);
}

/* Restores the heap ids [n] (worst at the root) below `at`. */
static void sift_down(const float *x, int32_t *ids, size_t n, size_t at)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= n) {
            return;
        }
        if (child + 1 < n && worse(x, ids[child + 1], ids[child])) {
            child++;
        }
        if (!worse(x, ids[child], ids[at])) {
            return;
        }
        int32_t swap = ids[at];
        ids[at] = ids[child];
        ids[child] = swap;
        at = child;
    }
}

enum { RADIX_BITS = 11, BUCKETS = 1 << RADIX_BITS, SORT_BY_RADIX = 1024 /* elements from which on */ };

/* Order of keys: the reverse of that of floats; -0 is 0. */
static uint32_t descending_key(float x)
{
    uint32_t bits;
    x += 0.0f;
    memcpy(&bits, &x, sizeof bits);
    return bits & 0x80000000u ? bits : bits ^ 0x7FFFFFFFu;
}

static void radix_pass(const float *x, const int32_t *from, int32_t *to, size_t n, int shift)
{
    uint32_t first[BUCKETS] = {0};
    for (size_t i = 0; i < n; i++) {
        first[descending_key(x[from[i]]) >> shift & (BUCKETS - 1)]++;
    }
    uint32_t sum = 0;
    for (size_t b = 0; b < BUCKETS; b++) {
        uint32_t count = first[b];
        first[b] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++) {
        to[first[descending_key(x[from[i]]) >> shift & (BUCKETS - 1)]++] = from[i];
    }
}

/* found [n], ascending, to ids [n] by descending x, ties by ascending id; found is overwritten. */
static void radix_sort(const float *x, int32_t *found, int32_t *ids, size_t n)
{
    radix_pass(x, found, ids, n, 0);
    radix_pass(x, ids, found, n, RADIX_BITS);
    radix_pass(x, found, ids, n, 2 * RADIX_BITS);
}

/* The `kept` best of found [count] to ids, as radix_sort(). */
static void heap_sort(const float *x, const int32_t *found, size_t count, int32_t *ids, size_t kept)
{
    memcpy(ids, found, kept * sizeof *ids);
    for (size_t i = kept / 2; i-- > 0;) {
        sift_down(x, ids, kept, i);
    }
    for (size_t i = kept; i < count; i++) {
        if (worse(x, ids[0], found[i])) {
            ids[0] = found[i];
            sift_down(x, ids, kept, 0);
        }
    }
    for (size_t left = kept; left > 1; left--) { /* the worst of the heap to its end, again and again */
        int32_t swap = ids[0];
        ids[0] = ids[left - 1];
        ids[left - 1] = swap;
        sift_down(x, ids, left - 1, 0);
    }
}

size_t mts_top_k(const MtsKernels *kernels, const float *x, size_t n, size_t k, int32_t *ids, float *values,
                 void *scratch)
{
    float *best = scratch;
    int32_t *found = (int32_t *)(best + runs(n));
    if (n == 0 || k == 0) {
        return 0;
    }
    float bound = -FLT_MAX; /* leaves -infinity out */
    if (k <= runs(n)) {
        kernels->max64(x, n, best);
        float kth = kth_largest(best, runs(n), k);
        bound = kth > bound ? kth : bound;
    }
    size_t count = kernels->collect(x, n, bound, found, n), kept = count < k ? count : k;
    if (kept == count && kept >= SORT_BY_RADIX) {
        radix_sort(x, found, ids, kept);
    } else {
        heap_sort(x, found, count, ids, kept);
    }
    for (size_t i = 0; i < kept && values; i++) {
        values[i] = x[ids[i]];
    }
    return kept;
}
