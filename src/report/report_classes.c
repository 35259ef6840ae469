/* Which class was taken for which: a table for each row of a run whose answers are classes. */
#include <stdlib.h>
#include <string.h>

#include "report/report.h"

enum { MOST_LABELS = 12 };

/* Labels in the order in which they are right, then those that are only answered; false: more than MOST_LABELS, or none
 * at all. */
static bool collect(const json_t *records, const char *labels[MOST_LABELS], size_t *count)
{
    static const char *const members[] = {"label", "predicted"};
    *count = 0;
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < json_array_size(records); i++) {
            const char *label =
                json_string_value(json_object_get(json_object_get(json_array_get(records, i), "scores"), members[k]));
            size_t at = 0;
            while (label && at < *count && strcmp(labels[at], label) != 0) {
                at++;
            }
            if (label && at == *count) {
                if (at == MOST_LABELS) {
                    return false;
                }
                labels[(*count)++] = label;
            }
        }
    }
    return *count > 1;
}

static size_t index_of(const char *const *labels, size_t count, const char *label)
{
    size_t at = 0;
    while (at < count && strcmp(labels[at], label) != 0) {
        at++;
    }
    return at;
}

static bool is_of(const json_t *record, const json_t *row)
{
    const char *variant = json_string_value(json_object_get(record, "variant"));
    return strcmp(json_string_value(json_object_get(record, "method")),
                  json_string_value(json_object_get(row, "method"))) == 0 &&
           strcmp(variant ? variant : "", json_string_value(json_object_get(row, "variant"))) == 0;
}

static void put_table(MtsMarkup *m, const MtsReportRun *run, const json_t *row, const char *const *labels, size_t count)
{
    size_t cells[MOST_LABELS][MOST_LABELS + 1] = {{0}}, most = 1, missing = 0;
    for (size_t i = 0; i < json_array_size(run->records); i++) {
        const json_t *r = json_array_get(run->records, i), *scores = json_object_get(r, "scores");
        const char *label = json_string_value(json_object_get(scores, "label")),
                   *given = json_string_value(json_object_get(scores, "predicted"));
        if (label && is_of(r, row)) {
            size_t *cell = &cells[index_of(labels, count, label)][given ? index_of(labels, count, given) : count];
            (*cell)++;
            most = *cell > most ? *cell : most;
            missing += !given;
        }
    }
    MtsMarkup name = {0};
    mts_report_row_name(&name, row);
    mts_put(m, "<div class=\"scroll\"><table class=\"confusion\"><caption>");
    mts_put_html(m, name.out.data ? name.out.data : "");
    mts_put(m, ": right in rows, answered in columns</caption>\n<thead><tr><th scope=\"col\">Right</th>");
    m->failed = m->failed || name.failed;
    mts_bytes_free(&name.out);
    for (size_t k = 0; k < count + (missing > 0); k++) {
        mts_put(m, "<th scope=\"col\" class=\"n\">");
        mts_put_html_some(m, k < count ? labels[k] : "no answer", 40);
        mts_put(m, "</th>");
    }
    mts_put(m, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < count; i++) {
        mts_put(m, "<tr><th scope=\"row\">");
        mts_put_html_some(m, labels[i], 40);
        mts_put(m, "</th>");
        for (size_t k = 0; k < count + (missing > 0); k++) {
            size_t n = cells[i][k];
            mts_put(m, "<td class=\"n\" style=\"background:color-mix(in srgb,var(--%s) %zu%%,transparent)\">%zu</td>",
                    i == k ? "right" : "wrong", 60 * n / most, n);
        }
        mts_put(m, "</tr>\n");
    }
    mts_put(m, "</tbody></table></div>\n");
}

void mts_report_confusion(MtsMarkup *m, const MtsReportRun *run)
{
    const json_t *rows = json_object_get(run->summary, "rows");
    const char *labels[MOST_LABELS];
    size_t count;
    if (!collect(run->records, labels, &count)) {
        return;
    }
    mts_put(m, "<h3>Classes</h3>\n<p>How often each class was answered where another, or the same, was right; all "
               "seeds counted.</p>\n<div class=\"figures\">\n");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        put_table(m, run, json_array_get(rows, i), labels, count);
    }
    mts_put(m, "</div>\n");
}
