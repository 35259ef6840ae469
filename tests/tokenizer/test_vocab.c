/* Vocabularies that are wrong, odd or hostile; special tokens against the rule they follow, done literally. */
#include "../test.h"

#include <math.h>

#include "gguf_builder.h"

/* The 256 bytes as byte-level BPE writes them, for vocabularies made here. */
static const char *byte_char(int byte)
{
    static char text[256][3];
    static bool made;
    int next = 256;
    for (int b = 0; b < 256 && !made; b++) {
        bool printable = (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
        int code = printable ? b : next++;
        if (code < 0x80) {
            text[b][0] = (char)code;
        } else {
            text[b][0] = (char)(0xC0 | code >> 6);
            text[b][1] = (char)(0x80 | (code & 0x3F));
        }
    }
    made = true;
    return text[byte];
}

enum { BYTES = 256, MORE = 8 };

/* A byte-level vocabulary: the bytes, then "ab", "abc", and one control token "<|end|>". */
typedef struct Vocabulary {
    const char *tokens[BYTES + MORE];
    int32_t types[BYTES + MORE];
    size_t count;
    const char *merges[MORE];
    size_t merge_count;
    const char *pre, *model;
} Vocabulary;

static Vocabulary good(void)
{
    Vocabulary v = {.count = BYTES + 3, .merges = {"a b", "ab c"}, .merge_count = 2, .pre = "gpt-2", .model = "gpt2"};
    for (int b = 0; b < BYTES; b++) {
        v.tokens[b] = byte_char(b);
        v.types[b] = MTS_TOKEN_NORMAL;
    }
    static const char *const more[] = {"ab", "abc", "<|end|>"};
    for (int i = 0; i < 3; i++) {
        v.tokens[BYTES + i] = more[i];
        v.types[BYTES + i] = i < 2 ? MTS_TOKEN_NORMAL : MTS_TOKEN_CONTROL;
    }
    return v;
}

static Builder build(const Vocabulary *v)
{
    Builder b = {{NULL, 0, 0}, 0};
    add_string(&b, "general.architecture", "llama");
    add_string(&b, "tokenizer.ggml.model", v->model);
    if (v->pre) {
        add_string(&b, "tokenizer.ggml.pre", v->pre);
    }
    add_strings(&b, "tokenizer.ggml.tokens", v->tokens, v->count);
    add_i32s(&b, "tokenizer.ggml.token_type", v->types, v->count);
    add_strings(&b, "tokenizer.ggml.merges", v->merges, v->merge_count);
    return b;
}

static void expect_sentence(Builder *b, int code, const char *says)
{
    MtsError err = {0};
    MtsTokenizer *tokenizer;
    int rc = open_built(b, &tokenizer, &err);
    if (rc != code || !strstr(err.text, says)) {
        fail_msg("wanted %d with \"%s\", got %d: %s", code, says, rc, err.text);
    }
    assert_non_null(strstr(err.text, "built.gguf: "));
    assert_null(tokenizer);
}

static MtsTokenizer *expect_good(Builder *b)
{
    MtsError err = {0};
    MtsTokenizer *tokenizer;
    assert_ok(open_built(b, &tokenizer, &err), &err);
    return tokenizer;
}

static void expect_ids(const MtsTokenizer *tokenizer, const char *text, const int32_t *ids, size_t count)
{
    MtsTokens tokens = {NULL, 0, 0};
    MtsError err = {0};
    assert_ok(mts_tokenize(tokenizer, text, strlen(text), true, true, &tokens, &err), &err);
    assert_int_equal(tokens.count, count);
    assert_memory_equal(tokens.ids, ids, count * sizeof *ids);
    mts_tokens_free(&tokens);
}

static void wrong_byte_level_files(void **state)
{
    (void)state;
    Vocabulary v = good();
    Builder b = build(&v);
    MtsTokenizer *tokenizer = expect_good(&b);
    expect_ids(tokenizer, "xabc<|end|>", (const int32_t[]){'x', BYTES + 1, BYTES + 2}, 3);
    assert_true(mts_tokenizer_is_end(tokenizer, BYTES + 2));
    assert_int_equal(mts_tokenizer_bos(tokenizer), -1);
    mts_tokenizer_free(&tokenizer);

    v = good(), v.tokens[BYTES + 1] = "ab", b = build(&v);
    expect_sentence(&b, MTS_EFORMAT, "tokenizer.ggml.tokens[257] is the same as [256]");
    v = good(), v.types[7] = 77, b = build(&v);
    expect_sentence(&b, MTS_EFORMAT, "tokenizer.ggml.token_type[7] is 77, outside 0 to 6");
    v = good(), v.merges[1] = "abc", b = build(&v);
    expect_sentence(&b, MTS_EFORMAT, "tokenizer.ggml.merges[1] is \"abc\", not two tokens");
    static const char *const idle[] = {"ab d", "zz b", "a \xE4\xB8\x96"}; /* merges that can never come up */
    for (size_t i = 0; i < sizeof idle / sizeof idle[0]; i++) {
        v = good(), v.merges[1] = idle[i], b = build(&v);
        tokenizer = expect_good(&b);
        expect_ids(tokenizer, "xab", (const int32_t[]){'x', BYTES}, 2);
        mts_tokenizer_free(&tokenizer);
    }
    v = good(), v.pre = "unheard-of", b = build(&v);
    expect_sentence(&b, MTS_EUNSUPPORTED, "tokenizer.ggml.pre is \"unheard-of\", which is none of the ");
    v = good(), v.pre = "qwen-2", b = build(&v);
    expect_sentence(&b, MTS_EUNSUPPORTED, "(docs/tokenizer.md); did you mean 'qwen2'?");
    v = good(), v.pre = NULL, b = build(&v);
    tokenizer = expect_good(&b);
    assert_true(mts_tokenizer_is_guessed(tokenizer));
    mts_tokenizer_free(&tokenizer);
    v = good(), v.model = "bert", b = build(&v);
    expect_sentence(&b, MTS_EUNSUPPORTED, "tokenizer.ggml.model is \"bert\"");
    v = good(), v.count = 0, b = build(&v);
    expect_sentence(&b, MTS_EFORMAT, "tokenizer.ggml.tokens has 0 elements");

    char *longest = malloc(MTS_TOKEN_MAX + 2);
    memset(longest, 'a', MTS_TOKEN_MAX + 1);
    longest[MTS_TOKEN_MAX + 1] = '\0';
    v = good(), v.tokens[BYTES + 1] = longest, b = build(&v);
    expect_sentence(&b, MTS_EFORMAT, "tokenizer.ggml.tokens[257] has 1025 bytes, more than 1024");
    free(longest);

    v = good(), b = build(&v);
    add_u32(&b, "tokenizer.ggml.bos_token_id", BYTES + 3);
    expect_sentence(&b, MTS_EFORMAT, "\"tokenizer.ggml.bos_token_id\" is 259, outside 0 to 258");
    v = good(), b = build(&v);
    add_bool(&b, "tokenizer.ggml.add_bos_token", true);
    expect_sentence(&b, MTS_EFORMAT, "there is no tokenizer.ggml.bos_token_id");
    v = good(), b = build(&v);
    add_u32(&b, "tokenizer.ggml.add_bos_token", 1);
    expect_sentence(&b, MTS_EFORMAT, "\"tokenizer.ggml.add_bos_token\" is no boolean");
    v = good(), b = build(&v);
    add_u32(&b, "tokenizer.chat_template", 1);
    expect_sentence(&b, MTS_EFORMAT, "\"tokenizer.chat_template\"");
}

/* Where the tokenizer puts BOS first, the prompt leaves out the template's own; where it does not, the prompt has it.
 */
static void bos_comes_once(void **state)
{
    (void)state;
    for (int adds = 0; adds < 2; adds++) {
        Vocabulary v = good();
        v.tokens[v.count] = "<s>", v.types[v.count++] = MTS_TOKEN_CONTROL;
        Builder b = build(&v);
        add_u32(&b, "tokenizer.ggml.bos_token_id", (uint32_t)v.count - 1);
        add_bool(&b, "tokenizer.ggml.add_bos_token", adds);
        add_string(&b, "tokenizer.chat_template", "{{ bos_token }}[INST] {{ messages[-1].content }} [/INST]");
        MtsTokenizer *tokenizer = expect_good(&b);
        char *prompt;
        MtsError err = {0};
        assert_ok(mts_chat_prompt(tokenizer, NULL, "a", &prompt, &err), &err);
        assert_string_equal(prompt, adds ? "[INST] a [/INST]" : "<s>[INST] a [/INST]");
        assert_string_equal(mts_chat_family(tokenizer), "mistral");
        MtsTokens tokens = {NULL, 0, 0};
        assert_ok(mts_tokenize(tokenizer, prompt, strlen(prompt), true, true, &tokens, &err), &err);
        assert_true(tokens.ids[0] == mts_tokenizer_bos(tokenizer) && tokens.ids[1] == '[');
        mts_tokens_free(&tokens);
        free(prompt);
        mts_tokenizer_free(&tokenizer);
    }
}

/* An answer follows a chat's prompt: no EOS stands between, whatever the file adds to texts. And a control token that a
 * user writes out is text, where the template's own is one. */
static void a_chat_ends_open(void **state)
{
    (void)state;
    Vocabulary v = good();
    v.tokens[v.count] = "</s>", v.types[v.count++] = MTS_TOKEN_CONTROL;
    Builder b = build(&v);
    int32_t eos = (int32_t)v.count - 1;
    add_u32(&b, "tokenizer.ggml.eos_token_id", (uint32_t)eos);
    add_bool(&b, "tokenizer.ggml.add_eos_token", true);
    add_string(&b, "tokenizer.chat_template", "{{ messages[0].content }}</s>[");
    MtsTokenizer *tokenizer = expect_good(&b);
    MtsTokens tokens = {NULL, 0, 0};
    MtsError err = {0};
    MtsChatInput input = {.user = "</s>"};
    char *prompt;
    assert_ok(mts_chat_tokens(tokenizer, &input, &prompt, &tokens, &err), &err);
    assert_string_equal(prompt, "</s></s>[");
    assert_int_equal(tokens.count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(tokens.ids[i], i == 4 ? eos : "</s>.["[i]);
    }
    free(prompt);
    mts_tokens_free(&tokens);
    input.special = true;
    assert_ok(mts_chat_tokens(tokenizer, &input, NULL, &tokens, &err), &err);
    assert_true(tokens.count == 3 && tokens.ids[0] == eos && tokens.ids[1] == eos && tokens.ids[2] == '[');
    mts_tokens_free(&tokens);
    mts_tokenizer_free(&tokenizer);
}

static void a_broken_template_names_the_file(void **state)
{
    (void)state;
    Vocabulary v = good();
    Builder b = build(&v);
    add_string(&b, "tokenizer.chat_template", "{% if %}");
    MtsTokenizer *tokenizer = expect_good(&b); /* it serves for everything but chat */
    char *prompt;
    MtsError err = {0};
    assert_int_equal(mts_chat_prompt(tokenizer, NULL, "a", &prompt, &err), MTS_EFORMAT);
    assert_string_equal(err.text, "built.gguf: tokenizer.chat_template, line 1: an expression is expected");
    assert_null(prompt);
    mts_tokenizer_free(&tokenizer);
}

/* Odd but harmless: empty tokens, repeated merges, tokens that no text can be, control tokens in the way of merges. */
static void odd_byte_level_files(void **state)
{
    (void)state;
    Vocabulary v = good();
    v.tokens[v.count] = "", v.types[v.count++] = MTS_TOKEN_NORMAL;
    v.tokens[v.count] = "", v.types[v.count++] = MTS_TOKEN_CONTROL;
    v.tokens[v.count] = "\xE4\xB8\x96", v.types[v.count++] = MTS_TOKEN_NORMAL; /* stands for itself, never merged */
    v.tokens[v.count] = "<|end|>", v.types[v.count++] = MTS_TOKEN_CONTROL;     /* the lower id counts */
    v.merges[v.merge_count++] = "a b";
    Builder b = build(&v);
    MtsTokenizer *tokenizer = expect_good(&b);
    expect_ids(tokenizer,
               "\xE4\xB8\x96"
               "ab<|end|>",
               (const int32_t[]){0xE4, 0xB8, 0x96, BYTES, BYTES + 2}, 5);
    size_t size;
    const char *bytes = mts_token_bytes(tokenizer, BYTES + 5, false, &size);
    assert_int_equal(size, 3);
    assert_memory_equal(bytes, "\xE4\xB8\x96", 3);
    mts_tokenizer_free(&tokenizer);

    /* A byte without a token is left out. */
    v = good(), v.tokens['q'] = "quite", b = build(&v);
    tokenizer = expect_good(&b);
    expect_ids(tokenizer, "aqb", (const int32_t[]){'a', 'b'}, 2);
    mts_tokenizer_free(&tokenizer);
}

/* ---- SentencePiece ---- */

static Builder build_spm(size_t bytes, const float *scores, size_t score_count)
{
    static char names[BYTES][8];
    const char *tokens[BYTES + MORE] = {"<unk>", "<s>", "</s>", "\xE2\x96\x81", "a", "b", "ab", "a b"};
    int32_t types[BYTES + MORE] = {MTS_TOKEN_UNKNOWN, MTS_TOKEN_CONTROL, MTS_TOKEN_CONTROL, MTS_TOKEN_NORMAL,
                                   MTS_TOKEN_NORMAL,  MTS_TOKEN_NORMAL,  MTS_TOKEN_NORMAL,  MTS_TOKEN_NORMAL};
    for (size_t i = 0; i < bytes; i++) {
        snprintf(names[i], sizeof names[i], "<0x%02X>", (unsigned)i);
        tokens[MORE + i] = names[i];
        types[MORE + i] = MTS_TOKEN_BYTE;
    }
    Builder b = {{NULL, 0, 0}, 0};
    add_string(&b, "tokenizer.ggml.model", "llama");
    add_strings(&b, "tokenizer.ggml.tokens", tokens, MORE + bytes);
    add_i32s(&b, "tokenizer.ggml.token_type", types, MORE + bytes);
    add_f32s(&b, "tokenizer.ggml.scores", scores, score_count);
    return b;
}

static void sentence_piece_files(void **state)
{
    (void)state;
    float scores[BYTES + MORE] = {0};
    Builder b = build_spm(BYTES, scores, BYTES + MORE);
    MtsTokenizer *tokenizer = expect_good(&b);
    /* BOS and the space prefix are the default; "<0x41>" is no byte when a text says it; a plain space of the file
     * ("a b") is never met. */
    expect_ids(tokenizer, "ab a b", (const int32_t[]){1, 3, 6, 3, 4, 3, 5}, 7);
    expect_ids(tokenizer, "<s>a", (const int32_t[]){1, 1, 3, 4}, 4);
    expect_ids(tokenizer, "\xC3\xA9", (const int32_t[]){1, 3, MORE + 0xC3, MORE + 0xA9}, 4);
    expect_ids(tokenizer, "<0x41>",
               (const int32_t[]){1, 3, MORE + '<', MORE + '0', MORE + 'x', MORE + '4', MORE + '1', MORE + '>'}, 8);
    assert_true(mts_tokenizer_is_end(tokenizer, 2));
    mts_tokenizer_free(&tokenizer);

    /* Without byte tokens each byte becomes the unknown token. */
    b = build_spm(0, scores, MORE);
    tokenizer = expect_good(&b);
    expect_ids(tokenizer, "a\xC3\xA9", (const int32_t[]){1, 3, 4, 0, 0}, 5);
    mts_tokenizer_free(&tokenizer);

    b = build_spm(BYTES, scores, BYTES);
    expect_sentence(&b, MTS_EFORMAT, "tokenizer.ggml.scores has 256 elements, tokenizer.ggml.tokens 264");
    scores[5] = NAN;
    b = build_spm(BYTES, scores, BYTES + MORE);
    expect_sentence(&b, MTS_EFORMAT, "tokenizer.ggml.scores[5] is no finite number");
}

/* The best score goes first, the leftmost among equals; -0 equals 0. */
static void scores_decide(void **state)
{
    (void)state;
    const char *tokens[] = {"<unk>", "<s>", "</s>", "a", "b", "c", "ab", "bc", "ca"};
    int32_t types[] = {2, 3, 3, 1, 1, 1, 1, 1, 1};
    static const struct {
        float ab, bc, ca;
        const char *text;
        int32_t ids[6];
        size_t count;
    } cases[] = {
        {-1, -2, -3, "abca", {6, 8}, 2},     {-2, -1, -3, "abca", {3, 7, 3}, 3},   {0.0f, -0.0f, -1, "abc", {6, 5}, 2},
        {-0.0f, 0.0f, -1, "abc", {6, 5}, 2}, {-1e30f, 1e30f, 0, "abc", {3, 7}, 2}, {-5, -5, -5, "bcab", {7, 6}, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        float scores[9] = {0, 0, 0, 0, 0, 0, cases[i].ab, cases[i].bc, cases[i].ca};
        Builder b = {{NULL, 0, 0}, 0};
        add_string(&b, "tokenizer.ggml.model", "llama");
        add_strings(&b, "tokenizer.ggml.tokens", tokens, 9);
        add_i32s(&b, "tokenizer.ggml.token_type", types, 9);
        add_f32s(&b, "tokenizer.ggml.scores", scores, 9);
        add_bool(&b, "tokenizer.ggml.add_bos_token", false);
        add_bool(&b, "tokenizer.ggml.add_space_prefix", false);
        MtsTokenizer *tokenizer = expect_good(&b);
        expect_ids(tokenizer, cases[i].text, cases[i].ids, cases[i].count);
        mts_tokenizer_free(&tokenizer);
    }
}

/* ---- special tokens: one pass over the text per token, longest first, as the rule says ---- */

static void find_literally(const char *text, const char *const *names, const int32_t *order, size_t count, int32_t *at)
{
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++) {
        at[i] = -1;
    }
    bool taken[64] = {false};
    for (size_t k = 0; k < count; k++) {
        size_t length = strlen(names[order[k]]);
        for (size_t i = 0; i + length <= size; i++) {
            bool free_here = memcmp(text + i, names[order[k]], length) == 0;
            for (size_t j = i; j < i + length && free_here; j++) {
                free_here = !taken[j];
            }
            if (free_here) {
                at[i] = order[k];
                memset(taken + i, 1, length);
                i += length - 1;
            }
        }
    }
}

static void special_tokens_follow_the_rule(void **state)
{
    (void)state;
    uint32_t random = 7;
    size_t found_total = 0;
    for (int round = 0; round < 3000; round++) {
        char names[6][8], text[40];
        const char *tokens[6];
        int32_t types[6], order[6];
        random = random * 1664525u + 1013904223u;
        size_t count = 1 + (random >> 20) % 6;
        for (size_t i = 0; i < count; i++) {
            random = random * 1664525u + 1013904223u;
            size_t length = 1 + (random >> 24) % 5;
            for (size_t k = 0; k < length; k++) {
                names[i][k] = (char)('a' + (random >> (3 * k + 3)) % 2);
            }
            names[i][length] = '\0';
            tokens[i] = names[i];
            types[i] = MTS_TOKEN_USER;
            order[i] = (int32_t)i;
        }
        for (size_t i = 1; i < count; i++) { /* stable: longest first, then by id */
            for (size_t k = i; k > 0 && strlen(names[order[k]]) > strlen(names[order[k - 1]]); k--) {
                int32_t swap = order[k];
                order[k] = order[k - 1], order[k - 1] = swap;
            }
        }
        for (size_t i = 0; i < sizeof text - 1; i++) {
            random = random * 1664525u + 1013904223u;
            text[i] = "aabbc"[(random >> 16) % 5];
        }
        text[sizeof text - 1] = '\0';
        Builder b = {{NULL, 0, 0}, 0};
        const char *const merges[] = {"x"};
        add_string(&b, "tokenizer.ggml.model", "gpt2");
        add_string(&b, "tokenizer.ggml.pre", "gpt-2");
        add_strings(&b, "tokenizer.ggml.tokens", tokens, count);
        add_i32s(&b, "tokenizer.ggml.token_type", types, count);
        add_strings(&b, "tokenizer.ggml.merges", merges, 0);
        MtsTokenizer *tokenizer = expect_good(&b);
        MtsSpecialAt *found;
        size_t n;
        MtsError err = {0};
        int32_t want[40];
        find_literally(text, tokens, order, count, want);
        assert_ok(mts_specials_find(&tokenizer->specials, text, NULL, strlen(text), false, &found, &n, &err), &err);
        size_t next = 0;
        for (size_t i = 0; i < strlen(text); i++) {
            if (want[i] >= 0) {
                assert_true(next < n && found[next].start == i && strcmp(names[found[next].id], names[want[i]]) == 0);
                next++;
            }
        }
        assert_int_equal(next, n);
        found_total += n;
        free(found);
        mts_tokenizer_free(&tokenizer);
    }
    assert_true(found_total > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_byte_level_files), cmocka_unit_test(bos_comes_once),
        cmocka_unit_test(a_chat_ends_open),       cmocka_unit_test(a_broken_template_names_the_file),
        cmocka_unit_test(odd_byte_level_files),   cmocka_unit_test(sentence_piece_files),
        cmocka_unit_test(scores_decide),          cmocka_unit_test(special_tokens_follow_the_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
