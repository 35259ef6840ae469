/* Packing against dequantisation, bit by bit, and the scalar matrix kernels against double precision. */
#include "../test.h"

#include "core/mem.h"
#include "kernels/kernels.h"
#include "random.h"

typedef struct Matrix {
    MtsWeights w;
    void *tensor; /* as in a file */
    float *plain; /* [rows][cols] dequantised */
} Matrix;

static void matrix_new(Matrix *m, MtsRng *rng, MtsType type, size_t rows, size_t cols)
{
    size_t elements, bytes;
    assert_true(mts_type_block(type, &elements, &bytes));
    m->tensor = mts_calloc(rows * cols / elements, bytes);
    m->plain = mts_calloc(rows * cols, sizeof(float));
    fill_tensor(rng, type, m->tensor, rows * cols);
    mts_dequantize(type, m->tensor, m->plain, rows * cols);
    size_t size = mts_weights_plan(&m->w, type, rows, cols);
    assert_true(size > 0);
    m->w.data = mts_aligned_calloc(size, 1);
    memset(m->w.data, 0xA5, size); /* packing must write all that is read */
    mts_pack(&m->w, 0, m->w.groups, m->tensor);
}

static void matrix_free(Matrix *m)
{
    free(m->tensor);
    free(m->plain);
    mts_aligned_free(m->w.data);
}

static void test_unpack_gives_the_file_back(void **state)
{
    (void)state;
    MtsRng rng = mts_rng(1, 0, 0);
    static const size_t rows[] = {16, 1, 35};
    for (size_t t = 0; t < EVERY_TYPE; t++) {
        for (size_t i = 0; i < 3; i++) {
            Matrix m;
            size_t cols = 256 * (i + 1);
            matrix_new(&m, &rng, every_type[t], rows[i], cols);
            float *out = mts_calloc(cols, sizeof *out);
            for (size_t r = 0; r < rows[i]; r++) {
                mts_unpack_row(&m.w, r, out);
                for (size_t k = 0; k < cols; k++) {
                    if (!same_float(out[k], m.plain[r * cols + k])) {
                        fail_msg("%s: row %zu column %zu: %a, not %a", mts_type_name(every_type[t]), r, k, out[k],
                                 m.plain[r * cols + k]);
                    }
                }
            }
            free(out);
            matrix_free(&m);
        }
    }
}

/* From numbers of this processor, as they stand and turned: the bytes that the file's give. */
static void test_floats_are_packed_as_the_file(void **state)
{
    (void)state;
    MtsRng rng = mts_rng(1, 0, 3);
    static const size_t rows[] = {16, 1, 35};
    for (size_t i = 0; i < 3; i++) {
        Matrix m;
        const size_t cols = 21;
        matrix_new(&m, &rng, MTS_TYPE_F32, rows[i], cols);
        const size_t size = m.w.groups * m.w.group_bytes;
        unsigned char *packed = mts_calloc(size, 1);
        float *turned = mts_calloc(rows[i] * cols, sizeof *turned);
        memcpy(packed, m.w.data, size);
        memset(m.w.data, 0x5A, size);
        mts_pack_floats(&m.w, m.plain, cols, 1);
        assert_memory_equal(m.w.data, packed, size);
        for (size_t at = 0; at < rows[i] * cols; at++) {
            turned[at % cols * rows[i] + at / cols] = m.plain[at];
        }
        memset(m.w.data, 0x5A, size);
        mts_pack_floats(&m.w, turned, 1, rows[i]);
        assert_memory_equal(m.w.data, packed, size);
        free(packed);
        free(turned);
        matrix_free(&m);
    }
}

static void test_packed_size(void **state)
{
    (void)state;
    for (size_t t = 0; t < EVERY_TYPE; t++) {
        size_t elements, bytes;
        MtsWeights w;
        mts_type_block(every_type[t], &elements, &bytes);
        size_t file = 1024 * (2048 / elements) * bytes, packed = mts_weights_plan(&w, every_type[t], 1024, 2048);
        assert_true(packed >= file && packed <= file + file / 32);
    }
    MtsWeights w;
    assert_int_equal(mts_weights_plan(&w, MTS_TYPE_Q4_0, 16, 33), 0);
    assert_int_equal(mts_weights_plan(&w, MTS_TYPE_Q4_K, 16, 128), 0);
    assert_int_equal(mts_weights_plan(&w, MTS_TYPE_Q4_0, SIZE_MAX / 64, 1024), 0);
    assert_int_equal(mts_weights_plan(&w, MTS_TYPE_F32, 4, SIZE_MAX / 4), 0);
    assert_int_equal(mts_weights_plan(&w, MTS_TYPE_F32, 0, 4), 0);
}

static void test_quantize(void **state)
{
    (void)state;
    MtsKernels k;
    mts_kernels_init(&k, 0);
    MtsRng rng = mts_rng(2, 0, 0);
    float x[5 * 32];
    fill_normal(&rng, x, 160, 3);
    memset(x + 32, 0, 32 * sizeof *x);
    x[64 + 7] = 1e30f;
    x[96 + 3] = NAN;
    x[128 + 5] = -INFINITY;
    MtsActBlock *a = mts_aligned_calloc(5, sizeof *a);
    k.quantize(x, 5, a, 11);
    for (size_t b = 0; b < 3; b++) {
        float top = 0;
        int sum[2] = {0, 0};
        for (size_t i = 0; i < 32; i++) {
            top = fmaxf(top, fabsf(x[32 * b + i]));
            sum[i / 16] += a[b].row[11].q[i];
        }
        for (size_t i = 0; i < 32; i++) {
            assert_true(fabsf(a[b].row[11].q[i] * a[b].row[11].d - x[32 * b + i]) <= a[b].row[11].d * 0.50001f);
        }
        assert_true(a[b].row[11].d == top / 127);
        assert_true(a[b].row[11].s == a[b].row[11].d * (float)(sum[0] + sum[1]));
        assert_int_equal(a[b].row[11].n[0], -sum[0] - sum[1]);
        assert_int_equal(a[b].row[11].n[1], -sum[0]);
        assert_int_equal(a[b].row[11].n[2], -sum[1]);
    }
    assert_true(isnan(a[3].row[11].d) && isnan(a[4].row[11].d));
    for (size_t b = 0; b < 5; b++) { /* the neighbours were not touched */
        assert_true(a[b].row[10].d == 0 && a[b].row[12].d == 0 && a[b].row[10].q[31] == 0 && a[b].row[12].q[0] == 0);
    }
    mts_aligned_free(a);
}

/* Exact products in double: of the quantised activations for int8, of the given ones for fp32. */
static void check_close(const Matrix *m, const double *x, const float *y, size_t stride, size_t row, const char *what)
{
    size_t cols = m->w.cols;
    for (size_t n = 0; n < m->w.rows; n++) {
        double want = 0, size = 0;
        for (size_t k = 0; k < cols; k++) {
            want += m->plain[n * cols + k] * x[k];
            size += fabs(m->plain[n * cols + k] * x[k]);
        }
        if (!(fabs(y[row * stride + n] - want) <= 4e-6 * size)) {
            fail_msg("%s %s: activation row %zu, output %zu: %g, not %g", mts_type_name(m->w.type), what, row, n,
                     y[row * stride + n], want);
        }
    }
    for (size_t n = m->w.rows; n < m->w.groups * 16; n++) {
        assert_true(y[row * stride + n] == 0);
    }
}

static void test_matmul(void **state)
{
    (void)state;
    enum { S = 19, COLS = 512, ROWS = 37, STRIDE = 50 };
    MtsKernels k;
    mts_kernels_init(&k, 0);
    MtsRng rng = mts_rng(3, 0, 0);
    float x[S * COLS], y[S * STRIDE], once[S * STRIDE];
    double exact[COLS];
    fill_normal(&rng, x, S * COLS, 2);
    MtsActBlock *acts = mts_aligned_calloc(1, mts_acts_size(S, COLS));
    for (size_t s = 0; s < S; s++) {
        k.quantize(x + s * COLS, COLS / 32, acts + s / 16 * (COLS / 32), s % 16);
    }
    for (size_t t = 0; t < EVERY_TYPE; t++) {
        Matrix m;
        matrix_new(&m, &rng, every_type[t], ROWS, COLS);
        for (int int8 = 0; int8 <= (int)mts_is_quantized(m.w.type); int8++) {
            memset(y, 0xFF, sizeof y);
            if (int8) {
                mts_matmul(&k, &m.w, 0, 3, acts, 0, S, y, STRIDE, false, (MtsNext){0});
            } else {
                mts_matmul_f32(&k, &m.w, 0, 3, x, COLS, 0, S, y, STRIDE, false);
            }
            for (size_t s = 0; s < S; s++) {
                for (size_t c = 0; c < COLS; c++) {
                    const MtsActRow *b = &acts[s / 16 * (COLS / 32) + c / 32].row[s % 16];
                    exact[c] = int8 ? (double)b->q[c % 32] * b->d : x[s * COLS + c];
                }
                check_close(&m, exact, y, STRIDE, s, int8 ? "int8" : "fp32");
                assert_true(isnan(y[s * STRIDE + 48])); /* nothing beyond the groups */
            }
            /* The same bits for any split, and twice the result when added. */
            memcpy(once, y, sizeof y);
            for (size_t s = 0; s < S; s += 5) {
                size_t end = s + 5 < S ? s + 5 : S;
                for (size_t g = 0; g < 3; g++) {
                    if (int8) {
                        mts_matmul(&k, &m.w, g, g + 1, acts, s, end, y, STRIDE, true, (MtsNext){0});
                    } else {
                        mts_matmul_f32(&k, &m.w, g, g + 1, x, COLS, s, end, y, STRIDE, true);
                    }
                }
            }
            for (size_t i = 0; i < S * STRIDE; i++) {
                assert_true(same_float(y[i], once[i] + once[i]));
            }
        }
        matrix_free(&m);
    }
    mts_aligned_free(acts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unpack_gives_the_file_back),
        cmocka_unit_test(test_floats_are_packed_as_the_file),
        cmocka_unit_test(test_packed_size),
        cmocka_unit_test(test_quantize),
        cmocka_unit_test(test_matmul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
