/* search/maxent/estimate.h - what scored texts say about those not seen yet: an additive model of the reward.
 *
 * estimate.c derives it. Texts are added as they are backed up, mts_estimate_fit() takes them in, and an
 * "outlook" is then carried down a path token by token; it depends on the added texts and their order alone. */
#ifndef MTS_SEARCH_MAXENT_ESTIMATE_H
#define MTS_SEARCH_MAXENT_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "search/experience.h"
#include "search/node.h"

typedef struct MtsTokenEffect {
    double value; /* in units of the reward */
    double texts; /* added ones that have it */
    double sum;   /* scratch of a fit: of what is left of them; then its change */
} MtsTokenEffect;

typedef struct MtsSpot { /* the root, a prefix or a text on the way of added texts */
    double value;        /* its effect, in units of the reward */
    double gain;         /* of prefixes: what their own reward adds to their parent's */
    double expected;     /* sum of the gains from the root to here */
    double texts;        /* added ones below */
    double left;         /* sum over them of what the effects leave of the reward, before `shift` */
    double shift;        /* scratch of a fit: what was added since to the effects from the root to here */
    uint32_t parent;     /* index in the level above */
    uint32_t token;      /* index in tokens */
    bool inner;          /* no text */
} MtsSpot;

typedef struct MtsLevel { /* of one depth */
    MtsSpot *spots;       /* [count] in the order in which they were added */
    uint32_t *tokens;     /* [token_count] those that stand here */
    size_t count, cap, token_count, token_cap;
    double variance, prior; /* of the effects of tokens here; noise / variance */
    double share;           /* ... as learnt, of that of the rewards; 0: the usual */
    double to_come;         /* variance of the effects below this depth */
} MtsLevel;

typedef struct MtsEstimate {
    double lambda, shrinkage;
    MtsTokenEffect *tokens; /* [token_count] of (depth, token) */
    uint64_t *keys;         /* [token_count] depth << 32 | token */
    uint32_t *slots;        /* [slot_count] index in tokens + 1, open addressing; 0: empty */
    size_t token_count, token_cap, key_cap, slot_count;
    MtsLevel *levels;    /* [level_count] by depth */
    uint32_t *spot_of;   /* [spot_cap] by node id: index in its level + 1; 0: none */
    const MtsNode **way; /* scratch, [way_cap] */
    size_t level_count, level_cap, spot_cap, way_cap;
    const MtsNode **texts; /* [text_count] finished and scored */
    double *left;          /* scratch of a fit, [text_count] */
    size_t text_count, text_cap, left_cap;
    size_t fitted;       /* texts of the last fit */
    double mean, length; /* mu; mean tokens of a text */
    double noise, token_variance, prefix_variance;
    double token_prior, prefix_prior; /* pseudo-counts: noise / variance */
    double variance;                  /* of the rewards, beyond what was expected */
    double trust;                     /* b */
    double noise_share, prefix_share; /* as learnt, of variance; 0: the usual */
    const MtsExperience *experience;  /* NULL: none */
} MtsEstimate;

/* Of a prefix: the reward to expect below it, and the variance of what is unknown about it. */
typedef struct MtsOutlook {
    double mean, variance;
    double to_come;                    /* by experience: the part of the mean that is */
    int32_t last[MTS_TURN_TOKENS - 1]; /* tokens, the last one first */
} MtsOutlook;

/* The tokens before a node's own, the last one first. */
void mts_turn_before(const MtsNode *node, int32_t last[MTS_TURN_TOKENS - 1]);

/* shrinkage: c >= 0 of docs/algorithm.md. Zeroed memory otherwise; free even when something failed. e->experience may
 * be set then. */
void mts_estimate_init(MtsEstimate *e, double lambda, double shrinkage);
void mts_estimate_free(MtsEstimate *e);

/* Takes a finished, scored text, which must not have been added before; kept by reference. Where the reward scores
 * prefixes, those of the text are scored by now. false: memory ran out. */
bool mts_estimate_add(MtsEstimate *e, const MtsNode *text);

/* Whether what was learnt of `before` is to be made anew for `now`: always of few, when they have grown by 1/64 of
 * many, by 1/16 of thousands. */
static inline bool mts_estimate_is_due(size_t before, size_t now)
{
    return now > before && now - before >= now / (now < 1024 ? 64 : 16);
}

/* Takes in what was added: at once for few texts, more rarely for many. true: there is a new fit. A fit passes each
 * prefix of the added texts some ten times, however many of them share it. */
bool mts_estimate_fit(MtsEstimate *e);

MtsOutlook mts_estimate_root(const MtsEstimate *e);

/* One token further, to depth `depth` >= 1. node: the prefix there where the tree knows it or its reward is there, else
 * NULL. */
MtsOutlook mts_estimate_step(const MtsEstimate *e, MtsOutlook outlook, size_t depth, int32_t token,
                             const MtsNode *node);

/* log E: of the mean tilt to expect of texts below a prefix of this depth; finished: of the one text it is. 0 while
 * there is nothing to go by. */
double mts_estimate_log(const MtsEstimate *e, MtsOutlook outlook, size_t depth, bool finished);

/* lambda times what a scored prefix is expected to add when prefix rewards are trusted this much; 0 for one that is not
 * scored, -infinity where its reward is. */
double mts_estimate_gain(const MtsEstimate *e, double trust, const MtsNode *node);

/* The largest effect of a token at a depth, in units of the reward; -infinity where none has one. */
double mts_estimate_highest(const MtsEstimate *e, size_t depth);

/* lambda times the effect of a token at a depth: what its being there does to log E wherever no prefix is known. */
double mts_estimate_token(const MtsEstimate *e, size_t depth, int32_t token);

#endif
