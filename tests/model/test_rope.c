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
        assert_true(mts_rope_init(&rope, DIMS, POSITIONS, 1e5, 0.125, with ? factors : NULL));
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(angles)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
