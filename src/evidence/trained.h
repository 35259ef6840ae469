/* evidence/trained.h - a file of maxts train, of whichever kind it is. */
#ifndef MTS_EVIDENCE_TRAINED_H
#define MTS_EVIDENCE_TRAINED_H

#include <stdbool.h>

#include "evidence/evidence.h"
#include "evidence/forecaster.h"
#include "evidence/exam.h"

/* One of these; the others are NULL. */
typedef struct MtsTrained {
    MtsEvidence *classes;
    MtsForecaster *forecasts;
    MtsQuestions *questions;
} MtsTrained;

/* Whether a file says by its first bytes that maxts train wrote it; the rest is for those who read it to check. */
int mts_trained_is(const char *path, bool *is, MtsError *err);

/* Release with mts_trained_free(). `name` stands for the path. */
int mts_trained_read(MtsTrained *trained, const char *path, MtsError *err);
int mts_trained_parse(MtsTrained *trained, const char *name, const char *text, size_t size, MtsError *err);
void mts_trained_free(MtsTrained *trained);

/* What evidence counts beside a language model, unless the user says otherwise: of classes, models that were never
 * shown such series have a taste for some options and little else to say; of forecasts, they know less of the next
 * digits than they believe (chosen on training data, docs/evaluation.md). */
#define MTS_TRAINED_LAMBDA 30

/* Whether it is of classes or questions, and knows something of them: then it leads. */
bool mts_trained_leads(const MtsTrained *trained);

#endif
