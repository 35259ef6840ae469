/* eval/walk.h - a run under way: its journal, how far it is, what failed. */
#ifndef MTS_EVAL_WALK_H
#define MTS_EVAL_WALK_H

#include "eval/eval.h"

typedef struct MtsEvalWalk {
    const MtsEvalPlan *plan;
    const MtsEngine *engine;
    MtsJournal *journal;
    const MtsEvalSink *sink;
    MtsEvalProgress at;
    double began, rewards;
    size_t rewarded, failures;
    int first_code;
    MtsError first;         /* failure */
    bool in_turn;           /* what a sample comes to depends on those before it */
    MtsExperience **taught; /* plan->learn: [setup_count][seed_count] what a run's samples so far have taught */
    /* May be NULL: a last hand on a new record, given what mts_eval_walk_one() was. */
    int (*after)(json_t *record, const json_t *before, MtsError *err);
} MtsEvalWalk;

/* Makes the record of one sample by one run and appends it, unless the journal has it. */
int mts_eval_walk_one(MtsEvalWalk *walk, size_t sample, const MtsEvalSetup *setup, uint64_t seed, bool series,
                      const json_t *before, MtsError *err);

/* Appends a record that is made already, unless the journal has it. */
int mts_eval_walk_keep(MtsEvalWalk *walk, size_t sample, const MtsEvalSetup *setup, uint64_t seed, json_t *record,
                       MtsError *err);

#endif
