/* cli/explain.c - see explain.h. */
#include "cli/explain.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "cli/token_label.h"
#include "core/mem.h"

enum { MOST_NODES = 60 };

/* What is shown, with what names its tokens. */
typedef struct Shown {
    TokenLabels labels;
    const MtsSearchResult *search;
    MtsTreeShown *list; /* [count] */
    size_t count;
} Shown;

static bool shown_make(Shown *s, const MtsEngine *engine, const MtsTextResult *r)
{
    *s = (Shown){.labels = {.tokenizer = mts_engine_tokenizer(engine)}, .search = r->search};
    return mts_search_tree_best(r->search, SIZE_MAX, MOST_NODES, &s->list, &s->count, NULL) == 0;
}

static const char *name_of(Shown *s, const MtsTreeNode *node)
{
    return node->token < 0 ? "(prompt)" : token_label(&s->labels, node->token);
}

static double value_of(const Shown *s, const MtsTreeNode *node)
{
    return s->search->lambda > 0 ? node->log_value / s->search->lambda : (double)NAN;
}

char *explain_text(const MtsEngine *engine, const MtsTextResult *r)
{
    TokenLabels labels = {.tokenizer = mts_engine_tokenizer(engine)};
    return mts_search_tree_text(r->search, SIZE_MAX, MOST_NODES, token_label, &labels);
}

/* ---- dot ---- */

/* A text in a quoted string of dot. */
static bool put_quoted(MtsBytes *b, const char *text)
{
    bool ok = true;
    for (; ok && *text; text++) {
        ok = ((*text != '"' && *text != '\\') || mts_bytes_append_str(b, "\\")) && mts_bytes_append(b, text, 1);
    }
    return ok;
}

static bool put_node(MtsBytes *b, Shown *s, size_t i)
{
    const MtsTreeShown *n = &s->list[i];
    const MtsTreeNode *node = &s->search->tree[n->index];
    bool ok = mts_bytes_printf(b, "  n%zu [label=\"", i) && put_quoted(b, name_of(s, node)) &&
              mts_bytes_printf(b, "\\nN %llu", (unsigned long long)node->visits) &&
              (isnan(value_of(s, node)) || mts_bytes_printf(b, ", V %.4g", value_of(s, node))) &&
              (!node->finished || mts_bytes_printf(b, ", r %.4g", node->reward)) &&
              mts_bytes_printf(b, "\"%s];\n", node->finished ? ", style=bold" : "");
    if (ok && n->parent != SIZE_MAX) {
        ok = mts_bytes_printf(b, "  n%zu -> n%zu [label=\"p %.3g\", penwidth=%.2f];\n", n->parent, i, exp(node->logp),
                              0.4 + 3.6 * n->share);
    }
    if (ok && n->left_out) {
        ok = mts_bytes_printf(b,
                              "  r%zu [label=\"%zu more, %.2g of all\", shape=plaintext];\n  n%zu -> r%zu "
                              "[style=dotted, arrowhead=none];\n",
                              i, n->left_out, n->left_share, i, i);
    }
    return ok;
}

char *explain_dot(const MtsEngine *engine, const MtsTextResult *r)
{
    Shown s;
    MtsBytes b = {0};
    bool ok = shown_make(&s, engine, r) &&
              mts_bytes_append_str(&b, "digraph search {\n  rankdir=LR;\n  node [shape=box, fontname=monospace];\n");
    for (size_t i = 0; ok && i < s.count; i++) {
        ok = put_node(&b, &s, i);
    }
    ok = ok && mts_bytes_append_str(&b, "}\n");
    free(s.list);
    if (!ok) {
        mts_bytes_free(&b);
    }
    return b.data;
}

/* ---- JSON ---- */

static json_t *node_json(Shown *s, size_t i)
{
    const MtsTreeShown *n = &s->list[i];
    const MtsTreeNode *node = &s->search->tree[n->index];
    json_t *o = json_object();
    mts_json_add_int(&o, "id", (json_int_t)i);
    mts_json_add(&o, "parent", n->parent == SIZE_MAX ? json_null() : json_integer((json_int_t)n->parent));
    mts_json_add_int(&o, "depth", (json_int_t)node->depth);
    mts_json_add(&o, "token", node->token < 0 ? json_null() : json_integer(node->token));
    mts_json_add_text(&o, "text", name_of(s, node));
    mts_json_add_int(&o, "visits", (json_int_t)node->visits);
    mts_json_add_real(&o, "p", node->token < 0 ? 1 : exp(node->logp));
    mts_json_add_real(&o, "value", value_of(s, node));
    mts_json_add_real(&o, "policy", node->policy);
    mts_json_add_real(&o, "share", n->share);
    mts_json_add_flag(&o, "finished", node->finished);
    mts_json_add_real(&o, "reward", node->reward);
    mts_json_add_real(&o, "unseen", node->unseen);
    mts_json_add_int(&o, "left_out", (json_int_t)n->left_out);
    mts_json_add_real(&o, "left_share", n->left_share);
    return o;
}

json_t *explain_json(const MtsEngine *engine, const MtsTextResult *r)
{
    Shown s;
    json_t *nodes = shown_make(&s, engine, r) ? json_array() : NULL, *o = nodes ? json_object() : NULL;
    for (size_t i = 0; o && i < s.count; i++) {
        mts_json_add(&nodes, NULL, node_json(&s, i));
    }
    mts_json_add(&o, "nodes", nodes);
    mts_json_add_int(&o, "shown", (json_int_t)s.count);
    mts_json_add_int(&o, "of", (json_int_t)r->search->tree_count);
    free(s.list);
    return o;
}
