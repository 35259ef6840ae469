/* Runs read for a report, and their tables as Markdown, LaTeX and CSV. */
#include "report/report.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/head.h"
#include "results/records.h"
#include "results/summary.h"

/* ---- reading ---- */

static json_t *without_shard(const json_t *head)
{
    json_t *copy = json_copy((json_t *)(uintptr_t)head);
    json_object_del(copy, "shard");
    return copy;
}

static bool same_run(const json_t *a, const json_t *b)
{
    json_t *x = without_shard(a), *y = without_shard(b);
    bool same = x && y && json_equal(x, y);
    json_decref(x);
    json_decref(y);
    return same;
}

/* Adds a shard's records to the run; *head stays the first one's, and is the whole run's from now on. */
static int join(MtsReportRun *run, const char *path, json_t *records, MtsError *err)
{
    json_t *seen = json_object();
    int rc = seen ? MTS_OK : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
    for (size_t i = 0; rc == MTS_OK && i < json_array_size(run->records); i++) {
        json_object_set_new(seen, json_string_value(json_object_get(json_array_get(run->records, i), "key")),
                            json_true());
    }
    for (size_t i = 0; rc == MTS_OK && i < json_array_size(records); i++) {
        const char *key = json_string_value(json_object_get(json_array_get(records, i), "key"));
        if (json_object_get(seen, key)) {
            rc = mts_fail(err, MTS_EREQUEST, "%s: the record \"%.80s\" is in another file of the same run, too", path,
                          key);
        }
    }
    if (rc == MTS_OK && json_array_extend(run->records, records) != 0) {
        rc = mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
    }
    json_object_del(run->head, "shard");
    json_decref(seen);
    return rc;
}

static int read_one(MtsReport *report, const char *path, MtsError *err)
{
    json_t *head, *records;
    int rc = mts_results_read(path, &head, &records, err);
    if (rc != MTS_OK) {
        return rc;
    }
    for (size_t i = 0; i < report->count; i++) {
        MtsReportRun *run = &report->runs[i];
        if (!same_run(head, run->head)) {
            continue;
        }
        MtsBytes files = {0};
        rc = mts_bytes_printf(&files, "%s, %s", run->files, path)
                 ? join(run, path, records, err)
                 : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
        free((char *)(uintptr_t)run->files);
        run->files = files.data;
        json_decref(head);
        json_decref(records);
        return rc;
    }
    report->runs[report->count++] = (MtsReportRun){mts_strdup(path), head, records, NULL, NULL};
    return report->runs[report->count - 1].files ? MTS_OK : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
}

/* Records by the head's order of samples, whatever shards they come from. */
static bool order_records(MtsReportRun *run)
{
    const json_t *samples = json_object_get(run->head, "samples");
    size_t n = json_array_size(run->records), at = 0;
    json_t *place = json_object(), *sorted = json_array();
    bool ok = place && sorted;
    for (size_t i = 0; ok && i < n; i++) { /* sample: its records */
        json_t *r = json_array_get(run->records, i);
        const char *sample = json_string_value(json_object_get(r, "sample"));
        if (!json_object_get(place, sample)) {
            ok = json_object_set_new(place, sample, json_array()) == 0;
        }
        ok = ok && json_array_append(json_object_get(place, sample), r) == 0;
    }
    for (size_t i = 0; ok && i < json_array_size(samples); i++) {
        const char *sample = json_string_value(json_array_get(samples, i));
        json_t *own = json_object_get(place, sample);
        ok = !own || json_array_extend(sorted, own) == 0;
        json_object_del(place, sample);
    }
    for (; ok && at < n; at++) { /* samples that the head does not name, in the file's order */
        json_t *r = json_array_get(run->records, at);
        ok = !json_object_get(place, json_string_value(json_object_get(r, "sample"))) ||
             json_array_append(sorted, r) == 0;
    }
    json_decref(place);
    if (!ok) {
        json_decref(sorted);
        return false;
    }
    json_decref(run->records);
    run->records = sorted;
    return true;
}

static bool name_run(const MtsReport *report, size_t i)
{
    MtsReportRun *run = &report->runs[i];
    const json_t *model = json_object_get(run->head, "model");
    const char *name = json_string_value(json_object_get(model, "name")),
               *file = json_string_value(json_object_get(model, "file"));
    MtsBytes text = {0};
    bool ok = mts_bytes_printf(&text, "%s, %s", json_string_value(json_object_get(run->head, "stage")),
                               name && *name ? name
                               : file        ? file
                                             : "a model without a name");
    for (size_t k = 0; ok && k < i; k++) {
        if (strcmp(report->runs[k].name, text.data) == 0) {
            ok = mts_bytes_printf(&text, " (run %zu)", i + 1);
            break;
        }
    }
    run->name = text.data;
    return ok;
}

int mts_report_open(MtsReport *report, const char *const *paths, size_t n, MtsError *err)
{
    int rc = MTS_OK;
    *report = (MtsReport){mts_calloc(n, sizeof *report->runs), 0, SIZE_MAX};
    if (!report->runs) {
        return mts_fail(err, MTS_ENOMEM, "report: memory ran out for %zu files", n);
    }
    for (size_t i = 0; rc == MTS_OK && i < n; i++) {
        rc = read_one(report, paths[i], err);
    }
    for (size_t i = 0; rc == MTS_OK && i < report->count; i++) {
        MtsReportRun *run = &report->runs[i];
        bool ok =
            order_records(run) && (run->summary = mts_results_summary(run->head, run->records)) && name_run(report, i);
        rc = ok ? MTS_OK
                : mts_fail(err, MTS_ENOMEM, "%s: memory ran out over %zu records", run->files,
                           json_array_size(run->records));
    }
    return rc;
}

void mts_report_free(MtsReport *report)
{
    for (size_t i = 0; i < report->count; i++) {
        MtsReportRun *run = &report->runs[i];
        free((char *)(uintptr_t)run->files);
        free(run->name);
        json_decref(run->head);
        json_decref(run->records);
        json_decref(run->summary);
    }
    free(report->runs);
    *report = (MtsReport){0};
}

/* ---- what a row says ---- */

static const struct {
    const char *member, *label;
} labels[] = {
    {"accuracy", "Accuracy"},
    {"macro_f1", "Macro-F1"},
    {"kappa", "Kappa"},
    {"claims_true_share", "True claims, share"},
    {"claims_true", "True claims per text"},
    {"claims_false", "False claims per text"},
    {"smape", "sMAPE, %"},
    {"mase", "MASE"},
    {"crps_scaled", "CRPS, scaled"},
    {"spectral", "Spectral distance"},
    {"well_formed", "Well formed, share"},
    {"tv", "Total variation"},
    {"log_z_error", "log Z error"},
    {"value_error", "Value error"},
    {"reward", "Reward"},
    {"best_reward", "Best reward"},
    {"mean_reward", "Mean reward"},
    /* cost and shape */
    {"nfe", "NFE"},
    {"seconds", "Seconds"},
    {"prefill_seconds", "Seconds of prompt"},
    {"decode_tokens", "Tokens"},
    {"rollouts_done", "Rollouts"},
    {"length", "Length, tokens"},
    {"perplexity", "Perplexity"},
    {"distinct_1", "Distinct-1"},
    {"distinct_2", "Distinct-2"},
    {"consistency", "Seeds agree"},
    {"nodes", "Tree nodes"},
    {"max_depth", "Tree depth"},
    {"branching", "Branching"},
};

enum { LABELS = sizeof labels / sizeof labels[0], QUALITIES = 17 };

static const char *const settings[][2] = {{"rollouts", "Rollouts"},
                                          {"lambda", "λ"},
                                          {"temperature", "Temperature"},
                                          {"max_tokens", "Longest answer, tokens"},
                                          {"expansion", "Children an expansion"}};

const char *mts_report_label(const char *member)
{
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (strcmp(settings[i][0], member) == 0) {
            return settings[i][1];
        }
    }
    for (size_t i = 0; i < LABELS; i++) {
        if (strcmp(labels[i].member, member) == 0) {
            return labels[i].label;
        }
    }
    return member;
}

double mts_report_mean(const json_t *row, const char *member, double *low, double *high)
{
    const json_t *v = json_object_get(row, member), *mean = json_object_get(v, "mean");
    const json_t *a = json_object_get(v, "low"), *b = json_object_get(v, "high");
    if (low) {
        *low = json_is_number(a) ? json_number_value(a) : NAN;
    }
    if (high) {
        *high = json_is_number(b) ? json_number_value(b) : NAN;
    }
    return json_is_number(mean) ? json_number_value(mean) : NAN;
}

static bool any_has(const json_t *rows, const char *member)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        if (!isnan(mts_report_mean(json_array_get(rows, i), member, NULL, NULL))) {
            return true;
        }
    }
    return false;
}

const char *mts_report_quality(const json_t *rows)
{
    static const char *const best[] = {"accuracy", "smape", "claims_true_share", "tv"};
    for (size_t i = 0; i < 4; i++) {
        if (any_has(rows, best[i])) {
            return best[i];
        }
    }
    return NULL;
}

void mts_report_row_name(MtsMarkup *m, const json_t *row)
{
    const char *variant = json_string_value(json_object_get(row, "variant"));
    mts_put(m, "%s%s%s", json_string_value(json_object_get(row, "method")), variant && *variant ? " " : "",
            variant ? variant : "");
}

bool mts_report_is_experiment(const MtsReportRun *run, const char *name)
{
    const char *experiment = json_string_value(json_object_get(json_object_get(run->head, "settings"), "experiment"));
    return experiment && strcmp(experiment, name) == 0;
}

/* ---- tables ---- */

void mts_report_table_free(MtsReportTable *table)
{
    free(table->caption);
    free(table->columns);
    free(table->cells);
    *table = (MtsReportTable){0};
}

static bool table_make(MtsReportTable *t, size_t rows, size_t most)
{
    t->columns = mts_calloc(most, sizeof *t->columns);
    t->cells = mts_calloc(rows * most, sizeof *t->cells);
    t->rows = rows;
    return t->columns && t->cells;
}

static MtsReportCell words(const json_t *row, const char *member)
{
    const char *text = json_string_value(json_object_get(row, member));
    return (MtsReportCell){text ? text : "", NAN, NAN, NAN};
}

static MtsReportCell number(double value)
{
    return (MtsReportCell){NULL, value, NAN, NAN};
}

static bool has_variants(const json_t *rows)
{
    bool any = false;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        any = any || *json_string_value(json_object_get(json_array_get(rows, i), "variant"));
    }
    return any;
}

/* Method, variant, samples, then the labels from..to that any row has. */
static bool make_rows(MtsReportTable *t, const MtsReportRun *run, size_t from, size_t to, const char *what)
{
    const json_t *rows = json_object_get(run->summary, "rows");
    size_t n = json_array_size(rows), width = 0, members[LABELS];
    bool variants = has_variants(rows), missing = false;
    for (size_t i = 0; i < n; i++) {
        missing = missing || json_is_integer(json_object_get(json_array_get(rows, i), "missing"));
    }
    for (size_t k = from; k < to; k++) {
        if (any_has(rows, labels[k].member)) {
            members[width++] = k;
        }
    }
    size_t extra = 2 + variants, all = extra + width + (from == 0 && missing);
    if (!(t->caption = mts_strdup(what)) || !table_make(t, n, all)) {
        return false;
    }
    t->width = all;
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(rows, i);
        MtsReportCell *c = t->cells + i * all;
        *c++ = words(row, "method");
        if (variants) {
            *c++ = words(row, "variant");
        }
        *c++ = number((double)json_integer_value(json_object_get(row, "samples")));
        for (size_t k = 0; k < width; k++, c++) {
            *c = number(0);
            c->value = mts_report_mean(row, labels[members[k]].member, &c->low, &c->high);
        }
        if (from == 0 && missing) {
            const json_t *v = json_object_get(row, "missing");
            *c = number(json_is_integer(v) ? (double)json_integer_value(v) : NAN);
        }
    }
    const char **name = t->columns;
    *name++ = "Method";
    if (variants) {
        *name++ = "Variant";
    }
    *name++ = "Samples";
    for (size_t k = 0; k < width; k++) {
        *name++ = labels[members[k]].label;
    }
    if (from == 0 && missing) {
        *name++ = "No answer";
    }
    return true;
}

/* Every row against one of them, paired over samples: greedy where it is there, else the first. */
static bool make_differences(MtsReportTable *t, const MtsReportRun *run)
{
    const json_t *rows = json_object_get(run->summary, "rows");
    static const char *const measures[] = {"accuracy", "smape", "mase", "claims_true", "claims_false", "tv", "reward"};
    const char *members[7];
    size_t n = json_array_size(rows), base = 0, measured = 0;
    for (size_t k = 0; k < 7; k++) {
        if (any_has(rows, measures[k])) {
            members[measured++] = measures[k];
        }
    }
    for (size_t i = n; i-- > 0;) {
        base = strcmp(json_string_value(json_object_get(json_array_get(rows, i), "method")), "greedy") == 0 ? i : base;
    }
    if (n < 2 || !measured) {
        return true;
    }
    MtsMarkup what = {0};
    mts_put(&what, "difference from ");
    mts_report_row_name(&what, json_array_get(rows, base));
    mts_put(&what, ", paired over samples; p of the sign-flip test");
    t->caption = what.out.data;
    size_t names = 1 + has_variants(rows);
    if (what.failed || !table_make(t, n - 1, names + 2 * measured)) {
        return false;
    }
    t->width = names + 2 * measured;
    t->columns[0] = "Method";
    t->columns[names - 1] = names == 2 ? "Variant" : "Method";
    for (size_t k = 0; k < measured; k++) {
        t->columns[names + 2 * k] = mts_report_label(members[k]);
        t->columns[names + 1 + 2 * k] = "p";
    }
    bool any = false; /* two rows that share two samples */
    for (size_t i = 0, at = 0; i < n; i++) {
        const json_t *row = json_array_get(rows, i);
        if (i == base) {
            continue;
        }
        MtsReportCell *c = t->cells + at++ * t->width;
        *c++ = words(row, "method");
        if (names == 2) {
            *c++ = words(row, "variant");
        }
        for (size_t k = 0; k < measured; k++, c += 2) {
            json_t *d = mts_results_compare(run->records, row, json_array_get(rows, base), members[k]);
            if (!d) {
                return false;
            }
            const json_t *p = json_object_get(d, "p");
            c[0].value = mts_report_mean(d, "difference", &c[0].low, &c[0].high);
            c[1] = number(json_is_number(p) ? json_number_value(p) : NAN);
            any = any || json_is_number(p);
            json_decref(d);
        }
    }
    t->rows = any ? t->rows : 0;
    return true;
}

static double plain(const json_t *object, const char *name)
{
    const json_t *v = json_object_get(object, name);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

/* The table that maxts eval prints of the experiment (eval/eval.h), with the settings and the quality of each row
 * beside it. */
static bool make_optimisations(MtsReportTable *t, const MtsReportRun *run)
{
    static const char *const columns[] = {"Optimisation",   "Rollouts",         "Longest answer, tokens", "Samples",
                                          "of them scaled", "Seconds a sample", "Times faster",           "NFE",
                                          "Best reward"};
    static const char *const members[] = {"samples", "scaled", "seconds", "times_faster", "positions", "best_reward"};
    const json_t *rows = json_object_get(run->summary, "rows");
    const char *quality = mts_report_quality(rows);
    size_t width = quality ? 10 : 9;
    json_t *list = mts_results_optimisations(run->head, run->records);
    bool ok = list != NULL;
    if (ok && json_array_size(list)) {
        ok = (t->caption =
                  mts_strdup("what each optimisation brings; scaled: from the pace of a search that was cut short")) &&
             table_make(t, json_array_size(list), width);
        t->width = width;
        t->rows = 0;
    }
    for (size_t k = 0; ok && k < t->width; k++) {
        t->columns[k] = k == 9 ? mts_report_label(quality) : columns[k];
    }
    for (size_t i = 0; ok && i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i), *row = NULL;
        for (size_t k = 0; k < json_array_size(rows); k++) {
            const json_t *own = json_array_get(rows, k);
            row = strcmp(json_string_value(json_object_get(own, "variant")),
                         json_string_value(json_object_get(entry, "optimisation"))) == 0
                      ? own
                      : row;
        }
        if (!row) {
            continue;
        }
        MtsReportCell *c = t->cells + t->rows++ * width;
        *c++ = words(row, "variant");
        *c++ = number(plain(row, "rollouts"));
        *c++ = number(plain(row, "max_tokens"));
        for (size_t k = 0; k < 6; k++) {
            *c++ = number(plain(entry, members[k]));
        }
        if (quality) {
            c->value = mts_report_mean(row, quality, &c->low, &c->high);
        }
    }
    json_decref(list);
    return ok;
}

bool mts_report_tables(const MtsReportRun *run, MtsReportTable tables[MTS_REPORT_TABLES])
{
    memset(tables, 0, MTS_REPORT_TABLES * sizeof *tables);
    bool ok = make_optimisations(&tables[0], run) &&
              make_rows(&tables[1], run, 0, QUALITIES, "how good the answers are") &&
              make_rows(&tables[2], run, QUALITIES, LABELS, "what they cost, and how the search looked") &&
              make_differences(&tables[3], run);
    for (size_t i = 0; !ok && i < MTS_REPORT_TABLES; i++) {
        mts_report_table_free(&tables[i]);
    }
    return ok;
}

bool mts_report_overview(const MtsReport *report, MtsReportTable *t)
{
    static const char *const columns[] = {"Run",       "Method", "Variant", "Samples", "Measure",
                                          "Its value", "Reward", "NFE",     "Seconds"};
    size_t n = 0, at = 0, variants = 0;
    *t = (MtsReportTable){0};
    for (size_t i = 0; i < report->count; i++) {
        const json_t *rows = json_object_get(report->runs[i].summary, "rows");
        n += json_array_size(rows);
        variants = variants || has_variants(rows);
    }
    if (report->count < 2 || !n) {
        return true;
    }
    if (!(t->caption = mts_strdup("all runs in short")) || !table_make(t, n, 9)) {
        mts_report_table_free(t);
        return false;
    }
    for (size_t k = 0; k < 9; k++) {
        if (k != 2 || variants) {
            t->columns[t->width++] = columns[k];
        }
    }
    for (size_t i = 0; i < report->count; i++) {
        const json_t *rows = json_object_get(report->runs[i].summary, "rows");
        const char *quality = mts_report_quality(rows),
                   *members[4] = {quality ? quality : "", "reward", "nfe", "seconds"};
        for (size_t k = 0; k < json_array_size(rows); k++, at++) {
            const json_t *row = json_array_get(rows, k);
            MtsReportCell *c = t->cells + at * t->width;
            *c++ = (MtsReportCell){report->runs[i].name, NAN, NAN, NAN};
            *c++ = words(row, "method");
            if (variants) {
                *c++ = words(row, "variant");
            }
            *c++ = number((double)json_integer_value(json_object_get(row, "samples")));
            *c++ = (MtsReportCell){quality ? mts_report_label(quality) : "", NAN, NAN, NAN};
            for (size_t m = 0; m < 4; m++, c++) {
                c->value = mts_report_mean(row, members[m], &c->low, &c->high);
            }
        }
    }
    return true;
}

/* ---- the other formats ---- */

static bool is_interval(const MtsReportCell *c)
{
    return !isnan(c->low) && !isnan(c->high);
}

static void put_plain(MtsMarkup *m, const MtsReportCell *c, const char *dash)
{
    char a[32], b[32];
    mts_put(m, "%s", isnan(c->value) ? "" : mts_number_text(c->value, a));
    if (is_interval(c)) {
        mts_put(m, " [%s%s%s]", mts_number_text(c->low, a), dash, mts_number_text(c->high, b));
    }
}

static void put_partial(MtsMarkup *m, const MtsReportRun *run, void put(MtsMarkup *m, const char *text))
{
    size_t records = json_array_size(run->records), expected = mts_results_expected(run->head);
    if (records < expected) {
        MtsMarkup text = {0};
        mts_put(&text, "%s: unfinished, %zu of %zu records are there.", run->name, records, expected);
        put(m, text.out.data ? text.out.data : "");
        m->failed = m->failed || text.failed;
        mts_bytes_free(&text.out);
        mts_put(m, "\n\n");
    }
}

/* `run` NULL: a table of all runs. */
static void markdown_table(MtsMarkup *m, const MtsReportRun *run, const MtsReportTable *t)
{
    mts_put(m, "**");
    if (run) {
        mts_put_markdown(m, run->name);
        mts_put(m, ": ");
    }
    mts_put_markdown(m, t->caption);
    mts_put(m, "**\n\n|");
    for (size_t k = 0; k < t->width; k++) {
        mts_put(m, " ");
        mts_put_markdown(m, t->columns[k]);
        mts_put(m, " |");
    }
    mts_put(m, "\n|");
    for (size_t k = 0; k < t->width; k++) {
        mts_put(m, t->cells[k].text ? "---|" : "---:|");
    }
    for (size_t i = 0; i < t->rows; i++) {
        mts_put(m, "\n|");
        for (size_t k = 0; k < t->width; k++) {
            const MtsReportCell *c = &t->cells[i * t->width + k];
            mts_put(m, " ");
            if (c->text) {
                mts_put_markdown(m, c->text);
            } else {
                put_plain(m, c, ", ");
            }
            mts_put(m, " |");
        }
    }
    mts_put(m, "\n\n");
}

static void latex_table(MtsMarkup *m, const MtsReportRun *run, const MtsReportTable *t)
{
    mts_put(m, "\\begin{table}\n\\caption{");
    if (run) {
        mts_put_latex(m, run->name);
        mts_put(m, ": ");
    }
    mts_put_latex(m, t->caption);
    mts_put(m, "}\n\\begin{tabular}{");
    for (size_t k = 0; k < t->width; k++) {
        mts_put(m, t->cells[k].text ? "l" : "r");
    }
    mts_put(m, "}\n\\hline\n");
    for (size_t k = 0; k < t->width; k++) {
        mts_put(m, "%s", k ? " & " : "");
        mts_put_latex(m, t->columns[k]);
    }
    mts_put(m, " \\\\\n\\hline\n");
    for (size_t i = 0; i < t->rows; i++) {
        for (size_t k = 0; k < t->width; k++) {
            const MtsReportCell *c = &t->cells[i * t->width + k];
            mts_put(m, "%s", k ? " & " : "");
            if (c->text) {
                mts_put_latex(m, c->text);
            } else if (!isnan(c->value)) {
                mts_put(m, "$");
                put_plain(m, c, ",\\,");
                mts_put(m, "$");
            }
        }
        mts_put(m, " \\\\\n");
    }
    mts_put(m, "\\hline\n\\end{tabular}\n\\end{table}\n\n");
}

static void latex_comment(MtsMarkup *m, const char *text)
{
    mts_put(m, "%% ");
    mts_put_latex(m, text);
}

static int each_table(const MtsReport *report, MtsMarkup *m,
                      void put(MtsMarkup *m, const MtsReportRun *run, const MtsReportTable *t),
                      void say(MtsMarkup *m, const char *text), MtsError *err)
{
    MtsReportTable overview = {0};
    m->failed = m->failed || !mts_report_overview(report, &overview);
    if (!m->failed && overview.rows) {
        put(m, NULL, &overview);
    }
    mts_report_table_free(&overview);
    for (size_t i = 0; i < report->count && !m->failed; i++) {
        MtsReportTable tables[MTS_REPORT_TABLES];
        put_partial(m, &report->runs[i], say);
        if (!mts_report_tables(&report->runs[i], tables)) {
            m->failed = true;
            break;
        }
        for (size_t k = 0; k < MTS_REPORT_TABLES; k++) {
            if (tables[k].rows) {
                put(m, &report->runs[i], &tables[k]);
            }
            mts_report_table_free(&tables[k]);
        }
    }
    return m->failed ? mts_fail(err, MTS_ENOMEM, "report: memory ran out") : MTS_OK;
}

int mts_report_markdown(const MtsReport *report, MtsMarkup *m, MtsError *err)
{
    return each_table(report, m, markdown_table, mts_put_markdown, err);
}

int mts_report_latex(const MtsReport *report, MtsMarkup *m, MtsError *err)
{
    return each_table(report, m, latex_table, latex_comment, err);
}

static void put_digits(MtsMarkup *m, const json_t *v)
{
    mts_put(m, ",");
    if (json_is_number(v)) {
        mts_put(m, "%.17g", json_number_value(v));
    }
}

/* One table with a row for each row of each run, and a number's mean, bounds and samples in columns of their own, with
 * all digits. */
int mts_report_csv(const MtsReport *report, MtsMarkup *m, MtsError *err)
{
    static const char *const plain[] = {"records",     "samples",   "lambda",  "rollouts",     "max_tokens",
                                        "temperature", "expansion", "missing", "total_seconds"};
    mts_put(m, "run,stage,model,expected,method,variant");
    for (size_t k = 0; k < sizeof plain / sizeof plain[0]; k++) {
        mts_put(m, ",%s", plain[k]);
    }
    for (size_t k = 0; k < LABELS; k++) {
        mts_put(m, ",%s,%s_low,%s_high,%s_n", labels[k].member, labels[k].member, labels[k].member, labels[k].member);
    }
    mts_put(m, "\r\n");
    for (size_t r = 0; r < report->count; r++) {
        const MtsReportRun *run = &report->runs[r];
        const json_t *rows = json_object_get(run->summary, "rows");
        const char *model = json_string_value(json_object_get(json_object_get(run->head, "model"), "file"));
        for (size_t i = 0; i < json_array_size(rows); i++) {
            const json_t *row = json_array_get(rows, i);
            const char *texts[] = {run->name, json_string_value(json_object_get(run->head, "stage")),
                                   model ? model : ""};
            for (size_t k = 0; k < 3; k++) {
                mts_put_csv(m, texts[k]);
                mts_put(m, ",");
            }
            mts_put(m, "%zu,", mts_results_expected(run->head));
            mts_put_csv(m, json_string_value(json_object_get(row, "method")));
            mts_put(m, ",");
            mts_put_csv(m, json_string_value(json_object_get(row, "variant")));
            for (size_t k = 0; k < sizeof plain / sizeof plain[0]; k++) {
                const json_t *v = json_object_get(row, plain[k]);
                put_digits(m, v);
            }
            for (size_t k = 0; k < LABELS; k++) {
                const json_t *v = json_object_get(row, labels[k].member);
                static const char *const parts[] = {"mean", "low", "high", "n"};
                for (size_t p = 0; p < 4; p++) {
                    put_digits(m, json_object_get(v, parts[p]));
                }
            }
            mts_put(m, "\r\n");
        }
    }
    return m->failed ? mts_fail(err, MTS_ENOMEM, "report: memory ran out") : MTS_OK;
}
