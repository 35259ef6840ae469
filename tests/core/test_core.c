#include "../test.h"

#include <errno.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cpu.h"
#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/list.h"
#include "core/mem.h"
#include "core/rng.h"
#include "core/utf8.h"

static void sizes_are_checked(void **state)
{
    (void)state;
    size_t out = 1;
    assert_true(mts_size_mul(3, 5, &out));
    assert_int_equal(out, 15);
    assert_false(mts_size_mul(SIZE_MAX / 2, 3, &out));
    assert_int_equal(out, 0);
    assert_true(mts_size_mul(SIZE_MAX, 0, &out));
    assert_false(mts_size_add(SIZE_MAX, 1, &out));
    assert_null(mts_calloc(SIZE_MAX, 2));
    assert_null(mts_aligned_calloc(SIZE_MAX, 1));
    void *p = mts_aligned_calloc(3, 5);
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % MTS_ALIGN, 0);
    mts_aligned_free(p);
}

static void arrays_grow(void **state)
{
    (void)state;
    int *array = NULL;
    size_t cap = 0;
    for (int i = 0; i < 100; i++) {
        assert_true(mts_grow(&array, &cap, (size_t)i + 1, sizeof *array));
        array[i] = i;
    }
    for (int i = 0; i < 100; i++) {
        assert_int_equal(array[i], i);
    }
    assert_false(mts_grow(&array, &cap, SIZE_MAX / 2, sizeof *array));
    assert_int_equal(array[99], 99);
    free(array);

    MtsBytes b = {0};
    assert_true(mts_bytes_append_str(&b, "ab"));
    assert_true(mts_bytes_printf(&b, "%d-%s", 42, "c"));
    assert_string_equal(b.data, "ab42-c");
    assert_int_equal(b.len, 6);
    mts_bytes_free(&b);
}

static void strings_are_cut_at_marks(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t count;
        const char *parts[4];
    } cases[] = {{"", 1, {""}},
                 {"one", 1, {"one"}},
                 {"a,,bc", 3, {"a", "", "bc"}},
                 {",a|b,", 3, {"", "a|b", ""}},
                 {" a b\t, c ,", 3, {"a b", "c", ""}},
                 {"  ", 1, {""}},
                 {"a, \"b,c\" ,\"\"", 3, {"a", "b,c", ""}},
                 {"\" d\"\"e\"", 1, {" d\"e"}},
                 {"\"f,\"g\"h", 2, {"\"f", "\"g\"h"}}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[16];
        const char *parts[4];
        strcpy(text, cases[i].text);
        assert_true(mts_parts(text, ',') >= cases[i].count);
        assert_int_equal(mts_cut(text, ',', parts), cases[i].count);
        for (size_t k = 0; k < cases[i].count; k++) {
            assert_string_equal(parts[k], cases[i].parts[k]);
        }
    }
}

static void texts_are_told_apart(void **state)
{
    const char *good[] = {"a", "A", "a "}, *empty[] = {"a", ""}, *twice[] = {"a", "b", "a"};
    MtsError err = {0};
    (void)state;
    assert_ok(mts_check_texts(good, 3, "label", &err), &err);
    assert_int_equal(mts_check_texts(empty, 2, "x: label", &err), MTS_EREQUEST);
    assert_string_equal(err.text, "x: label 2 is empty");
    assert_int_equal(mts_check_texts(twice, 3, "x: label", &err), MTS_EREQUEST);
    assert_string_equal(err.text, "x: label 3 is label 1 again: 'a'");
}

static void a_long_sentence_is_cut_at_a_character(void **state)
{
    (void)state;
    MtsError err = {0};
    char text[2000];
    for (size_t i = 0; i + 2 < sizeof text; i += 2) {
        memcpy(text + i, "\xC3\xA9", 2); /* e acute */
    }
    text[1998] = '\0';
    assert_int_equal(mts_fail(&err, MTS_EIO, "%s", text), MTS_EIO);
    size_t len = strlen(err.text);
    assert_true(len < sizeof err.text);
    assert_string_equal(err.text + len - 3, "...");
    assert_int_equal(mts_utf8_valid_prefix(err.text, len), len);
    assert_int_equal(mts_fail(NULL, MTS_EFORMAT, "x"), MTS_EFORMAT);
    assert_int_equal(mts_exit_status(MTS_OK), 0);
    assert_int_equal(mts_exit_status(MTS_EFORMAT), 1);
    assert_int_equal(mts_exit_status(MTS_EREQUEST), 2);
}

/* What a hostile file holds neither steers the terminal nor passes for a second sentence. */
static void a_sentence_is_one_harmless_line(void **state)
{
    (void)state;
    MtsError err = {0};
    mts_fail(&err, MTS_EFORMAT, "f.csv: \"%s\"", "\x1B[2J\r\nmaxts: done\x7F\xC2\x9B\xE2\x80\xAE\xFF\t\xC3\xA9");
#define R "\xEF\xBF\xBD"
    assert_string_equal(err.text, "f.csv: \"" R "[2J" R R "maxts: done" R R R R R "\xC3\xA9\"");
#undef R
    char text[600];
    memset(text, 27, sizeof text - 1);
    text[sizeof text - 1] = '\0';
    mts_fail(&err, MTS_EFORMAT, "%s", text);
    assert_int_equal(mts_utf8_valid_prefix(err.text, strlen(err.text)), strlen(err.text));
    assert_string_equal(err.text + strlen(err.text) - 3, "...");
}

/* Known answers of the Random123 distribution (kat_vectors, philox4x32 10 rounds). */
static void philox_known_answers(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } known[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint32_t out[4];
        mts_philox(known[i].counter, known[i].key, out);
        assert_memory_equal(out, known[i].out, sizeof out);
    }
}

static void streams_are_independent_of_order(void **state)
{
    (void)state;
    MtsRng a = mts_rng(7, 3, 5), b = mts_rng(7, 3, 6), again = mts_rng(7, 3, 5);
    double first = mts_rng_uniform(&a);
    assert_true(first != mts_rng_uniform(&b));
    assert_true(first == mts_rng_uniform(&again));
    double sum = 0, sum2 = 0;
    enum { N = 100000 };
    for (uint32_t i = 0; i < N; i++) {
        MtsRng r = mts_rng(1, i, 0);
        double u = mts_rng_uniform(&r);
        assert_true(u >= 0 && u < 1);
        sum += u;
        sum2 += u * u;
    }
    assert_true(fabs(sum / N - 0.5) < 5 * sqrt(1.0 / 12 / N));
    assert_true(fabs(sum2 / N - 1.0 / 3) < 5 * sqrt(4.0 / 45 / N));
}

static void utf8_by_the_rfc(void **state)
{
    (void)state;
    uint32_t cp;
    for (uint32_t c = 0; c <= 0x110000; c++) {
        char s[4];
        size_t n = mts_utf8_encode(c, s);
        if ((c >= 0xD800 && c <= 0xDFFF) || c > 0x10FFFF) {
            assert_int_equal(n, 0);
            continue;
        }
        assert_int_equal(mts_utf8_decode(s, n, &cp), n);
        assert_int_equal(cp, c);
        assert_int_equal(mts_utf8_pending(s, n), 0);
        for (size_t k = 1; k < n; k++) {
            assert_int_equal(mts_utf8_decode(s, k, &cp), 0);
            assert_int_equal(mts_utf8_pending(s, k), k);
        }
    }
    static const char *const broken[] = {"\x80", "\xC0\x80",        "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                                         "\xFF", "\xF0\x80\x80\x80"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        assert_int_equal(mts_utf8_decode(broken[i], strlen(broken[i]), &cp), 0);
    }
    assert_int_equal(mts_utf8_valid_prefix("ab\xC3\xA9\xC3", 5), 4);
    assert_int_equal(mts_utf8_pending("ab\xED\xA0", 4), 0);
}

static void paths_have_a_last_name(void **state)
{
    (void)state;
    assert_string_equal(mts_path_name("a/b/c.json"), "c.json");
    assert_string_equal(mts_path_name("c.json"), "c.json");
    assert_string_equal(mts_path_name("a/"), "");
    assert_true(mts_path_is_absolute("/a"));
    assert_false(mts_path_is_absolute("a/b"));
    assert_false(mts_path_is_absolute(""));
    assert_true(mts_path_is_name("0201.dat", 8));
    assert_false(mts_path_is_name("../0201.dat", 11));
    assert_true(mts_path_is_name("../", 2)); /* of its first two bytes */
    assert_false(mts_path_is_name("", 0));
}

static void files_are_replaced_whole(void **state)
{
    (void)state;
    MtsError err = {0};
    char dir[] = "/tmp/maxts-core-XXXXXX";
    assert_non_null(mkdtemp(dir));
    char path[64], *data;
    size_t size;
    snprintf(path, sizeof path, "%s/f", dir);
    assert_ok(mts_write_file_atomic(path, "one", 3, &err), &err);
    assert_ok(mts_write_file_atomic(path, "second", 6, &err), &err);
    assert_ok(mts_read_file(path, 100, &data, &size, &err), &err);
    assert_string_equal(data, "second");
    assert_int_equal(size, 6);
    free(data);
    assert_int_equal(mts_read_file(path, 5, &data, &size, &err), MTS_EIO);
    assert_null(data);
#ifdef __linux__ /* what has no end is given up, whatever a file of its kind may take */
    assert_int_equal(mts_read_file("/dev/zero", UINT64_C(1) << 33, &data, &size, &err), MTS_EIO);
    assert_non_null(strstr(err.text, "/dev/zero: is larger than the limit of 67108864 bytes"));
    assert_ok(mts_read_file("/dev/null", 100, &data, &size, &err), &err);
    assert_int_equal(size, 0);
    free(data);
#endif

    MtsMap map;
    assert_ok(mts_map_open(&map, path, &err), &err);
    assert_memory_equal(map.data, "second", 6);
    mts_map_close(&map);
    assert_int_equal(mts_map_open(&map, dir, &err), MTS_EIO);
    unlink(path);
    assert_int_equal(mts_map_open(&map, path, &err), MTS_EIO);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(mts_write_file_atomic("/nowhere/f", "x", 1, &err), MTS_EIO);
    rmdir(dir);
}

static void json_keeps_every_bit(void **state)
{
    (void)state;
    MtsError err = {0};
    json_t *v;
    assert_int_equal(mts_json_parse(&v, "x.json", "{\"a\":\n]}", 8, &err), MTS_EFORMAT);
    assert_non_null(strstr(err.text, "x.json"));
    assert_non_null(strstr(err.text, "line 2"));
    assert_ok(mts_json_parse(&v, "m", "\xEF\xBB\xBF[1]", 6, &err), &err);
    assert_int_equal(json_array_size(v), 1);
    json_decref(v);
    assert_int_equal(mts_json_parse(&v, "m", "\xEF\xBB\xBF", 3, &err), MTS_EFORMAT);
    static const double reals[] = {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, -0.84907593536165302};
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++) {
        json_t *real = mts_json_real(reals[i]);
        char *text = mts_json_text(real);
        assert_ok(mts_json_parse(&v, "t", text, strlen(text), &err), &err);
        assert_true(json_real_value(v) == reals[i]);
        json_decref(v);
        json_decref(real);
        free(text);
    }
    v = mts_json_real(INFINITY);
    assert_true(json_is_null(v));
    json_decref(v);

    FILE *full = fopen("/dev/full", "w");
    if (full) {
        json_t *s = json_string("hello");
        assert_int_equal(mts_json_print(full, "standard output", s, &err), MTS_EIO);
        json_decref(s);
        fclose(full);
    }
}

static void large_integers_are_read_by_their_digits(void **state)
{
    (void)state;
    static const char text[] = "[9223372036854775807, -9223372036854775809 ,\"-18446744073709551616\\\"5\",1e30,"
                               "18446744073709551616.5,{\"99999999999999999999\":-9223372036854775808}]";
    MtsError err = {0};
    json_t *v;
    assert_ok(mts_json_parse_large(&v, "t", text, sizeof text - 1, &err), &err);
    assert_true(json_integer_value(json_array_get(v, 0)) == INT64_MAX);
    assert_string_equal(mts_json_digits(json_array_get(v, 1)), "-9223372036854775809");
    assert_string_equal(json_string_value(json_array_get(v, 2)), "-18446744073709551616\"5");
    assert_true(json_is_real(json_array_get(v, 3)) && json_is_real(json_array_get(v, 4)));
    assert_true(json_integer_value(json_object_get(json_array_get(v, 5), "99999999999999999999")) == INT64_MIN);
    assert_null(mts_json_digits(json_array_get(v, 5)));
    json_decref(v);
    assert_int_equal(mts_json_parse_large(&v, "t", "[00000000000000000000001]", 25, &err), MTS_EFORMAT);
    assert_int_equal(mts_json_parse_large(&v, "t", "-", 1, &err), MTS_EFORMAT);
}

/* jansson's memory: the allocation number json_fails_at (from 1) fails; 0: none does. */
static size_t json_fails_at, json_allocations;

static void *json_memory(size_t size)
{
    return ++json_allocations == json_fails_at ? NULL : malloc(size);
}

static const char a_record[] = "{\"a name longer than a buffer's first piece\": [1, 0.5, \"text\", true, null],"
                               " \"n\": {\"k\": \"some other text that has to grow\"}}";

/* The text of a record read, added to and written again; NULL: one of the steps said that memory ran out. */
static char *rewritten(void)
{
    MtsError err = {0};
    json_t *o;
    if (mts_json_parse(&o, "record", a_record, sizeof a_record - 1, &err)) {
        assert_int_equal(err.code, MTS_ENOMEM);
        assert_null(o);
        return NULL;
    }
    json_t *list = json_array();
    mts_json_add_int(&list, NULL, 7);
    mts_json_add_real(&list, NULL, 0.25);
    mts_json_add_flag(&list, NULL, true);
    mts_json_add_text(&list, NULL, "t\xFF");
    mts_json_add_text(&list, NULL, NULL);
    mts_json_add(&o, "list", list);
    char *text = o ? mts_json_text(o) : NULL;
    json_decref(o);
    return text;
}

/* Every allocation fails in turn: what comes of it is whole or not there. */
static void json_is_whole_or_not_there(void **state)
{
    (void)state;
    size_t refused = 0;
    json_allocations = 0;
    char *whole = rewritten();
    size_t total = json_allocations;
    assert_non_null(whole);
    assert_non_null(strstr(whole, "\"list\":[7,0.25,true,\"t\xEF\xBF\xBD\",null]}"));
    assert_true(total > 25);
    for (json_fails_at = 1; json_fails_at <= total; json_fails_at++) {
        json_allocations = 0;
        char *text = rewritten();
        assert_true(!text || strcmp(text, whole) == 0);
        refused += !text;
        free(text);
    }
    json_fails_at = 0;
    assert_true(refused > total / 2);
    free(whole);
}

static void numbers_are_hashed_by_value(void **state)
{
    (void)state;
    const uint32_t words[] = {0x04030201, 0x08070605, 0x0C0B0A09};
    const unsigned char bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, one[] = {0, 0, 0, 0, 0, 0, 0xF0, 0x3F};
    const double x = 1;
    for (size_t n = 0; n <= 3; n++) {
        assert_true(mts_hash_words(7, words, n) == mts_hash(7, bytes, 4 * n));
    }
    assert_true(mts_hash_doubles(7, &x, 1) == mts_hash(7, one, sizeof one));
    assert_true(mts_hash(MTS_HASH_BEGIN, bytes, sizeof bytes) == UINT64_C(0xC2D6251FD80AAA25)); /* wherever */
}

static void masks_step_down(void **state)
{
    (void)state;
    uint32_t flags;
    char bad[32], names[128];
    assert_int_equal(mts_cpu_flags("scalar", &flags, bad, sizeof bad), 0);
    assert_int_equal(flags, 0);
    assert_string_equal(mts_cpu_names(flags, names, sizeof names), "scalar");
    assert_int_equal(mts_cpu_flags("avx2,neon", &flags, bad, sizeof bad), 0);
    assert_int_equal(flags, 0);
    assert_int_equal(mts_cpu_flags("avx512", &flags, bad, sizeof bad), 0);
    assert_int_equal(flags & (MTS_CPU_AVX512 | MTS_CPU_AVX512VNNI | MTS_CPU_AMX), 0);
    assert_int_equal(mts_cpu_flags("avx2,sse9", &flags, bad, sizeof bad), -1);
    assert_string_equal(bad, "sse9");
    assert_int_equal(mts_cpu_flags("", &flags, bad, sizeof bad), 0);
    assert_int_equal(flags, mts_cpu_detect());
}

int main(void)
{
    json_set_alloc_funcs(json_memory, free);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_checked),
        cmocka_unit_test(arrays_grow),
        cmocka_unit_test(strings_are_cut_at_marks),
        cmocka_unit_test(texts_are_told_apart),
        cmocka_unit_test(a_long_sentence_is_cut_at_a_character),
        cmocka_unit_test(a_sentence_is_one_harmless_line),
        cmocka_unit_test(philox_known_answers),
        cmocka_unit_test(streams_are_independent_of_order),
        cmocka_unit_test(utf8_by_the_rfc),
        cmocka_unit_test(paths_have_a_last_name),
        cmocka_unit_test(files_are_replaced_whole),
        cmocka_unit_test(json_keeps_every_bit),
        cmocka_unit_test(large_integers_are_read_by_their_digits),
        cmocka_unit_test(json_is_whole_or_not_there),
        cmocka_unit_test(numbers_are_hashed_by_value),
        cmocka_unit_test(masks_step_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
