/* The figures of maxts/measure.h: that they are there and hang together, and what cannot be measured. */
#include "../test.h"

#include <unistd.h>

#include <maxts/measure.h>

static MtsEngine *open_weights(void)
{
    const MtsEngineOptions options = {.parts = MTS_ENGINE_WEIGHTS};
    MtsEngine *engine = NULL;
    MtsError err = {0};
    assert_ok(mts_engine_open(&engine, test_path("tests/golden/llama-tied.gguf"), &options, &err), &err);
    return engine;
}

static void a_model_is_measured(void **state)
{
    MtsEngine *engine = open_weights();
    MtsMachine machine;
    MtsModelInfo info;
    MtsError err = {0};
    double prefill, decode;
    size_t steps, count;
    MtsShapeRate rates[MTS_MOST_SHAPES];
    (void)state;
    mts_model_info(mts_engine_model(engine), &info);
    assert_ok(mts_measure_machine(engine, &machine, &err), &err);
    assert_string_equal(machine.kernels, info.kernels);
    assert_true(machine.threads >= 1 && machine.read_bytes_per_s > 0 && machine.int8_macs_per_s > 0);
    assert_true(mts_roofline(&machine, &info, 2) >= mts_roofline(&machine, &info, 1));
    assert_ok(mts_measure_prefill(engine, 16, 0, &prefill, &err), &err);
    assert_ok(mts_measure_decode(engine, 3, 5, 6, 0, &steps, &decode, &err), &err);
    assert_true(prefill > 0 && decode > 0);
    assert_in_range(steps, 4, 6);
    assert_ok(mts_measure_shapes(engine, 2, rates, &count, &err), &err);
    assert_in_range(count, 2, MTS_MOST_SHAPES);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(rates[i].type, "Q8_0");
        assert_true(rates[i].rows > 0 && rates[i].cols > 0 && rates[i].batch == 2 && rates[i].own > 0);
        assert_true(rates[i].own == (rates[i].chosen == MTS_FORM_PRODUCT ? rates[i].product : rates[i].tile));
        for (size_t j = 0; j < i; j++) {
            assert_true(rates[i].rows != rates[j].rows || rates[i].cols != rates[j].cols);
        }
    }
    mts_engine_free(&engine);
}

static void assert_refused(const MtsEngine *engine, size_t batch, size_t prompt, size_t most, const char *sentence)
{
    MtsError err = {0};
    double rate;
    size_t steps;
    assert_int_equal(mts_measure_decode(engine, batch, prompt, most, 0, &steps, &rate, &err), MTS_EREQUEST);
    assert_non_null(strstr(err.text, sentence));
    assert_int_equal(steps, 0);
}

static void what_cannot_be_measured_is_refused(void **state)
{
    static const char table[] = "{\"vocab_size\": 1, \"eos\": null, \"max_tokens\": 1, \"prior\": {\"\": [1]}, "
                                "\"reward\": {\"0\": 0}}";
    char path[] = "/tmp/maxts-test-XXXXXX";
    MtsEngine *engine = open_weights();
    MtsError err = {0};
    MtsMachine machine;
    MtsShapeRate rates[MTS_MOST_SHAPES];
    size_t count;
    double rate;
    (void)state;
    assert_refused(engine, 0, 1, 1, "in 0 sequences");
    assert_refused(engine, 1, 0, 1, "in 1 sequences of 0 tokens");
    assert_refused(engine, 1, 1, 0, "in 0 steps");
    assert_refused(engine, 1, 512, 1, "do not fit into its context of 512");
    assert_int_equal(mts_measure_prefill(engine, 513, 0, &rate, &err), MTS_EREQUEST);
    assert_int_equal(mts_measure_shapes(engine, 0, rates, &count, &err), MTS_EREQUEST);
    mts_engine_free(&engine);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, table, sizeof table - 1), sizeof table - 1);
    close(fd);
    assert_ok(mts_engine_open(&engine, path, NULL, &err), &err);
    unlink(path);
    assert_refused(engine, 1, 1, 1, "a table has no forward pass to measure");
    assert_int_equal(mts_measure_machine(engine, &machine, &err), MTS_EREQUEST);
    mts_engine_free(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_model_is_measured),
                                       cmocka_unit_test(what_cannot_be_measured_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
