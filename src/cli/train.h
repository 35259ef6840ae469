/* cli/train.h - what `maxts train` does by the form that a stage's answers have. */
#ifndef MTS_CLI_TRAIN_H
#define MTS_CLI_TRAIN_H

#include "cli/args.h"
#include "core/error.h"
#include "evidence/evidence.h"
#include "stages/sample.h"

/* What the labelled samples of a stage teach. */
int train_evidence(const MtsStage *stage, MtsEvidence **evidence, MtsError *err);

int train_forecasts(const Args *args, MtsError *err);

#endif
