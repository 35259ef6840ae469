/* report/page.c - the page: what was run, tables, figures, samples; for each run. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <maxts/version.h>

#include "report/row.h"
#include "report/sections.h"
#include "report/style.h"
#include "report/tables.h"
#include "results/fields.h"
#include "results/head.h"

enum { LONG_TABLE = 8 }; /* rows */

/* A number with its interval below, where the two bounds are told apart when written. */
static void put_number(MtsMarkup *m, const MtsReportCell *c)
{
    char text[32], high[32];
    mts_put(m, "<td class=\"n\">%s%s%s", c->best ? "<b>" : "", isnan(c->value) ? "–" : mts_number_text(c->value, text),
            c->best ? "</b>" : "");
    mts_number_text(c->low, text);
    if (!isnan(c->low) && !isnan(c->high) && strcmp(text, mts_number_text(c->high, high)) != 0) {
        mts_put(m, "<small>%s to %s</small>", text, high);
    }
    mts_put(m, "</td>");
}

static void put_cell(MtsMarkup *m, const MtsReportCell *c, bool first)
{
    if (!c->text) {
        put_number(m, c);
        return;
    }
    mts_put(m, first ? "<th scope=\"row\">" : "<td>");
    mts_put_html(m, c->text);
    mts_put(m, first ? "</th>" : "</td>");
}

/* Long tables have a line between the rows of one method, or of one run, and those of the next. */
static bool begins_group(const MtsReportTable *t, size_t i)
{
    const char *own = t->cells[i * t->width].text, *above = i ? t->cells[(i - 1) * t->width].text : NULL;
    return t->rows >= LONG_TABLE && own && above && strcmp(own, above) != 0;
}

static void html_table(MtsMarkup *m, const MtsReportTable *t)
{
    mts_put(m, "<div class=\"scroll\"><table><caption>");
    mts_put_html(m, t->caption);
    mts_put(m, "</caption>\n<thead><tr>");
    for (size_t k = 0; k < t->width; k++) {
        mts_put(m, "<th scope=\"col\"%s>", t->cells[k].text ? "" : " class=\"n\"");
        mts_put_html(m, t->columns[k]);
        mts_put(m, "</th>");
    }
    mts_put(m, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < t->rows; i++) {
        mts_put(m, "%s<tr>", begins_group(t, i) ? "</tbody>\n<tbody>\n" : "");
        for (size_t k = 0; k < t->width; k++) {
            put_cell(m, &t->cells[i * t->width + k], k == 0);
        }
        mts_put(m, "</tr>\n");
    }
    mts_put(m, "</tbody></table></div>\n");
}

enum { FEW_SAMPLES = 20 }; /* for a bootstrap */

/* One line of the list of what was run; a value of any JSON type as it would be written. */
static void put_fact(MtsMarkup *m, const char *name, const json_t *value)
{
    if (!value || json_is_null(value)) {
        return;
    }
    size_t n = json_is_array(value) ? json_array_size(value) : 1;
    if (n && !(json_is_string(value) && !*json_string_value(value))) {
        mts_put(m, "<dt>%s</dt><dd>", name);
        for (size_t i = 0; i < n; i++) {
            const json_t *v = json_is_array(value) ? json_array_get(value, i) : value;
            char *text = json_is_string(v) ? mts_strdup(json_string_value(v)) : mts_json_text(v);
            m->failed = m->failed || !text;
            mts_put(m, "%s", i ? ", " : "");
            mts_put_html(m, text ? text : "");
            free(text);
        }
        mts_put(m, "</dd>\n");
    }
}

/* What was run. */
static void put_facts(MtsMarkup *m, const MtsReportRun *run)
{
    const json_t *head = run->head, *model = json_object_get(head, MTS_F_MODEL),
                 *data = json_object_get(head, MTS_F_DATA), *settings = json_object_get(head, MTS_F_SETTINGS);
    mts_put(m, "<dl>\n");
    put_fact(m, "Stage", json_object_get(head, MTS_F_STAGE));
    put_fact(m, "Model", json_object_get(model, MTS_F_NAME));
    put_fact(m, "Model file", json_object_get(model, MTS_F_FILE));
    put_fact(m, "Data", json_is_object(data) ? json_object_get(data, MTS_F_FILES) : data);
    put_fact(m, "Reward", json_object_get(head, MTS_F_REWARD));
    put_fact(m, "Constraint", json_object_get(head, MTS_F_CONSTRAINT));
    put_fact(m, "Target", json_object_get(head, MTS_F_TARGET));
    put_fact(m, "Seeds", json_object_get(head, MTS_F_SEEDS));
    put_fact(m, "Preset", json_object_get(settings, MTS_F_PRESET));
    put_fact(m, "Experiment", json_object_get(settings, MTS_F_EXPERIMENT));
    put_fact(m, "Part of the run", json_object_get(head, MTS_F_SHARD));
    put_fact(m, "Version", json_object_get(head, MTS_F_VERSION));
    mts_put(m, "<dt>Records</dt><dd>%zu, over %zu samples</dd>\n<dt>Files</dt><dd>", json_array_size(run->records),
            json_array_size(json_object_get(head, MTS_F_SAMPLES)));
    mts_put_html(m, run->files);
    mts_put(m, "</dd>\n</dl>\n<details><summary>All settings</summary><pre class=\"answer\">");
    const json_t *shown = settings ? settings : json_object_get(head, MTS_F_METHODS);
    char *all = shown ? mts_json_lines(shown) : mts_strdup("none");
    m->failed = m->failed || !all;
    mts_put_html(m, all ? all : "");
    free(all);
    mts_put(m, "</pre></details>\n");
}

static void put_tables(MtsMarkup *m, const MtsReportRun *run)
{
    MtsReportTable tables[MTS_REPORT_TABLES];
    if (!mts_report_tables(run, tables)) {
        m->failed = true;
        return;
    }
    mts_put(m, "<h3>Tables</h3>\n<p>Means over samples with their 95 %% bootstrap intervals below.</p>\n");
    for (size_t k = 0; k < MTS_REPORT_TABLES; k++) {
        if (tables[k].rows) {
            html_table(m, &tables[k]);
        }
        mts_report_table_free(&tables[k]);
    }
}

static void put_run(MtsMarkup *m, const MtsReport *report, size_t index)
{
    const MtsReportRun *run = &report->runs[index];
    size_t records = json_array_size(run->records), expected = mts_results_expected(run->head);
    mts_put(m, "<section id=\"r%zu\">\n<h2>", index);
    mts_put_html(m, run->name);
    mts_put(m, "</h2>\n");
    put_facts(m, run);
    if (records < expected) {
        mts_put(m,
                "<p class=\"note\" role=\"note\">This run is unfinished: %zu of %zu records are there, and everything "
                "below is of those alone.</p>\n",
                records, expected);
    }
    size_t samples = json_array_size(json_object_get(run->head, MTS_F_SAMPLES));
    if (records && samples < FEW_SAMPLES) {
        mts_put(m,
                "<p class=\"note\" role=\"note\">Only %zu sample%s: the intervals below are rough, and what they leave "
                "open is open.</p>\n",
                samples, samples == 1 ? "" : "s");
    }
    if (records) {
        put_tables(m, run);
        mts_report_classes(m, run);
        mts_report_charts(m, run, index);
        mts_report_spectra(m, run, index);
        mts_report_samples(m, run, index, report->samples);
    }
    mts_put(m, "</section>\n");
}

static void put_header(MtsMarkup *m, const MtsReport *report)
{
    mts_put(m, "<header>\n<h1>maxts report</h1>\n<p>Texts searched for under a reward, and scored against the answers "
               "that neither search nor reward has seen. Written by maxts " MTS_VERSION ".</p>\n"
               "<nav aria-label=\"Runs\"><ul>\n");
    for (size_t i = 0; i < report->count; i++) {
        bool records = json_array_size(report->runs[i].records) > 0;
        mts_put(m, "<li><a href=\"#r%zu\">", i);
        mts_put_html(m, report->runs[i].name);
        mts_put(m, "</a>%s</li>\n", records ? "" : " (no records)");
        if (records) {
            mts_put(m, "<li><a href=\"#r%zu-samples\">its samples</a></li>\n", i);
        }
    }
    mts_put(m, "</ul></nav>\n</header>\n");
}

int mts_report_html(const MtsReport *report, MtsMarkup *m, MtsError *err)
{
    mts_put(m, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" "
               "content=\"width=device-width, initial-scale=1\"/>\n"
               "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
               "'unsafe-inline'\"/>\n<title>maxts report: ");
    for (size_t i = 0; i < report->count; i++) {
        mts_put(m, "%s", i ? "; " : "");
        mts_put_html_some(m, report->runs[i].name, 80);
    }
    mts_put(m, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", REPORT_STYLE);
    put_header(m, report);
    mts_put(m, "<main>\n");
    MtsReportTable overview = {0};
    m->failed = m->failed || !mts_report_overview(report, &overview);
    if (!m->failed && overview.rows) {
        html_table(m, &overview);
    }
    mts_report_table_free(&overview);
    for (size_t i = 0; i < report->count && !m->failed; i++) {
        put_run(m, report, i);
    }
    mts_put(m, "</main>\n</body>\n</html>\n");
    return m->failed ? mts_fail(err, MTS_ENOMEM, "report: memory ran out") : MTS_OK;
}
