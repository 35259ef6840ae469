/* search/rollout.h - a text drawn token by token, and what became of it. */
#ifndef MTS_SEARCH_ROLLOUT_H
#define MTS_SEARCH_ROLLOUT_H

#include "search/search.h"

/* One token of a rollout, kept for the trace and the checkpoint; its token and prior are the node's. */
typedef struct MtsChoice {
    double log_q;                 /* log of its probability under the proposal */
    double kept[MTS_CHOICE_KEPT]; /* the method's own: after the backup, what it must know about the node it was drawn
                                   * at when a resumed search has no distribution there */
} MtsChoice;

struct MtsRollout {
    size_t index;
    MtsNode *node;      /* where it stands; at backup: the finished text, or the prefix at which it was given up */
    MtsChoice *choices; /* [node->depth] */
    size_t choice_cap;
    size_t left_at; /* tokens that were drawn at known nodes before it left the tree */
    double log_q;   /* sum over choices */
    size_t started; /* rollouts backed up when it selected */
    double log_z;   /* set by backup(): log of this rollout's estimate of Z; NaN where there is none */
    bool in_tree;   /* still among nodes that were known when it started */
    bool dead;      /* no token may follow, or the method gave it up: a text without a part in the target */
    bool fresh;     /* at backup: no earlier rollout ended here */
    bool recorded;  /* read from a checkpoint: choices are complete, the model was not asked */
};

/* The method's own data of a rollout, zeroed. */
static inline void *mts_rollout_data(const MtsRollout *rollout)
{
    return (void *)(rollout + 1);
}

/* At the root, about to choose its first token; NULL: memory ran out. */
MtsRollout *mts_rollout_new(const MtsSearch *search, size_t index);
void mts_rollout_free(const MtsSearch *search, MtsRollout *rollout);

/* Its next token, to a child of rollout->node; false: memory ran out. */
bool mts_rollout_append(MtsRollout *rollout, MtsNode *child, MtsChoice choice);

/* From the root to the node, by choices that were not drawn; false: memory ran out. */
bool mts_rollout_follow(MtsRollout *rollout, MtsNode *node);

/* Adds it to search->log, which frees it with the search; false: memory ran out. */
bool mts_rollout_keep(MtsSearch *search, MtsRollout *rollout);

/* A backed-up rollout's events, from its first token on. */
int mts_rollout_tell(MtsSearch *search, const MtsRollout *rollout, MtsError *err);

/* After a backup: why nothing more need be started ("exhausted", "log_z", "mass"); NULL: go on. */
const char *mts_search_settled(MtsSearch *search);

/* log of the estimate of Z that is unbiased whatever the budget, log_z being the one reported: of an exhausted search
 * the mean over all that were asked for, where those that it did not need would have found Z itself. It reports the
 * exact Z, and a mean over searches of which some do is not the mean of either. */
double mts_search_unbiased(const MtsSearch *search, double log_z);

#endif
