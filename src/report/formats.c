/* report/formats.c - a report's tables as Markdown, LaTeX and CSV. */
#include <math.h>

#include "report/row.h"
#include "report/tables.h"
#include "results/fields.h"
#include "results/head.h"

static bool is_interval(const MtsReportCell *c)
{
    return !isnan(c->low) && !isnan(c->high);
}

/* begin and end: how the best of a column stands out. */
static void put_plain(MtsMarkup *m, const MtsReportCell *c, const char *dash, const char *begin, const char *end)
{
    char a[32], b[32];
    mts_put(m, "%s%s%s", c->best ? begin : "", isnan(c->value) ? "" : mts_number_text(c->value, a), c->best ? end : "");
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

/* ---- Markdown ---- */

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
                put_plain(m, c, ", ", "**", "**");
            }
            mts_put(m, " |");
        }
    }
    mts_put(m, "\n\n");
}

/* ---- LaTeX ---- */

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
                put_plain(m, c, ",\\,", "\\mathbf{", "}");
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

/* ---- both ---- */

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

/* ---- CSV ---- */

static const char *const plain_members[] = {MTS_F_RECORDS,   MTS_F_SAMPLES,    MTS_F_LAMBDA,
                                            MTS_F_ROLLOUTS,  MTS_F_MAX_TOKENS, MTS_F_TEMPERATURE,
                                            MTS_F_EXPANSION, MTS_F_MISSING,    MTS_F_TOTAL_SECONDS};

enum { PLAIN = sizeof plain_members / sizeof plain_members[0] };

static void put_digits(MtsMarkup *m, const json_t *object, const char *member)
{
    double v = mts_field_number(object, member);
    mts_put(m, isnan(v) ? "," : ",%.17g", v);
}

static void csv_row(MtsMarkup *m, const MtsReportRun *run, const json_t *row)
{
    static const char *const parts[] = {MTS_F_MEAN, MTS_F_LOW, MTS_F_HIGH, MTS_F_N};
    mts_put_csv(m, run->name);
    mts_put(m, ",");
    mts_put_csv(m, mts_field_text(run->head, MTS_F_STAGE));
    mts_put(m, ",");
    mts_put_csv(m, mts_field_text(json_object_get(run->head, MTS_F_MODEL), MTS_F_FILE));
    mts_put(m, ",%zu,", mts_results_expected(run->head));
    mts_put_csv(m, mts_field_text(row, MTS_F_METHOD));
    mts_put(m, ",");
    mts_put_csv(m, mts_field_text(row, MTS_F_VARIANT));
    for (size_t k = 0; k < PLAIN; k++) {
        put_digits(m, row, plain_members[k]);
    }
    for (size_t k = 0; k < MTS_REPORT_LABELS; k++) {
        for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++) {
            put_digits(m, json_object_get(row, mts_report_labels[k].member), parts[p]);
        }
    }
    mts_put(m, "\r\n");
}

/* One table with a row for each row of each run, and a number's mean, bounds and samples in columns of their own, with
 * all digits. */
int mts_report_csv(const MtsReport *report, MtsMarkup *m, MtsError *err)
{
    mts_put(m, "run,stage,model,expected,method,variant");
    for (size_t k = 0; k < PLAIN; k++) {
        mts_put(m, ",%s", plain_members[k]);
    }
    for (size_t k = 0; k < MTS_REPORT_LABELS; k++) {
        const char *name = mts_report_labels[k].member;
        mts_put(m, ",%s,%s_low,%s_high,%s_n", name, name, name, name);
    }
    mts_put(m, "\r\n");
    for (size_t r = 0; r < report->count; r++) {
        const json_t *rows = mts_report_rows(&report->runs[r]);
        for (size_t i = 0; i < json_array_size(rows); i++) {
            csv_row(m, &report->runs[r], json_array_get(rows, i));
        }
    }
    return m->failed ? mts_fail(err, MTS_ENOMEM, "report: memory ran out") : MTS_OK;
}
