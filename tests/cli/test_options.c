/* The option parser: every kind of option, every way to write it, every way to get it wrong. */
#include "../test.h"

#include <math.h>
#include <stdbool.h>

#include "cli/options.h"

typedef struct Values {
    bool flag;
    const char *text, *choice;
    size_t size;
    uint64_t seed;
    double real;
} Values;

static const Option OPTIONS[] = {
    {OPTION_HEADING, 0, "All of them", 3, 0, NULL, 0, 0, NULL, NULL, NULL, false},
    {OPTION_FLAG, 'f', "flag", 1, offsetof(Values, flag), NULL, 0, 0, "a flag", NULL, NULL, false},
    {OPTION_TEXT, 't', "text", 3, offsetof(Values, text), "TEXT", 0, 0, "a text", "none", NULL, false},
    {OPTION_CHOICE, 0, "choice", 1, offsetof(Values, choice), "one|two|three", 0, 0, "a word", "one", NULL, false},
    {OPTION_SIZE, 'n', "size", 1, offsetof(Values, size), "N", 1, 1000, "a count", "10", NULL, false},
    {OPTION_SEED, 0, "seed", 1, offsetof(Values, seed), "N", 0, 0, "a seed", "0", NULL, false},
    {OPTION_REAL, 0, "real", 1, offsetof(Values, real), "X", -1, 2.5, "a number", "0.5", "take a whole one", false},
};

enum { COUNT = sizeof OPTIONS / sizeof OPTIONS[0] };

static int parse(Values *v, const char **operand, MtsError *err, int argc, const char **argv)
{
    memset(err, 0, sizeof *err);
    options_clear(OPTIONS, COUNT, v);
    return options_parse(OPTIONS, COUNT, 1, "probe", argc, (char **)argv, v, operand, operand ? 1 : 0, err);
}

#define PARSE(v, operand, err, ...)                                                                                    \
    parse(v, operand, err, (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)), (const char *[]){__VA_ARGS__})

static void values_arrive(void **state)
{
    Values v;
    MtsError err;
    const char *operand = NULL;
    (void)state;
    assert_ok(PARSE(&v, &operand, &err, "-f", "--text", "-x", "word", "--choice=three", "-n7", "--seed",
                    "9223372036854775807", "--real=-1", "--"),
              &err);
    assert_true(v.flag);
    assert_string_equal(v.text, "-x");
    assert_string_equal(operand, "word");
    assert_string_equal(v.choice, "three");
    assert_int_equal(v.size, 7);
    assert_true(v.seed == INT64_MAX);
    assert_true(v.real == -1);
    assert_ok(PARSE(&v, NULL, &err, "-n", "7", "-n", "8", "--text="), &err); /* the later one counts */
    assert_int_equal(v.size, 8);
    assert_string_equal(v.text, "");
    assert_true(isnan(v.real) && !v.flag && !v.choice);
    assert_ok(PARSE(&v, NULL, &err, "--real", "1e-3"), &err);
    assert_true(v.size == CLI_NO_SIZE && v.real == 1e-3);
}

static void wrong_ones_are_named(void **state)
{
    static const char *const wrong[][3] = {
        {"--size", "0", "--size: '0'"},
        {"--size", "1001", "'1001'"},
        {"--size", "1e2", "'1e2'"},
        {"--size", "-3", "'-3'"},
        {"--size", "", "''"},
        {"--size", "7 ", "'7 '"},
        {"--size", "99999999999999999999", "no whole number from 1 to 1000"},
        {"--seed", "9223372036854775808", "--seed"},
        {"--real", "nan", "'nan'"},
        {"--real", "inf", "'inf'"},
        {"--real", "2.6", "from -1 to 2.5"},
        {"--real", "0.5x", "'0.5x'"},
        {"--real", " 1", "' 1'"},
        {"--choice", "tw", "'tw'"},
        {"--choice", "one|two", "none of"},
        {"--choice", "", "''"},
        {"--nothing", "1", "'--nothing'"},
        {"--nothing", "1", "command; 'maxts probe"},
        {"--sizes", "1", "did you mean '--size'?"},
        {"--raal=1", NULL, "did you mean '--real'?"},
        {"--real=9", NULL, "to 2.5; take a whole one"},
        {"--choice", "tow", "did you mean 'two'?"},
        {"-z", "1", "'-z'"},
        {"--flag=1", "", "takes no value"},
        {"--text", NULL, "needs a value"},
    };
    Values v;
    MtsError err;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *argv[2] = {wrong[i][0], wrong[i][1]};
        int rc = parse(&v, NULL, &err, wrong[i][1] ? 2 : 1, argv);
        if (rc != MTS_EREQUEST || !strstr(err.text, wrong[i][2]) || strncmp(err.text, "probe: ", 7)) {
            fail_msg("%s %s: %d '%s'", wrong[i][0], wrong[i][1] ? wrong[i][1] : "", rc, err.text);
        }
    }
    const char *operand = NULL;
    assert_int_equal(PARSE(&v, &operand, &err, "a", "b"), MTS_EREQUEST);
    assert_non_null(strstr(err.text, "'b' is one word too many"));
    const char *argv[] = {"--size", "1"}; /* an option of another command */
    assert_int_equal(options_parse(OPTIONS, COUNT, 2, "other", 2, (char **)argv, &v, NULL, 0, &err), MTS_EREQUEST);
}

static void help_states_range_and_default(void **state)
{
    char text[4096] = "";
    (void)state;
    FILE *file = tmpfile();
    assert_non_null(file);
    options_help(OPTIONS, COUNT, 1, 0, file);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_non_null(strstr(text, "\nAll of them:\n"));
    assert_non_null(strstr(text, "-n, --size N"));
    assert_non_null(strstr(text, "a count (1 to 1000; default 10)"));
    assert_non_null(strstr(text, "a number (-1 to 2.5; default 0.5)"));
    assert_non_null(strstr(text, "a word (one|two|three; default one)"));
}

/* Nothing is wider than the screen but what cannot be broken. */
static void help_fits_the_screen(void **state)
{
    static const size_t widths[] = {40, 80, 200};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char line[4096];
        FILE *file = tmpfile();
        assert_non_null(file);
        options_help(OPTIONS, COUNT, 1, widths[i], file);
        rewind(file);
        while (fgets(line, sizeof line, file)) {
            assert_true(strcspn(line, "\n") <= widths[i]);
        }
        fclose(file);
    }
}

/* What a size of this processor cannot hold is refused, and not cut down to it. */
static void large_sizes(void **state)
{
    (void)state;
    static const Option large = {OPTION_SIZE, 0,    "size", 1,    offsetof(Values, size), "N", 1, 1e12,
                                 "a count",   "10", NULL,   false};
    const char *const argv[] = {"--size", "4294967297"};
    Values v;
    MtsError err = {0};
    options_clear(&large, 1, &v);
    int rc = options_parse(&large, 1, 1, "probe", 2, (char **)(uintptr_t)argv, &v, NULL, 0, &err);
    if (SIZE_MAX > UINT32_MAX) {
        assert_ok(rc, &err);
        assert_true((uint64_t)v.size == UINT64_C(4294967297));
    } else {
        assert_int_equal(rc, MTS_EREQUEST);
        assert_non_null(strstr(err.text, "'4294967297' is no whole number from 1 to 4294967294"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_arrive), cmocka_unit_test(large_sizes), cmocka_unit_test(wrong_ones_are_named),
        cmocka_unit_test(help_states_range_and_default), cmocka_unit_test(help_fits_the_screen)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
