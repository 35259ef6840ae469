/* eval/walk.c - a run under way: a record is made unless its journal has it, a sample's failure does not end the run,
 * and whoever looks on is told how far it is. */
#include "eval/walk.h"

#include <math.h>
#include <stdlib.h>

#include "core/file.h"
#include "eval/outlook.h"
#include "eval/record.h"
#include "results/fields.h"
#include "search/experience.h"

enum { MOST_FAILURES = 10 };

static void count_record(MtsEvalWalk *w, const json_t *record)
{
    double reward = mts_field_number(record, MTS_F_REWARD);
    w->at.done++;
    if (!isnan(reward)) {
        w->rewards += reward;
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
 * So does the first where those after it would come to something else without it. */
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
    return w->in_turn || (w->failures >= MOST_FAILURES && w->at.fresh == 0) ? code : MTS_OK;
}

static int append(MtsEvalWalk *w, json_t *record, MtsError *err)
{
    int rc = mts_journal_append(w->journal, record, err);
    if (rc) {
        return rc;
    }
    w->at.fresh++;
    count_record(w, record);
    return MTS_OK;
}

/* Its key, malloc'ed, where the journal does not have it; NULL with MTS_OK where it has, which is counted and at
 * *there.
 */
static int is_due(MtsEvalWalk *w, size_t sample, const MtsEvalSetup *setup, uint64_t seed, char **key,
                  const json_t **there, MtsError *err)
{
    *key = mts_eval_key(w->plan, sample, setup, seed);
    if (!*key) {
        return mts_fail(err, MTS_ENOMEM, "eval: memory ran out");
    }
    *there = mts_journal_find(w->journal, *key);
    if (*there) {
        count_record(w, *there);
        free(*key);
        *key = NULL;
    }
    return MTS_OK;
}

/* Where a run's experience is kept. */
static MtsExperience **taught_of(const MtsEvalWalk *w, const MtsEvalSetup *setup, uint64_t seed)
{
    size_t k = 0;
    while (w->plan->seeds[k] != seed) {
        k++;
    }
    return &w->taught[(size_t)(setup - w->plan->setups) * w->plan->seed_count + k];
}

/* What a search of this run begins from. */
static int experience_of(const MtsEvalWalk *w, const MtsEvalSetup *setup, uint64_t seed, const MtsExperience **out,
                         MtsError *err)
{
    *out = w->plan->outlook;
    if (!w->plan->learn) {
        return MTS_OK;
    }
    MtsExperience **taught = taught_of(w, setup, seed);
    if (!*taught) {
        int rc = mts_experience_new(taught, err);
        if (rc) {
            return rc;
        }
        if (!mts_experience_join(*taught, w->plan->outlook)) {
            return mts_fail(err, MTS_ENOMEM, "eval: memory ran out");
        }
    }
    *out = *taught;
    return MTS_OK;
}

/* A record that is there, or was made, teaches the samples that come after it. */
static int learn(const MtsEvalWalk *w, const MtsEvalSetup *setup, uint64_t seed, const json_t *record, MtsError *err)
{
    return w->plan->learn ? mts_outlook_take(*taught_of(w, setup, seed), record, err) : MTS_OK;
}

int mts_eval_walk_keep(MtsEvalWalk *w, size_t sample, const MtsEvalSetup *setup, uint64_t seed, json_t *record,
                       MtsError *err)
{
    const json_t *there = NULL;
    char *key;
    int rc = is_due(w, sample, setup, seed, &key, &there, err);
    rc = !rc && key ? append(w, record, err) : rc;
    free(key);
    return rc;
}

int mts_eval_walk_one(MtsEvalWalk *w, size_t sample, const MtsEvalSetup *setup, uint64_t seed, bool series,
                      const json_t *before, MtsError *err)
{
    json_t *record = NULL;
    const MtsExperience *experience;
    const json_t *there = NULL;
    MtsError why = {0};
    char *key;
    int rc;
    if ((rc = experience_of(w, setup, seed, &experience, err)) ||
        (rc = is_due(w, sample, setup, seed, &key, &there, err))) {
        return rc;
    }
    if (!key) {
        return learn(w, setup, seed, there, err);
    }
    show(w, key);
    rc = mts_eval_record(w->plan, w->engine, sample, setup, seed, experience, series, &record, &why);
    if (!rc) {
        (void)((rc = w->after ? w->after(record, before, err) : MTS_OK) || (rc = append(w, record, err)) ||
               (rc = learn(w, setup, seed, record, err)));
    } else if ((rc = note_failure(w, key, rc, &why)) && err) {
        *err = w->first;
    }
    json_decref(record);
    free(key);
    return rc;
}
