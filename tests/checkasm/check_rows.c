/* Norms, rotations and gates: every length up to a few vectors, some long ones, every alignment of a float. */
#include "checkasm.h"

static const size_t lengths[] = {1,  2,  3,  4,  5,  7,  8,  9,  12, 15,  16,  17,  24,  31,
                                 32, 33, 47, 48, 63, 64, 65, 96, 97, 255, 256, 576, 577, 1536};
enum { LENGTHS = sizeof lengths / sizeof lengths[0], KINDS = 3 };

/* Numbers of ordinary size, of every size, or with infinities and NaNs among them. */
static void fill(Check *c, float *x, size_t n, int kind)
{
    fill_normal(&c->rng, x, n, 3);
    for (size_t i = 0; i < n && kind > 0; i++) {
        uint64_t bits = mts_rng_bits(&c->rng);
        uint32_t low = (uint32_t)bits;
        if (kind == 1) {
            x[i] *= exp2f((float)(int)(bits % 200) - 100);
        } else if (bits % 5 == 0) {
            low = (uint32_t)(bits >> 32); /* any float there is */
            memcpy(&x[i], &low, sizeof low);
        }
    }
}

typedef void (*Binary)(const float *a, const float *b, float *y, size_t n);

static void check_gate(Check *c, Binary scalar, Binary vector)
{
    for (size_t l = 0; l < LENGTHS; l++) {
        for (int kind = 0; kind < KINDS; kind++) {
            size_t n = lengths[l];
            float *a = guard_new(n * sizeof *a, true), *b = guard_new(n * sizeof *b, true);
            float *y = guard_new(n * sizeof *y, true), *want = malloc(n * sizeof *want);
            fill(c, a, n, kind);
            fill(c, b, n, kind);
            scalar(a, b, want, n);
            vector(a, b, y, n);
            check_floats(c, y, want, n, "length and kind", n, (size_t)kind);
            vector(a, b, a, n); /* in place */
            check_floats(c, a, want, n, "in place, length and kind", n, (size_t)kind);
            guard_free(a);
            guard_free(b);
            guard_free(y);
            free(want);
        }
    }
}

static void check_norm(Check *c)
{
    for (size_t l = 0; l < LENGTHS; l++) {
        for (int kind = 0; kind < KINDS; kind++) {
            size_t n = lengths[l];
            float *x = guard_new(n * sizeof *x, true), *w = guard_new(n * sizeof *w, true),
                  *want = malloc(n * sizeof *want);
            float *y = guard_new(n * sizeof *y, true);
            fill(c, x, n, kind);
            fill(c, w, n, 0);
            c->scalar->rmsnorm(x, w, n, 1e-6f, want);
            c->vector->rmsnorm(x, w, n, 1e-6f, y);
            check_floats(c, y, want, n, "length and kind", n, (size_t)kind);
            c->vector->rmsnorm(x, w, n, 1e-6f, x);
            check_floats(c, x, want, n, "in place, length and kind", n, (size_t)kind);
            guard_free(x);
            guard_free(w);
            guard_free(y);
            free(want);
        }
    }
}

typedef void (*Rope)(float *x, const float *c, const float *s, size_t half);

static void check_rope(Check *c, Rope scalar, Rope vector)
{
    for (size_t half = 1; half <= 70; half++) {
        for (int kind = 0; kind < KINDS; kind++) {
            float *x = guard_new(2 * half * sizeof *x, true), *want = malloc(2 * half * sizeof *want);
            float *cosine = guard_new(half * sizeof *x, true), *sine = guard_new(half * sizeof *x, true);
            fill(c, x, 2 * half, kind);
            fill(c, cosine, half, 0);
            fill(c, sine, half, 0);
            memcpy(want, x, 2 * half * sizeof *x);
            scalar(want, cosine, sine, half);
            vector(x, cosine, sine, half);
            check_floats(c, x, want, 2 * half, "half and kind", half, (size_t)kind);
            guard_free(x);
            guard_free(cosine);
            guard_free(sine);
            free(want);
        }
    }
}

static void check_simple(Check *c, int what)
{
    for (size_t l = 0; l < LENGTHS; l++) {
        for (int kind = 0; kind < KINDS; kind++) {
            size_t n = lengths[l];
            float *x = guard_new(n * sizeof *x, true), *y = guard_new(n * sizeof *y, true),
                  *want = malloc(n * sizeof *want);
            fill(c, x, n, kind);
            fill(c, y, n, kind);
            memcpy(want, y, n * sizeof *y);
            if (what == 0) {
                c->scalar->add(want, x, n);
                c->vector->add(y, x, n);
            } else if (what == 1) {
                c->scalar->scale(want, 0.3f, n);
                c->vector->scale(y, 0.3f, n);
            } else {
                c->scalar->finish(want, 0.3f, n);
                c->vector->finish(y, 0.3f, n);
            }
            check_floats(c, y, want, n, "length and kind", n, (size_t)kind);
            guard_free(x);
            guard_free(y);
            free(want);
        }
    }
}

/* What is read is all there is; the peaks do the work they are asked for. */
static void check_read(Check *c)
{
    for (size_t n = 1; n < 300; n++) {
        uint32_t *p = guard_new(n * sizeof *p, true);
        fill_bytes(&c->rng, p, n * sizeof *p);
        if (c->scalar->read(p, n) != c->vector->read(p, n)) {
            check_fail(c, "%zu words", n);
        }
        guard_free(p);
    }
}

static void run_peak_int8(void *k)
{
    ((const MtsKernels *)k)->peak_int8(1000000);
}

static void run_peak_f32(void *k)
{
    ((const MtsKernels *)k)->peak_f32(1000000);
}

static void check_peak(Check *c, size_t (*peak)(size_t work), void (*run)(void *k))
{
    if (peak(12345) < 12345) {
        check_fail(c, "less work than asked for");
    }
    if (c->bench) {
        MtsKernels k = *c->vector;
        printf("  %-12s %-16s %.1f GMAC/s\n", k.name, c->name, check_rate(run, &k) * 1e-3);
    }
}

typedef struct RowRun {
    const MtsKernels *k;
    float x[1536], y[1536];
    MtsActBlock *panel;
    int what;
} RowRun;

static void run_row(void *data)
{
    RowRun *r = data;
    if (r->what == 0) {
        r->k->quantize(r->x, 48, r->panel, 3);
    } else if (r->what == 1) {
        r->k->rmsnorm(r->x, r->x, 1536, 1e-5f, r->y);
    } else if (r->what == 2) {
        r->k->silu_mul(r->x, r->x, r->y, 1536);
    } else if (r->what == 3) {
        r->k->gelu_mul(r->x, r->x, r->y, 1536);
    } else {
        r->k->rope_halves(r->x, r->y, r->y, 768);
    }
}

static void bench(Check *c)
{
    static const char *const names[] = {"quantize", "rmsnorm", "silu_mul", "gelu_mul", "rope_halves"};
    static RowRun run;
    run.k = c->vector;
    run.panel = guard_new(48 * sizeof *run.panel, true);
    fill_normal(&c->rng, run.x, 1536, 2);
    for (run.what = 0; run.what < 5; run.what++) {
        printf("  %-12s %-16s %.2f elements per ns\n", c->vector->name, names[run.what],
               check_rate(run_row, &run) * 1536e-9);
    }
    guard_free(run.panel);
}

void check_rows(Check *c)
{
    size_t before = c->tested;
    if (CHECK_BEGIN(c, "rmsnorm", rmsnorm)) {
        check_norm(c);
    }
    if (CHECK_BEGIN(c, "rope_pairs", rope_pairs)) {
        check_rope(c, c->scalar->rope_pairs, c->vector->rope_pairs);
    }
    if (CHECK_BEGIN(c, "rope_halves", rope_halves)) {
        check_rope(c, c->scalar->rope_halves, c->vector->rope_halves);
    }
    if (CHECK_BEGIN(c, "add", add)) {
        check_simple(c, 0);
    }
    if (CHECK_BEGIN(c, "scale", scale)) {
        check_simple(c, 1);
    }
    if (CHECK_BEGIN(c, "finish", finish)) {
        check_simple(c, 2);
    }
    if (CHECK_BEGIN(c, "silu_mul", silu_mul)) {
        check_gate(c, c->scalar->silu_mul, c->vector->silu_mul);
    }
    if (CHECK_BEGIN(c, "gelu_mul", gelu_mul)) {
        check_gate(c, c->scalar->gelu_mul, c->vector->gelu_mul);
    }
    if (c->bench && c->tested > before) {
        bench(c);
    }
    if (CHECK_BEGIN(c, "read", read)) {
        check_read(c);
    }
    if (CHECK_BEGIN(c, "peak int8", peak_int8)) {
        check_peak(c, c->vector->peak_int8, run_peak_int8);
    }
    if (CHECK_BEGIN(c, "peak f32", peak_f32)) {
        check_peak(c, c->vector->peak_f32, run_peak_f32);
    }
}
