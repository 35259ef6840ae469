/* eval/describe.h - a plan as the head of its journal (docs/stages.md). */
#ifndef MTS_EVAL_DESCRIBE_H
#define MTS_EVAL_DESCRIBE_H

#include "eval/eval.h"

/* Everything that the plan's records are a function of, a new reference. */
int mts_eval_describe(json_t **head, const MtsEvalPlan *plan, const MtsEngine *engine, const MtsEvalAsked *asked,
                      MtsError *err);

#endif
