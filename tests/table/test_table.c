/* Table models: their files, their exact values, and how the search does on them. */
#include "../search/support.h"

#include "core/file.h"
#include "core/json.h"

/* ---- files ---- */

static void malformed_tables_are_named(void **state)
{
    (void)state;
    const struct {
        const char *text, *says;
    } cases[] = {
        {"", "not valid JSON"},
        {"[]", "is no JSON object"},
        {"{}", "vocab_size"},
        {"{\"vocab_size\":0,\"max_tokens\":1}", "vocab_size"},
        {"{\"vocab_size\":99999999,\"max_tokens\":1}", "vocab_size"},
        {"{\"vocab_size\":2,\"max_tokens\":1e3}", "max_tokens"},
        {"{\"vocab_size\":2,\"max_tokens\":100000}", "max_tokens"},
        {"{\"vocab_size\":2,\"max_tokens\":1,\"eos\":2}", "eos"},
        {"{\"vocab_size\":2,\"max_tokens\":1,\"eos\":\"no\"}", "eos"},
        {"{\"vocab_size\":2,\"max_tokens\":1,\"reward\":{}}", "prior is no object"},
        {"{\"vocab_size\":2,\"max_tokens\":1,\"prior\":{}}", "reward is no object"},
        {"{\"vocab_size\":2,\"max_tokens\":1,\"prior\":{},\"reward\":{}}", "prior[\"\"] is missing"},
        {"{\"vocab_size\":2,\"max_tokens\":1,\"prior\":{\"\":[1]},\"reward\":{}}", "prior[\"\"]"},
        {"{\"vocab_size\":2,\"max_tokens\":1,\"prior\":{\"\":[0.5,\"x\"]},\"reward\":{}}", "prior[\"\"][1]"},
        {"{\"vocab_size\":2,\"max_tokens\":1,\"prior\":{\"\":[1.5,-0.5]},\"reward\":{}}", "prior[\"\"][0]"},
        {"{\"vocab_size\":2,\"max_tokens\":1,\"prior\":{\"\":[0.5,0.4]},\"reward\":{}}", "sums to 0.9"},
        {"{\"vocab_size\":2,\"max_tokens\":1,\"prior\":{\"\":[0.5,0.50005]},\"reward\":{\"0\":1,\"1\":1}}",
         "prior[\"\"] sums to 1.00005, not 1"},
        {"{\"vocab_size\":2,\"max_tokens\":1,\"prior\":{\"\":[0.5,0.5]},\"reward\":{\"0\":1}}",
         "reward[\"1\"] is missing"},
        {"{\"vocab_size\":2,\"max_tokens\":1,\"prior\":{\"\":[0.5,0.5]},\"reward\":{\"0\":1,\"1\":\"x\"}}",
         "reward[\"1\"]"},
        {"{\"vocab_size\":2,\"max_tokens\":2,\"prior\":{\"\":[0.5,0.5],\"0\":[1,0]},\"reward\":{\"0,0\":1}}",
         "prior[\"1\"] is missing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        MtsTable *table = NULL;
        MtsError err = {0};
        assert_int_equal(mts_table_parse(&table, "some.json", cases[i].text, strlen(cases[i].text), &err), MTS_EFORMAT);
        assert_null(table);
        if (strncmp(err.text, "some.json: ", 11) != 0 || !strstr(err.text, cases[i].says)) {
            fail_msg("\"%s\" does not say \"%s\"", err.text, cases[i].says);
        }
    }
    MtsTable *table = NULL;
    MtsError err = {0};
    assert_int_equal(mts_table_open(&table, "/nonexistent.json", &err), MTS_EIO);
}

/* Any byte of a table's file made another: a table or one sentence, never a crash. */
static void damaged_tables_do_no_harm(void **state)
{
    (void)state;
    const char *good = "{\"vocab_size\":2,\"max_tokens\":2,\"eos\":1,\"prior\":{\"\":[0.25,0.75],\"0\":[0.5,0.5]},"
                       "\"reward\":{\"1\":null,\"0,0\":2,\"0,1\":-1.5e0}}";
    size_t size = strlen(good), tables = 0;
    for (size_t i = 0; i < size; i++) {
        for (int c = 1; c < 256; c += 7) {
            char text[256];
            MtsTable *table = NULL;
            MtsError err = {0};
            memcpy(text, good, size + 1);
            text[i] = (char)(text[i] ^ c);
            int rc = mts_table_parse(&table, "t", text, size, &err);
            assert_true((rc == MTS_OK) == (table != NULL));
            assert_true(rc == MTS_OK || err.text[0]);
            tables += rc == MTS_OK;
            mts_table_free(&table);
        }
    }
    assert_true(tables > 0 && tables < size * 30);
}

static void a_table_worked_by_hand(void **state)
{
    (void)state;
    const char *text = "{\"vocab_size\":2,\"max_tokens\":2,\"eos\":1,\"prior\":{\"\":[0.25,0.75],\"0\":[0.5,0.5]},"
                       "\"reward\":{\"1\":null,\"0,0\":2,\"0,1\":-1}}";
    MtsTable *table = NULL;
    MtsTableExact exact;
    MtsTableInfo info;
    MtsError err = {0};
    assert_ok(mts_table_parse(&table, "hand", text, strlen(text), &err), &err);
    mts_table_info(table, &info);
    assert_int_equal(info.texts, 3);
    assert_int_equal(info.prefixes, 2);
    double z = 0.125 * exp(2) + 0.125 * exp(-1), share = 0.125 * exp(2) / z;
    assert_ok(mts_table_exact(table, 1, &exact, &err), &err);
    assert_true(fabs(exact.log_z - log(z)) < 1e-14);
    assert_true(fabs(exact.expected_reward - (2 * share - (1 - share))) < 1e-14);
    assert_true(fabs(exact.kl - (share * log(share / 0.125) + (1 - share) * log((1 - share) / 0.125))) < 1e-14);
    assert_ok(mts_table_exact(table, 0, &exact, &err), &err); /* conditional on what has a part in the target */
    assert_true(fabs(exact.log_z - log(0.25)) < 1e-14);
    assert_true(fabs(exact.soft_value - 0.5) < 1e-14);
    assert_int_equal(mts_table_exact(table, -1, &exact, &err), MTS_EREQUEST);
    assert_int_equal(mts_table_exact(table, NAN, &exact, &err), MTS_EREQUEST);
    mts_table_free(&table);
}

/* ---- against values and figures published with two reference tables ---- */

static const char *const NAMES[] = {"table_fixed_length.json", "table_eos.json"};

static const char *reference(int which)
{
    char below[128];
    snprintf(below, sizeof below, "../shared/reference/%s", NAMES[which]);
    return test_path(below);
}

static MtsTable *open_reference(int which)
{
    MtsTable *table = NULL;
    MtsError err = {0};
    if (mts_table_open(&table, reference(which), &err) == MTS_EIO) {
        print_message("%s is not there\n", reference(which));
        skip();
    }
    assert_ok(err.code, &err);
    return table;
}

static void exact_values_are_the_files_own(void **state)
{
    (void)state;
    for (int which = 0; which < 2; which++) {
        MtsTable *table = open_reference(which);
        MtsError err = {0};
        json_t *root = NULL;
        const char *key;
        json_t *value;
        int seen = 0;
        assert_ok(mts_json_read(&root, reference(which), 1u << 26, &err), &err);
        json_object_foreach(json_object_get(root, "exact"), key, value)
        {
            MtsTableExact exact;
            assert_ok(mts_table_exact(table, atof(key), &exact, &err), &err);
            assert_true(fabs(exact.log_z - json_number_value(json_object_get(value, "log_z"))) < 1e-12);
            assert_true(fabs(exact.soft_value - json_number_value(json_object_get(value, "soft_value_root"))) < 1e-12);
            assert_true(fabs(exact.kl - json_number_value(json_object_get(value, "kl_target_prior"))) < 1e-12);
            assert_true(fabs(exact.expected_reward - json_number_value(json_object_get(value, "expected_reward"))) <
                        1e-12);
            seen++;
        }
        assert_int_equal(seen, 3);
        json_decref(root);
        mts_table_free(&table);
    }
}

/* Mean total variation after 10, 30, 100, 300 rollouts of selection without replacement with tilts pooled by
 * parents alone, as published with the tables (40 runs each; half a digit is their noise at 300). */
static const double PUBLISHED[2][2][4] = {
    {{0.373, 0.313, 0.167, 0.033}, {0.863, 0.774, 0.409, 0.070}},
    {{0.133, 0.096, 0.027, 0.002}, {0.647, 0.507, 0.180, 0.010}},
};
static const size_t ROLLOUTS[4] = {10, 30, 100, 300};

static void the_search_beats_the_published_figures(void **state)
{
    (void)state;
    for (int which = 0; which < 2; which++) {
        MtsTable *table = open_reference(which);
        for (int l = 0; l < 2; l++) {
            for (int m = 0; m < 4; m++) {
                MtsSearchSettings s;
                MtsVerify v;
                MtsError err = {0};
                mts_search_defaults(&s);
                s.lambda = l ? 3 : 1;
                s.rollouts = ROLLOUTS[m];
                s.seed = 1;
                assert_ok(mts_verify(table, &s, (m < 2 ? 400 : m < 3 ? 100 : 20) / MTS_IF_DEAR(10, 1), &v, &err), &err);
                print_message(
                    "%-24s lambda %g M %3zu: tv %.4f +- %.4f (published %.3f), of mean %.4f, Z %.4f +- %.4f\n",
                    NAMES[which], s.lambda, s.rollouts, v.tv_mean, v.tv_se, PUBLISHED[which][l][m], v.tv_of_mean,
                    v.z_ratio_mean, v.z_ratio_se);
                assert_true(v.tv_mean <= (l == 1 && m < 2 ? 0.9 : 1) * PUBLISHED[which][l][m]);
                assert_true(MTS_DEAR || fabs(v.z_ratio_mean - 1) < 4 * v.z_ratio_se); /* few runs have no error */
            }
        }
        mts_table_free(&table);
    }
}

/* ---- on tables of our own ---- */

static void verification_adds_up(void **state)
{
    (void)state;
    MtsTable *table = random_table((Shape){.vocab = 5, .steps = 5, .eos = 0, .peak = 1, .spread = 1}, 70);
    MtsTableInfo info;
    MtsSearchSettings s;
    MtsVerify v;
    MtsError err = {0};
    double before = 1;
    const size_t runs = MTS_IF_DEAR(40, 200);
    mts_table_info(table, &info);
    mts_search_defaults(&s);
    s.lambda = 2;
    /* Of two and of four, the fourth the likeliest of what is left, it is about the same. */
    for (s.rollouts = 4; s.rollouts <= 64; s.rollouts *= 2) {
        s.in_flight = s.rollouts < 16 ? 1 : 4;
        assert_ok(mts_verify(table, &s, runs, &v, &err), &err);
        assert_true(v.tv_mean < before && v.tv_of_mean <= v.tv_mean && v.tv_mean > 0);
        assert_true(fabs(v.z_ratio_mean - 1) < 5 * v.z_ratio_se);
        assert_true(v.nfe_mean > 0 && v.nfe_mean <= (double)(info.prefixes - 1));
        assert_int_equal(v.runs, runs);
        before = v.tv_mean;
    }
    s.rollouts = 100000;
    assert_ok(mts_verify(table, &s, 3, &v, &err), &err);
    assert_true(v.tv_mean < 1e-12 && v.tv_of_mean < 1e-12 && fabs(v.z_ratio_mean - 1) < 1e-2);
    s.lambda = 0; /* the policy is p and the estimate 1 from the first rollout on */
    s.rollouts = 3;
    s.sweep = 0;
    assert_ok(mts_verify(table, &s, 20, &v, &err), &err);
    assert_true(v.tv_mean < 1e-12 && fabs(v.z_ratio_mean - 1) < 1e-12);
    assert_int_equal(mts_verify(table, &s, 0, &v, &err), MTS_EREQUEST);
    s.rollouts = 0;
    assert_int_equal(mts_verify(table, &s, 1, &v, &err), MTS_EREQUEST);
    mts_table_free(&table);
}

/* A row may lack 1e-4 of 1, as written; what it has loaded, every search takes. */
static void what_loads_is_searched(void **state)
{
    (void)state;
    const char *rows[] = {"0.5,0.49991", "0.5,0.5", "0.5,0.5000009"};
    for (size_t i = 0; i < 3; i++) {
        char text[128];
        MtsTable *table = NULL;
        MtsSearchSettings s;
        MtsVerify v;
        MtsError err = {0};
        snprintf(text, sizeof text,
                 "{\"vocab_size\":2,\"max_tokens\":1,\"prior\":{\"\":[%s]},\"reward\":{\"0\":1,\"1\":0}}", rows[i]);
        assert_ok(mts_table_parse(&table, "t", text, strlen(text), &err), &err);
        mts_search_defaults(&s);
        assert_ok(mts_verify(table, &s, 2, &v, &err), &err);
        mts_table_free(&table);
    }
}

/* Half of the texts have no part in the target: a sample that falls on one is no answer, and wholly wrong. */
static void no_answer_is_as_far_as_can_be(void **state)
{
    (void)state;
    const char *text = "{\"vocab_size\":2,\"max_tokens\":1,\"prior\":{\"\":[0.5,0.5]},\"reward\":{\"0\":null,\"1\":0}}";
    const MtsMethod methods[] = {MTS_SAMPLE, MTS_SMC, MTS_REJECTION, MTS_ADAPTIVE_REJECTION, MTS_CARS};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        MtsTable *table = NULL;
        MtsSearchSettings s;
        MtsVerify v;
        MtsError err = {0};
        assert_ok(mts_table_parse(&table, "t", text, strlen(text), &err), &err);
        mts_search_defaults(&s);
        s.method = methods[i];
        s.rollouts = 1;
        assert_ok(mts_verify(table, &s, 100, &v, &err), &err);
        assert_true(v.unanswered > 30 && v.unanswered < 70);
        assert_true(fabs(v.z_ratio_mean - 2 * (1 - (double)v.unanswered / 100)) < 1e-12);
        assert_true(fabs(v.tv_mean - (double)v.unanswered / 100) < 1e-12);
        assert_true(fabs(v.tv_of_mean - v.tv_mean) < 1e-12);
        assert_true(v.reward_calls_mean == 1);
        mts_table_free(&table);
    }
}

/* Of texts of different lengths, too. */
static void smc_without_prefix_rewards_is_not_behind_samples(void **state)
{
    (void)state;
    MtsTable *table = random_table((Shape){.vocab = 4, .steps = 7, .eos = 0, .peak = 1, .spread = 1}, 91);
    double tv[2];
    for (int smc = 0; smc < 2; smc++) {
        MtsSearchSettings s;
        MtsVerify v;
        MtsError err = {0};
        mts_search_defaults(&s);
        s.method = smc ? MTS_SMC : MTS_SAMPLE;
        s.lambda = 3;
        s.rollouts = 100;
        assert_ok(mts_verify(table, &s, MTS_IF_DEAR(15, 60), &v, &err), &err);
        tv[smc] = v.tv_mean;
    }
    print_message("samples %.3f, smc %.3f\n", tv[0], tv[1]);
    assert_true(tv[1] < 1.05 * tv[0]);
    mts_table_free(&table);
}

/* At equal rollouts, without scoring more texts than were drawn. */
static void no_other_method_is_nearer_to_the_target(void **state)
{
    (void)state;
    const Shape shapes[] = {{.vocab = 5, .steps = 4, .eos = -1, .peak = 1, .spread = 1},
                            {.vocab = 5, .steps = 5, .eos = 0, .peak = 1.5, .spread = 0.7}};
    for (size_t i = 0; i < 2; i++) {
        MtsTable *table = random_table(shapes[i], 80 + i);
        for (int which = 0; which < 4; which++) {
            MtsSearchSettings s;
            MtsVerify v;
            MtsError err = {0};
            mts_search_defaults(&s);
            s.sweep = 0;
            s.lambda = which / 2 ? 3 : 1;
            s.rollouts = which % 2 ? 30 : 10;
            assert_ok(mts_verify(table, &s, MTS_IF_DEAR(15, 60), &v, &err), &err);
            double ours = v.tv_mean;
            for (int method = 0; method < MTS_METHOD_COUNT; method++) {
                s.method = (MtsMethod)method;
                assert_ok(mts_verify(table, &s, MTS_IF_DEAR(15, 60), &v, &err), &err);
                if (s.method != MTS_MAXENT_TS && v.tv_mean <= ours) {
                    fail_msg("lambda %g, %zu rollouts: %s is at %g, maxent-ts at %g", s.lambda, s.rollouts,
                             mts_method_name(s.method), v.tv_mean, ours);
                }
            }
        }
        mts_table_free(&table);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_tables_are_named),
        cmocka_unit_test(damaged_tables_do_no_harm),
        cmocka_unit_test(a_table_worked_by_hand),
        cmocka_unit_test(exact_values_are_the_files_own),
        cmocka_unit_test(the_search_beats_the_published_figures),
        cmocka_unit_test(verification_adds_up),
        cmocka_unit_test(smc_without_prefix_rewards_is_not_behind_samples),
        cmocka_unit_test(what_loads_is_searched),
        cmocka_unit_test(no_answer_is_as_far_as_can_be),
        cmocka_unit_test(no_other_method_is_nearer_to_the_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
