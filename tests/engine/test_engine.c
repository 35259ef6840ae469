/* The engine through its public header: generation's law on a table, prompts, identities, what an engine refuses. */
#include "../statistics.h"
#include "../test.h"

#include <math.h>
#include <unistd.h>

#include <maxts/engine.h>

#include "engine/internal.h"

static const char TABLE[] = "{\"vocab_size\": 3, \"eos\": 0, \"max_tokens\": 2, \"prior\": {\"\": [0.25, 0.5, 0.25], "
                            "\"1\": [0.5, 0.25, 0.25], \"2\": [0.2, 0.3, 0.5]}, \"reward\": {\"0\": 0.5, \"1,0\": 1, "
                            "\"1,1\": -1, \"1,2\": 0, \"2,0\": 2, \"2,1\": -0.5, \"2,2\": 0.25}}";

static MtsEngine *open_table(void)
{
    char path[] = "/tmp/maxts-test-XXXXXX";
    MtsError err = {0};
    MtsEngine *engine = NULL;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, TABLE, sizeof TABLE - 1), sizeof TABLE - 1);
    close(fd);
    assert_ok(mts_engine_open(&engine, path, NULL, &err), &err);
    unlink(path);
    return engine;
}

/* 3000 draws at temperature T against the enumerated law, by a G-test at 1e-6. */
static void generation_follows_its_law(void **state)
{
    static const char *const texts[] = {"0", "1,0", "1,1", "1,2", "2,0", "2,1", "2,2"};
    static const double first[] = {0.25, 0.5, 0.25}, second[3][3] = {{0}, {0.5, 0.25, 0.25}, {0.2, 0.3, 0.5}};
    enum { DRAWS = 3000, TEXTS = 7 };
    MtsEngine *engine = open_table();
    (void)state;
    for (int hot = 0; hot < 2; hot++) {
        double temperature = hot ? 2 : 1, law[TEXTS], sum[3] = {0}, all = 0;
        size_t seen[TEXTS] = {0};
        for (int a = 0; a < 3; a++) {
            all += pow(first[a], 1 / temperature);
            for (int b = 0; b < 3; b++) {
                sum[a] += pow(second[a][b], 1 / temperature);
            }
        }
        law[0] = pow(first[0], 1 / temperature) / all;
        for (int a = 1; a < 3; a++) {
            for (int b = 0; b < 3; b++) {
                law[1 + 3 * (a - 1) + b] =
                    pow(first[a], 1 / temperature) / all * pow(second[a][b], 1 / temperature) / sum[a];
            }
        }
        for (uint64_t seed = 0; seed < DRAWS; seed++) {
            MtsError err = {0};
            MtsRequest request;
            MtsGenerated *made = NULL;
            mts_request_defaults(engine, &request);
            request.search.seed = seed;
            request.cut.temperature = temperature;
            assert_ok(mts_engine_generate(engine, &request, false, NULL, NULL, &made, &err), &err);
            for (int i = 0; i < TEXTS; i++) {
                seen[i] += strcmp(made->text, texts[i]) == 0;
            }
            mts_generated_free(&made);
        }
        size_t total = 0;
        for (int i = 0; i < TEXTS; i++) {
            total += seen[i];
        }
        assert_int_equal(total, DRAWS);
        assert_true(g_test(seen, law, TEXTS) > 1e-6);
    }
    mts_engine_free(&engine);
}

static void series_go_into_prompts(void **state)
{
    double values[] = {1, 2.5, -3e6, 0.1234567, 605, 606};
    char x[] = "x", y[] = "y", *names[] = {x, y};
    MtsSeries one = {.channels = 1, .length = 4, .values = values, .names = names},
              two = {.channels = 2, .length = 3, .values = values, .names = names};
    MtsError err = {0};
    char *text;
    (void)state;
    assert_ok(mts_prompt_fill("A {series} B {series}", &one, &text, &err), &err);
    assert_string_equal(text, "A 1, 2.5, -3e+06, 0.123457 B 1, 2.5, -3e+06, 0.123457");
    free(text);
    assert_ok(mts_prompt_fill("{series}", &two, &text, &err), &err);
    assert_string_equal(text, "x: 1, 2.5, -3e+06\ny: 0.123457, 605, 606");
    free(text);
    assert_ok(mts_prompt_fill("none", NULL, &text, &err), &err);
    assert_string_equal(text, "none");
    free(text);
    assert_int_equal(mts_prompt_fill("{series}", NULL, &text, &err), MTS_EREQUEST);
    assert_null(text);
}

static void an_identity_is_of_everything(void **state)
{
    const char *path = test_path("tests/golden/llama-tied.gguf");
    const MtsEngineOptions options = {.parts = MTS_ENGINE_TEXT};
    MtsEngine *engine = NULL;
    MtsError err = {0};
    MtsScored *scored;
    char *names[7];
    int32_t prompt[] = {5, 6, 7};
    (void)state;
    assert_ok(mts_engine_open(&engine, path, &options, &err), &err);
    for (int i = 0; i < 7; i++) {
        MtsRequest request;
        mts_request_defaults(engine, &request);
        request.prompt = prompt;
        request.prompt_count = i == 1 ? 2 : 3;
        request.max_tokens = i == 2 ? 51 : 50;
        request.reward = i == 3 ? "length" : NULL;
        request.constraint = i == 4 ? "a*" : NULL;
        assert_ok(mts_request_identity(engine, &request, i == 5 ? "p cut" : "p", &names[i], &err), &err);
        for (int j = 0; j < i; j++) {
            assert_true((strcmp(names[i], names[j]) == 0) == (i == 6 && j == 0));
        }
    }
    for (int i = 0; i < 7; i++) {
        free(names[i]);
    }
    assert_int_equal(mts_engine_score(engine, prompt, 3, 1, &scored, &err), MTS_EREQUEST); /* it has no weights */
    assert_non_null(strstr(err.text, "tokens alone"));
    mts_engine_free(&engine);
}

/* An engine that was opened for its weights scores, and has no texts: a sentence, not a crash. */
static void weights_alone_have_no_texts(void **state)
{
    const MtsEngineOptions options = {.parts = MTS_ENGINE_WEIGHTS};
    static const int32_t prompt[] = {5, 6, 7};
    MtsEngine *engine = NULL;
    MtsTokens tokens = {0};
    MtsRequest request;
    MtsTextResult *result;
    MtsGenerated *generated;
    MtsScored *scored;
    char *text;
    (void)state;
    MtsError err = {0};
    assert_ok(mts_engine_open(&engine, test_path("tests/golden/llama-tied.gguf"), &options, &err), &err);
    assert_null(mts_engine_tokenizer(engine));
    mts_request_defaults(engine, &request);
    request.prompt = prompt;
    request.prompt_count = 3;
    for (int i = 0; i < 5; i++) {
        err = (MtsError){0};
        int rc = i == 0   ? mts_engine_tokenize(engine, "a", 1, &tokens, &err)
                 : i == 1 ? mts_engine_chat(engine, NULL, "a", &tokens, &err)
                 : i == 2 ? mts_engine_text(engine, prompt, 3, &text, NULL, &err)
                 : i == 3 ? mts_engine_search(engine, &request, &result, &err)
                          : mts_engine_generate(engine, &request, true, NULL, NULL, &generated, &err);
        assert_int_equal(rc, MTS_EREQUEST);
        assert_non_null(strstr(err.text, "was opened for its weights alone"));
    }
    assert_true(!text && !result && !generated && !tokens.count);
    assert_ok(mts_engine_score(engine, prompt, 3, 1, &scored, &err), &err);
    mts_scored_free(&scored);
    mts_engine_free(&engine);
}

/* Options of a tiny model: what is evaluated is what is asked for, in whole panels of rows as long as some wait. */
static void a_choice_evaluates_what_it_counts(void **state)
{
    static const char *const options[] = {"they are", "tests", "theatre", "others", "another"};
    MtsEngine *engine = NULL;
    MtsError err = {0};
    int32_t prompt[] = {5, 6, 7};
    const MtsTokens tokens = {.ids = prompt, .count = 3};
    uint64_t nfe[3];
    (void)state;
    assert_ok(mts_engine_open(&engine, test_path("tests/golden/llama-tied.gguf"), NULL, &err), &err);
    for (int i = 0; i < 3; i++) {
        static const double tolerances[] = {0.01, 1e-6, 0};
        MtsBeginnings *shared = NULL;
        MtsPosterior *p = NULL;
        MtsRequest request;
        mts_request_defaults(engine, &request);
        request.prompt = prompt;
        request.prompt_count = 3;
        assert_ok(mts_beginnings_new(&shared, engine, &tokens, 1, 16, &err), &err);
        request.beginnings = shared;
        assert_ok(mts_engine_choose(engine, &request, options, 5, tolerances[i], &p, &err), &err);
        assert_int_equal(mts_beginnings_positions(shared), 3 + p->nfe);
        assert_true(p->unexplored <= tolerances[i]);
        assert_true((p->unexplored > 0) == (tolerances[i] > 0));
        nfe[i] = p->nfe;
        mts_posterior_free(&p);
        mts_beginnings_free(&shared);
    }
    assert_true(nfe[0] < nfe[1] && nfe[1] < nfe[2]);
    assert_int_equal((nfe[1] - nfe[0]) % MTS_PANEL, 0);
    mts_engine_free(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generation_follows_its_law), cmocka_unit_test(series_go_into_prompts),
        cmocka_unit_test(an_identity_is_of_everything), cmocka_unit_test(weights_alone_have_no_texts),
        cmocka_unit_test(a_choice_evaluates_what_it_counts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
