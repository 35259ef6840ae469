/* search/tree.c - the tree as a list, and as a table for reading. */
#include <stdlib.h>

#include "core/mem.h"
#include "search/result.h"

static void describe(const MtsSearch *search, const MtsNode *node, MtsTreeNode *out)
{
    *out = (MtsTreeNode){.depth = node->depth,
                         .token = node->token,
                         .finished = node->finished,
                         .logp = node->logp,
                         .log_value = (double)NAN,
                         .policy = (double)NAN,
                         .reward = node->scored ? node->reward : (double)NAN,
                         .visits = node->visits};
    if (search->ops->value) {
        out->log_value = search->ops->value(search, node);
        double parent = node->parent ? search->ops->value(search, node->parent) : out->log_value;
        double share = node->logp + out->log_value - parent;
        out->policy = out->log_value == -HUGE_VAL ? 0 : exp(share);
    }
    if (!node->finished) {
        double known = 0, whole = node->evaluated ? exp(node->dist.log_mass) : 1;
        for (const MtsNode *child = node->first; child; child = child->next) {
            known += exp(child->logp);
        }
        out->unseen = whole > known ? whole - known : 0;
    }
}

int mts_search_tree(MtsSearch *search, MtsSearchResult *result, MtsError *err)
{
    size_t known = 0;
    for (size_t i = 0; i < search->nodes.count; i++) {
        known += mts_nodes_at(&search->nodes, i)->visits > 0;
    }
    result->tree = mts_calloc(known, sizeof *result->tree);
    if (!result->tree) {
        return mts_out_of_memory(err);
    }
    const MtsNode *node = search->nodes.root;
    while (node && result->tree_count < known) {
        describe(search, node, &result->tree[result->tree_count++]);
        if (node->first) {
            node = node->first;
            continue;
        }
        while (node && !node->next) {
            node = node->parent;
        }
        node = node ? node->next : NULL;
    }
    return MTS_OK;
}

static bool put_number(MtsBytes *b, double x)
{
    return isfinite(x) ? mts_bytes_printf(b, "%9.4f", x) : mts_bytes_printf(b, "%9s", isnan(x) ? "-" : "-inf");
}

char *mts_search_tree_text(const MtsSearchResult *result, size_t max_depth, size_t max_nodes,
                           const char *(*label)(void *context, int32_t token), void *context)
{
    MtsBytes b = {0};
    size_t lines = 0, hidden = 0;
    bool ok = mts_bytes_printf(&b, "%8s %9s %9s %9s  %s\n", "N", "p", "V", "policy", "token");
    for (size_t i = 0; ok && i < result->tree_count; i++) {
        const MtsTreeNode *node = &result->tree[i];
        if (node->depth > max_depth || lines == max_nodes) {
            hidden++;
            continue;
        }
        lines++;
        double value = result->lambda > 0 ? node->log_value / result->lambda : (double)NAN;
        ok = mts_bytes_printf(&b, "%8llu ", (unsigned long long)node->visits) &&
             put_number(&b, node->token < 0 ? 1 : exp(node->logp)) && mts_bytes_append_str(&b, " ") &&
             put_number(&b, value) && mts_bytes_append_str(&b, " ") && put_number(&b, node->policy) &&
             mts_bytes_printf(&b, "  %*s", (int)(2 * node->depth), "");
        if (node->token < 0) {
            ok = ok && mts_bytes_append_str(&b, "(prompt)");
        } else if (label) {
            ok = ok && mts_bytes_append_str(&b, label(context, node->token));
        } else {
            ok = ok && mts_bytes_printf(&b, "%d", (int)node->token);
        }
        if (node->finished) {
            ok = ok && mts_bytes_printf(&b, "  r = %.4f", node->reward);
        } else if (node->unseen > 1e-12) {
            ok = ok && mts_bytes_printf(&b, "  (not seen: p %.4f)", node->unseen);
        }
        ok = ok && mts_bytes_append_str(&b, "\n");
    }
    if (ok && hidden) {
        ok = mts_bytes_printf(&b, "... and %zu more\n", hidden);
    }
    if (!ok) {
        mts_bytes_free(&b);
    }
    return b.data;
}
