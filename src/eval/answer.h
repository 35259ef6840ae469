/* eval/answer.h - the one answer that a search's many come to, and how good it is. */
#ifndef MTS_EVAL_ANSWER_H
#define MTS_EVAL_ANSWER_H

#include "eval/eval.h"

typedef struct MtsEvalAnswer {
    const char *rule; /* "best", "vote", "median", "naive", "reward" */
    size_t
        index; /* which of the search's answers it is, or of the largest reward where it is composed; SIZE_MAX: none */
    bool composed;  /* no text of the search's */
    char *text;     /* NULL: no answer */
    double *output; /* [horizon] forecast: its numbers; NULL: none */
    int correct;    /* 1, 0, or -1 where there is no right or wrong */
    json_t *scores;
} MtsEvalAnswer;

/* `result` NULL: a search that found no text, or none was made; `reward` is the sample's. Release with
 * mts_eval_answer_free(), also on failure. */
int mts_eval_answer(MtsEvalAnswer *answer, const MtsEvalPlan *plan, const MtsEngine *engine, const MtsSample *sample,
                    const MtsEvalSetup *setup, const char *reward, const MtsTextResult *result, MtsError *err);
void mts_eval_answer_free(MtsEvalAnswer *answer);

#endif
