/* stages/task.h - one question about one series: a stage with a single sample, whose right answer nobody knows. */
#ifndef MTS_STAGES_TASK_H
#define MTS_STAGES_TASK_H

#include "stages/sample.h"

typedef enum MtsTaskKind { MTS_TASK_FORECAST, MTS_TASK_CLASSIFY, MTS_TASK_ASK, MTS_TASK_CAPTION } MtsTaskKind;

typedef struct MtsTask {
    MtsTaskKind kind;
    const MtsSeries *series;
    size_t points;             /* most values of a channel that the prompt shows; 0: 64, forecasts 72 */
    size_t horizon, season;    /* forecasts */
    const char *question;      /* MTS_TASK_ASK; of classes instead of "Which of them is it?", or NULL */
    const char *const *labels; /* [label_count] MTS_TASK_CLASSIFY */
    size_t label_count;
} MtsTask;

/* Release with mts_stage_free(). What eval asks of a stage's sample is asked of this one in the same words. */
int mts_stage_of_task(MtsStage **stage, const MtsTask *task, MtsError *err);

/* The rows of the tasks, by kind. */
extern const MtsStageKind mts_task_kinds[];

/* How a table of series is labelled: `group` names what belongs together (a person, a record); NULL: the file's ids. */
typedef struct MtsLabelColumns {
    const char *label, *group;
} MtsLabelColumns;

/* Labelled series, each a sample whose options are the file's labels, which `columns` names (a row a series) or, where
 * that is NULL, the file itself (docs/series.md). */
int mts_stage_of_labelled(MtsStage **stage, const char *path, const MtsLabelColumns *columns, MtsError *err);

#endif
