/* search/tree_text.c - the tree as a table for reading, the best first.
 *
 * A node's share is the product of the policies from the root to it, so no node has more than its parent: the
 * `max_nodes` largest shares are a tree again, and are what is shown, the larger of siblings first. Where a method has
 * no policy, the share of its parent's rollouts stands in for it. A line below a node counts what it leaves out. */
#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/mem.h"
#include "search/result.h"

#define NONE SIZE_MAX

typedef struct Listed {
    size_t index, parent; /* in result->tree; the root's parent: NONE */
    size_t first, next;   /* the best child that is shown, the next best sibling; NONE */
    double share;
    bool shown;
    size_t left_out; /* nodes below that are not shown and whose parent is */
    double left_share;
} Listed;

typedef struct TreeText {
    const MtsSearchResult *result;
    const char *(*label)(void *context, int32_t token);
    void *context;
    MtsBytes out;
} TreeText;

static int compare(const void *a, const void *b)
{
    const Listed *x = *(Listed *const *)a, *y = *(Listed *const *)b;
    return x->share != y->share ? (x->share < y->share) - (x->share > y->share)
                                : (x->index > y->index) - (x->index < y->index);
}

static double share_of(const MtsSearchResult *r, size_t i, const Listed *parent)
{
    const MtsTreeNode *node = &r->tree[i];
    if (!parent) {
        return 1;
    }
    uint64_t passed = r->tree[parent->index].visits;
    double part = !isnan(node->policy) ? node->policy : passed ? (double)node->visits / (double)passed : 0;
    return parent->share * (part < 1 ? part : 1);
}

/* Parents and shares; the list is depth first, so that the last node one level up is the parent. */
static bool list_nodes(const MtsSearchResult *r, Listed *nodes)
{
    size_t *path = mts_calloc(r->tree_count + 1, sizeof *path);
    for (size_t i = 0; path && i < r->tree_count; i++) {
        size_t depth = r->tree[i].depth;
        size_t parent = depth ? path[depth - 1] : NONE;
        nodes[i] = (Listed){.index = i, .parent = parent, .first = NONE, .next = NONE};
        nodes[i].share = share_of(r, i, depth ? &nodes[parent] : NULL);
        path[depth] = i;
    }
    free(path);
    return path != NULL;
}

/* Marks what is shown and links it, the best sibling first. */
static bool choose(const MtsSearchResult *r, Listed *nodes, size_t max_depth, size_t max_nodes)
{
    Listed **order = mts_calloc(r->tree_count, sizeof(Listed *));
    size_t shown = 0;
    for (size_t i = 0; order && i < r->tree_count; i++) {
        order[i] = &nodes[i];
    }
    if (!order) {
        return false;
    }
    qsort((void *)order, r->tree_count, sizeof(Listed *), compare);
    for (size_t i = 0; i < r->tree_count; i++) {
        order[i]->shown = shown < max_nodes && r->tree[order[i]->index].depth <= max_depth;
        shown += order[i]->shown;
    }
    for (size_t i = r->tree_count; i-- > 0;) {
        Listed *parent = order[i]->parent == NONE ? NULL : &nodes[order[i]->parent];
        if (parent && order[i]->shown) {
            order[i]->next = parent->first;
            parent->first = order[i]->index;
        } else if (parent && parent->shown) {
            parent->left_out++;
            parent->left_share += order[i]->share;
        }
    }
    free((void *)order);
    return true;
}

static bool put_number(MtsBytes *b, double x)
{
    return isfinite(x) ? mts_bytes_printf(b, "%9.4f", x) : mts_bytes_printf(b, "%9s", isnan(x) ? "-" : "-inf");
}

static bool put_numbers(TreeText *t, const MtsTreeNode *node)
{
    MtsBytes *b = &t->out;
    double lambda = t->result->lambda, value = lambda > 0 ? node->log_value / lambda : (double)NAN;
    return mts_bytes_printf(b, "%8llu ", (unsigned long long)node->visits) &&
           put_number(b, node->token < 0 ? 1 : exp(node->logp)) && mts_bytes_append_str(b, " ") &&
           put_number(b, value) && mts_bytes_append_str(b, " ") && put_number(b, node->policy) &&
           mts_bytes_printf(b, "  %*s", (int)(2 * node->depth), "");
}

static bool put_line(TreeText *t, const MtsTreeNode *node)
{
    MtsBytes *b = &t->out;
    bool ok = put_numbers(t, node);
    if (node->token < 0) {
        ok = ok && mts_bytes_append_str(b, "(prompt)");
    } else if (t->label) {
        ok = ok && mts_bytes_append_str(b, t->label(t->context, node->token));
    } else {
        ok = ok && mts_bytes_printf(b, "%d", (int)node->token);
    }
    if (node->finished) {
        ok = ok && mts_bytes_printf(b, "  r = %.4f", node->reward);
    } else if (node->unseen > 1e-12) {
        ok = ok && mts_bytes_printf(b, "  (not seen: p %.4f)", node->unseen);
    }
    return ok && mts_bytes_append_str(b, "\n");
}

/* What is left out below a node, in the place of its children. */
static bool put_rest(TreeText *t, const Listed *node)
{
    size_t indent = 40 + 2 * (t->result->tree[node->index].depth + 1);
    return node->left_out == 0 || mts_bytes_printf(&t->out, "%*s... %zu more, %.2g of all\n", (int)indent, "",
                                                   node->left_out, node->left_share);
}

static bool put_tree(TreeText *t, const Listed *nodes)
{
    size_t at = 0;
    bool ok = true;
    while (ok && at != NONE) {
        ok = put_line(t, &t->result->tree[at]);
        if (nodes[at].first != NONE) {
            at = nodes[at].first;
            continue;
        }
        ok = ok && put_rest(t, &nodes[at]);
        while (ok && at != NONE && nodes[at].next == NONE) {
            at = nodes[at].parent;
            ok = at == NONE || put_rest(t, &nodes[at]);
        }
        at = at == NONE ? NONE : nodes[at].next;
    }
    return ok;
}

/* The next of those that are shown, depth first; NONE behind the last. */
static size_t next_shown(const Listed *nodes, size_t at)
{
    if (nodes[at].first != NONE) {
        return nodes[at].first;
    }
    while (at != NONE && nodes[at].next == NONE) {
        at = nodes[at].parent;
    }
    return at == NONE ? NONE : nodes[at].next;
}

int mts_search_tree_best(const MtsSearchResult *r, size_t max_depth, size_t max_nodes, MtsTreeShown **shown,
                         size_t *count, MtsError *err)
{
    size_t room = r->tree_count ? r->tree_count : 1;
    Listed *nodes = mts_calloc(room, sizeof *nodes);
    size_t *place = mts_calloc(room, sizeof *place); /* in the list of what is shown */
    MtsTreeShown *list = mts_calloc(room, sizeof *list);
    *count = 0;
    *shown = NULL;
    if (!nodes || !place || !list || !list_nodes(r, nodes) || !choose(r, nodes, max_depth, max_nodes)) {
        free(nodes);
        free(place);
        free(list);
        return mts_fail(err, MTS_ENOMEM, "no memory for a tree of %zu nodes", r->tree_count);
    }
    for (size_t at = r->tree_count && nodes[0].shown ? 0 : NONE; at != NONE; at = next_shown(nodes, at)) {
        const Listed *n = &nodes[at];
        place[at] = *count;
        list[(*count)++] = (MtsTreeShown){.index = at,
                                          .parent = n->parent == NONE ? SIZE_MAX : place[n->parent],
                                          .share = n->share,
                                          .left_out = n->left_out,
                                          .left_share = n->left_share};
    }
    free(nodes);
    free(place);
    *shown = list;
    return MTS_OK;
}

char *mts_search_tree_text(const MtsSearchResult *result, size_t max_depth, size_t max_nodes,
                           const char *(*label)(void *context, int32_t token), void *context)
{
    TreeText t = {.result = result, .label = label, .context = context};
    Listed *nodes = mts_calloc(result->tree_count ? result->tree_count : 1, sizeof *nodes);
    size_t shown = 0;
    bool ok = nodes && list_nodes(result, nodes) && choose(result, nodes, max_depth, max_nodes) &&
              mts_bytes_printf(&t.out, "%8s %9s %9s %9s  %s\n", "N", "p", "V", "policy", "token");
    if (ok && result->tree_count && nodes[0].shown) {
        ok = put_tree(&t, nodes);
    }
    for (size_t i = 0; ok && i < result->tree_count; i++) {
        shown += nodes[i].shown;
    }
    if (ok && shown < result->tree_count) {
        ok = mts_bytes_printf(&t.out, "%zu of %zu nodes\n", shown, result->tree_count);
    }
    free(nodes);
    if (!ok) {
        mts_bytes_free(&t.out);
    }
    return t.out.data;
}
