/* report/chart.h - charts as SVG for a page that carries the classes of report/style.h.
 *
 * A chart's words are its title and description (for those who cannot see it), its axes and ticks; which colour is
 * which is said beside it, never in it, so nothing can lie over anything. Colours are classes c0 to c14 that the page
 * defines for light and dark. */
#ifndef MTS_REPORT_CHART_H
#define MTS_REPORT_CHART_H

#include <stdbool.h>
#include <stddef.h>

#include "report/markup.h"

enum { MTS_CHART_COLOURS = 15 };

/* NaN bounds: none. */
typedef struct MtsChartPoint {
    double x, x_low, x_high, y, y_low, y_high;
    const char *says; /* what a pointer held over it reads, and a reader aloud */
} MtsChartPoint;

typedef struct MtsChartSeries {
    const char *name;
    size_t colour;
    bool line, marks;
    MtsChartPoint *points; /* [count]; those that have no place on the axes (NaN, or not above 0 on a logarithm) are
                              left out, but x = 0 on a logarithm is a dashed level */
    size_t count;
} MtsChartSeries;

typedef struct MtsChart {
    const char *id, *title, *describes, *x_axis, *y_axis; /* id: unique on the page, letters and digits */
    bool log_x, log_y;
    const MtsChartSeries *series; /* [count] */
    size_t count;
} MtsChart;

/* False where no point has a place: then nothing is written. With a legend where there is more than one series. */
bool mts_chart_points(MtsMarkup *m, const MtsChart *chart);

typedef struct MtsChartBar {
    const char *name;
    double value, low, high; /* >= 0; NaN: none */
    size_t colour;
} MtsChartBar;

/* Horizontal bars from 0, a name before each. False where no value is. */
bool mts_chart_bars(MtsMarkup *m, const char *id, const char *title, const char *describes, const char *axis,
                    const MtsChartBar *bars, size_t count);

/* A small drawing without axes: lines over a common scale, each from step `from` on. */
typedef struct MtsChartLine {
    const double *values; /* [count] */
    size_t count, from;
    int colour; /* -1: the ink's, -2: faint */
    bool dashed;
} MtsChartLine;

/* `divider`: a vertical line before that step, 0 for none. */
void mts_chart_lines(MtsMarkup *m, const char *says, const MtsChartLine *lines, size_t count, size_t divider,
                     double width, double height);

/* A sign of the colour, for legends and tables. */
void mts_chart_sign(MtsMarkup *m, size_t colour);

#endif
