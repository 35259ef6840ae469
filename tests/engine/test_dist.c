/* The cut of a distribution against the definition in maxts/engine.h, computed the slow way. */
#include "../test.h"

#include <math.h>

#include "core/cpu.h"
#include "core/rng.h"
#include "engine/dist.h"

enum { VOCAB = 3000 };

typedef struct Entry {
    float logit;
    int32_t id;
} Entry;

static int by_rank(const void *a, const void *b)
{
    const Entry *x = a, *y = b;
    return x->logit != y->logit ? (x->logit > y->logit ? -1 : 1) : x->id < y->id ? -1 : 1;
}

static MtsKernels kernels;

static int find_kernels(void **state)
{
    uint32_t flags;
    char bad[32];
    (void)state;
    if (mts_cpu_flags(NULL, &flags, bad, sizeof bad)) {
        return -1;
    }
    mts_kernels_init(&kernels, flags);
    return 0;
}

/* Sorts the whole vocabulary and applies the three cuts literally, in double. Returns how many are kept; *margin:
 * how near, relatively, a share came to its bound, where single precision may decide either way. */
static size_t slow_cut(const float *logits, size_t vocab, const MtsCut *cut, Entry *out, double *margin)
{
    size_t n = 0;
    double mass = 0, kept = 0;
    *margin = 1;
    for (size_t i = 0; i < vocab; i++) {
        if (logits[i] > -HUGE_VALF) {
            out[n++] = (Entry){logits[i], (int32_t)i};
        }
    }
    qsort(out, n, sizeof *out, by_rank);
    n = cut->top_k && cut->top_k < n ? cut->top_k : n;
    for (size_t i = 0; i < n; i++) {
        mass += exp(((double)out[i].logit - out[0].logit) / cut->temperature);
    }
    for (size_t i = 0; i < n; i++) {
        double share = exp(((double)out[i].logit - out[0].logit) / cut->temperature);
        if (cut->top_p < 1) {
            *margin = fmin(*margin, fabs(kept / (cut->top_p * mass) - 1));
        }
        if (cut->min_p > 0) {
            *margin = fmin(*margin, fabs(share / cut->min_p - 1));
        }
        if (i > 0 && (share < cut->min_p || (cut->top_p < 1 && kept >= cut->top_p * mass))) {
            return i;
        }
        kept += share;
    }
    return n;
}

static void random_logits(float *logits, size_t vocab, uint64_t seed, bool ties)
{
    MtsRng rng = mts_rng(seed, 0, 0);
    for (size_t i = 0; i < vocab; i++) {
        double x = 4 * mts_rng_gumbel(&rng);
        logits[i] = (float)(ties ? floor(x) : x);
        if (mts_rng_uniform(&rng) < 0.01) {
            logits[i] = -HUGE_VALF;
        }
    }
}

/* Takes tokens away: one in eight, seven in eight by turns of 64, or all but one. */
static void random_mask(uint64_t *mask, float *left, const float *logits, size_t vocab, uint64_t seed)
{
    MtsRng rng = mts_rng(seed, 1, 0);
    for (size_t i = 0; i < vocab; i++) {
        double share = seed % 3 == 0 ? 1.0 / (double)vocab : (i / 64) % 2 ? 0.125 : 0.875;
        bool kept = mts_rng_uniform(&rng) < share;
        mask[i / 64] = (i % 64 ? mask[i / 64] : 0) | (uint64_t)kept << i % 64;
        left[i] = kept ? logits[i] : -HUGE_VALF;
    }
}

static void cuts_as_defined(void **state)
{
    const MtsCut cuts[] = {{1, 0, 1, 0},      {0.8, 50, 0.9, 0},    {1, 8, 1, 0}, {1.5, 0, 0.95, 0},
                           {0.5, 0, 1, 0.01}, {2, 700, 0.99, 1e-3}, {1, 1, 1, 0}, {1, 5000, 0.5, 0},
                           {30, 0, 0.97, 0},  {1, 0, 1e-9, 1}};
    static float logits[VOCAB], left[VOCAB];
    static Entry slow[VOCAB];
    static uint64_t mask[(VOCAB + 63) / 64];
    MtsDistScratch scratch = {0};
    MtsError err = {0};
    size_t compared = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        random_logits(logits, VOCAB, seed, seed % 2 == 1);
        for (size_t c = 0; c < sizeof cuts / sizeof cuts[0]; c++) {
            size_t vocab = seed % 3 == 0 ? 100 + seed : VOCAB, count;
            double normaliser, sum = 0, margin;
            bool masked = seed % 4 > 1;
            random_mask(mask, left, logits, vocab, seed);
            assert_ok(mts_dist_cut(&kernels, logits, masked ? mask : NULL, vocab, &cuts[c], &scratch, &count,
                                   &normaliser, &err),
                      &err);
            size_t expected = slow_cut(masked ? left : logits, vocab, &cuts[c], slow, &margin);
            if (margin > 1e-5) {
                assert_int_equal(count, expected);
                compared++;
            }
            for (size_t i = 0; i < count; i++) {
                assert_int_equal(scratch.ids[i], slow[i].id);
                assert_true(scratch.logits[i] == slow[i].logit);
            }
            for (size_t i = 0; i < vocab; i++) {
                sum += exp(logits[i] - normaliser);
            }
            assert_float_equal(sum, 1, 1e-5);
        }
    }
    assert_true(compared > 300);
    mts_dist_scratch_free(&scratch);
}

static void damaged_logits_are_named(void **state)
{
    const float bad[] = {NAN, HUGE_VALF};
    float logits[64];
    MtsDistScratch scratch = {0};
    const MtsCut all = {1, 0, 1, 0};
    size_t count;
    double normaliser;
    (void)state;
    for (size_t b = 0; b < 2; b++) {
        MtsError err = {0};
        for (size_t i = 0; i < 64; i++) {
            logits[i] = (float)i;
        }
        logits[17] = bad[b];
        assert_int_equal(mts_dist_cut(&kernels, logits, NULL, 64, &all, &scratch, &count, &normaliser, &err),
                         MTS_EFORMAT);
        assert_non_null(strstr(err.text, "logits"));
    }
    for (size_t i = 0; i < 64; i++) {
        logits[i] = -HUGE_VALF;
    }
    MtsError err = {0};
    assert_int_equal(mts_dist_cut(&kernels, logits, NULL, 64, &all, &scratch, &count, &normaliser, &err), MTS_EFORMAT);
    mts_dist_scratch_free(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(cuts_as_defined), cmocka_unit_test(damaged_logits_are_named)};
    return cmocka_run_group_tests(tests, find_kernels, NULL);
}
