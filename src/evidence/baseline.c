/* evidence/baseline.c - forecasts that need no learning: the last value, the last season, Theta.
 *
 * Theta (V. Assimakopoulos and K. Nikolopoulos, "The theta model: a decomposition approach to forecasting", 2000), as
 * the M competitions had it: the mean of a straight line and of 2x less that line under simple exponential smoothing,
 * on the series divided by its seasonal factors where values are all above 0 and there are three seasons at least. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "evidence/forecaster.h"

const char *const mts_baseline_names[MTS_BASELINES] = {"last", "seasonal", "theta"};

/* factor [season], mean 1: means of value over the centred mean of one season; false where there is no such thing. */
static bool seasonal_factors(const double *x, size_t n, size_t m, double *factor, double *times)
{
    double sum = 0;
    if (m < 2 || n < 3 * m) {
        return false;
    }
    memset(factor, 0, m * sizeof *factor);
    memset(times, 0, m * sizeof *times);
    for (size_t t = 0; t < n; t++) {
        if (!(x[t] > 0)) {
            return false;
        }
    }
    for (size_t t = m / 2; t + (m + 1) / 2 < n; t++) {
        double mean = 0;
        for (size_t k = 0; k < m; k++) {
            mean += (x[t - m / 2 + k] + x[t - m / 2 + k + (m % 2 == 0)]) / 2 / (double)m;
        }
        factor[t % m] += x[t] / mean;
        times[t % m]++;
    }
    for (size_t k = 0; k < m; k++) {
        factor[k] /= times[k];
        sum += factor[k] / (double)m;
    }
    for (size_t k = 0; k < m; k++) {
        factor[k] /= sum;
    }
    return true;
}

/* The level at the end of simple exponential smoothing, by the weight with the least squared error of one step. */
static double smoothed(const double *x, size_t n)
{
    double best = HUGE_VAL, result = x[n - 1];
    for (int i = 1; i < 20; i++) {
        double alpha = 0.05 * i, level = x[0], error = 0;
        for (size_t t = 1; t < n; t++) {
            error += (x[t] - level) * (x[t] - level);
            level += alpha * (x[t] - level);
        }
        if (error < best) {
            best = error;
            result = level;
        }
    }
    return result;
}

/* `flat` [n] is the series without its season, which is used up. */
static void theta_line(double *flat, size_t n, size_t horizon, double *path)
{
    double mean = 0, slope = 0, squares = 0, middle = (double)(n - 1) / 2;
    for (size_t t = 0; t < n; t++) {
        mean += flat[t] / (double)n;
    }
    for (size_t t = 0; t < n; t++) {
        slope += ((double)t - middle) * (flat[t] - mean);
        squares += ((double)t - middle) * ((double)t - middle);
    }
    slope = squares > 0 ? slope / squares : 0;
    for (size_t t = 0; t < n; t++) {
        flat[t] = 2 * flat[t] - (mean + slope * ((double)t - middle));
    }
    double level = smoothed(flat, n);
    for (size_t h = 0; h < horizon; h++) {
        path[h] = (level + mean + slope * ((double)(n + h) - middle)) / 2;
    }
}

static int theta(const double *x, size_t n, size_t season, size_t horizon, double *path, MtsError *err)
{
    double *room = mts_calloc(n + 2 * season, sizeof *room), *factor = room + n;
    if (!room) {
        return mts_fail(err, MTS_ENOMEM, "forecast: memory ran out");
    }
    bool seasonal = seasonal_factors(x, n, season, factor, factor + season);
    for (size_t t = 0; t < n; t++) {
        room[t] = seasonal ? x[t] / factor[t % season] : x[t];
    }
    theta_line(room, n, horizon, path);
    for (size_t h = 0; seasonal && h < horizon; h++) {
        path[h] *= factor[(n + h) % season];
    }
    free(room);
    return MTS_OK;
}

int mts_forecaster_baseline(MtsBaseline baseline, const double *x, size_t n, size_t season, size_t horizon,
                            double *path, MtsError *err)
{
    size_t m = baseline == MTS_LAST ? 1 : season;
    if (baseline == MTS_THETA) {
        return theta(x, n, season, horizon, path, err);
    }
    for (size_t h = 0; h < horizon; h++) {
        path[h] = x[n - m + h % m];
    }
    return MTS_OK;
}
