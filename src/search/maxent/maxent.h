/* search/maxent/maxent.h - what maximum-entropy tree search knows at its nodes, and what it expects of what it has not
 * seen.
 *
 * search/maxent/maxent.c derives it and leads single rollouts by it; search/maxent/waves.c leads many at once where the
 * reward scores prefixes. Both change the tree through the functions here and nothing else. */
#ifndef MTS_SEARCH_MAXENT_MAXENT_H
#define MTS_SEARCH_MAXENT_MAXENT_H

#include "search/maxent/estimate.h"
#include "search/rollout.h"

typedef struct MtsSums { /* of one node */
    double log_u, log_k;
    double unseen;      /* prior mass of the children that are not known */
    double unseen_q;    /* the same under the proposal, unnormalised */
    MtsOutlook outlook; /* set by survey() in maxent.c */
    double log_w;       /* W, set by survey() */
    double log_pi;      /* waves: log of the chance that it was taken, given its parent was; of the last wave */
    size_t place;       /* waves: index among the prefixes of the last wave that passed; set when it is written down */
    size_t born;        /* texts: rollouts backed up when it became known, its own included */
    bool foreseen;      /* waves: what is looked ahead at from here was asked by a wave that a checkpoint recorded */
} MtsSums;

typedef struct MtsMaxent { /* of the search */
    MtsLogMean z;
    MtsEstimate estimate;
    MtsOutlook here; /* at the node where a rollout that is in the tree chooses next */
    MtsNode **asked; /* scratch, [asked_cap] */
    size_t asked_cap;
    double highest;                /* the largest log p + lambda r of a text brought home */
    size_t surveyed, surveyed_fit; /* rollouts in W as maxent_leader() left it; texts of the fit that its E is of */

    size_t waves, wave_steps; /* whole ones so far; steps of the one under way, or of the last */
    double *wave_log_z;       /* [waves] log of each one's own estimate of Z */
    size_t wave_cap;
} MtsMaxent;

typedef struct MtsMaxentRollout {
    double log_k;     /* K when it selected */
    double share;     /* e(s) where it stands */
    MtsNode **asides; /* [aside_count] texts it has had scored beside its own, rewards there at backup */
    size_t aside_count, aside_cap;
} MtsMaxentRollout;

static inline MtsSums *mts_sums(const MtsNode *node)
{
    return mts_node_data(node);
}

static inline MtsMaxent *mts_maxent(const MtsSearch *search)
{
    return search->own;
}

static inline MtsMaxentRollout *mts_maxent_rollout(const MtsRollout *rollout)
{
    return mts_rollout_data(rollout);
}

/* log of a probability or mass, which may be 0. */
static inline double mts_log_prior(double x)
{
    return x > 0 ? log(x) : -HUGE_VAL;
}

/* Sweeps leave out finished children below this probability, 2^-10: too many, for too little. */
#define MTS_SWEEP_LOGP (-10 * 0.69314718055994531)

/* Whether the entry's child is a whole text. */
static inline bool mts_maxent_finished(const MtsSearch *search, const MtsNode *node, size_t entry)
{
    return mts_search_ends(search, (size_t)node->depth + 1, node->dist.tokens[entry]);
}

/* Whether a sweep, which has `left` texts left, has the entry's child scored; counts it then. */
static inline bool mts_maxent_sweeps(const MtsSearch *search, const MtsNode *node, size_t entry, size_t *left)
{
    bool sweeps = *left > 0 && node->dist.logp[entry] >= MTS_SWEEP_LOGP && mts_maxent_finished(search, node, entry);
    *left -= sweeps;
    return sweeps;
}

/* How many of the likeliest entries have E looked up one by one; the others have no effect of their own. */
size_t mts_maxent_looked(const MtsNode *node);
/* How many of them have their prefixes scored before one is drawn. */
size_t mts_maxent_looked_ahead(const MtsSearch *search, const MtsNode *node);
/* The unfinished child by an entry that was looked ahead at; NULL for any other. */
const MtsNode *mts_maxent_foreseen(const MtsSearch *search, const MtsNode *node, size_t entry);
/* Has the node scored, and the prefixes that are looked ahead at from it: asks into m->asked from *count on, for
 * mts_search_score(). */
int mts_maxent_ask_ahead(MtsSearch *search, MtsNode *node, size_t *count, MtsError *err);

/* Of a known child, from its parent's. */
MtsOutlook mts_maxent_outlook(const MtsMaxent *m, MtsOutlook here, const MtsNode *child);
/* log E of an unknown child by an entry, and of those that are not looked up. */
double mts_maxent_log_e(const MtsSearch *search, const MtsNode *node, MtsOutlook here, size_t entry);
double mts_maxent_log_e_others(const MtsSearch *search, const MtsNode *node, MtsOutlook here);
/* What of the unknown mass under the proposal is on them. */
double mts_maxent_others_mass(const MtsSearch *search, const MtsNode *node);

/* The text is known from now on. */
int mts_maxent_bring_home(MtsSearch *search, MtsNode *text, MtsError *err);
/* A known node's masses from its children's: of an evaluated one; of any, whose unseen masses are set. */
void mts_maxent_update_unseen(const MtsSearch *search, const MtsNode *node);
void mts_maxent_update(const MtsNode *node);
/* Both: an evaluated node's unseen masses are set and go into *unseen and *unseen_q; a recorded one's come from there.
 */
void mts_maxent_refresh(const MtsSearch *search, const MtsNode *node, double *unseen, double *unseen_q);

/* search/maxent/waves.c: the whole search, where the reward scores prefixes; and its part of MtsMethodOps. */
int mts_maxent_waves(MtsSearch *search, MtsError *err);
const double *mts_maxent_waves_terms(const MtsSearch *search, size_t *count, size_t *asked);
bool mts_maxent_waves_write_stop(const MtsSearch *search, MtsBytes *line);

#endif
