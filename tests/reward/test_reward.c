/* Specifications, and every reward that needs no other process. tests/reward/spectral.json is SciPy's word
 * (tools/make_series_fixtures.py). */
#include "../test.h"

#include <math.h>
#include <stdbool.h>

#include <maxts/reward.h>

#include "core/json.h"
#include "core/rng.h"
#include "reward/answer_line.h"

static double ask(const char *spec, const MtsSeries *series, const char *text, bool finished)
{
    MtsError err = {0};
    MtsReward *r = NULL;
    const MtsRewardInput input = {"prompt", series, NULL, NULL};
    double v = NAN;
    assert_ok(mts_reward_new(&r, spec, &input, &err), &err);
    assert_ok(mts_reward_score(r, text, strlen(text), -12, 4, finished, &v, &err), &err);
    mts_reward_free(&r);
    assert_null(r);
    return v;
}

#define VALUE(spec, text, want)                                                                                        \
    do {                                                                                                               \
        double got_ = ask(spec, NULL, text, true);                                                                     \
        if (!(fabs(got_ - (want)) <= 1e-12)) {                                                                         \
            fail_msg("%s of \"%s\" is %.17g, not %.17g", spec, text, got_, (double)(want));                            \
        }                                                                                                              \
    } while (0)

static void one_line_rewards(void **state)
{
    (void)state;
    VALUE("length:4", "abcd", 1);
    VALUE("length:4", "ab", 0.5);
    VALUE("length:4", "abcdef", 0.5);
    VALUE("length:4", "abcdefghi", 0);
    VALUE("length:2", "\xC3\xA9\xE2\x82\xAC", 1);
    VALUE("length:2", "\xFF\xFE", 1);
    VALUE("length", "", 0);
    VALUE("logprob", "x", -12);
    VALUE("logprob:mean", "x", -3);
    VALUE("regex:^\\d+$", "123", 1);
    VALUE("regex:^\\d+$", "12a", 0);
    VALUE("regex:b+", "abbc", 1);
    VALUE("regex:\\p{Lu}", "\xC3\x89", 1);
    VALUE("regex:a",
          "\xFF\xFE"
          "a",
          1);
}

static void prefixes_of_a_pattern(void **state)
{
    (void)state;
    assert_true(ask("regex:^answer: \\d+$", NULL, "answer", false) == 0.5);
    assert_true(ask("regex:^answer: \\d+$", NULL, "answer: 1", false) == 1);
    assert_true(ask("regex:^answer: \\d+$", NULL, "anger", false) == 0);
    assert_true(ask("regex:^answer: \\d+$", NULL, "answer", true) == 0);
    assert_true(ask("length:4", NULL, "ab", false) == 0.5);
}

static void weighted_sums(void **state)
{
    (void)state;
    VALUE("0.5*length:4", "abcd", 0.5);
    VALUE("0.5*length:4 + 2*regex:^a", "abcd", 2.5);
    VALUE("length:4 + -1e-1*logprob", "abcd", 2.2);
    VALUE(" 0.5 * length:4  +  length:8 ", "abcd", 1);
    VALUE("regex:^a + b$", "aa + b", 0); /* a pattern: one or more blanks after a */
    VALUE("regex:^a + b$", "a  b", 1);
    VALUE("regex:a + b + length:4", "a  b", 2);
    VALUE("regex:a+ length:4", "aa length:4", 1);
    VALUE("regex:x*y", "xxy", 1);
}

static void refuse_with(const char *spec, const MtsSeries *series, const char *part)
{
    MtsError err = {0};
    MtsReward *r = NULL;
    const MtsRewardInput input = {"prompt", series, NULL, NULL};
    int rc = mts_reward_new(&r, spec, &input, &err);
    if (rc != MTS_EREQUEST || !strstr(err.text, part) || r) {
        fail_msg("\"%s\": %d \"%s\", expected \"%s\"", spec, rc, err.text, part);
    }
}

static void wrong_specifications(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsSeries *s = NULL;
    double x[16] = {1, 5, 2, 8, 3, 1, 4, 4, 6, 7, 9, 2, 3, 5, 1, 0};
    assert_ok(mts_series_from_values(&s, x, 16, &err), &err);
    refuse_with("", NULL, "names no reward");
    refuse_with("speed", NULL, "\"speed\" is unknown; there are spectral, forecast");
    refuse_with("x*length", NULL, "weight \"x\" is no number");
    refuse_with("2*", NULL, "names no reward");
    refuse_with("length 200", NULL, "follows the name");
    refuse_with("length:x", NULL, "target is \"x\"");
    refuse_with("length:0", NULL, "from 1 to 1e6");
    refuse_with("length:4 + 2*speed", NULL, "target is \"4 + 2*speed\"");
    refuse_with("logprob:sum", NULL, "it has: mean");
    refuse_with("regex", NULL, "needs a pattern");
    refuse_with("regex:(", NULL, "is no pattern: missing closing parenthesis");
    refuse_with("spectral", NULL, "needs an input series");
    refuse_with("spectral:l2", s, "\"l2\" is no metric (l1, wasserstein, kl)");
    refuse_with("spectral:l1,gama=2", s,
                "\"gama=2\" is no setting of it (it has periodogram=, gamma=, segment=, missing=)");
    refuse_with("spectral:gamma=-1", s, "gamma is \"-1\", not a number from 0 to");
    refuse_with("spectral:gamma=1,gamma=2", s, "given twice");
    refuse_with("spectral:segment=2.5", s, "not a whole number");
    refuse_with("spectral:segment=17", s, "has 16 values, fewer than the 17");
    refuse_with("forecast", s, "needs the number of steps");
    refuse_with("forecast:horizon=24", s, "the horizon is 24, but the input series has 16 values");
    refuse_with("forecast:horizon=8,season=24", s, "the season is 24");
    refuse_with("forecast:24", s, "needs the number of steps");
    refuse_with("command", NULL, "needs a program");
    refuse_with("command:timeout=0 x", NULL, "timeout is \"0\"");
    refuse_with("command:prefixes=2 x", NULL, "prefixes is \"2\"");
    mts_series_free(&s);
    s = NULL;
    assert_ok(mts_series_from_values(&s, x, 7, &err), &err);
    refuse_with("spectral", s, "has 7 values, fewer than the 8");
    mts_series_free(&s);
}

static void assert_close(const char *what, double got, double want)
{
    if (!(fabs(got - want) <= 1e-10 * fmax(1, fabs(want)))) {
        fail_msg("%s is %.17g, SciPy gives %.17g", what, got, want);
    }
}

static void spectra_as_scipy_computes_them(void **state)
{
    (void)state;
    MtsError err = {0};
    json_t *all = NULL;
    static const char *const specs[] = {"spectral:l1", "spectral:wasserstein", "spectral:kl",
                                        "spectral:l1,periodogram=1"};
    assert_ok(mts_json_read(&all, test_path("tests/reward/spectral.json"), 1 << 20, &err), &err);
    assert_true(json_array_size(all) >= 3);
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *c = json_array_get(all, i), *list = json_object_get(c, "x");
        const char *text = json_string_value(json_object_get(c, "text"));
        const char *prefix = json_string_value(json_object_get(c, "prefix"));
        size_t n = json_array_size(list);
        double x[256];
        for (size_t t = 0; t < n; t++) {
            x[t] = json_number_value(json_array_get(list, t));
        }
        MtsSeries *s = NULL;
        assert_ok(mts_series_from_values(&s, x, n, &err), &err);
        for (size_t k = 0; k < 4; k++) {
            assert_close(specs[k], ask(specs[k], s, text, true), json_number_value(json_object_get(c, specs[k])));
        }
        char spec[64];
        snprintf(spec, sizeof spec, "forecast:horizon=%d", (int)json_integer_value(json_object_get(c, "horizon")));
        double whole = json_number_value(json_object_get(c, "forecast"));
        double begun = json_number_value(json_object_get(c, "forecast prefix"));
        char longer[2048];
        assert_close("forecast", ask(spec, s, text, true), whole);
        assert_close("forecast of a prefix", ask(spec, s, prefix, false), begun);
        snprintf(longer, sizeof longer, "Values: %s", text);
        assert_close("forecast with words", ask(spec, s, longer, true), whole - 0.5);
        snprintf(longer, sizeof longer, "Values: %s", prefix);
        assert_close("forecast with words, prefix", ask(spec, s, longer, false), begun - 3);
        char with_level[96];
        size_t h = (size_t)json_integer_value(json_object_get(c, "horizon")), at = 0;
        double step = 0, apart = 0;
        for (size_t t = h; t < n; t++) {
            step += fabs(x[t] - x[t - h]) / (double)(n - h);
        }
        const char *rest = text;
        for (; at < h; at++, rest += strcspn(rest, ",") + 1) {
            apart += fabs(strtod(rest, NULL) - x[n - h + at]) / step / (double)h;
        }
        snprintf(with_level, sizeof with_level, "%s,level=2", spec);
        assert_true(apart > 0 && apart < 10);
        assert_close("forecast with its level", ask(with_level, s, text, true), whole - 2 * apart);
        snprintf(longer, sizeof longer, "%s, 17", text);
        assert_close("forecast with a number too many", ask(spec, s, longer, true), whole - 0.5);
        mts_series_free(&s);
    }
    json_decref(all);
}

/* A number that is still growing is worth what the nearest one it can become is worth written out. */
static void an_open_number_is_the_nearest_it_can_become(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsSeries *s = NULL;
    double x[48];
    for (int t = 0; t < 48; t++) {
        x[t] = t % 8 == 1 ? 505 : t % 8 == 2 ? -40 : t % 8 == 3 ? 7 : round(500 + 80 * sin(0.8 * t) + t % 5);
    }
    static const struct {
        const char *open, *becomes;
    } same[] = {
        {"505", "505,"},
        {"4", "499,"},
        {"5", "505,"},
        {"50", "505,"},
        {"51", "510,"},
        {"9", "900,"},
        {"1", "199,"},
        {"0", "99,"}, /* leading zeros are digits */
        {"5123", "5123,"},
        {"505.", "505,"},
        {"505.2", "505.2,"},
        {"-3", "-3,"},
        {"+4", "499,"},
        {"505, -3", "505, -39,"},
        {"505, 3", "505, 3,"},
        {"505, -", "505,"},
        {"505, -40, 1", "505, -40, 10,"},
        {"505, -40, 7", "505, -40, 7,"},
        {"505, -40, 2", "505, -40, 2,"},
        {"505, -40, ", "505, -40,"},
        {"505, -40, 8", "505, -40, 8,"},
    };
    assert_ok(mts_series_from_values(&s, x + 1, 40, &err), &err);
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        double open = ask("forecast:horizon=8", s, same[i].open, false);
        double whole = ask("forecast:horizon=8", s, same[i].becomes, false);
        if (open != whole) {
            fail_msg("\"%s\" is worth %.17g, \"%s\" %.17g", same[i].open, open, same[i].becomes, whole);
        }
    }
    mts_series_free(&s);
    for (int t = 0; t < 48; t++) {
        x[t] = t % 8 == 1 ? 12.25 : 11 + sin(0.8 * t);
        x[t] = round(100 * x[t]) / 100;
    }
    assert_ok(mts_series_from_values(&s, x + 1, 40, &err), &err);
    assert_true(ask("forecast:horizon=8", s, "1", false) == ask("forecast:horizon=8", s, "12.25,", false));
    assert_true(ask("forecast:horizon=8", s, "11", false) == ask("forecast:horizon=8", s, "11.99,", false));
    assert_true(ask("forecast:horizon=8", s, "12.1", false) == ask("forecast:horizon=8", s, "12.19,", false));
    assert_true(ask("forecast:horizon=8", s, "12.2", false) == ask("forecast:horizon=8", s, "12.25,", false));
    mts_series_free(&s);
}

static void what_numbers_a_text_lacks(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsSeries *s = NULL;
    double x[64];
    for (int t = 0; t < 64; t++) {
        x[t] = 100 + 10 * sin(0.7 * t) + t % 5;
    }
    assert_ok(mts_series_from_values(&s, x, 64, &err), &err);
    const char *none = "It rises.", *seven = "1 2 3 4 5 6 7", *eight = "104 102 99 91 90 92 97 104";
    double l1 = ask("spectral", s, none, true);
    assert_true(l1 < -5 && l1 == ask("spectral", s, seven, true) && l1 < ask("spectral", s, eight, true));
    assert_true(ask("spectral:wasserstein", s, none, true) == -0.5);
    assert_true(fabs(ask("spectral:kl", s, none, true) + 10 * log(10)) < 1e-12);
    assert_true(ask("spectral:missing=2,gamma=3", s, none, true) == -6);
    assert_true(ask("spectral:segment=4,missing=2", s, seven, true) != -2);
    assert_true(ask("spectral:segment=8,missing=2", s, seven, true) == -2);
    assert_true(ask("spectral", s, "1e300 1e300 1e300 1e300 1e300 1e300 1e300 1e300", true) == l1);
    MtsReward *r = NULL;
    const MtsRewardInput input = {"", s, NULL, NULL};
    assert_ok(mts_reward_new(&r, "spectral", &input, &err), &err);
    assert_false(mts_reward_scores_prefixes(r));
    assert_false(mts_reward_is_slow(r));
    mts_reward_free(&r);
    assert_ok(mts_reward_new(&r, "spectral + length:4", &input, &err), &err);
    assert_true(mts_reward_scores_prefixes(r));
    double v;
    assert_ok(mts_reward_score(r, "ab", 2, 0, 1, false, &v, &err), &err);
    assert_true(v == 0.5); /* the part that scores prefixes */
    mts_reward_free(&r);
    mts_series_free(&s);
}

static void options_and_classes(void **state)
{
    (void)state;
    static const char *const options[] = {"walking_up", "walking", "Lying."};
    static const struct {
        const char *text;
        int option, lettered;
    } cases[] = {{"It moves. Answer: Walking up.", 0, 0},
                 {"answer:  walking_up<|im_end|>\n", 0, 0},
                 {"Answer: up Answer: LYING", 2, 0},
                 {"lying", 2, 0},
                 {"Answer: running", -1, 0},
                 {"Answer: ", -1, 0},
                 {"", -1, 0},
                 {"Answer: b", 1, 1},
                 {"(C)", 2, 1},
                 {"B) walking", 1, 1},
                 {"B) lying", -1, 1},
                 {"Option A. as it moves", 0, 1},
                 {"d", -1, 1},
                 {"b", -1, 0},
                 {"Answer: bwalk", -1, 1},
                 {"Answer: walking<", -1, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int got = mts_answer_option(cases[i].text, strlen(cases[i].text), options, 3, cases[i].lettered);
        if (got != cases[i].option) {
            fail_msg("\"%s\" is option %d, not %d", cases[i].text, got, cases[i].option);
        }
    }
    static const char *const alike[] = {"-1", "1", "a", "A", "1.5", "15"}; /* three normal forms */
    for (int i = 0; i < 6; i++) {
        assert_int_equal(mts_answer_option(alike[i], strlen(alike[i]), alike, 6, false), i);
    }
    VALUE("option:walking_up|walking", "x. Answer: walking up", 1);
    VALUE("option:walking_up|walking", "walks", 0);
    assert_true(ask("option:run|walk", NULL, "It is", false) == 0.25);
    assert_true(ask("option:run|walk", NULL, "Answer: wa", false) == 0.5);
    assert_true(ask("option:run|walk", NULL, "Answer: wi", false) == 0);
    refuse_with("option", NULL, "needs the allowed answers");
    VALUE("option:lettered;it rises|it falls", "Answer: B", 1);
    VALUE("option:lettered;it rises|it falls", "(b) It falls.", 1);
    VALUE("option:lettered;it rises|it falls", "A) it falls", 0);
    VALUE("option:it rises|it falls", "Answer: B", 0);
    assert_true(ask("option:lettered;it rises|it falls", NULL, "Answer: (", false) == 0.5);
    assert_true(ask("option:lettered;it rises|it falls", NULL, "Answer: it f", false) == 0.5);
    assert_true(ask("option:lettered;it rises|it falls", NULL, "Answer: none", false) == 0);
    refuse_with("option:a||b", NULL, "empty option");
}

static void classes_by_their_spectra(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsSeries *s = NULL;
    double x[64], f[9], p[9], fast[9] = {0}, slow[9] = {0}, one[9];
    char path[64] = "/tmp/mts_classes_XXXXXX", spec[128];
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    fprintf(file, "label,x\n");
    for (int i = 0; i < 6; i++) { /* three of each class, of periods near 4 and 16 */
        fprintf(file, "%s,\"[", i % 2 ? "fast" : "slow");
        for (int t = 0; t < 64; t++) {
            x[t] = sin((i % 2 ? 1.5 : 0.4) * t + i) + 0.1 * ((t * 7 + i) % 5);
            fprintf(file, "%s%.17g", t ? ", " : "", x[t]);
        }
        fprintf(file, "]\"\n");
        assert_ok(mts_psd(MTS_PSD_WELCH, x, 64, 16, 1, NULL, one, &err), &err);
        for (int b = 0; b < 9; b++) {
            (i % 2 ? fast : slow)[b] += one[b] / 3;
        }
    }
    fclose(file);
    for (int t = 0; t < 64; t++) {
        x[t] = sin(1.5 * t) + 0.1 * (t * 3 % 4);
    }
    assert_ok(mts_series_from_values(&s, x, 64, &err), &err);
    assert_ok(mts_psd(MTS_PSD_WELCH, x, 64, 16, 1, f, p, &err), &err);
    double to_fast = mts_spectral_distance(MTS_SPECTRAL_L1, f, p, fast, 9),
           to_slow = mts_spectral_distance(MTS_SPECTRAL_L1, f, p, slow, 9);
    snprintf(spec, sizeof spec, "class-spectral:%s", path);
    assert_true(to_fast < to_slow);
    assert_close("fast", ask(spec, s, "Answer: fast", true), -to_fast);
    assert_close("slow", ask(spec, s, "Answer: slow", true), -to_slow);
    assert_close("none", ask(spec, s, "Answer: neither", true), -to_slow);
    snprintf(spec, sizeof spec, "class-spectral:%s,l1,gamma=2,missing=7", path);
    assert_close("none", ask(spec, s, "", true), -14);
    assert_close("fast", ask(spec, s, "fast", true), -2 * to_fast);
    s->sampling_rate = 50; /* frequencies and the integral over them are 50 times as large */
    snprintf(spec, sizeof spec, "class-spectral:%s,rate=50", path);
    assert_true(fabs(ask(spec, s, "Answer: fast", true) + 50 * to_fast) < 1e-9);
    snprintf(spec, sizeof spec, "class-spectral:%s", path);
    refuse_with(spec, s, "values at 1 Hz, the input has 1 at 50 Hz");
    s->sampling_rate = 1;
    snprintf(spec, sizeof spec, "class-spectral:%s,l3", path);
    refuse_with(spec, s, "is no metric");
    refuse_with("class-spectral", s, "needs an input series and a file");
    mts_series_free(&s);
    assert_ok(mts_series_from_values(&s, x, 7, &err), &err);
    snprintf(spec, sizeof spec, "class-spectral:%s", path);
    refuse_with(spec, s, "has 7 values, fewer than 8");
    mts_series_free(&s);
    remove(path);
}

static void failures_have_a_name(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsReward *r = NULL;
    const MtsRewardInput input = {"", NULL, NULL, NULL};
    double v;
    assert_ok(mts_reward_new(&r, "regex:^(a+)+$", &input, &err), &err);
    char text[64];
    memset(text, 'a', sizeof text);
    text[63] = 'b';
    assert_int_equal(mts_reward_score(r, text, sizeof text, 0, 1, true, &v, &err), MTS_EREWARD);
    assert_non_null(strstr(err.text, "reward regex: matching a text of 64 bytes failed: match limit exceeded"));
    mts_reward_free(&r);
    assert_ok(mts_reward_new(&r, "logprob", &input, &err), &err);
    assert_int_equal(mts_reward_score(r, "a", 1, -INFINITY, 1, true, &v, &err), MTS_EREWARD);
    assert_non_null(strstr(err.text, "reward logprob: its value"));
    mts_reward_free(&r);
}

/* Any text gets a finite value, and any specification a reward or a sentence. */
static void any_bytes(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsSeries *s = NULL;
    double x[24];
    MtsRng rng = mts_rng(4, 0, 0);
    for (int t = 0; t < 24; t++) {
        x[t] = mts_rng_uniform(&rng);
    }
    assert_ok(mts_series_from_values(&s, x, 24, &err), &err);
    const MtsRewardInput input = {"", s, NULL, NULL};
    MtsReward *r = NULL;
    assert_ok(mts_reward_new(&r, "spectral:kl + forecast:horizon=8 + regex:\\d, + length + logprob", &input, &err),
              &err);
    static const char alphabet[] = "0123456789., -+e\xE2\x88\x92\xFF\n";
    for (int i = 0; i < 5000; i++) {
        size_t n = (size_t)(mts_rng_bits(&rng) % 80);
        char *text = malloc(n ? n : 1);
        for (size_t j = 0; j < n; j++) {
            text[j] = alphabet[mts_rng_bits(&rng) % (sizeof alphabet - 1)];
        }
        double v = NAN;
        assert_ok(mts_reward_score(r, text, n, -1, n, i % 2 == 0, &v, &err), &err);
        assert_true(isfinite(v));
        free(text);
    }
    mts_reward_free(&r);
    static const char *const words[] = {
        "spectral", "length", "regex", ":", "*", " + ", "4", "0.5", "gamma=", ",", "forecast:horizon=8", " "};
    size_t good = 0;
    for (int i = 0; i < 5000; i++) {
        char spec[256] = "";
        for (uint64_t k = mts_rng_bits(&rng) % 8; k > 0; k--) {
            strcat(spec, words[mts_rng_bits(&rng) % 12]);
        }
        memset(&err, 0, sizeof err);
        int rc = mts_reward_new(&r, spec, &input, &err);
        assert_true(rc == MTS_OK ? r != NULL : rc == MTS_EREQUEST && !r && err.text[0]);
        good += rc == MTS_OK;
        mts_reward_free(&r);
    }
    assert_true(good > 50);
    mts_series_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line_rewards),
        cmocka_unit_test(prefixes_of_a_pattern),
        cmocka_unit_test(weighted_sums),
        cmocka_unit_test(wrong_specifications),
        cmocka_unit_test(spectra_as_scipy_computes_them),
        cmocka_unit_test(an_open_number_is_the_nearest_it_can_become),
        cmocka_unit_test(what_numbers_a_text_lacks),
        cmocka_unit_test(options_and_classes),
        cmocka_unit_test(classes_by_their_spectra),
        cmocka_unit_test(failures_have_a_name),
        cmocka_unit_test(any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
