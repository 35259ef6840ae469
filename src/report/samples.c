/* report/samples.c - every sample of a run: its series drawn, what is right, what each method answered, and the trees
 * that the records keep. */
#include <string.h>

#include "report/chart.h"
#include "report/outline.h"
#include "report/row.h"
#include "report/sections.h"
#include "report/sketch.h"
#include "results/fields.h"
#include "results/summary.h"

enum { OPEN_ANSWERS = 6, SHORT_ANSWER = 160 };

/* ---- an answer ---- */

/* "reward 0.5" of a record or its scores; `behind`: its unit, which stands behind it. */
static void put_number_fact(MtsMarkup *m, const json_t *of, const char *member, const char *said, bool behind)
{
    char text[32];
    double v = mts_field_number(of, member);
    if (json_is_number(json_object_get(of, member))) {
        mts_number_text(v, text);
        mts_put(m, " <span class=\"fact\">%s %s</span>", behind ? text : said, behind ? said : text);
    }
}

static void put_number_facts(MtsMarkup *m, const json_t *r)
{
    const json_t *scores = json_object_get(r, MTS_F_SCORES);
    put_number_fact(m, r, MTS_F_REWARD, "reward", false);
    put_number_fact(m, r, MTS_F_NFE, "NFE", false);
    put_number_fact(m, r, MTS_F_SECONDS, "s", true);
    put_number_fact(m, scores, MTS_F_SMAPE, "sMAPE", false);
    put_number_fact(m, scores, MTS_F_MASE, "MASE", false);
    put_number_fact(m, scores, MTS_F_CLAIMS_TRUE, "true claims", false);
    put_number_fact(m, scores, MTS_F_CLAIMS_FALSE, "false claims", false);
}

/* Whose answer it is, and how good it is. */
static void put_answer_head(MtsMarkup *m, const MtsReportRun *run, const json_t *r, bool seeds)
{
    const json_t *row = mts_results_row(run->summary, r), *correct = json_object_get(r, MTS_F_CORRECT);
    const char *variant = mts_field_text(r, MTS_F_VARIANT), *rule = mts_field_text(r, MTS_F_ANSWER_RULE);
    char text[32];
    mts_chart_sign(m, row ? mts_report_colour(run, row) : 0);
    mts_put(m, "<b>");
    mts_put_html(m, mts_field_text(r, MTS_F_METHOD));
    mts_put(m, "%s", *variant ? " " : "");
    mts_put_html(m, variant);
    mts_put(m, "</b>");
    if (seeds && json_is_number(json_object_get(r, MTS_F_SEED))) {
        mts_put(m, " seed %s", mts_number_text(mts_field_number(r, MTS_F_SEED), text));
    }
    if (json_is_boolean(correct)) {
        mts_put(m, json_is_true(correct) ? " <span class=\"right\">✓ right</span>"
                                         : " <span class=\"wrong\">✗ wrong</span>");
    }
    put_number_facts(m, r);
    if (*rule) {
        mts_put(m, " <span class=\"fact\">");
        mts_put_html(m, rule);
        mts_put(m, "</span>");
    }
}

/* Its text; a long one folded behind its beginning. */
static void put_answer_text(MtsMarkup *m, const char *answer)
{
    MtsMarkup beginning = {0};
    bool cut = mts_put_html_some(&beginning, answer, SHORT_ANSWER);
    m->failed = m->failed || beginning.failed;
    mts_put(m,
            cut ? "<details class=\"answer\"><summary><bdi>%s</bdi></summary><p><bdi>"
                : "<p class=\"answer\"><bdi>%s</bdi></p>",
            beginning.out.data ? beginning.out.data : "");
    if (cut) {
        mts_put_html(m, answer);
        mts_put(m, "</bdi></p></details>");
    }
    mts_bytes_free(&beginning.out);
}

static void put_answer(MtsMarkup *m, const MtsReportRun *run, const json_t *r, bool seeds)
{
    const char *answer = json_string_value(json_object_get(r, MTS_F_ANSWER));
    const json_t *nodes = json_object_get(r, MTS_F_EXPLAIN);
    mts_put(m, "<li>");
    put_answer_head(m, run, r, seeds);
    if (answer) {
        put_answer_text(m, answer);
    } else {
        mts_put(m, "<p class=\"answer\"><i>no answer</i></p>");
    }
    if (json_array_size(nodes)) {
        mts_put(m, "<details><summary>its search tree</summary>\n");
        mts_report_outline(m, nodes);
        mts_put(m, "</details>");
    }
    mts_put(m, "</li>\n");
}

/* ---- a sample ---- */

static void put_truth(MtsMarkup *m, const json_t *truth)
{
    char text[32];
    if (json_is_string(truth)) {
        mts_put(m, "<bdi>");
        mts_put_html_some(m, json_string_value(truth), 400);
        mts_put(m, "</bdi>");
    } else if (json_is_number(truth)) {
        mts_put(m, "%s", mts_number_text(json_number_value(truth), text));
    } else if (json_is_array(truth)) {
        mts_put(m, "%zu values, drawn dashed", json_array_size(truth));
    } else {
        mts_put(m, "–");
    }
}

/* A sample's name, its series, what is right, and all answers, whose records are from..to. */
static void put_sample(MtsMarkup *m, const MtsReportRun *run, size_t from, size_t to, bool truths)
{
    const json_t *first = json_array_get(run->records, from);
    bool seeds = json_array_size(json_object_get(run->head, MTS_F_SEEDS)) > 1;
    mts_put(m, "<tr><th scope=\"row\">");
    mts_put_html(m, mts_field_text(first, MTS_F_SAMPLE));
    if (*mts_field_text(first, MTS_F_GROUP)) {
        mts_put(m, "<br/><small>");
        mts_put_html(m, mts_field_text(first, MTS_F_GROUP));
        mts_put(m, "</small>");
    }
    mts_put(m, "</th><td>");
    mts_report_sketch(m, run, from, to);
    mts_put(m, "</td>");
    if (truths) {
        mts_put(m, "<td class=\"truth\">");
        put_truth(m, json_object_get(first, MTS_F_TRUTH));
        mts_put(m, "</td>");
    }
    mts_put(m, "<td><ul class=\"answers\">\n");
    for (size_t i = from; i < to; i++) {
        if (i == from + OPEN_ANSWERS) {
            mts_put(m, "</ul><details><summary>%zu more</summary><ul class=\"answers\">\n", to - i);
        }
        put_answer(m, run, json_array_get(run->records, i), seeds);
    }
    mts_put(m, "</ul>%s</td></tr>\n", to - from > OPEN_ANSWERS ? "</details>" : "");
}

/* Captions often have no reference. */
static bool has_truths(const json_t *records)
{
    bool truths = false;
    for (size_t i = 0; i < json_array_size(records) && !truths; i++) {
        const json_t *truth = json_object_get(json_array_get(records, i), MTS_F_TRUTH);
        truths = json_is_string(truth) ? json_string_length(truth) > 0 : truth && !json_is_null(truth);
    }
    return truths;
}

/* Behind the last record of the sample of record `from`. */
static size_t sample_end(const json_t *records, size_t from)
{
    const char *sample = mts_field_text(json_array_get(records, from), MTS_F_SAMPLE);
    size_t to = from + 1;
    while (to < json_array_size(records) &&
           strcmp(mts_field_text(json_array_get(records, to), MTS_F_SAMPLE), sample) == 0) {
        to++;
    }
    return to;
}

void mts_report_samples(MtsMarkup *m, const MtsReportRun *run, size_t index, size_t most)
{
    size_t n = json_array_size(run->records), shown = 0, left = 0;
    bool truths = has_truths(run->records);
    mts_put(m, "<h3 id=\"r%zu-samples\">Samples</h3>\n<div class=\"scroll\"><table class=\"samples\"><caption>", index);
    mts_put_html(m, run->name);
    mts_put(m,
            ": every sample, %seach answer</caption>\n<thead><tr><th scope=\"col\">Sample</th><th "
            "scope=\"col\">Series</th>%s<th scope=\"col\">Answers</th></tr></thead>\n<tbody>\n",
            truths ? "what is right, and " : "", truths ? "<th scope=\"col\">Right</th>" : "");
    for (size_t from = 0, to; from < n; from = to) {
        to = sample_end(run->records, from);
        if (shown == most) {
            left++;
        } else {
            shown++;
            put_sample(m, run, from, to, truths);
        }
    }
    mts_put(m, "</tbody></table></div>\n");
    if (left) {
        mts_put(m, "<p>%zu more samples are in the records and in the figures above.</p>\n", left);
    }
}
