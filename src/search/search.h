/* search/search.h - a search under way, and the services that every method stands on.
 *
 * Only these, and those of search/positions.h and search/proposal.h, evaluate positions, draw, ask rewards, count cost
 * and tell the sink. What a method is says search/method.h; search/driver.h leads one from its settings to its result.
 */
#ifndef MTS_SEARCH_SEARCH_H
#define MTS_SEARCH_SEARCH_H

#include <maxts/search.h>

#include "core/error.h"
#include "core/json.h"
#include "core/rng.h"
#include "search/asker.h"
#include "search/chance.h"
#include "search/logs.h"
#include "search/method.h"
#include "search/node.h"
#include "search/record/checkpoint.h"

typedef struct MtsWeighted { /* a text and its weight */
    MtsNode *node;
    double log_weight;
} MtsWeighted;

/* For a replay: a search that the clock or the caller cut short kept these rollouts and no others. */
typedef struct MtsStopPoint {
    const char *reason;
    size_t whole;         /* rollouts 0 .. whole - 1 */
    const size_t *others; /* [count] and these, ascending */
    size_t count;
    const json_t *line; /* what the trace says of its stop: the method's own part, by its write_stop(), is there */
} MtsStopPoint;

struct MtsSearch {
    const MtsSearchModel *model;
    const MtsSearchReward *reward;
    MtsSearchSettings settings;
    const MtsEventSink *sink; /* may be NULL */
    const MtsScript *script;  /* in place of the random stream; NULL outside proofs */
    const MtsMethodOps *ops;
    const MtsStopPoint *cut; /* NULL outside replays of such searches */
    void *own;               /* the method's */

    MtsNodes nodes;
    MtsAsker *asker;
    MtsCheckpoint *checkpoint; /* NULL: no checkpoints */
    uint64_t nfe;              /* distinct prefixes evaluated after the prompt */
    uint64_t charged;          /* those that backed-up rollouts passed */
    uint64_t reward_calls;     /* rewards taken: of distinct texts and prefixes */
    uint64_t decode_tokens;
    size_t steps_taken; /* by population methods: those of mts_population_extend() */
    size_t done;        /* rollouts backed up (population methods: texts finished) */
    double reward_sum;  /* of rewarded_texts texts, those that rollouts ended in */
    size_t rewarded_texts;
    const char *stop_reason;
    double began; /* mts_seconds() */

    MtsWeighted *answers; /* distinct scored texts, in the order they were added */
    size_t answer_count, answer_cap;
    MtsNode *sampled; /* the text drawn for settings.complete_sample from those not seen; NULL: none */
    bool sampling;    /* that rollout is under way, or `last` is backed up: no part of the estimate of Z */
    MtsNode *last;    /* the text that a search cut short before any was finished ends with; NULL: none */
    MtsNode *best;    /* the answer of the largest reward; NULL: none yet */

    MtsRollout **log; /* [log_count] backed-up rollouts by index (rollout methods) */
    size_t log_count, log_cap;

    double *weights; /* scratch, [weight_cap] */
    size_t weight_cap;
    MtsSearchStep *steps; /* scratch, [settings.batch] */
    MtsNode **stepped;    /* scratch, [settings.batch] */
    int32_t *tokens;      /* scratch, [model->max_tokens] */
};

/* Random numbers for the drawn answer are those of a rollout that no search can reach. */
#define MTS_SAMPLE_STREAM UINT64_MAX

/* The stream of random numbers for token `step` of rollout (or particle) `stream`. */
static inline MtsRng mts_search_rng(const MtsSearch *search, uint64_t stream, size_t step)
{
    return mts_rng(search->settings.seed, stream, (uint32_t)step);
}

/* ---- nodes ---- */

/* Whether a text of this depth that ends with `token` is finished. */
static inline bool mts_search_ends(const MtsSearch *search, size_t depth, int32_t token)
{
    return depth >= search->model->max_tokens || search->model->is_end(search->model->context, token);
}

/* An evaluated node that nothing may follow. */
static inline bool mts_node_is_dead(const MtsNode *node)
{
    return node->evaluated && node->dist.log_mass == -HUGE_VAL;
}

/* The entry of a known child in its parent's distribution. */
static inline size_t mts_node_entry(const MtsNode *node, int32_t token)
{
    size_t entry = 0;
    while (node->dist.tokens[entry] != token) {
        entry++;
    }
    return entry;
}

/* Whether no known child has this entry's token. */
static inline bool mts_search_unknown(const MtsSearch *search, const MtsNode *node, size_t entry)
{
    const MtsNode *child = mts_nodes_find(&search->nodes, node, node->dist.tokens[entry]);
    return !child || child->visits == 0;
}

/* ---- rewards and answers ---- */

/* Asks the reward of a node unless that was done, without waiting. */
int mts_search_ask(MtsSearch *search, MtsNode *node, MtsError *err);
/* Whether the reward of a node that was asked for is there; waits up to `seconds`. */
bool mts_search_answered(MtsSearch *search, const MtsNode *node, double seconds);
/* Waits for it. Then node->scored. */
int mts_search_await(MtsSearch *search, MtsNode *node, MtsError *err);
/* Asks and awaits n nodes (texts, or prefixes where reward->prefixes), all asked before the first is awaited. */
int mts_search_score(MtsSearch *search, MtsNode *const *nodes, size_t n, MtsError *err);

static inline double mts_search_tilt(const MtsSearch *search, const MtsNode *node)
{
    return mts_log_tilt(search->settings.lambda, node->reward);
}

/* Adds a scored text to the answers, or log_weight (as a sum of weights) to the answer it is already. */
int mts_search_answer(MtsSearch *search, MtsNode *node, double log_weight, MtsError *err);

/* A rollout (or particle, or beam) has ended in this text: it counts in the mean reward. */
void mts_search_count_text(MtsSearch *search, MtsNode *text);

/* ---- stopping and telling ---- */

/* True when the caller's stop flag is raised or the time is over; sets search->stop_reason then. */
bool mts_search_stopped(MtsSearch *search);
/* ... and whether that is why the search has stopped. */
bool mts_search_is_cut_short(const MtsSearch *search);

int mts_search_emit(MtsSearch *search, MtsEvent *event, MtsError *err); /* fills in the counters common to all */

/* Whether all that there is is a text that was not finished: it stands in the tree as if it were one, and what is known
 * is no part of Z then. */
static inline bool mts_search_broke_off(const MtsSearch *search)
{
    return search->last && !search->last->finished;
}

/* Whether a rollout is certain to fit into settings.max_nfe, each before it at its dearest. Only such ones may count in
 * a mean: how many more there are depends on what they found. */
static inline bool mts_search_is_certain(const MtsSearch *search, size_t rollout)
{
    uint64_t each = search->model->max_tokens - 1;
    return search->settings.max_nfe == 0 || each == 0 || rollout < search->settings.max_nfe / each;
}

/* Whether the method leads this search in a way of its own because the reward scores prefixes. Where nothing is tilted
 * (lambda 0) prefixes tell nothing that counts. */
static inline bool mts_search_is_led_by_prefixes(const MtsSearch *search)
{
    return search->reward->prefixes && search->settings.lambda > 0 && search->ops->lead_prefixes;
}

/* Room for n weights at search->weights; false: memory ran out. */
bool mts_search_weights(MtsSearch *search, size_t n);

int mts_out_of_memory(MtsError *err);

#endif
