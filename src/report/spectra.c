/* report/spectra.c - power spectra of a run's series: what went in, what came, what was answered, on one grid. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <maxts/series.h>

#include "report/chart.h"
#include "report/figure.h"
#include "report/row.h"
#include "report/sections.h"
#include "results/fields.h"
#include "results/summary.h"

enum { MOST_LINES = 8, LONGEST = 128, MOST_MARKED = 34 };

/* A mean of spectra, each scaled to a sum of 1 over the bins above 0, on one grid. */
typedef struct Spectrum {
    char *name;
    double *sum; /* [LONGEST] */
    size_t count;
} Spectrum;

typedef struct SpectrumPlot {
    Spectrum line[MOST_LINES];
    size_t lines, segment;
    bool forecast;     /* spectra of outputs, too; otherwise inputs alone, by right class */
    bool more, failed; /* more: lines that found no place */
} SpectrumPlot;

/* ---- means ---- */

static Spectrum *line_named(SpectrumPlot *s, const char *name)
{
    for (size_t i = 0; i < s->lines; i++) {
        if (strcmp(s->line[i].name, name) == 0) {
            return &s->line[i];
        }
    }
    if (s->lines == MOST_LINES) {
        s->more = true;
        return NULL;
    }
    Spectrum *l = &s->line[s->lines];
    *l = (Spectrum){mts_strdup(name), mts_calloc(LONGEST, sizeof *l->sum), 0};
    if (!l->name || !l->sum) {
        s->failed = true;
        free(l->name);
        free(l->sum);
        return NULL;
    }
    s->lines++;
    return l;
}

/* A constant series has no spectrum. */
static void add_psd(SpectrumPlot *s, const char *name, const double *psd)
{
    size_t bins = s->segment / 2 + 1;
    double sum = 0;
    for (size_t k = 1; k < bins; k++) {
        sum += psd[k];
    }
    Spectrum *l = sum > 0 && isfinite(sum) ? line_named(s, name) : NULL;
    for (size_t k = 1; l && k < bins; k++) {
        l->sum[k] += psd[k] / sum;
    }
    if (l) {
        l->count++;
    }
}

static void add_spectrum(SpectrumPlot *s, const char *name, const json_t *values)
{
    size_t n = json_array_size(values);
    double psd[LONGEST];
    if (n < s->segment) {
        return;
    }
    double *x = mts_calloc(n, sizeof *x);
    for (size_t i = 0; x && i < n; i++) {
        x[i] = json_number_value(json_array_get(values, i));
    }
    int rc = x ? mts_psd(MTS_PSD_PERIODOGRAM, x, n, s->segment, 1, NULL, psd, NULL) : MTS_ENOMEM;
    s->failed = s->failed || rc == MTS_ENOMEM;
    if (!rc) {
        add_psd(s, name, psd);
    }
    free(x);
}

/* ---- records ---- */

static const json_t *first_channel(const json_t *record)
{
    return json_object_get(json_array_get(json_object_get(record, MTS_F_SERIES), 0), MTS_F_VALUES);
}

/* The segment that all spectra share: the commonest horizon of forecasts; else the largest power of two up to 64 that
 * the shortest input holds twice. */
static void choose_segment(SpectrumPlot *s, const json_t *records)
{
    size_t count[LONGEST] = {0}, best = 0, shortest = 0, segment = 64;
    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *r = json_array_get(records, i);
        size_t h = json_array_size(json_object_get(r, MTS_F_OUTPUT)), n = json_array_size(first_channel(r));
        if (h >= 4 && h < LONGEST) {
            best = ++count[h] > count[best] ? h : best;
        }
        shortest = n && (!shortest || n < shortest) ? n : shortest;
    }
    while (segment > 4 && 2 * segment > shortest) {
        segment /= 2;
    }
    s->forecast = best > 0;
    s->segment = best ? best : shortest >= segment ? segment : 0;
}

/* What a record forecasts, under its row's name. */
static void add_output(SpectrumPlot *s, const MtsReportRun *run, const json_t *record)
{
    const json_t *output = json_object_get(record, MTS_F_OUTPUT), *row = mts_results_row(run->summary, record);
    MtsMarkup name = {0};
    if (!row || json_array_size(output) != s->segment) {
        return;
    }
    mts_report_row_name(&name, row);
    s->failed = s->failed || name.failed;
    if (!name.failed) {
        add_spectrum(s, name.out.data, output);
    }
    mts_bytes_free(&name.out);
}

/* A sample's input and truth count once; its records stand together. `seen`: the sample whose input was added. */
static void add_record(SpectrumPlot *s, const MtsReportRun *run, const json_t *r, const char **seen)
{
    const json_t *truth = json_object_get(r, MTS_F_TRUTH);
    const char *label = json_string_value(json_object_get(json_object_get(r, MTS_F_SCORES), MTS_F_LABEL)),
               *sample = mts_field_text(r, MTS_F_SAMPLE);
    bool first = strcmp(sample, *seen) != 0, came = json_array_size(truth) == s->segment;
    if (s->forecast && !came && json_array_size(json_object_get(r, MTS_F_OUTPUT)) != s->segment) {
        return;
    }
    if (first && json_array_size(first_channel(r))) {
        add_spectrum(s, s->forecast || !label ? "input" : label, first_channel(r));
        *seen = sample;
    }
    if (s->forecast && first && came && mts_all_numbers(truth)) {
        add_spectrum(s, "what came", truth);
    }
    if (s->forecast) {
        add_output(s, run, r);
    }
}

/* ---- the figure ---- */

static void put_chart(MtsMarkup *m, const SpectrumPlot *s, size_t index)
{
    MtsChartSeries series[MOST_LINES];
    MtsChartPoint *points = mts_calloc(MOST_LINES * LONGEST, sizeof *points);
    size_t bins = s->segment / 2 + 1;
    char id[32];
    m->failed = m->failed || !points;
    for (size_t l = 0; points && l < s->lines; l++) {
        const Spectrum *own = &s->line[l];
        series[l] = (MtsChartSeries){.name = own->name, .colour = l, .line = true, .marks = bins <= MOST_MARKED};
        series[l].points = points + l * LONGEST;
        for (size_t k = 1; k < bins; k++) {
            series[l].points[series[l].count++] = (MtsChartPoint){
                (double)k / (double)s->segment, NAN, NAN, own->sum[k] / (double)own->count, NAN, NAN, NULL};
        }
    }
    snprintf(id, sizeof id, "r%zupsd", index);
    const MtsChart chart = {id,
                            "Power spectral density",
                            "Share of the power at each frequency, mean over samples, a line each for the input and "
                            "what it is compared with.",
                            "Cycles per step",
                            "Share of power",
                            false,
                            true,
                            series,
                            s->lines};
    if (points && s->lines) {
        mts_chart_points(m, &chart);
    }
    free(points);
}

void mts_report_spectra(MtsMarkup *m, const MtsReportRun *run, size_t index)
{
    SpectrumPlot s = {.lines = 0};
    const char *seen = "";
    MtsMarkup body = {0}, figures = {0};
    char title[120];
    choose_segment(&s, run->records);
    for (size_t i = 0; s.segment && i < json_array_size(run->records); i++) {
        add_record(&s, run, json_array_get(run->records, i), &seen);
    }
    put_chart(&body, &s, index);
    body.failed = body.failed || s.failed;
    snprintf(title, sizeof title, "Periodograms over segments of %zu steps, each scaled to one", s.segment);
    mts_report_figure(&figures, title, &body);
    bool any = figures.out.len > 0;
    mts_report_figures(m, "Spectra of input and output",
                       s.forecast ? "The input, what came after it, and each forecast, on one grid. An output that is "
                                    "flat or repeats its mean loses the peaks of the input."
                                  : "The input as the records hold it (first channel; longer ones as means of blocks), "
                                    "by the right class where there are classes. Texts have no spectrum.",
                       &figures);
    mts_put(m, "%s", any && s.more ? "<p>Eight lines are drawn; there are more.</p>\n" : "");
    for (size_t l = 0; l < s.lines; l++) {
        free(s.line[l].name);
        free(s.line[l].sum);
    }
}
