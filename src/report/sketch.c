/* report/sketch.c - a sample's series drawn small. */
#include "report/sketch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/chart.h"
#include "report/row.h"
#include "results/fields.h"
#include "results/summary.h"

enum { MOST_CHANNELS = 3, MOST_FORECASTS = 6 };

static double *values_of(const json_t *list, size_t *count)
{
    size_t n = json_array_size(list);
    double *x = mts_calloc(n, sizeof *x);
    *count = n;
    for (size_t i = 0; x && i < n; i++) {
        x[i] = json_number_value(json_array_get(list, i));
    }
    return x;
}

static bool has_numbers(const json_t *list)
{
    return json_array_size(list) > 0 && mts_all_numbers(list);
}

/* ---- forecasts ---- */

/* Lines under way; their values are owned. */
typedef struct Sketch {
    MtsChartLine lines[2 + MOST_FORECASTS];
    double *owned[2 + MOST_FORECASTS];
    size_t count;
    bool failed;
} Sketch;

/* The last `most` values of a list, from a step on. */
static void add_line(Sketch *s, const json_t *values, size_t most, size_t from, int colour, bool dashed)
{
    size_t n;
    double *x = values_of(values, &n);
    size_t shown = n < most ? n : most;
    s->failed = s->failed || !x;
    s->owned[s->count] = x;
    s->lines[s->count++] = (MtsChartLine){x ? x + n - shown : NULL, x ? shown : 0, from, colour, dashed};
}

/* Each method's forecast of its first seed. */
static void add_forecasts(Sketch *s, const MtsReportRun *run, size_t from, size_t to, size_t step)
{
    const json_t *drawn[MOST_FORECASTS];
    size_t rows = 0;
    for (size_t i = from; i < to && rows < MOST_FORECASTS; i++) {
        const json_t *r = json_array_get(run->records, i), *output = json_object_get(r, MTS_F_OUTPUT),
                     *row = mts_results_row(run->summary, r);
        bool again = !json_array_size(output) || !row;
        for (size_t k = 0; k < rows; k++) {
            again = again || drawn[k] == row;
        }
        if (!again) {
            drawn[rows++] = row;
            add_line(s, output, SIZE_MAX, step, (int)(mts_report_colour(run, row) % MTS_CHART_COLOURS), false);
        }
    }
}

/* The end of the input, what came after it (faint, dashed), and the forecasts. */
static void put_forecast(MtsMarkup *m, const MtsReportRun *run, size_t from, size_t to, const json_t *input)
{
    const json_t *truth = NULL;
    Sketch s = {.count = 0};
    size_t horizon = 0, n = json_array_size(input);
    for (size_t i = from; i < to; i++) {
        const json_t *r = json_array_get(run->records, i), *came = json_object_get(r, MTS_F_TRUTH);
        size_t own = json_array_size(json_object_get(r, MTS_F_OUTPUT));
        truth = has_numbers(came) ? came : truth;
        horizon = own > horizon ? own : horizon;
    }
    horizon = json_array_size(truth) > horizon ? json_array_size(truth) : horizon;
    size_t shown = n < 2 * horizon ? n : 2 * horizon;
    add_line(&s, input, shown, 0, -1, false);
    if (truth) {
        add_line(&s, truth, SIZE_MAX, shown, -2, true);
    }
    add_forecasts(&s, run, from, to, shown);
    m->failed = m->failed || s.failed;
    if (!m->failed) {
        mts_chart_lines(m, "the end of the input, then what came (dashed) and the forecasts", s.lines, s.count, shown,
                        400, 130);
    }
    for (size_t i = 0; i < s.count; i++) {
        free(s.owned[i]);
    }
}

/* ---- channels ---- */

static void put_channel(MtsMarkup *m, const json_t *channel)
{
    size_t n;
    double *x = values_of(json_object_get(channel, MTS_F_VALUES), &n), low = INFINITY, high = -INFINITY;
    const char *name = mts_field_text(channel, MTS_F_NAME);
    char a[32], b[32], says[160];
    for (size_t i = 0; x && i < n; i++) {
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
    }
    snprintf(says, sizeof says, "%.60s, %zu values from %s to %s", name, n, mts_number_text(low, a),
             mts_number_text(high, b));
    m->failed = m->failed || !x;
    if (x && n) {
        mts_put(m, "<div class=\"channel\">");
        mts_chart_lines(m, says, &(MtsChartLine){x, n, 0, -1, false}, 1, 0, 240, 46);
        mts_put(m, "<small>");
        mts_put_html_some(m, name, 20);
        mts_put(m, " %s to %s</small></div>", a, b);
    }
    free(x);
}

void mts_report_sketch(MtsMarkup *m, const MtsReportRun *run, size_t from, size_t to)
{
    const json_t *series = NULL;
    bool forecast = false;
    for (size_t i = from; i < to; i++) {
        const json_t *r = json_array_get(run->records, i), *own = json_object_get(r, MTS_F_SERIES);
        series = json_array_size(own) ? own : series;
        forecast = forecast || json_array_size(json_object_get(r, MTS_F_OUTPUT)) ||
                   has_numbers(json_object_get(r, MTS_F_TRUTH));
    }
    size_t channels = json_array_size(series);
    if (forecast && channels) {
        put_forecast(m, run, from, to, json_object_get(json_array_get(series, 0), MTS_F_VALUES));
        return;
    }
    for (size_t c = 0; c < channels && c < MOST_CHANNELS; c++) {
        put_channel(m, json_array_get(series, c));
    }
    if (channels > MOST_CHANNELS) {
        mts_put(m, "<small>the first %d of %zu channels</small>", MOST_CHANNELS, channels);
    }
}
