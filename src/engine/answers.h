/* engine/answers.h - from a search's runs of tokens to answers: their texts, equal ones joined. */
#ifndef MTS_ENGINE_ANSWERS_H
#define MTS_ENGINE_ANSWERS_H

#include "engine/course.h"
#include "engine/internal.h"

/* Fills in result->texts, text_sizes and tokenisations of result->search, whose answers become distinct texts. */
int mts_answers_write(MtsTextResult *result, const MtsEngine *engine, const MtsRequest *request, const MtsRules *rules,
                      const MtsSearchModel *model, MtsError *err);
void mts_answers_free(MtsTextResult *result);

#endif
