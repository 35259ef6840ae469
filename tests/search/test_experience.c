/* search: what finished searches teach the next ones. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

#include "search/experience.h"

static MtsExperience *make(void)
{
    MtsExperience *e = NULL;
    MtsError err = {0};
    assert_ok(mts_experience_new(&e, &err), &err);
    return e;
}

/* The mean of what ended so, drawn to that of the shorter turn by four. */
static void a_turn_is_drawn_to_the_shorter_one(void **state)
{
    (void)state;
    MtsExperience *e = make();
    const int32_t one[] = {7, MTS_NO_TOKEN}, two[] = {8, 9}, three[] = {7, 3};
    assert_true(mts_experience_value(e, 5, one) == 0);
    for (int i = 0; i < 4; i++) {
        assert_true(mts_experience_add(e, 5, one, 2) && mts_experience_add(e, 5, two, -1));
    }
    double last = 4.0 / 12, pair = (8 + 4 * last) / 8, whole = (8 + 4 * pair) / 8;
    assert_true(fabs(mts_experience_value(e, 5, one) - whole) < 1e-12);
    assert_true(fabs(mts_experience_value(e, 5, three) - pair) < 1e-12);
    assert_true(fabs(mts_experience_value(e, 5, (int32_t[]){1, 2}) - last) < 1e-12);
    assert_true(mts_experience_value(e, 6, one) == 0);
    assert_int_equal(mts_experience_count(e), 5);
    mts_experience_free(&e);
}

static void what_is_no_lesson_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "{}",
                                        "[[1]]",
                                        "[[[1],0,0]]",
                                        "[[[],1,0]]",
                                        "[[[1],1,0.5]",
                                        "[[[-2],1,0]]",
                                        "[[[1,2,3,4],1,0]]",
                                        "[[[1],1,1000000000000000]]"};
    MtsExperience *e = make();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        MtsError err = {0};
        assert_int_equal(mts_experience_take(e, wrong[i], &err), MTS_EFORMAT);
        assert_non_null(strstr(err.text, "outlook"));
    }
    assert_int_equal(mts_experience_count(e), 0);
    mts_experience_free(&e);
}

/* What a token is worth, wherever it stands, in all tables of a family; the priors are each one's own. A prefix has
 * what its tokens but the last one are worth: that one is still to come. */
static double worth(const int32_t *tokens, size_t count)
{
    static const double of[] = {0, 1, -0.5, -1, 0.5, 0};
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += of[tokens[i]];
    }
    return sum;
}

static int score(void *context, const MtsCandidate *candidate, double *value, MtsError *err)
{
    (void)context;
    (void)err;
    *value = worth(candidate->tokens, candidate->count - !candidate->finished);
    return MTS_OK;
}

/* A search of one of the family. Its lesson, malloc'ed; how much of pi* it has found, into *found. */
static char *lesson_of(uint64_t seed, const MtsExperience *experience, double *found)
{
    MtsTable *table = random_table((Shape){.vocab = 6, .steps = 5, .eos = -1, .peak = 1, .spread = 1}, seed);
    const MtsSearchReward reward = {.prefixes = true, .score = score};
    MtsSearchModel model;
    MtsSearchSettings s;
    MtsSearchResult *result = NULL;
    MtsError err = {0};
    mts_table_model(table, &model);
    mts_search_defaults(&s);
    s.lambda = 3;
    s.rollouts = 8;
    s.in_flight = 4;
    s.look_ahead = s.sweep = 0;
    s.experience = experience;
    s.teach = true;
    assert_ok(mts_search(&model, &reward, &s, NULL, &result, &err), &err);
    *found = 0;
    for (size_t i = 0; i < result->answer_count; i++) {
        *found += exp(result->answers[i].logp + 3 * result->answers[i].reward);
    }
    char *lesson = strdup(result->lesson);
    mts_search_result_free(&result);
    mts_table_free(&table);
    return lesson;
}

/* Lessons come to the same in any order, and joined; the next searches find more. */
static void lessons_make_the_next_search_better(void **state)
{
    (void)state;
    enum { LESSONS = 6, SEARCHES = 6 };
    MtsExperience *forth = make(), *back = make(), *joined = make();
    MtsError err = {0};
    char *lesson[LESSONS];
    double found, more = 0;
    for (int i = 0; i < LESSONS; i++) {
        lesson[i] = lesson_of(500 + (uint64_t)i, NULL, &found);
    }
    for (int i = 0; i < LESSONS; i++) {
        assert_ok(mts_experience_take(forth, lesson[i], &err), &err);
        assert_ok(mts_experience_take(back, lesson[LESSONS - 1 - i], &err), &err);
    }
    assert_true(mts_experience_join(joined, back) && mts_experience_join(joined, NULL));
    assert_true(mts_experience_mark(forth) == mts_experience_mark(back) &&
                mts_experience_mark(forth) == mts_experience_mark(joined) && mts_experience_mark(NULL) == 0);
    for (uint64_t seed = 600; seed < 600 + SEARCHES; seed++) {
        double with, without;
        char *one = lesson_of(seed, forth, &with), *other = lesson_of(seed, back, &with);
        assert_string_equal(one, other);
        free(one);
        free(other);
        free(lesson_of(seed, NULL, &without));
        more += log(with / without) / SEARCHES;
    }
    print_message("log of the mass found, more by experience: %.3f\n", more);
    assert_true(more > 0.2);
    for (int i = 0; i < LESSONS; i++) {
        free(lesson[i]);
    }
    mts_experience_free(&forth);
    mts_experience_free(&back);
    mts_experience_free(&joined);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_turn_is_drawn_to_the_shorter_one),
        cmocka_unit_test(what_is_no_lesson_is_refused),
        cmocka_unit_test(lessons_make_the_next_search_better),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
