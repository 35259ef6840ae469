/* search/proposal.h - the proposal outside the tree: p at settings.temperature. */
#ifndef MTS_SEARCH_PROPOSAL_H
#define MTS_SEARCH_PROPOSAL_H

#include "search/search.h"

/* The weight of an entry (unnormalised; node->proposal_mass is the sum over the node's entries, mts_proposal_mass()
 * once the node has its distribution), and the log of its share. */
double mts_proposal_weight(const MtsSearch *search, const MtsNode *node, size_t entry);
double mts_proposal_log(const MtsSearch *search, const MtsNode *node, size_t entry);
double mts_proposal_mass(const MtsSearch *search, const MtsNode *node);

/* The same of a known child, by its prior: before and after division by the mass. */
double mts_proposal_child(const MtsSearch *search, const MtsNode *node, const MtsNode *child);
double mts_proposal_child_log(const MtsSearch *search, const MtsNode *node, const MtsNode *child);

/* The sum of the weights of the entries from `from` on. */
double mts_proposal_rest(const MtsSearch *search, const MtsNode *node, size_t from);

/* Draws an entry in proportion to its proposal weight: among all, among those from `from` on, or among those of them
 * that are no known children, whose weights sum to `mass`. False when memory ran out. */
bool mts_draw_prior(MtsSearch *search, MtsRng *rng, const MtsNode *node, size_t *entry);
bool mts_draw_rest(MtsSearch *search, MtsRng *rng, const MtsNode *node, size_t from, double mass, size_t *entry);
bool mts_draw_unknown(MtsSearch *search, MtsRng *rng, const MtsNode *node, size_t from, double mass, size_t *entry);

/* mts_draw_prior() at a rollout's (or particle's) node, with the log of the probability it had. */
int mts_draw_token(MtsSearch *search, MtsRng *rng, const MtsNode *node, size_t *entry, double *log_q, MtsError *err);

#endif
