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
    MtsOutlook outlook; /* set by soft_values.c */
    double log_w;       /* W, set by soft_values.c */
    double log_pi;      /* waves: log of the chance that it was taken, given its parent was; of the last wave */
    size_t place;       /* waves: index among the prefixes of the last wave that passed; set when it is written down */
    size_t born;        /* texts: rollouts backed up when it became known, its own included */
    size_t spot;        /* best-first: index among the known prefixes + 1 */
    size_t foreseen;    /* waves: so many of the likeliest tokens were asked by a wave that a checkpoint recorded */
} MtsSums;

typedef struct MtsFrontierSpot { /* a known prefix */
    MtsNode *node;
    double score; /* of its best unknown continuation, or a bound of it */
    size_t entry; /* of that, once `exact` */
    uint32_t at;  /* in the heap */
    bool exact;
} MtsFrontierSpot;

typedef struct MtsFrontier { /* best-first selection; empty where there is none */
    MtsFrontierSpot *spots;  /* [count] in the order in which they became known */
    uint32_t *heap;          /* [count] */
    double *most;            /* [depths] at least lambda times the effect of any token there */
    MtsRollout **flying;     /* [flying_count] those in flight */
    const MtsNode **ways;    /* scratch, [flying_count] where they leave the known tree */
    MtsNode **wanted;        /* scratch, [wanted_cap] */
    size_t count, spot_cap, heap_cap, depths, most_cap, flying_count, flying_cap, way_cap, wanted_cap;
    size_t scored, fitted;           /* prefixes and texts that the scores' step, trust and E are of */
    double step, trust;              /* log of the mean largest p; how far E is believed */
    double products, squares, texts; /* of what was said of texts and what they turned out to be */
    bool stale;                      /* all scores are to be made anew */
} MtsFrontier;

typedef struct MtsMaxent { /* of the search */
    MtsLogMean z;
    MtsEstimate estimate;
    MtsFrontier frontier;
    MtsOutlook here; /* at the node where a rollout that is in the tree chooses next */
    MtsNode **asked; /* scratch, [asked_cap] */
    size_t asked_cap;
    double level;                  /* log of c of soft_values.c */
    double heard, told;            /* sum of the ratios there; their number */
    double highest;                /* the largest log p + lambda r of a text brought home */
    size_t surveyed, surveyed_fit; /* rollouts in W as maxent_leader() left it; texts of the fit that its E is of */

    size_t waves, wave_steps; /* whole ones so far; steps of the one under way, or of the last */
    double *terms;            /* [term_count] log of the estimates of Z that count: of rollouts, or of waves */
    size_t term_count, term_cap;
} MtsMaxent;

typedef struct MtsMaxentRollout {
    double log_k;     /* K when it selected */
    double log_said;  /* what was said of the unseen then; NaN where nothing is learnt from that */
    double share;     /* e(s) where it stands */
    MtsNode *target;  /* best-first: the known prefix that it goes to, ... */
    size_t entry;     /* ... and how it goes on from there */
    double step;      /* log of the largest probability of a token, as a rule (frontier.c) */
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

/* The weight in the estimate of Z of the one that counts as the index-th, from 0. Of waves there are few: all equal. */
static inline double mts_maxent_weight(const MtsSearch *search, size_t index)
{
    return mts_search_is_led_by_prefixes(search) ? 1 : pow((double)index + 1, search->settings.index_power);
}

/* Takes the next one that counts into the estimate; false: memory ran out. */
bool mts_maxent_count(MtsSearch *search, double log_z);

/* The text is known from now on. */
int mts_maxent_bring_home(MtsSearch *search, MtsNode *text, MtsError *err);
/* A known node's masses from its children's: of an evaluated one; of any, whose unseen masses are set. */
void mts_maxent_update_unseen(const MtsSearch *search, const MtsNode *node);
void mts_maxent_update(const MtsNode *node);
/* Both: an evaluated node's unseen masses are set and go into *unseen and *unseen_q; a recorded one's come from there.
 */
void mts_maxent_refresh(const MtsSearch *search, const MtsNode *node, double *unseen, double *unseen_q);

/* Whether a rollout is a best-first one: settings.best_first of them, evenly spread, but none of the first
 * settings.best_first_after, and not the very first. A function of the index alone: what was found has no say in how
 * many count in the estimate of Z. */
static inline bool mts_maxent_is_best_first(const MtsSearch *search, size_t index)
{
    const MtsSearchSettings *s = &search->settings;
    double share = s->best_first, i = (double)index;
    return index > 0 && index >= s->best_first_after && floor((i + 1) * share + 1e-9) > floor(i * share + 1e-9);
}

/* The nodes from the root to `end` as m->asked[depth]; false: memory ran out. */
bool mts_maxent_list_way(MtsMaxent *m, MtsNode *end);

/* search/maxent/frontier.c; nothing is done where no rollout is best-first. A rollout starts; is backed up, which the
 * masses and the estimate know by now. false: memory ran out. */
bool mts_frontier_begin(MtsSearch *search);
void mts_frontier_free(MtsFrontier *frontier);
bool mts_frontier_fly(MtsSearch *search, MtsRollout *rollout);
bool mts_frontier_land(MtsSearch *search, const MtsRollout *rollout);
/* A text that the estimate does not know yet has its reward; said: what it was expected to be beyond the mean. */
void mts_frontier_learn(MtsSearch *search, const MtsNode *text, double said);
/* The continuation of the largest score; *node is NULL where there is none. */
int mts_frontier_pick(MtsSearch *search, MtsNode **node, size_t *entry, MtsError *err);

/* search/maxent/soft_values.c. W and the outlooks of all known nodes; of what has changed since the last time. */
void mts_maxent_survey(MtsSearch *search);
void mts_maxent_survey_news(MtsSearch *search);
/* log of E of what is unknown below a known node, at its level. */
double mts_maxent_log_e_below(const MtsSearch *search, const MtsNode *node);
/* log of the tilted mass that E says is not known; NaN: nothing that could be learnt from. Then what a rollout that
 * selected so found, and, with a new fit, what is made of it. */
double mts_maxent_say_unseen(MtsSearch *search);
void mts_maxent_hear_unseen(MtsMaxent *m, double log_k, double log_z, double log_said, double most);
void mts_maxent_set_level(MtsMaxent *m);

/* search/maxent/lesson.c: what the search has learnt of the turns of its texts, nothing where the
 * reward scores no prefixes; false: memory ran out. */
bool mts_maxent_lesson(const MtsSearch *search, MtsBytes *out);

/* search/maxent/interval.c: log of the ends of an interval for Z; of what there is none, nothing is set. */
double mts_student_95(double n);
void mts_maxent_interval(const MtsSearch *search, double *low, double *high);

/* search/maxent/waves.c: the whole search, where the reward scores prefixes; and its part of MtsMethodOps. */
int mts_maxent_waves(MtsSearch *search, MtsError *err);
size_t mts_maxent_waves_counted(const MtsSearch *search); /* how many count in the estimate, whatever they find */
bool mts_maxent_waves_write_stop(const MtsSearch *search, MtsBytes *line);

#endif
