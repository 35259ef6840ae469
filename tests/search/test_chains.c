/* search: methods to be compared with that have no rollouts to average: the chain of suffixes and the stochastic beam.
 */
#include "support.h"

#include <string.h>

#define EXACT 1e-12

enum { MOST_TEXTS = 64 };

static bool not_after_itself(const MtsTable *table, size_t row, int32_t token)
{
    return table->rows[row].token != token;
}

/* P(the first text is x, the chain stands on y after the second rollout), over all branches. */
static void transitions(const MtsTable *table, const MtsSearchSettings *s, double out[MOST_TEXTS][MOST_TEXTS])
{
    Branches b = branches_begin();
    memset(out, 0, sizeof(double) * MOST_TEXTS * MOST_TEXTS);
    do {
        branches_start(&b);
        MtsSearch *run = run_table(table, s, &b.script);
        size_t x = text_of_leaf(table, run->log[0]->node), y = x;
        for (size_t i = 0; i < run->answer_count; i++) {
            size_t at = text_of_leaf(table, run->answers[i].node);
            y = at != x && run->answers[i].log_weight == 0 ? at : y;
        }
        out[x][y] += branches_probability(&b);
        mts_search_free(&run);
    } while (branches_next(&b));
}

/* Detailed balance with pi*, whatever the temperature and the texts' lengths; so pi* stays what it is. */
static void the_chain_leaves_the_target_as_it_is(void **state)
{
    (void)state;
    static double joint[MOST_TEXTS][MOST_TEXTS];
    for (int which = 0; which < 4; which++) {
        MtsTable *table = random_table(
            (Shape){.vocab = 3, .steps = 3, .eos = which % 2 ? 0 : -1, .peak = 1, .spread = 1}, 50 + (uint64_t)which);
        MtsSearchSettings s;
        mts_search_defaults(&s);
        s.method = MTS_METROPOLIS;
        s.lambda = 2;
        s.rollouts = 2;
        s.temperature = which < 2 ? 1 : 0.7;
        assert_true(table->text_count <= MOST_TEXTS);
        transitions(table, &s, joint);
        size_t moves = 0;
        for (size_t x = 0; x < table->text_count; x++) {
            for (size_t y = 0; y < table->text_count; y++) {
                double from = 0, back = 0;
                for (size_t z = 0; z < table->text_count; z++) {
                    from += joint[x][z];
                    back += joint[y][z];
                }
                double there = tilted(table, x, s.lambda) * joint[x][y] / from;
                double again = tilted(table, y, s.lambda) * joint[y][x] / back;
                assert_true(fabs(there - again) < EXACT);
                moves += x != y && there > 0;
            }
        }
        assert_true(moves > table->text_count);
        mts_table_free(&table);
    }
}

/* Z^ is unbiased, exact where all texts find a place, and the answers are texts of p without repeats. */
static void a_stochastic_beam_is_unbiased(void **state)
{
    (void)state;
    for (int which = 0; which < 2; which++) {
        MtsTable *table =
            random_table((Shape){.vocab = 4, .steps = 3, .eos = which ? 0 : -1, .peak = 1, .spread = 1}, 7);
        MtsSearchSettings s;
        MtsVerify v;
        MtsError err = {0};
        mts_search_defaults(&s);
        s.method = MTS_STOCHASTIC_BEAM;
        s.lambda = 2;
        for (s.rollouts = 1; s.rollouts <= 16; s.rollouts *= 4) {
            assert_ok(mts_verify(table, &s, 4000, &v, &err), &err);
            assert_true(fabs(v.z_ratio_mean - 1) < 4 * v.z_ratio_se && v.z_ratio_se < 1);
        }
        s.rollouts = 64;
        assert_ok(mts_verify(table, &s, 3, &v, &err), &err);
        assert_true(fabs(v.z_ratio_mean - 1) < 1e-9 && v.tv_mean < 1e-9);
        s.rollouts = 10;
        MtsSearch *run = run_table(table, &s, NULL);
        assert_int_equal(run->answer_count, 10);
        mts_search_free(&run);
        mts_table_free(&table);
    }
}

/* Z^ of 20,000 beams of two where the mask allows so much: what it takes away holds no place. */
static void prove_under_a_mask(bool (*allows)(const MtsTable *, size_t, int32_t), bool ends_nowhere)
{
    MtsTable *table = random_table((Shape){.vocab = 3, .steps = 2, .eos = -1, .peak = 1, .spread = 1}, 30);
    Masked m;
    masked_open(&m, table, allows);
    MtsSearchSettings s;
    mts_search_defaults(&s);
    s.method = MTS_STOCHASTIC_BEAM;
    s.rollouts = 2;
    double z = 0, sum = 0, squares = 0, runs = 20000;
    for (size_t x = 0; x < table->text_count; x++) {
        z += allows(table, table->texts[x].row, table->texts[x].token) ? tilted(table, x, 1) : 0;
    }
    for (s.seed = 0; (double)s.seed < runs; s.seed++) {
        MtsSearch *run = run_model(&m.model, &m.reward, &s, NULL);
        double log_z = (double)NAN, se;
        run->ops->estimate(run, &log_z, &se);
        sum += exp(log_z);
        assert_true(run->answer_count == 2 || ends_nowhere);
        squares += exp(2 * log_z);
        mts_search_free(&run);
    }
    double mean = sum / runs, se = sqrt((squares / runs - mean * mean) / runs);
    assert_true(fabs(mean - z) < 4 * se && se < 0.02 * z);
    masked_free(&m);
    mts_table_free(&table);
}

/* Prefixes that nothing may follow hold their places. */
static void a_stochastic_beam_is_unbiased_under_a_mask(void **state)
{
    (void)state;
    prove_under_a_mask(nothing_after_one, true);
    prove_under_a_mask(not_after_itself, false);
}

/* Which of the two is drawn says nothing of how high the beam's values were, and so of Z^. */
static void the_drawn_answer_is_independent_of_the_beam(void **state)
{
    (void)state;
    const char *text = "{\"vocab_size\":4,\"max_tokens\":1,\"prior\":{\"\":[0.25,0.25,0.25,0.25]},"
                       "\"reward\":{\"0\":0,\"1\":0,\"2\":0,\"3\":0}}";
    MtsTable *table = NULL;
    MtsError err = {0};
    MtsSearchSettings s;
    double n[2] = {0}, sum[2] = {0}, squares[2] = {0};
    assert_ok(mts_table_parse(&table, "t", text, strlen(text), &err), &err);
    mts_search_defaults(&s);
    s.method = MTS_STOCHASTIC_BEAM;
    s.rollouts = 2;
    for (s.seed = 0; s.seed < 1000; s.seed++) {
        MtsSearch *run = run_table(table, &s, NULL);
        MtsSearchResult *result = NULL;
        assert_ok(mts_search_result(run, &result, &err), &err);
        n[result->sampled] += 1;
        sum[result->sampled] += result->log_z;
        squares[result->sampled] += result->log_z * result->log_z;
        mts_search_result_free(&result);
        mts_search_free(&run);
    }
    double variance = 0;
    for (int i = 0; i < 2; i++) {
        sum[i] /= n[i];
        variance += (squares[i] / n[i] - sum[i] * sum[i]) / n[i];
    }
    assert_true(fabs(sum[0] - sum[1]) < 4.5 * sqrt(variance));
    mts_table_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_chain_leaves_the_target_as_it_is),
        cmocka_unit_test(a_stochastic_beam_is_unbiased),
        cmocka_unit_test(a_stochastic_beam_is_unbiased_under_a_mask),
        cmocka_unit_test(the_drawn_answer_is_independent_of_the_beam),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
