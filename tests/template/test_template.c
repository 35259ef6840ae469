#include "../test.h"

#include <time.h>

#include <jansson.h>

#include "template/template.h"

static MtsString str(const char *s)
{
    return (MtsString){s, s ? strlen(s) : 0};
}

static const MtsTemplateDate DAY = {2026, 3, 5};

static int render_json(const char *text, const json_t *messages, const json_t *variables, const MtsTemplateDate *date,
                       char **out, MtsError *err)
{
    MtsTemplateInput input = {messages, variables, str("<s>"), str("</s>"), date, NULL};
    size_t size;
    return mts_template_render("template", str(text), &input, out, NULL, &size, err);
}

static json_t *chat(const char *system, const char *user)
{
    return system ? json_pack("[{s:s, s:s}, {s:s, s:s}]", "role", "system", "content", system, "role", "user",
                              "content", user)
                  : json_pack("[{s:s, s:s}]", "role", "user", "content", user);
}

static int render(const char *text, const char *system, const char *user, char **out, MtsError *err)
{
    json_t *messages = chat(system, user);
    int rc = render_json(text, messages, NULL, NULL, out, err);
    json_decref(messages);
    return rc;
}

static void prompts_equal_those_of_jinja(void **state)
{
    (void)state;
    json_error_t why;
    json_t *fixtures = json_load_file(test_path("tests/template/templates.json"), 0, &why);
    assert_non_null(fixtures);
    size_t rendered = 0, refused = 0;
    for (size_t i = 0; i < json_array_size(fixtures); i++) {
        const json_t *fixture = json_array_get(fixtures, i), *cases = json_object_get(fixture, "cases");
        const char *text = json_string_value(json_object_get(fixture, "template"));
        for (size_t k = 0; k < json_array_size(cases); k++) {
            const json_t *one = json_array_get(cases, k);
            const char *want = json_string_value(json_object_get(one, "text"));
            char *got;
            MtsError err = {0};
            int rc = render_json(text, json_object_get(one, "messages"), json_object_get(one, "variables"), &DAY, &got,
                                 &err);
            if (want) {
                if (rc != 0 || strcmp(got, want) != 0) {
                    fail_msg("%s\n%s\nwant %s\ngot  %s", json_string_value(json_object_get(fixture, "name")), text,
                             want, rc == 0 ? got : err.text);
                }
                rendered++;
            } else {
                if (rc == 0) {
                    fail_msg("%s\nis refused by Jinja, gave %s", text, got);
                }
                assert_non_null(strstr(err.text, "template"));
                refused++;
            }
            free(got);
        }
    }
    json_decref(fixtures);
    assert_true(rendered > 180 && refused > 45);
}

static void sentences_say_where(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int code;
        const char *says;
    } cases[] = {
        {"a\n{{ 1 | nofilter }}", MTS_EUNSUPPORTED, "line 2: asks for what is not supported: the filter \"nofilter\""},
        {"{{ raise_exception('System role not supported') }}", MTS_EREQUEST,
         "refuses these messages: \"System role not supported\""},
        {"\n\n{% if x %}", MTS_EFORMAT, "line 3: a block has no end"},
        {"{{ '%5-3d' % 4 }}", MTS_EUNSUPPORTED, "such a format of a string"},
        {"{{ '%1.2.3f' % 4 }}", MTS_EUNSUPPORTED, "such a format of a string"},
        {"{{ 2.5 is divisibleby(-1) }}", MTS_EFORMAT, "the test \"divisibleby\" of such values"},
        {"{{ '-9223372036854775808' | int | abs }}", MTS_EUNSUPPORTED, "arithmetic beyond 64 bits"},
        {"{{ -('-9223372036854775808' | int) }}", MTS_EUNSUPPORTED, "arithmetic beyond 64 bits"},
        {"{{ missing.name }}", MTS_EFORMAT, "\"name\" of \"missing\", which is undefined"},
        {"{{ strftime_now('%Y') }}", MTS_EUNSUPPORTED, "the function \"strftime_now\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *out;
        MtsError err = {0};
        assert_int_equal(render(cases[i].text, NULL, "u", &out, &err), cases[i].code);
        assert_null(out);
        assert_non_null(strstr(err.text, cases[i].says));
    }
}

/* Each of these would run for ever, recurse without end, or take all memory. */
static void hostile_templates_end_in_a_sentence(void **state)
{
    (void)state;
    static const char *const endless[] = {
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
        "{% for a in range(2000000000) %}{% endfor %}",
        "{% set ns = namespace(s='ab') %}{% for a in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        "{% set ns = namespace(l=[1]) %}{% for a in range(100) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
        "{% set ns = namespace(s='x') %}{% for a in range(100) %}{% set ns.s = ns.s | replace('x', 'xx') %}{% endfor "
        "%}",
        "{% set ns = namespace(s='ab') %}{% for a in range(18) %}{% set ns.s = ns.s + ns.s %}{% endfor %}"
        "{% for a in range(9) %}{{ ns.s | trim(ns.s) }}{% endfor %}",
        "{{ [1] * 4294967297 }}",
        "{{ [1] | batch(4294967296, 0) | first }}",
        "{% set a = namespace() %}{% set b = namespace() %}{% set a.x = a %}{% set b.x = b %}{{ a == b }}",
        "{{ ('ab' * 90) | join('AbCdEfGhIj ' * 20) | list | groupby('a', 'Some words, ' * 60) | length }}",
    };
    char *out;
    clock_t begun = clock();
    for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
        MtsError err = {0};
        assert_int_equal(render(endless[i], NULL, "u", &out, &err), MTS_ECAPACITY);
        assert_null(out);
    }
    assert_true((double)(clock() - begun) / CLOCKS_PER_SEC < 60); /* the last alone had 67 s; all have 2 */
    char *deep = malloc(400001);
    const char *const nests[] = {"(", "[", "{", "-", "not ", "{% if x %}", "{{ x[", "{% for a in b %}"};
    for (size_t i = 0; i < sizeof nests / sizeof *nests; i++) {
        MtsError err = {0};
        size_t n = strlen(nests[i]), length = 3;
        strcpy(deep, "{{ ");
        for (int k = 0; k < 20000; k++, length += n) {
            memcpy(deep + length, nests[i], n + 1);
        }
        assert_int_not_equal(render(deep, NULL, "u", &out, &err), 0);
        assert_null(out);
    }
    free(deep);
}

/* Random damage to good templates: an answer or a sentence, never a crash (this is most telling with sanitisers). */
static void damaged_templates_do_no_harm(void **state)
{
    (void)state;
    static const char alphabet[] = "{}%#-+()[]'\"|.,:=<>!~ \nabis0123456789\\";
    json_error_t why;
    json_t *fixtures = json_load_file(test_path("tests/template/templates.json"), 0, &why);
    assert_non_null(fixtures);
    uint32_t random = 1;
    size_t good = 0, bad = 0;
    for (int round = 0; round < 40; round++) {
        for (size_t i = 0; i < json_array_size(fixtures); i++) {
            const char *text = json_string_value(json_object_get(json_array_get(fixtures, i), "template"));
            char *copy = strdup(text), *out;
            size_t size = strlen(copy);
            for (int k = 0; k < 1 + round % 4 && size; k++) {
                random = random * 1664525u + 1013904223u;
                copy[(random >> 8) % size] = alphabet[(random >> 3) % (sizeof alphabet - 1)];
            }
            MtsError err = {0};
            int rc = render(copy, "s", "u", &out, &err);
            assert_true((rc == 0) == (out != NULL));
            assert_true(rc == 0 || err.text[0] != '\0');
            good += rc == 0;
            bad += rc != 0;
            free(out);
            free(copy);
        }
    }
    json_decref(fixtures);
    assert_true(good > 100 && bad > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prompts_equal_those_of_jinja),
        cmocka_unit_test(sentences_say_where),
        cmocka_unit_test(hostile_templates_end_in_a_sentence),
        cmocka_unit_test(damaged_templates_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
