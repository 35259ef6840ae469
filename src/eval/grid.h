/* eval/grid.h - the runs of a plan: methods, each with every combination of the settings that matter to it. */
#ifndef MTS_EVAL_GRID_H
#define MTS_EVAL_GRID_H

#include "eval/eval.h"

/* Adds the runs that are asked for to the plan, and completes `asked` by its preset and experiment. */
int mts_eval_grid(MtsEvalPlan *plan, const MtsEngine *engine, MtsEvalAsked *asked, MtsError *err);

/* Who has seen the answers is no witness: MTS_EREQUEST where labelled series that teach are among the stage's. */
int mts_eval_check_train(const MtsEvalPlan *plan, const MtsEvalAsked *asked, MtsError *err);

/* Whether runs may differ in a setting. */
bool mts_eval_is_dimension(const MtsSetting *row);
/* Whether answers are lists of numbers: then a horizon says how long they are. */
bool mts_eval_is_forecast(const MtsEvalPlan *plan);

#endif
