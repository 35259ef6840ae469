/* eval/eval.h - methods and settings over a data set: which runs there are, one record each, what they come to.
 *
 * A run of `maxts eval` is a list of samples times a list of setups (a method and its settings; "runs" in a head) times
 * a list of seeds.
 * Everything that its records are a function of stands in its head, so a journal tells to which run it belongs, and a
 * run goes on where its journal ends. Records and head: docs/stages.md. */
#ifndef MTS_EVAL_EVAL_H
#define MTS_EVAL_EVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <maxts/engine.h>
#include <maxts/reward.h>

#include "core/json.h"
#include "engine/request.h"
#include "results/journal.h"
#include "stages/stage.h"

/* What is asked. Strings are borrowed; lists are joined by commas, and NULL leaves the default. */
typedef struct MtsEvalAsked {
    const char *stage;       /* stages/stage.h; a table has the stage "table" and needs none */
    const char *data, *more; /* its files */
    const char *train;       /* labelled series (docs/series.md) for {train}; har, sleep */
    MtsStageOptions options; /* of the stage; its limit and labels are left alone */
    const char *answers;    /* the labels, joined by commas; NULL: those that the evidence of `train` knows, else all of
                               the file's */
    size_t samples;         /* 0: as the preset says, SIZE_MAX: all */
    bool spread;            /* evenly over the file; otherwise the first ones */
    const char *experiment; /* one of mts_eval_experiments() */
    const char *preset;     /* "quick", "balanced" (default), "quality": rollouts, tokens, samples */
    const char *methods;    /* default "maxent-ts"; also "naive", "seasonal-naive" (forecasts), "reward-alone" */
    /* The grid, by place (MtsSetting.wheel - 1): lambda, rollouts, max-tokens, ...; max-tokens "0" or absent for
     * forecasts: what the horizon may need. */
    const char *lists[MTS_WHEELS_MOST];
    const char *seeds;      /* "0..4", "1,3"; default "0" */
    const char *reward;     /* {options}, {question}, {train}, {horizon}, {season} (at most the context) stand
                               for the sample's; default by stage */
    const char *constraint; /* "none", "answer", "numbers" or a regular expression; default: the stage's */
    uint64_t nfe;           /* positions for each search, for all methods alike; 0: as the rollouts need */
    size_t total_nfe;  /* positions for the whole data set, most where the answer is least certain; 0: off. One run, one
                          seed */
    size_t keep_trees; /* first samples whose records show their trees */
    size_t shard, shards; /* this part of `shards` (0 or 1: all): samples shard, shard + shards, ... */
    bool raw;             /* prompts without the model's chat template */
    const char *date;     /* "YYYY-MM-DD": the day that templates are told; NULL: none */
    bool exact;           /* as the engine was opened */
    bool learn;           /* records have lessons, and each search has those of its run's samples before */
    const char *outlook;  /* the records of another run, whose lessons all searches have; NULL: none */
    MtsRequest base;      /* every other setting */
} MtsEvalAsked;

/* One method with its settings. */
typedef struct MtsEvalSetup {
    char *method, *variant; /* "maxent-ts", "rollouts=20" */
    bool naive;             /* no search: "naive", "seasonal-naive", "reward-alone" */
    bool seeded;            /* a seed changes its result */
    MtsRequest request;     /* max_tokens 0: what the sample's horizon may need */
} MtsEvalSetup;

typedef struct MtsEvalPlan {
    const MtsStageKind *kind; /* NULL for a table */
    MtsStage *stage;          /* likewise */
    char *name;               /* of the stage */
    char *table_key;          /* the sample's key where the model is a table */
    size_t samples;           /* of the whole run, all shards */
    MtsEvalSetup *setups;     /* [setup_count] */
    size_t setup_count, setup_cap;
    uint64_t *seeds; /* [seed_count] */
    size_t seed_count;
    char *reward, *constraint; /* with placeholders; "" for none */
    const char *train, *date;
    MtsRewardFiles *files; /* what the rewards of all samples read */
    size_t shard, shards, keep_trees, total_nfe;
    bool raw, learn;
    bool paths;             /* the reward is what evidence of forecasts says */
    bool leads;             /* the reward is what evidence of classes or questions says, its prior included */
    MtsExperience *outlook; /* of another run; NULL: none */
    json_t *head;
} MtsEvalPlan;

/* The names of all experiments, joined by ", ", into `out`. */
const char *mts_eval_experiments(char *out, size_t size);

/* Reads the data and lays out the setups; a wrong request is named. Release with mts_eval_plan_free(), also on failure.
 */
int mts_eval_plan(MtsEvalPlan *plan, const MtsEngine *engine, const MtsEvalAsked *asked, MtsError *err);
void mts_eval_plan_free(MtsEvalPlan *plan);

/* What a search for numbers by evidence asks unless it is told otherwise: nothing is cut, for what evidence asks for
 * may be unlikely; and lambda is MTS_TRAINED_LAMBDA. */
void mts_eval_follow_path(MtsRequest *request);

/* Any token may be drawn, at the temperature that was asked for. */
void mts_eval_cut_nothing(MtsRequest *request);

/* How far a run is. */
typedef struct MtsEvalProgress {
    size_t done, total; /* records, those that were there included */
    size_t fresh;       /* records of this process */
    size_t samples_done, samples;
    double seconds;     /* of this process */
    double mean_reward; /* over the records so far that have one; NaN: none */
    const char *doing;  /* key of the record under way */
} MtsEvalProgress;

typedef struct MtsEvalSink {
    void *context;
    void (*progress)(void *context, const MtsEvalProgress *progress); /* may be NULL */
} MtsEvalSink;

/* Does what the journal at `out` does not have yet. The first failure of a sample is returned, naming it, after the
 * others are done; base.search.stop ends it with MTS_EINTERRUPTED. What is finished is in the journal in every case. */
int mts_eval_run(const MtsEvalPlan *plan, const MtsEngine *engine, const char *out, const MtsEvalSink *sink,
                 MtsError *err);

#endif
