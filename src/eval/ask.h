/* eval/ask.h - what a search is asked of a sample. */
#ifndef MTS_EVAL_ASK_H
#define MTS_EVAL_ASK_H

#include "core/mem.h"
#include "eval/eval.h"

typedef struct MtsEvalAsk {
    MtsRequest request; /* borrows what follows, and the sample */
    MtsPrompt prompt;
    bool bare; /* an option alone is an answer, without "Answer: " */
    char *reward, *constraint;
} MtsEvalAsk;

/* `sample` NULL: a table's. Release with mts_eval_ask_free(), also on failure. */
int mts_eval_ask(MtsEvalAsk *ask, const MtsEvalPlan *plan, const MtsEngine *engine, const MtsSample *sample,
                 const MtsEvalSetup *setup, uint64_t seed, MtsError *err);
void mts_eval_ask_free(MtsEvalAsk *ask);

#endif
