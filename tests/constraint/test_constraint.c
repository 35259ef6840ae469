#define PCRE2_CODE_UNIT_WIDTH 8
#include "../test.h"

#include <pcre2.h>

#include "constraint/constraint.h"
#include "constraint/schema.h"

/* A vocabulary with shared beginnings, parts of characters, a control token and a duplicate. */
static const char *const vocabulary[] = {"",         "0", "1",  "12", "123",      "12,",  ",",    ", ",
                                         "-",        ".", "a",  "ab", "abc",      "b",    "\xC3", "\xA9",
                                         "\xC3\xA9", "e", "\"", "12", "\xE2\x82", "\xAC", "\xFF"};
enum { VOCAB = sizeof vocabulary / sizeof vocabulary[0] };

static const char *token_bytes(const void *context, int32_t token, size_t *size)
{
    (void)context;
    *size = strlen(vocabulary[token]);
    return *size ? vocabulary[token] : NULL;
}

static MtsConstraint *open_constraint(const char *pattern)
{
    MtsError err = {0};
    MtsConstraint *c;
    assert_ok(mts_constraint_new(&c, pattern, VOCAB, token_bytes, NULL, &err), &err);
    return c;
}

/* Every text of at most three tokens that the masks let through must be one that the pattern matches whole,
 * and no matching text may be lost. */
static size_t count_texts(const char *pattern, bool by_mask)
{
    MtsError err = {0};
    MtsConstraint *c = open_constraint(pattern);
    MtsMatcher *m;
    assert_ok(mts_matcher_new(&m, c, &err), &err);
    size_t found = 0;
    for (int i = 0; i < VOCAB; i++) {
        for (int j = 0; j < VOCAB; j++) {
            for (int k = 0; k < VOCAB; k++) {
                int tokens[3] = {i, j, k};
                char text[64] = "";
                bool ok = true;
                for (int n = 0; n < 3 && ok; n++) {
                    uint8_t mask[VOCAB];
                    assert_ok(mts_matcher_set(m, text, strlen(text), &err), &err);
                    if (by_mask) {
                        size_t allowed = mts_matcher_mask(m, mask), sum = 0;
                        for (int t = 0; t < VOCAB; t++) {
                            assert_int_equal(mask[t], mts_matcher_allows(m, t));
                            sum += mask[t];
                        }
                        assert_int_equal(sum, allowed);
                        ok = mask[tokens[n]];
                    } else {
                        ok = vocabulary[tokens[n]][0] != '\0';
                    }
                    strcat(text, vocabulary[tokens[n]]);
                }
                assert_ok(mts_matcher_set(m, text, strlen(text), &err), &err);
                found += ok && mts_matcher_may_end(m);
            }
        }
    }
    mts_matcher_free(&m);
    mts_constraint_free(&c);
    return found;
}

static void masks_lose_nothing_and_let_nothing_through(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "[0-9]+(,[0-9]+)*", "-?[0-9]{1,4}(\\.[0-9]+)?", "(ab|abc)+b?",  ".{3}",
        "\xC3\xA9+",        "[^a]*\xE2\x82\xAC?",       "(?=1)[0-9,]+", "a*|\"[^\"]*\""};
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        size_t all = count_texts(patterns[i], false);
        assert_true(all > 0);
        assert_int_equal(count_texts(patterns[i], true), all);
    }
}

static void an_end_is_allowed_where_the_text_matches(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsConstraint *c = open_constraint("a{2,3}");
    MtsMatcher *m;
    assert_ok(mts_matcher_new(&m, c, &err), &err);
    static const bool may_end[] = {false, false, true, true, false}, may_go_on[] = {true, true, true, false, false};
    for (size_t n = 0; n < 5; n++) {
        assert_ok(mts_matcher_set(m, "aaaa", n, &err), &err);
        assert_int_equal(mts_matcher_may_end(m), may_end[n]);
        assert_int_equal(mts_matcher_allows(m, 10), may_go_on[n]);
    }
    mts_matcher_free(&m);
    mts_constraint_free(&c);
}

static void impossible_and_broken_patterns_are_named(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsConstraint *c;
    assert_int_equal(mts_constraint_new(&c, "a(b", VOCAB, token_bytes, NULL, &err), MTS_EREQUEST);
    assert_non_null(strstr(err.text, "character"));
    assert_null(c);
    assert_int_equal(mts_constraint_new(&c, "Z+", VOCAB, token_bytes, NULL, &err), MTS_ECONSTRAINT);
    assert_non_null(strstr(err.text, "Z+"));
    assert_int_equal(mts_constraint_new(&c, "(?!)", VOCAB, token_bytes, NULL, &err), MTS_ECONSTRAINT);
    assert_ok(mts_constraint_new(&c, "", VOCAB, token_bytes, NULL, &err), &err); /* the empty answer */
    mts_constraint_free(&c);
}

static char *schema_pattern(const char *schema, int expect, const char *says)
{
    MtsError err = {0};
    json_t *json;
    char *pattern;
    assert_ok(mts_json_parse(&json, "schema", schema, strlen(schema), &err), &err);
    int rc = mts_schema_pattern(json, "schema", &pattern, &err);
    json_decref(json);
    if (rc != expect) {
        fail_msg("%s: %d, not %d: %s", schema, rc, expect, err.text);
    }
    if (says) {
        assert_null(pattern);
        assert_non_null(strstr(err.text, says));
    }
    return pattern;
}

static void check_schema(const char *schema, const char *const *valid, const char *const *invalid)
{
    char *pattern = schema_pattern(schema, MTS_OK, NULL);
    int why;
    PCRE2_SIZE where;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                                     PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED, &why, &where, NULL);
    if (!code) {
        fail_msg("%s gave %s, which does not compile at %zu", schema, pattern, (size_t)where);
    }
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    for (int bad = 0; bad < 2; bad++) {
        for (const char *const *t = bad ? invalid : valid; *t; t++) {
            int rc = pcre2_match(code, (PCRE2_SPTR)*t, strlen(*t), 0, 0, data, NULL);
            if ((rc >= 0) == bad) {
                fail_msg("%s: %s is %s", schema, *t, bad ? "let through" : "refused");
            }
        }
    }
    pcre2_match_data_free(data);
    pcre2_code_free(code);
    free(pattern);
}

#define LIST(...)                                                                                                      \
    (const char *const[])                                                                                              \
    {                                                                                                                  \
        __VA_ARGS__, NULL                                                                                              \
    }

static void schemas_become_patterns(void **state)
{
    (void)state;
    check_schema("{\"type\":\"integer\"}", LIST("0", "-12", "907"), LIST("01", "1.0", "", "-", "1e3"));
    check_schema("{\"type\":\"number\"}", LIST("0", "-1.50", "1e-9", "2E+3"), LIST(".5", "1.", "+1", "NaN"));
    check_schema("{\"type\":[\"boolean\",\"null\"]}", LIST("true", "false", "null"), LIST("True", "nul", "\"null\""));
    check_schema("{\"type\":\"string\",\"minLength\":1,\"maxLength\":3}",
                 LIST("\"a\"", "\"\\n\xC3\xA9x\"", "\"\\u00e9\""),
                 LIST("\"\"", "\"abcd\"", "\"a\nb\"", "\"\\x\"", "a"));
    check_schema("{\"type\":\"string\",\"pattern\":\"[A-D]\"}", LIST("\"A\"", "\"D\""), LIST("\"E\"", "\"AB\""));
    check_schema("{\"enum\":[\"a.b\",1,null,[1,2]]}", LIST("\"a.b\"", "1", "null", "[1,2]"),
                 LIST("\"aXb\"", "2", "[1, 2]"));
    check_schema("{\"const\":\"x|y (z)\"}", LIST("\"x|y (z)\""), LIST("\"x\"", "y"));
    check_schema("{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}", LIST("[]", "[1]", "[1,2, 3]"),
                 LIST("[1,]", "[,1]", "[1  ,2]"));
    check_schema("{\"type\":\"array\",\"items\":{\"type\":\"integer\"},\"minItems\":2,\"maxItems\":3}",
                 LIST("[1,2]", "[1,2,3]"), LIST("[]", "[1]", "[1,2,3,4]"));
    check_schema("{\"type\":\"array\",\"items\":{\"type\":\"integer\"},\"maxItems\":0}", LIST("[]"), LIST("[1]"));
    check_schema(
        "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"type\":\"boolean\"},\"c\":{"
        "\"type\":\"null\"}},"
        "\"required\":[\"b\"]}",
        LIST("{\"b\":true}", "{\"a\":1,\"b\":false}", "{\"a\": 1, \"b\": true, \"c\": null}",
             "{\"b\":true,\"c\":null}"),
        LIST("{}", "{\"a\":1}", "{\"b\":true,\"a\":1}", "{,\"b\":true}", "{\"a\":1 \"b\":true}", "{\"b\":true,}"));
    check_schema("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"null\"},\"b\":{\"type\":\"null\"}}}",
                 LIST("{}", "{\"a\":null}", "{\"b\":null}", "{\"a\":null,\"b\":null}"),
                 LIST("{\"a\":null\"b\":null}", "{\"c\":null}"));
    check_schema("{\"type\":\"object\"}", LIST("{}"), LIST("{\"a\":1}"));
    check_schema("{\"anyOf\":[{\"type\":\"integer\"},{\"type\":\"string\",\"maxLength\":0}]}", LIST("3", "\"\""),
                 LIST("\"3\"", "null"));
    check_schema(
        "{\"$ref\":\"#/$defs/tree\",\"$defs\":{\"tree\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/tree\"}}}}",
        LIST("[]", "[[],[[]]]"), LIST("[", "[1]", "[[]"));
}

static void schemas_are_never_quietly_weaker(void **state)
{
    (void)state;
    schema_pattern("{\"type\":\"integer\",\"minimum\":3}", MTS_EUNSUPPORTED, "minimum");
    schema_pattern("{\"type\":\"object\",\"additionalProperties\":true}", MTS_EUNSUPPORTED, "additionalProperties");
    schema_pattern("{\"type\":\"object\",\"required\":[\"a\"]}", MTS_EREQUEST, "required");
    schema_pattern("{\"type\":\"number2\"}", MTS_EREQUEST, "number2");
    schema_pattern("{\"$ref\":\"http://x\"}", MTS_EUNSUPPORTED, "http://x");
    schema_pattern("{\"type\":\"array\",\"items\":{\"type\":\"null\"},\"minItems\":3,\"maxItems\":2}", MTS_ECONSTRAINT,
                   "maxItems");
    schema_pattern("{\"type\":\"array\"}", MTS_EUNSUPPORTED, "items");
    schema_pattern("{}", MTS_EUNSUPPORTED, "type");
    schema_pattern("3", MTS_EREQUEST, "object");
    schema_pattern("{\"type\":\"string\",\"maxLength\":-1}", MTS_EREQUEST, "maxLength");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks_lose_nothing_and_let_nothing_through),
        cmocka_unit_test(an_end_is_allowed_where_the_text_matches),
        cmocka_unit_test(impossible_and_broken_patterns_are_named),
        cmocka_unit_test(schemas_become_patterns),
        cmocka_unit_test(schemas_are_never_quietly_weaker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
