/* What a search hands out whenever it is stopped: at least one text, why, and how each text ends. */
#include "support.h"

#include <string.h>

enum { VOCAB = 40, STEPS = 12 };

static bool stop_after(void *context)
{
    return (*(int *)context)-- <= 0;
}

/* Of finished texts and of prefixes: its tokens' sum; of `lost` at any place: minus infinity. */
static int32_t lost = -1;

static int sum_of_tokens(void *context, const MtsCandidate *candidate, double *value, MtsError *err)
{
    (void)context;
    (void)err;
    *value = 0;
    for (size_t i = 0; i < candidate->count; i++) {
        *value = candidate->tokens[i] == lost ? -HUGE_VAL : *value + 0.01 * (double)candidate->tokens[i];
    }
    return MTS_OK;
}

static MtsSearchSettings settings_of(int method)
{
    MtsSearchSettings s;
    mts_search_defaults(&s);
    s.method = (MtsMethod)method;
    s.rollouts = 20;
    s.in_flight = 4;
    return s;
}

static void check(const MtsSearchResult *r, const MtsSearchModel *model, const char *reason, double grace)
{
    double share = 0;
    assert_true(r->answer_count >= 1 && r->rollouts_done >= 1 && r->rollouts_asked == 20);
    assert_true(r->rollouts_done == 20 || strcmp(r->stop_reason, reason) == 0);
    for (size_t i = 0; i < r->answer_count; i++) {
        const MtsAnswer *a = &r->answers[i];
        bool ended = model->is_end(model->context, a->tokens[a->count - 1]);
        assert_true(a->count >= 1);
        assert_int_equal(a->end, ended                           ? MTS_ANSWER_COMPLETE
                                 : a->count == model->max_tokens ? MTS_ANSWER_CUT
                                                                 : MTS_ANSWER_STOPPED);
        assert_true(a->end != MTS_ANSWER_STOPPED || (grace == 0 && r->answer_count == 1));
        assert_true(a->end != MTS_ANSWER_STOPPED || (isnan(r->log_z_low) && isnan(r->log_z_high)));
        share += a->probability;
    }
    assert_true(fabs(share - 1) < 1e-9);
    assert_true(isnan(r->log_z) || r->log_z_bias || r->method == MTS_SMC);
}

/* Every method, with and without rewards of prefixes, stopped after each number of polls. */
static void whenever_it_is_stopped_there_is_a_text(void **state)
{
    (void)state;
    MtsSearchModel model;
    MtsSearchReward reward;
    hashed_model(VOCAB, STEPS, &model, &reward);
    reward.score = sum_of_tokens;
    size_t unfinished = 0;
    for (int i = 0; i < 4 * MTS_METHOD_COUNT; i++) {
        reward.prefixes = i & 1;
        for (int polls = 0; polls < 14; polls++) {
            MtsSearchSettings s = settings_of(i / 4);
            MtsSearchResult *result = NULL;
            MtsError err = {0};
            int left = polls;
            s.grace_seconds = i & 2 ? 0 : 10;
            s.stop = stop_after;
            s.stop_context = &left;
            assert_ok(mts_search(&model, &reward, &s, NULL, &result, &err), &err);
            if (strcmp(result->stop_reason, "rollouts") != 0) {
                check(result, &model, "interrupted", s.grace_seconds);
            }
            unfinished += result->answers[0].end == MTS_ANSWER_STOPPED;
            mts_search_result_free(&result);
        }
    }
    assert_true(unfinished > 50);
}

/* One token alone may come first: the prefix has all of the prior, and is no text. */
static void an_unfinished_text_says_nothing_of_z(void **state)
{
    (void)state;
    const char *text = "{\"vocab_size\":2,\"max_tokens\":2,\"prior\":{\"\":[1,0],\"0\":[0.5,0.5]},"
                       "\"reward\":{\"0,0\":0,\"0,1\":1}}";
    MtsTable *table = NULL;
    MtsSearchModel model;
    MtsSearchReward reward;
    MtsError err = {0};
    assert_ok(mts_table_parse(&table, "t", text, strlen(text), &err), &err);
    mts_table_model(table, &model);
    mts_table_reward(table, &reward);
    reward.score = sum_of_tokens;
    for (int i = 0; i < 4; i++) {
        MtsSearchSettings s = settings_of(MTS_MAXENT_TS);
        MtsSearchResult *result = NULL;
        int left = 0;
        reward.prefixes = i & 1;
        s.lambda = i / 2;
        s.grace_seconds = 0;
        s.stop = stop_after;
        s.stop_context = &left;
        assert_ok(mts_search(&model, &reward, &s, NULL, &result, &err), &err);
        assert_int_equal(result->answers[0].end, MTS_ANSWER_STOPPED);
        assert_true(isnan(result->log_z) && isnan(result->log_z_se) && isnan(result->log_z_low));
        mts_search_result_free(&result);
    }
    mts_table_free(&table);
}

/* What leads, leads to nothing: the next one is finished. */
static void a_leading_text_without_a_part_in_the_target_is_passed_over(void **state)
{
    (void)state;
    MtsSearchModel model;
    MtsSearchReward reward;
    hashed_model(VOCAB, STEPS, &model, &reward);
    reward.score = sum_of_tokens;
    for (int i = 0; i < 2; i++) {
        reward.prefixes = i;
        MtsSearchSettings s = settings_of(MTS_MAXENT_TS);
        MtsSearchResult *first = NULL, *second = NULL;
        MtsError err = {0};
        int left = 0;
        s.best_first = 0; /* no text that ends at once */
        s.stop = stop_after;
        s.stop_context = &left;
        lost = -1;
        assert_ok(mts_search(&model, &reward, &s, NULL, &first, &err), &err);
        lost = first->answers[0].tokens[0];
        left = 0;
        assert_ok(mts_search(&model, &reward, &s, NULL, &second, &err), &err);
        assert_true(isfinite(second->answers[0].reward) && second->answers[0].probability == 1);
        assert_true(second->answers[0].tokens[0] != lost);
        mts_search_result_free(&first);
        mts_search_result_free(&second);
    }
    lost = -1;
}

/* Positions for one text are kept back until there is one: the limit holds, and the text is whole. */
static void a_limit_that_one_text_fits_into_gives_a_whole_text(void **state)
{
    (void)state;
    MtsSearchModel model;
    MtsSearchReward reward;
    hashed_model(VOCAB, STEPS, &model, &reward);
    reward.score = sum_of_tokens;
    for (int method = 0; method < MTS_METHOD_COUNT; method++) {
        for (uint64_t limit = STEPS - 1; limit < 5 * STEPS; limit++) {
            MtsSearchSettings s = settings_of(method);
            MtsSearchResult *result = NULL;
            MtsError err = {0};
            s.max_nfe = limit;
            assert_ok(mts_search(&model, &reward, &s, NULL, &result, &err), &err);
            assert_true(result->nfe <= limit && result->answer_count >= 1);
            for (size_t i = 0; i < result->answer_count; i++) {
                assert_true(result->answers[i].end != MTS_ANSWER_STOPPED);
            }
            mts_search_result_free(&result);
        }
    }
}

/* Waves end with fewer texts than places where the rest is hopeless: further ones bring what was asked for. */
static void waves_go_on_until_all_texts_are_there(void **state)
{
    (void)state;
    MtsSearchModel model;
    MtsSearchReward reward;
    hashed_model(VOCAB, STEPS, &model, &reward);
    reward.prefixes = true;
    reward.score = sum_of_tokens;
    for (uint64_t seed = 0; seed < 10; seed++) {
        MtsSearchSettings s = settings_of(MTS_MAXENT_TS);
        MtsSearchResult *result = NULL;
        MtsError err = {0};
        s.lambda = 100;
        s.seed = seed;
        assert_ok(mts_search(&model, &reward, &s, NULL, &result, &err), &err);
        assert_string_equal(result->stop_reason, "rollouts");
        assert_int_equal(result->rollouts_done, s.rollouts);
        assert_null(result->log_z_bias);
        mts_search_result_free(&result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whenever_it_is_stopped_there_is_a_text),
        cmocka_unit_test(an_unfinished_text_says_nothing_of_z),
        cmocka_unit_test(a_leading_text_without_a_part_in_the_target_is_passed_over),
        cmocka_unit_test(a_limit_that_one_text_fits_into_gives_a_whole_text),
        cmocka_unit_test(waves_go_on_until_all_texts_are_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
