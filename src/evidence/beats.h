/* evidence/beats.h - a window of an electrocardiogram as a row of numbers: what its beats are like beside each other.
 */
#ifndef MTS_EVIDENCE_BEATS_H
#define MTS_EVIDENCE_BEATS_H

#include <stdbool.h>
#include <stddef.h>

#include <maxts/series.h>

#include "core/error.h"

enum { MTS_BEATS_LEADS = 3 }; /* of a window with more, the first ones */

/* Whether a window of so many values is long and fine enough to have beats that can be measured: four seconds, 60 Hz.
 */
bool mts_beats_fit(size_t length, double rate);

/* Columns of a row. */
size_t mts_beats_columns(size_t leads);

/* row [mts_beats_columns()]: how many beats, and of each measure of a beat the extremes, the second ones, median and
 * deviation over the beats; zeros where there are fewer than four. */
int mts_beats_row(const MtsSeries *window, double *row, MtsError *err);

/* Where the beats are: *at [*count] ascending, malloc'ed, in values of the window. */
int mts_beats_find(const MtsSeries *window, size_t **at, size_t *count, MtsError *err);

/* The beats of a record one by one, each beside the record's own. */
typedef struct MtsBeats {
    size_t count, leads;
    size_t *at;      /* [count] ascending, in values of the record */
    double *measure; /* [count][columns]: `intervals` of rhythm, `of_lead` of each lead's shape, products */
    double *wave;    /* [count][wave_size]: the courses of all leads, over the usual size of a beat */
    size_t columns, intervals, of_lead, wave_size;
} MtsBeats;

/* None where there are fewer than four. Release with mts_beats_free(), also on failure. */
int mts_beats_measure(MtsBeats *beats, const MtsSeries *record, MtsError *err);
void mts_beats_free(MtsBeats *beats);

#endif
