/* maxts/search.h - search over token sequences. It sees callbacks, never a model, a tokenizer or a text.
 *
 * Target (docs/algorithm.md): pi*(x) = p(x) exp(lambda r(x)) / Z over finished sequences x, where p is the
 * model's next-token distribution at temperature 1. A distribution may sum to less than 1: what a filter or
 * a constraint took away has no part in the target, which is then the conditional of pi* on what is left.
 */
#ifndef MAXTS_SEARCH_H
#define MAXTS_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <maxts/api.h>
#include <maxts/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the model, as search sees it ---- */

typedef struct MtsState MtsState; /* opaque handle to a prefix, owned by the model side, refcounted by it */

/* A next-token distribution. Entries are in descending logp, ties by ascending token. */
typedef struct MtsDist {
    size_t count;          /* entries; 0 when nothing may follow */
    const int32_t *tokens; /* [count] */
    const double *logp;    /* [count] natural log of p(token | prefix) at temperature 1, as the target counts it;
                            * -HUGE_VAL for a token that cannot follow */
    double log_mass;       /* log of the sum of exp(logp) over the entries: 0 when nothing was cut away */
} MtsDist;

typedef struct MtsSearchStep {
    MtsState *state; /* borrowed: the prefix that is extended */
    int32_t token;   /* by this token, which does not end the text */
    MtsState *next;  /* out: the longer prefix; search owns one reference */
    MtsDist dist;    /* out: what may follow it; arrays owned by `next`, valid while it is retained */
} MtsSearchStep;

typedef struct MtsSearchModel {
    void *context;
    MtsState *root;    /* the prompt; borrowed */
    MtsDist root_dist; /* valid while root lives */
    size_t max_tokens; /* texts end at this length at the latest, >= 1 */
    /* Evaluates n positions. This is where NFE is counted: n per call. Must give each step the same bits
     * whatever else is in the batch. On failure it returns a code with a sentence, and no step has a `next`. */
    int (*extend)(void *context, MtsSearchStep *steps, size_t n, MtsError *err);
    bool (*is_end)(void *context, int32_t token);
    void (*retain)(void *context, MtsState *state);
    void (*release)(void *context, MtsState *state);
    /* May be NULL. Whether extend() has this step's position already, so that it costs nothing: rollouts go on by such
     * steps without waiting for the others. Never changes a result. */
    bool (*ready)(void *context, const MtsState *state, int32_t token);
} MtsSearchModel;

/* ---- the reward, as search sees it ---- */

typedef struct MtsCandidate {
    const int32_t *tokens; /* [count], the end token included where there is one */
    size_t count;
    double logp;   /* log p(tokens | prompt) */
    bool finished; /* false: a prefix, asked of rewards that score prefixes */
} MtsCandidate;

typedef struct MtsSearchReward {
    void *context;
    bool prefixes; /* score() accepts unfinished candidates */
    bool bounds;   /* ... whose value is that of the best text they can become */
    int workers;   /* how many threads may call score() at once; 0: only the searching thread */
    /* *value is finite, or -HUGE_VAL for a text that must have no part in the target. Anything else is a
     * failure with a sentence. Deterministic in the candidate. */
    int (*score)(void *context, const MtsCandidate *candidate, double *value, MtsError *err);
} MtsSearchReward;

/* ---- settings ---- */

typedef enum MtsMethod {
    MTS_GREEDY,
    MTS_SAMPLE,
    MTS_BEAM,
    MTS_BEST_OF_N,
    MTS_STOCHASTIC_BEAM,
    MTS_METROPOLIS,
    MTS_SMC,
    MTS_MCTS,
    MTS_DTS,
    MTS_DTS_STAR,
    MTS_REJECTION,
    MTS_ADAPTIVE_REJECTION,
    MTS_CARS,
    MTS_AWRS_SMC,
    MTS_MAXENT_TS,
    MTS_METHOD_COUNT /* how many there are */
} MtsMethod;

typedef enum MtsResampling { MTS_MULTINOMIAL, MTS_STRATIFIED, MTS_SYSTEMATIC } MtsResampling;

/* What finished searches of one data set have taught, for the next ones (search/experience.c): where the reward scores
 * prefixes, E of maxent-ts begins from it, and the estimate of Z stays as unbiased as it is. A search teaches where
 * settings.teach asks it to. The same lessons in any order are the same experience. */
typedef struct MtsExperience MtsExperience;

MTS_API int mts_experience_new(MtsExperience **out, MtsError *err);
MTS_API void mts_experience_free(MtsExperience **experience);
/* lesson: MtsSearchResult.lesson of a search of the same model under a reward of the same kind. */
MTS_API int mts_experience_take(MtsExperience *experience, const char *lesson, MtsError *err);

/* The one way to leave a value to the library: MTS_AUTO for a size, NAN (of <math.h>) for a real. in_flight,
 * temperature, best_first, sweep, look_ahead and reward_first can be left so; what they become follows from the other
 * settings and the reward, and where a search is resumed, all but temperature are the checkpoint's. */
#define MTS_AUTO ((size_t)-1)

/* mts_search_defaults() fills in every default; zero is not a default. Ranges: docs/cli.md. */
typedef struct MtsSearchSettings {
    MtsMethod method;   /* default MTS_MAXENT_TS */
    uint64_t seed;      /* default 0 */
    double lambda;      /* inverse temperature of the reward, >= 0; default 1 */
    size_t rollouts;    /* finished texts (beams, particles) asked for, >= 1; default 10 */
    size_t in_flight;   /* B: rollouts selected before the first of them is backed up, >= 1; default 1. maxent-ts where
                         * the reward scores prefixes: the rollouts of a wave, which compete at every token. MTS_AUTO:
                         * the rollouts, at most 16; mcts, dts, dts-star, adaptive-rejection, cars 1; in waves three
                         * quarters of them, at most 12 */
    size_t batch;       /* most positions per extend() call, >= 1; default 64; never changes a result */
    double temperature; /* of the proposal a rollout draws from, > 0; default 1; never changes the target. NAN: the one
                         * that tokens are cut at (maxts/engine.h), 1 where nothing is cut */
    /* beam, mcts, dts, dts-star */
    size_t expansion;      /* k: children per expansion (mcts, dts); default 3 */
    bool use_uct;          /* mcts: UCT rather than PUCT; default true */
    double c_uct;          /* exploration constant; default 1 */
    double widening_c;     /* dts-star: |children| < C N^alpha; default 2 */
    double widening_alpha; /* default 0.65 */
    /* smc */
    MtsResampling resampling; /* default MTS_SYSTEMATIC */
    double ess_threshold;     /* resample when ESS < threshold * particles, in [0, 1]; default 0.5 */
    /* maxent-ts */
    double shrinkage;        /* c: how little of a reward its tokens are taken to explain, >= 0; default 3 */
    double exploration;      /* epsilon: share of rollouts that select by prior alone, in [0, 1]; default 0.1. In
                              * waves (in_flight, above) it has no effect */
    double best_first;       /* share of the rollouts that go to the best unknown continuation and on by the likeliest
                              * tokens instead of being drawn, evenly spread; they have no part in the estimate of Z. In
                              * [0, 1]; default 0.8. In waves it has no effect. NAN: 0.8, but of a model file 0 where
                              * lambda is above 0 or there is no constraint (maxts/engine.h) */
    size_t best_first_after; /* the first so many rollouts, and the very first, are all drawn, and the best-first ones
                              * wait until those are backed up, however many may be in flight; default 3 */
    double level;       /* drawn rollouts tell how much of the unseen mass that was expected is there, each at most so
                         * much of it; the policy's share for texts not seen follows. 0: it keeps to what is
                         * expected. In [0, 100]; default 2. In waves it has no effect */
    double index_power; /* the i-th rollout that counts in the estimate of Z weighs i to this power, in [0, 10]; default
                         * 1. Waves weigh the same */
    size_t sweep;       /* finished continuations scored at each position that a rollout passes, the likeliest:
                         * they cost reward calls and no positions; 0: the drawn one alone; default 16. MTS_AUTO: 16,
                         * or 0 where a call of the reward is slow (it has workers) */
    size_t look_ahead; /* smc too; where the reward scores prefixes: the likeliest next tokens whose prefixes are scored
                        * before one is drawn, reward calls and no positions; default 8. MTS_AUTO: 8, or 0 as above */
    size_t reward_first; /* 1: the first rollout is not drawn: where the reward scores prefixes it goes on by whatever
                          * token that likes best (of at most the 1,024 likeliest), to the text that it has in mind. It
                          * has no part in the estimate of Z. Left out where max_nfe has no room for another rollout. In
                          * [0, 1]; default 0. MTS_AUTO: 1 where the reward is one that bounds, 0 otherwise */
    /* budget: 0 means no limit */
    uint64_t max_nfe;       /* default 0 */
    double max_seconds;     /* default 0 */
    double grace_seconds;   /* for the leading text, which a search that the clock or `stop` ends before any text is
                             * finished still goes on with; then it is taken as it stands; >= 0; default 10 */
    double log_z_tolerance; /* stop when the standard error of log Z is at most this; default 0 (off) */
    double mass_tolerance;  /* stop when all but this share of the estimated pi* is on the leading answer; default 0
                               (off) */
    size_t min_rollouts;    /* before an adaptive stop, default 4 */
    /* Checkpoints (rollout methods): a file that gets every finished rollout as it is backed up, and one to go on
     * from, which may be the same; NULL (default): none. A resumed search gives the bytes of an uninterrupted one, its
     * time apart. `identity` is compared with the one in the file: model, prompt and reward, as the caller
     * describes them; NULL is "". The rollouts of a wave are finished together. Population methods have no finished
     * rollouts before they end: they begin anew. */
    const char *save, *resume, *identity;
    /* maxent-ts: `sampled` is drawn from all texts, not from the known ones alone: with the probability that the
     * policy leaves to unseen texts, one more rollout is drawn, scored and added. Default false. */
    bool complete_sample;
    bool keep_tree; /* result->tree; default false */
    const MtsExperience
        *experience;   /* maxent-ts: what E begins from; must not change meanwhile; NULL (default): none */
    bool teach;        /* maxent-ts: result->lesson; default false */
    const char *trace; /* a file for everything the search did, see mts_replay(); NULL (default): none */
    /* Polled between steps, may be NULL: true ends the search with what it has, one text at least (grace_seconds). */
    bool (*stop)(void *context);
    void *stop_context;
} MtsSearchSettings;

MTS_API void mts_search_defaults(MtsSearchSettings *settings);

/* "maxent-ts" and the like to a method and back; -1 for an unknown name. Case, '-' and '_' do not matter,
 * and "dts*", "best-of-N", "maxent" are understood. */
MTS_API int mts_method_from_name(const char *name, MtsMethod *method);
MTS_API const char *mts_method_name(MtsMethod method);

/* ---- events: what happened, in order, to one sink ----
 *
 * A rollout's events come in one piece when it is backed up, rollouts in the order of their index, so their
 * sequence is a function of (model, prompt, settings, seed). PROGRESS alone follows the clock: one after
 * every forward step, its nfe counting what is in flight too. */

typedef enum MtsEventKind {
    MTS_EVENT_SELECTED,  /* a token was chosen among what the tree knew */
    MTS_EVENT_EXTENDED,  /* a token was drawn outside the tree */
    MTS_EVENT_SCORED,    /* a text got its reward */
    MTS_EVENT_BACKED_UP, /* the tree knows it */
    MTS_EVENT_STOPPED,
    MTS_EVENT_PROGRESS /* a forward step is done */
} MtsEventKind;

typedef struct MtsEvent {
    MtsEventKind kind;
    size_t rollout;        /* index */
    const int32_t *tokens; /* [count] the rollout's tokens so far; valid during the call */
    size_t count;
    double log_q;         /* selected, extended: log-probability of the choice just made under the proposal;
                           * scored, backed up: of the whole text */
    double logp;          /* selected, extended: log p of the token; scored, backed up: of the text */
    double reward;        /* scored, backed up; -HUGE_VAL for a rollout that no token could follow */
    double log_z_rollout; /* backed up: log of this rollout's own estimate of Z, NaN where it has none */
    double log_z;         /* the running estimate, NaN where the method has none */
    double log_z_se;
    double best_reward;
    uint64_t nfe;          /* positions that the rollouts backed up so far needed */
    uint64_t reward_calls; /* texts and prefixes whose reward they needed */
    size_t rollouts_done, rollouts;
    const char *reason; /* stopped: as in the result */
} MtsEvent;

typedef struct MtsEventSink {
    void *context;
    int (*event)(void *context, const MtsEvent *event, MtsError *err); /* a failure ends the search */
} MtsEventSink;

/* ---- result ---- */

typedef enum MtsAnswerEnd {
    MTS_ANSWER_COMPLETE, /* by itself: an end token */
    MTS_ANSWER_CUT,      /* by the limit on tokens */
    MTS_ANSWER_STOPPED   /* unfinished: the search was cut short, and the grace was over before the text was */
} MtsAnswerEnd;

/* "complete", "cut", "stopped". */
MTS_API const char *mts_answer_end_name(MtsAnswerEnd end);

typedef struct MtsAnswer {
    int32_t *tokens;
    size_t count;
    MtsAnswerEnd end; /* how the text ends */
    size_t rollouts;  /* that ended in it; 0: it was scored in passing (sweep) */
    double reward;
    double logp;
    double log_weight;  /* log of p exp(lambda r) / q, or of what the method weighs it by; unnormalised */
    double probability; /* this answer's share in the method's estimate of pi*, over all answers returned */
    double policy;      /* tree methods: its share under the tree's policy, which leaves the rest to texts
                         * not seen; others: as probability */
} MtsAnswer;

/* A node that the search knows. result->tree lists them depth first, children in the order in which they
 * were first backed up. */
typedef struct MtsTreeNode {
    uint32_t depth;   /* 0: the prompt */
    int32_t token;    /* -1: the prompt */
    bool finished;    /* a whole text */
    double logp;      /* log p(token | prefix) */
    double log_value; /* log of the estimate of E[exp(lambda r)] below: lambda times the soft value; NaN where
                       * the method has none */
    double policy;    /* share of this token in its parent's answer policy; NaN as above */
    double reward;    /* of a scored text or prefix; NaN: none */
    double unseen;    /* prior probability of the tokens that are not known children */
    uint64_t visits;  /* rollouts that passed */
} MtsTreeNode;

typedef struct MtsSearchResult {
    MtsMethod method;
    double lambda;
    MtsAnswer *answers; /* distinct texts, by descending reward, ties by descending logp then tokens */
    size_t answer_count;
    size_t best;                  /* index of the largest reward */
    size_t map;                   /* index of the largest logp + lambda * reward */
    size_t sampled;               /* index of one answer drawn by `probability` */
    double log_z, log_z_se;       /* NaN where the method has none */
    double log_z_low, log_z_high; /* maxent-ts: a 95 % interval; the lower end is certain. NaN where there is none */
    const char *log_z_bias;       /* why the estimate is not unbiased; NULL: it is, or it is exact, or there is none */
    uint64_t nfe;                 /* positions evaluated after the prompt */
    uint64_t reward_calls;        /* distinct texts and prefixes whose reward was asked and used */
    uint64_t decode_tokens;       /* tokens generated over all rollouts, reused ones included */
    size_t rollouts_asked, rollouts_done; /* stop_reason says why these are fewer */
    double mean_reward; /* of the rollouts' own texts, one found twice counting twice; NaN: none. Texts scored in
                         * passing (sweep) are answers, but no rollout's */
    size_t tree_nodes, tree_max_depth;
    double tree_branching;   /* mean children of internal nodes */
    const char *stop_reason; /* "rollouts", "exhausted", "nfe", "seconds", "log_z", "mass", "interrupted"; "dead ends":
                              * waves that came to no text, one after the other */
    double seconds;
    MtsTreeNode *tree; /* [tree_count], where settings.keep_tree */
    size_t tree_count;
    char *lesson; /* for mts_experience_take(), where settings.teach, the reward scores prefixes and the search came to
                   * its end by itself; else NULL */
} MtsSearchResult;

/* `sink` may be NULL. MTS_EREQUEST for a setting out of its range; what model, reward and sink return is handed on.
 * On failure *result is NULL. */
MTS_API int mts_search(const MtsSearchModel *model, const MtsSearchReward *reward, const MtsSearchSettings *settings,
                       const MtsEventSink *sink, MtsSearchResult **result, MtsError *err);
MTS_API void mts_search_result_free(MtsSearchResult **result);

/* A node of the tree that is shown. */
typedef struct MtsTreeShown {
    size_t index;      /* in result->tree */
    size_t parent;     /* in the list of those that are shown; SIZE_MAX: the prompt's */
    double share;      /* of all: the product of the policies from the prompt to it */
    size_t left_out;   /* nodes right below it that are not shown */
    double left_share; /* theirs */
} MtsTreeShown;

/* The nodes down to max_depth, at most max_nodes, with the largest shares: depth first, the larger of siblings first.
 * *shown [*count] is malloc'ed. */
MTS_API int mts_search_tree_best(const MtsSearchResult *result, size_t max_depth, size_t max_nodes,
                                 MtsTreeShown **shown, size_t *count, MtsError *err);

/* The tree as a table for reading, malloc'ed: per node how many rollouts passed, p, the soft value, the policy, and the
 * token, indented. Down to max_depth and at most max_nodes: those with the largest share of the policy, the larger of
 * siblings first; lines between them count what is left out, and its share. label(context, token) names a token (may be
 * NULL: its number). NULL when memory ran out. */
MTS_API char *mts_search_tree_text(const MtsSearchResult *result, size_t max_depth, size_t max_nodes,
                                   const char *(*label)(void *context, int32_t token), void *context);

/* Runs a traced search again from the priors and rewards in its trace and compares every line of it, number by
 * number (relative difference at most 1e-9): MTS_OK and the number of lines confirmed, or MTS_EFORMAT with a sentence
 * naming the first line and field that do not hold. */
MTS_API int mts_replay(const char *path, size_t *lines, MtsError *err);

#ifdef __cplusplus
}
#endif
#endif
