/* series/format.h - values as a prompt writes them. */
#ifndef MTS_SERIES_FORMAT_H
#define MTS_SERIES_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/mem.h"

typedef enum MtsNumberFormat {
    MTS_FORMAT_PLAIN,      /* at most 6 significant digits, joined by ", ": "605, 586.25" */
    MTS_FORMAT_HUNDREDTHS, /* two decimals without the point, joined by a blank: 1.5 and -0.07 are "150 -007" */
    MTS_FORMAT_DIGITS /* three decimals without the point or leading zeros, digits apart, joined by " ,": 1.5 and -0.07
                         are "1 5 0 0 ,-7 0" */
} MtsNumberFormat;

/* Appends x [n]; false when memory ran out. */
bool mts_format_values(MtsBytes *out, MtsNumberFormat format, const double *x, size_t n);

/* How the stages bring a channel to a common scale: y = (x - mean) / s, with s as said below. */
typedef enum MtsScaling {
    MTS_SCALE_SAMPLE,           /* s = sample deviation (n - 1) + 1e-8 */
    MTS_SCALE_SAMPLE_FLOOR,     /* s = sample deviation, at least 1e-6 */
    MTS_SCALE_POPULATION_FLOOR, /* s = population deviation (n), at least 1e-6 */
    MTS_SCALE_POPULATION_CENTRE /* s = population deviation, or 1 where that is at most 1e-6 */
} MtsScaling;

/* Writes y [n], which may be x; mean and the deviation itself (without floor) go to *mean and *deviation. */
void mts_scale(MtsScaling scaling, const double *x, size_t n, double *y, double *mean, double *deviation);

/* Means of consecutive blocks: block i of `points` holds x[i n / points] .. x[(i + 1) n / points - 1]; y [points],
 * points <= n. */
void mts_block_means(const double *x, size_t n, double *y, size_t points);
/* The same blocks, each by its value furthest from the mean of x (the first of equals): narrow peaks stay. */
void mts_block_extremes(const double *x, size_t n, double *y, size_t points);

#endif
