/* The words of every pre-tokenizer are those that its published expressions find: tests/tokenizer/words.json, by
 * tools/make_tokenizer_fixtures.py. With a file of that form as its argument: those in it. */
#include "../test.h"

#include <time.h>

#include <jansson.h>

#include "core/mem.h"
#include "tokenizer/split.h"

static const char *given;

/* The lengths of a text's words in bytes: "3 1 4". */
static void words_of(const MtsSplit *split, const char *text, size_t size, MtsBytes *lengths)
{
    MtsError err = {0};
    MtsSplitter *walk;
    size_t start, length, at = 0;
    assert_ok(mts_splitter_new(&walk, split, text, size, &err), &err);
    do {
        assert_ok(mts_splitter_next(walk, &start, &length, &err), &err);
        assert_int_equal(start, at);
        at += length;
        assert_true(!length || mts_bytes_printf(lengths, "%s%zu", lengths->len ? " " : "", length));
    } while (length);
    assert_int_equal(at, size);
    mts_splitter_free(&walk);
}

static void words_are_those_of_the_expressions(void **state)
{
    json_error_t why;
    json_t *root = json_load_file(given ? given : test_path("tests/tokenizer/words.json"), JSON_ALLOW_NUL, &why),
           *cases;
    const char *name;
    size_t different = 0, count = 0, i;
    (void)state;
    assert_non_null(root);
    json_object_foreach(root, name, cases)
    {
        json_t *one;
        MtsError err = {0};
        MtsSplit *split;
        const MtsSplitRule *rule = mts_split_rule_named(name, strlen(name));
        assert_non_null(rule);
        assert_ok(mts_split_by_rule(&split, rule, &err), &err);
        json_array_foreach(cases, i, one)
        {
            const json_t *text = json_array_get(one, 0);
            const char *want = json_string_value(json_array_get(one, 1));
            MtsBytes got = {NULL, 0, 0};
            words_of(split, json_string_value(text), json_string_length(text), &got);
            bool same = strcmp(got.data ? got.data : "", want) == 0;
            if (!same && different++ < 8) {
                char *ascii = json_dumps(text, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
                print_message("%s: %s\n  want %s\n  got  %s\n", name, ascii, want, got.data);
                free(ascii);
            }
            count++;
            mts_bytes_free(&got);
        }
        mts_split_free(&split);
    }
    json_decref(root);
    print_message("%zu texts, %zu with other words\n", count, different);
    assert_int_equal(different, 0);
    assert_true(count >= 300);
}

/* Every name has words, and every expression is one. */
static void every_rule_compiles(void **state)
{
    (void)state;
    for (size_t i = 0; i < mts_split_rule_count; i++) {
        MtsError err = {0};
        MtsSplit *split;
        const MtsSplitRule *rule = &mts_split_rules[i];
        assert_ptr_equal(mts_split_rule_named(rule->name, strlen(rule->name)), rule);
        assert_ok(mts_split_by_rule(&split, rule, &err), &err);
        MtsBytes lengths = {NULL, 0, 0};
        words_of(split, "x", 1, &lengths);
        assert_string_equal(lengths.data, "1");
        mts_bytes_free(&lengths);
        mts_split_free(&split);
    }
}

/* 64 KiB of one thing over and over take no longer than other texts: what is quadratic would take minutes. */
static void runs_take_linear_time(void **state)
{
    static const char *const units[] = {" ", "\n", " \n", "\r",           "a",       "A", "aA",
                                        "1", "'",  "!",   "\xE3\x82\xA2", "\xCC\x81"};
    enum { SIZE = 1 << 16 };
    static char text[SIZE + 2];
    clock_t begin = clock();
    (void)state;
    for (size_t i = 0; i < mts_split_rule_count; i++) {
        MtsError err = {0};
        MtsSplit *split;
        assert_ok(mts_split_by_rule(&split, &mts_split_rules[i], &err), &err);
        for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
            size_t unit = strlen(units[u]), size = 0;
            for (; size + unit <= SIZE; size += unit) {
                memcpy(text + size, units[u], unit);
            }
            memcpy(text + size, "x", 1); /* behind white space: a run that does not end the text */
            MtsBytes lengths = {NULL, 0, 0};
            words_of(split, text, size + 1, &lengths);
            mts_bytes_free(&lengths);
        }
        mts_split_free(&split);
    }
    print_message("%.2f s\n", (double)(clock() - begin) / CLOCKS_PER_SEC);
    assert_true((double)(clock() - begin) / CLOCKS_PER_SEC < 60);
}

int main(int argc, char **argv)
{
    given = argc > 1 ? argv[1] : NULL;
    const struct CMUnitTest tests[] = {cmocka_unit_test(words_are_those_of_the_expressions),
                                       cmocka_unit_test(every_rule_compiles), cmocka_unit_test(runs_take_linear_time)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
