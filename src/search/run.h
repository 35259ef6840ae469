/* search/run.h - one search under way: what every method stands on, and what a method is.
 *
 * A method is either a population method (run() does everything: beam, SMC, ...) or a rollout method, which
 * the driver of search/rollouts.c leads: rollouts draw their texts token by token, several in flight share a
 * forward step, and are backed up one by one in the order of their index. Both use the services below, and
 * only these evaluate positions, ask rewards, count cost and draw. */
#ifndef MTS_SEARCH_RUN_H
#define MTS_SEARCH_RUN_H

#include <maxts/search.h>

#include "core/error.h"
#include "core/rng.h"
#include "search/asker.h"
#include "search/chance.h"
#include "search/logs.h"
#include "search/node.h"
#include "search/record/checkpoint.h"
#include "search/settings.h"

typedef struct MtsRun MtsRun;
typedef struct MtsRollout MtsRollout;

/* One token of a rollout, kept for the trace and the checkpoint; its token and prior are the node's. */
typedef struct MtsChoice {
    double log_q;            /* log of its probability under the proposal */
    double unseen, unseen_q; /* after the backup: what the method must know about the node it was drawn at when
                              * a resumed search has no distribution there (maxent-ts: prior and proposal mass
                              * of unknown children) */
} MtsChoice;

struct MtsRollout {
    size_t index;
    MtsNode *node;      /* where it stands; at backup: the finished text, or the prefix that nothing may follow */
    MtsChoice *choices; /* [node->depth] */
    size_t choice_cap;
    MtsNode **asides; /* [aside_count] texts it has scored beside its own (mts_run_aside), rewards there at backup */
    size_t aside_count, aside_cap;
    size_t left_at; /* tokens that were drawn at known nodes before it left the tree */
    double log_q;   /* sum over choices */
    double own;     /* a method's own number, set by start() */
    double share;   /* maxent-ts: e(s) where it stands */
    size_t started; /* rollouts backed up when it selected */
    double log_z;   /* set by backup(): log of this rollout's estimate of Z; NaN where there is none */
    bool in_tree;   /* still among nodes that were known when it started */
    bool dead;      /* no token may follow: a text without a part in the target */
    bool fresh;     /* at backup: no earlier rollout ended here */
    bool recorded;  /* read from a checkpoint: choices are complete, the model was not asked */
};

typedef enum MtsAnswersKind {
    MTS_ANSWERS_WEIGHTED, /* answers in proportion to exp(log_weight) */
    MTS_ANSWERS_POINT,    /* the answer is the one of the largest reward */
    MTS_ANSWERS_MAP       /* the answer is the one of the largest log p + lambda r */
} MtsAnswersKind;

typedef struct MtsMethodOps {
    const char *name;
    MtsAnswersKind answers;
    size_t node_bytes, run_bytes; /* a method's own data: mts_node_data(), run->own; zeroed */

    /* Population methods: the whole search, up to run->stop_reason. NULL for rollout methods. */
    int (*run)(MtsRun *run, MtsError *err);

    /* Rollout methods that have a way of their own where the reward scores prefixes: the whole search between begin()
     * and finish(), up to run->stop_reason. NULL: the driver leads those searches too. */
    int (*waves)(MtsRun *run, MtsError *err);

    /* Rollout methods. begin() may be NULL: before the first rollout, the root is evaluated;
     * end() may be NULL: frees what own points to. start() may be
     * NULL: the tree as rollout->index must see it. choose() draws an entry of rollout->node->dist and the
     * log of the probability it had; while rollout->in_tree it is called right after start(), on the same
     * tree; after that it may depend on the node's dist alone (mts_draw_prior), for the tree grows
     * meanwhile. backup() gets the rollouts in the order of their index, node->reward known (or
     * rollout->dead), mts_node_visit() done along its path. */
    int (*begin)(MtsRun *run, MtsError *err);
    void (*end)(MtsRun *run);
    int (*start)(MtsRun *run, MtsRollout *rollout, MtsError *err);
    int (*choose)(MtsRun *run, MtsRollout *rollout, size_t *entry, double *log_q, MtsError *err);
    int (*backup)(MtsRun *run, MtsRollout *rollout, MtsError *err);

    /* All may be NULL. exhausted: nothing is left to find. estimate: log of the estimate of Z and its standard
     * error, NaN while there is none. leader: the leading answer's share of the estimated pi*, for
     * settings.mass_tolerance. finish: called once after the last backup, before what follows. policy: of tree
     * methods, for a known unfinished node: the log of the answer policy of each entry, into out[dist.count].
     * beyond: of tree methods, may be NULL: log of the factor that the answer policy gives a token at a depth
     * beyond the tree, relative to p. value: of tree methods: log of the estimate of E[exp(lambda r)] below a known
     * node (lambda times its soft value). */
    bool (*exhausted)(const MtsRun *run);
    void (*estimate)(const MtsRun *run, double *log_z, double *se);
    double (*leader)(MtsRun *run);
    int (*finish)(MtsRun *run, MtsError *err);
    void (*policy)(const MtsRun *run, const MtsNode *node, double *out);
    double (*beyond)(const MtsRun *run, size_t depth, int32_t token);
    double (*value)(const MtsRun *run, const MtsNode *node);
    /* unseen: for settings.complete_sample, after finish(): the share that the policy leaves to texts not seen.
     * inspect: three numbers that the method knows at a node, for the trace; NaN and infinite ones are allowed. */
    double (*unseen)(const MtsRun *run);
    void (*inspect)(const MtsRun *run, const MtsNode *node, double out[3]);
} MtsMethodOps;

typedef struct MtsRunAnswer {
    MtsNode *node;
    double log_weight;
} MtsRunAnswer;

/* For a replay: a search that the clock or the caller cut short kept these rollouts and no others. */
typedef struct MtsStopPoint {
    const char *reason;
    size_t whole;         /* rollouts 0 .. whole - 1 */
    const size_t *others; /* [count] and these, ascending */
    size_t count;
    size_t waves, steps; /* of searches in waves, instead: this many whole ones, and one after this many steps */
} MtsStopPoint;

struct MtsRun {
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
    uint64_t decode_tokens;
    size_t done;       /* rollouts backed up (population methods: texts finished) */
    double reward_sum; /* of rewarded_texts texts, those that rollouts ended in */
    size_t rewarded_texts;
    size_t waves, wave_steps; /* searches in waves: whole ones so far; steps of the one under way, or of the last */
    double *wave_log_z;       /* [waves] log of each one's own estimate of Z */
    size_t wave_cap;
    const char *stop_reason;
    double began; /* mts_seconds() */

    MtsRunAnswer *answers; /* distinct scored texts, in the order they were added */
    size_t answer_count, answer_cap;
    MtsNode *sampled; /* the text drawn for settings.complete_sample from those not seen; NULL: none */
    bool sampling;    /* that rollout is under way */
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

#define MTS_METHOD_LAST MTS_MAXENT_TS

/* The method's table; NULL when this build has none for it. */
const MtsMethodOps *mts_method_ops(MtsMethod method);

/* MTS_EREQUEST with a sentence for a setting outside its range. */
int mts_search_check(const MtsSearchModel *model, const MtsSearchSettings *settings, MtsError *err);

/* Makes a search (settings checked by the caller) and leads it to its stop; the run stays for mts_run_result(),
 * policies and proofs. *run is set (and mts_run_free() due) on failure too, unless it is NULL. mts_run() does
 * both. */
int mts_run_new(MtsRun **run, const MtsSearchModel *model, const MtsSearchReward *reward,
                const MtsSearchSettings *settings, const MtsEventSink *sink, MtsError *err);
int mts_run_go(MtsRun *run, MtsError *err);
int mts_run(MtsRun **run, const MtsSearchModel *model, const MtsSearchReward *reward, const MtsSearchSettings *settings,
            const MtsEventSink *sink, const MtsScript *script, MtsError *err);
void mts_run_free(MtsRun **run);

/* search/rollouts.c */
int mts_run_rollouts(MtsRun *run, MtsError *err);
/* One more rollout on the tree as it is, for run->sampled; no part of checkpoints. */
int mts_run_one_more(MtsRun *run, MtsError *err);
void mts_rollout_free(MtsRollout *rollout);
/* A backed-up rollout's events, from its first token on. */
int mts_rollout_tell(MtsRun *run, const MtsRollout *rollout, MtsError *err);
/* After a backup: why nothing more need be started ("exhausted", "log_z", "mass"); NULL: go on. */
const char *mts_run_settled(MtsRun *run);

/* search/result.c */
int mts_run_tree(MtsRun *run, MtsSearchResult *result, MtsError *err); /* search/tree.c: for settings.keep_tree */
int mts_run_result(MtsRun *run, MtsSearchResult **result, MtsError *err);

/* Whether a rollout is certain to fit into settings.max_nfe, each before it at its dearest. Only such ones may count in
 * a mean: how many more there are depends on what they found. */
static inline bool mts_run_is_certain(const MtsRun *run, size_t rollout)
{
    uint64_t each = run->model->max_tokens - 1;
    return run->settings.max_nfe == 0 || each == 0 || rollout < run->settings.max_nfe / each;
}

/* ---- services ---- */

/* The child by an entry of an evaluated node's distribution: made when it is new; NULL: memory ran out. */
MtsNode *mts_run_child(MtsRun *run, MtsNode *node, size_t entry);

/* Evaluates those of the n unfinished nodes that are not yet; each one's parent is evaluated. One forward
 * step of at most settings.batch positions after the other, in the order given. */
int mts_run_evaluate(MtsRun *run, MtsNode *const *nodes, size_t n, MtsError *err);

/* Evaluates one node, and before it what a resumed search has not evaluated above it. */
int mts_run_need(MtsRun *run, MtsNode *node, MtsError *err);

/* An evaluated node that nothing may follow. */
static inline bool mts_node_is_dead(const MtsNode *node)
{
    return node->evaluated && node->dist.log_mass == -HUGE_VAL;
}

/* Asks the reward of a node unless that was done, without waiting. */
int mts_run_ask(MtsRun *run, MtsNode *node, MtsError *err);
/* Waits for it. Then node->scored. */
int mts_run_await(MtsRun *run, MtsNode *node, MtsError *err);
/* Both for n nodes (texts, or prefixes where reward->prefixes), all asked before the first is awaited. */
int mts_run_score(MtsRun *run, MtsNode *const *nodes, size_t n, MtsError *err);

/* For a rollout method, from choose(): asks the reward of a finished child of rollout->node as well, whose prior is
 * known and needs no position, and lists it in rollout->asides. At backup() the method decides what that
 * changes; where it takes the text into the tree it calls mts_node_visit() on it, if it has no visits yet. */
int mts_run_aside(MtsRun *run, MtsRollout *rollout, MtsNode *text, MtsError *err);

/* Adds a scored text to the answers, or log_weight (as a sum of weights) to the answer it is already. */
int mts_run_answer(MtsRun *run, MtsNode *node, double log_weight, MtsError *err);

static inline double mts_run_tilt(const MtsRun *run, const MtsNode *node)
{
    return mts_log_tilt(run->settings.lambda, node->reward);
}

/* True when the caller's stop flag is raised or the time is over; sets run->stop_reason then. */
bool mts_run_stopped(MtsRun *run);
/* ... and whether that is why the search has stopped. */
bool mts_run_is_cut_short(const MtsRun *run);

/* The stream of random numbers for token `step` of rollout (or particle) `stream`. */
static inline MtsRng mts_run_rng(const MtsRun *run, uint64_t stream, size_t step)
{
    return mts_rng(run->settings.seed, stream, (uint32_t)step);
}

/* The proposal outside the tree: p at settings.temperature. The weight of an entry (unnormalised;
 * node->proposal_mass is the sum over the node's entries), and the log of its share. */
double mts_proposal_weight(const MtsRun *run, const MtsNode *node, size_t entry);
double mts_proposal_log(const MtsRun *run, const MtsNode *node, size_t entry);

/* The sum of the weights of the entries from `from` on. */
double mts_proposal_rest(const MtsRun *run, const MtsNode *node, size_t from);

/* Draws an entry in proportion to its proposal weight: among all, among those from `from` on, or among those of them
 * that are no known children, whose weights sum to `mass`. False when memory ran out. */
bool mts_draw_prior(MtsRun *run, MtsRng *rng, const MtsNode *node, size_t *entry);
bool mts_draw_rest(MtsRun *run, MtsRng *rng, const MtsNode *node, size_t from, double mass, size_t *entry);
bool mts_draw_unknown(MtsRun *run, MtsRng *rng, const MtsNode *node, size_t from, double mass, size_t *entry);

/* Room for n weights at run->weights; false: memory ran out. */
bool mts_run_weights(MtsRun *run, size_t n);

int mts_run_emit(MtsRun *run, MtsEvent *event, MtsError *err); /* fills in the counters common to all */
int mts_out_of_memory(MtsError *err);

#endif
