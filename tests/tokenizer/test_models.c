/* The real models, where they are on this machine: ids of the reference texts. */
#include "../test.h"

#include <stdbool.h>

#include <jansson.h>
#include <unistd.h>

#include "core/file.h"
#include "tokenizer/tokenizer.h"

static const struct {
    const char *variable, *file, *prefix;
} models[] = {
    {"MAXTS_SMOLLM2", "SmolLM2-135M-Instruct.Q4_1.gguf", "smollm2"},
    {"MAXTS_GEMMA3", "gemma-3-270m-q4_k_m.gguf", "gemma3"},
};
static const char *const texts[] = {"code", "long_series", "series_chat", "unicode"};

/* The model's file, or NULL. */
static const char *find_model(int which)
{
    static char path[4096];
    const char *named = getenv(models[which].variable), *home = getenv("HOME");
    if (named) {
        return named;
    }
    snprintf(path, sizeof path, "%s/.cache/maxts/%s", home ? home : "", models[which].file);
    return access(path, R_OK) == 0 ? path : NULL;
}

/* False: the reference files are not here. */
static bool check_text(const MtsTokenizer *tokenizer, const char *prefix, const char *name)
{
    char below[128];
    json_error_t why;
    MtsError err = {0};
    snprintf(below, sizeof below, "../shared/reference/%s-%s.json", prefix, name);
    json_t *reference = json_load_file(test_path(below), 0, &why);
    if (!reference) {
        print_message("[  SKIPPED ] no %s\n", below);
        return false;
    }
    char *text, *back;
    size_t size;
    snprintf(below, sizeof below, "../shared/reference/texts/%s.txt", name);
    assert_ok(mts_read_file(test_path(below), 1 << 20, &text, &size, &err), &err);
    MtsTokens tokens = {NULL, 0, 0};
    assert_ok(mts_tokenize(tokenizer, text, size, true, true, &tokens, &err), &err);
    const json_t *want = json_object_get(reference, "tokens");
    assert_int_equal(tokens.count, json_array_size(want));
    for (size_t i = 0; i < tokens.count; i++) {
        assert_int_equal(tokens.ids[i], json_integer_value(json_array_get(want, i)));
    }
    mts_tokens_free(&tokens);
    assert_ok(mts_tokenize(tokenizer, text, size, false, false, &tokens, &err), &err);
    assert_ok(mts_detokenize(tokenizer, tokens.ids, tokens.count, false, &back, NULL, &err), &err);
    assert_string_equal(back, text);
    mts_tokens_free(&tokens);
    free(back);
    free(text);
    json_decref(reference);
    return true;
}

static void reference_texts(int which)
{
    const char *path = find_model(which);
    if (!path) {
        print_message("[  SKIPPED ] no model: set %s\n", models[which].variable);
        skip();
    }
    MtsTokenizer *tokenizer;
    MtsError err = {0};
    double begin = mts_seconds();
    assert_ok(mts_tokenizer_open(&tokenizer, path, &err), &err);
    print_message("%s: %zu tokens in %.1f ms, chat template %s\n", models[which].file, mts_tokenizer_vocab(tokenizer),
                  1e3 * (mts_seconds() - begin), mts_chat_family(tokenizer));
    bool whole = true;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        whole = check_text(tokenizer, models[which].prefix, texts[i]) && whole;
    }
    if (which == 0) { /* the default system message is the template's own */
        char *prompt;
        assert_ok(mts_chat_prompt(tokenizer, NULL, "Hi", &prompt, &err), &err);
        assert_string_equal(
            prompt,
            "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
        free(prompt);
    }
    mts_tokenizer_free(&tokenizer);
    if (!whole) {
        skip();
    }
}

static void smollm2(void **state)
{
    (void)state;
    reference_texts(0);
}

static void gemma3(void **state)
{
    (void)state;
    reference_texts(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(smollm2), cmocka_unit_test(gemma3)};
    if (!find_model(0) && !find_model(1)) {
        fputs("skipped: neither MAXTS_SMOLLM2 nor MAXTS_GEMMA3 is set\n", stderr);
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
