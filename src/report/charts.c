/* report/charts.c - the figures over a run's rows. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/chart.h"
#include "report/figure.h"
#include "report/row.h"
#include "report/sections.h"
#include "results/fields.h"

static char *row_name(MtsMarkup *m, const json_t *row)
{
    MtsMarkup name = {0};
    mts_report_row_name(&name, row);
    m->failed = m->failed || name.failed || !name.out.data;
    return name.out.data;
}

/* ---- points ---- */

/* What a figure of points shows: members, or settings, of a row. */
typedef struct Axes {
    const char *id, *title, *x, *y;
    bool log_x, log_y;
} Axes;

/* The rows of a run as series of points: one a method, or one a row. */
typedef struct Points {
    MtsChartPoint *points; /* [rows] */
    MtsChartSeries *series;
    char **texts; /* [2 rows]: what each point says, then what series are called that are no methods; owned */
    size_t rows, used, filled;
} Points;

static void points_free(Points *p)
{
    for (size_t i = 0; p->texts && i < 2 * p->rows; i++) {
        free(p->texts[i]);
    }
    free(p->texts);
    free(p->points);
    free(p->series);
}

static bool points_make(Points *p, size_t rows)
{
    *p = (Points){.rows = rows};
    p->points = mts_calloc(rows, sizeof *p->points);
    p->series = mts_calloc(rows, sizeof *p->series);
    p->texts = mts_calloc(2 * rows, sizeof *p->texts);
    return p->points && p->series && p->texts;
}

static int by_x(const void *a, const void *b)
{
    double x = ((const MtsChartPoint *)a)->x, y = ((const MtsChartPoint *)b)->x;
    return (x > y) - (x < y);
}

/* Row i of the table at the axes' members, with both intervals. */
static void add_point(MtsMarkup *m, Points *p, const json_t *row, size_t i, const Axes *axes)
{
    MtsChartPoint *point = &p->points[p->filled++];
    char *name = row_name(m, row), a[32], b[32];
    MtsMarkup text = {0};
    point->x = mts_report_value(row, axes->x);
    mts_report_mean(row, axes->x, &point->x_low, &point->x_high);
    point->y = mts_report_mean(row, axes->y, &point->y_low, &point->y_high);
    mts_put(&text, "%s: %s %s, %s %s", name ? name : "", mts_report_label(axes->x), mts_number_text(point->x, a),
            mts_report_label(axes->y), mts_number_text(point->y, b));
    m->failed = m->failed || text.failed;
    point->says = p->texts[i] = text.out.data;
    free(name);
}

/* ---- which points belong together ----
 *
 * A line joins rows that differ in one setting alone: the chart's own x where that is a setting, else the rollouts.
 * Where a method varies other settings too, there is a panel for each combination of them; rows whose method does not
 * vary them are on every panel, to compare with. */

typedef struct Panel {
    const json_t *rows, *of; /* of: a row with the panel's settings; NULL: all rows are on it */
    const char *line;        /* the setting along which lines run; NULL: no lines */
} Panel;

static const char *line_setting(const MtsReportRun *run, const char *x)
{
    const json_t *rows = mts_report_rows(run);
    const char *line = MTS_F_ROLLOUTS, *setting;
    for (size_t i = 0; (setting = mts_report_setting(i)); i++) {
        line = strcmp(x, setting) == 0 ? setting : line;
    }
    return mts_report_varies(rows, line) && !mts_report_is_experiment(run, "optimisations") ? line : NULL;
}

static bool is_other(const Panel *panel, const char *setting)
{
    return strcmp(setting, panel->line) != 0;
}

/* How many settings beside the line's a row's method varies. */
static size_t others_of(const Panel *panel, const json_t *row)
{
    size_t n = 0;
    const char *setting;
    for (size_t i = 0; (setting = mts_report_setting(i)); i++) {
        n += is_other(panel, setting) && mts_report_varies_for(panel->rows, row, setting);
    }
    return n;
}

static bool is_on(const Panel *panel, const json_t *row)
{
    const char *setting;
    for (size_t i = 0; panel->of && (setting = mts_report_setting(i)); i++) {
        if (is_other(panel, setting) && mts_report_varies_for(panel->rows, row, setting) &&
            mts_report_value(row, setting) != mts_report_value(panel->of, setting)) {
            return false;
        }
    }
    return true;
}

/* Whether row i is the first of a panel: of those that vary most, and on no panel before. */
static bool begins_panel(const Panel *panel, size_t i)
{
    const json_t *row = json_array_get(panel->rows, i);
    for (size_t k = 0; k < json_array_size(panel->rows); k++) {
        const json_t *other = json_array_get(panel->rows, k);
        Panel before = {panel->rows, other, panel->line};
        bool same = others_of(panel, other) == others_of(panel, row);
        if (others_of(panel, other) > others_of(panel, row) || (k < i && same && is_on(&before, row))) {
            return false;
        }
    }
    return true;
}

/* ", λ 3, temperature 0.8": the settings of a panel. */
static void put_panel_name(MtsMarkup *m, const Panel *panel)
{
    const char *setting;
    for (size_t i = 0; panel->of && (setting = mts_report_setting(i)); i++) {
        if (is_other(panel, setting) && mts_report_varies_for(panel->rows, panel->of, setting)) {
            mts_put(m, ", %s %g", mts_report_label(setting), mts_report_value(panel->of, setting));
        }
    }
}

/* Whether row i is the first of its method on the panel. */
static bool begins_method(const Panel *panel, size_t i)
{
    const json_t *row = json_array_get(panel->rows, i);
    size_t own = mts_report_method_index(panel->rows, row);
    for (size_t k = 0; k < i; k++) {
        const json_t *other = json_array_get(panel->rows, k);
        if (is_on(panel, other) && mts_report_method_index(panel->rows, other) == own) {
            return false;
        }
    }
    return true;
}

/* Whether rows of one method are one series. */
static bool joins_methods(const Panel *panel, const MtsReportRun *run)
{
    return panel->line || mts_report_by_method(run);
}

/* The series that begins with row i: all rows of its method on the panel, or it alone. */
static void add_series(MtsMarkup *m, Points *p, const MtsReportRun *run, size_t i, const Axes *axes, const Panel *panel)
{
    const json_t *row = json_array_get(panel->rows, i);
    bool methods = joins_methods(panel, run);
    size_t own = mts_report_method_index(panel->rows, row), from = p->filled;
    MtsChartSeries *s = &p->series[p->used++];
    *s = (MtsChartSeries){.marks = true, .points = p->points + from};
    s->colour = methods ? mts_report_method_colour(row) : mts_report_colour(run, row);
    s->name = methods ? mts_field_text(row, MTS_F_METHOD) : (p->texts[p->rows + i] = row_name(m, row));
    for (size_t k = i; k < p->rows; k++) {
        const json_t *other = json_array_get(panel->rows, k);
        if (k == i || (methods && is_on(panel, other) && mts_report_method_index(panel->rows, other) == own)) {
            add_point(m, p, other, k, axes);
        }
    }
    s->count = p->filled - from;
    s->line = panel->line && s->count > 1;
    qsort(s->points, s->count, sizeof *s->points, by_x);
}

static void panel_figure(MtsMarkup *m, const MtsReportRun *run, const char *id, const Axes *axes, const Panel *panel)
{
    const char *x = mts_report_label(axes->x), *y = mts_report_label(axes->y);
    bool methods = joins_methods(panel, run);
    Points p;
    MtsMarkup body = {0}, describes = {0}, title = {0};
    body.failed = !points_make(&p, json_array_size(panel->rows));
    for (size_t i = 0; !body.failed && i < p.rows; i++) {
        if (is_on(panel, json_array_get(panel->rows, i)) && (!methods || begins_method(panel, i))) {
            add_series(&body, &p, run, i, axes, panel);
        }
    }
    mts_put(&describes,
            "One point a method and setting: %s against %s, bars are 95 %% intervals. The tables have the numbers.", y,
            x);
    mts_put(&title, "%s", axes->title);
    put_panel_name(&title, panel);
    body.failed = body.failed || describes.failed || title.failed;
    if (!body.failed) {
        const MtsChart chart = {id,          title.out.data, describes.out.data, x,     y,
                                axes->log_x, axes->log_y,    p.series,           p.used};
        mts_chart_points(&body, &chart);
    }
    mts_report_figure(m, title.out.data ? title.out.data : "", &body);
    mts_bytes_free(&describes.out);
    mts_bytes_free(&title.out);
    points_free(&p);
}

/* One point a row; a figure for each panel. */
static void points_figure(MtsMarkup *m, const MtsReportRun *run, size_t index, const Axes *axes)
{
    Panel panel = {mts_report_rows(run), NULL, line_setting(run, axes->x)};
    char id[64];
    bool several = false;
    for (size_t i = 0; panel.line && i < json_array_size(panel.rows); i++) {
        several = several || others_of(&panel, json_array_get(panel.rows, i)) > 0;
    }
    if (!several) {
        snprintf(id, sizeof id, "r%zu%s", index, axes->id);
        panel_figure(m, run, id, axes, &panel);
        return;
    }
    for (size_t i = 0; i < json_array_size(panel.rows); i++) {
        if (begins_panel(&panel, i)) {
            const Panel own = {panel.rows, json_array_get(panel.rows, i), panel.line};
            snprintf(id, sizeof id, "r%zu%sp%zu", index, axes->id, i);
            panel_figure(m, run, id, axes, &own);
        }
    }
}

/* Reward against a setting or cost, and the measure of quality where there is one. */
static void quality_figures(MtsMarkup *m, const MtsReportRun *run, size_t index, const char *x, const char *id,
                            const char *against, bool log_x)
{
    const char *measures[] = {MTS_F_REWARD, mts_report_quality(mts_report_rows(run))};
    for (size_t i = 0; i < 2 && measures[i]; i++) {
        char title[80], own[16];
        snprintf(title, sizeof title, "%s against %s", mts_report_label(measures[i]), against);
        snprintf(own, sizeof own, "%s%c", id, i == 0 ? 'r' : 'q');
        points_figure(m, run, index, &(Axes){own, title, x, measures[i], log_x, false});
    }
}

/* ---- bars ---- */

static void bars_figure(MtsMarkup *m, const MtsReportRun *run, size_t index, const char *member, const char *title)
{
    const json_t *rows = mts_report_rows(run);
    size_t n = json_array_size(rows);
    MtsChartBar *bars = mts_calloc(n, sizeof *bars);
    char id[64], describes[200];
    MtsMarkup body = {.failed = !bars};
    for (size_t i = 0; bars && i < n; i++) {
        const json_t *row = json_array_get(rows, i);
        bars[i].name = row_name(&body, row);
        bars[i].value = mts_report_mean(row, member, &bars[i].low, &bars[i].high);
        bars[i].colour = mts_report_colour(run, row);
    }
    snprintf(id, sizeof id, "r%zub%s", index, member);
    snprintf(describes, sizeof describes,
             "A bar a method and setting with the 95 %% interval of its mean over samples: %s.",
             mts_report_label(member));
    if (!body.failed) {
        mts_chart_bars(&body, id, title, describes, mts_report_label(member), bars, n);
    }
    mts_report_figure(m, title, &body);
    for (size_t i = 0; bars && i < n; i++) {
        free((char *)bars[i].name);
    }
    free(bars);
}

/* ---- sections ---- */

static void put_cost(MtsMarkup *m, const MtsReportRun *run, size_t index)
{
    MtsMarkup f = {0};
    quality_figures(&f, run, index, MTS_F_NFE, "n", "NFE", true);
    mts_report_figures(m, "Quality against cost",
                       "NFE counts the token positions that the model evaluated after the prompt. Bars are 95 % "
                       "intervals over samples. Further left is cheaper; what costs no position is a dashed level; "
                       "methods that meet stand side by side. sMAPE and total variation are errors: lower is better.",
                       &f);
    bars_figure(&f, run, index, MTS_F_SECONDS, "Seconds a sample, prompt included");
    bars_figure(&f, run, index, MTS_F_DECODE_TOKENS, "Tokens generated a sample");
    mts_report_figures(m, "Time a sample",
                       "Wall-clock time on the machine of the run, which other work on it would lengthen.", &f);
}

static void put_scaling(MtsMarkup *m, const MtsReportRun *run, size_t index)
{
    MtsMarkup f = {0};
    points_figure(&f, run, index, &(Axes){"rs", "Seconds against rollouts", MTS_F_ROLLOUTS, MTS_F_SECONDS, true, true});
    points_figure(&f, run, index, &(Axes){"rn", "NFE against rollouts", MTS_F_ROLLOUTS, MTS_F_NFE, true, true});
    quality_figures(&f, run, index, MTS_F_ROLLOUTS, "r", "rollouts", true);
    mts_report_figures(m, "Scaling",
                       "Both axes of a cost are logarithms: a straight line of slope one doubles with the rollouts.",
                       &f);
}

static void put_settings(MtsMarkup *m, const MtsReportRun *run, size_t index)
{
    static const struct {
        const char *member, *id, *title;
    } settings[] = {{MTS_F_LAMBDA, "s0", "lambda"},
                    {MTS_F_TEMPERATURE, "s1", "temperature"},
                    {MTS_F_MAX_TOKENS, "s2", "the longest answer"},
                    {MTS_F_EXPANSION, "s3", "children an expansion"}};
    MtsMarkup f = {0};
    for (size_t k = 0; k < sizeof settings / sizeof settings[0]; k++) {
        if (mts_report_varies(mts_report_rows(run), settings[k].member)) {
            quality_figures(&f, run, index, settings[k].member, settings[k].id, settings[k].title, false);
        }
    }
    mts_report_figures(m, "Settings", "What the settings that were varied change.", &f);
}

static void put_shape(MtsMarkup *m, const MtsReportRun *run, size_t index)
{
    MtsMarkup f = {0};
    bars_figure(&f, run, index, MTS_F_DISTINCT_1, "Distinct words of a sample's rollouts");
    bars_figure(&f, run, index, MTS_F_DISTINCT_2, "Distinct pairs of words");
    bars_figure(&f, run, index, MTS_F_PERPLEXITY, "Perplexity of the answer");
    bars_figure(&f, run, index, MTS_F_CONSISTENCY, "How often two seeds agree");
    points_figure(&f, run, index,
                  &(Axes){"dn", "Distinct pairs against NFE", MTS_F_NFE, MTS_F_DISTINCT_2, true, false});
    points_figure(&f, run, index,
                  &(Axes){"dr", "Reward against distinct pairs", MTS_F_DISTINCT_2, MTS_F_REWARD, false, false});
    mts_report_figures(m, "Diversity",
                       "Different n-grams over all n-grams of the rollouts' own texts: 1 where nothing is said twice.",
                       &f);
    bars_figure(&f, run, index, MTS_F_MAX_DEPTH, "Depth of the tree");
    bars_figure(&f, run, index, MTS_F_BRANCHING, "Children of an inner node");
    mts_report_figures(m, "Depth and branching",
                       "Means over the samples' search trees; methods without a tree have none.", &f);
}

void mts_report_charts(MtsMarkup *m, const MtsReportRun *run, size_t index)
{
    put_cost(m, run, index);
    if (mts_report_varies(mts_report_rows(run), MTS_F_ROLLOUTS)) {
        put_scaling(m, run, index);
    }
    if (!mts_report_is_experiment(run, "optimisations")) {
        put_settings(m, run, index);
    }
    put_shape(m, run, index);
}
