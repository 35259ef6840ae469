/* search/node.c - see node.h. */
#include "search/node.h"

#include <stdlib.h>

#include "core/mem.h"

enum { BLOCK_NODES = 256 };

static size_t slot_of(const MtsNodes *nodes, uint32_t parent, int32_t token)
{
    uint64_t h = ((uint64_t)parent << 32 | (uint32_t)token) * 0x9E3779B97F4A7C15u;
    return (size_t)(h >> 32 ^ h) & (nodes->slots - 1);
}

static MtsNode *new_node(MtsNodes *nodes)
{
    if (nodes->count == UINT32_MAX) {
        return NULL;
    }
    if (nodes->count == nodes->block_count * BLOCK_NODES) {
        if (!mts_grow(&nodes->blocks, &nodes->block_cap, nodes->block_count + 1, sizeof *nodes->blocks)) {
            return NULL;
        }
        char *block = mts_calloc(BLOCK_NODES, nodes->stride);
        if (!block) {
            return NULL;
        }
        nodes->blocks[nodes->block_count++] = block;
    }
    MtsNode *node = mts_nodes_at(nodes, nodes->count);
    node->id = (uint32_t)nodes->count++;
    return node;
}

MtsNode *mts_nodes_at(const MtsNodes *nodes, size_t id)
{
    return (MtsNode *)(void *)(nodes->blocks[id / BLOCK_NODES] + id % BLOCK_NODES * nodes->stride);
}

bool mts_nodes_init(MtsNodes *nodes, size_t extra)
{
    *nodes = (MtsNodes){.extra = extra, .slots = 1024};
    nodes->stride = (sizeof(MtsNode) + extra + 15) / 16 * 16;
    nodes->table = mts_calloc(nodes->slots, sizeof *nodes->table);
    nodes->root = nodes->table ? new_node(nodes) : NULL;
    if (!nodes->root) {
        return false;
    }
    nodes->root->token = -1;
    return true;
}

void mts_nodes_free(MtsNodes *nodes, const MtsSearchModel *model)
{
    for (size_t i = 0; i < nodes->count; i++) {
        MtsNode *node = mts_nodes_at(nodes, i);
        if (node->state) {
            model->release(model->context, node->state);
        }
    }
    for (size_t i = 0; i < nodes->block_count; i++) {
        free(nodes->blocks[i]);
    }
    free(nodes->blocks);
    free(nodes->table);
    *nodes = (MtsNodes){0};
}

MtsNode *mts_nodes_find(const MtsNodes *nodes, const MtsNode *parent, int32_t token)
{
    for (size_t at = slot_of(nodes, parent->id, token);; at = (at + 1) & (nodes->slots - 1)) {
        MtsNode *node = nodes->table[at];
        if (!node || (node->parent == parent && node->token == token)) {
            return node;
        }
    }
}

static void place(MtsNodes *nodes, MtsNode *node)
{
    size_t at = slot_of(nodes, node->parent->id, node->token);
    while (nodes->table[at]) {
        at = (at + 1) & (nodes->slots - 1);
    }
    nodes->table[at] = node;
}

static bool widen(MtsNodes *nodes)
{
    size_t slots = nodes->slots * 2;
    MtsNode **table = mts_calloc(slots, sizeof *table);
    if (!table) {
        return false;
    }
    free(nodes->table);
    nodes->table = table;
    nodes->slots = slots;
    for (size_t i = 1; i < nodes->count; i++) {
        place(nodes, mts_nodes_at(nodes, i));
    }
    return true;
}

MtsNode *mts_nodes_child(MtsNodes *nodes, MtsNode *parent, int32_t token, double logp, bool finished)
{
    MtsNode *node = mts_nodes_find(nodes, parent, token);
    if (node) {
        return node;
    }
    if (nodes->count * 2 >= nodes->slots && !widen(nodes)) {
        return NULL;
    }
    node = new_node(nodes);
    if (!node) {
        return NULL;
    }
    node->parent = parent;
    node->token = token;
    node->logp = logp;
    node->path_logp = parent->path_logp + logp;
    node->depth = parent->depth + 1;
    node->finished = finished;
    place(nodes, node);
    return node;
}

void mts_node_visit(MtsNode *node)
{
    MtsNode *parent = node->parent;
    if (node->visits++ == 0 && parent) {
        *(parent->last ? &parent->last->next : &parent->first) = node;
        parent->last = node;
        parent->children++;
    }
}

void mts_node_tokens(const MtsNode *node, int32_t *tokens)
{
    for (; node->parent; node = node->parent) {
        tokens[node->depth - 1] = node->token;
    }
}
