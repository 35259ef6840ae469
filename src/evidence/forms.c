/* evidence/forms.c - see forms.h.
 *
 * All trends are a level and one function of time, so a trend's part in anything is two products: with the centred x,
 * the unit vector q of the centred trend, and a centred wave w,
 *
 *     what the wave takes off the rest = ((w, x) - (w, q) (x, q))^2 / ((w, w) - (w, q)^2).
 *
 * A sine of each frequency is its best mixture of sine and cosine, one of the other waves is tried in sixteen phases,
 * at the frequencies where some trend leaves a sine much to take and beside them. Every sum has one order. */
#include "evidence/forms.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

#define PI 3.14159265358979323846
#define FASTEST 0.21 /* cycles a step */

enum { PHASES = 16, FINER = 6, PEAKS = 3 };

static const struct Basis {
    MtsTrendForm form;
    double rate;
} bases[] = {{MTS_NO_TREND, 0},    {MTS_LINEAR, 0},      {MTS_LOG, 0},         {MTS_EXPONENTIAL, 2},
             {MTS_EXPONENTIAL, 4}, {MTS_EXPONENTIAL, 8}, {MTS_EXPONENTIAL, 16}};

enum { BASES = sizeof bases / sizeof bases[0] };

static double trend_at(MtsTrendForm form, double rate, size_t t, size_t n)
{
    double u = (double)t / (double)n;
    return form == MTS_LINEAR ? u : form == MTS_LOG ? log1p((double)t) : form == MTS_EXPONENTIAL ? exp(rate * u) : 0;
}

static double wave_at(MtsWaveForm form, double turns)
{
    double part = turns - floor(turns);
    return form == MTS_SINE ? sin(2 * PI * part) : form == MTS_SQUARE ? (part < 0.5 ? 1 : -1) : 2 * part - 1;
}

static double dot(const double *a, const double *b, size_t n)
{
    double s[4] = {0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        for (size_t j = 0; j < 4; j++) {
            s[j] += a[i + j] * b[i + j];
        }
    }
    double sum = (s[0] + s[1]) + (s[2] + s[3]);
    for (; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

static double centre(double *x, size_t n)
{
    double mean = 0;
    for (size_t t = 0; t < n; t++) {
        mean += x[t] / (double)n;
    }
    for (size_t t = 0; t < n; t++) {
        x[t] -= mean;
    }
    return mean;
}

typedef struct FormWork {
    size_t n, frequencies;
    double *x;           /* [n] centred */
    double *q;           /* [BASES][n] unit vectors, zeros for no trend */
    double *w, *v;       /* [n] waves */
    double *taken;       /* [BASES][frequencies] what a sine takes off */
    unsigned char *look; /* [frequencies] */
    double xq[BASES], rest[BASES];
    MtsForms *forms;
} FormWork;

static double frequency(const FormWork *k, size_t i)
{
    return (1.5 + (double)i / FINER) / (double)k->n;
}

static void fill_wave(double *w, size_t n, MtsWaveForm form, double f, double phase)
{
    for (size_t t = 0; t < n; t++) {
        w[t] = wave_at(form, f * (double)t + phase);
    }
    centre(w, n);
}

static void make_bases(FormWork *k)
{
    for (size_t b = 0; b < BASES; b++) {
        double *q = k->q + b * k->n;
        for (size_t t = 0; t < k->n; t++) {
            q[t] = trend_at(bases[b].form, bases[b].rate, t, k->n);
        }
        centre(q, k->n);
        double size = sqrt(dot(q, q, k->n));
        for (size_t t = 0; t < k->n; t++) {
            q[t] = size > 0 ? q[t] / size : 0;
        }
        k->xq[b] = dot(q, k->x, k->n);
        k->rest[b] = dot(k->x, k->x, k->n) - k->xq[b] * k->xq[b];
    }
}

/* Keeps a fit if it is better than what its form has. */
static void offer(FormWork *k, size_t b, MtsWaveForm wave, double rest, double gain, double f, double phase)
{
    MtsFormFit *fit = &k->forms->fit[bases[b].form][wave];
    if (rest < fit->rest) {
        *fit = (MtsFormFit){.rest = rest > 0 ? rest : 0,
                            .rate = bases[b].rate,
                            .gain = gain,
                            .period = f > 0 ? 1 / f : 0,
                            .phase = phase};
    }
}

/* One wave beside all trends. */
static void try_wave(FormWork *k, MtsWaveForm form, double f, double phase)
{
    fill_wave(k->w, k->n, form, f, phase);
    double xw = dot(k->x, k->w, k->n), ww = dot(k->w, k->w, k->n);
    for (size_t b = 0; b < BASES; b++) {
        double wq = dot(k->w, k->q + b * k->n, k->n), own = xw - wq * k->xq[b], size = ww - wq * wq;
        if (size > 1e-6 * (double)k->n) {
            offer(k, b, form, k->rest[b] - own * own / size, own / size, f, phase);
        }
    }
}

/* The best sine of a frequency beside each trend: two columns without the trend's part. */
static void try_sine(FormWork *k, size_t i)
{
    double f = frequency(k, i), least = 1e-6 * (double)k->n;
    fill_wave(k->w, k->n, MTS_SINE, f, 0);
    fill_wave(k->v, k->n, MTS_SINE, f, 0.25);
    double xw = dot(k->x, k->w, k->n), xv = dot(k->x, k->v, k->n), ww = dot(k->w, k->w, k->n);
    double vv = dot(k->v, k->v, k->n), wv = dot(k->w, k->v, k->n);
    for (size_t b = 0; b < BASES; b++) {
        const double *q = k->q + b * k->n;
        double wq = dot(k->w, q, k->n), vq = dot(k->v, q, k->n);
        double a = ww - wq * wq, c = vv - vq * vq, m = wv - wq * vq, det = a * c - m * m;
        double p = xw - wq * k->xq[b], r = xv - vq * k->xq[b];
        if (det > least * least) {
            double along = (c * p - m * r) / det, across = (a * r - m * p) / det;
            k->taken[b * k->frequencies + i] = along * p + across * r;
            offer(k, b, MTS_SINE, k->rest[b] - along * p - across * r, hypot(along, across), f,
                  atan2(across, along) / (2 * PI));
        }
    }
}

/* The frequencies at which a basis leaves a sine most to take, and those beside them. */
static void look_at_peaks(FormWork *k, const double *taken)
{
    size_t best[PEAKS], n = 0;
    for (size_t i = 0; i < k->frequencies; i++) {
        bool peak = (i == 0 || taken[i] >= taken[i - 1]) && (i + 1 == k->frequencies || taken[i] > taken[i + 1]);
        size_t at = n;
        while (peak && at > 0 && taken[i] > taken[best[at - 1]]) {
            at--;
        }
        if (peak && at < PEAKS) {
            n = n < PEAKS ? n + 1 : n;
            memmove(best + at + 1, best + at, (n - at - 1) * sizeof *best);
            best[at] = i;
        }
    }
    for (size_t p = 0; p < n; p++) {
        for (size_t i = best[p] > 1 ? best[p] - 2 : 0; i <= best[p] + 2 && i < k->frequencies; i++) {
            k->look[i] = 1;
        }
    }
}

static void fit_all(FormWork *k)
{
    for (size_t b = 0; b < BASES; b++) {
        offer(k, b, MTS_NO_WAVE, k->rest[b], 0, 0, 0);
    }
    for (size_t i = 0; i < k->frequencies; i++) {
        try_sine(k, i);
    }
    for (size_t b = 0; b < BASES; b++) {
        look_at_peaks(k, k->taken + b * k->frequencies);
    }
    for (size_t i = 0; i < k->frequencies; i++) {
        for (size_t p = 0; k->look[i] && p < PHASES; p++) {
            try_wave(k, MTS_SQUARE, frequency(k, i), (double)p / PHASES);
            try_wave(k, MTS_SAWTOOTH, frequency(k, i), (double)p / PHASES);
        }
    }
}

/* Levels and slopes of the fits, given their waves. */
static void add_trend(FormWork *k, MtsFormFit *fit, MtsTrendForm trend, MtsWaveForm wave, double mean)
{
    size_t n = k->n;
    double middle = 0, product = 0, squares = 0;
    for (size_t t = 0; t < n; t++) {
        k->w[t] = wave ? fit->gain * wave_at(wave, (double)t / fit->period + fit->phase) : 0;
        k->v[t] = trend_at(trend, fit->rate, t, n);
        middle += k->w[t] / (double)n;
    }
    double centred = centre(k->v, n);
    for (size_t t = 0; t < n; t++) {
        product += (k->x[t] - k->w[t] + middle) * k->v[t];
        squares += k->v[t] * k->v[t];
    }
    fit->slope = squares > 0 ? product / squares : 0;
    fit->level = mean - middle - fit->slope * centred;
}

static void rank(FormWork *k, double mean)
{
    static const double of_trend[] = {1, 2, 2, 3}, of_wave[] = {0, 3, 3, 3};
    double n = (double)k->n, all = k->rest[0], most = -HUGE_VAL;
    MtsForms *f = k->forms;
    for (int t = 0; t < MTS_TREND_FORMS; t++) {
        for (int w = 0; w < MTS_WAVE_FORMS; w++) {
            MtsFormFit *fit = &f->fit[t][w];
            if (!(fit->rest < HUGE_VAL)) { /* a wave that nothing could be made of */
                *fit = f->fit[t][MTS_NO_WAVE];
                fit->period = n;
            }
            fit->score =
                -0.5 * n * log((fit->rest + 1e-4 * all + 1e-12) / n) - 0.5 * log(n) * (of_trend[t] + of_wave[w]);
            add_trend(k, fit, (MtsTrendForm)t, (MtsWaveForm)w, mean);
            if (fit->score > most) {
                most = fit->score;
                f->trend = (MtsTrendForm)t;
                f->wave = (MtsWaveForm)w;
            }
        }
    }
    for (int i = 0; i < MTS_TREND_FORMS * MTS_WAVE_FORMS; i++) {
        f->fit[i / MTS_WAVE_FORMS][i % MTS_WAVE_FORMS].score -= most;
    }
}

int mts_forms(MtsForms *forms, const double *x, size_t n, MtsError *err)
{
    FormWork k = {.n = n, .frequencies = (size_t)((FASTEST * (double)n - 1.5) * FINER) + 1, .forms = forms};
    k.x = mts_calloc((3 + BASES) * n + BASES * k.frequencies, sizeof *k.x);
    k.look = mts_calloc(k.frequencies, 1);
    if (!k.x || !k.look) {
        free(k.x);
        free(k.look);
        return mts_fail(err, MTS_ENOMEM, "evidence: memory ran out for %zu values", n);
    }
    k.w = k.x + n;
    k.v = k.w + n;
    k.q = k.v + n;
    k.taken = k.q + BASES * n;
    memcpy(k.x, x, n * sizeof *x);
    double mean = centre(k.x, n);
    for (int i = 0; i < MTS_TREND_FORMS * MTS_WAVE_FORMS; i++) {
        forms->fit[i / MTS_WAVE_FORMS][i % MTS_WAVE_FORMS] = (MtsFormFit){.rest = HUGE_VAL};
    }
    make_bases(&k);
    fit_all(&k);
    rank(&k, mean);
    free(k.x);
    free(k.look);
    return MTS_OK;
}

void mts_form_parts(const MtsForms *forms, MtsTrendForm trend, MtsWaveForm wave, size_t n, double *level, double *waves)
{
    const MtsFormFit *fit = &forms->fit[trend][wave];
    for (size_t t = 0; t < n; t++) {
        level[t] = fit->level + fit->slope * trend_at(trend, fit->rate, t, n);
        waves[t] = wave ? fit->gain * wave_at(wave, (double)t / fit->period + fit->phase) : 0;
    }
}
