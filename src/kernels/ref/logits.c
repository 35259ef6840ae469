/* kernels/ref/logits.c - one row over the vocabulary: its largest elements and the sum of its exponentials. */
#include <math.h>

#include "kernels/ref/math.h"
#include "kernels/ref/ref.h"

static float max_at(const float *x, size_t n, size_t *at)
{
    float best = -HUGE_VALF;
    size_t where = 0;
    for (size_t i = 0; i < n; i++) {
        if (x[i] > best) {
            best = x[i];
            where = i;
        }
    }
    if (at) {
        *at = where;
    }
    return best;
}

static double sum_exp(const float *x, size_t n, float max)
{
    double p[16] = {0};
    for (size_t i = 0; i < n; i++) {
        p[i % 16] += (double)mts_ref_exp(x[i] - max);
    }
    for (size_t step = 8; step > 0; step /= 2) {
        for (size_t i = 0; i < step; i++) {
            p[i] += p[i + step];
        }
    }
    return p[0];
}

static void max64(const float *x, size_t n, float *best)
{
    for (size_t i = 0; i < n; i += 64) {
        best[i / 64] = max_at(x + i, n - i < 64 ? n - i : 64, NULL) + 0.0f;
    }
}

static size_t collect(const float *x, size_t n, float bound, int32_t *at, size_t cap)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (x[i] >= bound) {
            if (count < cap) {
                at[count] = (int32_t)i;
            }
            count++;
        }
    }
    return count;
}

void mts_ref_fill_logits(MtsKernels *k)
{
    k->max = max_at;
    k->sum_exp = sum_exp;
    k->max64 = max64;
    k->collect = collect;
}
