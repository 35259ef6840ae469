/* eval/budget.h - a budget of positions for a whole data set, spent where the answers are least certain. */
#ifndef MTS_EVAL_BUDGET_H
#define MTS_EVAL_BUDGET_H

#include "eval/walk.h"

/* The run of plan->total_nfe. */
int mts_eval_budget(MtsEvalWalk *walk, const char *out, MtsError *err);

#endif
