/* search/tree.c - the tree as a list (tree_text.c: as a table for reading). */
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
