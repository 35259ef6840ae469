/* report/axis.h - where a number stands on a drawing, and which numbers are written beside it. */
#ifndef MTS_REPORT_AXIS_H
#define MTS_REPORT_AXIS_H

#include <stdbool.h>
#include <stddef.h>

enum { MTS_AXIS_TICKS = 16 };

typedef struct MtsAxis {
    double low, high; /* in the axis' own measure: logarithms to base 10 where log; NaN: nothing is to be shown yet */
    bool log;
    double from, to;             /* on the drawing */
    double tick[MTS_AXIS_TICKS]; /* values, not logarithms */
    size_t ticks;
} MtsAxis;

double mts_axis_measure(const MtsAxis *a, double v); /* NaN where it has no place on a logarithm */
double mts_axis_place(const MtsAxis *a, double v);
void mts_axis_widen(MtsAxis *a, double v); /* so that v is on it; NaN changes nothing */

/* Room around what is to be shown, and about `wanted` ticks; the second: ticks alone, on a linear axis. */
void mts_axis_finish(MtsAxis *a, size_t wanted);
void mts_axis_linear_ticks(MtsAxis *a, size_t wanted);

/* A tick's number as it is written: four digits, k, M and G for large ones. Returns out. */
const char *mts_tick_text(double v, char out[32]);

#endif
