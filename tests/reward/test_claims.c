/* What texts claim, and whether it is so. Each line of a table is a text and the claims in it, a plus for a true one
 * and a minus for a false one. */
#include "../test.h"

#include <math.h>

#include <maxts/reward.h>

#include "core/rng.h"
#include "reward/claims.h"

enum { N = 72 };
static double season[N]; /* 100 + 0.5 t + 20 sin: period 12, rises, 82.1 to 155.0; begins 100, ends 125.5 */
static double calm[N];   /* about 130: +-10 until step 36, then +-1; 120 to 140 */
static double jump[N];   /* 50 until step 40, then 80, +-1 */

static int setup(void **state)
{
    (void)state;
    for (int t = 0; t < N; t++) {
        season[t] = 100 + 0.5 * t + 20 * sin(2 * 3.14159265358979323846 * t / 12);
        calm[t] = 130 + (t < 36 ? 10 : 1) * (t % 2 ? 1 : -1);
        jump[t] = (t < 40 ? 50 : 80) + (t * 7 % 5 - 2) / 2.0;
    }
    return 0;
}

typedef struct Case {
    const char *text, *claims;
} Case;

static void list_claims(const double *x, const char *text, int finished, char *out, size_t size)
{
    MtsError err = {0};
    MtsSubject subject;
    MtsClaims claims;
    size_t n = strlen(text), used = 0;
    char *exact = malloc(n ? n : 1);
    memcpy(exact, text, n);
    assert_ok(mts_subject_init(&subject, x, N, &err), &err);
    assert_ok(mts_claims_find(&subject, exact, n, finished, &claims, &err), &err);
    out[0] = '\0';
    for (size_t i = 0; i < claims.count; i++) {
        const MtsClaim *c = &claims.items[i];
        assert_true(c->begin < c->end && c->end <= n && c->from < c->to);
        used += (size_t)snprintf(out + used, size - used, "%s%c%s%s", i ? ", " : "", c->right ? '+' : '-',
                                 c->denied ? "not " : "", mts_claim_name(c->kind));
    }
    mts_claims_free(&claims);
    mts_subject_free(&subject);
    free(exact);
}

static void check(const double *x, const Case *cases, size_t count)
{
    char got[512];
    for (size_t i = 0; i < count; i++) {
        list_claims(x, cases[i].text, 1, got, sizeof got);
        if (strcmp(got, cases[i].claims) != 0) {
            fail_msg("\"%s\"\n   has   %s\n   wants %s", cases[i].text, got, cases[i].claims);
        }
    }
}

#define CHECK(x, cases) check(x, cases, sizeof cases / sizeof cases[0])

static void trends_and_parts(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"The series rises.", "+rises"},
        {"It shows a steady increase over time", "+rises"},
        {"Values are falling.", "-falls"},
        {"The series is stable.", "-flat"},
        {"There is no clear trend.", "-flat"},
        {"It goes up.", "+rises"},
        {"Summing up, nothing.", ""},
        {"It rises in the first half and falls in the second half.", "+rises, -falls"},
        {"In the beginning, it rises.", "+rises"},
        {"The series does not rise.", ""}, /* too little */
        {"It may rise.", ""},
        {"It rises. It increases! The values grow upward?", "+rises"}, /* once */
        {"It rises, then falls.", "+rises, -falls"},
        {"It rises overall", "+rises"},
    };
    CHECK(season, cases);
}

/* Parts of a series of two or three values do not overlap where places are asked for. */
static void places_of_few_values(void **state)
{
    (void)state;
    static const double x[] = {5, 6, 4};
    static const char *const parts[] = {"first third", "middle", "last third", "first half", "second half"};
    static const char *const right[] = {"00101", "01001"}; /* of two values, of three */
    for (size_t n = 2; n <= 3; n++) {
        for (size_t p = 0; p < 5; p++) {
            MtsError err = {0};
            MtsSubject subject;
            MtsClaims claims;
            char text[64];
            int size = snprintf(text, sizeof text, "The peak is in the %s.", parts[p]);
            assert_ok(mts_subject_init(&subject, x, n, &err), &err);
            assert_ok(mts_claims_find(&subject, text, (size_t)size, 1, &claims, &err), &err);
            assert_int_equal(claims.count, 1);
            if (claims.items[0].right != (right[n - 2][p] == '1')) {
                fail_msg("of %zu values: %s", n, text);
            }
            mts_claims_free(&claims);
            mts_subject_free(&subject);
        }
    }
}

static void numbers_of_values(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"It peaks at 152.5.", "+maximum"},
        {"The maximum is about 150.", "+maximum"},
        {"The highest value is 170.", "-maximum"},
        {"152 is the highest value", "+maximum"},
        {"The lowest point is 84.5 and the peak is 151.5", "+minimum, +maximum"},
        {"The peak is at hour 64.", "+maximum at"},
        {"The peak of 152 occurs at step 20.", "+maximum, -maximum at"},
        {"It peaks at the end.", "+maximum at"},
        {"The minimum is at the beginning.", "+minimum at"},
        {"The mean is about 117.7, with a median of 300.", "+mean, -median"},
        {"It hovers around 118.", "+mean"},
        {"The standard deviation is 17", "+deviation"},
        {"It rises from 100 to 125.5.", "+first, +last, +rises"},
        {"Values range from 84 to 152.", "+minimum, +maximum"},
        {"It fluctuates between 10 and 152", "-minimum, +maximum"},
        {"It starts at 100 and ends at 200.", "+first, -last"},
        {"It starts with 100.", "+first"},
        {"The initial value is 100, the final value is 126", "+first, +last"},
        {"It rises by 20%.", "+rises"},
        {"The maximum was reached in 2015 percent", ""},
        {"It has a low of 84.5 and a high of 300.", "+minimum, -maximum"},
        {"The noise is high, 151.5.", ""},
        {"605, 586, 586, 559", ""},
        {"", ""},
    };
    CHECK(season, cases);
}

static void seasons(void **state)
{
    (void)state;
    static const Case with[] = {
        {"It has a period of 12.", "+period"},
        {"A 12-step cycle is visible.", "+period"},
        {"It repeats every 24 hours.", "-period"},
        {"It peaks every 12 hours.", "+period"},
        {"There is a clear seasonal pattern.", "+seasonal"},
        {"There is no seasonality.", "-not seasonal"},
        {"Over the period nothing happens.", ""},
    };
    static const Case without[] = {{"There is no seasonality.", "+not seasonal"},
                                   {"The pattern is cyclical", "-seasonal"}};
    CHECK(season, with);
    CHECK(jump, without);
}

static void unrest_and_shifts(void **state)
{
    (void)state;
    static const Case unrest[] = {
        {"It is calmer at the end.", "+calmer"}, {"Volatility increases towards the end.", "-wilder"},
        {"Fluctuations decrease.", "+calmer"},   {"It is more volatile in the first half.", "+wilder"},
        {"The series is volatile.", ""},
    };
    static const Case shifts[] = {
        {"There is a sudden increase at step 40.", "+shift up"},
        {"There is a sudden drop.", "-shift down"},
        {"The level jumps in the middle.", "+shift"},
        {"A jump occurs at step 10", "-shift"},
        {"It rises abruptly in the first third.", "-shift up"},
    };
    CHECK(calm, unrest);
    CHECK(jump, shifts);
}

static void prefixes(void **state)
{
    (void)state;
    char got[256];
    list_claims(season, "It rises, with a peak of 15", 0, got, sizeof got);
    assert_string_equal(got, "+rises");
    list_claims(season, "It rises, with a peak of 152.", 0, got, sizeof got);
    assert_string_equal(got, "+rises, +maximum");
    list_claims(season, "It ri", 0, got, sizeof got);
    assert_string_equal(got, "");
}

static void the_reward(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsSeries *s = NULL;
    MtsReward *r = NULL;
    double v;
    assert_ok(mts_series_from_values(&s, season, N, &err), &err);
    const MtsRewardInput input = {"", s, NULL, NULL}, none = {"", NULL, NULL, NULL};
    const char *text = "It rises with a period of 12 and a peak of 152. The minimum is 3.";
    assert_ok(mts_reward_new(&r, "claims", &input, &err), &err);
    assert_true(mts_reward_scores_prefixes(r));
    assert_ok(mts_reward_score(r, text, strlen(text), 0, 1, true, &v, &err), &err);
    assert_true(v == 2);
    assert_ok(mts_reward_score(r, text, strlen(text) - 3, 0, 1, false, &v, &err), &err);
    assert_true(v == 3);
    mts_reward_free(&r);
    assert_ok(mts_reward_new(&r, "claims:cost=2.5,most=1", &input, &err), &err);
    assert_ok(mts_reward_score(r, text, strlen(text), 0, 1, true, &v, &err), &err);
    assert_true(v == -1.5);
    mts_reward_free(&r);
    static const struct {
        const char *spec;
        double value; /* of the whole text */
    } about[] = {{"claims:about=Is there a cycle?", 0},
                 {"claims:most=1,about=is it periodic, or not", 0},
                 {"claims:cost=0,about=What is the peak, please? a=b", 1},
                 {"claims:cost=0,about=Its lowest value?", 0},
                 {"claims:cost=0,about=When is it calm?", 0},
                 {"claims:about=Who knows, cost=3", 2}};
    for (size_t i = 0; i < sizeof about / sizeof about[0]; i++) {
        assert_ok(mts_reward_new(&r, about[i].spec, &input, &err), &err);
        assert_ok(mts_reward_score(r, text, strlen(text), 0, 1, true, &v, &err), &err);
        assert_true(v == about[i].value);
        mts_reward_free(&r);
    }
    assert_int_equal(mts_reward_new(&r, "claims", &none, &err), MTS_EREQUEST);
    assert_int_equal(mts_reward_new(&r, "claims:3", &input, &err), MTS_EREQUEST);
    assert_non_null(strstr(err.text, "\"3\" is no setting"));
    mts_series_free(&s);
}

/* Random sentences of the vocabulary end, and say nothing that is out of bounds. */
static void any_words(void **state)
{
    (void)state;
    static const char *const words[] = {
        "rises", "falls",   "stable", "no",           "peak",     "lowest", "mean",   "of",   "at",     "about",
        "12",    "152.5",   "1,000",  "step",         "every",    "period", "calmer", "end",  "the",    "first",
        "half",  "between", "and",    "from",         "to",       ",",      ".",      "then", "sudden", "up",
        "goes",  "starts",  "50%",    "\xE2\x88\x92", "\xC3\xA9", "ranges", "-"};
    MtsRng rng = mts_rng(7, 0, 0);
    for (int i = 0; i < 20000; i++) {
        char text[512] = "", out[4096];
        for (uint64_t k = mts_rng_bits(&rng) % 20; k > 0; k--) {
            strcat(text, words[mts_rng_bits(&rng) % (sizeof words / sizeof words[0])]);
            strcat(text, mts_rng_bits(&rng) % 8 ? " " : "");
        }
        list_claims(season, text, i % 2, out, sizeof out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trends_and_parts),  cmocka_unit_test(places_of_few_values),
        cmocka_unit_test(numbers_of_values), cmocka_unit_test(seasons),
        cmocka_unit_test(unrest_and_shifts), cmocka_unit_test(prefixes),
        cmocka_unit_test(the_reward),        cmocka_unit_test(any_words),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
