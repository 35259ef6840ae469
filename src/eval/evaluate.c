/* eval/evaluate.c - a run: every record that its journal does not have yet, in order. */
#include <math.h>
#include <stdlib.h>

#include "core/file.h"
#include "core/mem.h"
#include "eval/budget.h"
#include "eval/walk.h"

static size_t seeds_of(const MtsEvalPlan *plan, const MtsEvalSetup *setup)
{
    return setup->seeded ? plan->seed_count : 1;
}

static size_t samples_of(const MtsEvalPlan *plan)
{
    return (plan->samples + plan->shards - 1 - plan->shard) / plan->shards;
}

/* Records of this shard. */
static size_t count_of(const MtsEvalPlan *plan)
{
    size_t each = 0;
    for (size_t r = 0; r < plan->setup_count; r++) {
        each += seeds_of(plan, &plan->setups[r]);
    }
    return each * samples_of(plan);
}

/* Sample, then run, then seed. */
static int walk_all(MtsEvalWalk *w, MtsError *err)
{
    const MtsEvalPlan *plan = w->plan;
    for (size_t i = plan->shard; i < plan->samples; i += plan->shards) {
        for (size_t r = 0; r < plan->setup_count; r++) {
            for (size_t k = 0; k < seeds_of(plan, &plan->setups[r]); k++) {
                int rc = mts_eval_walk_one(w, i, &plan->setups[r], plan->seeds[k], r == 0 && k == 0, NULL, err);
                if (rc) {
                    return rc;
                }
            }
        }
        w->at.samples_done++;
    }
    return MTS_OK;
}

int mts_eval_run(const MtsEvalPlan *plan, const MtsEngine *engine, const char *out, const MtsEvalSink *sink,
                 MtsError *err)
{
    MtsEvalWalk w = {.plan = plan, .engine = engine, .sink = sink, .began = mts_seconds(), .in_turn = plan->learn};
    w.at.total = count_of(plan);
    w.at.samples = samples_of(plan);
    w.at.mean_reward = NAN;
    size_t runs = plan->setup_count * plan->seed_count;
    w.taught = mts_calloc(runs, sizeof(MtsExperience *));
    int rc = w.taught ? mts_journal_open(&w.journal, out, plan->head, NULL, err)
                      : mts_fail(err, MTS_ENOMEM, "eval: memory ran out");
    if (!rc) {
        rc = plan->total_nfe ? mts_eval_budget(&w, out, err) : walk_all(&w, err);
    }
    mts_journal_close(&w.journal);
    for (size_t i = 0; w.taught && i < runs; i++) {
        mts_experience_free(&w.taught[i]);
    }
    free((void *)w.taught);
    if (rc == MTS_EINTERRUPTED) {
        return mts_fail(err, rc, "%s: interrupted after %zu of %zu records; the same command goes on from there", out,
                        w.at.done, w.at.total);
    }
    if (!rc && w.failures > 0) {
        return mts_fail(err, w.first_code, "%s: %zu of %zu records failed; the first: %s", out, w.failures, w.at.total,
                        w.first.text);
    }
    return rc;
}
