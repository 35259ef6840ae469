#include "../test.h"

#include <math.h>

#include "results/metrics.h"
#include "series/smape.h"

#define assert_near(a, b, tolerance)                                                                                   \
    do {                                                                                                               \
        double a_ = (a), b_ = (b);                                                                                     \
        if (!(fabs(a_ - b_) <= (tolerance))) {                                                                         \
            fail_msg("%s = %.17g, not %.17g", #a, a_, b_);                                                             \
        }                                                                                                              \
    } while (0)

/* Values by hand, and as scikit-learn's f1_score(average="macro") and cohen_kappa_score give them. */
static void classes(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsClassScores s;
    const int truth[] = {0, 0, 0, 1, 1, 2}, predicted[] = {0, 0, 1, 1, 2, 2};
    assert_ok(mts_class_scores(truth, predicted, 6, 4, &s, &err), &err);
    assert_int_equal(s.correct, 4);
    assert_near(s.accuracy, 4.0 / 6, 1e-15);
    assert_near(s.macro_f1, (0.8 + 0.5 + 2.0 / 3) / 3, 1e-15);
    double chance = (3 * 2 + 2 * 2 + 1 * 2) / 36.0;
    assert_near(s.kappa, (4.0 / 6 - chance) / (1 - chance), 1e-15);

    const int missing[] = {0, MTS_NO_LABEL, 0, 1, MTS_NO_LABEL, 2};
    assert_ok(mts_class_scores(truth, missing, 6, 3, &s, &err), &err);
    assert_near(s.accuracy, 4.0 / 6, 1e-15);
    assert_near(s.macro_f1, (0.8 + 2.0 / 3 + 1) / 3, 1e-15); /* no false positives from missing answers */

    const int all_same[] = {1, 1, 1};
    assert_ok(mts_class_scores(all_same, all_same, 3, 2, &s, &err), &err);
    assert_true(isnan(s.kappa));
    assert_near(s.macro_f1, 1, 0);
    const int wrong[] = {1, 5, 1};
    assert_int_equal(mts_class_scores(all_same, wrong, 3, 2, &s, &err), MTS_EREQUEST);
    assert_non_null(strstr(err.text, "sample 1"));
}

static void forecasts(void **state)
{
    (void)state;
    const double a[] = {100, 0, -50}, f[] = {110, 0, 50};
    assert_near(mts_smape(a, f, 3), (200 * 10.0 / 210 + 0 + 200) / 3, 1e-12);
    const double history[] = {1, 2, 4, 3, 6, 9};
    assert_near(mts_mase(a, f, 3, history, 6, 2), ((10 + 0 + 100) / 3.0) / ((3 + 1 + 2 + 6) / 4.0), 1e-12);
    assert_true(isnan(mts_mase(a, f, 3, history, 2, 2)));
    assert_true(isnan(mts_mase(a, f, 3, a, 1, 1)));
}

/* Against the double sum that defines it. */
static void crps_and_median(void **state)
{
    (void)state;
    const double x[] = {3, -1, 4, 1, 5, 1}, w[] = {1, 2, 0.5, 0, 3, 1};
    double got = 0;
    MtsError err = {0};
    for (double actual = -3; actual < 8; actual += 0.7) {
        double total = 7.5, e = 0, d = 0;
        for (int i = 0; i < 6; i++) {
            e += w[i] / total * fabs(x[i] - actual);
            for (int j = 0; j < 6; j++) {
                d += w[i] * w[j] / (total * total) * fabs(x[i] - x[j]);
            }
        }
        assert_ok(mts_crps(x, w, 6, actual, &got, &err), &err);
        assert_near(got, e - d / 2, 1e-12);
    }
    const double tied[] = {1, 0, 1, 1, 2}, once[] = {0.2, 1, 0.8, 0.1, 0.5}, turned[] = {0.1, 1, 0.8, 0.2, 0.5};
    double again = 0;
    assert_ok(mts_crps(tied, once, 5, 0.5, &got, &err), &err);
    assert_ok(mts_crps(tied, turned, 5, 0.5, &again, &err), &err);
    assert_true(got == again); /* whichever order qsort() leaves them in */
    const double one = 1, equal[] = {1, 1, 1}, y[] = {9, 2, 5};
    assert_ok(mts_crps(&one, &one, 1, 4, &got, &err), &err);
    assert_near(got, 3, 1e-15);
    assert_ok(mts_weighted_median(x, w, 6, &got, &err), &err);
    assert_near(got, 3, 0); /* -1:2 1:3 3:4 >= 3.75 */
    assert_ok(mts_weighted_median(y, equal, 3, &got, &err), &err);
    assert_near(got, 5, 0);
    assert_ok(mts_weighted_median(y, equal, 1, &got, &err), &err);
    assert_near(got, 9, 0);
}

static void diversity(void **state)
{
    (void)state;
    MtsError err = {0};
    const int32_t a[] = {1, 2, 1, 2, 3}, b[] = {1, 2}, *texts[] = {a, b};
    const size_t counts[] = {5, 2};
    double ratio;
    assert_ok(mts_distinct_n(texts, counts, 2, 1, &ratio, &err), &err);
    assert_near(ratio, 3.0 / 7, 1e-15);
    assert_ok(mts_distinct_n(texts, counts, 2, 2, &ratio, &err), &err); /* 12 21 12 23 | 12 */
    assert_near(ratio, 3.0 / 5, 1e-15);
    assert_ok(mts_distinct_n(texts, counts, 2, 9, &ratio, &err), &err);
    assert_near(ratio, 0, 0);
}

static void intervals(void **state)
{
    (void)state;
    MtsError err = {0};
    double values[400], other[400];
    for (int i = 0; i < 400; i++) {
        values[i] = sin(i * 12.9898) * 3 + 2;
        other[i] = values[i] + 0.5 + 0.3 * cos(i * 78.233);
    }
    MtsInterval v, again;
    assert_ok(mts_bootstrap(values, 400, 2000, 1, &v, &err), &err);
    assert_ok(mts_bootstrap(values, 400, 2000, 1, &again, &err), &err);
    assert_memory_equal(&v, &again, sizeof v);
    double normal = 1.96 * (3 / sqrt(2.0)) / 20;
    assert_near(v.mean - v.low, normal, 0.1 * normal);
    assert_near(v.high - v.mean, normal, 0.1 * normal);
    assert_true(mts_paired_test(values, other, 400, 999, 1) <= 0.002);
    assert_near(mts_paired_test(values, values, 400, 999, 1), 1, 0);
    const double a[] = {1, 2, 3}, b[] = {0, 1, 2}; /* 2 of 8 sign flips are as extreme */
    assert_near(mts_paired_test(a, b, 3, 20000, 1), 0.25, 0.02);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes),   cmocka_unit_test(forecasts), cmocka_unit_test(crps_and_median),
        cmocka_unit_test(diversity), cmocka_unit_test(intervals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
