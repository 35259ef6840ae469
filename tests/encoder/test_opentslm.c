/* Prompts with series in them against PyPI's opentslm, on tiny random models made by tools/make_opentslm_fixtures.py
 * (which says what the JSON files hold); and what else an encoder promises.
 *
 *   test_opentslm NAME...   compares larger models, NAME.gguf and NAME.json made by the same script
 */
#include "../test.h"

#include <math.h>
#include <unistd.h>

#include <maxts/engine.h>

#include "core/file.h"
#include "core/json.h"
#include "core/mem.h"
#include "encoder/encoder.h"
#include "engine/internal.h"

static const char *const names[] = {"soft-llama", "soft-gemma", "flamingo-llama", "flamingo-gemma"};

enum { NAMES = sizeof names / sizeof *names, SOFT = 2 /* of them */, MOST_PARTS = 16 };

static MtsError err;

static const char *path_of(const char *name, const char *ending)
{
    char path[200];
    snprintf(path, sizeof path, "tests/encoder/%s.%s", name, ending);
    return test_path(path);
}

static MtsEngine *open_file(const char *path, bool exact, int threads)
{
    MtsEngine *engine;
    const MtsEngineOptions options = {.model = {.exact = exact, .threads = threads}};
    assert_ok(mts_engine_open(&engine, path, &options, &err), &err);
    return engine;
}

static MtsEngine *open_engine(const char *name, bool exact, int threads)
{
    return open_file(path_of(name, "gguf"), exact, threads);
}

/* ---- against the reference ---- */

/* The parts of a case; values are owned. */
static size_t read_parts(const json_t *list, MtsPromptPart *parts)
{
    size_t i, t;
    json_t *part, *value;
    json_array_foreach(list, i, part)
    {
        const json_t *values = json_object_get(part, "values");
        double *numbers = values ? calloc(json_array_size(values), sizeof *numbers) : NULL;
        json_array_foreach(values, t, value)
        {
            numbers[t] = json_number_value(value);
        }
        assert_true(i < MOST_PARTS);
        parts[i] = (MtsPromptPart){.text = values ? NULL : json_string_value(json_object_get(part, "text")),
                                   .values = numbers,
                                   .count = json_array_size(values)};
    }
    return json_array_size(list);
}

static double log_sum_exp(const float *logits, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += exp((double)logits[i]);
    }
    return log(sum);
}

/* The largest difference of a case's numbers. */
static double compare(const MtsEngine *engine, const json_t *ids, const json_t *one)
{
    MtsPromptPart parts[MOST_PARTS];
    MtsPrompt prompt;
    MtsSession *session;
    MtsModelInfo info;
    double worst = 0;
    size_t count = read_parts(json_object_get(one, "parts"), parts);
    const json_t *tokens = json_object_get(one, "tokens"), *rows = json_object_get(one, "logprobs");
    assert_ok(mts_engine_prompt(engine, parts, count, &prompt, &err), &err);
    assert_int_equal(prompt.tokens.count, json_array_size(tokens));
    for (size_t t = 0; t < prompt.tokens.count; t++) {
        assert_int_equal(prompt.tokens.ids[t], json_integer_value(json_array_get(tokens, t)));
    }
    mts_model_info(mts_engine_model(engine), &info);
    assert_ok(mts_session_new(&session, mts_engine_model(engine), NULL, &err), &err);
    if (prompt.media.count) {
        assert_ok(mts_session_look(session, &prompt.media, &err), &err);
    }
    MtsExtend item = {
        .tokens = prompt.tokens.ids, .rows = prompt.rows, .count = prompt.tokens.count, .wanted = MTS_LOGITS_ALL};
    assert_ok(mts_session_extend(session, &item, 1, &err), &err);
    for (size_t t = 0; t < prompt.tokens.count; t++) {
        const float *logits = mts_session_logits(session, item.logits_row + t);
        double z = log_sum_exp(logits, info.vocab);
        for (size_t k = 0; k < json_array_size(ids); k++) {
            size_t id = (size_t)json_integer_value(json_array_get(ids, k));
            double want = json_real_value(json_array_get(json_array_get(rows, t), k));
            double off = fabs((double)logits[id] - z - want);
            worst = off <= worst ? worst : off; /* a NaN stays */
        }
    }
    mts_branch_release(&item.branch);
    mts_session_free(&session);
    mts_prompt_free(&prompt);
    for (size_t i = 0; i < count; i++) {
        free((double *)parts[i].values);
    }
    return worst;
}

static void compare_all(const char *model, const char *reference)
{
    json_t *json, *one;
    size_t i;
    MtsEngine *engine = open_file(model, true, 2);
    assert_true(mts_engine_reads_series(engine));
    assert_ok(mts_json_read(&json, reference, 64 << 20, &err), &err);
    assert_true(json_array_size(json_object_get(json, "cases")) > 1);
    json_array_foreach(json_object_get(json, "cases"), i, one)
    {
        double worst = compare(engine, json_object_get(json, "ids"), one);
        printf("%s, case %zu: largest difference %.2g\n", model, i, worst);
        assert_true(worst < 1e-4);
    }
    json_decref(json);
    mts_engine_free(&engine);
}

static void equals_opentslm(void **state)
{
    (void)state;
    for (size_t m = 0; m < NAMES; m++) {
        compare_all(path_of(names[m], "gguf"), path_of(names[m], "json"));
    }
}

static void larger_ones(void **state)
{
    char model[4096], reference[4096];
    for (char **name = *state; *name; name++) {
        snprintf(model, sizeof model, "%s.gguf", *name);
        snprintf(reference, sizeof reference, "%s.json", *name);
        compare_all(model, reference);
    }
}

/* ---- what else it promises ---- */

static void wave(double *values, size_t n, double step)
{
    for (size_t i = 0; i < n; i++) {
        values[i] = sin(step * (double)i) + 0.01 * (double)i;
    }
}

/* Rows are the same bits with any number of threads, on any processor, and whatever series stand beside. */
static void same_bits(void **state)
{
    (void)state;
    static const int threads[] = {1, 2, 8};
    static const char *const masks[] = {NULL, "avx512", "avx2", "neon"};
    double values[90];
    wave(values, 90, 0.3);
    for (size_t m = 0; m < SOFT; m++) {
        MtsPrompt first = {0};
        for (size_t i = 0; i < 3 * 4; i++) {
            const MtsPromptPart parts[] = {{.values = values, .count = 90}, {.values = values, .count = 13}};
            const MtsEngineOptions options = {.model = {.threads = threads[i % 3], .cpu_mask = masks[i / 3]}};
            MtsEngine *engine;
            MtsPrompt prompt;
            assert_ok(mts_engine_open(&engine, path_of(names[m], "gguf"), &options, &err), &err);
            assert_ok(mts_engine_prompt(engine, parts, 1 + i % 2, &prompt, &err), &err);
            size_t width = engine->encoder->rows_width;
            assert_int_equal(prompt.row_count, (1 + i % 2) * 23);
            assert_int_equal(prompt.tokens.count, prompt.row_count);
            if (i == 0) {
                first = prompt;
            } else {
                assert_memory_equal(prompt.rows, first.rows, 23 * width * sizeof *prompt.rows);
                mts_prompt_free(&prompt);
            }
            mts_engine_free(&engine);
        }
        mts_prompt_free(&first);
    }
}

/* The same of a medium, which two series share. */
static void same_media(void **state)
{
    (void)state;
    static const int threads[] = {1, 2, 8};
    static const char *const masks[] = {NULL, "avx512", "avx2", "neon"};
    double values[90];
    wave(values, 90, 0.3);
    for (size_t m = SOFT; m < NAMES; m++) {
        MtsPrompt first = {0};
        for (size_t i = 0; i < 3 * 4; i++) {
            const MtsPromptPart parts[] = {
                {.text = "It"}, {.values = values, .count = 90}, {.values = values, .count = 13}};
            const MtsEngineOptions options = {.model = {.threads = threads[i % 3], .cpu_mask = masks[i / 3]}};
            MtsEngine *engine;
            MtsPrompt prompt;
            assert_ok(mts_engine_open(&engine, path_of(names[m], "gguf"), &options, &err), &err);
            assert_ok(mts_engine_prompt(engine, parts, 3, &prompt, &err), &err);
            const MtsResampler *p = engine->encoder->resampler;
            assert_true(prompt.row_count == 0 && prompt.media.mark_count == 2 && prompt.media.count == p->latents);
            if (i == 0) {
                first = prompt;
            } else {
                assert_memory_equal(prompt.media.rows, first.media.rows, p->latents * p->width * sizeof(float));
                mts_prompt_free(&prompt);
            }
            mts_engine_free(&engine);
        }
        mts_prompt_free(&first);
    }
}

/* A medium is shown before there is a text, to a model that looks at one. */
static void media_refused(void **state)
{
    (void)state;
    for (size_t m = 0; m < NAMES; m++) {
        MtsEngine *engine = open_engine(names[m], false, 1);
        MtsSession *session;
        MtsModelInfo info;
        const float rows[64] = {0};
        const size_t marks[] = {0};
        const int32_t token = 1;
        mts_model_info(mts_engine_model(engine), &info);
        assert_true((info.media_width > 0) == (m >= SOFT));
        assert_ok(mts_session_new(&session, mts_engine_model(engine), NULL, &err), &err);
        const MtsMedia one = {.rows = rows, .count = 1, .marks = marks, .mark_count = 1}, none = {.rows = rows};
        assert_int_equal(mts_session_look(session, &none, &err), MTS_EREQUEST);
        assert_int_equal(mts_session_look(session, &one, &err), m >= SOFT ? MTS_OK : MTS_EREQUEST);
        MtsExtend item = {.tokens = &token, .count = 1};
        assert_ok(mts_session_extend(session, &item, 1, &err), &err);
        assert_int_equal(mts_session_look(session, &one, &err), MTS_EREQUEST);
        mts_branch_release(&item.branch);
        mts_session_free(&session);
        mts_engine_free(&engine);
    }
}

static MtsRequest request_of(const MtsEngine *engine, const MtsPrompt *prompt)
{
    MtsRequest r;
    mts_request_defaults(engine, &r);
    r.prompt = prompt->tokens.ids;
    r.prompt_count = prompt->tokens.count;
    r.prompt_rows = prompt->rows;
    r.prompt_media = &prompt->media;
    r.max_tokens = 8;
    r.reward = "length:20";
    r.search.rollouts = 12;
    return r;
}

/* A search with rows in its prompt: the same with and without the cache, another for another series. */
static void a_search_on_rows(void **state)
{
    (void)state;
    for (size_t m = 0; m < NAMES; m++) {
        MtsEngine *engine = open_engine(names[m], false, 2);
        double log_z[3];
        for (size_t i = 0; i < 3; i++) {
            double values[40];
            MtsPrompt prompt;
            MtsTextResult *result;
            wave(values, 40, i == 2 ? 2.5 : 0.3);
            const MtsPromptPart parts[] = {
                {.text = "The series:"}, {.values = values, .count = 40}, {.text = "Answer:"}};
            assert_ok(mts_engine_prompt(engine, parts, 3, &prompt, &err), &err);
            MtsRequest r = request_of(engine, &prompt);
            r.no_cache = i == 1;
            assert_ok(mts_engine_search(engine, &r, &result, &err), &err);
            assert_int_equal(result->prompt_tokens, prompt.tokens.count);
            log_z[i] = result->search->log_z;
            mts_text_result_free(&result);
            mts_prompt_free(&prompt);
        }
        assert_true(log_z[0] == log_z[1]);
        assert_true(fabs(log_z[0] - log_z[2]) > 1e-6);
        mts_engine_free(&engine);
    }
}

/* A checkpoint is of the series that the search began with. */
static void a_checkpoint_knows_its_rows(void **state)
{
    MtsEngine *engine = open_engine(*state, false, 1);
    char path[] = "/tmp/maxts-rows-XXXXXX";
    close(mkstemp(path));
    remove(path);
    for (size_t i = 0; i < 3; i++) {
        double values[40];
        MtsPrompt prompt;
        MtsTextResult *result;
        wave(values, 40, i == 1 ? 2.5 : 0.3);
        const MtsPromptPart parts[] = {{.text = "It"}, {.values = values, .count = 40}};
        assert_ok(mts_engine_prompt(engine, parts, 2, &prompt, &err), &err);
        MtsRequest r = request_of(engine, &prompt);
        r.search.save = i == 0 ? path : NULL;
        r.search.resume = i == 0 ? NULL : path;
        r.search.rollouts = i == 0 ? 12 : 24;
        int rc = mts_engine_search(engine, &r, &result, &err);
        assert_int_equal(rc, i == 1 ? MTS_EREQUEST : MTS_OK);
        mts_text_result_free(&result);
        mts_prompt_free(&prompt);
    }
    remove(path);
    mts_engine_free(&engine);
}

/* Two channels in a text: what is said of each, and that each is scaled. */
static void a_text_with_a_place(void **state)
{
    (void)state;
    MtsEngine *engine = open_engine(names[0], false, 1);
    double values[16];
    char up[] = "up", down[] = "down", *names_of[] = {up, down};
    for (size_t t = 0; t < 8; t++) {
        values[t] = 3 + 2 * (double)t;
        values[8 + t] = -(double)t;
    }
    const MtsSeries series = {.channels = 2, .length = 8, .names = names_of, .values = values};
    double scaled[16];
    for (size_t t = 0; t < 8; t++) {
        scaled[t] = ((double)t - 3.5) / sqrt(6);
        scaled[8 + t] = -scaled[t];
    }
    const MtsPromptPart parts[] = {
        {.text = "What is it?"},
        {.text = "This is the time series up, it has mean 10.0000 and std 4.8990."},
        {.values = scaled, .count = 8},
        {.text = "This is the time series down, it has mean -3.5000 and std 2.4495."},
        {.values = scaled + 8, .count = 8},
        {.text = "Answer:"},
        {.text = ""},
    };
    MtsPrompt got, want;
    assert_ok(mts_engine_series_prompt(engine, "What is it? {series}\nAnswer:", &series, &got, &err), &err);
    assert_ok(mts_engine_prompt(engine, parts, 7, &want, &err), &err);
    assert_int_equal(got.tokens.count, want.tokens.count);
    assert_memory_equal(got.tokens.ids, want.tokens.ids, want.tokens.count * sizeof *want.tokens.ids);
    assert_int_equal(got.row_count, 4);
    for (size_t i = 0; i < 4 * engine->encoder->rows_width; i++) {
        assert_true(fabsf(got.rows[i] - want.rows[i]) < 1e-5F);
    }
    mts_prompt_free(&got);
    mts_prompt_free(&want);
    mts_engine_free(&engine);
}

static void refusals(void **state)
{
    (void)state;
    MtsEngine *engine = open_engine(names[0], false, 1), *plain;
    double values[97] = {0};
    MtsPrompt prompt;
    const MtsPromptPart longer = {.values = values, .count = 97}, empty = {.values = values},
                        odd = {.values = values, .count = 3};
    assert_int_equal(mts_engine_prompt(engine, &longer, 1, &prompt, &err), MTS_EREQUEST);
    assert_non_null(strstr(err.text, "longer than the 96"));
    mts_prompt_free(&prompt);
    assert_int_equal(mts_engine_prompt(engine, &empty, 1, &prompt, &err), MTS_EREQUEST);
    mts_prompt_free(&prompt);
    values[1] = HUGE_VAL;
    assert_int_equal(mts_engine_prompt(engine, &odd, 1, &prompt, &err), MTS_EREQUEST);
    mts_prompt_free(&prompt);
    assert_int_equal(mts_engine_series_prompt(engine, "{series}", NULL, &prompt, &err), MTS_EREQUEST);
    mts_prompt_free(&prompt);
    values[1] = 0;
    assert_ok(mts_engine_open(&plain, test_path("tests/golden/llama-tied.gguf"), NULL, &err), &err);
    assert_false(mts_engine_reads_series(plain));
    assert_int_equal(mts_engine_prompt(plain, &odd, 1, &prompt, &err), MTS_EREQUEST);
    assert_non_null(strstr(err.text, "no encoder"));
    mts_prompt_free(&prompt);
    mts_engine_free(&plain);
    mts_engine_free(&engine);
}

/* A file that says one thing and holds another: one sentence that names the tensor or the key. */
static void broken_files(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *said; /* of equal length */
    } damages[] = {
        {"opentslm.kind", "opentslm.kine", "opentslm.kind"},
        {"soft-prompt", "soft-prampt", "soft-prampt"},
        {"opentslm.block_count", "opentslm.block_coumt", "opentslm.block_count"},
        {"opentslm.projector.weight", "opentslm.projector.waight", "opentslm.projector.weight is missing"},
        {"opentslm.blk.1.ffn_up.bias", "opentslm.blk.2.ffn_up.bias", "opentslm.blk.1.ffn_up.bias is missing"},
        {"opentslm.blk.0.attn_norm.bias", "opentslm.blk.0.attn_morm.bias", "attn_norm.bias is missing"},
        {"blk.0.ffn_down.weight", "opentslm.owns_it.wght", "blk.0.ffn_down.weight is missing"},
    };
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        char *data;
        size_t size, n = strlen(damages[i].from), at = 0;
        MtsEngine *engine;
        char path[] = "/tmp/maxts-broken-XXXXXX";
        assert_ok(mts_read_file(path_of(names[0], "gguf"), 1 << 20, &data, &size, &err), &err);
        while (at + n <= size && memcmp(data + at, damages[i].from, n) != 0) {
            at++;
        }
        assert_true(at + n <= size && strlen(damages[i].to) == n);
        memcpy(data + at, damages[i].to, n);
        FILE *f = fdopen(mkstemp(path), "wb");
        assert_int_equal(fwrite(data, 1, size, f), size);
        fclose(f);
        int rc = mts_engine_open(&engine, path, NULL, &err);
        remove(path);
        free(data);
        if (rc == 0 || !strstr(err.text, damages[i].said)) {
            fail_msg("%s: %d: %s", damages[i].to, rc, err.text);
        }
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest larger[] = {cmocka_unit_test_prestate(larger_ones, argv + 1)};
    if (argc > 1) {
        return cmocka_run_group_tests(larger, NULL, NULL);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_opentslm),
        cmocka_unit_test(same_bits),
        cmocka_unit_test(same_media),
        cmocka_unit_test(media_refused),
        cmocka_unit_test(a_search_on_rows),
        cmocka_unit_test_prestate(a_checkpoint_knows_its_rows, (void *)(uintptr_t)names[0]),
        cmocka_unit_test_prestate(a_checkpoint_knows_its_rows, (void *)(uintptr_t)names[SOFT]),
        cmocka_unit_test(a_text_with_a_place),
        cmocka_unit_test(refusals),
        cmocka_unit_test(broken_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
