/* evidence/measures.c - see measures.h. */
#include "evidence/measures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/sort.h"
#include "evidence/ridge.h"
#include "series/features.h"

enum { QUARTERS = 4, LAGS = 10, OVERLAP = 24, PAST = 4, ODD_WINDOW = 12 };

#define TINY 1e-12

static double variance(const double *x, size_t n)
{
    double mean = mts_mean(x, n), sum = 0;
    for (size_t t = 0; t < n; t++) {
        sum += (x[t] - mean) * (x[t] - mean);
    }
    return sum / (double)n;
}

static double deviation(const double *x, size_t n)
{
    return sqrt(variance(x, n));
}

static double median_size(const double *x, size_t n, double *scratch)
{
    for (size_t t = 0; t < n; t++) {
        scratch[t] = fabs(x[t]);
    }
    mts_sort_doubles(scratch, n);
    return (scratch[(n - 1) / 2] + scratch[n / 2]) / 2;
}

/* ---- one series ---- */

static MtsLine line_of(const double *x, size_t n)
{
    MtsTrend trend = mts_trend(x, n);
    double rest = 0, times = 0, middle = ((double)n - 1) / 2;
    for (size_t t = 0; t < n; t++) {
        double e = x[t] - trend.intercept - trend.slope * (double)t, d = (double)t - middle;
        rest += e * e;
        times += d * d;
    }
    return (MtsLine){trend.slope, trend.slope / sqrt(rest / (double)(n - 2) / times + TINY)};
}

MtsUnrest mts_unrest(const double *x, size_t n)
{
    double mean[QUARTERS], spread[QUARTERS], all = variance(x, n) + TINY;
    for (size_t q = 0; q < QUARTERS; q++) {
        size_t from = q * n / QUARTERS, to = (q + 1) * n / QUARTERS;
        mean[q] = mts_mean(x + from, to - from);
        spread[q] = log(variance(x + from, to - from) + 1e-3 * all);
    }
    return (MtsUnrest){deviation(mean, QUARTERS) / sqrt(all), deviation(spread, QUARTERS)};
}

double mts_autocorrelation(const double *x, size_t n, size_t lag)
{
    double mean = mts_mean(x, n), sum = 0, all = 0;
    for (size_t t = 0; t < n; t++) {
        all += (x[t] - mean) * (x[t] - mean);
        sum += t >= lag ? (x[t] - mean) * (x[t - lag] - mean) : 0;
    }
    return all > 0 ? sum / all : 0;
}

static double color_of(const double *x, size_t n)
{
    double sum = 0;
    for (size_t k = 1; k <= LAGS; k++) {
        double r = mts_autocorrelation(x, n, k);
        sum += r * r / (double)(n - k);
    }
    return log((double)n * (double)(n + 2) * sum / 18 + 1e-3);
}

static double reversion_of(const double *x, const double *steps, size_t n)
{
    double mx = mts_mean(x, n - 1), ms = mts_mean(steps, n - 1), xx = 0, xs = 0, rest = 0;
    for (size_t t = 0; t + 1 < n; t++) {
        xx += (x[t] - mx) * (x[t] - mx);
        xs += (x[t] - mx) * (steps[t] - ms);
    }
    double slope = xs / (xx + TINY);
    for (size_t t = 0; t + 1 < n; t++) {
        double e = steps[t] - ms - slope * (x[t] - mx);
        rest += e * e;
    }
    return slope / sqrt(rest / (double)(n - 3) / (xx + TINY) + TINY);
}

static double change_of(const double *x, size_t n)
{
    double least = 1e-4 * variance(x, n) + TINY, most = 0, all = (double)n * log(variance(x, n) + least);
    for (size_t k = 10; k + 10 < n; k++) {
        double left = log(variance(x, k) + least), right = log(variance(x + k, n - k) + least);
        most = fmax(most, 0.5 * (all - (double)k * left - (double)(n - k) * right));
    }
    return most;
}

/* Steps in `scratch` [n]. */
static void of_values(MtsMeasured *m, double *scratch)
{
    const double *x = m->x;
    size_t n = m->n, h = n / 2;
    for (size_t t = 0; t + 1 < n; t++) {
        scratch[t] = x[t + 1] - x[t];
    }
    m->mean = mts_mean(x, n);
    m->sd = deviation(x, n);
    m->steps_sd = deviation(scratch, n - 1);
    m->line = line_of(x, n);
    m->half_line[0] = line_of(x, h);
    m->half_line[1] = line_of(x + h, n - h);
    m->unrest = mts_unrest(x, n);
    m->of_steps = mts_unrest(scratch, n - 1);
    for (size_t k = 0; k < 3; k++) {
        m->memory[k] = mts_autocorrelation(x, n, k + 1);
        m->part[k] = mts_unrest(x + k * n / 3, (k + 1) * n / 3 - k * n / 3);
    }
    m->color = color_of(x, n);
    m->step_color = color_of(scratch, n - 1);
    m->reversion = reversion_of(x, scratch, n);
    m->change = change_of(x, n);
}

static void of_parts(MtsMeasured *m, double *scratch)
{
    size_t n = m->n, third = n / 3;
    mts_form_parts(&m->forms, m->forms.trend, m->forms.wave, n, m->level, m->wave);
    for (size_t t = 0; t < n; t++) {
        m->rest[t] = m->x[t] - m->level[t] - m->wave[t];
        scratch[t] = m->x[t] - m->level[t];
    }
    m->without_trend = mts_unrest(scratch, n);
    m->amplitude_change = log((deviation(scratch + n - third, third) + 1e-9) / (deviation(scratch, third) + 1e-9));
    for (size_t t = 0; t < n; t++) {
        scratch[t] = m->x[t] - m->wave[t];
    }
    m->without_wave = mts_unrest(scratch, n);
}

/* Longest run that stays within a part of the deviation. */
static size_t longest_stay(const double *x, size_t n, double width)
{
    size_t longest = 0;
    for (size_t i = 0; i < n; i++) {
        double low = x[i], high = x[i];
        size_t j = i;
        while (j + 1 < n && fmax(high, x[j + 1]) - fmin(low, x[j + 1]) < width) {
            j++;
            low = fmin(low, x[j]);
            high = fmax(high, x[j]);
        }
        longest = j - i > longest ? j - i : longest;
    }
    return longest;
}

/* How far the wave goes on as it began: in windows of about a period its gain, and the mean beside the trend. */
static void of_windows(MtsMeasured *m, size_t width)
{
    double sd = m->sd + TINY;
    m->least_gain = HUGE_VAL;
    for (size_t i = 0; i + width <= m->n; i += 2) {
        double square = 1e-9, product = 0, mean = 0;
        for (size_t t = i; t < i + width; t++) {
            double y = m->x[t] - m->level[t];
            square += m->wave[t] * m->wave[t];
            product += m->wave[t] * y;
            mean += y / (double)width;
        }
        m->least_gain = fmin(m->least_gain, product / square);
        m->most_gain = fmax(m->most_gain, fabs(product / square));
        m->wander = fmax(m->wander, fabs(mean) / sd);
    }
}

static void of_oddities(MtsMeasured *m, double *scratch)
{
    size_t n = m->n;
    double period = m->forms.fit[m->forms.trend][m->forms.wave].period, sd = m->sd + TINY, most = -1;
    size_t width = (size_t)fmin(fmax(period > 0 ? period : 32, ODD_WINDOW), 32);
    double usual = median_size(m->rest, n, scratch) / 0.6745; /* and scratch is in order */
    double three = (scratch[n - 1] + scratch[n - 2] + scratch[n - 3]) / 3;
    m->spike = log(three / (usual + 0.02 * sd) + 1e-9);
    m->still = (double)longest_stay(m->x, n, 0.15 * sd) / (double)width;
    of_windows(m, width);
    size_t windows = n - ODD_WINDOW;
    for (size_t i = 0; i < windows; i++) {
        scratch[i] = 0;
        for (size_t t = i; t < i + ODD_WINDOW; t++) {
            scratch[i] += fabs(m->rest[t]) / ODD_WINDOW;
        }
        if (scratch[i] > most) {
            most = scratch[i];
            m->place = (double)(i + ODD_WINDOW / 2) / (double)n;
        }
    }
    mts_sort_doubles(scratch, windows);
    m->concentration = most / (scratch[windows / 2] + 0.05 * sd);
}

void mts_measured_free(MtsMeasured *m)
{
    free(m->level);
    m->level = m->wave = m->rest = NULL;
}

int mts_measure(MtsMeasured *m, const double *x, size_t n, MtsError *err)
{
    size_t h = n / 2;
    *m = (MtsMeasured){.n = n, .x = x, .level = mts_calloc(4 * n, sizeof *m->level)};
    if (!m->level) {
        return mts_fail(err, MTS_ENOMEM, "evidence: memory ran out for %zu values", n);
    }
    double *scratch = m->level + 3 * n;
    m->wave = m->level + n;
    m->rest = m->level + 2 * n;
    int rc;
    if ((rc = mts_forms(&m->forms, x, n, err)) || (rc = mts_forms(&m->half[0], x, h, err)) ||
        (rc = mts_forms(&m->half[1], x + h, n - h, err))) {
        return rc;
    }
    of_values(m, scratch);
    of_parts(m, scratch);
    of_oddities(m, scratch);
    return MTS_OK;
}

/* ---- forms ---- */

double mts_trend_score(const MtsForms *f, MtsTrendForm trend)
{
    double best = f->fit[trend][0].score;
    for (int w = 1; w < MTS_WAVE_FORMS; w++) {
        best = fmax(best, f->fit[trend][w].score);
    }
    return best;
}

const MtsFormFit *mts_wave_fit(const MtsForms *f, MtsWaveForm wave)
{
    const MtsFormFit *best = &f->fit[0][wave];
    for (int t = 1; t < MTS_TREND_FORMS; t++) {
        best = f->fit[t][wave].score > best->score ? &f->fit[t][wave] : best;
    }
    return best;
}

double mts_wave_score(const MtsForms *f, MtsWaveForm wave)
{
    return mts_wave_fit(f, wave)->score;
}

const MtsFormFit *mts_any_wave(const MtsForms *f)
{
    const MtsFormFit *best = mts_wave_fit(f, MTS_SINE);
    for (int w = MTS_SINE + 1; w < MTS_WAVE_FORMS; w++) {
        const MtsFormFit *fit = mts_wave_fit(f, (MtsWaveForm)w);
        best = fit->score > best->score ? fit : best;
    }
    return best;
}

/* ---- two series ---- */

double mts_correlation(const double *x, const double *y, size_t n)
{
    double mx = mts_mean(x, n), my = mts_mean(y, n), xx = 0, yy = 0, xy = 0;
    for (size_t t = 0; t < n; t++) {
        xx += (x[t] - mx) * (x[t] - mx);
        yy += (y[t] - my) * (y[t] - my);
        xy += (x[t] - mx) * (y[t] - my);
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
}

MtsLag mts_best_lag(const double *x, const double *y, size_t n)
{
    long most = (long)n - OVERLAP;
    double best = -HUGE_VAL;
    MtsLag lag = {0};
    for (long k = -most; k <= most; k++) {
        size_t by = (size_t)labs(k), both = n - by;
        double c = mts_correlation(k < 0 ? x + by : x, k < 0 ? y : y + by, both);
        double worth = atanh(fmax(-0.999, fmin(0.999, c))) * sqrt((double)both - 3);
        if (worth > best) {
            best = worth;
            lag = (MtsLag){k, c};
        }
    }
    return lag;
}

int mts_unlike_values(const double *x, const double *y, size_t n, double *statistic, MtsError *err)
{
    double *a = mts_calloc(2 * n, sizeof *a), *b = a + n, most = 0;
    if (!a) {
        return mts_fail(err, MTS_ENOMEM, "evidence: memory ran out for %zu values", n);
    }
    memcpy(a, x, n * sizeof *a);
    memcpy(b, y, n * sizeof *b);
    mts_sort_doubles(a, n);
    mts_sort_doubles(b, n);
    for (size_t i = 0, j = 0; i < n && j < n;) {
        double at = fmin(a[i], b[j]);
        while (i < n && a[i] <= at) {
            i++;
        }
        while (j < n && b[j] <= at) {
            j++;
        }
        most = fmax(most, fabs((double)i - (double)j) / (double)n);
    }
    free(a);
    *statistic = most * sqrt((double)n / 2);
    return MTS_OK;
}

/* Sum of squares that a constant and the first `columns` - 1 of a row's past values leave. */
static int rest_of(const double *rows, const double *targets, const double *ones, size_t count, size_t columns,
                   double *rest, MtsError *err)
{
    enum { WIDTH = 1 + 2 * PAST };
    double weights[WIDTH], *own = mts_calloc(count * columns, sizeof *own);
    if (!own) {
        return mts_fail(err, MTS_ENOMEM, "evidence: memory ran out");
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(own + i * columns, rows + i * WIDTH, columns * sizeof *own);
    }
    int rc = mts_ridge_fit(own, targets, ones, count, columns, 1, 1e-9, weights, err);
    *rest = TINY;
    for (size_t i = 0; !rc && i < count; i++) {
        double e = targets[i];
        for (size_t j = 0; j < columns; j++) {
            e -= weights[j] * own[i * columns + j];
        }
        *rest += e * e;
    }
    free(own);
    return rc;
}

int mts_causes(const double *x, const double *y, size_t n, double *gain, MtsError *err)
{
    enum { WIDTH = 1 + 2 * PAST };
    size_t count = n - PAST;
    double *rows = mts_calloc(count * (WIDTH + 2), sizeof *rows), alone = 1, both = 1;
    double sx = deviation(x, n) + TINY, sy = deviation(y, n) + TINY;
    if (!rows) {
        return mts_fail(err, MTS_ENOMEM, "evidence: memory ran out for %zu values", n);
    }
    double *targets = rows + count * WIDTH, *ones = targets + count;
    for (size_t i = 0; i < count; i++) {
        double *row = rows + i * WIDTH;
        row[0] = ones[i] = 1;
        targets[i] = y[i + PAST] / sy;
        for (size_t k = 1; k <= PAST; k++) {
            row[k] = y[i + PAST - k] / sy;
            row[PAST + k] = x[i + PAST - k] / sx;
        }
    }
    int rc;
    if (!(rc = rest_of(rows, targets, ones, count, 1 + PAST, &alone, err)) &&
        !(rc = rest_of(rows, targets, ones, count, WIDTH, &both, err))) {
        *gain = (double)count * log(alone / both);
    }
    free(rows);
    return rc;
}
