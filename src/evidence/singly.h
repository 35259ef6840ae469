/* evidence/singly.h - the beats of electrocardiograms one by one: which are of ventricular origin. */
#ifndef MTS_EVIDENCE_SINGLY_H
#define MTS_EVIDENCE_SINGLY_H

#include <stdbool.h>
#include <stddef.h>

#include <maxts/series.h>

#include "core/error.h"
#include "series/wfdb.h"

/* A record's beats as they are told apart. */
typedef struct MtsHeartRecord {
    size_t count;
    size_t *at;      /* [count] ascending, in values of the record */
    double *feature; /* [count][of a beat] */
    size_t *like;    /* [count][of a beat]: the beats whose course is nearest, the beat itself among them */
    signed char
        *label;    /* [count]: 1 ventricular, 0 other or no beat, -1 not said (fused, paced, unclassified, flutter) */
    size_t missed; /* annotated ventricular beats near which none was found */
    double *score; /* [count]: above 0 where a beat looks ventricular; 0 until it is judged */
} MtsHeartRecord;

/* Counts of beats that are labelled. */
typedef struct MtsHeartCounts {
    size_t right, wrong, missed; /* ventricular and said so; said so and other; ventricular and not said so or found */
} MtsHeartCounts;

/* What records have taught about the beats of another. */
typedef struct MtsHeartModel {
    double *threshold; /* [mts_heart_thresholds] of the features */
    double *weight;    /* [mts_heart_weights]: a constant, and what being above each threshold adds */
} MtsHeartModel;

extern const size_t mts_heart_thresholds, mts_heart_weights;

/* Finds and measures a record's beats and labels them by the annotations (NULL: none). Release with mts_heart_free(),
 * also on failure. */
int mts_heart_record(MtsHeartRecord *record, const MtsSeries *series, const MtsAnnotations *notes, MtsError *err);
void mts_heart_free(MtsHeartRecord *record);

/* Whether two records or more have ventricular beats, and as many others. */
bool mts_heart_enough(const MtsHeartRecord *records, size_t count);

/* Scores every record by what the other records teach; *penalty is what was chosen, *model what all of them teach. They
 * are enough. Release the model with mts_heart_model_free(), also on failure. */
int mts_heart_hold_out(MtsHeartRecord *records, size_t count, double *penalty, MtsHeartModel *model, MtsError *err);
/* Scores a record's beats. */
int mts_heart_judge(const MtsHeartModel *model, MtsHeartRecord *record, MtsError *err);
void mts_heart_model_free(MtsHeartModel *model);
MtsHeartCounts mts_heart_counts(const MtsHeartRecord *record);

#endif
