/* Rotary angles at any position, against cosine and sine of the angle itself in double precision. */
#include "../test.h"

#include <math.h>

#include "core/rng.h"
#include "model/rope.h"

static void angles(void **state)
{
    (void)state;
    enum { DIMS = 64, POSITIONS = 40000 };
    float factors[DIMS / 2], cosine[DIMS / 2], sine[DIMS / 2];
    MtsRng rng = mts_rng(5, 0, 0);
    for (int i = 0; i < DIMS / 2; i++) {
        factors[i] = (float)(1.0 + 7.0 * mts_rng_uniform(&rng));
    }
    for (int with = 0; with < 2; with++) {
        MtsRope rope;
        const MtsRopeForm form = {.base = 1e5, .scale = 0.125, .length = 1};
        assert_true(mts_rope_init(&rope, DIMS, POSITIONS, &form, with ? factors : NULL));
        for (size_t p = 0; p < POSITIONS; p += p < 600 ? 1 : 97) {
            mts_rope_at(&rope, p, cosine, sine);
            for (int i = 0; i < DIMS / 2; i++) {
                double angle = (double)p * 0.125 * pow(1e5, -2.0 * i / DIMS) / (with ? (double)factors[i] : 1.0);
                assert_true(fabs(cosine[i] - cos(angle)) < 7e-8);
                assert_true(fabs(sine[i] - sin(angle)) < 7e-8);
            }
        }
        mts_rope_clear(&rope);
    }
}

/* The blend of YaRN beside what PyTorch transformers 5.23 computes (modeling_rope_utils): head of 32 dimensions, theta
 * 10,000, factor 4 over 128 positions. */
static void yarn_blends(void **state)
{
    (void)state;
    static const struct {
        size_t pair;
        double scale;
    } c[] = {{0, 1}, {1, .875}, {2, .75}, {5, .375}, {6, .25}, {15, .25}};
    const MtsRopeForm form = {
        .base = 1e4, .scale = .25, .trained = 128, .beta_fast = 32, .beta_slow = 1, .length = 1.25};
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        assert_true(fabs(mts_rope_scale(&form, 32, c[i].pair) - c[i].scale) < 1e-6);
    }
    MtsRope rope;
    float cosine[16], sine[16];
    assert_true(mts_rope_init(&rope, 32, 1000, &form, NULL));
    mts_rope_at(&rope, 700, cosine, sine);
    for (size_t i = 0; i < 16; i++) {
        double angle = 700 * mts_rope_scale(&form, 32, i) * pow(1e4, -2.0 * (double)i / 32);
        assert_true(fabs(cosine[i] - 1.25 * cos(angle)) < 1e-7 && fabs(sine[i] - 1.25 * sin(angle)) < 1e-7);
    }
    mts_rope_clear(&rope);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(angles), cmocka_unit_test(yarn_blends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
