/* report/outline.c - a search tree as lists in lists, to fold open. */
#include "report/outline.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "results/fields.h"

enum { DEEPEST = 40, OPEN_DEPTH = 2 };

static void put_number(MtsMarkup *m, const char *name, double v)
{
    char text[32];
    if (!isnan(v)) {
        mts_put(m, " <span>%s %s</span>", name, mts_number_text(v, text));
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
    double policy = mts_field_number(node, MTS_F_POLICY);
    double share = policy > 0 ? (policy < 1 ? policy : 1) : 0;
    put_token(m, mts_field_text(node, MTS_F_TOKEN));
    mts_put(m, " <span class=\"share\" title=\"policy\"><i style=\"width:%.1f%%\"></i></span>", 100 * share);
    put_number(m, "policy", policy);
    put_number(m, "p", exp(mts_field_number(node, MTS_F_LOGP)));
    put_number(m, "value", mts_field_number(node, MTS_F_VALUE));
    put_number(m, "visits", mts_field_number(node, MTS_F_VISITS));
    put_number(m, "reward", mts_field_number(node, MTS_F_REWARD));
    if (json_is_true(json_object_get(node, MTS_F_FINISHED))) {
        mts_put(m, " <span>finished</span>");
    }
}

/* Node i's depth below the first node's. */
static json_int_t depth_of(const json_t *nodes, size_t i)
{
    const json_t *first = json_array_get(nodes, 0), *node = json_array_get(nodes, i);
    return json_integer_value(json_object_get(node, MTS_F_DEPTH)) -
           json_integer_value(json_object_get(first, MTS_F_DEPTH));
}

/* Closes list items until `level` of them are open. */
static void close_to(MtsMarkup *m, const bool *folds, size_t *open, size_t level)
{
    while (*open > level) {
        (*open)--;
        mts_put(m, "%s</li>", folds[*open] ? "</ul></details>" : "");
    }
}

void mts_report_outline(MtsMarkup *m, const json_t *nodes)
{
    size_t n = json_array_size(nodes), open = 0; /* list items: of levels 0 .. open - 1 */
    bool folds[DEEPEST + 1];
    mts_put(m, "<ul class=\"tree\">");
    for (size_t i = 0; i < n; i++) {
        json_int_t depth = depth_of(nodes, i), next = i + 1 < n ? depth_of(nodes, i + 1) : 0;
        size_t level = i == 0 || depth < 0 ? 0 : (size_t)depth;
        level = level > open ? open : level;
        level = level > DEEPEST ? DEEPEST : level;
        close_to(m, folds, &open, level);
        folds[level] = i + 1 < n && next > (json_int_t)level && level < DEEPEST;
        mts_put(m, "<li>%s",
                !folds[level]        ? ""
                : level < OPEN_DEPTH ? "<details open=\"open\"><summary>"
                                     : "<details><summary>");
        put_node(m, json_array_get(nodes, i));
        mts_put(m, "%s", folds[level] ? "</summary><ul>" : "");
        open = level + 1;
    }
    close_to(m, folds, &open, 0);
    mts_put(m, "</ul>\n");
}
