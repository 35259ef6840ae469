/* series/format.c - values as a prompt writes them. */
#include "series/format.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static bool plain(MtsBytes *out, double v)
{
    return mts_bytes_printf(out, "%.6g", v == 0 ? 0 : v); /* no "-0" */
}

/* "%.2f" with the point taken out. */
static bool hundredths(MtsBytes *out, double v)
{
    char text[400];
    snprintf(text, sizeof text, "%.2f", v);
    char *point = strpbrk(text, ".,");
    if (point) {
        memmove(point, point + 1, strlen(point));
    }
    return mts_bytes_append_str(out, strcmp(text, "-000") == 0 ? "000" : text);
}

static bool digits(MtsBytes *out, double v)
{
    char text[400];
    snprintf(text, sizeof text, "%.0f", fabs(v) * 1000);
    bool ok = v >= 0 || strcmp(text, "0") == 0 || mts_bytes_append_str(out, "-");
    for (size_t i = 0; ok && text[i]; i++) {
        ok = mts_bytes_printf(out, "%s%c", i ? " " : "", text[i]);
    }
    return ok;
}

bool mts_format_values(MtsBytes *out, MtsNumberFormat format, const double *x, size_t n)
{
    bool ok = mts_bytes_append_str(out, "");
    for (size_t i = 0; ok && i < n; i++) {
        static const char *const joints[] = {", ", " ", " ,"};
        ok = i == 0 || mts_bytes_append_str(out, joints[format]);
        ok = ok && (format == MTS_FORMAT_PLAIN        ? plain(out, x[i])
                    : format == MTS_FORMAT_HUNDREDTHS ? hundredths(out, x[i])
                                                      : digits(out, x[i]));
    }
    return ok;
}

void mts_scale(MtsScaling scaling, const double *x, size_t n, double *y, double *mean, double *deviation)
{
    bool sample = scaling == MTS_SCALE_SAMPLE || scaling == MTS_SCALE_SAMPLE_FLOOR;
    double m = 0, sum = 0;
    for (size_t i = 0; i < n; i++) {
        m += x[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        sum += (x[i] - m) * (x[i] - m);
    }
    double s = !sample ? sqrt(sum / (double)n) : n > 1 ? sqrt(sum / (double)(n - 1)) : 0;
    double by = scaling == MTS_SCALE_SAMPLE              ? s + 1e-8
                : scaling == MTS_SCALE_POPULATION_CENTRE ? (s > 1e-6 ? s : 1)
                                                         : fmax(s, 1e-6);
    for (size_t i = 0; i < n; i++) {
        y[i] = (x[i] - m) / by;
    }
    *mean = m;
    *deviation = s;
}

/* The product is more than 32 bits have, from some 65536 values in as many points on. */
static size_t block_begin(size_t n, size_t points, size_t i)
{
    return (size_t)((uint64_t)i * n / points);
}

void mts_block_extremes(const double *x, size_t n, double *y, size_t points)
{
    double mean = 0;
    for (size_t t = 0; t < n; t++) {
        mean += x[t] / (double)n;
    }
    for (size_t i = 0; i < points; i++) {
        size_t best = block_begin(n, points, i), end = block_begin(n, points, i + 1);
        for (size_t t = best + 1; t < end; t++) {
            best = fabs(x[t] - mean) > fabs(x[best] - mean) ? t : best;
        }
        y[i] = x[best];
    }
}

void mts_block_means(const double *x, size_t n, double *y, size_t points)
{
    for (size_t i = 0; i < points; i++) {
        size_t from = block_begin(n, points, i), to = block_begin(n, points, i + 1);
        double sum = 0;
        for (size_t t = from; t < to; t++) {
            sum += x[t];
        }
        y[i] = sum / (double)(to - from);
    }
}
