/* A run: every record that its journal does not have yet, in order, and the joining of its shards. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "eval/eval.h"
#include "results/summary.h"
#include "eval/walk.h"

enum { MOST_FAILURES = 10 };

static size_t seeds_of(const MtsEvalPlan *plan, const MtsEvalRun *run)
{
    return run->seeded ? plan->seed_count : 1;
}

static bool is_ours(const MtsEvalPlan *plan, size_t sample)
{
    return sample % plan->shards == plan->shard;
}

static size_t samples_of(const MtsEvalPlan *plan)
{
    return (plan->samples + plan->shards - 1 - plan->shard) / plan->shards;
}

size_t mts_eval_count(const MtsEvalPlan *plan)
{
    size_t each = 0;
    for (size_t r = 0; r < plan->run_count; r++) {
        each += seeds_of(plan, &plan->runs[r]);
    }
    return each * samples_of(plan);
}

static void count_record(MtsEvalWalk *w, const json_t *record)
{
    const json_t *reward = json_object_get(record, "reward");
    w->at.done++;
    if (json_is_number(reward)) {
        w->rewards += json_number_value(reward);
        w->rewarded++;
    }
    w->at.mean_reward = w->rewarded ? w->rewards / (double)w->rewarded : NAN;
    w->at.seconds = mts_seconds() - w->began;
}

static void show(MtsEvalWalk *w, const char *doing)
{
    w->at.doing = doing;
    w->at.seconds = mts_seconds() - w->began;
    if (w->sink && w->sink->progress) {
        w->sink->progress(w->sink->context, &w->at);
    }
}

/* A sample's failure is kept and the others go on; ten without a success, and what concerns the journal, end the run.
 */
static int note_failure(MtsEvalWalk *w, const char *key, int code, const MtsError *why)
{
    if (code == MTS_EINTERRUPTED || code == MTS_ENOMEM) {
        w->first_code = code;
        w->first = *why;
        return code;
    }
    if (w->failures++ == 0) {
        w->first_code = mts_fail(&w->first, code, "%s: %s", key, why->text);
    }
    return w->failures >= MOST_FAILURES && w->at.fresh == 0 ? code : MTS_OK;
}

static int append(MtsEvalWalk *w, json_t *record, MtsError *err)
{
    int rc = mts_journal_append(w->journal, record, err);
    if (rc == MTS_OK) {
        w->at.fresh++;
        count_record(w, record);
    }
    return rc;
}

/* Its key, malloc'ed, where the journal does not have it; NULL with MTS_OK where it has, which is counted. */
static int is_due(MtsEvalWalk *w, size_t sample, const MtsEvalRun *run, uint64_t seed, char **key, MtsError *err)
{
    *key = mts_eval_key(w->plan, sample, run, seed);
    if (!*key) {
        return mts_fail(err, MTS_ENOMEM, "eval: memory ran out");
    }
    const json_t *there = mts_journal_find(w->journal, *key);
    if (there) {
        count_record(w, there);
        free(*key);
        *key = NULL;
    }
    return MTS_OK;
}

int mts_eval_walk_keep(MtsEvalWalk *w, size_t sample, const MtsEvalRun *run, uint64_t seed, json_t *record,
                       MtsError *err)
{
    char *key;
    int rc = is_due(w, sample, run, seed, &key, err);
    rc = rc == MTS_OK && key ? append(w, record, err) : rc;
    free(key);
    return rc;
}

int mts_eval_walk_one(MtsEvalWalk *w, size_t sample, const MtsEvalRun *run, uint64_t seed, bool series,
                      const json_t *before, MtsError *err)
{
    json_t *record = NULL;
    MtsError why = {0};
    char *key;
    int rc = is_due(w, sample, run, seed, &key, err);
    if (rc != MTS_OK || !key) {
        return rc;
    }
    show(w, key);
    rc = mts_eval_record(w->plan, w->engine, sample, run, seed, series, &record, &why);
    if (rc == MTS_OK) {
        if (w->after) {
            w->after(record, before);
        }
        rc = append(w, record, err);
    } else if ((rc = note_failure(w, key, rc, &why)) != MTS_OK && err) {
        *err = w->first;
    }
    json_decref(record);
    free(key);
    return rc;
}

int mts_eval_run(const MtsEvalPlan *plan, const MtsEngine *engine, const char *out, const MtsEvalSink *sink,
                 MtsError *err)
{
    MtsEvalWalk w = {.plan = plan, .engine = engine, .sink = sink, .began = mts_seconds()};
    w.at.total = mts_eval_count(plan);
    w.at.samples = samples_of(plan);
    w.at.mean_reward = NAN;
    int rc = mts_journal_open(&w.journal, out, plan->head, NULL, err);
    if (rc == MTS_OK && plan->total_nfe) {
        rc = mts_eval_budget(&w, out, err);
    }
    for (size_t i = 0; rc == MTS_OK && !plan->total_nfe && i < plan->samples; i++) {
        if (!is_ours(plan, i)) {
            continue;
        }
        for (size_t r = 0; rc == MTS_OK && r < plan->run_count; r++) {
            for (size_t k = 0; rc == MTS_OK && k < seeds_of(plan, &plan->runs[r]); k++) {
                rc = mts_eval_walk_one(&w, i, &plan->runs[r], plan->seeds[k], r == 0 && k == 0, NULL, err);
            }
        }
        w.at.samples_done += rc == MTS_OK;
    }
    mts_journal_close(&w.journal);
    if (rc == MTS_EINTERRUPTED) {
        return mts_fail(err, rc, "%s: interrupted after %zu of %zu records; the same command goes on from there", out,
                        w.at.done, w.at.total);
    }
    if (rc == MTS_OK && w.failures > 0) {
        return mts_fail(err, w.first_code, "%s: %zu of %zu records failed; the first: %s", out, w.failures, w.at.total,
                        w.first.text);
    }
    return rc;
}
