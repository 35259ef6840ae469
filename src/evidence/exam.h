/* evidence/exam.h - what answered questions have taught about others: log p(option | series) of each option. */
#ifndef MTS_EVIDENCE_EXAM_H
#define MTS_EVIDENCE_EXAM_H

#include "core/json.h"
#include "evidence/seen_series.h"
#include "evidence/statements.h"

enum { MTS_QUESTIONS_MOST = 40000 };

typedef struct MtsQuestions {
    bool knows;     /* held-out questions are told better than by guessing, and not by chance (mts_knows()) */
    double *weight; /* [mts_statement_rules]: what a statement that holds is worth, nats */
    MtsSeen seen;   /* what was learnt from */
    json_t *about;
} MtsQuestions;

/* Answered questions. */
typedef struct MtsQuestionLessons {
    const MtsAsked *asked; /* [count] */
    const int *right;      /* [count] an index of the options */
    const size_t *group;   /* [count], 0 .. groups - 1: what asks the same is held out together */
    size_t count, groups;
} MtsQuestionLessons;

/* Learns. `held` [count][MTS_STATED_MOST] gets log p(option) of each question from those of other groups. */
int mts_questions_learn(MtsQuestions **questions, const MtsQuestionLessons *lessons, double *held, MtsError *err);
void mts_questions_free(MtsQuestions **questions);

/* ratio [count of options] = log p(option | series) - log p(option), all options equal before. MTS_EREQUEST where the
 * series is one that was learnt from. */
int mts_questions_judge(const MtsQuestions *questions, const MtsAsked *asked, double *ratio, MtsError *err);

/* ---- exam_file.c ---- */

int mts_questions_write(const MtsQuestions *questions, const char *path, MtsError *err);
int mts_questions_parse(MtsQuestions **questions, const char *name, const char *text, size_t size, MtsError *err);

#endif
