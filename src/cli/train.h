/* cli/train.h - what `maxts train` does by the form that a stage's answers have. */
#ifndef MTS_CLI_TRAIN_H
#define MTS_CLI_TRAIN_H

#include "cli/args.h"
#include "core/error.h"

int train_forecasts(const Args *args, MtsError *err);

#endif
