/* kernels/simd/probe_template.h - the speed of the multiply-add instructions themselves and of reading memory.
 * Words: simd.h; needs tile_template.h (CHAINS). The int8 one is there, as it goes with the dot product. */
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/simd/simd.h"

static size_t peak_f32(size_t work)
{
    vf sums[CHAINS], a = v_set(0.5f), b = v_set(1.5f);
    volatile float sink;
    size_t done = 0;
    for (int i = 0; i < CHAINS; i++) {
        sums[i] = v_set((float)i);
    }
    for (; done < work; done += CHAINS * V_LANES) {
        for (int i = 0; i < CHAINS; i++) {
            sums[i] = v_fma(sums[i], a, b);
        }
    }
    for (int i = 1; i < CHAINS; i++) {
        sums[0] = v_add(sums[0], sums[i]);
    }
    float out[V_LANES];
    v_store(out, sums[0]);
    sink = out[0];
    (void)sink;
    return done;
}

static uint32_t read_words(const uint32_t *p, size_t n)
{
    enum { AT_ONCE = 4, AHEAD = 1024 }; /* vectors; words */
    vi x[AT_ONCE];
    for (int v = 0; v < AT_ONCE; v++) {
        x[v] = v_zero_int();
    }
    size_t i = 0;
    for (; i + AT_ONCE * V_LANES <= n; i += AT_ONCE * V_LANES) {
        for (int v = 0; v < AT_ONCE; v++) {
            if (v * V_LANES % 16 == 0) {
                __builtin_prefetch(p + i + v * V_LANES + AHEAD, 0, 2);
            }
            x[v] = v_xor(x[v], v_load_bytes(p + i + v * V_LANES));
        }
    }
    uint32_t part[V_LANES], all = 0;
    vi sum = v_xor(v_xor(x[0], x[1]), v_xor(x[2], x[3]));
    memcpy(part, &sum, sizeof part);
    for (int t = 0; t < V_LANES; t++) {
        all ^= part[t];
    }
    for (; i < n; i++) {
        all ^= p[i];
    }
    return all;
}

static void fill_probe(MtsKernels *k)
{
    k->peak_f32 = peak_f32;
    k->read = read_words;
}
