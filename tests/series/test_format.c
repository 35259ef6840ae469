#include "../test.h"

#include <math.h>

#include "series/format.h"

static void formatted(MtsNumberFormat format, const char *want)
{
    const double x[] = {1.5, -0.07, 0, -0.001, 123456.7, -0.0};
    MtsBytes out = {0};
    assert_true(mts_format_values(&out, format, x, 6));
    assert_string_equal(out.data, want);
    mts_bytes_free(&out);
}

static void numbers_as_prompts_write_them(void **state)
{
    (void)state;
    formatted(MTS_FORMAT_PLAIN, "1.5, -0.07, 0, -0.001, 123457, 0");
    formatted(MTS_FORMAT_HUNDREDTHS, "150 -007 000 000 12345670 000");
    formatted(MTS_FORMAT_DIGITS, "1 5 0 0 ,-7 0 ,0 ,-1 ,1 2 3 4 5 6 7 0 0 ,0");
    MtsBytes out = {0};
    assert_true(mts_format_values(&out, MTS_FORMAT_PLAIN, NULL, 0));
    assert_string_equal(out.data, "");
    mts_bytes_free(&out);
}

static void scales(void **state)
{
    (void)state;
    const double x[] = {2, 4, 4, 4, 5, 5, 7, 9}, same[] = {3, 3};
    double y[8], mean, s;
    mts_scale(MTS_SCALE_POPULATION_FLOOR, x, 8, y, &mean, &s);
    assert_true(mean == 5 && s == 2 && y[0] == -1.5 && y[7] == 2);
    mts_scale(MTS_SCALE_SAMPLE, x, 8, y, &mean, &s);
    assert_true(fabs(s - sqrt(32.0 / 7)) < 1e-15 && fabs(y[7] - 4 / (s + 1e-8)) < 1e-15);
    mts_scale(MTS_SCALE_SAMPLE_FLOOR, same, 2, y, &mean, &s);
    assert_true(s == 0 && y[0] == 0);
    mts_scale(MTS_SCALE_POPULATION_CENTRE, same, 2, y, &mean, &s);
    assert_true(mean == 3 && y[1] == 0);
    mts_block_means(x, 8, y, 3); /* 2 4 | 4 4 5 | 5 7 9 */
    assert_true(y[0] == 3 && fabs(y[1] - 13 / 3.0) < 1e-15 && y[2] == 7);
    mts_block_extremes(x, 8, y, 3);
    assert_true(y[0] == 2 && y[1] == 4 && y[2] == 9);
}

/* As records of a night are: numbers of values and of blocks whose product is beyond 32 bits. */
static void blocks_of_a_long_series(void **state)
{
    (void)state;
    enum { N = 300000, POINTS = 100000 };
    double *x = calloc(N, sizeof *x), *y = calloc(POINTS, sizeof *y);
    for (size_t t = 0; t < N; t++) {
        x[t] = (double)t;
    }
    mts_block_means(x, N, y, POINTS);
    for (size_t i = 0; i < POINTS; i++) {
        assert_true(y[i] == (double)(3 * i + 1));
    }
    mts_block_extremes(x, N, y, POINTS);
    assert_true(y[0] == 0 && y[POINTS - 1] == N - 1);
    free(x);
    free(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_as_prompts_write_them), cmocka_unit_test(scales),
                                       cmocka_unit_test(blocks_of_a_long_series)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
