/* evidence/window.c - see window.h.
 *
 * Levels of a channel: mean, log deviation, five quantiles, log mean step. (What a sensor's mean says, gravity above
 * all, is not thrown away.) Its spectrum: logs of the power under a Hann window, in bands that widen.
 *
 * Shapes are MiniROCKET's (A. Dempster, D. F. Schmidt, G. I. Webb, "MiniRocket: a very fast (almost) deterministic
 * transform for time series classification", KDD 2021): the 84 kernels of nine weights, three of them 2 and six -1,
 * whose sum is 0, with dilations 1, 2, 4, ...; of a kernel's output the share of values above a threshold, which is a
 * quantile of its outputs on some of the windows that were learnt from. Kernels take turns with the channels and their
 * sum, and every other one has no padding. With s(i) the window shifted by (i - 4) dilations,
 *
 *     output = 3 (s(a) + s(b) + s(c)) - (s(0) + ... + s(8)),
 *
 * so that the nine shifts are summed once a dilation and channel. Nothing is drawn at random. */
#include "evidence/window.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/sort.h"
#include "evidence/beats.h"
#include "series/dft.h"

enum { KERNELS = 84, TAPS = 9, BANDS = 16, LEVELS = 8, KNOTS = 6, LEARNT_FROM = 16, MOST_DILATIONS = 20 };

#define PI 3.14159265358979323846
#define GOLDEN 0.6180339887498949 /* its multiples spread evenly over 0 .. 1 */

/* ---- how many columns ---- */

static bool is_fit(const MtsWindowShape *s)
{
    return s->channels > 0 && s->length >= MTS_WINDOW_LEAST && s->channels <= MTS_WINDOW_MOST / s->length;
}

/* Band b of n/2 frequencies is edge[b] .. edge[b + 1] - 1, from frequency 1; how many there are. */
static size_t bands(size_t length, size_t edge[BANDS + 1])
{
    double last = (double)(length / 2 + 1);
    size_t n = 0;
    edge[0] = 1;
    for (size_t b = 1; b <= BANDS; b++) {
        size_t at = (size_t)lround(pow(last, (double)b / BANDS));
        if (at > edge[n]) {
            edge[++n] = at;
        }
    }
    return n;
}

/* A kernel spans 8 dilations; the widest spans the window. */
static size_t dilations(size_t length)
{
    size_t n = 1;
    while (n < MOST_DILATIONS && (size_t)(TAPS - 1) << n <= length - 1) {
        n++;
    }
    return n;
}

/* Thresholds of a kernel and dilation: rows of short and long windows are about as long. */
static size_t thresholds(size_t length)
{
    return dilations(length) <= 4 ? 2 : 1;
}

size_t mts_window_plain(const MtsWindowShape *s)
{
    size_t edge[BANDS + 1], n = is_fit(s) ? 1 + s->channels * (LEVELS + bands(s->length, edge)) : 0;
    if (s->beats) {
        return n && mts_beats_fit(s->length, s->rate) ? 1 + mts_window_thresholds(s) : 0;
    }
    return n <= MTS_WINDOW_MOST_COLUMNS ? n : 0;
}

size_t mts_window_thresholds(const MtsWindowShape *s)
{
    if (s->beats) {
        return KNOTS * mts_beats_columns(s->channels);
    }
    return is_fit(s) ? dilations(s->length) * KERNELS * thresholds(s->length) : 0;
}

size_t mts_window_columns(const MtsWindowShape *s)
{
    size_t n = mts_window_plain(s);
    if (s->beats) {
        return n;
    }
    return n && n + mts_window_thresholds(s) <= MTS_WINDOW_MOST_COLUMNS ? n + mts_window_thresholds(s) : 0;
}

/* ---- levels and spectra ---- */

/* Between the two values that are nearest; puts x into another order. */
static double quantile(double *x, size_t n, double q)
{
    double at = q * (double)(n - 1);
    size_t i = (size_t)at;
    mts_select_double(x, n, i);
    if (i + 1 == n) {
        return x[i];
    }
    mts_select_double(x + i + 1, n - i - 1, 0);
    return x[i] + (at - (double)i) * (x[i + 1] - x[i]);
}

/* scratch [n]. */
static void levels(const double *x, size_t n, double *scratch, double row[LEVELS])
{
    static const double at[] = {0.1, 0.25, 0.5, 0.75, 0.9};
    double mean = 0, squares = 0, steps = 0;
    for (size_t t = 0; t < n; t++) {
        mean += x[t] / (double)n;
        steps += t ? fabs(x[t] - x[t - 1]) / (double)(n - 1) : 0;
    }
    for (size_t t = 0; t < n; t++) {
        squares += (x[t] - mean) * (x[t] - mean) / (double)n;
    }
    memcpy(scratch, x, n * sizeof *x);
    row[0] = mean;
    row[1] = log(sqrt(squares) + 1e-4);
    row[2] = log(steps + 1e-5);
    for (size_t q = 0; q < 5; q++) {
        row[3 + q] = quantile(scratch, n, at[q]);
    }
}

/* One channel's bands; scratch [2 n + mts_dft_scratch()]. Returns how many. */
static size_t spectrum(const MtsDft *dft, const double *x, size_t n, double *scratch, double *row)
{
    size_t edge[BANDS + 1], count = bands(n, edge);
    double mean = 0, *windowed = scratch, *power = scratch + n;
    for (size_t t = 0; t < n; t++) {
        mean += x[t] / (double)n;
    }
    for (size_t t = 0; t < n; t++) {
        windowed[t] = (x[t] - mean) * (0.5 - 0.5 * cos(2 * PI * (double)t / (double)(n - 1)));
    }
    mts_dft_power(dft, windowed, power, scratch + 2 * n);
    for (size_t b = 0; b < count; b++) {
        double sum = 0;
        for (size_t k = edge[b]; k < edge[b + 1]; k++) {
            sum += power[k];
        }
        row[b] = log(sum / (double)(edge[b + 1] - edge[b]) + 1e-8);
    }
    return count;
}

static int plain_row(const MtsWindowShape *s, const MtsSeries *window, double *row)
{
    size_t n = s->length, at = 0;
    MtsDft *dft = mts_dft_new(n);
    double *scratch = dft ? mts_calloc(2 * n + mts_dft_scratch(dft), sizeof *scratch) : NULL;
    row[at++] = 1;
    for (size_t c = 0; scratch && c < s->channels; c++) {
        levels(window->values + c * n, n, scratch, row + at);
        at += LEVELS;
        at += spectrum(dft, window->values + c * n, n, scratch, row + at);
    }
    int rc = scratch ? MTS_OK : MTS_ENOMEM;
    free(scratch);
    mts_dft_free(&dft);
    return rc;
}

/* ---- shapes ---- */

/* The shifts of one window under one dilation: `tap` i of source q (a channel, or last their sum). */
typedef struct Shifts {
    size_t n, sources, dilation;
    double *padded; /* [sources][n + 8 dilation] */
    double *all;    /* [sources][n]: the sum of the nine */
} Shifts;

static const double *tap(const Shifts *s, size_t source, size_t i)
{
    return s->padded + source * (s->n + (TAPS - 1) * s->dilation) + i * s->dilation;
}

static int shifts_new(Shifts *s, const MtsWindowShape *shape)
{
    size_t widest = (size_t)1 << (dilations(shape->length) - 1);
    *s = (Shifts){.n = shape->length, .sources = shape->channels + (shape->channels > 1)};
    s->padded = mts_calloc(s->sources * (s->n + (TAPS - 1) * widest), sizeof *s->padded);
    s->all = mts_calloc(s->sources * s->n, sizeof *s->all);
    return s->padded && s->all ? MTS_OK : MTS_ENOMEM;
}

static void shifts_free(Shifts *s)
{
    free(s->padded);
    free(s->all);
}

static void shift(Shifts *s, const MtsSeries *window, size_t dilation)
{
    size_t pad = (TAPS / 2) * dilation, width = s->n + 2 * pad;
    s->dilation = dilation;
    memset(s->padded, 0, s->sources * width * sizeof *s->padded);
    memset(s->all, 0, s->sources * s->n * sizeof *s->all);
    for (size_t c = 0; c < window->channels; c++) {
        for (size_t t = 0; t < s->n; t++) {
            double x = window->values[c * s->n + t];
            s->padded[c * width + pad + t] = x;
            if (s->sources > window->channels) {
                s->padded[window->channels * width + pad + t] += x;
            }
        }
    }
    for (size_t q = 0; q < s->sources; q++) {
        for (size_t i = 0; i < TAPS; i++) {
            const double *x = tap(s, q, i);
            for (size_t t = 0; t < s->n; t++) {
                s->all[q * s->n + t] += x[t];
            }
        }
    }
}

/* A kernel's three places of weight 2. */
typedef struct Kernel {
    size_t number, place[3];
} Kernel;

static bool next_kernel(Kernel *k)
{
    size_t *p = k->place;
    k->number++;
    if (p[2] < TAPS - 1) {
        p[2]++;
    } else if (p[1] < TAPS - 2) {
        p[1]++;
        p[2] = p[1] + 1;
    } else {
        p[0]++;
        p[1] = p[0] + 1;
        p[2] = p[1] + 1;
    }
    return k->number < KERNELS;
}

/* A kernel's outputs on its source under a dilation, before they are computed: [count] of them. */
typedef struct Outputs {
    const double *a, *b, *c, *all;
    size_t count;
} Outputs;

static Outputs outputs_of(const Shifts *s, const Kernel *k)
{
    size_t source = (k->number + s->dilation) % s->sources, edge = (TAPS / 2) * s->dilation;
    bool inside = k->number % 2 && s->n > 2 * edge;
    size_t from = inside ? edge : 0;
    return (Outputs){.a = tap(s, source, k->place[0]) + from,
                     .b = tap(s, source, k->place[1]) + from,
                     .c = tap(s, source, k->place[2]) + from,
                     .all = s->all + source * s->n + from,
                     .count = s->n - 2 * from};
}

static inline double output(double a, double b, double c, double all)
{
    return 3 * (a + b + c) - all;
}

/* Share of the outputs that are above a threshold; none of them is stored, and several are counted at a time (as
 * doubles, which compilers compare and add in vectors). */
static double share_above(const Outputs *o, double threshold)
{
    enum { LANES = 8 };
    const double *a = o->a, *b = o->b, *c = o->c, *all = o->all;
    double lane[LANES] = {0}, above = 0;
    size_t t = 0;
    for (; t + LANES <= o->count; t += LANES) {
        for (size_t j = 0; j < LANES; j++) {
            lane[j] += output(a[t + j], b[t + j], c[t + j], all[t + j]) > threshold ? 1.0 : 0.0;
        }
    }
    for (; t < o->count; t++) {
        above += output(a[t], b[t], c[t], all[t]) > threshold;
    }
    for (size_t j = 0; j < LANES; j++) {
        above += lane[j];
    }
    return above / (double)o->count;
}

/* The first kernel of all, for loops over them. */
static const Kernel first_kernel = {0, {0, 1, 2}};

static void shape_row(Shifts *s, const MtsWindowShape *shape, const MtsSeries *window, double *row)
{
    for (size_t d = 0, at = 0; d < dilations(s->n); d++) {
        Kernel k = first_kernel;
        shift(s, window, (size_t)1 << d);
        do {
            const Outputs o = outputs_of(s, &k);
            for (size_t i = 0; i < thresholds(s->n); i++, at++) {
                row[at] = share_above(&o, shape->threshold[at]);
            }
        } while (next_kernel(&k));
    }
}

/* ---- beats ---- */

static int beats_row(const MtsWindowShape *shape, const MtsSeries *window, double *row, MtsError *err)
{
    size_t columns = mts_beats_columns(shape->channels);
    double *measure = mts_calloc(columns, sizeof *measure);
    int rc = measure ? mts_beats_row(window, measure, err) : mts_fail(err, MTS_ENOMEM, "evidence: memory ran out");
    row[0] = 1;
    for (size_t j = 0; !rc && j < columns * KNOTS; j++) {
        row[1 + j] = measure[j / KNOTS] > shape->threshold[j];
    }
    free(measure);
    return rc;
}

/* Quantiles of each measure, evenly. */
static int learn_beats(MtsWindowShape *shape, const MtsSeries *const *windows, size_t count, MtsError *err)
{
    size_t columns = mts_beats_columns(shape->channels), cells;
    double *all = mts_size_mul(count, columns, &cells) ? mts_calloc(cells, sizeof *all) : NULL;
    double *one = mts_calloc(count, sizeof *one);
    shape->threshold = mts_calloc(mts_window_thresholds(shape), sizeof *shape->threshold);
    int rc = all && one && shape->threshold ? MTS_OK : mts_fail(err, MTS_ENOMEM, "evidence: memory ran out");
    for (size_t i = 0; !rc && i < count; i++) {
        rc = mts_beats_row(windows[i], all + i * columns, err);
    }
    for (size_t j = 0; !rc && j < columns; j++) {
        for (size_t i = 0; i < count; i++) {
            one[i] = all[i * columns + j];
        }
        for (size_t k = 0; k < KNOTS; k++) {
            shape->threshold[j * KNOTS + k] = quantile(one, count, (double)(k + 1) / (KNOTS + 1));
        }
    }
    free(all);
    free(one);
    return rc;
}

/* ---- either ---- */

int mts_window_row(const MtsWindowShape *shape, const MtsSeries *window, double *row, MtsError *err)
{
    Shifts s;
    if (shape->beats) {
        return beats_row(shape, window, row, err);
    }
    int rc = shifts_new(&s, shape);
    if (!rc && !(rc = plain_row(shape, window, row))) {
        shape_row(&s, shape, window, row + mts_window_plain(shape));
    }
    shifts_free(&s);
    return rc ? mts_fail(err, rc, "evidence: memory ran out") : MTS_OK;
}

/* ---- thresholds ---- */

/* One dilation's: `pool` [KERNELS][LEARNT_FROM n] gathers the outputs, `filled` [KERNELS] how many. */
static void learn_dilation(MtsWindowShape *shape, Shifts *s, const MtsSeries *const *windows, size_t count, size_t d,
                           double *pool)
{
    size_t each = thresholds(s->n), room = LEARNT_FROM * s->n, filled[KERNELS] = {0};
    for (size_t i = 0; i < LEARNT_FROM; i++) {
        Kernel k = first_kernel;
        shift(s, windows[(i * count / LEARNT_FROM + d) % count], (size_t)1 << d);
        do {
            const Outputs o = outputs_of(s, &k);
            double *out = pool + k.number * room + filled[k.number];
            for (size_t t = 0; t < o.count; t++) {
                out[t] = output(o.a[t], o.b[t], o.c[t], o.all[t]);
            }
            filled[k.number] += o.count;
        } while (next_kernel(&k));
    }
    for (size_t k = 0; k < KERNELS; k++) {
        for (size_t i = 0; i < each; i++) {
            size_t at = (d * KERNELS + k) * each + i;
            shape->threshold[at] = quantile(pool + k * room, filled[k], fmod((double)(at + 1) * GOLDEN, 1));
        }
    }
}

int mts_window_learn(MtsWindowShape *shape, const MtsSeries *const *windows, size_t count, MtsError *err)
{
    Shifts s;
    size_t cells;
    if (shape->beats) {
        return learn_beats(shape, windows, count, err);
    }
    bool ok = mts_size_mul(KERNELS * LEARNT_FROM, shape->length, &cells);
    double *pool = ok ? mts_calloc(cells, sizeof *pool) : NULL;
    shape->threshold = mts_calloc(mts_window_thresholds(shape), sizeof *shape->threshold);
    int rc = shifts_new(&s, shape);
    rc = pool && shape->threshold ? rc : MTS_ENOMEM;
    for (size_t d = 0; !rc && d < dilations(shape->length); d++) {
        learn_dilation(shape, &s, windows, count, d, pool);
    }
    shifts_free(&s);
    free(pool);
    return rc ? mts_fail(err, rc, "evidence: memory ran out") : MTS_OK;
}
