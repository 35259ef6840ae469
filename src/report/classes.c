/* report/classes.c - which class was taken for which: a table for each row of a run whose answers are classes. */
#include <string.h>

#include "report/row.h"
#include "report/sections.h"
#include "results/fields.h"

enum { MOST_LABELS = 12 };

/* Labels in the order in which they are right, then those that are only answered; false: more than MOST_LABELS, or none
 * at all. */
static bool collect(const json_t *records, const char *labels[MOST_LABELS], size_t *count)
{
    static const char *const members[] = {MTS_F_LABEL, MTS_F_PREDICTED};
    *count = 0;
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < json_array_size(records); i++) {
            const char *label = json_string_value(
                json_object_get(json_object_get(json_array_get(records, i), MTS_F_SCORES), members[k]));
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

/* How often each label was answered as each; the last column: no answer. */
typedef struct Confusion {
    const char *labels[MOST_LABELS];
    size_t count;
    size_t cells[MOST_LABELS][MOST_LABELS + 1]; /* [right][answered] */
    size_t most, missing;                       /* most: of any cell, at least 1 */
} Confusion;

static void count_answers(Confusion *c, const MtsReportRun *run, const json_t *row)
{
    memset(c->cells, 0, sizeof c->cells);
    c->most = 1;
    c->missing = 0;
    for (size_t i = 0; i < json_array_size(run->records); i++) {
        const json_t *r = json_array_get(run->records, i), *scores = json_object_get(r, MTS_F_SCORES);
        const char *label = json_string_value(json_object_get(scores, MTS_F_LABEL)),
                   *given = json_string_value(json_object_get(scores, MTS_F_PREDICTED));
        if (label && mts_same_variant(r, row)) {
            size_t as = given ? index_of(c->labels, c->count, given) : c->count;
            size_t *cell = &c->cells[index_of(c->labels, c->count, label)][as];
            (*cell)++;
            c->most = *cell > c->most ? *cell : c->most;
            c->missing += !given;
        }
    }
}

static void put_heading(MtsMarkup *m, const Confusion *c, const json_t *row, size_t width)
{
    MtsMarkup name = {0};
    mts_report_row_name(&name, row);
    mts_put(m, "<div class=\"scroll\"><table class=\"confusion\"><caption>");
    mts_put_html(m, name.out.data ? name.out.data : "");
    mts_put(m, ": right in rows, answered in columns</caption>\n<thead><tr><th scope=\"col\">Right</th>");
    m->failed = m->failed || name.failed;
    mts_bytes_free(&name.out);
    for (size_t k = 0; k < width; k++) {
        mts_put(m, "<th scope=\"col\" class=\"n\">");
        mts_put_html_some(m, k < c->count ? c->labels[k] : "no answer", 40);
        mts_put(m, "</th>");
    }
    mts_put(m, "</tr></thead>\n<tbody>\n");
}

static void put_table(MtsMarkup *m, const Confusion *c, const json_t *row)
{
    size_t width = c->count + (c->missing > 0);
    put_heading(m, c, row, width);
    for (size_t i = 0; i < c->count; i++) {
        mts_put(m, "<tr><th scope=\"row\">");
        mts_put_html_some(m, c->labels[i], 40);
        mts_put(m, "</th>");
        for (size_t k = 0; k < width; k++) {
            size_t n = c->cells[i][k];
            mts_put(m, "<td class=\"n\" style=\"background:color-mix(in srgb,var(--%s) %zu%%,transparent)\">%zu</td>",
                    i == k ? "right" : "wrong", 60 * n / c->most, n);
        }
        mts_put(m, "</tr>\n");
    }
    mts_put(m, "</tbody></table></div>\n");
}

void mts_report_classes(MtsMarkup *m, const MtsReportRun *run)
{
    const json_t *rows = mts_report_rows(run);
    Confusion c;
    if (!collect(run->records, c.labels, &c.count)) {
        return;
    }
    mts_put(m, "<h3>Classes</h3>\n<p>How often each class was answered where another, or the same, was right; all "
               "seeds counted.</p>\n<div class=\"figures\">\n");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        count_answers(&c, run, json_array_get(rows, i));
        put_table(m, &c, json_array_get(rows, i));
    }
    mts_put(m, "</div>\n");
}
