/* JSON schemas: what they let through, and what is refused by name. */
#include "toy.h"

#include "core/mem.h"

static MtsVocabulary *vocabulary;

static int open_vocabulary(void **state)
{
    (void)state;
    vocabulary = toy_vocabulary();
    return 0;
}

static int close_vocabulary(void **state)
{
    (void)state;
    mts_vocabulary_free(&vocabulary);
    return 0;
}

static void check_with(unsigned options, const char *schema, const char *const *valid, const char *const *invalid)
{
    MtsError err = {0};
    MtsConstraint *c;
    if (toy_open(&c, MTS_CONSTRAINT_SCHEMA, options, schema, vocabulary, &err)) {
        fail_msg("%s: %s", schema, err.text);
    }
    for (int bad = 0; bad < 2; bad++) {
        for (const char *const *t = bad ? invalid : valid; *t; t++) {
            if (toy_accepts(c, *t, strlen(*t)) == bad) {
                fail_msg("%s: %s is %s", schema, *t, bad ? "let through" : "refused");
            }
        }
    }
    mts_constraint_free(&c);
}

#define LIST(...)                                                                                                      \
    (const char *const[])                                                                                              \
    {                                                                                                                  \
        __VA_ARGS__, NULL                                                                                              \
    }
#define CHECK(schema, valid, invalid) check_with(0, schema, valid, invalid)

/* That no valid text begins so. */
static void expect_dead(unsigned options, const char *schema, const char *begun)
{
    MtsError err = {0};
    MtsConstraint *c;
    MtsConstraintPlace place;
    assert_ok(toy_open(&c, MTS_CONSTRAINT_SCHEMA, options, schema, vocabulary, &err), &err);
    assert_ok(mts_constraint_read(c, mts_constraint_start(c), begun, strlen(begun), &place, &err), &err);
    assert_int_equal(place, MTS_PLACE_DEAD);
    mts_constraint_free(&c);
}

static void refuse(unsigned options, const char *schema, int code, const char *says)
{
    MtsError err = {0};
    MtsConstraint *c;
    int rc = toy_open(&c, MTS_CONSTRAINT_SCHEMA, options, schema, vocabulary, &err);
    if (rc != code || !strstr(err.text, says)) {
        fail_msg("%s: %d, not %d: %s", schema, rc, code, err.text);
    }
}

static void scalars(void **state)
{
    (void)state;
    CHECK("{\"type\":\"integer\"}", LIST("0", "-12", "907", "1.0", "-20.00"),
          LIST("01", "1.", "1.50", "", "-", "1e-3"));
    CHECK("{\"$schema\":\"http://json-schema.org/draft-04/schema#\",\"type\":\"integer\"}", LIST("1"), LIST("1.0"));
    CHECK("{\"type\":\"integer\",\"multipleOf\":5,\"minimum\":7}", LIST("10", "15.0"),
          LIST("5", "5.0", "11.0", "10.5"));
    CHECK("{\"type\":\"number\"}", LIST("0", "-1.50", "1e-9", "2E+3"), LIST(".5", "1.", "+1", "NaN"));
    CHECK("{\"type\":[\"boolean\",\"null\"]}", LIST("true", "false", "null"), LIST("True", "nul", "\"null\""));
    CHECK("{\"type\":\"string\",\"minLength\":1,\"maxLength\":3}",
          LIST("\"a\"", "\"\\n\xC3\xA9x\"", "\"\\u00e9\"", "\"\\ud83d\\ude00ab\"", "\"\xF0\x9F\x98\x80\""),
          LIST("\"\"", "\"abcd\"", "\"a\nb\"", "\"\\x\"", "a", "\"\\ud83d\""));
    CHECK("{\"enum\":[\"a.b\",1,null,[1,2],{\"k\":1,\"l\":2}]}",
          LIST("\"a.b\"", "1", "null", "[1,2]", "[1, 2]", "{\"l\":2,\"k\":1}"), LIST("\"aXb\"", "2", "{\"k\":1}"));
    CHECK("{\"const\":\"x|y (z)\"}", LIST("\"x|y (z)\"", "\"\\u0078|y (z)\""), LIST("\"x\"", "y"));
    CHECK("{\"type\":\"string\",\"enum\":[\"a\",1]}", LIST("\"a\""), LIST("1"));
    CHECK("{\"enum\":[\"ab\",\"a\\\"\",\"\\t\",\"\\u00e9\\u00e9\",\"abc\"],\"maxLength\":2}",
          LIST("\"ab\"", "\"\\u0061\\\"\"", "\"\\t\"", "\"\\u0009\"", "\"\u00e9\\u00E9\""),
          LIST("\"abc\"", "\"a\"", "\"\t\""));
    CHECK("{\"enum\":[\"ab\",\"a\\\"\",\"\\\\\",\"b\"],\"pattern\":\"^[ab\\\\\\\\]\",\"not\":{\"pattern\":\"\\\"$\"}}",
          LIST("\"ab\"", "\"\\u005c\"", "\"b\""), LIST("\"a\\\"\"", "\"a\\u0022\"", "\"a\""));
    CHECK("{\"type\":\"object\",\"properties\":{\"a\\\"\":{\"type\":\"integer\"},\"bc\":true},"
          "\"patternProperties\":{\"^.\\\"$\":{\"minimum\":5}},\"propertyNames\":{\"maxLength\":2,\"not\":{\"pattern\":"
          "\"c\"}}}",
          LIST("{\"a\\\"\":5}", "{\"a\\u0022\":7}", "{\"b\\\"\":5.5}", "{}"),
          LIST("{\"a\\\"\":4}", "{\"a\\\"\":5.5}", "{\"bc\":1}", "{\"b\\\"\":4}"));
    CHECK("{\"not\":{\"enum\":[\"a\",3,true]}}", LIST("\"b\"", "4", "false", "[]"), LIST("\"a\"", "3", "true", "3.0"));
    CHECK("{\"not\":{\"type\":[\"string\",\"integer\"]}}", LIST("1.5", "null", "{}"), LIST("\"\"", "1", "1.0"));
    CHECK("{\"enum\":[-0.0,1e-06,2.5e+20,-3e-7,1000]}",
          LIST("0", "-0", "-0.0", "0.000001", "1e-06", "1.0E-6", "2.5e+20", "2.50e20", "250000000000000000000",
               "-3e-07", "1000", "1e3"),
          LIST("1e-6.0", "1e-05", "1e06", "2e+20", "3e-07", "1e2", "1e-3", "-1000"));
    CHECK("{\"not\":{\"const\":-0.0},\"type\":\"number\"}", LIST("1", "-0.1"), LIST("0", "-0", "-0.0", "0.0"));
    CHECK("{\"type\":\"string\",\"not\":{\"maxLength\":2.0}}", LIST("\"abc\""), LIST("\"\"", "\"ab\""));
    CHECK("{\"type\":\"string\",\"minLength\":1.0,\"maxLength\":4294967296}", LIST("\"a\"", "\"abc\""), LIST("\"\""));
    CHECK("{\"type\":\"array\",\"items\":{\"type\":\"null\"},\"maxItems\":2147483647}", LIST("[]", "[null,null]"),
          LIST("[1]"));
    CHECK("{\"type\":\"object\",\"maxProperties\":4294967295}", LIST("{}", "{\"a\":1,\"b\":2}"), LIST("[]"));
}

/* What a schema about members, items and choices fails by. */
static void failures_are_schemas(void **state)
{
    (void)state;
    CHECK("{\"type\":\"object\",\"not\":{\"properties\":{\"a\":true},\"additionalProperties\":false}}",
          LIST("{\"b\":1}", "{\"a\":1,\"c\":2}", "{\"c\":2,\"a\":1,\"b\":1}"), LIST("{}", "{\"a\":1}"));
    CHECK("{\"oneOf\":[{\"properties\":{\"a\":{\"type\":\"integer\"}},\"additionalProperties\":false},"
          "{\"properties\":{\"a\":true,\"b\":true},\"additionalProperties\":false}],\"type\":\"object\"}",
          LIST("{\"a\":\"x\"}", "{\"b\":1}", "{\"b\":1,\"a\":1}"), LIST("{}", "{\"a\":1}", "{\"c\":1}"));
    CHECK("{\"type\":\"object\",\"not\":{\"propertyNames\":{\"maxLength\":1}},\"maxProperties\":2}",
          LIST("{\"ab\":1}", "{\"a\":1,\"bc\":2}"), LIST("{}", "{\"a\":1}", "{\"a\":1,\"b\":1,\"cd\":1}"));
    CHECK("{\"type\":\"object\",\"properties\":{\"x1\":true,\"x2\":true},\"additionalProperties\":false,"
          "\"not\":{\"patternProperties\":{\"^x\":{\"type\":\"integer\"}}}}",
          LIST("{\"x1\":null}", "{\"x1\":1,\"x2\":\"\"}"), LIST("{}", "{\"x1\":1}", "{\"x1\":1,\"x2\":2}"));
    CHECK("{\"type\":\"array\",\"not\":{\"prefixItems\":[{\"type\":\"null\"},true,{\"const\":1}],\"items\":false}}",
          LIST("[1]", "[null,null,2]", "[null,0,1,1]"), LIST("[]", "[null]", "[null,5]", "[null,5,1]"));
    CHECK("{\"type\":\"array\",\"not\":{\"contains\":{\"const\":1},\"minContains\":2,\"maxContains\":3}}",
          LIST("[]", "[1]", "[2,1]", "[1,1,2,1,1]"), LIST("[1,1]", "[1,2,1,1]"));
    CHECK("{\"not\":{\"oneOf\":[{\"type\":\"integer\"},{\"minimum\":5},{\"type\":\"null\"}]}}",
          LIST("1.5", "7", "7.0", "null"), LIST("3", "5.5", "true", "-1"));
    CHECK("{\"type\":\"object\",\"not\":{\"dependentRequired\":{\"a\":[\"b\"]}}}",
          LIST("{\"a\":1}", "{\"a\":1,\"c\":1}"), LIST("{}", "{\"b\":1}", "{\"a\":1,\"b\":1}"));
    CHECK("{\"not\":{\"if\":{\"type\":\"integer\"},\"then\":{\"minimum\":5},\"else\":{\"type\":\"string\"}}}",
          LIST("4", "4.0", "1.5", "null"), LIST("5", "\"a\""));
    CHECK("{\"$schema\":\"http://json-schema.org/draft-04/schema#\",\"type\":\"integer\","
          "\"not\":{\"minimum\":2,\"exclusiveMinimum\":true}}",
          LIST("2", "1"), LIST("3"));
    CHECK("{\"type\":\"array\",\"allOf\":[{\"contains\":{\"const\":1}},{\"contains\":{\"type\":\"string\"},"
          "\"maxContains\":1}]}",
          LIST("[1,\"a\"]", "[\"a\",1,1]", "[0,\"a\",0,1,0]"), LIST("[]", "[1]", "[\"a\"]", "[1,\"a\",\"b\"]"));
    refuse(0, "{\"not\":{\"additionalProperties\":{\"type\":\"integer\"}}}", MTS_EUNSUPPORTED,
           "members that no schema");
    refuse(0, "{\"not\":{\"uniqueItems\":true}}", MTS_EUNSUPPORTED, "uniqueItems");
}

/* Keywords that came later than the draft that $schema names say nothing. */
static void drafts_know_their_keywords(void **state)
{
    (void)state;
    CHECK("{\"$schema\":\"http://json-schema.org/draft-04/schema#\",\"const\":1,\"contains\":false}", LIST("2", "[]"),
          LIST(""));
    CHECK("{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"prefixItems\":[false],\"type\":\"array\","
          "\"allOf\":[{\"minContains\":0,\"contains\":{\"const\":1}}]}",
          LIST("[1]", "[2,1]"), LIST("[]", "[2]"));
    CHECK("{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"prefixItems\":[{\"const\":1}]}", LIST("[1]"),
          LIST("[2]"));
    refuse(MTS_CONSTRAINT_STRICT, "{\"$schema\":\"http://json-schema.org/draft-06/schema#\",\"if\":true}",
           MTS_EUNSUPPORTED, "draft");
}

static void numbers_have_limits(void **state)
{
    (void)state;
    CHECK("{\"type\":\"integer\",\"minimum\":3}", LIST("3", "10", "999"), LIST("2", "-3", "0", "-10"));
    CHECK("{\"type\":\"integer\",\"minimum\":-12,\"maximum\":105}", LIST("-12", "-9", "0", "99", "105"),
          LIST("-13", "-100", "106", "1000"));
    CHECK("{\"type\":\"number\",\"exclusiveMinimum\":0.25,\"maximum\":1.5}",
          LIST("0.251", "0.3", "1", "1.5", "1.50", "1.499"), LIST("0.25", "0.250", "0", "1.51", "2", "-1", "1.500001"));
    CHECK("{\"type\":\"number\",\"minimum\":0,\"exclusiveMaximum\":1}", LIST("0", "0.0", "-0", "0.999"),
          LIST("1", "-0.1", "1.0"));
    CHECK("{\"type\":\"number\",\"minimum\":5,\"exclusiveMinimum\":true}", LIST("5.1", "6"), LIST("5", "5.0"));
    CHECK("{\"type\":\"integer\",\"multipleOf\":7}", LIST("0", "7", "-14", "49"), LIST("1", "8", "-13"));
    CHECK("{\"type\":\"number\",\"multipleOf\":0.25}", LIST("0.5", "1.25", "3", "-0.75", "0.500"),
          LIST("0.3", "0.255"));
    CHECK("{\"minimum\":0.001,\"maximum\":250}",
          LIST("1e-03", "1.0e-3", "2.5e2", "2.50E+02", "9.99e1", "1e0", "1e-0", "249.9999"),
          LIST("1e-04", "9.99e-4", "2.500001e2", "2.6e2", "1e3", "1e-307", "-1e1", "0e1"));
    CHECK("{\"exclusiveMaximum\":-2e16}", LIST("-3e16", "-2.1e+16", "-1e17", "-20000000000000001"),
          LIST("-2e16", "-2.0e+016", "-1e16", "3e16", "-1e-5", "0", "1"));
    CHECK("{\"type\":\"integer\",\"minimum\":150}", LIST("1.5e2", "1e3", "1e+16", "1.234E3", "1.2340e3", "1e308"),
          LIST("1.4e2", "1.2345e3", "1e-3", "1.5e1", "15e1"));
    CHECK("{\"type\":\"number\",\"not\":{\"type\":\"integer\"}}", LIST("1e-5", "1.5", "2.5e-1"),
          LIST("1", "1.0", "1e1", "2.50e1", "0e-1"));
    CHECK("{\"$schema\":\"http://json-schema.org/draft-04/schema#\",\"not\":{\"type\":\"integer\"}}",
          LIST("1.0", "1e1", "0.5", "true"), LIST("1", "-10"));
    CHECK("{\"type\":\"number\",\"not\":{\"const\":20}}", LIST("21", "2e0", "2.01e1"),
          LIST("20", "20.0", "2e1", "2.0E+01"));
    refuse(0, "{\"type\":\"integer\",\"minimum\":3,\"maximum\":2}", MTS_ECONSTRAINT, "valid");
    refuse(0, "{\"multipleOf\":3.14159265}", MTS_EUNSUPPORTED, "multipleOf");
}

static void strings_have_patterns_and_formats(void **state)
{
    (void)state;
    CHECK("{\"type\":\"string\",\"pattern\":\"^[A-Z]{3}$\"}", LIST("\"USA\"", "\"\\u0055SA\""),
          LIST("\"US\"", "\"^USA$\""));
    CHECK("{\"type\":\"string\",\"pattern\":\"[A-D]\"}", LIST("\"A\"", "\"xDx\""), LIST("\"E\"", "\"\""));
    CHECK("{\"type\":\"string\",\"pattern\":\"a\\\"b\"}", LIST("\"a\\\"b\""), LIST("\"a\"b\"", "\"ab\""));
    CHECK("{\"type\":\"string\",\"pattern\":\".*\"}", LIST("\"a\\\\\"", "\"\""), LIST("\"a\"b\"", "\"a\\\""));
    CHECK("{\"type\":\"string\",\"pattern\":\"^a+$\",\"minLength\":2,\"maxLength\":3}", LIST("\"aa\"", "\"aaa\""),
          LIST("\"a\"", "\"aaaa\""));
    CHECK("{\"type\":\"string\",\"pattern\":\"^(?!no)[a-z]+$\"}", LIST("\"nx\"", "\"yes\""), LIST("\"now\"", "\"no\""));
    CHECK("{\"type\":\"string\",\"pattern\":\"^((?!no).)*$\"}", LIST("\"\"", "\"n\"", "\"on\"", "\"\\u006ex\""),
          LIST("\"no\"", "\"xnoy\"", "\"\\u006eo\"", "\"n\\u006fx\""));
    CHECK("{\"type\":\"string\",\"pattern\":\"^(?:(?!-->).)*-->$\"}", LIST("\"-->\"", "\"a--->\""),
          LIST("\"-->-->\"", "\"a\"", "\"--\""));
    CHECK("{\"type\":\"string\",\"pattern\":\"^(?:(?!a)[a-c]{2}){1,2}$\"}", LIST("\"bc\"", "\"bacb\""),
          LIST("\"ab\"", "\"baab\"", "\"b\"", "\"\"", "\"bababa\""));
    CHECK("{\"type\":\"string\",\"pattern\":\"^(?:a(?=b)|b|^c)+$\"}", LIST("\"ab\"", "\"cab\"", "\"bab\""),
          LIST("\"aab\"", "\"ba\"", "\"bc\"", "\"\""));
    refuse(0, "{\"pattern\":\"^(?:(?!a))*$\"}", MTS_EUNSUPPORTED, "look-ahead");
    refuse(0, "{\"pattern\":\"^(?:(?:(?!a).){11}){11}$\"}", MTS_EUNSUPPORTED, "look-ahead");
    CHECK("{\"type\":\"string\",\"format\":\"date\"}", LIST("\"2024-02-29\"", "\"1999-12-31\""),
          LIST("\"2023-02-29\"", "\"1999-13-01\"", "\"99-1-1\""));
    CHECK("{\"type\":\"string\",\"format\":\"date-time\"}",
          LIST("\"2024-02-29T10:00:00Z\"", "\"1999-12-31t23:59:59.5+01:00\""),
          LIST("\"2024-02-29\"", "\"2024-02-29T24:00:00Z\""));
    CHECK("{\"type\":\"string\",\"format\":\"ipv4\"}", LIST("\"127.0.0.1\""),
          LIST("\"256.0.0.1\"", "\"1.2.3\"", "\"01.2.3.4\""));
    CHECK("{\"type\":\"string\",\"format\":\"ipv6\"}",
          LIST("\"::1\"", "\"2001:db8::8a2e:370:7334\"", "\"::ffff:1.2.3.4\""),
          LIST("\"1::2::3\"", "\":::\"", "\"12345::\""));
    CHECK("{\"type\":\"string\",\"format\":\"email\"}", LIST("\"a.b@example.org\""),
          LIST("\"a\"", "\".a@b\"", "\"a@b@c\""));
    CHECK("{\"type\":\"string\",\"format\":\"uri\"}", LIST("\"http://a.b/c?d#e\"", "\"urn:x\"", "\"http://[v1.a:b]/\""),
          LIST("\"/a\"", "\"http://a b\"", "\"http://[v.a]/\"", "\"http://[a]\""));
    CHECK("{\"type\":\"string\",\"format\":\"uuid\"}", LIST("\"2eb8aa08-aa98-11ea-b4aa-73b441d16380\""),
          LIST("\"2eb8aa08aa9811eab4aa73b441d16380\""));
    CHECK("{\"type\":\"string\",\"format\":\"duration\"}", LIST("\"P1Y2M\"", "\"PT5S\"", "\"P2W\""),
          LIST("\"P\"", "\"PT\"", "\"1Y\""));
    CHECK("{\"type\":\"string\",\"format\":\"no-such\"}", LIST("\"x\""), LIST("x"));
    refuse(0, "{\"type\":\"string\",\"pattern\":\"a)|(?:b\"}", MTS_EREQUEST, "pattern");
    refuse(0, "{\"type\":\"string\",\"pattern\":\"(a)\\\\1\"}", MTS_EUNSUPPORTED, "back-reference");
    CHECK("{\"type\":\"string\",\"format\":\"time\"}", LIST("\"23:59:59Z\"", "\"01:02:03.5+01:00\""),
          LIST("\"23:59:60Z\"", "\"24:00:00Z\"", "\"12:00:00\""));
    CHECK("{\"type\":\"string\",\"format\":\"date\"}", LIST("\"0001-01-01\"", "\"2000-02-29\""),
          LIST("\"0000-01-01\"", "\"0000-02-29\"", "\"1900-02-29\""));
    CHECK("{\"type\":\"string\",\"format\":\"json-pointer\"}", LIST("\"\"", "\"/a~1b/\""), LIST("\"a\"", "\"/~2\""));
    CHECK("{\"type\":\"string\",\"format\":\"relative-json-pointer\"}", LIST("\"0\"", "\"1#\"", "\"2/a\""),
          LIST("\"01\"", "\"/a\"", "\"0#/a\""));
}

static void arrays(void **state)
{
    (void)state;
    CHECK("{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}", LIST("[]", "[1]", "[1,2, 3]"),
          LIST("[1,]", "[,1]", "[1  ,2]"));
    CHECK("{\"type\":\"array\",\"items\":{\"type\":\"integer\"},\"minItems\":2,\"maxItems\":3}",
          LIST("[1,2]", "[1,2,3]"), LIST("[]", "[1]", "[1,2,3,4]"));
    CHECK("{\"type\":\"array\",\"maxItems\":0}", LIST("[]"), LIST("[1]"));
    CHECK("{\"type\":\"array\",\"items\":{}}", LIST("[]", "[1,\"a\",{}]"), LIST("{}"));
    CHECK("{\"type\":\"array\",\"prefixItems\":[{\"type\":\"null\"},{\"type\":\"boolean\"}],\"items\":false}",
          LIST("[]", "[null]", "[null,true]"), LIST("[true]", "[null,true,1]"));
    CHECK("{\"type\":\"array\",\"items\":[{\"type\":\"null\"}],\"additionalItems\":{\"type\":\"integer\"},\"minItems\":"
          "2}",
          LIST("[null,1]", "[null,1,2]"), LIST("[null]", "[1,1]", "[null,null]"));
    CHECK("{\"type\":\"array\",\"contains\":{\"type\":\"null\"},\"maxContains\":1}", LIST("[null]", "[1,null,\"a\"]"),
          LIST("[]", "[1]", "[null,null]", "[null,1,null]"));
    CHECK("{\"type\":\"array\",\"contains\":{\"type\":\"null\"},\"minContains\":2,\"maxContains\":3,\"maxItems\":4}",
          LIST("[null,null]", "[null,1,null]", "[1,null,null,null]"),
          LIST("[null]", "[null,null,null,null]", "[1,2,null,null,3]", "[null,1,2,null,3]"));
    CHECK("{\"type\":\"array\",\"contains\":{\"type\":\"null\"},\"minContains\":0,\"maxContains\":1}",
          LIST("[]", "[1]", "[null]"), LIST("[null,null]"));
    CHECK("{\"type\":\"array\",\"contains\":{\"type\":\"null\"},\"minItems\":2,\"maxItems\":3}",
          LIST("[null,1]", "[1,2,null]", "[null,null,null]"), LIST("[null]", "[1,2]", "[1,2,3,null]", "[]"));
    CHECK("{\"type\":\"array\",\"prefixItems\":[{\"type\":\"string\"}],\"items\":{\"type\":\"integer\"},\"contains\":{"
          "\"const\":5}}",
          LIST("[\"a\",5]", "[\"a\",1,5,2]"), LIST("[5]", "[\"a\"]", "[\"a\",1]", "[]"));
    CHECK("{\"type\":\"array\",\"contains\":{\"type\":\"null\"},\"minItems\":3}", LIST("[1,2,null]", "[null,1,2,3,4]"),
          LIST("[null,1]", "[1,2,3]"));
    CHECK(
        "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"type\":\"array\",\"contains\":{\"type\":\"null\"},"
        "\"minContains\":0,\"maxContains\":0}",
        LIST("[null]", "[null,null]"), LIST("[]", "[1]")); /* draft 7 knows neither */
    CHECK("{\"type\":\"array\",\"items\":{\"type\":[\"integer\",\"null\"]},\"contains\":{\"type\":\"null\"}}",
          LIST("[null]", "[1,null]", "[null,1]", "[1,null,null,2]"), LIST("[]", "[1]", "[true,null]"));
    CHECK("{\"type\":\"array\",\"items\":{\"enum\":[\"a\",\"b\",\"c\"]},\"uniqueItems\":true,\"minItems\":1}",
          LIST("[\"a\"]", "[\"c\",\"a\"]", "[\"b\",\"a\",\"c\"]"),
          LIST("[]", "[\"a\",\"a\"]", "[\"a\",\"b\",\"\\u0061\"]"));
    refuse(0, "{\"type\":\"array\",\"items\":{\"type\":\"null\"},\"minItems\":3,\"maxItems\":2}", MTS_ECONSTRAINT,
           "valid");
    refuse(0, "{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"uniqueItems\":true}", MTS_EUNSUPPORTED,
           "uniqueItems");
    CHECK("{\"type\":\"array\",\"items\":{\"type\":\"integer\",\"minimum\":1,\"exclusiveMaximum\":4,\"not\":{\"const\":"
          "2}},"
          "\"uniqueItems\":true}",
          LIST("[]", "[1,3]", "[3,1.0]"), LIST("[1,1]", "[1,1.0]", "[2]", "[4]", "[0]"));
}

static void objects(void **state)
{
    (void)state;
    static const char three[] = "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"type\":"
                                "\"boolean\"},\"c\":{\"type\":\"null\"}},\"required\":[\"b\"],"
                                "\"additionalProperties\":false}";
    CHECK(three,
          LIST("{\"b\":true}", "{\"a\":1,\"b\":false}", "{\"a\": 1, \"b\": true, \"c\": null}", "{\"b\":true,\"a\":1}"),
          LIST("{}", "{\"a\":1}", "{,\"b\":true}", "{\"a\":1 \"b\":true}", "{\"b\":true,}", "{\"b\":true,\"d\":1}",
               "{\"b\":true,\"b\":true}"));
    check_with(MTS_CONSTRAINT_ORDERED, three,
               LIST("{\"b\":true}", "{\"a\":1,\"b\":true}", "{\"a\":1,\"b\":true,\"c\":null}"),
               LIST("{\"b\":true,\"a\":1}", "{\"a\":1}", "{\"c\":null,\"b\":true}"));
    static const char two[] =
        "{\"properties\":{\"a\":true,\"b\":true,\"c\":true},\"type\":\"object\",\"minProperties\":2,"
        "\"maxProperties\":2,\"additionalProperties\":false}";
    check_with(MTS_CONSTRAINT_ORDERED, two, LIST("{\"a\":1,\"c\":1}", "{\"b\":1,\"c\":1}", "{\"a\":1,\"b\":1}"),
               LIST("{\"c\":1}", "{\"b\":1}", "{\"a\":1,\"b\":1,\"c\":1}", "{\"b\":1,\"a\":1}", "{}"));
    expect_dead(MTS_CONSTRAINT_ORDERED, two, "{\"c");
    check_with(MTS_CONSTRAINT_ANY_SPACE, three,
               LIST(" { \"b\" :\n true }", "{\"b\":true}", "{\"a\":1 ,\t\"b\":true}\n"), LIST("{\"b\":tr ue}", "{ }"));
    CHECK("{\"type\":\"object\"}", LIST("{}", "{\"a\":1}", "{\"a\":{\"b\":[]}, \"c\":2}"), LIST("[]"));
    CHECK("{\"properties\":{\"a\":{\"type\":\"null\"}},\"additionalProperties\":{\"type\":\"integer\"}}",
          LIST("{\"a\":null,\"x\":1}", "3", "{\"x\":1,\"ab\":2}", "{\"\":2}"),
          LIST("{\"a\":1}", "{\"x\":null}", "{\"\\u0061\":1}"));
    CHECK("{\"type\":\"object\",\"patternProperties\":{\"^s_\":{\"type\":\"string\"},\"_n$\":{\"maxLength\":1}},"
          "\"additionalProperties\":false}",
          LIST("{\"s_a\":\"xx\"}", "{\"s_n\":\"x\"}", "{\"a_n\":5}"),
          LIST("{\"s_a\":1}", "{\"s_n\":\"xx\"}", "{\"q\":1}"));
    CHECK("{\"type\":\"object\",\"minProperties\":1,\"maxProperties\":2}", LIST("{\"a\":1}", "{\"a\":1,\"b\":2}"),
          LIST("{}", "{\"a\":1,\"b\":2,\"c\":3}"));
    CHECK("{\"type\":\"object\",\"propertyNames\":{\"enum\":[\"a\",\"b\",\"c\"]},\"minProperties\":2,"
          "\"additionalProperties\":{\"type\":\"integer\"}}",
          LIST("{\"a\":1,\"b\":2}", "{\"c\":1,\"a\":2,\"b\":3}"),
          LIST("{}", "{\"a\":1}", "{\"a\":1,\"d\":2}", "{\"a\":1,\"a\":2}", "{\"a\":1,\"b\":\"x\"}"));
    CHECK("{\"type\":\"object\",\"propertyNames\":{\"enum\":[\"a\",\"b\"]},\"required\":[\"a\"]}",
          LIST("{\"a\":1}", "{\"b\":0,\"a\":1}"), LIST("{\"b\":0}", "{\"a\":1,\"c\":2}"));
    CHECK("{\"type\":\"object\",\"required\":[\"a\"]}", LIST("{\"a\":1}", "{\"z\":1,\"a\":[]}"),
          LIST("{}", "{\"z\":1}"));
    CHECK("{\"type\":\"object\",\"dependencies\":{\"a\":[\"b\"]}}", LIST("{}", "{\"b\":1}", "{\"b\":1,\"a\":2}"),
          LIST("{\"a\":2}"));
    refuse(0, "{\"type\":\"object\",\"required\":[\"a\"],\"additionalProperties\":false}", MTS_ECONSTRAINT, "valid");
}

static void combinations(void **state)
{
    (void)state;
    CHECK("{\"anyOf\":[{\"type\":\"integer\"},{\"type\":\"string\",\"maxLength\":0}]}", LIST("3", "\"\""),
          LIST("\"3\"", "null"));
    CHECK("{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}],\"maxLength\":2}", LIST("\"ab\"", "null"),
          LIST("\"abc\""));
    CHECK("{\"$defs\":{\"s\":{\"type\":\"string\"}},\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#/$defs/s\","
          "\"maxLength\":2}},\"required\":[\"a\"]}",
          LIST("{\"a\":\"xy\"}"), LIST("{\"a\":\"xyz\"}", "{\"a\":1}"));
    CHECK("{\"allOf\":[{\"minimum\":3},{\"maximum\":5},{\"type\":\"integer\"}]}", LIST("3", "5"),
          LIST("2", "6", "\"\""));
    CHECK("{\"oneOf\":[{\"type\":\"integer\",\"multipleOf\":2},{\"type\":\"integer\",\"maximum\":5},{\"type\":\"null\"}"
          "]}",
          LIST("null", "3", "8", "-1"), LIST("4", "7", "true"));
    CHECK("{\"oneOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}],\"type\":\"object\"}",
          LIST("{\"a\":1}", "{\"b\":1,\"c\":2}"), LIST("{\"a\":1,\"b\":1}", "{}"));
    CHECK("{\"type\":\"object\",\"properties\":{\"k\":{\"enum\":[\"x\",\"y\"]}},\"required\":[\"k\"],"
          "\"if\":{\"properties\":{\"k\":{\"const\":\"x\"}}},\"then\":{\"required\":[\"v\"]}}",
          LIST("{\"k\":\"y\"}", "{\"k\":\"x\",\"v\":1}", "{\"v\":1,\"k\":\"x\"}"), LIST("{\"k\":\"x\"}"));
    CHECK("{\"$ref\":\"#/$defs/tree\",\"$defs\":{\"tree\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/tree\"}}}}",
          LIST("[]", "[[],[[]]]"), LIST("[", "[1]", "[[]"));
    CHECK("{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#\"}},\"additionalProperties\":false}",
          LIST("{}", "{\"a\":{\"a\":{}}}"), LIST("{\"a\":1}", "{\"a\":{\"b\":1}}"));
    CHECK("{\"$defs\":{\"n\":{\"$anchor\":\"num\",\"type\":\"integer\"}},\"$ref\":\"#num\"}", LIST("1"), LIST("\"\""));
    CHECK("{\"$schema\":\"http://json-schema.org/draft-04/schema#\",\"if\":{\"type\":\"null\"},\"then\":false}",
          LIST("null", "1"), LIST("nul"));
    CHECK("true", LIST("1", "[{}]"), LIST(""));
    CHECK("\xEF\xBB\xBF{\"type\":\"string\"}", LIST("\"\""), LIST("1"));
    /* the least fixed point: a text that needs itself inside does not exist */
    refuse(0, "{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#\"}},\"required\":[\"a\"]}", MTS_ECONSTRAINT,
           "valid");
    refuse(0, "false", MTS_ECONSTRAINT, "valid");
    CHECK(
        "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"type\":\"object\",\"unevaluatedProperties\":false}",
        LIST("{}", "{\"a\":1}"), LIST("1")); /* only annotates there */
}

/* What neither a schema nor what holds beside it has looked at. */
static void unevaluated(void **state)
{
    (void)state;
    CHECK("{\"type\":\"object\",\"unevaluatedProperties\":false}", LIST("{}"), LIST("{\"a\":1}", "1"));
    CHECK("{\"type\":\"object\",\"allOf\":[{\"$ref\":\"#/$defs/a\"},{\"properties\":{\"b\":{\"type\":\"null\"}}}],"
          "\"unevaluatedProperties\":{\"type\":\"integer\"},\"$defs\":{\"a\":{\"patternProperties\":{\"^a\":true}}}}",
          LIST("{\"a\":\"\"}", "{\"b\":null}", "{\"c\":1}", "{\"ab\":\"\",\"b\":null,\"c\":1}"),
          LIST("{\"c\":\"\"}", "{\"b\":1}"));
    /* two that may hold: what looks at a member must hold */
    CHECK("{\"type\":\"object\",\"anyOf\":[{\"required\":[\"a\"],\"properties\":{\"a\":{\"type\":\"integer\"}}},"
          "{\"required\":[\"b\"],\"properties\":{\"b\":{\"type\":\"null\"}}}],\"unevaluatedProperties\":false}",
          LIST("{\"a\":1}", "{\"b\":null}", "{\"b\":null,\"a\":1}"),
          LIST("{\"a\":1,\"b\":1}", "{\"a\":\"\",\"b\":null}", "{\"a\":1,\"c\":1}", "{}"));
    CHECK("{\"type\":\"object\",\"if\":{\"required\":[\"a\"],\"properties\":{\"a\":{\"const\":1}}},"
          "\"then\":{\"properties\":{\"b\":true}},\"else\":{\"properties\":{\"c\":true}},\"unevaluatedProperties\":"
          "false}",
          LIST("{\"a\":1}", "{\"a\":1,\"b\":2}", "{\"c\":2}", "{}"),
          LIST("{\"a\":2}", "{\"b\":2}", "{\"a\":1,\"c\":1}"));
    CHECK("{\"type\":\"object\",\"properties\":{\"a\":true},\"dependentSchemas\":{\"a\":{\"properties\":{\"b\":true}}},"
          "\"unevaluatedProperties\":false}",
          LIST("{}", "{\"a\":1}", "{\"a\":1,\"b\":2}"), LIST("{\"b\":2}"));
    /* what another schema's additionalProperties looked at is looked at; a cousin sees nothing of it */
    CHECK("{\"type\":\"object\",\"allOf\":[{\"additionalProperties\":{\"type\":\"null\"}}],\"unevaluatedProperties\":"
          "false}",
          LIST("{\"a\":null}"), LIST("{\"a\":1}"));
    CHECK("{\"type\":\"object\",\"allOf\":[{\"properties\":{\"a\":true}},{\"unevaluatedProperties\":false}]}",
          LIST("{}"), LIST("{\"a\":1}"));
    CHECK("{\"type\":\"array\",\"allOf\":[{\"prefixItems\":[true,{\"type\":\"null\"}]}],\"unevaluatedItems\":false}",
          LIST("[]", "[1]", "[1, null]"), LIST("[1, 2]", "[1, null, 3]"));
    CHECK(
        "{\"type\":\"array\",\"oneOf\":[{\"minItems\":2,\"prefixItems\":[true,{\"type\":\"null\"}]},{\"maxItems\":1}],"
        "\"unevaluatedItems\":{\"const\":0}}",
        LIST("[0]", "[1, null]", "[1, null, 0]"), LIST("[1]", "[1, null, 1]", "[0, 0]"));
}

static void schemas_are_never_quietly_weaker(void **state)
{
    (void)state;
    refuse(0, "{\"type\":\"number2\"}", MTS_EREQUEST, "number2");
    refuse(0, "{\"$ref\":\"http://x\"}", MTS_EUNSUPPORTED, "http://x");
    refuse(0, "3", MTS_EREQUEST, "object");
    refuse(0, "{\"type\":\"string\",\"maxLength\":-1}", MTS_EREQUEST, "maxLength");
    refuse(0, "{\"not\":{\"unevaluatedProperties\":false}}", MTS_EUNSUPPORTED, "unevaluatedProperties");
    refuse(0, "{\"contains\":{\"type\":\"null\"},\"unevaluatedItems\":false}", MTS_EUNSUPPORTED, "beside contains");
    refuse(0, "{\"allOf\":[{\"$ref\":\"#\"}],\"unevaluatedProperties\":false}", MTS_EUNSUPPORTED, "goes on by itself");
    refuse(0, "{\"not\":{\"uniqueItems\":true}}", MTS_EUNSUPPORTED, "not");
    refuse(0, "{\"type\":\"object\",\"minProperties\":3}", MTS_EUNSUPPORTED, "minProperties");
    refuse(MTS_CONSTRAINT_STRICT, "{\"type\":\"string\",\"colour\":1}", MTS_EUNSUPPORTED, "colour");
    CHECK("{\"type\":\"string\",\"colour\":1}", LIST("\"\""), LIST("1"));
    refuse(0, "{\"type\":", MTS_EFORMAT, "JSON");
}

/* Addresses and anchors are those of schemas, not of values; each belongs to the resource that it stands in. */
static void references_find_what_is_meant(void **state)
{
    (void)state;
    CHECK("{\"$defs\":{\"\":{\"$defs\":{\"\":{\"type\":\"null\"}}}},\"$ref\":\"#/$defs//$defs/\"}", LIST("null"),
          LIST("1"));
    CHECK("{\"$defs\":{\"a/b\":{\"type\":\"null\"},\"a~1b\":true},\"$ref\":\"#/$defs/a%7E1b\"}", LIST("null"),
          LIST("1"));
    CHECK("{\"$defs\":{\"a\":{\"b\":{\"type\":\"null\"}},\"a/b\":true},\"$ref\":\"#/$defs/a%2fb\"}", LIST("null"),
          LIST("1"));
    CHECK("{\"$defs\":{\"%2\":{\"type\":\"null\"}},\"$ref\":\"#/$defs/%2\"}", LIST("null"), LIST("1"));
    CHECK("{\"anyOf\":[{\"type\":\"null\"},{\"$ref\":\"#/anyOf/0\"}]}", LIST("null"), LIST("1"));
    static const char *const no_index[] = {"+0", "%200", "00", "-0", "0x0", "", "1"}; /* RFC 6901: 0, 1, ... */
    for (size_t i = 0; i < sizeof no_index / sizeof *no_index; i++) {
        char schema[96];
        snprintf(schema, sizeof schema, "{\"allOf\":[{\"type\":\"null\"}],\"$ref\":\"#/allOf/%s\"}", no_index[i]);
        refuse(0, schema, MTS_EUNSUPPORTED, "points at nothing");
    }
    CHECK("{\"anyOf\":[{\"enum\":[{\"$anchor\":\"a\",\"type\":\"null\"}]},{\"$ref\":\"#a\"}],"
          "\"$defs\":{\"x\":{\"$anchor\":\"a\",\"type\":\"string\"}}}",
          LIST("\"s\"", "{\"$anchor\":\"a\",\"type\":\"null\"}"), LIST("null", "1"));
    CHECK(
        "{\"$id\":\"http://h/r\",\"$defs\":{\"A\":{\"$id\":\"child1\",\"allOf\":[{\"$id\":\"child2\",\"$anchor\":\"m\","
        "\"type\":\"number\"},{\"$anchor\":\"m\",\"type\":\"string\"}]}},\"$ref\":\"child1#m\"}",
        LIST("\"s\""), LIST("1"));
    CHECK(
        "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"$id\":\"http://h/base/\",\"definitions\":{\"foo\":{"
        "\"$id\":\"http://h/foo.json\",\"type\":\"string\"},\"bar\":{\"$id\":\"foo.json\",\"type\":\"number\"}},"
        "\"allOf\":[{\"$id\":\"http://h/\",\"$ref\":\"foo.json\"}]}",
        LIST("1"), LIST("\"s\""));
}

/* Dynamic references are plain ones where only one schema can be meant. */
static void dynamic_references_with_one_meaning_are_held(void **state)
{
    (void)state;
    CHECK("{\"$dynamicAnchor\":\"node\",\"type\":\"object\",\"properties\":{\"kids\":{\"type\":\"array\",\"items\":{"
          "\"$dynamicRef\":\"#node\"}}},\"additionalProperties\":false}",
          LIST("{}", "{\"kids\":[{\"kids\":[]},{}]}"), LIST("{\"kids\":[1]}", "{\"kids\":[{\"a\":1}]}"));
    CHECK("{\"$schema\":\"https://json-schema.org/draft/2019-09/schema\",\"$recursiveAnchor\":true,\"type\":[\"null\","
          "\"array\"],\"items\":{\"$recursiveRef\":\"#\"}}",
          LIST("null", "[[],null,[[null]]]"), LIST("1", "[1]", "[[1]]"));
    CHECK("{\"$defs\":{\"a\":{\"$dynamicAnchor\":\"a\",\"type\":\"null\"}},\"$ref\":\"#a\"}", LIST("null"), LIST("1"));
    CHECK("{\"$defs\":{\"a\":{\"$dynamicAnchor\":\"a\",\"type\":\"null\"}},\"not\":{\"$dynamicRef\":\"#a\"}}",
          LIST("1"), LIST("null"));
    refuse(0,
           "{\"$id\":\"http://h/"
           "a\",\"$dynamicAnchor\":\"n\",\"$ref\":\"b\",\"$defs\":{\"b\":{\"$id\":\"b\",\"$dynamicAnchor\":"
           "\"n\",\"items\":{\"$dynamicRef\":\"#n\"}}}}",
           MTS_EUNSUPPORTED, "\"$dynamicRef\" is not held where several");
    refuse(
        0,
        "{\"$id\":\"http://h/a\",\"$ref\":\"b\",\"$defs\":{\"b\":{\"$id\":\"b\",\"items\":{\"$recursiveRef\":\"#\"}}}}",
        MTS_EUNSUPPORTED, "\"$recursiveRef\" is not held where several");
}

/* Conditions on one member, `if` after `if`, exclude each other: as many cases as it has values, not their product. */
static void conditions_on_one_member_are_few_cases(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsConstraint *c;
    MtsBytes schema = {0};
    enum { CONDITIONS = MTS_IF_DEAR(16, 30) }; /* a "k" of "m" asks for half of the members, in any order */
    char last[64];
    snprintf(last, sizeof last, "{\"r%d\":0,\"k\":\"k%d\",\"r%d\":0}", CONDITIONS - 1, CONDITIONS / 2 - 1,
             CONDITIONS - 2);
    mts_bytes_append_str(&schema,
                         "{\"type\":\"object\",\"properties\":{\"k\":{\"type\":\"string\"}},\"required\":[\"k\"],"
                         "\"allOf\":[true");
    for (int i = 0; i < CONDITIONS; i++) {
        mts_bytes_printf(&schema,
                         ",{\"if\":{\"properties\":{\"k\":{\"%s\":%s\"k%d\"%s}}},\"then\":{\"required\":[\"r%d\"]}}",
                         i % 2 ? "enum" : "const", i % 2 ? "[" : "", i / 2, i % 2 ? ",\"m\"]" : "", i);
    }
    mts_bytes_append_str(&schema, "]}");
    assert_ok(toy_open(&c, MTS_CONSTRAINT_SCHEMA, 0, schema.data, vocabulary, &err), &err);
    const char *const right[] = {"{\"k\":\"x\"}", "{\"k\":\"k3\",\"r6\":1,\"r7\":1}", last};
    static const char *const wrong[] = {"{\"k\":\"k3\",\"r6\":1}", "{\"k\":\"k3\",\"r7\":1}", "{\"k\":\"k0\",\"r2\":1}",
                                        "{\"k\":\"m\",\"r1\":1}"};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        assert_true(toy_accepts(c, right[i], strlen(right[i])));
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(toy_accepts(c, wrong[i], strlen(wrong[i])));
    }
    mts_constraint_free(&c);
    mts_bytes_free(&schema);
    CHECK("{\"$schema\":\"http://json-schema.org/draft-07/"
          "schema#\",\"type\":\"object\",\"required\":[\"k\"],\"definitions\":{\"a\":{"
          "\"type\":\"integer\"}},\"properties\":{\"k\":{\"$ref\":\"#/definitions/"
          "a\",\"const\":\"no\"}},\"anyOf\":[{\"properties\":{"
          "\"k\":{\"const\":1}}},{\"properties\":{\"k\":{\"const\":2.0}},\"not\":{\"properties\":{\"k\":{\"const\":2}}}"
          "}]}",
          LIST("{\"k\":1}"), LIST("{\"k\":2}", "{\"k\":\"no\"}", "{}"));
}

/* Numbers are what their digits say, however many. */
static void large_integers_keep_their_digits(void **state)
{
    (void)state;
    CHECK("{\"type\":\"integer\",\"minimum\":0,\"maximum\":18446744073709551615}",
          LIST("18446744073709551615", "9223372036854775808", "0", "18446744073709551615.0"),
          LIST("18446744073709551616", "-1", "18446744073709551615.5", "2e19"));
    CHECK("{\"enum\":[9007199254740992,9007199254740993,-9223372036854775809]}",
          LIST("9007199254740992", "9007199254740993", "-9223372036854775809"),
          LIST("9007199254740994", "-9223372036854775808", "9223372036854775809"));
    CHECK("{\"type\":\"integer\",\"not\":{\"const\":123456789012345678901234567890}}",
          LIST("123456789012345678901234567891", "1"), LIST("123456789012345678901234567890"));
    CHECK("{\"const\":[100000000000000000000,\"-100000000000000000000\\\"1\"]}",
          LIST("[1e20,\"-100000000000000000000\\\"1\"]"), LIST("[{}]", "[100000000000000000001,\"\"]"));
    CHECK("{\"type\":\"array\",\"maxItems\":18446744073709551615,\"uniqueItems\":true,\"items\":{\"enum\":[1,1.0,"
          "9007199254740992,9007199254740993]}}",
          LIST("[9007199254740993,9007199254740992,1]"), LIST("[9007199254740993,9007199254740993]", "[1,1.0]"));
    refuse(0, "{\"allOf\":[{\"const\":9007199254740992},{\"const\":9007199254740993}]}", MTS_ECONSTRAINT, "no JSON");
    refuse(0, "{\"minItems\":18446744073709551615}", MTS_EREQUEST, "\"minItems\" must be an integer from 0 to");
    CHECK("{\"type\":\"array\",\"uniqueItems\":true,\"items\":{\"enum\":[{\"a\":[1]},{\"a\":[1.0]},{\"a\":[2]}]}}",
          LIST("[{\"a\":[1]},{\"a\":[2.0]}]"), LIST("[{\"a\":[1]},{\"a\":[1.0]}]", "[{\"a\":[1]},{\"a\":[1]}]"));
    CHECK("{\"enum\":[{\"a\":1}],\"allOf\":[{\"enum\":[{\"a\":1.0}]}]}", LIST("{\"a\":1}"), LIST("{\"a\":2}"));
}

/* A keyword without the form that it must have is no keyword less. */
static void broken_keywords_are_refused(void **state)
{
    (void)state;
    refuse(0, "{\"required\":\"a\"}", MTS_EREQUEST, "\"required\" must be a list of strings");
    refuse(0, "{\"properties\":{\"a\":{\"required\":true}}}", MTS_EREQUEST, "\"required\" must be a list of strings");
    refuse(0, "{\"properties\":[\"a\"]}", MTS_EREQUEST, "\"properties\" must be an object");
    refuse(0, "{\"patternProperties\":[]}", MTS_EREQUEST, "\"patternProperties\" must be an object");
    refuse(0, "{\"prefixItems\":{}}", MTS_EREQUEST, "\"prefixItems\" must be a list");
    refuse(0, "{\"dependencies\":[]}", MTS_EREQUEST, "\"dependencies\" must be an object");
    refuse(0, "{\"dependentRequired\":{\"a\":{}}}", MTS_EREQUEST, "\"dependentRequired\" must be");
    refuse(0, "{\"dependentSchemas\":{\"a\":[\"b\"]}}", MTS_EREQUEST, "\"dependentSchemas\" must be");
    refuse(0, "{\"uniqueItems\":\"true\"}", MTS_EREQUEST, "\"uniqueItems\" must be true or false");
    refuse(0, "{\"format\":1}", MTS_EREQUEST, "\"format\" must be a string");
    refuse(0, "{\"$ref\":{}}", MTS_EREQUEST, "\"$ref\" must be a string");
    refuse(0, "{\"not\":{\"required\":\"a\"}}", MTS_EREQUEST, "\"required\" must be a list of strings");
    CHECK(
        "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"definitions\":{\"a\":{\"type\":\"null\"}},\"$ref\":"
        "\"#/definitions/a\",\"required\":true,\"properties\":{\"$ref\":{\"type\":\"null\"}}}",
        LIST("null"), LIST("1"));
    CHECK("{\"properties\":{\"$ref\":{\"type\":\"null\"},\"format\":true,\"required\":{\"type\":\"null\"}}}",
          LIST("{\"$ref\":null,\"format\":1}"), LIST("{\"$ref\":1}", "{\"required\":1}"));
}

static void what_never_fails_has_no_opposite(void **state)
{
    (void)state;
    CHECK("{\"properties\":{\"a\":{\"not\":{}}}}", LIST("{}", "{\"b\":1}"), LIST("{\"a\":1}"));
    refuse(0, "{\"not\":{}}", MTS_ECONSTRAINT, "no JSON text");
    CHECK("{\"not\":{\"items\":{\"type\":\"integer\"}}}", LIST("[1,\"a\"]", "[\"a\"]", "[null, 2]"),
          LIST("[]", "[1, 2]", "{}", "1"));
}

/* A pattern of `count` times the piece, behind `before` and before `after`. */
static int open_repeated(const char *before, const char *piece, size_t count, const char *after, MtsError *err)
{
    MtsBytes schema = {0};
    MtsConstraint *c = NULL;
    mts_bytes_printf(&schema, "{\"type\":\"string\",\"pattern\":\"%s", before);
    for (size_t i = 0; i < count; i++) {
        mts_bytes_append_str(&schema, piece);
    }
    mts_bytes_printf(&schema, "%s\"}", after);
    int rc = toy_open(&c, MTS_CONSTRAINT_SCHEMA, 0, schema.data, vocabulary, err);
    mts_constraint_free(&c);
    mts_bytes_free(&schema);
    return rc;
}

static void deep_patterns_do_not_fill_the_stack(void **state)
{
    (void)state;
    MtsError err = {0};
    assert_int_equal(open_repeated("", "(", 100000, "", &err), MTS_EUNSUPPORTED);
    assert_non_null(strstr(err.text, "nests too deeply"));
    assert_int_equal(open_repeated("", "^", 100000, "a", &err), MTS_EUNSUPPORTED);
    assert_non_null(strstr(err.text, "nests too deeply"));
    assert_int_equal(open_repeated("", "(?=a)a?", 5000, "^b", &err), MTS_EUNSUPPORTED);
    assert_int_equal(open_repeated("a", "*", 100000, "", &err), MTS_EREQUEST);
    assert_ok(open_repeated("", "^a|", 20000, "b", &err), &err);
    assert_ok(open_repeated("", "(?=a)", 20000, "a", &err), &err);
    assert_ok(open_repeated("^", "a", 5000, "$", &err), &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars),
        cmocka_unit_test(failures_are_schemas),
        cmocka_unit_test(drafts_know_their_keywords),
        cmocka_unit_test(numbers_have_limits),
        cmocka_unit_test(strings_have_patterns_and_formats),
        cmocka_unit_test(arrays),
        cmocka_unit_test(objects),
        cmocka_unit_test(combinations),
        cmocka_unit_test(unevaluated),
        cmocka_unit_test(schemas_are_never_quietly_weaker),
        cmocka_unit_test(references_find_what_is_meant),
        cmocka_unit_test(dynamic_references_with_one_meaning_are_held),
        cmocka_unit_test(large_integers_keep_their_digits),
        cmocka_unit_test(conditions_on_one_member_are_few_cases),
        cmocka_unit_test(broken_keywords_are_refused),
        cmocka_unit_test(what_never_fails_has_no_opposite),
        cmocka_unit_test(deep_patterns_do_not_fill_the_stack),
    };
    return cmocka_run_group_tests(tests, open_vocabulary, close_vocabulary);
}
