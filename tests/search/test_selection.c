/* search: which rollouts are drawn, which go to the best unknown continuation, and where there are waves. */
#include "support.h"

#include "search/maxent/maxent.h"

/* Of the rollouts in [from, to) of a search on a table: how many have no part in the estimate of Z. Those start when
 * all are backed up that are drawn before any of them. */
static size_t uncounted(const MtsTable *table, const MtsSearchSettings *s, size_t from, size_t to)
{
    MtsSearch *run = run_table(table, s, NULL);
    size_t count = 0;
    assert_int_equal(run->log_count, s->rollouts);
    for (size_t i = from; i < to; i++) {
        bool best_first = isnan(run->log[i]->log_z) != 0;
        count += best_first;
        assert_true(!best_first || run->log[i]->started >= (s->best_first_after ? s->best_first_after : 1));
        assert_true(run->log[i]->started + s->in_flight > i);
    }
    mts_search_free(&run);
    return count;
}

/* Four of five, but the first three are drawn, however many are in flight. */
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
    assert_int_equal(uncounted(table, &s, 0, 3), 0);
    assert_int_equal(uncounted(table, &s, 3, 44), 33);
    s.best_first_after = 0;
    assert_int_equal(uncounted(table, &s, 0, 1), 0);
    assert_int_equal(uncounted(table, &s, 1, 44), 35);
    s.best_first_after = 20;
    assert_int_equal(uncounted(table, &s, 0, 20), 0);
    s.best_first = 0;
    assert_int_equal(uncounted(table, &s, 0, 44), 0);
    mts_table_free(&table);
}

/* The tokens of all best-first texts of a search. */
static size_t best_first_tokens(const MtsTable *table, const MtsSearchSettings *s)
{
    MtsSearch *run = run_table(table, s, NULL);
    size_t tokens = 0;
    for (size_t i = 0; i < run->log_count; i++) {
        tokens += mts_maxent_is_best_first(run, i) ? run->log[i]->node->depth : 0;
    }
    mts_search_free(&run);
    return tokens;
}

/* Where nothing is tilted they end where the end is likely; else they go on by the likeliest token, which is none here.
 */
static void at_lambda_0_best_first_texts_end_early(void **state)
{
    (void)state;
    MtsTable *table = random_table((Shape){.vocab = 3, .steps = 8, .eos = 2, .peak = 0.5, .spread = 1}, 3);
    MtsSearchSettings s;
    mts_search_defaults(&s);
    s.rollouts = 20;
    s.sweep = 0;
    s.lambda = 1e-12;
    size_t long_ones = best_first_tokens(table, &s);
    s.lambda = 0;
    assert_in_range(best_first_tokens(table, &s), 1, long_ones - 1);
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
        cmocka_unit_test(at_lambda_0_best_first_texts_end_early),
        cmocka_unit_test(at_lambda_0_prefixes_make_no_waves),
        cmocka_unit_test(what_is_unseen_is_worth_what_has_come_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
