/* eval/record.h - one sample answered by one run, as a record. */
#ifndef MTS_EVAL_RECORD_H
#define MTS_EVAL_RECORD_H

#include "eval/eval.h"

/* The record, with the input's series where `series`. A sample that no text was found for has one, too. experience:
 * what the search begins from, NULL: nothing. */
int mts_eval_record(const MtsEvalPlan *plan, const MtsEngine *engine, size_t sample, const MtsEvalSetup *setup,
                    uint64_t seed, const MtsExperience *experience, bool series, json_t **record, MtsError *err);
/* Its key, malloc'ed; NULL when memory ran out. */
char *mts_eval_key(const MtsEvalPlan *plan, size_t sample, const MtsEvalSetup *setup, uint64_t seed);

#endif
