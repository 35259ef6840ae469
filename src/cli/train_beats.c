/* cli/train_beats.c - train --stage ecg: how well single beats of annotated records are told, each record by the
 * others.
 */
#include "cli/train.h"

#include <math.h>
#include <stdlib.h>

#include "core/json.h"
#include "core/mem.h"
#include "evidence/beats.h"
#include "evidence/singly.h"
#include "results/metrics.h"
#include "stages/ecg.h"

enum { RESAMPLES = 500 };

typedef struct Hearts {
    MtsHeartRecord *records;
    size_t count, cap;
} Hearts;

static int add_heart(void *context, const char *id, const MtsSeries *record, const MtsAnnotations *beats, MtsError *err)
{
    Hearts *h = context;
    if (!mts_beats_fit(record->length, record->sampling_rate)) {
        return MTS_OK;
    }
    if (!mts_grow(&h->records, &h->cap, h->count + 1, sizeof *h->records)) {
        return mts_fail(err, MTS_ENOMEM, "train: memory ran out for record %s", id);
    }
    return mts_heart_record(&h->records[h->count++], record, beats, err);
}

typedef enum HeartScore { F1, RECALL, PRECISION, HEART_SCORES } HeartScore;

static const char *const score_names[HEART_SCORES] = {"f1", "recall", "precision"};

typedef struct HeartScored {
    const MtsHeartCounts *counts; /* [records] */
    HeartScore score;
} HeartScored;

static double score_of(const void *context, const size_t *index, size_t n)
{
    const HeartScored *s = context;
    MtsHeartCounts all = {0};
    for (size_t i = 0; i < n; i++) {
        all.right += s->counts[index[i]].right;
        all.wrong += s->counts[index[i]].wrong;
        all.missed += s->counts[index[i]].missed;
    }
    double right = (double)all.right, wrong = (double)all.wrong, missed = (double)all.missed;
    return s->score == F1       ? 2 * right / (2 * right + wrong + missed)
           : s->score == RECALL ? right / (right + missed)
                                : right / (right + wrong);
}

static int describe(const Hearts *h, double penalty, json_t **scores, MtsError *err)
{
    MtsHeartCounts *counts = mts_calloc(h->count, sizeof *counts), all = {0};
    size_t beats = 0;
    if (!counts) {
        return mts_fail(err, MTS_ENOMEM, "train: memory ran out");
    }
    for (size_t r = 0; r < h->count; r++) {
        counts[r] = mts_heart_counts(&h->records[r]);
        all.right += counts[r].right;
        all.wrong += counts[r].wrong;
        all.missed += counts[r].missed;
        beats += h->records[r].count;
    }
    *scores = json_object();
    mts_json_add_int(scores, "records", (json_int_t)h->count);
    mts_json_add_int(scores, "beats", (json_int_t)beats);
    mts_json_add_int(scores, "right", (json_int_t)all.right);
    mts_json_add_int(scores, "wrong", (json_int_t)all.wrong);
    mts_json_add_int(scores, "missed", (json_int_t)all.missed);
    mts_json_add_real(scores, "penalty", penalty);
    HeartScored scored = {.counts = counts};
    int rc = MTS_OK;
    for (; !rc && scored.score < HEART_SCORES; scored.score++) {
        MtsInterval v;
        if (!(rc = mts_bootstrap_of(score_of, &scored, h->count, RESAMPLES, 0, &v, err))) {
            mts_json_add(scores, score_names[scored.score], train_interval(&v));
        }
    }
    free(counts);
    return rc;
}

int train_beats(const char *path, MtsHeartModel *model, json_t **scores, MtsError *err)
{
    Hearts h = {0};
    double penalty;
    *scores = NULL;
    int rc = mts_ecg_each_annotated(path, add_heart, &h, err);
    if (!rc && mts_heart_enough(h.records, h.count) &&
        !(rc = mts_heart_hold_out(h.records, h.count, &penalty, model, err))) {
        rc = describe(&h, penalty, scores, err);
    }
    for (size_t r = 0; r < h.count; r++) {
        mts_heart_free(&h.records[r]);
    }
    free(h.records);
    return rc;
}
