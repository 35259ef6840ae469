/* Every sample of a run: its series drawn, what is right, what each method answered, and the trees that the records
 * keep. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/chart.h"
#include "report/report.h"

enum { OPEN_ANSWERS = 6, SHORT_ANSWER = 160, MOST_CHANNELS = 3, MOST_FORECASTS = 6, DEEPEST = 40, OPEN_DEPTH = 2 };

static const char *text_of(const json_t *record, const char *member)
{
    const char *text = json_string_value(json_object_get(record, member));
    return text ? text : "";
}

static const json_t *row_of(const MtsReportRun *run, const json_t *record)
{
    const json_t *rows = json_object_get(run->summary, "rows");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (strcmp(text_of(row, "method"), text_of(record, "method")) == 0 &&
            strcmp(text_of(row, "variant"), text_of(record, "variant")) == 0) {
            return row;
        }
    }
    return NULL;
}

/* ---- the series ---- */

static double *values_of(const json_t *list, size_t *count)
{
    size_t n = json_array_size(list);
    double *x = mts_calloc(n, sizeof *x);
    *count = n;
    for (size_t i = 0; x && i < n; i++) {
        x[i] = json_number_value(json_array_get(list, i));
    }
    return x;
}

static bool all_numbers(const json_t *list)
{
    bool ok = json_array_size(list) > 0;
    for (size_t i = 0; ok && i < json_array_size(list); i++) {
        ok = json_is_number(json_array_get(list, i));
    }
    return ok;
}

/* The end of the input, what came after it (faint, dashed), and each method's forecast of its first seed. */
static void put_forecast(MtsMarkup *m, const MtsReportRun *run, size_t from, size_t to, const json_t *input)
{
    const json_t *records = run->records, *truth = NULL;
    MtsChartLine lines[2 + MOST_FORECASTS];
    double *owned[2 + MOST_FORECASTS];
    size_t count = 0, n, horizon = 0;
    for (size_t i = from; i < to; i++) {
        const json_t *r = json_array_get(records, i);
        truth = all_numbers(json_object_get(r, "truth")) ? json_object_get(r, "truth") : truth;
        horizon = json_array_size(json_object_get(r, "output")) > horizon
                      ? json_array_size(json_object_get(r, "output"))
                      : horizon;
    }
    horizon = json_array_size(truth) > horizon ? json_array_size(truth) : horizon;
    double *x = values_of(input, &n);
    size_t shown = n < 2 * horizon ? n : 2 * horizon;
    owned[count] = x;
    lines[count++] = (MtsChartLine){x ? x + n - shown : NULL, x ? shown : 0, 0, -1, false};
    if (truth) {
        owned[count] = values_of(truth, &n);
        lines[count] = (MtsChartLine){owned[count], n, shown, -2, true};
        count++;
    }
    const json_t *drawn[MOST_FORECASTS];
    size_t rows = 0;
    for (size_t i = from; i < to && rows < MOST_FORECASTS; i++) {
        const json_t *r = json_array_get(records, i), *output = json_object_get(r, "output"), *row = row_of(run, r);
        bool again = !json_array_size(output) || !row;
        for (size_t k = 0; k < rows; k++) {
            again = again || drawn[k] == row;
        }
        if (!again) {
            drawn[rows++] = row;
            owned[count] = values_of(output, &n);
            lines[count] =
                (MtsChartLine){owned[count], n, shown, (int)(mts_report_colour(run, row) % MTS_CHART_COLOURS), false};
            count++;
        }
    }
    for (size_t i = 0; i < count; i++) {
        m->failed = m->failed || !owned[i];
    }
    if (!m->failed) {
        mts_chart_lines(m, "the end of the input, then what came (dashed) and the forecasts", lines, count, shown, 400,
                        130);
    }
    for (size_t i = 0; i < count; i++) {
        free(owned[i]);
    }
}

static void put_series(MtsMarkup *m, const MtsReportRun *run, size_t from, size_t to)
{
    const json_t *series = NULL;
    bool forecast = false;
    for (size_t i = from; i < to; i++) {
        const json_t *r = json_array_get(run->records, i), *own = json_object_get(r, "series");
        series = json_array_size(own) ? own : series;
        forecast =
            forecast || json_array_size(json_object_get(r, "output")) || all_numbers(json_object_get(r, "truth"));
    }
    size_t channels = json_array_size(series);
    if (forecast && channels) {
        put_forecast(m, run, from, to, json_object_get(json_array_get(series, 0), "values"));
        return;
    }
    for (size_t c = 0; c < channels && c < MOST_CHANNELS; c++) {
        const json_t *channel = json_array_get(series, c);
        size_t n;
        double *x = values_of(json_object_get(channel, "values"), &n), low = INFINITY, high = -INFINITY;
        char a[32], b[32], says[160];
        for (size_t i = 0; x && i < n; i++) {
            low = x[i] < low ? x[i] : low;
            high = x[i] > high ? x[i] : high;
        }
        snprintf(says, sizeof says, "%.60s, %zu values from %s to %s", text_of(channel, "name"), n,
                 mts_number_text(low, a), mts_number_text(high, b));
        m->failed = m->failed || !x;
        if (x && n) {
            mts_put(m, "<div class=\"channel\">");
            mts_chart_lines(m, says, &(MtsChartLine){x, n, 0, -1, false}, 1, 0, 240, 46);
            mts_put(m, "<small>");
            mts_put_html_some(m, text_of(channel, "name"), 20);
            mts_put(m, " %s to %s</small></div>", a, b);
        }
        free(x);
    }
    if (channels > MOST_CHANNELS) {
        mts_put(m, "<small>the first %d of %zu channels</small>", MOST_CHANNELS, channels);
    }
}

/* ---- the tree ---- */

static void put_number(MtsMarkup *m, const char *name, const json_t *node, const char *member, bool exponent)
{
    char text[32];
    const json_t *v = json_object_get(node, member);
    if (json_is_number(v)) {
        mts_put(m, " <span>%s %s</span>", name,
                mts_number_text(exponent ? exp(json_number_value(v)) : json_number_value(v), text));
    }
}

/* A token with its blanks to be seen. */
static void put_token(MtsMarkup *m, const char *token)
{
    if (!*token) {
        mts_put(m, "<i>the beginning</i>");
        return;
    }
    mts_put(m, "<code>");
    for (; *token; token++) {
        if (*token == '\n') {
            mts_put(m, "⏎");
        } else if (*token == ' ') {
            mts_put(m, "␣");
        } else {
            size_t n = strcspn(token, " \n");
            char *part = mts_strndup(token, n);
            m->failed = m->failed || !part;
            if (part) {
                mts_put_html(m, part);
            }
            free(part);
            token += n - 1;
        }
    }
    mts_put(m, "</code>");
}

static void put_node(MtsMarkup *m, const json_t *node)
{
    const json_t *policy = json_object_get(node, "policy");
    double share = json_is_number(policy) ? json_number_value(policy) : 0;
    share = share > 0 ? (share < 1 ? share : 1) : 0;
    put_token(m, text_of(node, "token"));
    mts_put(m, " <span class=\"share\" title=\"policy\"><i style=\"width:%.1f%%\"></i></span>", 100 * share);
    put_number(m, "policy", node, "policy", false);
    put_number(m, "p", node, "logp", true);
    put_number(m, "value", node, "value", false);
    put_number(m, "visits", node, "visits", false);
    put_number(m, "reward", node, "reward", false);
    if (json_is_true(json_object_get(node, "finished"))) {
        mts_put(m, " <span>finished</span>");
    }
}

/* Nodes depth first become lists in lists; a depth that jumps is held to one below its predecessor. */
static void put_tree(MtsMarkup *m, const json_t *nodes)
{
    size_t n = json_array_size(nodes);
    json_int_t base = json_integer_value(json_object_get(json_array_get(nodes, 0), "depth"));
    size_t depth = 0; /* of the open list items: levels 0 .. depth - 1 */
    bool folds[DEEPEST + 1];
    mts_put(m, "<ul class=\"tree\">");
    size_t last = 0;
    for (size_t i = 0; i < n; i++) {
        const json_t *node = json_array_get(nodes, i);
        json_int_t d = json_integer_value(json_object_get(node, "depth")) - base;
        size_t level = d < 0 ? 0 : (size_t)d;
        level = i == 0 ? 0 : level > last + 1 ? last + 1 : level;
        level = level > DEEPEST ? DEEPEST : level;
        while (depth > level) { /* close what is not above this node */
            depth--;
            mts_put(m, "%s</li>", folds[depth] ? "</ul></details>" : "");
        }
        json_int_t next =
            i + 1 < n ? json_integer_value(json_object_get(json_array_get(nodes, i + 1), "depth")) - base : 0;
        bool parent = i + 1 < n && next > (json_int_t)level && level < DEEPEST;
        folds[level] = parent;
        mts_put(m, "<li>%s",
                parent ? (level < OPEN_DEPTH ? "<details open=\"open\"><summary>" : "<details><summary>") : "");
        put_node(m, node);
        mts_put(m, "%s", parent ? "</summary><ul>" : "");
        depth = level + 1;
        last = level;
    }
    while (depth > 0) {
        depth--;
        mts_put(m, "%s</li>", folds[depth] ? "</ul></details>" : "");
    }
    mts_put(m, "</ul>\n");
}

/* ---- the answers ---- */

static void put_answer(MtsMarkup *m, const MtsReportRun *run, const json_t *r, bool seeds)
{
    const json_t *row = row_of(run, r), *correct = json_object_get(r, "correct"),
                 *scores = json_object_get(r, "scores");
    const char *answer = json_string_value(json_object_get(r, "answer")), *rule = text_of(r, "answer_rule");
    static const char *const shown[] = {"reward", "nfe", "seconds"}, *const said[] = {"reward", "NFE", "s"};
    static const char *const score[] = {"smape", "mase", "claims_true", "claims_false"}, *const score_said[] = {
                                                                                             "sMAPE", "MASE",
                                                                                             "true claims",
                                                                                             "false claims"};
    char text[32];
    mts_put(m, "<li>");
    mts_chart_sign(m, row ? mts_report_colour(run, row) : 0);
    mts_put(m, "<b>");
    mts_put_html(m, text_of(r, "method"));
    mts_put(m, "%s", *text_of(r, "variant") ? " " : "");
    mts_put_html(m, text_of(r, "variant"));
    mts_put(m, "</b>");
    if (seeds && json_is_number(json_object_get(r, "seed"))) {
        mts_put(m, " seed %s", mts_number_text(json_number_value(json_object_get(r, "seed")), text));
    }
    if (json_is_boolean(correct)) {
        mts_put(m, json_is_true(correct) ? " <span class=\"right\">✓ right</span>"
                                         : " <span class=\"wrong\">✗ wrong</span>");
    }
    for (size_t i = 0; i < 3; i++) {
        const json_t *v = json_object_get(r, shown[i]);
        if (json_is_number(v)) {
            mts_put(m, i == 2 ? " <span class=\"fact\">%2$s %1$s</span>" : " <span class=\"fact\">%1$s %2$s</span>",
                    said[i], mts_number_text(json_number_value(v), text));
        }
    }
    for (size_t i = 0; i < 4; i++) {
        const json_t *v = json_object_get(scores, score[i]);
        if (json_is_number(v)) {
            mts_put(m, " <span class=\"fact\">%s %s</span>", score_said[i],
                    mts_number_text(json_number_value(v), text));
        }
    }
    if (*rule) {
        mts_put(m, " <span class=\"fact\">");
        mts_put_html(m, rule);
        mts_put(m, "</span>");
    }
    if (!answer) {
        mts_put(m, "<p class=\"answer\"><i>no answer</i></p>");
    } else {
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
    if (json_array_size(json_object_get(r, "explain"))) {
        mts_put(m, "<details><summary>its search tree</summary>\n");
        put_tree(m, json_object_get(r, "explain"));
        mts_put(m, "</details>");
    }
    mts_put(m, "</li>\n");
}

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

void mts_report_samples(MtsMarkup *m, const MtsReportRun *run, size_t index, size_t most)
{
    size_t n = json_array_size(run->records), shown = 0, left = 0;
    bool seeds = json_array_size(json_object_get(run->head, "seeds")) > 1,
         truths = false; /* captions often have no reference */
    for (size_t i = 0; i < n && !truths; i++) {
        const json_t *truth = json_object_get(json_array_get(run->records, i), "truth");
        truths = json_is_string(truth) ? json_string_length(truth) > 0 : truth && !json_is_null(truth);
    }
    mts_put(m, "<h3 id=\"r%zu-samples\">Samples</h3>\n<div class=\"scroll\"><table class=\"samples\"><caption>", index);
    mts_put_html(m, run->name);
    mts_put(m,
            ": every sample, %seach answer</caption>\n<thead><tr><th scope=\"col\">Sample</th><th "
            "scope=\"col\">Series</th>%s<th scope=\"col\">Answers</th></tr></thead>\n<tbody>\n",
            truths ? "what is right, and " : "", truths ? "<th scope=\"col\">Right</th>" : "");
    for (size_t from = 0, to; from < n; from = to) {
        const json_t *first = json_array_get(run->records, from);
        const char *sample = text_of(first, "sample");
        for (to = from + 1; to < n && strcmp(text_of(json_array_get(run->records, to), "sample"), sample) == 0; to++) {
        }
        if (shown == most) {
            left++;
            continue;
        }
        shown++;
        mts_put(m, "<tr><th scope=\"row\">");
        mts_put_html(m, sample);
        if (*text_of(first, "group")) {
            mts_put(m, "<br/><small>");
            mts_put_html(m, text_of(first, "group"));
            mts_put(m, "</small>");
        }
        mts_put(m, "</th><td>");
        put_series(m, run, from, to);
        mts_put(m, "</td>");
        if (truths) {
            mts_put(m, "<td class=\"truth\">");
            put_truth(m, json_object_get(first, "truth"));
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
    mts_put(m, "</tbody></table></div>\n");
    if (left) {
        mts_put(m, "<p>%zu more samples are in the records and in the figures above.</p>\n", left);
    }
}
