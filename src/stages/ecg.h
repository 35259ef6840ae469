/* stages/ecg.h - what the questions about electrocardiograms share. */
#ifndef MTS_STAGES_ECG_H
#define MTS_STAGES_ECG_H

#include "series/wfdb.h"
#include "stages/build.h"

/* An electrocardiogram's part of a prompt: its length, and the peaks of lead II (the first lead where there is none).
 */
bool mts_ecg_values(MtsBytes *out, const MtsSeries *series, size_t points);
/* The first words of that, and which lead is shown. */
bool mts_ecg_intro(MtsBytes *out, const MtsSeries *series);
size_t mts_ecg_lead(const MtsSeries *series);
/* MTS_EFORMAT where a lead is not in mV; `path` is named. */
int mts_ecg_check_mv(const char *path, const MtsSeries *series, MtsError *err);
/* A new series of `length` values with the leads' names and units of another; NULL when memory ran out. */
MtsSeries *mts_ecg_like(const MtsSeries *series, size_t length);

/* Values [from, from + n) of every lead; NULL when memory ran out. */
MtsSeries *mts_ecg_window(const MtsSeries *series, size_t from, size_t n);

/* Visits the records of a directory that have annotations beside them (.atr), by name. */
typedef int MtsEcgVisit(void *context, const char *id, const MtsSeries *record, const MtsAnnotations *beats,
                        MtsError *err);
int mts_ecg_each_annotated(const char *path, MtsEcgVisit *visit, void *context, MtsError *err);

/* Windows of those records, labelled by rhythm, with the record as id. */
int mts_ecg_rhythms(MtsSeriesSet *set, const char *path, MtsError *err);

MtsStageLoad mts_load_ecg_records, mts_load_ecg_qa;
MtsStagePublish mts_publish_ecg_record, mts_publish_ecg_qa;

#endif
