/* series/features.c - what can be said about one channel, computed.
 *
 * The features of features.h. Sums run over t ascending; centred values are used throughout, so that a large level
 * costs no digits. */
#include "series/features.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/sort.h"

#define MOST_LAG 1000
#define LEAST_AUTOCORRELATION 0.3
#define LEAST_STATISTIC 5.0

double mts_mean(const double *x, size_t n)
{
    double sum = 0;
    for (size_t t = 0; t < n; t++) {
        sum += x[t] / (double)n;
    }
    return sum;
}

MtsTrend mts_trend(const double *x, size_t n)
{
    double mx = mts_mean(x, n), mt = ((double)n - 1) / 2, stt = 0, stx = 0, sxx = 0;
    for (size_t t = 0; t < n; t++) {
        double dt = (double)t - mt, dx = x[t] - mx;
        stt += dt * dt;
        stx += dt * dx;
        sxx += dx * dx;
    }
    MtsTrend trend = {0, mx, 0};
    if (stt > 0) {
        trend.slope = stx / stt;
        trend.intercept = mx - trend.slope * mt;
        trend.correlation = sxx > 0 ? stx / sqrt(stt * sxx) : 0;
    }
    return trend;
}

double mts_volatility(const double *x, size_t n)
{
    double sum = 0;
    for (size_t t = 1; t < n; t++) {
        sum += (x[t] - x[t - 1]) * (x[t] - x[t - 1]);
    }
    return n > 1 ? sqrt(sum / (double)(n - 1)) : 0;
}

/* Level and extremes; `work` [n]. */
static void levels(const double *x, size_t n, MtsFeatures *f, double *work)
{
    f->mean = mts_mean(x, n);
    double sum = 0;
    for (size_t t = 0; t < n; t++) {
        sum += (x[t] - f->mean) * (x[t] - f->mean);
        f->argmin = x[t] < x[f->argmin] ? t : f->argmin;
        f->argmax = x[t] > x[f->argmax] ? t : f->argmax;
    }
    f->sd = n > 1 ? sqrt(sum / (double)(n - 1)) : 0;
    f->min = x[f->argmin];
    f->max = x[f->argmax];
    f->first = x[0];
    f->last = x[n - 1];
    memcpy(work, x, n * sizeof *x);
    mts_sort_doubles(work, n);
    f->median = n % 2 ? work[n / 2] : work[n / 2 - 1] / 2 + work[n / 2] / 2;
}

/* Finds the period of d [n] (without its line), and s [n], its seasonal part: zeros where there is none. */
static void seasonality(const double *d, size_t n, MtsFeatures *f, double *s)
{
    memset(s, 0, n * sizeof *s);
    size_t lags = n / 2 < MOST_LAG ? n / 2 : MOST_LAG;
    double energy = 0, before = 1, here = 0, best = LEAST_AUTOCORRELATION;
    for (size_t t = 0; t < n; t++) {
        energy += d[t] * d[t];
    }
    double scale = fmax(fabs(f->min), fabs(f->max));
    if (!(energy > 1e-20 * scale * scale * (double)n)) {
        return; /* a straight line to the last digits */
    }
    for (size_t k = 1; k <= lags + 1 && k < n; k++) { /* `here` is r(k - 1) once r(k) is known */
        double after = 0;
        for (size_t t = 0; t + k < n; t++) {
            after += d[t] * d[t + k];
        }
        after /= energy;
        if (k >= 3 && here > before && here >= after && here >= best && (f->period == 0 || here > best)) {
            best = here;
            f->period = k - 1;
            f->autocorrelation = here;
        }
        before = k == 1 ? 1 : here; /* r(0) = 1 */
        here = after;
    }
    if (f->period == 0) {
        return;
    }
    double rest = 0;
    for (size_t phase = 0; phase < f->period; phase++) {
        double sum = 0;
        size_t count = 0;
        for (size_t t = phase; t < n; t += f->period, count++) {
            sum += d[t];
        }
        for (size_t t = phase; t < n; t += f->period) {
            s[t] = sum / (double)count;
        }
    }
    for (size_t t = 0; t < n;
         t++) { /* d and s both have mean 0 but for rounding, so sums of squares compare as variances do */
        rest += (d[t] - s[t]) * (d[t] - s[t]);
    }
    f->seasonal_strength = fmax(0, 1 - rest / energy);
}

/* The fit a + b t + step h to y[0 .. 2w), with t and h = +-1/2 centred: step and its statistic. */
static MtsShift fit_step(const double *y, size_t w)
{
    double m = mts_mean(y, 2 * w), stt = 0, sth = 0, shh = 0.5 * (double)w, sty = 0, shy = 0;
    for (size_t i = 0; i < 2 * w; i++) {
        double t = (double)i - (double)w + 0.5, h = i < w ? -0.5 : 0.5, dy = y[i] - m;
        stt += t * t;
        sth += t * h;
        sty += t * dy;
        shy += h * dy;
    }
    double det = stt * shh - sth * sth;
    double step = (stt * shy - sth * sty) / det, slope = (shh * sty - sth * shy) / det, rest = 0;
    for (size_t i = 0; i < 2 * w; i++) {
        double t = (double)i - (double)w + 0.5, h = i < w ? -0.5 : 0.5, e = y[i] - m - slope * t - step * h;
        rest += e * e;
    }
    double error = sqrt(rest / (double)(2 * w - 3) * stt / det);
    return (MtsShift){0, step, step / fmax(error, 1e-12 * fabs(step) + 1e-300)};
}

/* Appends a shift unless a better one, which is in already, is nearer than w. */
static void keep_shift(MtsFeatures *f, MtsShift shift, size_t w)
{
    for (size_t i = 0; i < f->shifts; i++) {
        size_t other = f->shift[i].at;
        if ((shift.at > other ? shift.at - other : other - shift.at) < w) {
            return;
        }
    }
    f->shift[f->shifts++] = shift;
}

/* By descending |statistic|, then ascending position. */
static int compare_shift(const void *a, const void *b)
{
    double x = fabs(((const MtsShift *)a)->statistic), y = fabs(((const MtsShift *)b)->statistic);
    size_t i = ((const MtsShift *)a)->at, j = ((const MtsShift *)b)->at;
    return x != y ? (x < y) - (x > y) : (i > j) - (i < j);
}

static int find_shifts(const double *y, size_t n, MtsFeatures *f, MtsError *err)
{
    size_t w = n / 10 < 4 ? 4 : n / 10 > 50 ? 50 : n / 10;
    if (n < 2 * w || !(f->max > f->min)) {
        return MTS_OK;
    }
    size_t count = 0;
    MtsShift *all = mts_calloc(n, sizeof *all);
    if (!all) {
        return mts_fail(err, MTS_ENOMEM, "features: memory ran out for %zu values", n);
    }
    for (size_t k = w; k + w <= n; k++) {
        MtsShift s = fit_step(y + k - w, w);
        s.at = k;
        if (fabs(s.statistic) >= LEAST_STATISTIC && fabs(s.step) >= (f->max - f->min) / 10) {
            all[count++] = s;
        }
    }
    qsort(all, count, sizeof *all, compare_shift);
    for (size_t i = 0; i < count && f->shifts < MTS_MOST_SHIFTS; i++) {
        keep_shift(f, all[i], w);
    }
    free(all);
    return MTS_OK;
}

int mts_features(const double *x, size_t n, MtsFeatures *features, double *adjusted, MtsError *err)
{
    memset(features, 0, sizeof *features);
    double *d = mts_calloc(n, 2 * sizeof *d);
    if (!d) {
        return mts_fail(err, MTS_ENOMEM, "features: memory ran out for %zu values", n);
    }
    double *s = d + n;
    MtsFeatures *f = features;
    f->length = n;
    levels(x, n, f, d);
    f->trend = mts_trend(x, n);
    f->volatility = mts_volatility(x, n);
    for (size_t t = 0; t < n; t++) {
        d[t] = x[t] - f->trend.intercept - f->trend.slope * (double)t;
    }
    seasonality(d, n, f, s);
    for (size_t t = 0; t < n; t++) {
        s[t] = x[t] - s[t];
    }
    if (adjusted) {
        memcpy(adjusted, s, n * sizeof *s);
    }
    int rc = find_shifts(s, n, f, err);
    free(d);
    return rc;
}
