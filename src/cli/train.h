/* cli/train.h - what `maxts train` does by the form that a stage's answers have. */
#ifndef MTS_CLI_TRAIN_H
#define MTS_CLI_TRAIN_H

#include "cli/args.h"
#include "core/error.h"
#include "evidence/evidence.h"
#include "results/metrics.h"
#include "stages/sample.h"

/* What the labelled samples of a stage teach. */
int train_evidence(const MtsStage *stage, MtsEvidence **evidence, MtsError *err);

/* What single beats of annotated records teach, and what they are told by the other records; *scores NULL, and no
 * model, where a directory has too few. */
int train_beats(const char *path, MtsHeartModel *model, json_t **scores, MtsError *err);

json_t *train_interval(const MtsInterval *interval);

/* A stage of questions that have options of their own each: the file, and what it says of itself. */
int train_questions(const Args *args, const MtsStage *stage, json_t **about, MtsError *err);

int train_forecasts(const Args *args, MtsError *err);

#endif
