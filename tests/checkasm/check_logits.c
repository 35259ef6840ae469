/* Rows over the vocabulary: all short lengths and some long ones, ties, signed zeros, infinities, NaNs. */
#include "checkasm.h"

enum { KINDS = 5 };

static void fill(Check *c, float *x, size_t n, int kind)
{
    fill_normal(&c->rng, x, n, 4);
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = mts_rng_bits(&c->rng);
        if (kind == 1) {
            x[i] = rintf(x[i]); /* ties, both zeros */
        } else if (kind == 2 && bits % 4 == 0) {
            x[i] = bits >> 8 & 1 ? NAN : -INFINITY;
        } else if (kind == 3) {
            x[i] = bits & 1 ? NAN : -INFINITY;
        } else if (kind == 4) {
            x[i] = bits & 1 ? 0.0f : -0.0f;
        }
    }
}

static size_t next_length(size_t n)
{
    return n < 150 ? n + 1 : n * 2 + 3;
}

static void check_max(Check *c, bool runs)
{
    for (size_t n = 1; n < 5000; n = next_length(n)) {
        for (int kind = 0; kind < KINDS; kind++) {
            float *x = guard_new(n * sizeof *x, true);
            fill(c, x, n, kind);
            if (runs) {
                size_t count = (n + 63) / 64;
                float *got = guard_new(count * sizeof *got, true), want[100];
                c->scalar->max64(x, n, want);
                c->vector->max64(x, n, got);
                check_floats(c, got, want, count, "length and kind", n, (size_t)kind);
                guard_free(got);
            } else {
                size_t a, b;
                float want = c->scalar->max(x, n, &a), got = c->vector->max(x, n, &b);
                check_floats(c, &got, &want, 1, "length and kind", n, (size_t)kind);
                if (a != b) {
                    check_fail(c, "length %zu, kind %d: at %zu, not %zu", n, kind, b, a);
                }
            }
            guard_free(x);
        }
    }
}

static void check_sum_exp(Check *c)
{
    for (size_t n = 1; n < 5000; n = next_length(n)) {
        for (int kind = 0; kind < KINDS; kind++) {
            float *x = guard_new(n * sizeof *x, true);
            fill(c, x, n, kind);
            double want = c->scalar->sum_exp(x, n, 3.25f), got = c->vector->sum_exp(x, n, 3.25f);
            if (memcmp(&want, &got, sizeof want) != 0 && !(isnan(want) && isnan(got))) {
                check_fail(c, "length %zu, kind %d: %a, not %a", n, kind, got, want);
            }
            guard_free(x);
        }
    }
}

static void check_collect(Check *c)
{
    for (size_t n = 1; n < 5000; n = next_length(n)) {
        for (int kind = 0; kind < KINDS; kind++) {
            size_t cap = n / 3 + 1;
            float *x = guard_new(n * sizeof *x, true);
            int32_t *got = guard_new(cap * sizeof *got, true), *want = guard_new(cap * sizeof *want, true);
            fill(c, x, n, kind);
            float bound = kind == 1 ? 2 : kind == 4 ? 0 : 1.5f;
            size_t a = c->scalar->collect(x, n, bound, want, cap), b = c->vector->collect(x, n, bound, got, cap);
            if (a != b || memcmp(got, want, cap * sizeof *got) != 0) {
                check_fail(c, "length %zu, kind %d: %zu found, not %zu", n, kind, b, a);
            }
            guard_free(x);
            guard_free(got);
            guard_free(want);
        }
    }
}

typedef struct LogitsRun {
    const MtsKernels *k;
    float x[50000], best[800];
    int32_t at[100];
    int what;
} LogitsRun;

static void run_logits(void *data)
{
    LogitsRun *r = data;
    if (r->what == 0) {
        r->best[0] = r->k->max(r->x, 50000, NULL);
    } else if (r->what == 1) {
        r->best[1] = (float)r->k->sum_exp(r->x, 50000, 9);
    } else if (r->what == 2) {
        r->k->max64(r->x, 50000, r->best);
    } else {
        r->k->collect(r->x, 50000, 13, r->at, 100);
    }
}

static void bench(Check *c)
{
    static const char *const names[] = {"max", "sum_exp", "max64", "collect"};
    static LogitsRun run;
    run.k = c->vector;
    fill_normal(&c->rng, run.x, 50000, 4);
    for (run.what = 0; run.what < 4; run.what++) {
        printf("  %-12s %-16s %.2f elements per ns\n", c->vector->name, names[run.what],
               check_rate(run_logits, &run) * 5e-5);
    }
}

void check_logits(Check *c)
{
    size_t before = c->tested;
    if (CHECK_BEGIN(c, "max", max)) {
        check_max(c, false);
    }
    if (CHECK_BEGIN(c, "max64", max64)) {
        check_max(c, true);
    }
    if (CHECK_BEGIN(c, "sum_exp", sum_exp)) {
        check_sum_exp(c);
    }
    if (CHECK_BEGIN(c, "collect", collect)) {
        check_collect(c);
    }
    if (c->bench && c->tested > before) {
        bench(c);
    }
}
