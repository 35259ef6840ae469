#include "../test.h"

#include <time.h>

#include "cases.h"
#include "core/utf8.h"
#include "tokenizer/tokenizer.h"

static const char *const fixtures[] = {"gpt-2", "smollm", "llama-bpe", "qwen2", "spm", "spm-prefix"};
enum { FIXTURES = sizeof fixtures / sizeof *fixtures };

static MtsTokenizer *open_fixture(const char *name)
{
    char below[64];
    MtsError err = {0};
    MtsTokenizer *tokenizer;
    snprintf(below, sizeof below, "tests/tokenizer/%s.gguf", name);
    assert_ok(mts_tokenizer_open(&tokenizer, test_path(below), &err), &err);
    return tokenizer;
}

static MtsTokens ids_of(const MtsTokenizer *tokenizer, const char *text, size_t size, bool special, bool bos)
{
    MtsTokens tokens = {NULL, 0, 0};
    MtsError err = {0};
    assert_ok(mts_tokenize(tokenizer, text, size, special, bos, &tokens, &err), &err);
    return tokens;
}

static void ids_equal_those_of_the_makers_libraries(void **state)
{
    (void)state;
    for (int i = 0; i < FIXTURES; i++) {
        char below[64];
        size_t count;
        snprintf(below, sizeof below, "tests/tokenizer/%s.json", fixtures[i]);
        MtsTokenizer *tokenizer = open_fixture(fixtures[i]);
        int different = compare_cases(tokenizer, test_path(below), &count);
        mts_tokenizer_free(&tokenizer);
        if (different != 0 || count < 150) {
            fail_msg("%s: %d of %zu texts have other ids", fixtures[i], different, count);
        }
    }
}

/* Text to ids and back, and the same one id at a time: a stream is at every moment valid and a beginning of the whole.
 */
static void text_comes_back_whole_and_in_pieces(void **state)
{
    (void)state;
    json_error_t why;
    for (int i = 0; i < FIXTURES; i++) {
        char below[64];
        snprintf(below, sizeof below, "tests/tokenizer/%s.json", fixtures[i]);
        json_t *root = json_load_file(test_path(below), JSON_ALLOW_NUL, &why);
        assert_non_null(root);
        const json_t *cases = json_object_get(root, "cases");
        MtsTokenizer *tokenizer = open_fixture(fixtures[i]);
        bool sentence_piece = strncmp(fixtures[i], "spm", 3) == 0, prefix = strcmp(fixtures[i], "spm-prefix") == 0;
        size_t whole = 0;
        for (size_t k = 0; k < json_array_size(cases); k++) {
            const json_t *value = json_object_get(json_array_get(cases, k), "text");
            const char *text = json_string_value(value);
            size_t size = json_string_length(value), got_size, part_size;
            MtsTokens tokens = ids_of(tokenizer, text, size, false, false);
            char *got, *part;
            MtsError err = {0};
            assert_ok(mts_detokenize(tokenizer, tokens.ids, tokens.count, false, &got, &got_size, &err), &err);
            for (size_t n = 0; n <= tokens.count; n++) {
                assert_ok(mts_detokenize(tokenizer, tokens.ids, n, true, &part, &part_size, &err), &err);
                assert_int_equal(mts_utf8_valid_prefix(part, part_size), part_size);
                assert_true(part_size <= got_size && (part_size == 0 || memcmp(part, got, part_size) == 0));
                free(part);
            }
            bool lossy = (sentence_piece && strstr(text, "\xE2\x96\x81")) || strcmp(fixtures[i], "smollm") == 0;
            if (!lossy) {
                assert_int_equal(got_size, size + prefix);
                assert_memory_equal(got + prefix, text, size);
                whole++;
            }
            free(got);
            mts_tokens_free(&tokens);
        }
        assert_true(whole > 100 || strcmp(fixtures[i], "smollm") == 0);
        mts_tokenizer_free(&tokenizer);
        json_decref(root);
    }
}

static int32_t id_of(const MtsTokenizer *tokenizer, const char *bytes, size_t size)
{
    for (size_t id = 0; id < mts_tokenizer_vocab(tokenizer); id++) {
        size_t length;
        const char *found = mts_token_bytes(tokenizer, (int32_t)id, true, &length);
        if (length == size && memcmp(found, bytes, size) == 0) {
            return (int32_t)id;
        }
    }
    fail_msg("no token \"%.*s\"", (int)size, bytes);
    return -1;
}

static void broken_characters_are_replaced(void **state)
{
    (void)state;
    MtsTokenizer *tokenizer = open_fixture("gpt-2");
    static const struct {
        const char *bytes, *whole, *partial;
    } cases[] = {
        {"a\xE2\x82", "a\xEF\xBF\xBD", "a"},                /* unfinished: one character, or left out */
        {"a\xE2\x82z", "a\xEF\xBF\xBDz", "a\xEF\xBF\xBDz"}, /* broken off in the middle */
        {"\x80\xFF", "\xEF\xBF\xBD\xEF\xBF\xBD", "\xEF\xBF\xBD\xEF\xBF\xBD"}, /* never a beginning */
        {"\xF0\x9F\x99\x82\xF0\x9F\x99", "\xF0\x9F\x99\x82\xEF\xBF\xBD", "\xF0\x9F\x99\x82"},
        {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD",
         "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"}, /* surrogate */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int32_t ids[16];
        size_t n = strlen(cases[i].bytes);
        for (size_t k = 0; k < n; k++) {
            ids[k] = id_of(tokenizer, cases[i].bytes + k, 1);
        }
        char *text;
        MtsError err = {0};
        assert_ok(mts_detokenize(tokenizer, ids, n, false, &text, NULL, &err), &err);
        assert_string_equal(text, cases[i].whole);
        free(text);
        assert_ok(mts_detokenize(tokenizer, ids, n, true, &text, NULL, &err), &err);
        assert_string_equal(text, cases[i].partial);
        free(text);
    }
    mts_tokenizer_free(&tokenizer);
}

static void special_tokens(void **state)
{
    (void)state;
    MtsTokenizer *tokenizer = open_fixture("llama-bpe");
    int32_t end = id_of(tokenizer, "<|im_end|>", 10), tool = id_of(tokenizer, "<tool>", 6);
    size_t size;
    assert_true(mts_tokenizer_bos(tokenizer) == id_of(tokenizer, "<|begin|>", 9));
    assert_true(mts_tokenizer_eos(tokenizer) == id_of(tokenizer, "<|endoftext|>", 13));
    assert_true(mts_tokenizer_is_end(tokenizer, end));
    assert_true(mts_tokenizer_is_end(tokenizer, mts_tokenizer_eos(tokenizer)));
    assert_false(mts_tokenizer_is_end(tokenizer, tool));
    assert_false(mts_tokenizer_is_end(tokenizer, -1));
    assert_false(mts_tokenizer_is_end(tokenizer, (int32_t)mts_tokenizer_vocab(tokenizer)));
    mts_token_bytes(tokenizer, end, false, &size);
    assert_int_equal(size, 0);
    mts_token_bytes(tokenizer, tool, false, &size);
    assert_int_equal(size, 6);

    /* Control tokens are found when asked for, user-defined ones always; BOS comes first when asked for. */
    const char *text = "<tool><|im_end|>";
    MtsTokens tokens = ids_of(tokenizer, text, strlen(text), true, true);
    assert_int_equal(tokens.count, 3);
    assert_true(tokens.ids[0] == mts_tokenizer_bos(tokenizer) && tokens.ids[1] == tool && tokens.ids[2] == end);
    mts_tokens_free(&tokens);
    tokens = ids_of(tokenizer, text, strlen(text), false, false);
    assert_true(tokens.count > 3 && tokens.ids[0] == tool);
    for (size_t i = 1; i < tokens.count; i++) {
        assert_true(tokens.ids[i] != end);
    }
    /* Control tokens have no text. */
    char *back;
    MtsError err = {0};
    assert_ok(mts_detokenize(tokenizer, tokens.ids, tokens.count, false, &back, NULL, &err), &err);
    assert_string_equal(back, text);
    free(back);
    assert_ok(mts_detokenize(tokenizer, &end, 1, false, &back, NULL, &err), &err);
    assert_string_equal(back, "");
    free(back);
    mts_tokens_free(&tokens);
    mts_tokenizer_free(&tokenizer);
}

static void wrong_requests(void **state)
{
    (void)state;
    MtsTokenizer *tokenizer = open_fixture("gpt-2");
    MtsTokens tokens = ids_of(tokenizer, "ab", 2, true, true);
    size_t before = tokens.count;
    MtsError err = {0};
    assert_int_equal(mts_tokenize(tokenizer, "abc\xC3(", 5, true, true, &tokens, &err), MTS_EREQUEST);
    assert_string_equal(err.text, "the text is no valid UTF-8: byte 3 is 0xC3");
    assert_int_equal(tokens.count, before);
    int32_t bad[] = {0, 1 << 20};
    char *text;
    assert_int_equal(mts_detokenize(tokenizer, bad, 2, false, &text, NULL, &err), MTS_EREQUEST);
    assert_non_null(strstr(err.text, "token 1 is 1048576, outside the vocabulary of"));
    assert_null(text);
    mts_tokens_free(&tokens);
    mts_tokenizer_free(&tokenizer);
    assert_int_equal(mts_tokenizer_open(&tokenizer, "/nonexistent.gguf", &err), MTS_EIO);
    assert_null(tokenizer);

    tokenizer = open_fixture("spm");
    tokens = ids_of(tokenizer, "", 0, true, true);
    assert_int_equal(tokens.count, 1); /* BOS alone */
    mts_tokens_free(&tokens);
    tokens = ids_of(tokenizer, "", 0, true, false);
    assert_int_equal(tokens.count, 0);
    mts_tokens_free(&tokens);
    mts_tokenizer_free(&tokenizer);
}

static void chat_prompts(void **state)
{
    (void)state;
    MtsTokenizer *tokenizer = open_fixture("qwen2");
    char *text;
    MtsError err = {0};
    assert_string_equal(mts_chat_family(tokenizer), "chatml");
    assert_ok(mts_chat_prompt(tokenizer, NULL, "Hi", &text, &err), &err);
    assert_string_equal(
        text, "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
    free(text);
    assert_ok(mts_chat_prompt(tokenizer, "Rhyme.", "Hi", &text, &err), &err);
    assert_string_equal(
        text, "<|im_start|>system\nRhyme.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
    free(text);
    mts_tokenizer_free(&tokenizer);

    tokenizer = open_fixture("spm");
    assert_string_equal(mts_chat_family(tokenizer), "none");
    assert_ok(mts_chat_prompt(tokenizer, NULL, "Hi", &text, &err), &err);
    assert_string_equal(text, "Hi");
    free(text);
    assert_int_equal(mts_chat_prompt(tokenizer, "Rhyme.", "Hi", &text, &err), MTS_EREQUEST);
    assert_non_null(strstr(err.text, "spm.gguf: tokenizer.chat_template is missing"));
    assert_null(text);
    mts_tokenizer_free(&tokenizer);
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* A run of one character is one word, or one long fight for the best pair: four times the text may take some four times
 * the time, not sixteen. */
static void time_is_nearly_linear(void **state)
{
    (void)state;
    const size_t small = 1 << 15, large = 4 * small;
    char *text = malloc(large);
    for (int i = 0; i < FIXTURES; i++) {
        MtsTokenizer *tokenizer = open_fixture(fixtures[i]);
        for (const char *c = "a 7\n"; *c; c++) {
            memset(text, *c, large);
            double taken[2];
            for (int k = 0; k < 2; k++) {
                double begin = cpu_seconds();
                MtsTokens tokens = ids_of(tokenizer, text, k ? large : small, true, false);
                taken[k] = cpu_seconds() - begin;
                assert_true(tokens.count > 0);
                mts_tokens_free(&tokens);
            }
            if (taken[1] > 10 * taken[0] + 0.2) { /* more than a coarse clock's steps */
                fail_msg("%s: %zu times '%c' in %.3f s, %zu times in %.3f s", fixtures[i], small, *c, taken[0], large,
                         taken[1]);
            }
        }
        mts_tokenizer_free(&tokenizer);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_equal_those_of_the_makers_libraries),
        cmocka_unit_test(text_comes_back_whole_and_in_pieces),
        cmocka_unit_test(broken_characters_are_replaced),
        cmocka_unit_test(special_tokens),
        cmocka_unit_test(wrong_requests),
        cmocka_unit_test(chat_prompts),
        cmocka_unit_test(time_is_nearly_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
