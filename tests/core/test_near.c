/* Near misses: distances, what is near enough, and of several the nearest. */
#include "../test.h"

#include "core/near.h"

static size_t distance(const char *a, const char *b)
{
    return mts_near_distance(a, strlen(a), b, strlen(b));
}

static void distances(void **state)
{
    static const struct {
        const char *a, *b;
        size_t distance;
    } known[] = {{"", "", 0},
                 {"", "abc", 3},
                 {"search", "search", 0},
                 {"serach", "search", 1},
                 {"rollout", "rollouts", 1},
                 {"Best_Of-N", "best-of-n", 0},
                 {"kitten", "sitting", 3},
                 {"abcd", "badc", 2},
                 {"ca", "abc", 3},
                 {"flaw", "lawn", 2},
                 {"saturday", "sunday", 3}};
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        assert_int_equal(distance(known[i].a, known[i].b), known[i].distance);
        assert_int_equal(distance(known[i].b, known[i].a), known[i].distance);
    }
    char longer[MTS_NEAR_LONGEST + 2];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(distance(longer, "a"), sizeof longer - 1);
}

static void hints(void **state)
{
    static const char list[] = "inspect|search|score|series|verify|help";
    static const char *const known[][2] = {{"serach", "; did you mean 'search'?"},
                                           {"Search", "; did you mean 'search'?"},
                                           {"sco", "; did you mean 'score'?"},
                                           {"serie", "; did you mean 'series'?"},
                                           {"veryfi", "; did you mean 'verify'?"},
                                           {"fly", ""},
                                           {"", ""},
                                           {"x", ""},
                                           {"completely-else", ""}};
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        char hint[MTS_NEAR_HINT];
        const char *word = known[i][0];
        assert_string_equal(mts_near_in(word, strlen(word), list, "|", hint, sizeof hint), known[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(distances), cmocka_unit_test(hints)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
