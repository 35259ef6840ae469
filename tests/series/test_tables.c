/* Tables as programs, countries and devices write them (tests/series/tables.json, by tools/make_table_fixtures.py):
 * each is read as pandas reads it when it is told how, or refused with the place. */
#include "../test.h"

#include <math.h>

#include "core/file.h"
#include "core/json.h"
#include "core/utf8.h"
#include "series/set.h"

/* A text of the characters U+0000 to U+00FF as bytes. */
static char *bytes_of(const json_t *text, size_t *size)
{
    const char *s = json_string_value(text);
    size_t n = json_string_length(text);
    char *out = malloc(n + 1);
    *size = 0;
    for (size_t i = 0; i < n;) {
        uint32_t c = 0;
        size_t step = mts_utf8_decode(s + i, n - i, &c);
        assert_true(step > 0 && c < 256);
        out[(*size)++] = (char)c;
        i += step;
    }
    out[*size] = '\0';
    return out;
}

static void check_values(const char *name, const json_t *want, const MtsSeries *s)
{
    if (json_array_size(want) != s->channels) {
        fail_msg("%s: %zu channels, the first called %s", name, s->channels, s->names[0]);
    }
    for (size_t c = 0; c < s->channels; c++) {
        const json_t *values = json_array_get(want, c);
        assert_int_equal(json_array_size(values), s->length);
        for (size_t i = 0; i < s->length; i++) {
            double got = s->values[c * s->length + i], pandas = json_number_value(json_array_get(values, i));
            if (fabs(got - pandas) > 1e-15 * fabs(pandas)) { /* pandas' own numbers are off by a last bit at times */
                fail_msg("%s: channel %zu, value %zu is %.17g, pandas has %.17g", name, c + 1, i + 1, got, pandas);
            }
        }
    }
}

static void check_table(const json_t *row)
{
    const char *name = json_string_value(json_object_get(row, "name"));
    const char *refused = json_string_value(json_object_get(row, "refused"));
    char path[32];
    size_t size;
    MtsError err = {0};
    MtsSeries *s = NULL;
    MtsSeriesSet set;
    const char *selection = json_string_value(json_object_get(row, "selection"));
    snprintf(path, sizeof path, "x%s", json_string_value(json_object_get(row, "extension")));
    char *text = bytes_of(json_object_get(row, "bytes"), &size);
    int rc = mts_set_parse(&set, path, text, size, NULL, &err);
    rc = rc ? rc : mts_set_take(&set, selection + (selection[0] == '#'), &s, &err);
    if (refused ? rc >= 0 || !strstr(err.text, refused) : rc != 0) {
        fail_msg("%s: %d \"%s\"", name, rc, err.text);
    }
    if (s) {
        check_values(name, json_object_get(row, "values"), s);
    }
    mts_series_free(&s);
    mts_set_free(&set);
}

static void tables_as_they_are_written(void **state)
{
    (void)state;
    MtsError err = {0};
    json_t *all = NULL;
    char *text;
    size_t size, refused = 0;
    assert_ok(mts_read_file(test_path("tests/series/tables.json"), 1 << 24, &text, &size, &err), &err);
    assert_ok(mts_json_parse_nul(&all, "tables.json", text, size, &err), &err);
    free(text);
    for (size_t i = 0; i < json_array_size(all); i++) {
        check_table(json_array_get(all, i));
        refused += json_object_get(json_array_get(all, i), "refused") != NULL;
    }
    assert_true(refused >= 25 && json_array_size(all) - refused >= 40);
    json_decref(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tables_as_they_are_written)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
