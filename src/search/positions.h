/* search/positions.h - positions: the one way to the model. */
#ifndef MTS_SEARCH_POSITIONS_H
#define MTS_SEARCH_POSITIONS_H

#include "search/search.h"

/* The child by an entry of an evaluated node's distribution: made when it is new; NULL: memory ran out. */
MtsNode *mts_search_child(MtsSearch *search, MtsNode *node, size_t entry);

/* Evaluates those of the n unfinished nodes that are not yet; each one's parent is evaluated. One forward
 * step of at most settings.batch positions after the other, in the order given. */
int mts_search_evaluate(MtsSearch *search, MtsNode *const *nodes, size_t n, MtsError *err);

/* Whether the model has the node's position already; its parent is evaluated. */
bool mts_search_is_ready(const MtsSearch *search, const MtsNode *node);

/* Evaluates one node, and before it what a resumed search has not evaluated above it. */
int mts_search_need(MtsSearch *search, MtsNode *node, MtsError *err);

/* Charges backed-up rollouts with the node's position, if they are not yet. */
void mts_search_charge(MtsSearch *search, MtsNode *node);

/* What any model must hand out; and the most that the log of the sum of its probabilities may be off above 0. */
#define MTS_LOG_MASS_MOST 1e-6
int mts_search_check_dist(const MtsDist *dist, MtsError *err);

#endif
