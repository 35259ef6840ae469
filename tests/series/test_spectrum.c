/* Spectra and their distances against SciPy's (tests/series/spectra.json, by tools/make_series_fixtures.py). */
#include "../test.h"

#include <math.h>
#include <stdbool.h>

#include <maxts/series.h>

#include "core/json.h"

static json_t *fixtures(void)
{
    MtsError err = {0};
    json_t *all = NULL;
    assert_ok(mts_json_read(&all, test_path("tests/series/spectra.json"), 1 << 24, &err), &err);
    return all;
}

static double *numbers(const json_t *list, size_t *n)
{
    *n = json_array_size(list);
    double *x = calloc(*n + 1, sizeof *x);
    for (size_t i = 0; i < *n; i++) {
        x[i] = json_number_value(json_array_get(list, i));
    }
    return x;
}

/* Equal to 1e-10 of the largest value: bins that are nothing but rounding (the mean was taken away) have no
 * digits of their own. */
static void assert_near_all(const double *got, const double *want, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++) {
        most = fabs(want[i]) > most ? fabs(want[i]) : most;
    }
    for (size_t i = 0; i < n; i++) {
        if (!(fabs(got[i] - want[i]) <= 1e-10 * most)) {
            fail_msg("bin %zu of %zu: %.17g, SciPy has %.17g", i, n, got[i], want[i]);
        }
    }
}

static void check_psd(MtsPsdMethod method, const json_t *item, const char *key, bool segmented)
{
    MtsError err = {0};
    size_t n, bins, fbins, segment = 0;
    if (segmented) {
        segment = (size_t)json_integer_value(json_object_get(item, "segment"));
    }
    const json_t *expected = json_object_get(item, key);
    double *x = numbers(json_object_get(item, "x"), &n);
    double *want = numbers(json_object_get(expected, "p"), &bins),
           *want_f = numbers(json_object_get(expected, "f"), &fbins);
    assert_int_equal(bins, fbins);
    assert_int_equal(mts_psd_bins(method, n, segment), bins);
    double *f = calloc(bins, sizeof *f), *p = calloc(bins, sizeof *p);
    assert_ok(mts_psd(method, x, n, segment, json_number_value(json_object_get(item, "fs")), f, p, &err), &err);
    assert_near_all(p, want, bins);
    assert_near_all(f, want_f, bins);
    free(x);
    free(want);
    free(want_f);
    free(f);
    free(p);
}

static void spectra_equal_scipy(void **state)
{
    (void)state;
    json_t *all = fixtures();
    const json_t *cases = json_object_get(all, "cases");
    assert_true(json_array_size(cases) >= 10);
    size_t segmented = 0;
    for (size_t i = 0; i < json_array_size(cases); i++) {
        check_psd(MTS_PSD_WELCH, json_array_get(cases, i), "welch", true);
        check_psd(MTS_PSD_PERIODOGRAM, json_array_get(cases, i), "periodogram", false);
        if (json_object_get(json_array_get(cases, i), "boxcar")) {
            check_psd(MTS_PSD_PERIODOGRAM, json_array_get(cases, i), "boxcar", true);
            segmented++;
        }
    }
    assert_true(segmented >= 3);
    json_decref(all);
}

static void distances_equal_the_formulas(void **state)
{
    (void)state;
    static const char *const names[] = {"l1", "wasserstein", "kl"};
    json_t *all = fixtures();
    const json_t *cases = json_object_get(all, "distances");
    assert_true(json_array_size(cases) >= 4);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *item = json_array_get(cases, i);
        size_t n;
        double *f = numbers(json_object_get(item, "f"), &n), *p = numbers(json_object_get(item, "p"), &n),
               *q = numbers(json_object_get(item, "q"), &n);
        for (int m = 0; m < 3; m++) {
            double want = json_number_value(json_object_get(item, names[m]));
            double got = mts_spectral_distance((MtsSpectralMetric)m, f, p, q, n);
            if (!(fabs(got - want) <= 1e-10 * fmax(1, want))) {
                fail_msg("%s of case %zu: %.17g, the formula gives %.17g", names[m], i, got, want);
            }
            assert_true(mts_spectral_distance((MtsSpectralMetric)m, f, p, p, n) == 0);
        }
        free(f);
        free(p);
        free(q);
    }
    json_decref(all);
}

static void segments_follow_the_rule(void **state)
{
    (void)state;
    assert_int_equal(mts_psd_segment(MTS_PSD_WELCH, 72, 0), 18);
    assert_int_equal(mts_psd_segment(MTS_PSD_WELCH, 5000, 0), 256);
    assert_int_equal(mts_psd_segment(MTS_PSD_WELCH, 7, 0), 0);
    assert_int_equal(mts_psd_segment(MTS_PSD_WELCH, 24, 25), 0);
    assert_int_equal(mts_psd_segment(MTS_PSD_PERIODOGRAM, 24, 0), 24);
    assert_int_equal(mts_psd_segment(MTS_PSD_PERIODOGRAM, 24, 5), 5);
    assert_int_equal(mts_psd_bins(MTS_PSD_PERIODOGRAM, 1, 0), 0);
}

static void bad_requests_get_a_sentence(void **state)
{
    (void)state;
    MtsError err = {0};
    double x[] = {1, 2, NAN, 4, 5, 6, 7, 8}, p[16];
    assert_int_equal(mts_psd(MTS_PSD_WELCH, x, 8, 0, 1, NULL, p, &err), MTS_EREQUEST);
    assert_non_null(strstr(err.text, "value 3"));
    assert_int_equal(mts_psd(MTS_PSD_WELCH, x, 7, 0, 1, NULL, p, &err), MTS_EREQUEST);
    assert_non_null(strstr(err.text, "7 values are too few"));
    assert_int_equal(mts_psd(MTS_PSD_WELCH, x, 8, 0, 0, NULL, p, &err), MTS_EREQUEST);
    assert_non_null(strstr(err.text, "sampling rate"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spectra_equal_scipy),
        cmocka_unit_test(distances_equal_the_formulas),
        cmocka_unit_test(segments_follow_the_rule),
        cmocka_unit_test(bad_requests_get_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
