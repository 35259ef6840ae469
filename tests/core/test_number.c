#include "../test.h"

#include <locale.h>
#include <math.h>

#include "core/rng.h"
#include "core/number.h"

static void whole_cells(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } good[] = {{"0", 0},
                {"-0.5", -0.5},
                {"+12", 12},
                {".25", 0.25},
                {"7.", 7},
                {"1e3", 1000},
                {"1E-2", 0.01},
                {"-1.5e+2", -150},
                {"1e-400", 0},
                {"0.1", 0.1},
                {"123456789012345678901234567890", 123456789012345678901234567890.0},
                {"2.2250738585072014e-308", 2.2250738585072014e-308},
                {"9007199254740993", 9007199254740992.0}};
    static const char *const bad[] = {"",    "-",    ".",   "e5",  "1e",    "1e+", "1 ",   " 1",
                                      "1,5", "0x10", "inf", "nan", "1e999", "--1", "1.2.3"};
    double v;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(mts_number_parse(good[i].text, strlen(good[i].text), &v));
        if (v != good[i].value) {
            fail_msg("%s was read as %.17g", good[i].text, v);
        }
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (mts_number_parse(bad[i], strlen(bad[i]), &v)) {
            fail_msg("\"%s\" was read as %g", bad[i], v);
        }
    }
}

/* What printf writes is read back as strtod reads it, on both ways of conversion. */
static void conversion_is_correctly_rounded(void **state)
{
    (void)state;
    MtsRng rng = mts_rng(1, 0, 0);
    static const char *const formats[] = {"%.17g", "%.6f", "%.3e", "%.15g", "%.1f"};
    for (int i = 0; i < 20000; i++) {
        char text[512];
        double x = (mts_rng_uniform(&rng) - 0.5) * pow(10, (double)(mts_rng_bits(&rng) % 60) - 30), v;
        snprintf(text, sizeof text, formats[i % 5], x);
        assert_true(mts_number_parse(text, strlen(text), &v));
        if (v != strtod(text, NULL)) {
            fail_msg("%s was read as %.17g", text, v);
        }
    }
}

static void assert_as_strtod(const char *text)
{
    double v = NAN, want = strtod(text, NULL);
    bool ok = mts_number_parse(text, strlen(text), &v);
    if (ok != (bool)isfinite(want) || (ok && v != want)) {
        fail_msg("%.60s... of %zu bytes was read as %.17g, not %.17g", text, strlen(text), v, want);
    }
}

/* Numbers halfway between two doubles, as far as a long double has them, and a little more, far behind; digits by the
 * thousand; exponents that make up for them. */
static void long_numbers_are_correctly_rounded(void **state)
{
    static char text[8192];
    MtsRng rng = mts_rng(2, 0, 0);
    (void)state;
    for (int i = 0; i < 2000; i++) {
        double a = ldexp(1 + mts_rng_uniform(&rng), (int)(mts_rng_bits(&rng) % 600) - 500);
        long double middle = a + ((long double)nextafter(a, 1e300) - a) / 2;
        size_t n = (size_t)snprintf(text, sizeof text, "%s%.1200Lf", i & 1 ? "-" : "", middle);
        assert_as_strtod(text);
        text[n - 1] = '1';
        assert_as_strtod(text);
    }
    for (int i = 0; i < 2000; i++) {
        size_t n = 1 + mts_rng_bits(&rng) % 2000, point = mts_rng_bits(&rng) % n;
        long shift = (long)(mts_rng_bits(&rng) % 5000) - 2500;
        for (size_t d = 0; d < n; d++) {
            text[d] = (char)(d == point ? '.' : mts_rng_bits(&rng) % (i % 3 + 1) ? '0' + mts_rng_bits(&rng) % 10 : '0');
        }
        text[n] = '7';
        snprintf(text + n + 1, sizeof text - n - 1, "e%ld", shift);
        assert_as_strtod(text);
    }
    assert_as_strtod("0e99999999999999999999");
    assert_as_strtod("1e99999999999999999999");
    assert_as_strtod("1e-99999999999999999999");
}

static void assert_numbers(const char *text, MtsNumberStyle style, size_t count, const double *want)
{
    size_t position = 0, found = 0;
    MtsNumber n;
    while (mts_number_next(text, strlen(text), style, &position, &n)) {
        if (found >= count || n.value != want[found]) {
            fail_msg("\"%s\": number %zu is %g", text, found + 1, n.value);
        }
        assert_true(n.begin < n.end && n.end <= strlen(text) && n.end == position);
        found++;
    }
    if (found != count) {
        fail_msg("\"%s\": %zu numbers found, not %zu", text, found, count);
    }
}

#define NUMBERS(text, style, ...)                                                                                      \
    do {                                                                                                               \
        const double want_[] = {__VA_ARGS__};                                                                          \
        assert_numbers(text, style, sizeof want_ / sizeof want_[0], want_);                                            \
    } while (0)

static void numbers_in_a_text(void **state)
{
    (void)state;
    NUMBERS("605, 586, 586", MTS_NUMBERS_LIST, 605, 586, 586);
    NUMBERS("605,586,586", MTS_NUMBERS_LIST, 605, 586, 586);
    NUMBERS("[-1.5; +2;\n.5e1]", MTS_NUMBERS_LIST, -1.5, 2, 5);
    NUMBERS("from 10-20 to 30\xE2\x80\x93"
            "40",
            MTS_NUMBERS_LIST, 10, 20, 30, 40);
    NUMBERS("\xE2\x88\x92"
            "3 and a-4",
            MTS_NUMBERS_LIST, -3, 4);
    NUMBERS("H12 rose 5% on the 3rd, x_2 fell", MTS_NUMBERS_LIST, 5);
    NUMBERS("The level is 130. Then 12h.", MTS_NUMBERS_LIST, 130, 12);
    NUMBERS("1.2.3", MTS_NUMBERS_LIST, 1.2, 3);
    NUMBERS("1e999 7", MTS_NUMBERS_LIST, 7);
    NUMBERS("3e 4e+ 5", MTS_NUMBERS_LIST, 3, 4, 5);
    NUMBERS("1,234 and 12,345,678.5", MTS_NUMBERS_PROSE, 1234, 12345678.5);
    NUMBERS("1,2345 and 0,123 and 1234,567", MTS_NUMBERS_PROSE, 1, 2345, 0, 123, 1234, 567);
    NUMBERS("1,234,56", MTS_NUMBERS_PROSE, 1, 234, 56);
    assert_numbers("no number, not even \xC3\xA9"
                   "12",
                   MTS_NUMBERS_LIST, 0, NULL);
    assert_numbers("", MTS_NUMBERS_PROSE, 0, NULL);
    assert_numbers("....", MTS_NUMBERS_LIST, 0, NULL);
}

/* Any bytes: ends, and never reads beyond (the buffer is exactly as long as the text). */
static void any_bytes_end(void **state)
{
    (void)state;
    static const char alphabet[] = "0123456789.,-+eE stndrh\xE2\x88\x92\x80\xC2\xA0xX[]";
    MtsRng rng = mts_rng(2, 0, 0);
    for (int i = 0; i < 20000; i++) {
        size_t n = (size_t)(mts_rng_bits(&rng) % 24), position = 0, last = 0;
        char *text = malloc(n ? n : 1);
        for (size_t j = 0; j < n; j++) {
            text[j] = alphabet[mts_rng_bits(&rng) % (sizeof alphabet - 1)];
        }
        MtsNumber number;
        while (mts_number_next(text, n, i % 2 ? MTS_NUMBERS_LIST : MTS_NUMBERS_PROSE, &position, &number)) {
            assert_true(isfinite(number.value) && number.begin >= last && number.end > number.begin && number.end <= n);
            last = number.end;
        }
        assert_int_equal(position, n);
        free(text);
    }
}

int main(void)
{
    setlocale(LC_ALL, "de_DE.UTF-8"); /* a decimal comma, where that locale is installed, changes nothing */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_cells),
        cmocka_unit_test(conversion_is_correctly_rounded),
        cmocka_unit_test(long_numbers_are_correctly_rounded),
        cmocka_unit_test(numbers_in_a_text),
        cmocka_unit_test(any_bytes_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
