/* cli/cmd_forecast.c - forecast: the next values of a series, how far off they may be, and a picture of both.
 *
 * Without a model the path is that of evidence (--evidence) or of the baseline that erred least on the series' own
 * past; with one it is the median of what a search under the forecast reward finds. How far off it may be is what that
 * forecaster erred by on the past in either case (evidence/future.h). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/out.h"
#include "cli/posed.h"
#include "core/file.h"
#include "core/mem.h"
#include "evidence/future.h"
#include "report/fan.h"
#include "series/features.h"

enum { SPECTRUM_LEAST = 4, PAST_LEAST = 48, PLOT_ROWS = 14, PLOT_WIDTH = 100, PLOT_LABEL = 10 };

static const char *const level_names[MTS_FUTURE_LEVELS] = {"q05", "q10", "q25", "median", "q75", "q90", "q95"};

typedef struct Foretold {
    Task task;
    const double *x; /* [n] the series' one channel */
    size_t n, past;  /* past: how much of it is drawn */
    bool season_found;
    MtsForecaster *forecaster; /* NULL: none was given */
    MtsFuture *outlook;
} Foretold;

static double value_at(const Foretold *f, size_t level, size_t step)
{
    return f->outlook->quantile[level * f->outlook->horizon + step];
}

/* ---- the terminal's picture ---- */

typedef struct Canvas {
    const char *cell[PLOT_ROWS][PLOT_WIDTH];
    size_t width;
    double low, high;
} Canvas;

static size_t row_of(const Canvas *c, double v)
{
    double level = c->high > c->low ? (v - c->low) / (c->high - c->low) : 0.5;
    double row = (1 - level) * (PLOT_ROWS - 1) + 0.5;
    return row < 0 ? 0 : row >= PLOT_ROWS ? PLOT_ROWS - 1 : (size_t)row;
}

/* The steps that column i of `columns` shows of `steps`: [*from, *to), one at least. */
static void steps_of(size_t i, size_t columns, size_t steps, size_t *from, size_t *to)
{
    *from = i * steps / columns;
    *to = (i + 1) * steps / columns;
    *to = *to > *from ? *to : *from + 1;
}

static void fill(Canvas *c, size_t column, double low, double high, const char *with)
{
    size_t bottom = row_of(c, low);
    for (size_t row = row_of(c, high); row <= bottom; row++) {
        c->cell[row][column] = with;
    }
}

static void draw(Canvas *c, const Foretold *f, size_t past_columns)
{
    const double *x = f->x + f->n - f->past, *q = f->outlook->quantile;
    size_t h = f->outlook->horizon, columns = c->width - past_columns, from, to;
    for (size_t i = 0; i < past_columns; i++) {
        steps_of(i, past_columns, f->past, &from, &to);
        double v = mts_mean(x + from, to - from);
        fill(c, i, v, v, "\xE2\x80\xA2");
    }
    for (size_t i = 0; i < columns; i++) {
        steps_of(i, columns, h, &from, &to);
        fill(c, past_columns + i, mts_mean(q + from, to - from), mts_mean(q + 6 * h + from, to - from), "\xE2\x96\x91");
        fill(c, past_columns + i, mts_mean(q + 2 * h + from, to - from), mts_mean(q + 4 * h + from, to - from),
             "\xE2\x96\x92");
        double v = mts_mean(q + MTS_FUTURE_MEDIAN * h + from, to - from);
        fill(c, past_columns + i, v, v, "\xE2\x94\x81");
    }
}

static void put_plot(const Foretold *f)
{
    Canvas c = {.low = HUGE_VAL, .high = -HUGE_VAL};
    size_t screen = out_width() ? out_width() : PLOT_WIDTH, all = f->past + f->outlook->horizon;
    size_t room = screen < PLOT_WIDTH + PLOT_LABEL ? screen : PLOT_WIDTH + PLOT_LABEL;
    c.width = room > PLOT_LABEL + 8 ? room - PLOT_LABEL : 8;
    c.width = all < c.width ? all : c.width;
    size_t past_columns = f->past * c.width / all;
    past_columns = past_columns < 1 ? 1 : past_columns + 1 > c.width ? c.width - 1 : past_columns;
    for (size_t t = f->n - f->past; t < f->n; t++) {
        c.low = fmin(c.low, f->x[t]);
        c.high = fmax(c.high, f->x[t]);
    }
    for (size_t i = 0; i < f->outlook->horizon; i++) {
        c.low = fmin(c.low, value_at(f, 0, i));
        c.high = fmax(c.high, value_at(f, MTS_FUTURE_LEVELS - 1, i));
    }
    draw(&c, f, past_columns);
    for (size_t row = 0; row < PLOT_ROWS; row++) {
        char label[16] = "";
        if (row == 0 || row + 1 == PLOT_ROWS) {
            snprintf(label, sizeof label, "%.4g", row ? c.low : c.high);
        }
        out_printf("%*s ", PLOT_LABEL - 1, label);
        for (size_t i = 0; i < c.width; i++) {
            out_puts(c.cell[row][i] ? c.cell[row][i] : " ");
        }
        out_puts("\n");
    }
    out_puts("\n");
}

/* ---- what is written ---- */

static json_t *steps_json(const Foretold *f)
{
    json_t *list = json_array();
    for (size_t i = 0; i < f->outlook->horizon; i++) {
        json_t *o = json_object();
        mts_json_add_int(&o, "step", (json_int_t)i + 1);
        for (size_t q = 0; q < MTS_FUTURE_LEVELS; q++) {
            mts_json_add_real(&o, level_names[q], value_at(f, q, i));
        }
        mts_json_add(&list, NULL, o);
    }
    return list;
}

static json_t *describe(const Foretold *f, const Args *args)
{
    const MtsFuture *o = f->outlook;
    json_t *all = json_object();
    mts_json_add(&all, "file", out_string(args->operands[0]));
    mts_json_add_int(&all, "values", (json_int_t)f->n);
    mts_json_add_int(&all, "season", (json_int_t)o->season);
    mts_json_add_text(&all, "season_is", o->season == 1 ? "none" : f->season_found ? "found" : "given");
    mts_json_add_int(&all, "horizon", (json_int_t)o->horizon);
    mts_json_add_text(&all, "median_of", f->task.result ? "the model's answers" : o->by);
    mts_json_add_text(&all, "errors_of", o->by);
    mts_json_add_int(&all, "tried", (json_int_t)o->windows);
    mts_json_add_real(&all, "mean_error", o->error);
    if (f->task.result) {
        mts_json_add_text(&all, "reward", f->task.result->reward);
        mts_json_add_int(&all, "nfe", (json_int_t)f->task.result->search->nfe);
    }
    mts_json_add(&all, "steps", steps_json(f));
    return all;
}

static int write_csv(const Foretold *f, const char *path, MtsError *err)
{
    MtsBytes out = {0};
    bool ok = mts_bytes_append_str(&out, "step");
    for (size_t q = 0; ok && q < MTS_FUTURE_LEVELS; q++) {
        ok = mts_bytes_printf(&out, ",%s", level_names[q]);
    }
    for (size_t i = 0; ok && i < f->outlook->horizon; i++) {
        ok = mts_bytes_printf(&out, "\n%zu", i + 1);
        for (size_t q = 0; ok && q < MTS_FUTURE_LEVELS; q++) {
            ok = mts_bytes_printf(&out, ",%.10g", value_at(f, q, i));
        }
    }
    ok = ok && mts_bytes_append_str(&out, "\n");
    int rc =
        ok ? mts_write_file_atomic(path, out.data, out.len, err) : mts_fail(err, MTS_ENOMEM, "%s: no memory", path);
    mts_bytes_free(&out);
    return rc;
}

static int write_svg(const Foretold *f, const Args *args, MtsError *err)
{
    const MtsFuture *o = f->outlook;
    MtsMarkup m = {0};
    MtsBytes title = {0};
    MtsFan fan = {.unit = f->task.series->units[0],
                  .past = f->x + f->n - f->past,
                  .past_count = f->past,
                  .median = o->quantile + MTS_FUTURE_MEDIAN * o->horizon,
                  .steps = o->horizon};
    for (size_t b = 0; b < MTS_FAN_BANDS; b++) {
        fan.low[b] = o->quantile + b * o->horizon;
        fan.high[b] = o->quantile + (MTS_FUTURE_LEVELS - 1 - b) * o->horizon;
    }
    bool ok = mts_bytes_printf(&title, "%s: %zu steps, bands of 50, 80 and 90 %%", mts_path_name(args->operands[0]),
                               o->horizon);
    fan.title = title.data;
    if (ok) {
        mts_report_fan(&m, &fan);
    }
    int rc = ok && !m.failed ? mts_write_file_atomic(args->svg, m.out.data, m.out.len, err)
                             : mts_fail(err, MTS_ENOMEM, "%s: no memory", args->svg);
    mts_bytes_free(&title);
    mts_bytes_free(&m.out);
    return rc;
}

static int show(const Foretold *f, const Args *args, MtsError *err)
{
    const MtsFuture *o = f->outlook;
    int rc;
    if ((args->svg && (rc = write_svg(f, args, err))) || (args->csv && (rc = write_csv(f, args->csv, err)))) {
        return rc;
    }
    if (out_is_json(args)) {
        return out_print(args, describe(f, args), err);
    }
    put_plot(f);
    json_t *steps = steps_json(f);
    if (!steps) {
        return mts_fail(err, MTS_ENOMEM, "forecast: memory ran out");
    }
    out_table(steps);
    json_decref(steps);
    char season[64];
    snprintf(season, sizeof season, o->season == 1 ? "no season found" : "season of %zu steps%s", o->season,
             f->season_found ? " (found)" : "");
    out_line("%s; median of %s; quantiles by the errors of %s at %zu places of the past, on average %.4g", season,
             f->task.result ? "the model's answers" : o->by, o->by, o->windows, o->error);
    return out_flush(err);
}

/* ---- the work ---- */

static int find_season(Foretold *f, const Args *args, size_t *season, MtsError *err)
{
    f->season_found = args->season == CLI_NO_SIZE && !f->forecaster;
    *season = f->forecaster ? f->forecaster->season : args->season;
    return f->season_found ? task_season(f->x, f->n, season, err) : MTS_OK;
}

/* The quantiles moved so that their median is that of the model's answers. */
static int ask_model(Foretold *f, const Args *args, MtsError *err)
{
    MtsFuture *o = f->outlook;
    MtsTask asked = {.kind = MTS_TASK_FORECAST,
                     .points = args->points == CLI_NO_SIZE ? 0 : args->points,
                     .horizon = o->horizon,
                     .season = o->season};
    const char *reward = f->forecaster                 ? "evidence:{train},horizon={horizon}"
                         : o->horizon < SPECTRUM_LEAST ? "logprob"
                                                       : NULL;
    int rc;
    if ((rc = task_pose(&f->task, &asked, err)) || (rc = task_ask(&f->task, args, reward, err)) ||
        (rc = task_search(&f->task, args, err))) {
        return rc;
    }
    if (!f->task.answer.output) {
        return mts_fail(err, MTS_ECONSTRAINT, "forecast: the search found no list of numbers");
    }
    for (size_t i = 0; i < o->horizon; i++) {
        double by = f->task.answer.output[i] - value_at(f, MTS_FUTURE_MEDIAN, i);
        for (size_t q = 0; q < MTS_FUTURE_LEVELS; q++) {
            o->quantile[q * o->horizon + i] += by;
        }
    }
    return MTS_OK;
}

static int work(Foretold *f, const Args *args, MtsError *err)
{
    size_t season;
    int rc = task_open(&f->task, args, "forecast", err);
    if (rc) {
        return rc;
    }
    if (args->horizon == CLI_NO_SIZE || args->horizon == 0) {
        return mts_fail(err, MTS_EREQUEST, "forecast: --horizon is missing: how many steps?");
    }
    if (f->task.series->channels != 1) {
        return mts_fail(err, MTS_EREQUEST, "forecast: the series has %zu channels; choose one with --column or %s#NAME",
                        f->task.series->channels, args->operands[0]);
    }
    f->x = f->task.series->values;
    f->n = f->task.series->length;
    if ((args->evidence && (rc = mts_forecaster_read(&f->forecaster, args->evidence, err))) ||
        (rc = find_season(f, args, &season, err)) ||
        (rc = mts_future_make(&f->outlook, f->x, f->n, season, args->horizon, f->forecaster, err))) {
        return rc;
    }
    f->past = 3 * (season > args->horizon ? season : args->horizon);
    f->past = f->past < PAST_LEAST ? PAST_LEAST : f->past;
    f->past = f->past < f->n ? f->past : f->n;
    rc = args->model ? ask_model(f, args, err) : MTS_OK;
    return rc ? rc : show(f, args, err);
}

int cmd_forecast(const Args *args, MtsError *err)
{
    Foretold f = {0};
    int rc = work(&f, args, err);
    mts_future_free(&f.outlook);
    mts_forecaster_free(&f.forecaster);
    task_close(&f.task);
    return rc;
}
