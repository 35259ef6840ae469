/* eval/outlook.h - what the searches of a run have taught: the lessons in its records. */
#ifndef MTS_EVAL_OUTLOOK_H
#define MTS_EVAL_OUTLOOK_H

#include <maxts/engine.h>

#include "core/json.h"

/* All lessons of the run whose records are in the file `path`. One of another model, or of a reward of another kind
 * (what stands before the first ':'), or without lessons is refused. Released by mts_experience_free(). */
int mts_outlook_read(MtsExperience **out, const char *path, const MtsEngine *engine, const char *reward, MtsError *err);

/* Takes the record's lesson in; without one nothing happens. */
int mts_outlook_take(MtsExperience *experience, const json_t *record, MtsError *err);

#endif
