/* search: which rollouts are drawn, which go to the best unknown continuation, and where there are waves. */
#include "support.h"

#include "search/maxent/maxent.h"

/* Of the rollouts in [from, to) of a search on a table: how many have no part in the estimate of Z. */
static size_t uncounted(const MtsTable *table, const MtsSearchSettings *s, size_t from, size_t to)
{
    MtsSearch *run = run_table(table, s, NULL);
    size_t count = 0;
    assert_int_equal(run->log_count, s->rollouts);
    for (size_t i = from; i < to; i++) {
        count += isnan(run->log[i]->log_z) != 0;
    }
    mts_search_free(&run);
    return count;
}

/* Four of five, but the first three, and all that start while nothing is known, are drawn. */
static void most_rollouts_are_best_first_once_something_is_known(void **state)
{
    (void)state;
    MtsTable *table = random_table((Shape){.vocab = 6, .steps = 5, .eos = -1, .peak = 0.5, .spread = 1}, 3);
    MtsSearchSettings s;
    mts_search_defaults(&s);
    s.rollouts = 44;
    s.sweep = 0;
    assert_int_equal(uncounted(table, &s, 0, 3), 0);
    assert_int_equal(uncounted(table, &s, 3, 44), 33);
    s.in_flight = 8;
    assert_int_equal(uncounted(table, &s, 0, 8), 0);
    assert_int_equal(uncounted(table, &s, 8, 44), 29);
    s.best_first_after = 20;
    assert_int_equal(uncounted(table, &s, 0, 20), 0);
    s.best_first = 0;
    assert_int_equal(uncounted(table, &s, 0, 44), 0);
    mts_table_free(&table);
}

/* Where nothing is tilted, a reward of prefixes has no say: no waves, the same rollouts as without. */
static void at_lambda_0_prefixes_make_no_waves(void **state)
{
    (void)state;
    MtsTable *table = random_table((Shape){.vocab = 4, .steps = 4, .eos = 0, .peak = 1, .spread = 1}, 5);
    MtsSearchModel model;
    MtsSearchReward plain, prefixes;
    mts_table_model(table, &model);
    mts_table_reward(table, &plain);
    prefixes = plain;
    prefixes.prefixes = true;
    MtsSearchSettings s;
    mts_search_defaults(&s);
    s.rollouts = 12;
    s.in_flight = 3;
    s.lambda = 0;
    MtsSearch *a = run_model(&model, &plain, &s, NULL), *b = run_model(&model, &prefixes, &s, NULL);
    assert_int_equal(a->log_count, b->log_count);
    for (size_t i = 0; i < a->log_count; i++) {
        assert_true(text_of_leaf(table, a->log[i]->node) == text_of_leaf(table, b->log[i]->node));
        assert_true(isnan(a->log[i]->log_z) == isnan(b->log[i]->log_z));
    }
    assert_int_equal(a->reward_calls, b->reward_calls);
    mts_search_free(&a);
    mts_search_free(&b);
    mts_table_free(&table);
}

/* The level of E after a search where `kept` of ten texts have a reward of 0, the others of -infinity. */
static double level_after(size_t kept, MtsSearchSettings s)
{
    MtsTable *table = random_table((Shape){.vocab = 5, .steps = 4, .eos = -1, .peak = 0.5, .spread = 1}, 9);
    for (size_t x = 0; x < table->text_count; x++) {
        table->texts[x].reward = x * 7 % 10 < kept ? 0 : -HUGE_VAL;
    }
    MtsSearch *run = run_table(table, &s, NULL);
    double level = mts_maxent(run)->level;
    mts_search_free(&run);
    mts_table_free(&table);
    return level;
}

/* W takes the unseen for what E says of it times what came of that for the drawn rollouts so far. */
static void what_is_unseen_is_worth_what_has_come_of_it(void **state)
{
    (void)state;
    MtsSearchSettings s;
    mts_search_defaults(&s);
    s.rollouts = 40;
    s.sweep = 0;
    assert_true(fabs(level_after(10, s)) < 0.1); /* all the same: nothing to be wrong about but its spread */
    double level = level_after(3, s);
    assert_true(level < log(0.9) && level > log(3.0 / 43)); /* E takes -infinity for a bad reward */
    s.best_first = 0;
    assert_true(level_after(3, s) < level); /* the more are drawn, the more is learnt */
    s.level = 0;
    assert_true(level_after(3, s) == 0);
    s.level = 2;
    s.rollouts = 1;
    assert_true(level_after(3, s) == 0); /* nothing was said yet */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(most_rollouts_are_best_first_once_something_is_known),
        cmocka_unit_test(at_lambda_0_prefixes_make_no_waves),
        cmocka_unit_test(what_is_unseen_is_worth_what_has_come_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
