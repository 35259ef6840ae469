/* A request's settings: what is left open, what one of them alone does, the presets. */
#include "../test.h"

#include <math.h>
#include <unistd.h>

#include <maxts/engine.h>

#include "engine/request.h"

static const char TABLE[] = "{\"vocab_size\": 3, \"eos\": 0, \"max_tokens\": 2, \"prior\": {\"\": [0.25, 0.5, 0.25], "
                            "\"1\": [0.5, 0.25, 0.25], \"2\": [0.2, 0.3, 0.5]}, \"reward\": {\"0\": 0.5, \"1,0\": 1, "
                            "\"1,1\": -1, \"1,2\": 0, \"2,0\": 2, \"2,1\": -0.5, \"2,2\": 0.25}}";

static MtsEngine *engine;

static double log_z(const MtsRequest *request)
{
    MtsTextResult *result = NULL;
    MtsError err = {0};
    assert_ok(mts_engine_search(engine, request, &result, &err), &err);
    double z = result->search->log_z;
    mts_text_result_free(&result);
    return z;
}

static void one_temperature_is_enough(void **state)
{
    MtsRequest cut_alone, both, neither, search_alone;
    char target[192], before[192];
    (void)state;
    mts_request_defaults(engine, &neither);
    neither.search.sweep = 0;
    neither.search.rollouts = 4;
    cut_alone = both = search_alone = neither;
    cut_alone.cut.temperature = 0.4;
    both.cut.temperature = both.search.temperature = 0.4;
    search_alone.search.temperature = 0.4;
    assert_true(isnan(neither.search.temperature));
    assert_true(log_z(&cut_alone) == log_z(&both));
    assert_true(log_z(&cut_alone) != log_z(&neither));
    assert_true(log_z(&search_alone) == log_z(&both)); /* a table cuts nothing */
    mts_request_resolve(&cut_alone);
    assert_true(cut_alone.search.temperature == 0.4);
    mts_request_resolve(&search_alone);
    assert_true(search_alone.search.temperature == 0.4 && search_alone.cut.temperature == neither.cut.temperature);
    mts_request_target(engine, &neither, before, sizeof before);
    mts_request_target(engine, &search_alone, target, sizeof target);
    assert_string_equal(target, before);
}

/* The share of best-first rollouts of a model's search, from what was asked, under a constraint or none. */
static double best_first(double asked, const char *constraint, double lambda)
{
    MtsRequest request;
    mts_request_defaults(engine, &request);
    request.search.best_first = asked;
    request.search.lambda = lambda;
    request.constraint = constraint;
    mts_request_resolve(&request);
    return request.search.best_first;
}

static void what_is_likely_is_sought_where_nothing_else_is(void **state)
{
    (void)state;
    assert_true(isnan(best_first((double)NAN, "a+", 0))); /* the search's default */
    assert_true(best_first((double)NAN, "a+", 1) == 0 && best_first((double)NAN, NULL, 0) == 0);
    assert_true(best_first(0.5, NULL, 1) == 0.5 && best_first(0, "a+", 0) == 0);
}

static void rows_are_those_of_both_tables(void **state)
{
    MtsRequest request;
    (void)state;
    mts_request_defaults(engine, &request);
    request.cut.min_p = 0.25;
    request.search.shrinkage = 5;
    size_t min_p = mts_request_setting_find("min-p"), shrinkage = mts_request_setting_find("shrinkage");
    assert_true(mts_setting_get(mts_request_setting(min_p), mts_request_setting_base(&request, min_p)) == 0.25);
    assert_true(mts_setting_get(mts_request_setting(shrinkage), mts_request_setting_base(&request, shrinkage)) == 5);
    unsigned wheels = 0;
    while (mts_request_wheel(wheels + 1) < mts_request_setting_count()) {
        wheels++;
    }
    for (size_t i = 0; i < mts_request_setting_count(); i++) {
        assert_true(mts_request_setting(i)->wheel <= wheels && wheels <= MTS_WHEELS_MOST);
    }
    assert_int_equal(wheels, 5);
}

static void wrong_ones_are_named(void **state)
{
    MtsTextResult *result = NULL;
    (void)state;
    for (int i = 0; i < 5; i++) {
        MtsError err = {0};
        MtsRequest request;
        const char *words[] = {"temperature: 0 is outside", "temperature: nan", "top-p: 0 is outside", "min-p: 2 is",
                               "max-tokens: 0 is outside"};
        mts_request_defaults(engine, &request);
        request.cut.temperature = i == 0 ? 0 : i == 1 ? (double)NAN : 1;
        request.cut.top_p = i != 2;
        request.cut.min_p = i == 3 ? 2 : 0;
        request.max_tokens = i == 4 ? 0 : request.max_tokens;
        assert_int_equal(mts_engine_search(engine, &request, &result, &err), MTS_EREQUEST);
        assert_non_null(strstr(err.text, words[i]));
    }
}

static void presets_begin_at_the_defaults(void **state)
{
    const MtsPreset *p = mts_preset_find(MTS_PRESET_DEFAULT);
    MtsSearchSettings s;
    char names[64];
    (void)state;
    mts_search_defaults(&s);
    assert_non_null(p);
    assert_int_equal(p->rollouts, s.rollouts);
    assert_true((double)p->max_tokens == mts_request_setting(mts_request_setting_find("max-tokens"))->initial);
    assert_null(mts_preset_find("none"));
    mts_preset_list("|", names, sizeof names);
    assert_string_equal(names, "quick|balanced|quality");
}

static int open_table(void **state)
{
    char path[] = "/tmp/maxts-request-XXXXXX";
    MtsError err = {0};
    int fd = mkstemp(path);
    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, TABLE, sizeof TABLE - 1), sizeof TABLE - 1);
    close(fd);
    assert_ok(mts_engine_open(&engine, path, NULL, &err), &err);
    unlink(path);
    return 0;
}

static int close_table(void **state)
{
    (void)state;
    mts_engine_free(&engine);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_temperature_is_enough), cmocka_unit_test(what_is_likely_is_sought_where_nothing_else_is),
        cmocka_unit_test(rows_are_those_of_both_tables), cmocka_unit_test(wrong_ones_are_named),
        cmocka_unit_test(presets_begin_at_the_defaults)};
    return cmocka_run_group_tests(tests, open_table, close_table);
}
