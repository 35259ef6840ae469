/* Features against numpy's (tests/series/features.json, by tools/make_series_fixtures.py), and the edges. */
#include "../test.h"

#include <math.h>

#include "core/json.h"
#include "series/features.h"

static double number(const json_t *c, const char *key)
{
    const json_t *v = json_object_get(c, key);
    assert_true(json_is_number(v));
    return json_number_value(v);
}

static void close_to(size_t i, const char *what, double got, double want)
{
    if (!(fabs(got - want) <= 1e-9 * fmax(1, fabs(want)))) {
        fail_msg("case %zu: %s is %.15g, numpy has %.15g", i, what, got, want);
    }
}

static void features_equal_numpy(void **state)
{
    (void)state;
    MtsError err = {0};
    json_t *all = NULL;
    size_t periods = 0, shifts = 0;
    assert_ok(mts_json_read(&all, test_path("tests/series/features.json"), 1 << 20, &err), &err);
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *c = json_array_get(all, i), *list = json_object_get(c, "x"), *s = json_object_get(c, "shifts");
        size_t n = json_array_size(list);
        double *x = calloc(n, sizeof *x);
        for (size_t t = 0; t < n; t++) {
            x[t] = json_number_value(json_array_get(list, t));
        }
        MtsFeatures f;
        assert_ok(mts_features(x, n, &f, NULL, &err), &err);
        const struct {
            const char *key;
            double value;
        } values[] = {{"mean", f.mean},
                      {"sd", f.sd},
                      {"median", f.median},
                      {"min", f.min},
                      {"max", f.max},
                      {"argmin", (double)f.argmin},
                      {"argmax", (double)f.argmax},
                      {"slope", f.trend.slope},
                      {"intercept", f.trend.intercept},
                      {"correlation", f.trend.correlation},
                      {"volatility", f.volatility},
                      {"period", (double)f.period},
                      {"autocorrelation", f.autocorrelation},
                      {"seasonal_strength", f.seasonal_strength}};
        for (size_t k = 0; k < sizeof values / sizeof values[0]; k++) {
            close_to(i, values[k].key, values[k].value, number(c, values[k].key));
        }
        assert_true(f.first == x[0] && f.last == x[n - 1] && f.length == n);
        assert_int_equal(f.shifts, json_array_size(s));
        for (size_t k = 0; k < f.shifts; k++) {
            const json_t *shift = json_array_get(s, k);
            assert_int_equal(f.shift[k].at, json_integer_value(json_array_get(shift, 0)));
            close_to(i, "step", f.shift[k].step, json_number_value(json_array_get(shift, 1)));
            close_to(i, "statistic", f.shift[k].statistic, json_number_value(json_array_get(shift, 2)));
        }
        periods += f.period > 0;
        shifts += f.shifts;
        free(x);
    }
    assert_true(periods >= 3 && shifts >= 4);
    json_decref(all);
}

static void edges(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsFeatures f;
    double one[] = {7}, same[40], line[40];
    assert_ok(mts_features(one, 1, &f, NULL, &err), &err);
    assert_true(f.mean == 7 && f.median == 7 && f.sd == 0 && f.volatility == 0 && f.period == 0 && f.trend.slope == 0);
    for (int t = 0; t < 40; t++) {
        same[t] = 1e9;
        line[t] = 1e9 + 0.25 * t;
    }
    assert_ok(mts_features(same, 40, &f, NULL, &err), &err);
    assert_true(f.trend.correlation == 0 && f.period == 0 && f.shifts == 0 && f.volatility == 0 && f.mean == 1e9);
    assert_ok(mts_features(line, 40, &f, NULL, &err), &err);
    assert_true(fabs(f.trend.slope - 0.25) < 1e-9 && fabs(f.trend.correlation - 1) < 1e-12 && f.period == 0 &&
                f.shifts == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(features_equal_numpy), cmocka_unit_test(edges)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
