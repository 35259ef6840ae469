/* search: which rollouts are drawn, which go to the best unknown continuation, and where there are waves. */
#include "support.h"

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

/* Three of four, but the first four, and all that start while nothing is known, are drawn. */
static void most_rollouts_are_best_first_once_something_is_known(void **state)
{
    (void)state;
    MtsTable *table = random_table((Shape){.vocab = 6, .steps = 5, .eos = -1, .peak = 0.5, .spread = 1}, 3);
    MtsSearchSettings s;
    mts_search_defaults(&s);
    s.rollouts = 44;
    s.sweep = 0;
    assert_int_equal(uncounted(table, &s, 0, 4), 0);
    assert_int_equal(uncounted(table, &s, 4, 44), 30);
    s.in_flight = 8;
    assert_int_equal(uncounted(table, &s, 0, 8), 0);
    assert_int_equal(uncounted(table, &s, 8, 44), 27);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(most_rollouts_are_best_first_once_something_is_known),
        cmocka_unit_test(at_lambda_0_prefixes_make_no_waves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
