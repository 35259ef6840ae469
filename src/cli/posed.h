/* cli/posed.h - one question about one series, asked as eval asks a stage's samples. */
#ifndef MTS_CLI_POSED_H
#define MTS_CLI_POSED_H

#include "cli/command.h"
#include "eval/answer.h"
#include "eval/ask.h"
#include "stages/task.h"

typedef struct Task {
    MtsSeries *series;
    MtsStage *stage;
    MtsEngine *engine; /* NULL: without a model */
    MtsEvalPlan plan;  /* borrows; with `setup` all that eval needs to know of a run */
    MtsEvalSetup setup;
    MtsEvalAsk ask;
    MtsTextResult *result;
    MtsEvalAnswer answer;
} Task;

/* Reads the series that the first operand names. Zero-initialise; task_close() is due whatever any of these returns. */
int task_open(Task *task, const Args *args, const char *command, MtsError *err);
/* The question; asked->series is the task's. */
int task_pose(Task *task, MtsTask *asked, MtsError *err);
/* Opens the model and makes the request of the sample, under `reward` (NULL: the task's own) unless --reward says
 * another. */
int task_ask(Task *task, const Args *args, const char *reward, MtsError *err);
/* Searches, and brings what was found to one answer. */
int task_search(Task *task, const Args *args, MtsError *err);
void task_close(Task *task);

/* Steps of the season of values [n], 1: none. */
int task_season(const double *x, size_t n, size_t *season, MtsError *err);

#endif
