/* The scalar kernels of rows, attention and logits against double precision. */
#include "../test.h"

#include "core/mem.h"
#include "kernels/kernels.h"
#include "random.h"

static MtsKernels k;

static void test_exp(void **state)
{
    (void)state;
    double worst = 0;
    for (uint32_t i = 0; i < 0xFF800000u; i += 997) { /* all signs and sizes */
        float x;
        memcpy(&x, &i, sizeof x);
        if (isnan(x)) {
            continue;
        }
        float y = mts_exp(x);
        if (x > 88) {
            assert_true(y == mts_exp(88));
        } else if (x < -87) {
            assert_true(y == 0);
        } else {
            worst = fmax(worst, fabs(y / exp((double)x) - 1));
        }
    }
    assert_true(worst < 0x1p-23 && worst > 0x1p-26);
    assert_true(isnan(mts_exp(NAN)) && mts_exp(0) == 1 && mts_exp(-INFINITY) == 0);
}

static void test_log(void **state)
{
    (void)state;
    MtsRng rng = mts_rng(1, 0, 0);
    for (int i = 0; i < 2000000; i++) {
        uint64_t bits = mts_rng_bits(&rng) >> 1;
        double x;
        if (i % 2) {
            bits = bits >> 12 | 0x3FE0000000000000u | (bits & 1) << 52; /* about 1 */
        }
        memcpy(&x, &bits, sizeof x);
        if (!isnormal(x)) {
            continue;
        }
        double want = (double)logl((long double)x), got = mts_log(x);
        double unit = fabs(nextafter(want, INFINITY) - want);
        assert_true(fabs(got - want) <= 1.0 * unit || want == got);
    }
    assert_true(mts_log(1) == 0 && mts_log(2) == log(2));
}

static void test_norm_and_gates(void **state)
{
    (void)state;
    MtsRng rng = mts_rng(2, 0, 0);
    float x[77], w[77], u[77], y[77];
    fill_normal(&rng, x, 77, 2);
    fill_normal(&rng, w, 77, 1);
    fill_normal(&rng, u, 77, 1);
    double ss = 0;
    for (int i = 0; i < 77; i++) {
        ss += (double)x[i] * x[i];
    }
    k.rmsnorm(x, w, 77, 1e-5f, y);
    for (int i = 0; i < 77; i++) {
        assert_true(fabs(y[i] - x[i] / sqrt(ss / 77 + 1e-5) * w[i]) < 1e-5);
    }
    k.silu_mul(x, u, y, 77);
    for (int i = 0; i < 77; i++) {
        assert_true(fabs(y[i] - x[i] / (1 + exp(-(double)x[i])) * u[i]) < 1e-5);
    }
    k.gelu_mul(x, u, y, 77);
    for (int i = 0; i < 77; i++) {
        double v = x[i], t = tanh(sqrt(2 / 3.14159265358979323846) * (v + 0.044715 * v * v * v));
        assert_true(fabs(y[i] - 0.5 * v * (1 + t) * u[i]) < 1e-5);
    }
    x[0] = 300, x[1] = -300, x[2] = NAN;
    u[0] = u[1] = u[2] = 1;
    k.silu_mul(x, u, y, 77);
    assert_true(y[0] == 300 && fabsf(y[1]) < 1e-30f && isnan(y[2]));
    k.gelu_mul(x, u, y, 77);
    assert_true(y[0] == 300 && fabsf(y[1]) < 1e-30f && isnan(y[2]));
}

static void test_rope(void **state)
{
    (void)state;
    float c[3], s[3], x[6] = {1, 2, 3, 4, 5, 6}, y[6] = {1, 3, 5, 2, 4, 6};
    for (int i = 0; i < 3; i++) {
        c[i] = (float)cos(0.3 * (i + 1));
        s[i] = (float)sin(0.3 * (i + 1));
    }
    k.rope_pairs(x, c, s, 3);
    k.rope_halves(y, c, s, 3);
    for (int i = 0; i < 3; i++) {
        double a = 2 * i + 1, b = 2 * i + 2;
        assert_true(fabs(x[2 * i] - (a * c[i] - b * s[i])) < 1e-6 && fabs(x[2 * i + 1] - (a * s[i] + b * c[i])) < 1e-6);
        assert_true(x[2 * i] == y[i] && x[2 * i + 1] == y[i + 3]);
    }
}

/* One kv head of two, 43 positions of which the last query sees [5, 43). */
static void test_attention(void **state)
{
    (void)state;
    enum { DIM = 24, N = 43, PAGES = 3, NQ = 2, HEADS = 2, HEAD = 1 };
    MtsRng rng = mts_rng(3, 0, 0);
    static float keys[N][HEADS * DIM], vals[N][HEADS * DIM];
    float q[NQ][DIM], score[NQ][PAGES * 16], out[NQ][DIM];
    fill_normal(&rng, keys[0], N * HEADS * DIM, 1);
    fill_normal(&rng, vals[0], N * HEADS * DIM, 1);
    fill_normal(&rng, q[0], NQ * DIM, 0.5f);
    for (int f32 = 0; f32 < 2; f32++) {
        size_t element = f32 ? 4 : 2, half = HEADS * DIM * 16 * element;
        void *page[PAGES];
        for (size_t i = 0; i < PAGES; i++) {
            page[i] = mts_aligned_calloc(2, half);
        }
        for (size_t p = 0; p < N; p++) {
            k.put_key[f32](page[p / 16], p % 16, HEADS, DIM, keys[p]);
            k.put_value[f32]((char *)page[p / 16] + half, p % 16, HEADS, DIM, vals[p]);
        }
        const float *qs[NQ] = {q[0], q[1]};
        float *rows[NQ] = {score[0], score[1]}, *outs[NQ] = {out[0], out[1]};
        const void *const *pages = (const void *const *)page;
        k.scores[f32](qs, NQ, DIM, pages, HEAD * DIM * 16 * element, PAGES, rows);
        size_t lo[NQ] = {0, 5}, hi[NQ] = {30, N};
        float inverse[NQ];
        for (int j = 0; j < NQ; j++) {
            inverse[j] = k.softmax(score[j], lo[j], hi[j], PAGES * 16);
        }
        memset(out, 0, sizeof out);
        size_t at = half + HEAD * DIM * 16 * element;
        const float *weights[NQ] = {score[0], score[1]}, *rest[NQ] = {score[0] + 16, score[1] + 16};
        k.values[f32](weights, NQ, DIM, pages, at, 1, 16, outs);
        k.values[f32](rest, NQ, DIM, pages + 1, at, PAGES - 1, N - 32, outs);
        for (int j = 0; j < NQ; j++) {
            double sum = 0, want[DIM] = {0};
            k.finish(out[j], inverse[j], DIM);
            for (size_t p = lo[j]; p < hi[j]; p++) {
                double dot = 0;
                for (int d = 0; d < DIM; d++) {
                    dot += q[j][d] * keys[p][HEAD * DIM + d];
                }
                sum += exp(dot);
                for (int d = 0; d < DIM; d++) {
                    want[d] += exp(dot) * vals[p][HEAD * DIM + d];
                }
            }
            for (int d = 0; d < DIM; d++) {
                assert_true(fabs(out[j][d] - want[d] / sum) < (f32 ? 2e-6 : 2e-3));
            }
        }
        for (size_t i = 0; i < PAGES; i++) {
            mts_aligned_free(page[i]);
        }
    }
}

static void test_logits(void **state)
{
    (void)state;
    enum { N = 5003 };
    static float x[N], best[(N + 63) / 64];
    MtsRng rng = mts_rng(4, 0, 0);
    fill_normal(&rng, x, N, 3);
    x[4000] = 40, x[4500] = 40, x[17] = NAN, x[18] = -INFINITY;
    size_t at;
    assert_true(k.max(x, N, &at) == 40 && at == 4000);
    double sum = 0;
    for (int i = 0; i < N; i++) {
        sum += i == 17 ? 0 : exp((double)x[i] - 40);
    }
    x[17] = -INFINITY;
    assert_true(fabs(k.sum_exp(x, N, 40) - sum) < 1e-7);
    k.max64(x, N, best);
    assert_true(best[4000 / 64] == 40 && best[N / 64] > 0 && best[0] < 40);
    int32_t ids[4];
    assert_int_equal(k.collect(x, N, 40, ids, 4), 2);
    assert_true(ids[0] == 4000 && ids[1] == 4500);
    assert_true(k.collect(x, N, -100, ids, 4) == N - 2 && ids[3] == 3);
    static const float nothing[3] = {NAN, -INFINITY, NAN};
    assert_true(k.max(nothing, 3, &at) == -INFINITY && at == 0);
}

static const float *sorted_by;

static int descending(const void *a, const void *b)
{
    int32_t i = *(const int32_t *)a, j = *(const int32_t *)b;
    return sorted_by[i] > sorted_by[j] ? -1 : sorted_by[i] < sorted_by[j] ? 1 : i < j ? -1 : i > j;
}

static void test_top_k(void **state)
{
    (void)state;
    static const size_t lengths[] = {1, 2, 63, 64, 65, 1000, 20001}, ks[] = {1, 2, 3, 15, 40, 313, 1000, 20001};
    MtsRng rng = mts_rng(5, 0, 0);
    for (size_t l = 0; l < 7; l++) {
        size_t n = lengths[l];
        float *x = mts_calloc(n, sizeof *x), *values = mts_calloc(20001, sizeof *values);
        int32_t *all = mts_calloc(n, sizeof *all), *ids = mts_calloc(20001, sizeof *ids);
        void *scratch = mts_calloc(mts_top_k_scratch(n), 1);
        for (int kind = 0; kind < 3; kind++) { /* distinct, full of ties, nearly all excluded */
            fill_normal(&rng, x, n, 3);
            for (size_t i = 0; i < n; i++) {
                x[i] = kind == 1 ? rintf(x[i]) : kind == 2 && i % 61 ? (i % 2 ? -INFINITY : NAN) : x[i];
                all[i] = (int32_t)i;
            }
            size_t valid = 0;
            for (size_t i = 0; i < n; i++) {
                if (x[i] > -INFINITY) {
                    all[valid++] = (int32_t)i;
                }
            }
            sorted_by = x;
            qsort(all, valid, sizeof *all, descending);
            for (size_t j = 0; j < 8; j++) {
                size_t want = ks[j] < valid ? ks[j] : valid;
                assert_int_equal(mts_top_k(&k, x, n, ks[j], ids, values, scratch), want);
                assert_memory_equal(ids, all, want * sizeof *ids);
                for (size_t i = 0; i < want; i++) {
                    assert_true(values[i] == x[ids[i]]);
                }
            }
        }
        free(x), free(values), free(all), free(ids), free(scratch);
    }
}

int main(void)
{
    mts_kernels_init(&k, 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exp),   cmocka_unit_test(test_log),       cmocka_unit_test(test_norm_and_gates),
        cmocka_unit_test(test_rope),  cmocka_unit_test(test_attention), cmocka_unit_test(test_logits),
        cmocka_unit_test(test_top_k),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
