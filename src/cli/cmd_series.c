/* cli/cmd_series.c - what is read from a file of time series.
 *
 * A file that cannot be read as a series (a missing value, a cell that is no number) is shown as far as it goes, so
 * that one sees what to ask for: the columns there are, and what stands in the way. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/out.h"
#include "core/mem.h"
#include "series/format.h"
#include "series/set.h"

enum { ENDS = 4, PLOT_WIDTH = 60, MOST_SHOWN = 50 };

/* ---- one channel ---- */

static json_t *values_of(const double *x, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        mts_json_add_real(&list, NULL, x[i]);
    }
    return list;
}

static json_t *channel_of(const MtsSeries *s, size_t c)
{
    const double *x = s->values + c * s->length;
    size_t missing = 0, ends = s->length < ENDS ? s->length : ENDS;
    double least = HUGE_VAL, most = -HUGE_VAL;
    for (size_t i = 0; i < s->length; i++) {
        missing += isnan(x[i]) != 0; /* -1 on Windows where it holds */
        least = fmin(least, x[i]);
        most = fmax(most, x[i]);
    }
    json_t *o = json_object();
    mts_json_add(&o, "name", out_string(s->names[c]));
    mts_json_add(&o, "units", out_string(s->units[c]));
    mts_json_add_int(&o, "values", (json_int_t)s->length);
    mts_json_add_int(&o, "missing", (json_int_t)missing);
    mts_json_add_real(&o, "min", least);
    mts_json_add_real(&o, "max", most);
    mts_json_add(&o, "first", values_of(x, ends));
    mts_json_add(&o, "last", values_of(x + s->length - ends, ends));
    return o;
}

/* Its shape in one line of blocks; a missing stretch is blank. */
static void put_plot(const MtsSeries *s, size_t c)
{
    static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    const double *x = s->values + c * s->length;
    double mean[PLOT_WIDTH], least = HUGE_VAL, most = -HUGE_VAL;
    size_t n = s->length < PLOT_WIDTH ? s->length : PLOT_WIDTH;
    mts_block_means(x, s->length, mean, n);
    for (size_t i = 0; i < n; i++) {
        least = fmin(least, mean[i]);
        most = fmax(most, mean[i]);
    }
    out_puts("  ");
    out_text(s->names[c], strlen(s->names[c]), 0);
    out_puts(s->names[c][0] ? " " : "");
    for (size_t i = 0; i < n; i++) {
        double level = most > least ? (mean[i] - least) / (most - least) : 0.5;
        out_puts(isnan(mean[i]) ? " " : blocks[(int)(level * 7.999)]);
    }
    out_puts("\n");
}

/* ---- one series, or a list of them ---- */

static json_t *channels_of(const MtsSeries *s)
{
    json_t *channels = json_array();
    for (size_t c = 0; c < s->channels; c++) {
        mts_json_add(&channels, NULL, channel_of(s, c));
    }
    return channels;
}

static json_t *list_of(const MtsSeriesSet *set)
{
    json_t *list = json_array();
    for (size_t i = 0; i < set->count && i < MOST_SHOWN; i++) {
        const MtsSeries *s = set->item[i];
        json_t *o = json_object();
        mts_json_add(&o, "id", out_string(s->id));
        mts_json_add_int(&o, "channels", (json_int_t)s->channels);
        mts_json_add_int(&o, "values", (json_int_t)s->length);
        mts_json_add(&o, "label", out_string(set->label[i]));
        mts_json_add(&list, NULL, o);
    }
    return list;
}

static json_t *aside_of(const MtsSeriesSet *set)
{
    static const char *const uses[] = {
        [MTS_COLUMN_CHANNEL] = "channel", [MTS_COLUMN_INDEX] = "index", [MTS_COLUMN_TIME] = "dates",
        [MTS_COLUMN_WORDS] = "words",     [MTS_COLUMN_EMPTY] = "empty", [MTS_COLUMN_BROKEN] = "broken"};
    json_t *list = json_array();
    for (size_t i = 0; i < set->aside_count; i++) {
        const MtsAside *a = &set->aside[i];
        json_t *o = json_object();
        mts_json_add_int(&o, "column", (json_int_t)a->column);
        mts_json_add(&o, "name", out_string(a->name));
        mts_json_add_text(&o, "holds", uses[a->use]);
        mts_json_add_int(&o, "line", (json_int_t)a->line);
        mts_json_add(&o, "cell", out_string(a->cell));
        mts_json_add(&list, NULL, o);
    }
    return list;
}

static json_t *names_of_indices(const MtsSeriesSet *set)
{
    json_t *list = json_array();
    for (size_t i = 0; i < set->indices; i++) {
        const MtsSeries *s = set->item[0];
        mts_json_add(&list, NULL, out_string(s->names[s->channels - set->indices + i]));
    }
    return list;
}

/* The selection's series where it can be had, else what the file holds; `why` says what is in the way. */
static json_t *describe(const MtsSeriesSet *set, const char *file, const MtsSeries *chosen, const char *why)
{
    json_t *o = json_object();
    mts_json_add(&o, "file", out_string(file));
    mts_json_add_int(&o, "series", (json_int_t)set->count);
    if (chosen) {
        mts_json_add(&o, "id", out_string(chosen->id));
        mts_json_add_real(&o, "sampling_rate", chosen->sampling_rate);
        mts_json_add(&o, "channels", channels_of(chosen));
    } else if (set->count == 1) {
        mts_json_add(&o, "channels", channels_of(set->item[0]));
    } else {
        mts_json_add(&o, "list", list_of(set));
    }
    mts_json_add(&o, "index", names_of_indices(set));
    mts_json_add(&o, "left_out", aside_of(set));
    mts_json_add_text(&o, "problem", why);
    return o;
}

int cmd_series(const Args *args, MtsError *err)
{
    MtsSeriesOptions options;
    MtsSeriesSet set = {0};
    MtsSeries *chosen = NULL;
    MtsError why = {0};
    if (!args->operands[0]) {
        return mts_fail(err, MTS_EREQUEST, "series: which file? maxts series FILE[#SELECTION]");
    }
    int rc;
    if ((rc = series_options(args, &options, err)) ||
        (rc = mts_set_read_spec(&set, args->operands[0], &options, &chosen, err, &why))) {
        goto done;
    }
    bool many = why.code == MTS_EREQUEST && set.count > 1 && !strchr(args->operands[0], '#');
    rc = out_print(args, describe(&set, args->operands[0], chosen, why.code && !many ? why.text : NULL), err);
    const MtsSeries *shown = chosen ? chosen : set.count == 1 ? set.item[0] : NULL;
    for (size_t c = 0; !rc && shown && !out_is_json(args) && c < shown->channels; c++) {
        put_plot(shown, c);
    }
    if (!rc && why.code && !many) { /* shown as far as it goes, and still no series */
        rc = why.code;
        *err = why;
    }
done:
    mts_series_free(&chosen);
    mts_set_free(&set);
    return rc;
}
