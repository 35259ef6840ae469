/* Fixed work for each hot kernel, to have its instructions counted (check_instructions.py). Each case is a function of
 * its own, whose inclusive cost is what counts. usage: count scalar|avx2 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cpu.h"
#include "core/mem.h"
#include "kernels/kernels.h"
#include "random.h"

enum { COLS = 512, GROUPS = 4, PAGES = 8, DIM = 64, LOGITS = 4096, MOST = 64 };

static MtsKernels k;
static MtsWeights weights[MTS_TYPES];
static MtsActBlock *panel;
static float x[16 * COLS], y[MOST * GROUPS * MTS_GROUP], logits[LOGITS], row[3][PAGES * 16], out[3][PAGES * 16];
static const void *pages[PAGES];

#define CASE(name)                                                                                                     \
    void case_##name(void);                                                                                            \
    __attribute__((noinline)) void case_##name(void)
#define TILE(type, rows)                                                                                               \
    CASE(tile_##type##_##rows)                                                                                         \
    {                                                                                                                  \
        const MtsWeights *w = &weights[MTS_TYPE_##type];                                                               \
        mts_matmul(&k, w, 0, GROUPS, panel, 0, rows, y, GROUPS *MTS_GROUP, false, (MtsNext){0, w->data});              \
    }

TILE(Q4_0, 1)
TILE(Q4_1, 1)
TILE(Q4_1, 10)
TILE(Q4_1, 16)
TILE(Q5_0, 16)
TILE(Q8_0, 1)
TILE(Q8_0, 16)
TILE(Q8_0, 64)
TILE(Q4_K, 16)
TILE(Q5_K, 16)
TILE(Q6_K, 16)
TILE(IQ4_NL, 16)

CASE(tile_f32_Q4_1)
{
    mts_matmul_f32(&k, &weights[MTS_TYPE_Q4_1], 0, 1, x, COLS, 0, 8, y, MTS_GROUP, false);
}

CASE(tile_f32_F16)
{
    mts_matmul_f32(&k, &weights[MTS_TYPE_F16], 0, 1, x, COLS, 0, 8, y, MTS_GROUP, false);
}

CASE(quantize)
{
    k.quantize(x, COLS / 32, panel, 3);
}

CASE(rmsnorm)
{
    k.rmsnorm(x, x + COLS, COLS, 1e-5f, y);
}

CASE(silu_mul)
{
    k.silu_mul(x, x + COLS, y, COLS);
}

CASE(attention)
{
    const float *q[3] = {x, x + DIM, x + 2 * DIM};
    float *scores[3] = {row[0], row[1], row[2]}, *sums[3] = {out[0], out[1], out[2]};
    const float *w[3] = {row[0], row[1], row[2]};
    k.scores[0](q, 3, DIM, pages, 0, PAGES, scores);
    for (int j = 0; j < 3; j++) {
        k.softmax(row[j], 5, PAGES * 16 - 3, PAGES * 16);
    }
    k.values[0](w, 3, DIM, pages, 0, PAGES, 13, sums);
}

CASE(sum_exp)
{
    y[0] = (float)k.sum_exp(logits, LOGITS, 9);
}

int main(int argc, char **argv)
{
    bool avx2 = argc == 2 && strcmp(argv[1], "avx2") == 0;
    if (!avx2 && (argc != 2 || strcmp(argv[1], "scalar") != 0)) {
        fprintf(stderr, "usage: count scalar|avx2\n");
        return 2;
    }
    if (avx2 && !(mts_cpu_detect() & MTS_CPU_AVX2)) {
        return 77;
    }
    mts_kernels_init(&k, avx2 ? MTS_CPU_AVX2 : 0);
    MtsRng rng = mts_rng(1, 0, 0);
    fill_normal(&rng, x, 16 * COLS, 1);
    fill_normal(&rng, logits, LOGITS, 3);
    panel = mts_aligned_calloc(1, mts_acts_size(MOST, COLS));
    for (size_t s = 0; s < MOST; s++) {
        k.quantize(x + s % 16 * COLS, COLS / 32, panel + s / MTS_PANEL * (COLS / 32), s % MTS_PANEL);
    }
    for (size_t t = 0; t < EVERY_TYPE; t++) {
        MtsWeights *w = &weights[every_type[t]];
        w->data = mts_aligned_calloc(1, mts_weights_plan(w, every_type[t], GROUPS * MTS_GROUP, COLS));
        void *tensor = mts_calloc(GROUPS * MTS_GROUP * COLS, 4);
        fill_tensor(&rng, every_type[t], tensor, GROUPS * MTS_GROUP * COLS);
        mts_pack(w, 0, GROUPS, tensor);
        free(tensor);
    }
    uint16_t *keys = mts_aligned_calloc(PAGES * 16 * DIM, sizeof *keys);
    for (size_t i = 0; i < PAGES; i++) {
        pages[i] = keys + i * 16 * DIM;
    }
    case_tile_Q4_0_1();
    case_tile_Q4_1_1();
    case_tile_Q4_1_10();
    case_tile_Q4_1_16();
    case_tile_Q5_0_16();
    case_tile_Q8_0_1();
    case_tile_Q8_0_16();
    case_tile_Q8_0_64();
    case_tile_Q4_K_16();
    case_tile_Q5_K_16();
    case_tile_Q6_K_16();
    case_tile_IQ4_NL_16();
    case_tile_f32_Q4_1();
    case_tile_f32_F16();
    case_quantize();
    case_rmsnorm();
    case_silu_mul();
    case_attention();
    case_sum_exp();
    for (size_t t = 0; t < EVERY_TYPE; t++) {
        mts_aligned_free(weights[every_type[t]].data);
    }
    mts_aligned_free(keys);
    mts_aligned_free(panel);
    return 0;
}
