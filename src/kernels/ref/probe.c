/* kernels/ref/probe.c - how much of each kind of work plain C gets done. */
#include <math.h>

#include "kernels/ref/ref.h"

enum { CHAINS = 8 };

static size_t peak_int8(size_t work)
{
    volatile int8_t from[2] = {3, -5};
    volatile int32_t sink;
    int32_t sums[CHAINS] = {0};
    size_t done = 0;
    for (; done < work; done += CHAINS) {
        int a = from[0], b = from[1]; /* read again and again, so that the products cannot be taken out of the loop */
        for (int i = 0; i < CHAINS; i++) {
            sums[i] = (sums[i] & 0xFFFF) + a * b;
        }
    }
    for (int i = 0; i < CHAINS; i++) {
        sink = sums[i];
    }
    (void)sink;
    return done;
}

static size_t peak_f32(size_t work)
{
    volatile float from[2] = {0.5f, 1.5f}, sink;
    float sums[CHAINS] = {0};
    size_t done = 0;
    for (; done < work; done += CHAINS) {
        float a = from[0], b = from[1];
        for (int i = 0; i < CHAINS; i++) {
            sums[i] = fmaf(sums[i], a, b);
        }
    }
    for (int i = 0; i < CHAINS; i++) {
        sink = sums[i];
    }
    (void)sink;
    return done;
}

static uint32_t read_words(const uint32_t *p, size_t n)
{
    uint32_t x = 0;
    for (size_t i = 0; i < n; i++) {
        x ^= p[i];
    }
    return x;
}

void mts_ref_fill_probe(MtsKernels *k)
{
    k->peak_int8 = peak_int8;
    k->peak_f32 = peak_f32;
    k->read = read_words;
}
