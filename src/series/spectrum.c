/* series/spectrum.c - power spectral densities and their distances.
 *
 * Welch's estimate (P. D. Welch, 1967): cut the series into segments of n samples that overlap by n/2 (rounded
 * down), a last incomplete one left out; from each take its mean, multiply by a window w, transform, and average
 * over segments
 *
 *     P(k) = c |X(k)|^2 / (fs sum w^2),      c = 2 except at k = 0 and, for even n, at k = n/2: 1
 *
 * with the periodic Hann window w(t) = (1 - cos(2 pi t / n)) / 2. A periodogram has w = 1. */
#include <maxts/series.h>

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/mem.h"
#include "series/dft.h"

#define PI 3.14159265358979323846
#define FLOOR 1e-10

size_t mts_psd_segment(MtsPsdMethod method, size_t length, size_t segment)
{
    size_t n = segment;
    if (segment == 0) {
        n = method == MTS_PSD_PERIODOGRAM ? length : length / 4 < 256 ? length / 4 : 256;
    }
    return n >= 2 && n <= length ? n : 0;
}

size_t mts_psd_bins(MtsPsdMethod method, size_t length, size_t segment)
{
    size_t n = mts_psd_segment(method, length, segment);
    return n ? n / 2 + 1 : 0;
}

/* Adds the segment's |X|^2 to psd [n/2 + 1]. `work` [n]; `scratch` as the transform asks. */
static void add_segment(const MtsDft *dft, const double *x, const double *window, size_t n, double *work, double *power,
                        double *psd, double *scratch)
{
    double mean = 0;
    for (size_t t = 0; t < n; t++) {
        mean += x[t];
    }
    mean /= (double)n;
    for (size_t t = 0; t < n; t++) {
        work[t] = (x[t] - mean) * window[t];
    }
    mts_dft_power(dft, work, power, scratch);
    for (size_t k = 0; k <= n / 2; k++) {
        psd[k] += power[k];
    }
}

int mts_psd(MtsPsdMethod method, const double *values, size_t length, size_t segment, double sampling_rate,
            double *frequency, double *psd, MtsError *err)
{
    size_t n = mts_psd_segment(method, length, segment);
    if (n == 0) {
        return mts_fail(err, MTS_EREQUEST, "spectrum: %zu values are too few for a segment of %zu (at least 2)", length,
                        segment ? segment : length / (method == MTS_PSD_WELCH ? 4 : 1));
    }
    if (!(sampling_rate > 0) || !isfinite(sampling_rate)) {
        return mts_fail(err, MTS_EREQUEST, "spectrum: the sampling rate is %g, which is not above 0", sampling_rate);
    }
    for (size_t i = 0; i < length; i++) {
        if (!isfinite(values[i])) {
            return mts_fail(err, MTS_EREQUEST, "spectrum: value %zu is %g, which is not finite", i + 1, values[i]);
        }
    }
    int rc = MTS_OK;
    MtsDft *dft = mts_dft_new(n);
    double *buffer = dft ? mts_calloc(2 * n + n / 2 + 1 + mts_dft_scratch(dft), sizeof *buffer) : NULL;
    if (!buffer) {
        rc = mts_fail(err, MTS_ENOMEM, "spectrum: memory ran out for a segment of %zu values", n);
        goto done;
    }
    double *window = buffer, *work = window + n, *power = work + n, *scratch = power + n / 2 + 1;
    double energy = 0;
    for (size_t t = 0; t < n; t++) {
        window[t] = method == MTS_PSD_WELCH ? 0.5 - 0.5 * cos(2 * PI * (double)t / (double)n) : 1;
        energy += window[t] * window[t];
    }
    for (size_t k = 0; k <= n / 2; k++) {
        psd[k] = 0;
    }
    size_t step = n - n / 2, segments = (length - n) / step + 1;
    for (size_t s = 0; s < segments; s++) {
        add_segment(dft, values + s * step, window, n, work, power, psd, scratch);
    }
    for (size_t k = 0; k <= n / 2; k++) {
        double sides = k == 0 || (n % 2 == 0 && k == n / 2) ? 1 : 2;
        psd[k] *= sides / (sampling_rate * energy * (double)segments);
        if (frequency) {
            frequency[k] = (double)k * sampling_rate / (double)n;
        }
    }
done:
    free(buffer);
    mts_dft_free(&dft);
    return rc;
}

static double floored(double p)
{
    return p > FLOOR ? p : FLOOR;
}

static double l1(const double *f, const double *p, const double *q, size_t bins)
{
    double sum = 0, before = 0;
    for (size_t k = 0; k < bins; k++) {
        double difference = fabs(log(floored(p[k])) - log(floored(q[k])));
        if (k > 0) {
            sum += (f[k] - f[k - 1]) * (difference + before) / 2;
        }
        before = difference;
    }
    return sum;
}

/* sum of ln p - min(ln p) + 1e-10, and the minimum. */
static double weight_sum(const double *p, size_t bins, double *least)
{
    double sum = 0;
    *least = DBL_MAX;
    for (size_t k = 0; k < bins; k++) {
        double v = log(floored(p[k]));
        *least = v < *least ? v : *least;
    }
    for (size_t k = 0; k < bins; k++) {
        sum += log(floored(p[k])) - *least + FLOOR;
    }
    return sum;
}

static double wasserstein(const double *f, const double *p, const double *q, size_t bins)
{
    double p_least, q_least;
    double p_sum = weight_sum(p, bins, &p_least), q_sum = weight_sum(q, bins, &q_least);
    double sum = 0, p_cumulated = 0, q_cumulated = 0;
    for (size_t k = 0; k + 1 < bins; k++) { /* W1 = integral of the distribution functions' difference */
        p_cumulated += (log(floored(p[k])) - p_least + FLOOR) / p_sum;
        q_cumulated += (log(floored(q[k])) - q_least + FLOOR) / q_sum;
        sum += fabs(p_cumulated - q_cumulated) * (f[k + 1] - f[k]);
    }
    return sum;
}

static double kl(const double *p, const double *q, size_t bins)
{
    double p_sum = 0, q_sum = 0, sum = 0;
    for (size_t k = 0; k < bins; k++) {
        p_sum += floored(p[k]);
        q_sum += floored(q[k]);
    }
    for (size_t k = 0; k < bins; k++) {
        double a = floored(p[k]) / p_sum, b = floored(q[k]) / q_sum;
        sum += a * log(a / b);
    }
    return sum > 0 ? sum : 0; /* rounding alone can take it below */
}

double mts_spectral_distance(MtsSpectralMetric metric, const double *frequency, const double *p, const double *q,
                             size_t bins)
{
    switch (metric) {
    case MTS_SPECTRAL_L1:
        return l1(frequency, p, q, bins);
    case MTS_SPECTRAL_WASSERSTEIN:
        return wasserstein(frequency, p, q, bins);
    case MTS_SPECTRAL_KL:
        return kl(p, q, bins);
    }
    return HUGE_VAL; /* no such metric */
}
