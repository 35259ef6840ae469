/* tests/core/test_json.c - JSON where memory runs out: each allocation of jansson's fails, alone and with all behind
 * it. A text is read whole or not at all, nothing is written past a block, nothing stays behind. */
#include "../test.h"

#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/mem.h"

enum { PAD = 48 }; /* bytes behind each block: none but the last ends a string */

static size_t calls, fail_at, live;
static bool fail_on, spoilt;

typedef struct Block {
    size_t size, unused; /* keeps what follows aligned */
} Block;

static void *failing_malloc(size_t size)
{
    calls++;
    Block *b = (fail_on ? calls >= fail_at : calls == fail_at) && fail_at ? NULL : malloc(sizeof *b + size + PAD);
    if (!b) {
        return NULL;
    }
    b->size = size;
    memset((char *)(b + 1) + size, 'x', PAD);
    ((char *)(b + 1))[size + PAD - 1] = '"';
    live++;
    return b + 1;
}

static void checking_free(void *p)
{
    Block *b = (Block *)p - 1;
    const char *pad = (const char *)p + b->size;
    for (size_t i = 0; i + 1 < PAD; i++) {
        spoilt |= pad[i] != 'x';
    }
    live--;
    free(b);
}

static void refuse(size_t at, bool from_there_on)
{
    calls = 0;
    fail_at = at;
    fail_on = from_there_on;
}

/* Reads the text with each allocation failing; true as often as it was refused. */
static size_t sweep(const char *text, bool from_there_on)
{
    json_t *whole, *v;
    MtsError err;
    size_t refused = 0;
    refuse(0, false);
    assert_int_equal(mts_json_parse(&whole, "whole", text, strlen(text), &err), 0);
    for (size_t at = 1, all = calls; at <= all; at++) {
        refuse(at, from_there_on);
        int rc = mts_json_parse(&v, "name", text, strlen(text), &err);
        refuse(0, false);
        if (rc) {
            assert_int_equal(rc, MTS_ENOMEM);
            assert_string_equal(err.text, "name: memory ran out");
            assert_null(v);
            refused++;
        } else {
            assert_true(json_equal(v, whole));
        }
        json_decref(v);
        assert_false(spoilt);
    }
    json_decref(whole);
    assert_int_equal(live, 0);
    return refused;
}

static void check(const char *text)
{
    assert_true(sweep(text, false) > 0);
    assert_true(sweep(text, true) > 0);
}

/* A buffer of 16, 32, ... bytes is full at each character of a token in turn. */
static void tokens_of_every_length(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 140; n += n < 70 ? 1 : 17) {
        char text[1200], letters[160], digits[160];
        memset(letters, 'a', n);
        letters[n] = '\0';
        memset(digits, '7', n);
        digits[n] = '\0';
        snprintf(text, sizeof text, "[\"%s\", \"b\"]", letters);
        check(text);
        snprintf(text, sizeof text, "{\"%s\": -0.%se-2, \"c\": [\"%s\\n\\u00e9\\\"\"]}", letters, digits, letters);
        check(text);
    }
}

/* Blocks of the buffer's next size that are not the buffer's: a member's, a list's, a table's of members. */
static void other_blocks(void **state)
{
    (void)state;
    MtsBytes deep = {0}, list = {0}, members = {0};
    assert_true(mts_bytes_append_str(&deep, "[\"0123456789abcdef\",true"));
    for (size_t i = 0; i < 200; i++) {
        assert_true(mts_bytes_append_str(&deep, ",{\"abcdefg\":[{\"x\":true}]}"));
        assert_true(mts_bytes_append_str(&list, i ? ",true" : "[true"));
        assert_true(mts_bytes_printf(&members, "%s\"%zu\":null", i ? "," : "{", i));
    }
    assert_true(mts_bytes_append_str(&deep, "]") && mts_bytes_append_str(&list, "]") &&
                mts_bytes_append_str(&members, "}"));
    check(list.data);
    check(members.data);
    check(deep.data);
    mts_bytes_free(&deep);
    mts_bytes_free(&list);
    mts_bytes_free(&members);
}

static void broken_texts(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "", "\"0123456789012345678901234", "[1,", "{\"a\" 1}", "tru", "[1] 2", "\"\\", "{\"a\":1,\"a\":2}"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        json_t *v;
        MtsError err;
        for (size_t at = 0; at < 40; at++) {
            refuse(at, at % 2);
            int rc = mts_json_parse(&v, "name", broken[i], strlen(broken[i]), &err);
            assert_true(rc == MTS_EFORMAT || (at > 0 && rc == MTS_ENOMEM));
            assert_null(v);
        }
        refuse(0, false);
        assert_int_equal(live, 0);
        assert_false(spoilt);
    }
}

/* jansson passes over a NUL that follows a number or a word. */
static void a_nul_is_no_json(void **state)
{
    (void)state;
    static const char *const texts[] = {"0.5\0", "[1\0,2]", "{\"a\":true\0}", "\0", "[]\0"};
    static const size_t sizes[] = {4, 6, 11, 1, 3};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        MtsError err = {0};
        json_t *v;
        refuse(0, false);
        assert_int_equal(mts_json_parse(&v, "name", texts[i], sizes[i], &err), MTS_EFORMAT);
        assert_null(v);
        assert_non_null(strstr(err.text, "is NUL"));
        assert_int_equal(mts_json_parse_nul(&v, "name", texts[i], sizes[i], &err), MTS_EFORMAT);
    }
}

static void written(void **state)
{
    (void)state;
    static const char text[] = "{\"0123456789\":[1,2.5,\"three\",{\"four\":null}],\"abcdefghijkl\":\"0123456789\"}";
    json_t *v;
    refuse(0, false);
    assert_int_equal(mts_json_parse(&v, "name", text, strlen(text), NULL), 0);
    char *whole = mts_json_text(v);
    assert_string_equal(whole, text);
    for (size_t at = 1; at <= 40; at++) {
        refuse(at, false);
        char *again = mts_json_text(v);
        refuse(0, false);
        assert_true(!again || strcmp(again, text) == 0);
        free(again);
    }
    free(whole);
    json_decref(v);
    assert_int_equal(live, 0);
}

/* An object under construction is whole or NULL. */
static void built(void **state)
{
    (void)state;
    for (size_t at = 0; at < 40; at++) {
        refuse(at, false);
        json_t *list = json_array(), *o = json_object();
        for (int i = 0; i < 12; i++) {
            mts_json_add_int(&list, NULL, i);
        }
        mts_json_add(&o, "list", list);
        mts_json_add_text(&o, "text", "a");
        refuse(0, false);
        if (o) {
            assert_int_equal(json_array_size(json_object_get(o, "list")), 12);
            assert_string_equal(json_string_value(json_object_get(o, "text")), "a");
        }
        assert_true(o || at > 0);
        json_decref(o);
        assert_int_equal(live, 0);
    }
}

int main(void)
{
    json_set_alloc_funcs(failing_malloc, checking_free);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_of_every_length), cmocka_unit_test(other_blocks), cmocka_unit_test(broken_texts),
        cmocka_unit_test(a_nul_is_no_json),       cmocka_unit_test(written),      cmocka_unit_test(built),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
