/* The row of progress: how often, what it says in which width, and what a screen's width is. */
#include "../test.h"

#include <math.h>
#include <stdlib.h>

#include "cli/progress.h"
#include "cli/screen.h"

static void never_more_than_ten_a_second(void **state)
{
    Progress terminal, file;
    size_t rows = 0, lines = 0;
    (void)state;
    progress_begin(&terminal, false);
    terminal.redraws = true;
    terminal.pause = 0.1;
    progress_begin(&file, false);
    assert_false(file.redraws); /* a test's standard error is a file */
    double from = file.began;
    for (int ms = 0; ms < 3600 * 1000; ms += 3) {
        rows += ms < 10000 && progress_due(&terminal, from + 1e-3 * ms);
        lines += progress_due(&file, from + 1e-3 * ms);
    }
    assert_true(rows > 80 && rows <= 100);
    assert_true(lines >= 6 && lines <= 12); /* of an hour */
    progress_begin(&file, true);
    assert_false(progress_due(&file, file.began + 1e6));
}

static void rows_fit(void **state)
{
    ProgressRow row = {0};
    char line[512];
    (void)state;
    progress_part(&row, "%d of %d rollouts", 120, 1000);
    progress_left(&row, 35.2);
    progress_left(&row, NAN);
    progress_left(&row, 600);
    progress_left(&row, 1e5);
    progress_part(&row, "best reward %.4g", -0.123456);
    progress_join(&row, 0, line, sizeof line);
    assert_string_equal(
        line, "120 of 1000 rollouts, about 36 s left, about 10 min left, about 27.8 h left, best reward -0.1235");
    progress_join(&row, 79, line, sizeof line);
    assert_string_equal(line, "120 of 1000 rollouts, about 36 s left, about 10 min left, about 27.8 h left");
    progress_join(&row, 39, line, sizeof line);
    assert_string_equal(line, "120 of 1000 rollouts, about 36 s left");
    for (size_t columns = 1; columns < 120; columns++) {
        progress_join(&row, columns, line, sizeof line);
        assert_true(line[0] && screen_columns(line, strlen(line)) <= columns);
    }
    progress_join(&row, 0, line, 30); /* a small buffer loses parts, not bytes */
    assert_string_equal(line, "120 of 1000 rollouts");
}

static void widths(void **state)
{
    static const char wide[] = "a\xC3\xA9\xE6\xBC\xA2\xF0\x9F\x98\x80"
                               "e\xCC\x81"; /* a, e acute, a Han character, a face, e with a mark */
    (void)state;
    assert_int_equal(screen_columns(wide, sizeof wide - 1), 7);
    assert_int_equal(screen_fit(wide, sizeof wide - 1, 3), 3); /* the Han character needs two */
    assert_int_equal(screen_fit(wide, sizeof wide - 1, 4), 6);
    assert_int_equal(screen_fit(wide, sizeof wide - 1, 99), sizeof wide - 1);
    setenv("COLUMNS", "40", 1);
    assert_int_equal(screen_width(2), 40);
    setenv("COLUMNS", "wide", 1);
    assert_int_equal(screen_width(2), 0);
    unsetenv("COLUMNS");
    assert_int_equal(screen_width(2), 0);
    assert_string_equal(screen_bold(2), "");
    screen_choose_color("always");
    assert_string_equal(screen_bold(2), "\033[1m");
    screen_choose_color("never");
    assert_string_equal(screen_bold(2), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(never_more_than_ten_a_second), cmocka_unit_test(rows_fit),
                                       cmocka_unit_test(widths)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
