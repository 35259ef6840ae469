/* report/tables.c - a run's rows as tables: how good the answers are, what they cost, what differs, what an
 * optimisation brings; and all runs in short. A table is made as large as it may become and filled from its left. */
#include "report/tables.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/row.h"
#include "results/fields.h"
#include "results/summary.h"

void mts_report_table_free(MtsReportTable *table)
{
    free(table->caption);
    free(table->columns);
    free(table->cells);
    *table = (MtsReportTable){0};
}

static bool table_make(MtsReportTable *t, const char *caption, size_t rows, size_t width)
{
    t->caption = mts_strdup(caption);
    t->columns = mts_calloc(width, sizeof *t->columns);
    t->cells = mts_calloc(rows * width, sizeof *t->cells);
    t->rows = rows;
    t->width = width;
    return t->caption && t->columns && t->cells;
}

/* ---- cells ---- */

static MtsReportCell words(const char *text)
{
    return (MtsReportCell){text, NAN, NAN, NAN, false};
}

static MtsReportCell number(double value)
{
    return (MtsReportCell){NULL, value, NAN, NAN, false};
}

static MtsReportCell mean(const json_t *row, const char *member)
{
    MtsReportCell c = number(0);
    c.value = mts_report_mean(row, member, &c.low, &c.high);
    return c;
}

static bool has_variants(const json_t *rows)
{
    bool any = false;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        any = any || *mts_field_text(json_array_get(rows, i), MTS_F_VARIANT);
    }
    return any;
}

/* Method, and variant where any row has one; the cell behind them. */
static MtsReportCell *put_names(MtsReportCell *c, const json_t *row, bool variants)
{
    *c++ = words(mts_field_text(row, MTS_F_METHOD));
    if (variants) {
        *c++ = words(mts_field_text(row, MTS_F_VARIANT));
    }
    return c;
}

static const char **name_names(const char **column, bool variants)
{
    *column++ = "Method";
    if (variants) {
        *column++ = "Variant";
    }
    return column;
}

/* ---- quality and cost ---- */

/* How good a value is in its column: the larger the better. */
static double merit(double value, MtsReportBetter better)
{
    return better == MTS_BETTER_LARGE ? value : better == MTS_BETTER_SMALL ? -value : -fabs(value);
}

/* Marks the best of column k, where rows differ in it. */
static void mark_best(MtsReportTable *t, size_t k, MtsReportBetter better)
{
    double best = NAN, worst = NAN;
    for (size_t i = 0; i < t->rows; i++) {
        double own = merit(t->cells[i * t->width + k].value, better);
        best = fmax(own, best); /* of a NaN and a number the number */
        worst = fmin(own, worst);
    }
    for (size_t i = 0; i < t->rows && best > worst; i++) {
        MtsReportCell *c = &t->cells[i * t->width + k];
        c->best = merit(c->value, better) == best;
    }
}

/* Method, variant, samples, then the labels from..to that any row has; behind them where `missing` the answers that
 * there are none of. */
static bool make_rows(MtsReportTable *t, const json_t *rows, size_t from, size_t to, bool missing, const char *what)
{
    size_t n = json_array_size(rows), shown = 0;
    const char *members[MTS_REPORT_LABELS];
    bool variants = has_variants(rows);
    for (size_t k = from; k < to; k++) {
        if (mts_report_any_has(rows, mts_report_labels[k].member)) {
            members[shown++] = mts_report_labels[k].member;
        }
    }
    if (!table_make(t, what, n, 2 + variants + shown + missing)) {
        return false;
    }
    const char **column = name_names(t->columns, variants);
    *column++ = "Samples";
    for (size_t k = 0; k < shown; k++) {
        *column++ = mts_report_label(members[k]);
    }
    if (missing) {
        *column = "No answer";
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(rows, i);
        MtsReportCell *c = put_names(t->cells + i * t->width, row, variants);
        *c++ = number(mts_field_number(row, MTS_F_SAMPLES));
        for (size_t k = 0; k < shown; k++) {
            *c++ = mean(row, members[k]);
        }
        if (missing) {
            *c = number(mts_field_number(row, MTS_F_MISSING));
        }
    }
    for (size_t k = 0; k < shown; k++) {
        MtsReportBetter better = mts_report_better(members[k]);
        if (better != MTS_BETTER_NEITHER) {
            mark_best(t, 2 + variants + k, better);
        }
    }
    return true;
}

static bool make_quality(MtsReportTable *t, const MtsReportRun *run)
{
    const json_t *rows = mts_report_rows(run);
    bool missing = false;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        missing = missing || json_object_get(json_array_get(rows, i), MTS_F_MISSING);
    }
    return make_rows(t, rows, 0, MTS_REPORT_QUALITIES, missing, "how good the answers are");
}

static bool make_cost(MtsReportTable *t, const MtsReportRun *run)
{
    return make_rows(t, mts_report_rows(run), MTS_REPORT_QUALITIES, MTS_REPORT_LABELS, false,
                     "what they cost, and how the search looked");
}

/* ---- differences ---- */

static const char *const measures[] = {MTS_F_ACCURACY,     MTS_F_SMAPE, MTS_F_MASE,  MTS_F_CLAIMS_TRUE,
                                       MTS_F_CLAIMS_FALSE, MTS_F_TV,    MTS_F_REWARD};

enum { MEASURES = sizeof measures / sizeof measures[0] };

/* The row that the others are held against: greedy where it is there, else the first. */
static const json_t *base_row(const json_t *rows)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        if (strcmp(mts_field_text(json_array_get(rows, i), MTS_F_METHOD), "greedy") == 0) {
            return json_array_get(rows, i);
        }
    }
    return json_array_get(rows, 0);
}

static bool make_difference_columns(MtsReportTable *t, const json_t *rows, const json_t *base,
                                    const char *const *members, size_t measured)
{
    bool variants = has_variants(rows);
    MtsMarkup what = {0};
    mts_put(&what, "difference from ");
    mts_report_row_name(&what, base);
    mts_put(&what, ", paired over samples; p of the sign-flip test");
    bool ok = !what.failed && table_make(t, what.out.data, json_array_size(rows) - 1, 1 + variants + 2 * measured);
    mts_bytes_free(&what.out);
    if (!ok) {
        return false;
    }
    const char **column = name_names(t->columns, variants);
    for (size_t k = 0; k < measured; k++) {
        *column++ = mts_report_label(members[k]);
        *column++ = "p";
    }
    return true;
}

/* Two cells a measure; *any becomes true where the rows share two samples. False when memory ran out. */
static bool put_differences(MtsReportCell *c, const json_t *records, const json_t *row, const json_t *base,
                            const char *const *members, size_t measured, bool *any)
{
    for (size_t k = 0; k < measured; k++, c += 2) {
        json_t *d = mts_results_compare(records, row, base, members[k]);
        if (!d) {
            return false;
        }
        c[0] = mean(d, MTS_F_DIFFERENCE);
        c[1] = number(mts_field_number(d, MTS_F_P));
        *any = *any || !isnan(c[1].value);
        json_decref(d);
    }
    return true;
}

/* Every row against one of them, paired over samples. */
static bool make_differences(MtsReportTable *t, const MtsReportRun *run)
{
    const json_t *rows = mts_report_rows(run), *base = base_row(rows);
    const char *members[MEASURES];
    size_t n = json_array_size(rows), measured = 0;
    bool variants = has_variants(rows), any = false;
    for (size_t k = 0; k < MEASURES; k++) {
        if (mts_report_any_has(rows, measures[k])) {
            members[measured++] = measures[k];
        }
    }
    if (n < 2 || !measured) {
        return true;
    }
    bool ok = make_difference_columns(t, rows, base, members, measured);
    MtsReportCell *at = t->cells;
    for (size_t i = 0; ok && i < n; i++) {
        const json_t *row = json_array_get(rows, i);
        if (row != base) {
            ok = put_differences(put_names(at, row, variants), run->records, row, base, members, measured, &any);
            at += t->width;
        }
    }
    t->rows = any ? t->rows : 0;
    return ok;
}

/* ---- optimisations ---- */

/* The row of an optimisation's name. */
static const json_t *row_of_variant(const json_t *rows, const char *variant)
{
    const json_t *found = NULL;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        found = strcmp(mts_field_text(row, MTS_F_VARIANT), variant) == 0 ? row : found;
    }
    return found;
}

/* The table that maxts eval prints of the experiment (results/summary.h), with the settings and the quality of each row
 * beside it. */
static bool make_optimisations(MtsReportTable *t, const MtsReportRun *run)
{
    static const struct {
        const char *column, *member;
        bool setting; /* of the row; otherwise of the optimisation */
    } shown[] = {{"Rollouts", MTS_F_ROLLOUTS, true},
                 {"Longest answer, tokens", MTS_F_MAX_TOKENS, true},
                 {"Samples", MTS_F_SAMPLES, false},
                 {"of them scaled", MTS_F_SCALED, false},
                 {"Seconds a sample", MTS_F_SECONDS, false},
                 {"Times faster", MTS_F_TIMES_FASTER, false},
                 {"NFE", MTS_F_POSITIONS, false},
                 {"Best reward", MTS_F_BEST_REWARD, false}};
    enum { SHOWN = sizeof shown / sizeof shown[0] };
    const json_t *rows = mts_report_rows(run);
    const char *quality = mts_report_quality(rows);
    json_t *list = mts_results_optimisations(run->head, run->records);
    size_t n = json_array_size(list);
    bool ok = list && (!n || table_make(t,
                                        "what each optimisation brings; scaled: from the pace of a search that was cut "
                                        "short",
                                        n, 1 + SHOWN + (quality != NULL)));
    t->rows = 0;
    for (size_t k = 0; ok && n && k < t->width; k++) {
        t->columns[k] = k == 0 ? "Optimisation" : k <= SHOWN ? shown[k - 1].column : mts_report_label(quality);
    }
    for (size_t i = 0; ok && i < n; i++) {
        const json_t *entry = json_array_get(list, i);
        const json_t *row = row_of_variant(rows, mts_field_text(entry, MTS_F_OPTIMISATION));
        if (!row) {
            continue;
        }
        MtsReportCell *c = t->cells + t->rows++ * t->width;
        *c++ = words(mts_field_text(row, MTS_F_VARIANT));
        for (size_t k = 0; k < SHOWN; k++) {
            *c++ = number(mts_field_number(shown[k].setting ? row : entry, shown[k].member));
        }
        if (quality) {
            *c = mean(row, quality);
        }
    }
    json_decref(list);
    return ok;
}

bool mts_report_tables(const MtsReportRun *run, MtsReportTable tables[MTS_REPORT_TABLES])
{
    memset(tables, 0, MTS_REPORT_TABLES * sizeof *tables);
    bool ok = make_optimisations(&tables[0], run) && make_quality(&tables[1], run) && make_cost(&tables[2], run) &&
              make_differences(&tables[3], run);
    for (size_t i = 0; !ok && i < MTS_REPORT_TABLES; i++) {
        mts_report_table_free(&tables[i]);
    }
    return ok;
}

/* ---- all runs ---- */

/* The rows of one run from cell c on; the cell behind them. */
static MtsReportCell *put_overview(MtsReportCell *c, const MtsReportRun *run, bool variants)
{
    const json_t *rows = mts_report_rows(run);
    const char *quality = mts_report_quality(rows);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        *c++ = words(run->name);
        c = put_names(c, row, variants);
        *c++ = number(mts_field_number(row, MTS_F_SAMPLES));
        *c++ = words(quality ? mts_report_label(quality) : "");
        *c++ = mean(row, quality ? quality : "");
        *c++ = mean(row, MTS_F_REWARD);
        *c++ = mean(row, MTS_F_NFE);
        *c++ = mean(row, MTS_F_SECONDS);
    }
    return c;
}

bool mts_report_overview(const MtsReport *report, MtsReportTable *t)
{
    static const char *const more[] = {"Samples", "Measure", "Its value", "Reward", "NFE", "Seconds"};
    enum { MORE = sizeof more / sizeof more[0] };
    size_t n = 0;
    bool variants = false;
    *t = (MtsReportTable){0};
    for (size_t i = 0; i < report->count; i++) {
        const json_t *rows = mts_report_rows(&report->runs[i]);
        n += json_array_size(rows);
        variants = variants || has_variants(rows);
    }
    if (report->count < 2 || !n) {
        return true;
    }
    if (!table_make(t, "all runs in short", n, 2 + variants + MORE)) {
        mts_report_table_free(t);
        return false;
    }
    t->columns[0] = "Run";
    memcpy(name_names(t->columns + 1, variants), more, sizeof more);
    MtsReportCell *c = t->cells;
    for (size_t i = 0; i < report->count; i++) {
        c = put_overview(c, &report->runs[i], variants);
    }
    return true;
}
