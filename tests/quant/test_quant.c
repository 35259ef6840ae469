/* Half-precision numbers against their definition, and every block type against values that another reader of the
 * format computed (dequant.gguf, made by tools/make_fixtures.py). */
#include "../test.h"

#include <math.h>

#include "core/endian.h"
#include "gguf/gguf.h"
#include "quant/quant.h"

static uint32_t bits_of(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

static void halves_mean_what_they_say(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 65536; h++) {
        int exponent = (int)(h >> 10 & 31), fraction = (int)(h & 0x3FF);
        float f = mts_f16_to_f32((uint16_t)h);
        assert_int_equal(bits_of(f) >> 31, h >> 15);
        if (exponent == 31) {
            assert_true(fraction ? isnan(f) : isinf(f));
        } else {
            double value = exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
            assert_true(fabs((double)f) == value);
        }
        uint16_t back = mts_f32_to_f16(f);
        assert_int_equal(back, exponent == 31 && fraction ? h | 0x200 : h);
    }
}

/* Between two neighbouring halves, everything below the middle goes down, everything above it up, and the middle to
 * the one with the even fraction. */
static void rounding_to_halves_is_to_nearest_even(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 0x7C00; h++) {
        double low = (double)mts_f16_to_f32((uint16_t)h);
        double high = h == 0x7BFF ? 65536.0 : (double)mts_f16_to_f32((uint16_t)(h + 1));
        float middle = (float)((low + high) / 2); /* exact: one more significant bit */
        uint32_t even = h & 1 ? h + 1 : h;
        assert_int_equal(mts_f32_to_f16(middle), even);
        assert_int_equal(mts_f32_to_f16(-middle), even | 0x8000);
        assert_int_equal(mts_f32_to_f16(nextafterf(middle, 0)), h);
        assert_int_equal(mts_f32_to_f16(nextafterf(middle, INFINITY)), h + 1);
    }
    assert_int_equal(mts_f32_to_f16(INFINITY), 0x7C00);
    assert_int_equal(mts_f32_to_f16(-1e30f), 0xFC00);
    assert_int_equal(mts_f32_to_f16(1e-30f), 0);
    assert_int_equal(bits_of(mts_bf16_to_f32(0xBF80)), 0xBF800000);
}

static void types_are_known_by_their_ids(void **state)
{
    (void)state;
    size_t elements = 0, bytes = 0;
    assert_true(mts_type_block(MTS_TYPE_Q6_K, &elements, &bytes));
    assert_int_equal(elements, 256);
    assert_int_equal(bytes, 210);
    assert_true(mts_type_block(MTS_TYPE_BF16, &elements, &bytes));
    assert_int_equal(elements, 1);
    assert_int_equal(bytes, 2);
    static const uint32_t refused[] = {4, 5, 9, 10, 11, 15, 16, 23, 24, 28, 29, 31, 39, 40, UINT32_MAX};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_false(mts_type_block(refused[i], &elements, &bytes));
    }
    assert_string_equal(mts_type_name(MTS_TYPE_Q4_K), "Q4_K");
    assert_string_equal(mts_type_name(23), "IQ4_XS");
    assert_string_equal(mts_type_name(31), "unknown");
    assert_string_equal(mts_type_name(UINT32_MAX), "unknown");
}

/* The twelve bytes of packed six-bit numbers: each number alone at its largest value. */
static void scales_and_minima_are_unpacked(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        for (int want = 0; want < 64; want++) {
            uint8_t packed[12] = {0}, s, t;
            if (i < 4) {
                packed[i] = (uint8_t)want;
                packed[i + 4] = (uint8_t)(63 - want);
            } else {
                packed[i + 4] = (uint8_t)((want & 15) | ((63 - want) & 15) << 4);
                packed[i - 4] = (uint8_t)(want >> 4 << 6);
                packed[i] = (uint8_t)((63 - want) >> 4 << 6);
            }
            mts_scale_min(packed, i, &s, &t);
            assert_int_equal(s, want);
            assert_int_equal(t, 63 - want);
        }
    }
}

static void every_type_dequantises_to_the_bit(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsGguf *gguf;
    assert_ok(mts_gguf_open(&gguf, test_path("tests/quant/dequant.gguf"), &err), &err);
    size_t compared = 0;
    for (size_t i = 0; i < mts_gguf_tensor_count(gguf); i++) {
        const MtsTensor *t = mts_gguf_tensor_at(gguf, i);
        char name[80];
        snprintf(name, sizeof name, "%.*s.f32", (int)t->name.size, t->name.data);
        const MtsTensor *expected = mts_gguf_tensor(gguf, name);
        if (!expected) {
            continue; /* an expectation itself */
        }
        assert_int_equal(expected->elements, t->elements);
        const unsigned char *want = expected->data;
        float *got = malloc(t->elements * sizeof *got);
        mts_dequantize(t->type, t->data, got, t->elements);
        for (size_t k = 0; k < t->elements; k++) {
            if (bits_of(got[k]) != mts_load_u32(want + 4 * k)) {
                fail_msg("%s: element %zu is %.9g, expected %.9g", name, k, (double)got[k],
                         (double)mts_load_f32(want + 4 * k));
            }
        }
        free(got);
        compared++;
    }
    static const MtsType all[] = {
#define TYPE(name, ...) MTS_TYPE_##name,
        MTS_WEIGHT_TYPES(TYPE)
#undef TYPE
    };
    assert_int_equal(compared, sizeof all / sizeof *all - 1); /* all types but F32 */
    mts_gguf_free(&gguf);

    static const float plain[3] = {1.5f, -0.0f, 3e-39f};
    float file[3], copy[3];
    for (int i = 0; i < 3; i++) {
        mts_store_u32(file + i, bits_of(plain[i]));
    }
    mts_dequantize(MTS_TYPE_F32, file, copy, 3);
    assert_memory_equal(copy, plain, sizeof plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(halves_mean_what_they_say),         cmocka_unit_test(rounding_to_halves_is_to_nearest_even),
        cmocka_unit_test(types_are_known_by_their_ids),      cmocka_unit_test(scales_and_minima_are_unpacked),
        cmocka_unit_test(every_type_dequantises_to_the_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
