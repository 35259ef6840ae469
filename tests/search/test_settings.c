/* The table of settings: what it says of each holds, and automatic values follow one rule. */
#include "support.h"

#include "core/mem.h"

#define ROW(i) (&mts_search_settings[i])

static const Shape SHAPE = {.vocab = 4, .steps = 4, .eos = 0, .peak = 1.2, .spread = 1, .hole = 0.05};

static const MtsSetting *row_of(const char *name)
{
    for (size_t i = 0; i < mts_search_setting_count; i++) {
        if (strcmp(ROW(i)->name, name) == 0) {
            return ROW(i);
        }
    }
    fail_msg("no setting %s", name);
    return NULL;
}

static void rows_are_of_one_field_each(void **state)
{
    MtsSearchSettings s;
    MtsSearchModel model = {.max_tokens = 1};
    MtsError err = {0};
    (void)state;
    mts_search_defaults(&s);
    for (size_t i = 0; i < mts_search_setting_count; i++) {
        const MtsSetting *row = ROW(i);
        assert_true(row->min <= row->initial && row->initial <= row->max);
        assert_true(mts_setting_get(row, &s) == row->initial);
        assert_true(row->help && *row->help && row->methods);
        assert_true((row->kind == MTS_SETTING_WORD) == (row->words != NULL));
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(row->name, ROW(j)->name);
            assert_int_not_equal(row->offset, ROW(j)->offset);
            assert_true(row->wheel == 0 || row->wheel != ROW(j)->wheel);
        }
    }
    assert_ok(mts_search_check(&model, &s, &err), &err);
}

static void the_check_is_the_rows(void **state)
{
    MtsSearchModel model = {.max_tokens = 1};
    (void)state;
    for (size_t i = 0; i < mts_search_setting_count; i++) {
        const MtsSetting *row = ROW(i);
        if (row->kind == MTS_SETTING_SEED || row->kind == MTS_SETTING_SWITCH || row->kind == MTS_SETTING_FLAG) {
            continue; /* every value is one */
        }
        double beyond = row->kind == MTS_SETTING_REAL ? row->max * 1.01 : row->max + 1;
        const double values[] = {row->min, row->max, beyond, row->min > 0 ? 0 : row->max};
        for (int k = 0; k < 4; k++) {
            MtsSearchSettings s;
            MtsError err = {0};
            char name[32];
            mts_search_defaults(&s);
            mts_setting_put(row, &s, values[k]);
            bool good = values[k] >= row->min && values[k] <= row->max;
            assert_int_equal(mts_search_check(&model, &s, &err), good ? MTS_OK : MTS_EREQUEST);
            assert_true(good || strstr(err.text, mts_setting_option(row, name, sizeof name)));
        }
        if (row->kind == MTS_SETTING_SIZE || row->kind == MTS_SETTING_REAL) {
            MtsSearchSettings s;
            MtsError err = {0};
            mts_search_defaults(&s);
            mts_setting_put(row, &s, (double)NAN);
            assert_true(isnan(mts_setting_get(row, &s)));
            assert_int_equal(mts_search_check(&model, &s, &err), row->automatic ? MTS_OK : MTS_EREQUEST);
        }
    }
}

/* ---- which methods a setting concerns ---- */

/* Another value, well inside the range. */
static double other_value(const MtsSetting *row)
{
    static const struct {
        const char *name;
        double value;
    } others[] = {
        {"seed", 77},
        {"lambda", 2.5},
        {"rollouts", 11},
        {"in_flight", 3},
        {"temperature", 0.7},
        {"expansion", 2},
        {"use_uct", 0},
        {"c_uct", 4},
        {"widening_c", 0.5},
        {"widening_alpha", 0.3},
        {"resampling", MTS_MULTINOMIAL},
        {"ess_threshold", 1},
        {"shrinkage", 0.1},
        {"exploration", 0.9},
        {"best_first", 0.25},
        {"best_first_after", 0},
        {"level", 1},
        {"index_power", 3},
        {"sweep", 0},
        {"look_ahead", 0},
        {"reward_first", 1},
        {"nfe", 3},
        {"log_z_tolerance", 0.9},
        {"mass_tolerance", 0.9},
        {"min_rollouts", 12},
        {"complete_sample", 1},
        {"batch", 1},
        {"seconds", 1e6},
        {"grace", 1},
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(others[i].name, row->name) == 0) {
            return others[i].value;
        }
    }
    fail_msg("no other value of %s in this test", row->name);
    return 0;
}

/* The text of everything that a search found. */
static char *outcome(const MtsTable *table, const MtsSearchSettings *s)
{
    MtsSearchModel model;
    MtsSearchReward reward;
    MtsSearchResult *r = NULL;
    MtsBytes text = {0};
    MtsError err = {0};
    mts_table_model(table, &model);
    mts_table_reward(table, &reward);
    assert_ok(mts_search(&model, &reward, s, NULL, &r, &err), &err);
    mts_bytes_printf(&text, "%zu of %s: %.17g %.17g, sampled %zu, mean %.17g\n", r->rollouts_done, r->stop_reason,
                     r->log_z, r->log_z_se, r->sampled, r->mean_reward);
    for (size_t i = 0; i < r->answer_count; i++) {
        const MtsAnswer *a = &r->answers[i];
        mts_bytes_printf(&text, "%.17g %.17g %.17g", a->reward, a->probability, a->policy);
        for (size_t k = 0; k < a->count; k++) {
            mts_bytes_printf(&text, " %d", (int)a->tokens[k]);
        }
        mts_bytes_append_str(&text, "\n");
    }
    mts_search_result_free(&r);
    return text.data;
}

static void a_setting_that_does_not_concern_a_method_changes_nothing(void **state)
{
    MtsTable *table = random_table(SHAPE, 3);
    size_t quiet = 0;
    (void)state;
    for (int m = 0; m < (int)MTS_METHOD_COUNT; m++) {
        for (size_t i = 0; i < mts_search_setting_count; i++) {
            const MtsSetting *row = ROW(i);
            bool none = row->scope == MTS_SCOPE_NONE;
            if (row->kind == MTS_SETTING_METHOD || (!none && (row->methods & MTS_CONCERNS(m)))) {
                continue;
            }
            MtsSearchSettings s, other;
            mts_search_defaults(&s);
            s.method = (MtsMethod)m;
            s.rollouts = 6;
            other = s;
            mts_setting_put(row, &other, other_value(row));
            char *a = outcome(table, &s), *b = outcome(table, &other);
            if (strcmp(a, b) != 0) {
                fail_msg("%s changes %s:\n%s%s", row->name, mts_method_name((MtsMethod)m), a, b);
            }
            free(a);
            free(b);
            quiet++;
        }
    }
    assert_true(quiet > 60);
    mts_table_free(&table);
}

/* Whether the setting changes what the method finds, on one of some tables. */
static bool changes(const MtsSetting *row, MtsMethod method)
{
    bool changed = false;
    for (uint64_t seed = 0; seed < 40 && !changed; seed++) {
        MtsTable *table = random_table(SHAPE, seed);
        MtsSearchSettings s, other;
        mts_search_defaults(&s);
        s.method = method;
        s.seed = seed;
        s.rollouts = 9;
        s.widening_c = 0.6; /* so that dts chooses among the children it has */
        /* a stop, so that it shows how long it is waited for */
        s.log_z_tolerance = strcmp(row->name, "min_rollouts") == 0 || strcmp(row->name, "in_flight") == 0 ? 0.9 : 0;
        other = s;
        mts_setting_put(row, &other, other_value(row));
        char *a = outcome(table, &s), *b = outcome(table, &other);
        changed = strcmp(a, b) != 0;
        free(a);
        free(b);
        mts_table_free(&table);
    }
    return changed;
}

/* What can be seen with rewards of whole texts alone (others: test_methods.c). And mcts's answers are weighed by lambda
 * only where the largest log p + lambda r is asked for. */
static bool is_seen(const MtsSetting *row, int method)
{
    return row->kind != MTS_SETTING_METHOD && row->scope != MTS_SCOPE_NONE && strcmp(row->name, "look_ahead") != 0 &&
           strcmp(row->name, "reward_first") != 0 && strcmp(row->name, "resampling") != 0 &&
           strcmp(row->name, "ess_threshold") != 0 && !(method == MTS_MCTS && strcmp(row->name, "lambda") == 0) &&
           !(method == MTS_GREEDY && strcmp(row->name, "nfe") == 0); /* all or nothing */
}

static void a_setting_that_concerns_a_method_changes_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < mts_search_setting_count; i++) {
        for (int m = 0; m < (int)MTS_METHOD_COUNT; m++) {
            bool concerned = is_seen(ROW(i), m) && (ROW(i)->methods & MTS_CONCERNS(m));
            if (concerned && !changes(ROW(i), (MtsMethod)m)) {
                fail_msg("%s never changes %s", ROW(i)->name, mts_method_name((MtsMethod)m));
            }
        }
    }
}

/* ---- automatic values ---- */

static void automatic_values_follow_one_rule(void **state)
{
    static const struct {
        MtsMethod method;
        size_t rollouts;
        bool prefixes;
        size_t in_flight;
    } cases[] = {{MTS_SAMPLE, 5, false, 5},     {MTS_SAMPLE, 50, true, 16},  {MTS_MAXENT_TS, 50, false, 16},
                 {MTS_MAXENT_TS, 6, true, 4},   {MTS_MAXENT_TS, 5, true, 3}, {MTS_MAXENT_TS, 13, true, 9},
                 {MTS_MAXENT_TS, 50, true, 12}, {MTS_MAXENT_TS, 1, true, 1}, {MTS_MAXENT_TS, 2, true, 1},
                 {MTS_MAXENT_TS, 16, true, 12}, {MTS_MCTS, 50, false, 1},    {MTS_DTS, 50, true, 1},
                 {MTS_DTS_STAR, 50, false, 1},  {MTS_SMC, 20, true, 16}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int workers = 0; workers < 2; workers++) {
            MtsSearchSettings s;
            const MtsSearchReward reward = {.prefixes = cases[i].prefixes, .bounds = i % 2, .workers = workers};
            mts_search_defaults(&s);
            s.method = cases[i].method;
            s.rollouts = cases[i].rollouts;
            mts_settings_of_models(&s);
            assert_true(s.in_flight == MTS_AUTO && s.sweep == MTS_AUTO && s.look_ahead == MTS_AUTO);
            assert_true(isnan(s.temperature) && isnan(s.best_first));
            size_t most = mts_search_in_flight(mts_method_ops(s.method), s.rollouts, reward.prefixes);
            mts_settings_resolve(&s, &reward, most, NULL);
            assert_int_equal(s.in_flight, cases[i].in_flight);
            assert_int_equal(s.sweep, workers ? 0 : 16);
            assert_int_equal(s.look_ahead, workers ? 0 : 8);
            assert_int_equal(s.reward_first, i % 2);
            assert_true(s.temperature == 1 && s.best_first == 0.8);
        }
    }
}

static void a_checkpoint_fills_what_is_automatic(void **state)
{
    const MtsSearchReward reward = {.prefixes = true};
    MtsSearchSettings s;
    json_t *kept = json_pack("{s:i, s:i, s:i, s:f}", "in_flight", 5, "sweep", -1, "rollouts", 3, "temperature", 0.25);
    (void)state;
    mts_search_defaults(&s);
    s.rollouts = 100;
    s.in_flight = MTS_AUTO;
    s.sweep = MTS_AUTO;
    s.look_ahead = MTS_AUTO;
    s.best_first = (double)NAN;
    mts_settings_resolve(&s, &reward, 16, kept);
    assert_true(s.best_first == 0); /* there was none of it then */
    assert_int_equal(s.in_flight, 5);
    assert_int_equal(s.sweep, 16); /* -1 is no value of it */
    assert_int_equal(s.look_ahead, 8);
    assert_int_equal(s.rollouts, 100); /* given */
    assert_true(s.temperature == 1);
    s.in_flight = 7;
    mts_settings_resolve(&s, &reward, 16, kept);
    assert_int_equal(s.in_flight, 7);
    assert_true(mts_setting_get(row_of("in_flight"), &s) == 7);
    json_decref(kept);
}

static void settings_come_back_from_json(void **state)
{
    MtsSearchSettings s, back;
    (void)state;
    mts_search_defaults(&s);
    for (size_t i = 0; i < mts_search_setting_count; i++) {
        if (ROW(i)->kind != MTS_SETTING_METHOD) {
            mts_setting_put(ROW(i), &s, other_value(ROW(i)));
        }
    }
    s.method = MTS_SMC;
    s.seed = UINT64_MAX - 5;
    json_t *o = mts_settings_fields(&s, true);
    assert_null(mts_settings_read(o, &back));
    for (size_t i = 0; i < mts_search_setting_count; i++) {
        assert_true(mts_setting_get(ROW(i), ROW(i)->scope == MTS_SCOPE_NONE ? &s : &back) ==
                    mts_setting_get(ROW(i), &s));
    }
    assert_true(back.seed == s.seed);
    json_object_del(o, "c_uct");
    assert_string_equal(mts_settings_read(o, &back), "c_uct");
    json_decref(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows_are_of_one_field_each),
                                       cmocka_unit_test(the_check_is_the_rows),
                                       cmocka_unit_test(a_setting_that_does_not_concern_a_method_changes_nothing),
                                       cmocka_unit_test(a_setting_that_concerns_a_method_changes_it),
                                       cmocka_unit_test(automatic_values_follow_one_rule),
                                       cmocka_unit_test(a_checkpoint_fills_what_is_automatic),
                                       cmocka_unit_test(settings_come_back_from_json)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
