/* search/method.h - what a method is: a table of operations. search/methods/methods.h lists them.
 *
 * A method is either a population method (lead() does everything: beam, SMC, ...) or a rollout method, which
 * the driver of search/rollouts.c leads: rollouts draw their texts token by token, several in flight share a
 * forward step, and are backed up one by one in the order of their index. All speak of the same four things:
 *
 *     select     choose a token, or what goes on, among what is there
 *     extend     evaluate the prefixes that were chosen: the forward step
 *     score      ask rewards
 *     back up    take finished texts into what the search knows
 *
 * A method's own data stand behind each node, rollout and search, and nobody else reads them; what they must outlive
 * in a checkpoint, a trace or a replay the method reads and writes itself, by the operations of the last group. */
#ifndef MTS_SEARCH_METHOD_H
#define MTS_SEARCH_METHOD_H

#include <maxts/search.h>

#include "core/error.h"
#include "core/json.h"
#include "core/mem.h"
#include "search/node.h"

typedef struct MtsSearch MtsSearch;   /* search/search.h */
typedef struct MtsRollout MtsRollout; /* search/rollout.h */

enum { MTS_CHOICE_KEPT = 2 }; /* numbers of a method's own that go with a token of a rollout: MtsChoice.kept */

typedef enum MtsAnswersKind {
    MTS_ANSWERS_WEIGHTED, /* answers in proportion to exp(log_weight) */
    MTS_ANSWERS_POINT,    /* the answer is the one of the largest reward */
    MTS_ANSWERS_MAP       /* the answer is the one of the largest log p + lambda r */
} MtsAnswersKind;

typedef enum MtsAsks {                   /* how a constraint on texts reaches the method */
                       MTS_MASKS,        /* as tokens that the distributions lack */
                       MTS_ASKS_TEXTS,   /* as a reward of minus infinity: of whole texts */
                       MTS_ASKS_PREFIXES /* and of prefixes */
} MtsAsks;

typedef struct MtsMethodOps {
    MtsAnswersKind answers;
    MtsAsks asks;
    const char *bias; /* of its estimate of Z at any budget: why it has one; NULL: none */
    /* Of settings.in_flight where it is automatic: the most there are, 0 for the usual number; and in a wave, 0 where
     * it makes none. */
    size_t most_in_flight, most_in_a_wave;
    /* A method's own data, zeroed: mts_node_data(), mts_rollout_data(), search->own. */
    size_t node_bytes, rollout_bytes, search_bytes;

    /* ---- the whole search, up to search->stop_reason ---- */

    /* Population methods; NULL for rollout methods. */
    int (*lead)(MtsSearch *search, MtsError *err);
    /* Rollout methods that have a way of their own where the reward scores prefixes, between begin() and finish().
     * NULL: the driver leads those searches too. */
    int (*lead_prefixes)(MtsSearch *search, MtsError *err);

    /* ---- rollout methods; all but choose() and backup() may be NULL ---- */

    /* begin: before the first rollout, the root is evaluated. end: frees what own points to; end_rollout: what a
     * rollout's data point to. may_start: whether rollout `index` need not wait for more of those before it, a function
     * of how many are backed up; NULL: none waits. start: the tree as rollout->index must see it. choose: draws an
     * entry of rollout->node->dist and the log of the probability it had; while rollout->in_tree it is called right
     * after start(), on the same tree; after that it may depend on the node's dist alone (mts_draw_prior), for the tree
     * grows meanwhile. It may set rollout->dead instead: the text is given up there. ready: whether what choose()
     * asked for beside the rollout's text is answered, waiting up to `seconds` for each. backup: gets the rollouts in
     * the order of their index, node->reward known (or rollout->dead), mts_node_visit() done along its path. */
    int (*begin)(MtsSearch *search, MtsError *err);
    void (*end)(MtsSearch *search);
    void (*end_rollout)(MtsRollout *rollout);
    bool (*may_start)(const MtsSearch *search, size_t index);
    int (*start)(MtsSearch *search, MtsRollout *rollout, MtsError *err);
    int (*choose)(MtsSearch *search, MtsRollout *rollout, size_t *entry, double *log_q, MtsError *err);
    bool (*ready)(MtsSearch *search, const MtsRollout *rollout, double seconds);
    int (*backup)(MtsSearch *search, MtsRollout *rollout, MtsError *err);

    /* ---- what it amounts to; all may be NULL ---- */

    /* exhausted: nothing is left to find. estimate: log of the estimate of Z and its standard error, NaN while there is
     * none. whole: of an exhausted search: log of the mean that all rollouts that were asked for would have come to.
     * interval: logs of two ends that Z is between in 95 of a hundred searches, NaN while there are none. leader: the
     * leading answer's share of the estimated pi*, for settings.mass_tolerance. finish: called once after the last
     * backup, before what follows. policy: of tree methods, for a known unfinished node: the log of the answer policy
     * of each entry, into out[dist.count]. beyond: of tree methods: log of the factor that the answer policy gives a
     * token at a depth beyond the tree, relative to p. value: of tree methods: log of the estimate of
     * E[exp(lambda r)] below a known node (lambda times its soft value). unseen: for settings.complete_sample, after
     * finish(): the share that the policy leaves to texts not seen. */
    bool (*exhausted)(const MtsSearch *search);
    void (*estimate)(const MtsSearch *search, double *log_z, double *se);
    double (*whole)(const MtsSearch *search);
    void (*interval)(const MtsSearch *search, double *low, double *high);
    double (*leader)(MtsSearch *search);
    int (*finish)(MtsSearch *search, MtsError *err);
    void (*policy)(const MtsSearch *search, const MtsNode *node, double *out);
    double (*beyond)(const MtsSearch *search, size_t depth, int32_t token);
    double (*value)(const MtsSearch *search, const MtsNode *node);
    double (*unseen)(const MtsSearch *search);
    /* For settings.teach: what it adds to experience, as text, or nothing. false: memory ran out. */
    bool (*lesson)(const MtsSearch *search, MtsBytes *out);

    /* ---- its part of records; all may be NULL ---- */

    /* choice_fields: names of MtsChoice.kept[] in a checkpoint's line of a rollout. write_rollout: fields
     * (",\"name\":value") at the end of that line; false: memory ran out. read_rollout: them again; the name of a
     * field that is missing or out of range, or NULL; *rc is MTS_ENOMEM when memory ran out. inspect: three numbers
     * that the method knows at a node, for the trace; NaN and infinite ones are allowed. write_stop: fields of the
     * trace's last event, of a search that was cut short: what a replay must know to stop there, by search->cut. */
    const char *choice_fields[MTS_CHOICE_KEPT];
    bool (*write_rollout)(const MtsRollout *rollout, MtsBytes *line);
    const char *(*read_rollout)(MtsSearch *search, MtsRollout *rollout, const json_t *line, int *rc);
    void (*inspect)(const MtsSearch *search, const MtsNode *node, double out[3]);
    bool (*write_stop)(const MtsSearch *search, MtsBytes *line);
} MtsMethodOps;

/* The method's table; NULL where there is none (search/methods/registry.c). */
const MtsMethodOps *mts_method_ops(MtsMethod method);

#endif
