/* stages/stage.h - the stages' samples: what is asked, and apart from it what is right.
 *
 * A sample's prompt, series and options are all that a search and its rewards may be given. `truth` is for scoring
 * alone. */
#ifndef MTS_STAGES_STAGE_H
#define MTS_STAGES_STAGE_H

#include <stddef.h>

#include <maxts/series.h>

#include "core/error.h"

typedef struct MtsTruth {
    int option;     /* index of the right option; -1 for stages without options */
    double *future; /* [horizon] forecast: the values that came; NULL otherwise */
    double scale;   /* forecast: the seasonal naive forecast's mean error over the whole training series
                       (mts_seasonal_scale()) */
    char *text;     /* caption: the reference, "" where there is none */
} MtsTruth;

typedef struct MtsSample {
    char *key;         /* unique in its stage: "har:17" */
    char *prompt;      /* the user's message, values included */
    MtsSeries *series; /* whole, in the file's units; what rewards see */
    char **options;    /* [option_count] allowed answers; none for captions and forecasts */
    size_t option_count;
    char *group;            /* tsqa: the question's category; ecg: its template; otherwise "" */
    size_t horizon, season; /* forecast: steps asked for, steps of a season; otherwise 0 */
    MtsTruth truth;
} MtsSample;

typedef struct MtsStage {
    char *name;         /* "tsqa", "m4", "har", "sleep", "ecg", "forecast" */
    MtsSample *samples; /* [count], in the files' order */
    size_t count, cap;
} MtsStage;

typedef struct MtsStageOptions {
    size_t points; /* most values of a channel that a prompt shows, as means of blocks where there are more; 2 to 10000,
                      0 (default): 32 for har, 125 for ecg (peaks of blocks, one lead), 64 for sleep, m4 and tsqa. A
                      forecast shows its whole context */
    size_t context; /* forecast: values before the future that are shown and that rewards see, at least 8; 0 (default):
                       72 */
    size_t horizon; /* forecast: the first values of the future that are asked for; 0 (default): all that came */
    size_t limit;   /* most samples, the first ones; 0 (default): all */
} MtsStageOptions;

/* Opens a stage; `options` may be NULL.
 *
 *   har       path: CSV of lists with columns label and x_axis, y_axis, z_axis (g, 50 Hz); units are checked: a window
 * whose mean magnitude is not between 0.3 and 3 g is MTS_EFORMAT sleep     path: one EEG channel of a night as a column
 * (uV), more: its hypnogram, one stage each 5 s (5 W, 4 REM, 3 S1, 2 S2, 1 S3, 0 S4; 30 s windows of one stage are
 * samples, S4 counted as S3); or path alone: CSV of lists time_series and label m4        path: series in rows or (id,
 * value) form; more: NULL, or CSV of id and caption forecast  path: training series in rows, more: the same series'
 * futures tsqa      path: TimeSeriesExam JSON (question, options, answer, ts or ts1 and ts2), or CSV with columns
 * Series (a list), Question, Answer (begins with (a), (b) or (c)) and Task ecg       path: a directory of WFDB records
 * in mV. Records whose headers name diagnoses (SNOMED CT) are asked for their rhythm; records with beats (.atr), in
 * windows of ten seconds, whether one is of ventricular origin (V, E, r). Windows without a beat, or with one that is
 * fused, paced or unclassified, or with fibrillation are left out. Both kinds in one directory are MTS_EFORMAT, since
 * they are different questions Or path: ECG-QA's published CSV with columns question, answer, template_id, ecg_id
 * ("[n]") and, where there are any, clinical_context; more: the folder of PTB-XL that has records500/.
 * answers_for_each_template.csv (template_id, classes) lies beside the CSV. Every fifth value at 500 Hz is taken
 *
 * Files may be packed with gzip. Release with mts_stage_free(). */
int mts_stage_open(MtsStage **stage, const char *name, const char *path, const char *more,
                   const MtsStageOptions *options, MtsError *err);
void mts_stage_free(MtsStage **stage);

/* Scores an answer: the option it gives by the published rules (reward/answer_line.h; sleep stages by their canonical
 * names), or MTS_NO_LABEL (results/metrics.h). For stages with options. */
int mts_stage_answer(const MtsStage *stage, const MtsSample *sample, const char *text, size_t size);

#endif
