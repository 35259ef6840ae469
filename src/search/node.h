/* search/node.h - the prefixes that a search has met: one node each, whoever met it first.
 *
 * Nodes live in an arena until the search ends and are found by (parent, token). A node is evaluated at most
 * once; whoever comes by later finds its distribution there, so the number of evaluated positions is the
 * number of distinct prefixes evaluated, in whatever order that happened.
 *
 * "Known" nodes are those that a backed-up rollout has passed. Nodes of rollouts still in flight exist in the
 * store too, but no method may see them as children: known children are listed in the order of their first
 * backup, which is a function of the rollouts alone. */
#ifndef MTS_SEARCH_NODE_H
#define MTS_SEARCH_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <maxts/search.h>

typedef struct MtsNode {
    struct MtsNode *parent;              /* NULL: the root */
    struct MtsNode *first, *last, *next; /* known children, in the order of their first backup; next: sibling */
    size_t children;                     /* known ones */
    uint64_t visits;                     /* backed-up rollouts that passed here */
    MtsState *state;                     /* one reference; NULL until evaluated, and for finished texts */
    MtsDist dist;                        /* valid once evaluated */
    double proposal_mass;                /* sum of mts_proposal_weight() over dist */
    double logp;                         /* log p(token | parent) */
    double path_logp;                    /* log p(prefix | prompt) */
    double reward;                       /* once scored: of the text, or of the prefix */
    struct MtsQuestion *question;        /* its reward has been asked for and not been taken yet */
    size_t answer;                       /* index in the run's answers + 1; 0: none */
    uint32_t id;                         /* 0: the root; in the order of creation */
    uint32_t depth;                      /* tokens after the prompt */
    int32_t token;                       /* -1 at the root */
    uint32_t ended;                      /* rollouts whose text it is */
    bool finished;                       /* a whole text: never evaluated */
    bool evaluated;
    bool scored;  /* reward is there */
    bool paid;    /* ... and counted among the calls of the reward */
    bool counted; /* its evaluation is part of nfe */
    bool charged; /* ... and of what backed-up rollouts have used */
    bool spent;   /* given up by search/ending.c */
} MtsNode;

typedef struct MtsNodes {
    MtsNode *root;
    size_t count, extra; /* extra: bytes of a method's own behind each node, zeroed */
    char **blocks;
    size_t block_count, block_cap, stride;
    MtsNode **table; /* open addressing by (parent id, token) */
    size_t slots;    /* a power of two */
} MtsNodes;

/* A method's own data of a node, `extra` zeroed bytes aligned for any scalar. */
static inline void *mts_node_data(const MtsNode *node)
{
    return (void *)(node + 1);
}

/* false: memory ran out. mts_nodes_free() is due either way. */
bool mts_nodes_init(MtsNodes *nodes, size_t extra);
void mts_nodes_free(MtsNodes *nodes, const MtsSearchModel *model); /* releases the states */

/* The child of `parent` by `token`: NULL when there is none. */
MtsNode *mts_nodes_find(const MtsNodes *nodes, const MtsNode *parent, int32_t token);
/* The same, made when it is not there (finished as told); NULL: memory ran out. */
MtsNode *mts_nodes_child(MtsNodes *nodes, MtsNode *parent, int32_t token, double logp, bool finished);
MtsNode *mts_nodes_at(const MtsNodes *nodes, size_t id);

/* One more backed-up rollout passed: counts the visit and lists the node as a known child at the first. */
void mts_node_visit(MtsNode *node);

/* The tokens from the root to the node, node->depth of them. */
void mts_node_tokens(const MtsNode *node, int32_t *tokens);

#endif
