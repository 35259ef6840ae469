/* Choices among forms of the products: measured once, kept in the cache folder, taken from there, and made anew where
 * what lies there is another edition's or no choice at all. */
#include "../test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "core/cpu.h"
#include "core/file.h"
#include "core/mem.h"
#include "model/choice.h"

enum { ROWS = 64, TYPES = 2 };

static MtsKernels kernels;
static MtsWeights weights[TYPES + 1];
static char folder[64];
static size_t shapes; /* that there are two forms for */

static void pack(MtsWeights *w, MtsType type, size_t cols)
{
    size_t elements, bytes, size = mts_weights_plan(w, type, ROWS, cols);
    assert_true(mts_type_block(type, &elements, &bytes));
    void *tensor = calloc(ROWS * cols / elements, bytes);
    w->data = mts_aligned_calloc(1, size);
    assert_non_null(tensor);
    assert_non_null(w->data);
    mts_pack(w, 0, w->groups, tensor);
    free(tensor);
}

static int setup(void **state)
{
    uint32_t flags;
    char bad[32], folder_of_tests[] = "/tmp/maxts-choice-XXXXXX";
    (void)state;
    if (mts_cpu_flags(NULL, &flags, bad, sizeof bad) || !mkdtemp(folder_of_tests)) {
        return 1;
    }
    mts_kernels_init(&kernels, flags);
    snprintf(folder, sizeof folder, "%s", folder_of_tests);
    pack(&weights[0], MTS_TYPE_Q8_0, 64);
    pack(&weights[1], MTS_TYPE_Q8_0, 96);
    pack(&weights[2], MTS_TYPE_Q8_0, 64); /* the first one's shape */
    shapes = kernels.product[MTS_TYPE_Q8_0] ? 2 : 0;
    setenv("XDG_CACHE_HOME", folder, 1);
    unsetenv("MAXTS_CACHE");
    return 0;
}

static int teardown(void **state)
{
    char path[128];
    (void)state;
    for (int i = 0; i < TYPES + 1; i++) {
        mts_aligned_free(weights[i].data);
    }
    snprintf(path, sizeof path, "%s/maxts", folder);
    rmdir(path);
    return rmdir(folder);
}

static MtsChoices choose(void)
{
    MtsWeights *const all[] = {&weights[0], &weights[1], &weights[2]};
    MtsChoices choices;
    MtsError err = {0};
    for (int i = 0; i < TYPES + 1; i++) {
        weights[i].product_from = MTS_PRODUCT_ROWS;
    }
    assert_ok(mts_choose_forms(&choices, &kernels, all, TYPES + 1, &err), &err);
    assert_int_equal(weights[0].product_from, weights[2].product_from);
    assert_true(weights[0].product_from > 0 && weights[1].product_from > 0);
    assert_true(choices.seconds >= 0);
    return choices;
}

static void test_kept(void **state)
{
    MtsFormChoice read[4];
    char *text = NULL;
    size_t size, loads = 0;
    MtsError err = {0};
    (void)state;
    MtsChoices last = choose();
    for (; last.file && shapes && last.kept < shapes && loads < 400; loads++) { /* a busy machine takes longer */
        assert_int_equal(last.measured + last.kept + last.unsettled, shapes);
        free(last.file);
        last = choose();
    }
    if (last.file && shapes && last.kept == shapes) {
        assert_true(loads >= MTS_CHOICE_TIMES);
        assert_int_equal(last.measured, 0);
        assert_ok(mts_read_file(last.file, 1 << 16, &text, &size, &err), &err);
        assert_int_equal(mts_choices_read(text, kernels.name, read, 4), 2);
        assert_int_equal(read[0].times, MTS_CHOICE_TIMES);
        assert_int_equal(read[0].from, weights[read[0].cols == 96].product_from);
        assert_int_equal(mts_choices_read(text, kernels.name, read, 1), 1);
        assert_int_equal(mts_choices_read(text, "others", read, 4), 0);
        *strchr(text, '\n') = ' '; /* another edition's */
        assert_ok(mts_write_file_atomic(last.file, text, size, &err), &err);
        free(last.file);
        last = choose();
        assert_int_equal(last.kept, 0);
        unlink(last.file);
    } else if (last.file) {
        unlink(last.file);
    }
    free(text);
    free(last.file);
}

/* Words that are no choices end the reading; numbers out of range are none. */
static void test_read(void **state)
{
    (void)state;
    MtsFormChoice read[4];
    static const char head[] = "maxts 0.1.0 2\n";
    char text[256];
    static const struct {
        const char *lines;
        size_t count;
    } cases[] = {{"", 0},
                 {"k Q8_0 64 8\nk Q4_1 32 33\n", 2},
                 {"k Q8_0 64\n", 0},
                 {"k Q8_0 64 0\nk Q8_0 96 1", 1},
                 {"k F32 64 8\nk unknown 64 8\nj Q8_0 64 8\nk Q6_K 256 2\n", 1},
                 {"k Q8_0 64 8\nand so on\nk Q8_0 96 8\n", 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(text, sizeof text, "%s%s", head, cases[i].lines);
        assert_int_equal(mts_choices_read(text, "k", read, 4), cases[i].count);
    }
    snprintf(text, sizeof text, "%sk Q8_0 64 12\nk Q8_0 64 8\nk Q8_0 64 33\n", head); /* the least counts */
    assert_int_equal(mts_choices_read(text, "k", read, 4), 1);
    assert_true(read[0].from == 8 && read[0].times == 3);
    snprintf(text, sizeof text, "%s%s", head, cases[1].lines);
    assert_int_equal(mts_choices_read(text, "k", read, 4), 2);
    assert_true(read[1].from == SIZE_MAX && read[1].type == MTS_TYPE_Q4_1);
    assert_int_equal(mts_choices_read("maxts 0.0.1 1\nk Q8_0 64 8\n", "k", read, 4), 0);
    assert_int_equal(mts_choices_read("", "k", read, 4), 0);
}

static void test_off(void **state)
{
    (void)state;
    setenv("MAXTS_CACHE", "off", 1);
    MtsChoices choices = choose();
    unsetenv("MAXTS_CACHE");
    assert_null(choices.file);
    assert_int_equal(choices.measured + choices.unsettled, shapes);
    setenv("XDG_CACHE_HOME", "/dev/null", 1); /* a folder that cannot be: measured every time */
    choices = choose();
    assert_int_equal(choices.measured + choices.unsettled, shapes);
    assert_int_equal(choices.kept, 0);
    free(choices.file);
    setenv("XDG_CACHE_HOME", folder, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kept), cmocka_unit_test(test_read),
                                       cmocka_unit_test(test_off)};
    return cmocka_run_group_tests_name("choice", tests, setup, teardown);
}
