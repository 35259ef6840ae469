/* The figures over a run's rows, and the spectra of its series. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <maxts/series.h>

#include "report/chart.h"
#include "report/report.h"

/* ---- which row has which colour ---- */

static const json_t *rows_of(const MtsReportRun *run)
{
    return json_object_get(run->summary, "rows");
}

static const char *method_of(const json_t *row)
{
    return json_string_value(json_object_get(row, "method"));
}

/* A setting of a row, or the mean of a member. */
static double value_of(const json_t *row, const char *name)
{
    const json_t *v = json_object_get(row, name);
    return json_is_number(v) ? json_number_value(v) : mts_report_mean(row, name, NULL, NULL);
}

static size_t method_index(const json_t *rows, const char *method)
{
    size_t index = 0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const char *own = method_of(json_array_get(rows, i));
        bool first = true;
        for (size_t k = 0; k < i; k++) {
            first = first && strcmp(own, method_of(json_array_get(rows, k))) != 0;
        }
        if (strcmp(own, method) == 0) {
            return index;
        }
        index += first;
    }
    return index;
}

/* Whether rows of one method differ in a setting. */
static bool varies(const json_t *rows, const char *setting)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        for (size_t k = 0; k < i; k++) {
            const json_t *a = json_array_get(rows, i), *b = json_array_get(rows, k);
            if (strcmp(method_of(a), method_of(b)) == 0 && value_of(a, setting) != value_of(b, setting) &&
                !isnan(value_of(a, setting)) && !isnan(value_of(b, setting))) {
                return true;
            }
        }
    }
    return false;
}

static bool by_method(const MtsReportRun *run)
{
    const json_t *rows = rows_of(run);
    bool several = false;
    for (size_t i = 1; i < json_array_size(rows); i++) {
        several = several || strcmp(method_of(json_array_get(rows, i)), method_of(json_array_get(rows, 0))) != 0;
    }
    return several || (varies(rows, "rollouts") && !mts_report_is_experiment(run, "optimisations"));
}

size_t mts_report_colour(const MtsReportRun *run, const json_t *row)
{
    const json_t *rows = rows_of(run);
    if (by_method(run)) {
        return method_index(rows, method_of(row));
    }
    for (size_t i = 0; i < json_array_size(rows); i++) {
        if (json_array_get(rows, i) == row) {
            return i;
        }
    }
    return 0;
}

/* ---- figures ---- */

static void figure_open(MtsMarkup *m, const char *title)
{
    mts_put(m, "<figure><figcaption>");
    mts_put_html(m, title);
    mts_put(m, "</figcaption>\n");
}

static char *row_name(MtsMarkup *m, const json_t *row)
{
    MtsMarkup name = {0};
    mts_report_row_name(&name, row);
    m->failed = m->failed || name.failed || !name.out.data;
    return name.out.data;
}

static int by_x(const void *a, const void *b)
{
    double x = ((const MtsChartPoint *)a)->x, y = ((const MtsChartPoint *)b)->x;
    return (x > y) - (x < y);
}

typedef struct Axes {
    const char *id, *title, *x, *y; /* members, or settings, of a row */
    bool log_x, log_y;
} Axes;

/* One point a row, with both intervals. Rows of a method whose rollouts differ are joined. */
static void points_figure(MtsMarkup *m, const MtsReportRun *run, size_t index, const Axes *axes)
{
    const json_t *rows = rows_of(run);
    size_t n = json_array_size(rows), used = 0;
    MtsChartPoint *points = mts_calloc(n, sizeof *points);
    MtsChartSeries *series = mts_calloc(n, sizeof *series);
    char **says = mts_calloc(2 * n, sizeof *says), id[64];
    bool whole = points && series && says, methods = by_method(run);
    for (size_t i = 0, at = 0; whole && i < n; i++) {
        const json_t *row = json_array_get(rows, i);
        if (methods && method_index(rows, method_of(row)) < used) {
            continue; /* is in its method's series already */
        }
        MtsChartSeries *s = &series[used++];
        *s = (MtsChartSeries){.colour = mts_report_colour(run, row), .marks = true, .points = points + at};
        s->name = methods ? method_of(row) : (says[n + i] = row_name(m, row));
        for (size_t k = i; k < n; k++) {
            const json_t *other = json_array_get(rows, k);
            if (k != i && (!methods || strcmp(method_of(other), method_of(row)) != 0)) {
                continue;
            }
            MtsChartPoint *p = &points[at++];
            p->x = value_of(other, axes->x);
            p->x_low = p->x_high = NAN;
            if (!json_is_number(json_object_get(other, axes->x))) {
                mts_report_mean(other, axes->x, &p->x_low, &p->x_high);
            }
            p->y = mts_report_mean(other, axes->y, &p->y_low, &p->y_high);
            char *name = row_name(m, other), a[32], b[32];
            MtsMarkup text = {0};
            mts_put(&text, "%s: %s %s, %s %s", name ? name : "", mts_report_label(axes->x), mts_number_text(p->x, a),
                    mts_report_label(axes->y), mts_number_text(p->y, b));
            m->failed = m->failed || text.failed;
            p->says = says[k] = text.out.data;
            free(name);
            s->count++;
        }
        s->line = methods && s->count > 1 && varies(rows, "rollouts");
        qsort(s->points, s->count, sizeof *s->points, by_x);
    }
    snprintf(id, sizeof id, "r%zu%s", index, axes->id);
    MtsMarkup body = {0}, describes = {0};
    mts_put(&describes,
            "One point a method and setting: %s against %s, bars are 95 %% intervals. The tables have the numbers.",
            mts_report_label(axes->y), mts_report_label(axes->x));
    const MtsChart chart = {id,
                            axes->title,
                            describes.out.data ? describes.out.data : "",
                            mts_report_label(axes->x),
                            mts_report_label(axes->y),
                            axes->log_x,
                            axes->log_y,
                            series,
                            used};
    if (whole && mts_chart_points(&body, &chart)) {
        figure_open(m, axes->title);
        mts_put(m, "%s</figure>\n", body.out.data ? body.out.data : "");
    }
    m->failed = m->failed || !whole || body.failed || describes.failed;
    mts_bytes_free(&body.out);
    mts_bytes_free(&describes.out);
    for (size_t i = 0; says && i < 2 * n; i++) {
        free(says[i]);
    }
    free(says);
    free(points);
    free(series);
}

static void bars_figure(MtsMarkup *m, const MtsReportRun *run, size_t index, const char *member, const char *title)
{
    const json_t *rows = rows_of(run);
    size_t n = json_array_size(rows);
    MtsChartBar *bars = mts_calloc(n, sizeof *bars);
    char id[64], describes[200];
    MtsMarkup body = {0};
    for (size_t i = 0; bars && i < n; i++) {
        const json_t *row = json_array_get(rows, i);
        bars[i].name = row_name(m, row);
        bars[i].value = mts_report_mean(row, member, &bars[i].low, &bars[i].high);
        bars[i].colour = mts_report_colour(run, row);
    }
    snprintf(id, sizeof id, "r%zub%s", index, member);
    snprintf(describes, sizeof describes,
             "A bar a method and setting with the 95 %% interval of its mean over samples: %s.",
             mts_report_label(member));
    if (bars && !m->failed && mts_chart_bars(&body, id, title, describes, mts_report_label(member), bars, n)) {
        figure_open(m, title);
        mts_put(m, "%s</figure>\n", body.out.data ? body.out.data : "");
    }
    m->failed = m->failed || !bars || body.failed;
    for (size_t i = 0; bars && i < n; i++) {
        free((char *)bars[i].name);
    }
    free(bars);
    mts_bytes_free(&body.out);
}

static void section(MtsMarkup *m, const char *title, const char *says)
{
    mts_put(m, "<h3>%s</h3>\n<p>%s</p>\n<div class=\"figures\">\n", title, says);
}

static void put_section(MtsMarkup *m, const char *title, const char *says, MtsMarkup *figures)
{
    if (figures->out.len) {
        section(m, title, says);
        mts_put(m, "%s</div>\n", figures->out.data);
    }
    m->failed = m->failed || figures->failed;
    mts_bytes_free(&figures->out);
    *figures = (MtsMarkup){0};
}

void mts_report_charts(MtsMarkup *m, const MtsReportRun *run, size_t index)
{
    static const char *const settings[] = {"lambda", "temperature", "max_tokens", "expansion"};
    static const char *const titles[] = {"lambda", "temperature", "the longest answer", "children an expansion"};
    const json_t *rows = rows_of(run);
    const char *quality = mts_report_quality(rows);
    MtsMarkup f = {0};
    points_figure(&f, run, index, &(Axes){"nr", "Reward against NFE", "nfe", "reward", true, false});
    if (quality) {
        char title[80];
        snprintf(title, sizeof title, "%s against NFE", mts_report_label(quality));
        points_figure(&f, run, index, &(Axes){"nq", title, "nfe", quality, true, false});
    }
    put_section(m, "Quality against cost",
                "NFE counts the token positions that the model evaluated after the prompt. Bars are 95 % intervals "
                "over samples. "
                "Further left is cheaper; what costs no position is a dashed level. sMAPE and total variation are "
                "errors: lower is better.",
                &f);
    bars_figure(&f, run, index, "seconds", "Seconds a sample, prompt included");
    bars_figure(&f, run, index, "decode_tokens", "Tokens generated a sample");
    put_section(m, "Time a sample", "Wall-clock time on the machine of the run, which other work on it would lengthen.",
                &f);
    if (varies(rows, "rollouts")) {
        points_figure(&f, run, index, &(Axes){"rs", "Seconds against rollouts", "rollouts", "seconds", true, true});
        points_figure(&f, run, index, &(Axes){"rn", "NFE against rollouts", "rollouts", "nfe", true, true});
        points_figure(&f, run, index, &(Axes){"rr", "Reward against rollouts", "rollouts", "reward", true, false});
        if (quality) {
            char title[80];
            snprintf(title, sizeof title, "%s against rollouts", mts_report_label(quality));
            points_figure(&f, run, index, &(Axes){"rq", title, "rollouts", quality, true, false});
        }
        put_section(m, "Scaling",
                    "Both axes of a cost are logarithms: a straight line of slope one doubles with the rollouts.", &f);
    }
    for (size_t k = 0; k < 4; k++) {
        if (varies(rows, settings[k]) && !mts_report_is_experiment(run, "optimisations")) {
            char title[80], id[16];
            snprintf(title, sizeof title, "Reward against %s", titles[k]);
            snprintf(id, sizeof id, "s%zur", k);
            points_figure(&f, run, index, &(Axes){id, title, settings[k], "reward", false, false});
            snprintf(title, sizeof title, "%s against %s", quality ? mts_report_label(quality) : "", titles[k]);
            snprintf(id, sizeof id, "s%zuq", k);
            if (quality) {
                points_figure(&f, run, index, &(Axes){id, title, settings[k], quality, false, false});
            }
        }
    }
    put_section(m, "Settings", "What the settings that were varied change.", &f);
    bars_figure(&f, run, index, "distinct_1", "Distinct words of a sample's answers");
    bars_figure(&f, run, index, "distinct_2", "Distinct pairs of words");
    bars_figure(&f, run, index, "perplexity", "Perplexity of the answer");
    bars_figure(&f, run, index, "consistency", "How often two seeds agree");
    points_figure(&f, run, index, &(Axes){"dn", "Distinct pairs against NFE", "nfe", "distinct_2", true, false});
    points_figure(&f, run, index, &(Axes){"dr", "Reward against distinct pairs", "distinct_2", "reward", false, false});
    put_section(m, "Diversity",
                "Different n-grams over all n-grams of all answers' tokens: 1 where nothing is said twice.", &f);
    bars_figure(&f, run, index, "max_depth", "Depth of the tree");
    bars_figure(&f, run, index, "branching", "Children of an inner node");
    put_section(m, "Depth and branching", "Means over the samples' search trees; methods without a tree have none.",
                &f);
}

/* ---- spectra ---- */

enum { MOST_LINES = 8, LONGEST = 128 };

/* A mean of spectra, each scaled to a sum of 1 over the bins above 0, on one grid. */
typedef struct Spectrum {
    char *name;
    double *sum; /* [LONGEST] */
    size_t count;
    size_t colour;
} Spectrum;

typedef struct Spectra {
    Spectrum line[MOST_LINES];
    size_t lines, segment;
    bool more, failed; /* more: lines that found no place */
} Spectra;

static Spectrum *line_named(Spectra *s, const char *name, size_t colour)
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
    *l = (Spectrum){mts_strdup(name), mts_calloc(LONGEST, sizeof *l->sum), 0, colour};
    if (!l->name || !l->sum) {
        s->failed = true;
        free(l->name);
        free(l->sum);
        return NULL;
    }
    s->lines++;
    return l;
}

static void add_spectrum(Spectra *s, const char *name, size_t colour, const json_t *values)
{
    size_t n = json_array_size(values), bins = s->segment / 2 + 1;
    double psd[LONGEST], sum = 0;
    if (n < s->segment) {
        return;
    }
    double *x = mts_calloc(n, sizeof *x);
    for (size_t i = 0; x && i < n; i++) {
        x[i] = json_number_value(json_array_get(values, i));
    }
    s->failed = s->failed || !x;
    if (x && mts_psd(MTS_PSD_PERIODOGRAM, x, n, s->segment, 1, NULL, psd, NULL) == MTS_OK) {
        for (size_t k = 1; k < bins; k++) {
            sum += psd[k];
        }
        Spectrum *l =
            sum > 0 && isfinite(sum) ? line_named(s, name, colour) : NULL; /* a constant series has no spectrum */
        for (size_t k = 1; l && k < bins; k++) {
            l->sum[k] += psd[k] / sum;
        }
        if (l) {
            l->count++;
        }
    }
    free(x);
}

static const json_t *first_channel(const json_t *record)
{
    return json_object_get(json_array_get(json_object_get(record, "series"), 0), "values");
}

/* The record's row in the summary. */
static const json_t *row_of(const MtsReportRun *run, const json_t *record)
{
    const json_t *rows = rows_of(run);
    const char *variant = json_string_value(json_object_get(record, "variant"));
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (strcmp(method_of(row), json_string_value(json_object_get(record, "method"))) == 0 &&
            strcmp(json_string_value(json_object_get(row, "variant")), variant ? variant : "") == 0) {
            return row;
        }
    }
    return NULL;
}

/* The segment that all spectra share: the commonest horizon of forecasts; else the largest power of two up to 64 that
 * the shortest input holds twice. */
static size_t common_segment(const MtsReportRun *run, bool *forecast)
{
    size_t count[LONGEST] = {0}, best = 0, shortest = 0;
    for (size_t i = 0; i < json_array_size(run->records); i++) {
        const json_t *r = json_array_get(run->records, i);
        size_t h = json_array_size(json_object_get(r, "output")), n = json_array_size(first_channel(r));
        if (h >= 4 && h < LONGEST) {
            best = ++count[h] > count[best] ? h : best;
        }
        shortest = n && (!shortest || n < shortest) ? n : shortest;
    }
    *forecast = best > 0;
    size_t segment = 64;
    while (segment > 4 && 2 * segment > shortest) {
        segment /= 2;
    }
    return best ? best : shortest >= segment ? segment : 0;
}

void mts_report_spectra(MtsMarkup *m, const MtsReportRun *run, size_t index)
{
    Spectra s = {.lines = 0};
    bool forecast;
    const char *seen = ""; /* a sample's input counts once; its records stand together */
    s.segment = common_segment(run, &forecast);
    for (size_t i = 0; s.segment && i < json_array_size(run->records); i++) {
        const json_t *r = json_array_get(run->records, i), *truth = json_object_get(r, "truth"),
                     *output = json_object_get(r, "output");
        const char *sample = json_string_value(json_object_get(r, "sample")),
                   *label = json_string_value(json_object_get(json_object_get(r, "scores"), "label"));
        bool first = strcmp(sample, seen) != 0;
        if (forecast && json_array_size(output) != s.segment && json_array_size(truth) != s.segment) {
            continue;
        }
        if (first && json_array_size(first_channel(r))) {
            add_spectrum(&s, forecast || !label ? "input" : label, s.lines, first_channel(r));
            seen = sample;
        }
        bool numbers = json_is_array(truth);
        for (size_t k = 0; numbers && k < json_array_size(truth); k++) {
            numbers = json_is_number(json_array_get(truth, k));
        }
        if (forecast && first && numbers && json_array_size(truth) == s.segment) {
            add_spectrum(&s, "what came", s.lines, truth);
        }
        const json_t *row = row_of(run, r);
        if (forecast && row && json_array_size(output) == s.segment) {
            char *name = row_name(m, row);
            if (name) {
                add_spectrum(&s, name, s.lines, output);
            }
            free(name);
        }
    }
    MtsChartSeries series[MOST_LINES];
    MtsChartPoint *points = mts_calloc(MOST_LINES * LONGEST, sizeof *points);
    size_t bins = s.segment / 2 + 1;
    for (size_t l = 0; points && l < s.lines; l++) {
        series[l] = (MtsChartSeries){.name = s.line[l].name,
                                     .colour = s.line[l].colour,
                                     .line = true,
                                     .marks = bins <= 34,
                                     .points = points + l * LONGEST};
        for (size_t k = 1; k < bins; k++) {
            series[l].points[series[l].count++] = (MtsChartPoint){
                (double)k / (double)s.segment, NAN, NAN, s.line[l].sum[k] / (double)s.line[l].count, NAN, NAN, NULL};
        }
    }
    char id[32];
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
                            s.lines};
    MtsMarkup body = {0};
    if (points && s.lines && mts_chart_points(&body, &chart)) {
        char title[120];
        snprintf(title, sizeof title, "Periodograms over segments of %zu steps, each scaled to one", s.segment);
        section(m, "Spectra of input and output",
                forecast ? "The input, what came after it, and each forecast, on one grid. An output that is flat or "
                           "repeats its mean loses the peaks of the input."
                         : "The input as the records hold it (first channel; longer ones as means of blocks), by the "
                           "right class where there are classes. Texts have no spectrum.");
        figure_open(m, title);
        mts_put(m, "%s</figure>\n", body.out.data ? body.out.data : "");
        mts_put(m, "</div>\n%s", s.more ? "<p>Eight lines are drawn; there are more.</p>\n" : "");
    }
    m->failed = m->failed || !points || body.failed || s.failed;
    mts_bytes_free(&body.out);
    for (size_t l = 0; l < s.lines; l++) {
        free(s.line[l].name);
        free(s.line[l].sum);
    }
    free(points);
}
