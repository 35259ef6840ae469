/* The reader of GGUF files: what a good file says, and the sentence for each way of being bad. */
#include "../test.h"

#include <math.h>

#include "core/mem.h"
#include "gguf/gguf.h"

/* ---- writing a file by hand ---- */

static void put(MtsBytes *b, uint64_t value, size_t bytes)
{
    unsigned char le[8];
    for (size_t i = 0; i < bytes; i++) {
        le[i] = (unsigned char)(value >> 8 * i);
    }
    assert_true(mts_bytes_append(b, le, bytes));
}

static void put_string(MtsBytes *b, const char *s)
{
    put(b, strlen(s), 8);
    assert_true(mts_bytes_append_str(b, s));
}

static void put_header(MtsBytes *b, uint32_t version, uint64_t tensors, uint64_t entries)
{
    assert_true(mts_bytes_append_str(b, "GGUF"));
    put(b, version, 4);
    put(b, tensors, 8);
    put(b, entries, 8);
}

static void put_key(MtsBytes *b, const char *key, uint32_t type)
{
    put_string(b, key);
    put(b, type, 4);
}

static void put_array(MtsBytes *b, const char *key, uint32_t type, uint64_t count)
{
    put_key(b, key, MTS_GGUF_ARRAY);
    put(b, type, 4);
    put(b, count, 8);
}

static void put_tensor(MtsBytes *b, const char *name, uint32_t dims, const uint64_t *shape, uint32_t type,
                       uint64_t offset)
{
    put_string(b, name);
    put(b, dims, 4);
    for (uint32_t i = 0; i < dims; i++) {
        put(b, shape[i], 8);
    }
    put(b, type, 4);
    put(b, offset, 8);
}

static void put_zeros(MtsBytes *b, size_t n)
{
    while (n-- > 0) {
        put(b, 0, 1);
    }
}

static void pad(MtsBytes *b, size_t alignment)
{
    put_zeros(b, (alignment - b->len % alignment) % alignment);
}

/* The bytes where the library wants them; release with mts_aligned_free(). */
static void *aligned(const MtsBytes *b)
{
    void *copy = mts_aligned_calloc(b->len, 1);
    assert_non_null(copy);
    if (b->len) {
        memcpy(copy, b->data, b->len);
    }
    return copy;
}

static const uint64_t plane[4] = {32, 2, 1, 1};

/* ---- a good file ---- */

static void put_good(MtsBytes *b, uint32_t version)
{
    put_header(b, version, 2, 11);
    put_key(b, "general.alignment", MTS_GGUF_U32);
    put(b, 64, 4);
    put_key(b, "name", MTS_GGUF_STRING);
    put_string(b, "caf\xC3\xA9");
    put_key(b, "u8", MTS_GGUF_U8);
    put(b, 200, 1);
    put_key(b, "i16", MTS_GGUF_I16);
    put(b, (uint16_t)-5, 2);
    put_key(b, "huge", MTS_GGUF_U64);
    put(b, UINT64_MAX, 8);
    put_key(b, "i64", MTS_GGUF_I64);
    put(b, (uint64_t)-7, 8);
    put_key(b, "half", MTS_GGUF_F32);
    put(b, 0x3F000000, 4);
    put_key(b, "nan", MTS_GGUF_F64);
    put(b, 0x7FF8000000000000, 8);
    put_key(b, "yes", MTS_GGUF_BOOL);
    put(b, 1, 1);
    put_array(b, "words", MTS_GGUF_STRING, 3);
    put_string(b, "one");
    put_string(b, "");
    put_string(b, "three");
    put_array(b, "bytes", MTS_GGUF_I8, 2);
    put(b, 0x80, 1);
    put(b, 3, 1);
    put_tensor(b, "matrix", 2, plane, MTS_TYPE_Q8_0, 128);
    put_tensor(b, "row", 1, plane, MTS_TYPE_F32, 0);
    pad(b, 64);
    for (size_t i = 0; i < 128 + 68; i++) {
        put(b, i, 1);
    }
}

static void check_scalars(const MtsGguf *g)
{
    const MtsGgufValue *value;
    MtsString s = mts_gguf_key_at(g, 1, &value);
    assert_int_equal(s.size, 4);
    assert_true(mts_gguf_string(value, 0, &s));
    assert_int_equal(s.size, 5);
    assert_memory_equal(s.data, "caf\xC3\xA9", 5);
    assert_false(mts_gguf_string(value, 1, &s));

    int64_t integer = 0;
    double real = 0;
    bool truth = false;
    assert_true(mts_gguf_int(mts_gguf_find(g, "u8"), 0, &integer) && integer == 200);
    assert_true(mts_gguf_int(mts_gguf_find(g, "i16"), 0, &integer) && integer == -5);
    assert_true(mts_gguf_int(mts_gguf_find(g, "i64"), 0, &integer) && integer == -7);
    assert_true(mts_gguf_real(mts_gguf_find(g, "i64"), 0, &real) && real == -7);
    assert_false(mts_gguf_int(mts_gguf_find(g, "huge"), 0, &integer));
    assert_true(mts_gguf_real(mts_gguf_find(g, "huge"), 0, &real) && real == 0x1p64);
    assert_true(mts_gguf_real(mts_gguf_find(g, "half"), 0, &real) && real == 0.5);
    assert_false(mts_gguf_int(mts_gguf_find(g, "half"), 0, &integer));
    assert_true(mts_gguf_real(mts_gguf_find(g, "nan"), 0, &real) && isnan(real));
    assert_true(mts_gguf_bool(mts_gguf_find(g, "yes"), 0, &truth) && truth);
    assert_false(mts_gguf_int(mts_gguf_find(g, "yes"), 0, &integer));
    assert_false(mts_gguf_bool(mts_gguf_find(g, "u8"), 0, &truth));
}

static void check_arrays(const MtsGguf *g)
{
    MtsString s;
    int64_t integer = 0;
    const MtsGgufValue *words = mts_gguf_find(g, "words"), *bytes = mts_gguf_find(g, "bytes");
    assert_int_equal(mts_gguf_type(words), MTS_GGUF_ARRAY);
    assert_int_equal(mts_gguf_array_type(words), MTS_GGUF_STRING);
    assert_int_equal(mts_gguf_array_count(words), 3);
    assert_true(mts_gguf_string(words, 1, &s) && s.size == 0);
    assert_true(mts_gguf_string(words, 2, &s) && s.size == 5 && memcmp(s.data, "three", 5) == 0);
    assert_false(mts_gguf_string(words, 3, &s));
    assert_true(mts_gguf_int(bytes, 0, &integer) && integer == -128);
    assert_true(mts_gguf_int(bytes, 1, &integer) && integer == 3);
    assert_false(mts_gguf_int(bytes, 2, &integer));
    assert_int_equal(mts_gguf_array_count(mts_gguf_find(g, "u8")), 0);
    assert_null(mts_gguf_find(g, "absent"));
}

static void check_tensors(const MtsGguf *g)
{
    assert_int_equal(mts_gguf_tensor_count(g), 2);
    const MtsTensor *t = mts_gguf_tensor(g, "matrix");
    assert_ptr_equal(t, mts_gguf_tensor_at(g, 0));
    assert_int_equal(t->dims, 2);
    assert_int_equal(t->shape[0], 32);
    assert_int_equal(t->shape[1], 2);
    assert_int_equal(t->shape[3], 1);
    assert_int_equal(t->elements, 64);
    assert_int_equal(t->bytes, 68);
    assert_int_equal(*(const unsigned char *)t->data, 128);
    assert_int_equal((uintptr_t)t->data % 64, 0);
    assert_null(mts_gguf_tensor(g, "matri"));
}

static void a_good_file_is_read(void **state)
{
    (void)state;
    for (uint32_t version = 2; version <= 3; version++) {
        MtsBytes b = {0};
        put_good(&b, version);
        void *data = aligned(&b);
        MtsGguf *g;
        MtsError err = {0};
        assert_ok(mts_gguf_open_memory(&g, "good.gguf", data, b.len, &err), &err);
        assert_int_equal(mts_gguf_version(g), version);
        assert_string_equal(mts_gguf_path(g), "good.gguf");
        assert_int_equal(mts_gguf_key_count(g), 11);
        check_scalars(g);
        check_arrays(g);
        check_tensors(g);
        mts_gguf_free(&g);
        assert_null(g);
        mts_gguf_free(&g);
        mts_aligned_free(data);
        mts_bytes_free(&b);
    }
}

static void scalars_are_range_checked(void **state)
{
    (void)state;
    MtsBytes b = {0};
    put_good(&b, 3);
    void *data = aligned(&b);
    MtsGguf *g;
    MtsError err = {0};
    assert_ok(mts_gguf_open_memory(&g, "f", data, b.len, &err), &err);
    size_t size;
    double real;
    MtsString s;
    assert_ok(mts_gguf_get_size(g, "u8", true, 1, 200, 9, &size, &err), &err);
    assert_int_equal(size, 200);
    assert_ok(mts_gguf_get_size(g, "absent", false, 1, 200, 9, &size, &err), &err);
    assert_int_equal(size, 9);
    assert_ok(mts_gguf_get_real(g, "u8", true, 0, 1000, 9, &real, &err), &err);
    assert_true(real == 200);
    assert_ok(mts_gguf_get_string(g, "absent", false, &s, &err), &err);
    assert_null(s.data);
    static const struct {
        char getter;
        const char *key, *sentence;
    } cases[] = {
        {'n', "absent", "f: metadata key \"absent\" is missing"},
        {'n', "u8", "f: metadata key \"u8\" is 200, outside 1 to 199"},
        {'n', "i64", "f: metadata key \"i64\" is -7, outside 1 to 199"},
        {'n', "huge", "f: metadata key \"huge\" is 1.84467441e+19, outside 1 to 199"},
        {'n', "half", "f: metadata key \"half\" is 0.5 where an integer is expected"},
        {'n', "yes", "f: metadata key \"yes\" is true where an integer is expected"},
        {'n', "bytes", "f: metadata key \"bytes\" is an array of 2 i8s where an integer is expected"},
        {'r', "nan", "f: metadata key \"nan\" is nan, outside 0 to 1"},
        {'r', "u8", "f: metadata key \"u8\" is 200, outside 0 to 1"},
        {'r', "name", "f: metadata key \"name\" is the string \"caf??\" where a number is expected"},
        {'s', "u8", "f: metadata key \"u8\" is 200 where a string is expected"},
        {'s', "words", "f: metadata key \"words\" is an array of 3 strings where a string is expected"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int rc = cases[i].getter == 'n'   ? mts_gguf_get_size(g, cases[i].key, true, 1, 199, 9, &size, &err)
                 : cases[i].getter == 'r' ? mts_gguf_get_real(g, cases[i].key, true, 0, 1, 9, &real, &err)
                                          : mts_gguf_get_string(g, cases[i].key, true, &s, &err);
        assert_int_equal(rc, MTS_EFORMAT);
        assert_string_equal(err.text, cases[i].sentence);
    }
    mts_gguf_free(&g);
    mts_aligned_free(data);
    mts_bytes_free(&b);
}

/* ---- bad files ---- */

static void refused(const MtsBytes *b, int code, const char *sentence)
{
    MtsGguf *g = NULL;
    MtsError err = {0};
    void *data = aligned(b);
    int rc = mts_gguf_open_memory(&g, "f", data, b->len, &err);
    mts_aligned_free(data);
    assert_string_equal(err.text, sentence);
    assert_int_equal(rc, code);
    assert_int_equal(err.code, code);
    assert_null(g);
}

/* A file without metadata and with tensors that `put_tensors` describes, followed by `bytes` of data. */
static void refused_tensors(void (*put_tensors)(MtsBytes *), uint64_t tensors, size_t bytes, int code,
                            const char *sentence)
{
    MtsBytes b = {0};
    put_header(&b, 3, tensors, 0);
    put_tensors(&b);
    pad(&b, 32);
    put_zeros(&b, bytes);
    refused(&b, code, sentence);
    mts_bytes_free(&b);
}

/* One metadata entry that `put_entry` writes (twice when `entries` is 2), and 64 more bytes. */
static void refused_entry(void (*put_entry)(MtsBytes *), uint64_t entries, int code, const char *sentence)
{
    MtsBytes b = {0};
    put_header(&b, 3, 0, entries);
    for (uint64_t i = 0; i < entries; i++) {
        put_entry(&b);
    }
    put_zeros(&b, 64);
    refused(&b, code, sentence);
    mts_bytes_free(&b);
}

static void bad_headers(void **state)
{
    (void)state;
    MtsBytes b = {0};
    refused(&b, MTS_EFORMAT, "f: is not a GGUF file: it begins with \"\", not with \"GGUF\"");
    mts_bytes_append_str(&b, "GG");
    refused(&b, MTS_EFORMAT, "f: is not a GGUF file: it begins with \"GG\", not with \"GGUF\"");
    b.len = 0;
    mts_bytes_append(&b,
                     "\x7f"
                     "ELF!",
                     5);
    refused(&b, MTS_EFORMAT, "f: is not a GGUF file: it begins with \"?ELF\", not with \"GGUF\"");
    static const struct {
        uint32_t version;
        const char *sentence;
    } versions[] = {
        {0, "f: has GGUF version 0; versions 2 and 3 are read"},
        {1, "f: has GGUF version 1; versions 2 and 3 are read"},
        {4, "f: has GGUF version 4; versions 2 and 3 are read"},
        {0x03000000, "f: is a big-endian GGUF file; only little-endian ones are read"},
    };
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        b.len = 0;
        put_header(&b, versions[i].version, 0, 0);
        refused(&b, MTS_EUNSUPPORTED, versions[i].sentence);
    }
    b.len = 0;
    put_header(&b, 3, 1, UINT64_MAX);
    put_zeros(&b, 40);
    refused(&b, MTS_EFORMAT, "f: metadata count 18446744073709551615 is more than the file's 64 bytes can hold");
    b.len = 0;
    put_header(&b, 3, UINT64_MAX, 1);
    put_zeros(&b, 40);
    refused(&b, MTS_EFORMAT, "f: tensor count 18446744073709551615 is more than the file's 64 bytes can hold");
    b.len = 22;
    refused(&b, MTS_EFORMAT, "f: is truncated: the metadata count at byte 16 needs 8 bytes, and the file ends after 6");
    mts_bytes_free(&b);
}

static void unknown_type(MtsBytes *b)
{
    put_key(b, "k", 13);
}

static void unknown_array_type(MtsBytes *b)
{
    put_array(b, "k", 99, 1);
}

static void nested_array(MtsBytes *b)
{
    put_array(b, "k", MTS_GGUF_ARRAY, 1);
}

static void huge_array(MtsBytes *b)
{
    put_array(b, "k", MTS_GGUF_U64, UINT64_MAX / 8 + 2);
}

static void long_array(MtsBytes *b)
{
    put_array(b, "k", MTS_GGUF_U32, 17);
}

static void many_strings(MtsBytes *b)
{
    put_array(b, "k", MTS_GGUF_STRING, 9);
}

static void long_string(MtsBytes *b)
{
    put_key(b, "k", MTS_GGUF_STRING);
    put(b, UINT64_MAX, 8);
}

static void long_string_in_array(MtsBytes *b)
{
    put_array(b, "k", MTS_GGUF_STRING, 2);
    put_string(b, "ok");
    put(b, 65, 8);
}

static void odd_boolean(MtsBytes *b)
{
    put_array(b, "k\n", MTS_GGUF_BOOL, 2);
    put(b, 0x0201, 2);
}

static void nameless_key(MtsBytes *b)
{
    put_key(b, "", MTS_GGUF_U8);
    put(b, 0, 1);
}

static void any_key(MtsBytes *b)
{
    put_key(b, "k", MTS_GGUF_U8);
    put(b, 0, 1);
}

static void odd_alignment(MtsBytes *b)
{
    put_key(b, "general.alignment", MTS_GGUF_U32);
    put(b, 48, 4);
}

static void no_alignment(MtsBytes *b)
{
    put_key(b, "general.alignment", MTS_GGUF_U32);
    put(b, 0, 4);
}

static void spoken_alignment(MtsBytes *b)
{
    put_key(b, "general.alignment", MTS_GGUF_STRING);
    put_string(b, "32");
}

static void second_part(MtsBytes *b)
{
    put_key(b, "split.count", MTS_GGUF_U16);
    put(b, 3, 2);
    put_key(b, "split.no", MTS_GGUF_U16);
    put(b, 1, 2);
}

static void bad_metadata(void **state)
{
    (void)state;
    refused_entry(unknown_type, 1, MTS_EFORMAT, "f: metadata key \"k\": the value's type is 13; types are 0 to 12");
    refused_entry(unknown_array_type, 1, MTS_EFORMAT,
                  "f: metadata key \"k\": the array's type is 99; types are 0 to 12");
    refused_entry(nested_array, 1, MTS_EUNSUPPORTED, "f: metadata key \"k\" is an array of arrays");
    refused_entry(
        huge_array, 1, MTS_EFORMAT,
        "f: metadata key \"k\": an array of 2305843009213693953 elements is more than the 64 bytes left can hold");
    refused_entry(long_array, 1, MTS_EFORMAT, "f: is truncated within metadata key \"k\"");
    refused_entry(many_strings, 1, MTS_EFORMAT,
                  "f: metadata key \"k\": 9 strings are more than the 64 bytes left can hold");
    refused_entry(long_string, 1, MTS_EFORMAT,
                  "f: is truncated: a string at byte 45 needs 18446744073709551615 bytes, and the file ends after 64");
    refused_entry(long_string_in_array, 1, MTS_EFORMAT,
                  "f: is truncated: a string of an array at byte 67 needs 65 bytes, and the file ends after 64");
    refused_entry(odd_boolean, 1, MTS_EFORMAT, "f: metadata key \"k?\": a boolean is 2");
    refused_entry(nameless_key, 1, MTS_EFORMAT, "f: metadata key \"\" has 0 bytes; keys have 1 to 65535");
    refused_entry(any_key, 2, MTS_EFORMAT, "f: metadata key \"k\" occurs twice");
    refused_entry(odd_alignment, 1, MTS_EFORMAT, "f: general.alignment is 48, which is no power of two");
    refused_entry(no_alignment, 1, MTS_EFORMAT, "f: metadata key \"general.alignment\" is 0, outside 8 to 65536");
    refused_entry(spoken_alignment, 1, MTS_EFORMAT,
                  "f: metadata key \"general.alignment\" is the string \"32\" where an integer is expected");
    refused_entry(second_part, 2, MTS_EUNSUPPORTED,
                  "f: is part 2 of 3 of a model; one file is read, which llama-gguf-split --merge makes of them");
}

static void no_dims(MtsBytes *b)
{
    put_tensor(b, "t", 0, plane, MTS_TYPE_F32, 0);
}

static void five_dims(MtsBytes *b)
{
    static const uint64_t shape[5] = {1, 1, 1, 1, 1};
    put_tensor(b, "t", 5, shape, MTS_TYPE_F32, 0);
}

static void zero_dim(MtsBytes *b)
{
    static const uint64_t shape[2] = {32, 0};
    put_tensor(b, "t", 2, shape, MTS_TYPE_F32, 0);
}

static void overflowing_dims(MtsBytes *b)
{
    static const uint64_t shape[3] = {1u << 30, 1u << 30, 1u << 30};
    put_tensor(b, "t", 3, shape, MTS_TYPE_F32, 0);
}

static void overflowing_bytes(MtsBytes *b)
{
    const uint64_t side = SIZE_MAX > UINT32_MAX ? 1ull << 31 : 1ull << 15, shape[2] = {side, side};
    put_tensor(b, "t", 2, shape, MTS_TYPE_F32, 0);
}

static void unread_type(MtsBytes *b)
{
    put_tensor(b, "t", 1, plane, 23, 0);
}

static void unnamed_type(MtsBytes *b)
{
    put_tensor(b, "t", 1, plane, 0xFFFFFFFF, 0);
}

static void half_a_block(MtsBytes *b)
{
    static const uint64_t shape[2] = {48, 2};
    put_tensor(b, "t", 2, shape, MTS_TYPE_Q4_0, 0);
}

static void odd_offset(MtsBytes *b)
{
    put_tensor(b, "t", 1, plane, MTS_TYPE_F32, 16);
}

static void far_offset(MtsBytes *b)
{
    put_tensor(b, "t", 1, plane, MTS_TYPE_F32, UINT64_MAX - 31);
}

static void one_tensor(MtsBytes *b)
{
    put_tensor(b, "t", 1, plane, MTS_TYPE_F32, 0);
}

static void nameless_tensor(MtsBytes *b)
{
    put_tensor(b, "", 1, plane, MTS_TYPE_F32, 0);
}

static void two_of_one_name(MtsBytes *b)
{
    put_tensor(b, "t", 1, plane, MTS_TYPE_F32, 0);
    put_tensor(b, "t", 1, plane, MTS_TYPE_F32, 128);
}

static void overlapping(MtsBytes *b)
{
    put_tensor(b, "one", 1, plane, MTS_TYPE_F32, 96);
    put_tensor(b, "two", 1, plane, MTS_TYPE_F32, 0);
}

static void bad_tensors(void **state)
{
    (void)state;
    refused_tensors(no_dims, 1, 128, MTS_EFORMAT, "f: tensor \"t\" has 0 dimensions; 1 to 4 are possible");
    refused_tensors(five_dims, 1, 128, MTS_EFORMAT, "f: tensor \"t\" has 5 dimensions; 1 to 4 are possible");
    refused_tensors(zero_dim, 1, 128, MTS_EFORMAT, "f: tensor \"t\": dimension 1 of its shape is 0, which is no size");
    refused_tensors(
        overflowing_dims, 1, 128, MTS_EFORMAT,
        SIZE_MAX > UINT32_MAX /* dimensions of 2^30 each */
            ? "f: tensor \"t\": dimension 2 of its shape is 1073741824, which is too large to count its elements"
            : "f: tensor \"t\": dimension 1 of its shape is 1073741824, which is too large to count its elements");
    refused_tensors(overflowing_bytes, 1, 128, MTS_EFORMAT,
                    SIZE_MAX > UINT32_MAX
                        ? "f: tensor \"t\": 4611686018427387904 elements are too many to count their bytes"
                        : "f: tensor \"t\": 1073741824 elements are too many to count their bytes");
    refused_tensors(unread_type, 1, 128, MTS_EUNSUPPORTED,
                    "f: tensor \"t\" has type 23 (IQ4_XS); F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, "
                    "Q6_K and IQ4_NL are read");
    refused_tensors(
        unnamed_type, 1, 128, MTS_EUNSUPPORTED,
        "f: tensor \"t\" has type 4294967295 (unknown); F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, "
        "Q5_K, Q6_K and IQ4_NL are read");
    refused_tensors(half_a_block, 1, 128, MTS_EFORMAT,
                    "f: tensor \"t\": rows of 48 elements are no whole Q4_0 blocks of 32");
    refused_tensors(odd_offset, 1, 256, MTS_EFORMAT, "f: tensor \"t\": offset 16 is no multiple of the alignment 32");
    refused_tensors(
        far_offset, 1, 256, MTS_EFORMAT,
        "f: is truncated: tensor \"t\" has 128 bytes at offset 18446744073709551584, and the data section has "
        "256");
    refused_tensors(one_tensor, 1, 127, MTS_EFORMAT,
                    "f: is truncated: tensor \"t\" has 128 bytes at offset 0, and the data section has 127");
    refused_tensors(nameless_tensor, 1, 128, MTS_EFORMAT, "f: tensor name \"\" has 0 bytes; names have 1 to 64");
    refused_tensors(two_of_one_name, 2, 256, MTS_EFORMAT, "f: tensor \"t\" occurs twice");
    refused_tensors(overlapping, 2, 256, MTS_EFORMAT, "f: the data of tensors \"two\" and \"one\" overlap");
}

/* Wherever a good file is cut, the sentence says that something is missing, and nothing is leaked or overrun. */
static void every_truncation_is_noticed(void **state)
{
    (void)state;
    MtsBytes b = {0};
    put_good(&b, 3);
    size_t whole = b.len;
    for (b.len = 0; b.len < whole; b.len++) {
        MtsGguf *g;
        MtsError err = {0};
        void *data = aligned(&b);
        assert_int_equal(mts_gguf_open_memory(&g, "f", data, b.len, &err), MTS_EFORMAT);
        assert_null(g);
        assert_memory_equal(err.text, "f: ", 3);
        mts_aligned_free(data);
    }
    mts_bytes_free(&b);
}

static void files_are_opened_by_path(void **state)
{
    (void)state;
    MtsGguf *g;
    MtsError err = {0};
    assert_ok(mts_gguf_open(&g, test_path("tests/golden/gemma3-capped.gguf"), &err), &err);
    assert_non_null(mts_gguf_tensor(g, "blk.3.post_ffw_norm.weight"));
    mts_gguf_free(&g);
    assert_int_equal(mts_gguf_open(&g, "/nowhere/at.all", &err), MTS_EIO);
    assert_null(g);
    assert_string_equal(err.text, "/nowhere/at.all: cannot be opened: No such file or directory");
    assert_int_equal(mts_gguf_open(&g, "/", &err), MTS_EIO);
    assert_int_equal(mts_gguf_open(&g, test_path("meson.build"), &err), MTS_EFORMAT);
    static char bytes[2 * MTS_ALIGN];
    char *odd = bytes + MTS_ALIGN - (uintptr_t)bytes % MTS_ALIGN + 1;
    assert_int_equal(mts_gguf_open_memory(&g, "f", odd, 8, &err), MTS_EREQUEST);
    assert_null(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_file_is_read),
        cmocka_unit_test(scalars_are_range_checked),
        cmocka_unit_test(bad_headers),
        cmocka_unit_test(bad_metadata),
        cmocka_unit_test(bad_tensors),
        cmocka_unit_test(every_truncation_is_noticed),
        cmocka_unit_test(files_are_opened_by_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
