/* kernels/simd/logits_template.h - one row over the vocabulary. Words: simd.h; needs rows_template.h (v_exp). */
#include <math.h>

#include "kernels/kernels.h"
#include "kernels/simd/simd.h"

/* The largest of x [n], NaNs passed over; the sign of a zero is left open. */
MTS_INLINE float largest(const float *x, size_t n)
{
    vf best[4];
    float part[V_LANES], max = -HUGE_VALF;
    for (int v = 0; v < 4; v++) {
        best[v] = v_set(-HUGE_VALF);
    }
    size_t i = 0;
    for (; i + 4 * V_LANES <= n; i += 4 * V_LANES) {
        for (int v = 0; v < 4; v++) {
            best[v] = v_greater(v_load(x + i + (size_t)v * V_LANES), best[v]);
        }
    }
    for (; i + V_LANES <= n; i += V_LANES) {
        best[0] = v_greater(v_load(x + i), best[0]);
    }
    v_store(part, v_greater(v_greater(best[0], best[1]), v_greater(best[2], best[3])));
    for (size_t t = 0; t < V_LANES; t++) {
        max = part[t] > max ? part[t] : max;
    }
    for (; i < n; i++) {
        max = x[i] > max ? x[i] : max;
    }
    return max;
}

static float max_at(const float *x, size_t n, size_t *at)
{
    float max = largest(x, n);
    size_t i = 0;
    if (max > -HUGE_VALF) { /* the first element that is as large */
        for (; i + V_LANES <= n && v_mask_at_least(v_load(x + i), v_set(max)) == 0; i += V_LANES) {
        }
        for (; !(x[i] >= max); i++) {
        }
        max = x[i];
    }
    if (at) {
        *at = i;
    }
    return max;
}

static double sum_exp(const float *x, size_t n, float max)
{
    vd p[MTS_UNIT / V_LANES * 2];
    for (size_t h = 0; h < MTS_UNIT / V_LANES * 2; h++) {
        p[h] = v_zero_doubles();
    }
    size_t i = 0;
    for (; i + MTS_UNIT <= n; i += MTS_UNIT) {
        for (size_t h = 0; h < MTS_UNIT / V_LANES; h++) {
            vf e = v_exp(v_sub(v_load(x + i + h * V_LANES), v_set(max)));
            p[2 * h] = v_add_doubles(p[2 * h], v_low_doubles(e));
            p[2 * h + 1] = v_add_doubles(p[2 * h + 1], v_high_doubles(e));
        }
    }
    double part[MTS_UNIT];
    for (size_t h = 0; h < MTS_UNIT / V_LANES * 2; h++) {
        v_store_doubles(part + h * V_LANES / 2, p[h]);
    }
    for (size_t t = 0; i + t < n; t++) {
        part[t] += (double)mts_ref_exp(x[i + t] - max);
    }
    for (size_t step = 8; step > 0; step /= 2) {
        for (size_t t = 0; t < step; t++) {
            part[t] += part[t + step];
        }
    }
    return part[0];
}

static void max64(const float *x, size_t n, float *best)
{
    for (size_t i = 0; i < n; i += 64) {
        best[i / 64] = largest(x + i, mts_min(n - i, 64)) + 0.0f;
    }
}

static size_t collect(const float *x, size_t n, float bound, int32_t *at, size_t cap)
{
    size_t count = 0, i = 0;
    for (; i + V_LANES <= n; i += V_LANES) {
        for (uint32_t mask = v_mask_at_least(v_load(x + i), v_set(bound)); mask; mask &= mask - 1) {
            if (count < cap) {
                at[count] = (int32_t)(i + (size_t)__builtin_ctz(mask));
            }
            count++;
        }
    }
    for (; i < n; i++) {
        if (x[i] >= bound) {
            if (count < cap) {
                at[count] = (int32_t)i;
            }
            count++;
        }
    }
    return count;
}

static void fill_logits(MtsKernels *k)
{
    k->max = max_at;
    k->sum_exp = sum_exp;
    k->max64 = max64;
    k->collect = collect;
}
