/* evidence/exam.c - see exam.h.
 *
 * Each option is read by one rule (evidence/statements.h), and p(option) is proportional to exp(weight of the rule
 * times how well what it says holds). A rule's weight is what all share and a part of its own, both held by a penalty
 * (to SHARED and to 0), so that a rule which few questions teach is worth what the others are. The likelihood is
 * concave: Newton's steps, one weight after the other, until none moves. */
#include "evidence/exam.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "evidence/calibrate.h"

enum { MOST_FOLDS = 16, SWEEPS = 200 };

#define SHARED 0.5 /* what a statement is worth before anything is learnt */
#define OF_SHARED 0.1
#define OF_OWN 3.0 /* how firmly weights are held: of so many questions' worth */

/* ---- probabilities ---- */

/* log_p [count] of options. */
static void log_odds(const MtsStated *stated, size_t count, const double *weight, double *log_p)
{
    double most = -HUGE_VAL, sum = 0;
    for (size_t k = 0; k < count; k++) {
        log_p[k] = stated[k].rule == MTS_UNSTATED ? 0 : weight[stated[k].rule] * stated[k].value;
        most = fmax(most, log_p[k]);
    }
    for (size_t k = 0; k < count; k++) {
        sum += exp(log_p[k] - most);
    }
    for (size_t k = 0; k < count; k++) {
        log_p[k] -= most + log(sum);
    }
}

/* ---- learning ---- */

typedef struct Exam {
    const MtsQuestionLessons *l;
    MtsStated *stated; /* [count][MTS_STATED_MOST] */
    double *own;       /* [rules], beside what is shared */
    double *weight;    /* [rules] */
} Exam;

/* Slope and bend of the log likelihood by one rule's weight, or by all at once (rule MTS_UNSTATED), over questions that
 * are not of `without`. */
static void look(const Exam *e, int rule, size_t folds, size_t without, double *slope, double *bend)
{
    for (size_t i = 0; i < e->l->count; i++) {
        const MtsStated *s = e->stated + i * MTS_STATED_MOST;
        double log_p[MTS_STATED_MOST], mean = 0, squares = 0, right = 0;
        bool part = false;
        if (e->l->group[i] % folds == without) {
            continue;
        }
        for (size_t k = 0; k < e->l->asked[i].count; k++) {
            part = part || (s[k].rule != MTS_UNSTATED && (rule == MTS_UNSTATED || s[k].rule == rule));
        }
        if (!part) {
            continue;
        }
        log_odds(s, e->l->asked[i].count, e->weight, log_p);
        for (size_t k = 0; k < e->l->asked[i].count; k++) {
            bool counts = s[k].rule != MTS_UNSTATED && (rule == MTS_UNSTATED || s[k].rule == rule);
            double x = counts ? s[k].value : 0, p = exp(log_p[k]);
            mean += p * x;
            squares += p * x * x;
            right = (int)k == e->l->right[i] ? x : right;
        }
        *slope += right - mean;
        *bend += squares - mean * mean;
    }
}

/* Weights from all folds but `without` (folds: from all). */
static void fit(Exam *e, size_t folds, size_t without)
{
    double shared = SHARED, moved = 1;
    memset(e->own, 0, mts_statement_rules * sizeof *e->own);
    for (int sweep = 0; sweep < SWEEPS && moved > 1e-9; sweep++) {
        moved = 0;
        for (int r = MTS_UNSTATED; r < (int)mts_statement_rules; r++) {
            bool all = r == MTS_UNSTATED;
            double at = all ? shared - SHARED : e->own[r], held = all ? OF_SHARED : OF_OWN;
            double slope = -held * at, bend = held;
            for (size_t k = 0; k < mts_statement_rules; k++) {
                e->weight[k] = shared + e->own[k];
            }
            look(e, r, folds, without, &slope, &bend);
            double step = slope / bend;
            *(all ? &shared : &e->own[r]) += step;
            moved = fmax(moved, fabs(step));
        }
    }
    for (size_t k = 0; k < mts_statement_rules; k++) {
        e->weight[k] = shared + e->own[k];
    }
}

static void hold_out(Exam *e, double *held)
{
    const MtsQuestionLessons *l = e->l;
    size_t folds = l->groups < MOST_FOLDS ? l->groups : MOST_FOLDS;
    for (size_t f = 0; f < folds; f++) {
        fit(e, folds, f);
        for (size_t i = 0; i < l->count; i++) {
            if (l->group[i] % folds == f) {
                log_odds(e->stated + i * MTS_STATED_MOST, l->asked[i].count, e->weight, held + i * MTS_STATED_MOST);
            }
        }
    }
    fit(e, folds, folds);
}

/* Of the right options, over guessing; nothing was fitted to what was held out. */
static double gain_of(const MtsQuestionLessons *l, const double *held)
{
    double gain = 0;
    for (size_t i = 0; i < l->count; i++) {
        gain += held[i * MTS_STATED_MOST + (size_t)l->right[i]] + log((double)l->asked[i].count);
    }
    return gain;
}

static int state_all(Exam *e, MtsQuestions *q, MtsError *err)
{
    int rc = MTS_OK;
    const MtsSeries **series = mts_calloc(e->l->count, sizeof *series);
    for (size_t i = 0; series && !rc && i < e->l->count; i++) {
        series[i] = e->l->asked[i].series;
        rc = mts_statements(&e->l->asked[i], e->stated + i * MTS_STATED_MOST, err);
    }
    if (!rc && (!series || !mts_seen_all(&q->seen, series, e->l->count))) {
        rc = mts_fail(err, MTS_ENOMEM, "evidence: memory ran out for %zu questions", e->l->count);
    }
    free(series);
    return rc;
}

static int check_lessons(const MtsQuestionLessons *l, MtsError *err)
{
    if (l->groups < 2 || l->count > MTS_QUESTIONS_MOST) {
        return mts_fail(err, MTS_EREQUEST,
                        "evidence: %zu questions of %zu wordings: from 2 wordings to %d questions can be used",
                        l->count, l->groups, MTS_QUESTIONS_MOST);
    }
    for (size_t i = 0; i < l->count; i++) {
        if (l->asked[i].count < 2 || l->asked[i].count > MTS_STATED_MOST) {
            return mts_fail(err, MTS_EREQUEST, "evidence: question %zu has %zu options, not 2 to %d", i + 1,
                            l->asked[i].count, MTS_STATED_MOST);
        }
    }
    return MTS_OK;
}

int mts_questions_learn(MtsQuestions **questions, const MtsQuestionLessons *l, double *held, MtsError *err)
{
    Exam e = {.l = l};
    MtsQuestions *q = *questions = mts_calloc(1, sizeof *q);
    int rc = q ? check_lessons(l, err) : mts_fail(err, MTS_ENOMEM, "evidence: memory ran out");
    if (rc) {
        mts_questions_free(questions);
        return rc;
    }
    e.stated = mts_calloc(l->count * MTS_STATED_MOST, sizeof *e.stated);
    e.own = mts_calloc(mts_statement_rules, sizeof *e.own);
    q->weight = e.weight = mts_calloc(mts_statement_rules, sizeof *e.weight);
    q->about = json_object();
    rc = e.stated && e.own && e.weight && q->about
             ? state_all(&e, q, err)
             : mts_fail(err, MTS_ENOMEM, "evidence: memory ran out for %zu questions", l->count);
    if (!rc) {
        hold_out(&e, held);
        q->knows = mts_knows(gain_of(l, held), l->count, 1);
    } else {
        mts_questions_free(questions);
    }
    free(e.stated);
    free(e.own);
    return rc;
}

void mts_questions_free(MtsQuestions **questions)
{
    MtsQuestions *q = *questions;
    if (q) {
        free(q->weight);
        mts_seen_free(&q->seen);
        json_decref(q->about);
        free(q);
    }
    *questions = NULL;
}

/* ---- judging ---- */

int mts_questions_judge(const MtsQuestions *q, const MtsAsked *asked, double *ratio, MtsError *err)
{
    MtsStated stated[MTS_STATED_MOST];
    if (asked->count < 2 || asked->count > MTS_STATED_MOST) {
        return mts_fail(err, MTS_EREQUEST, "evidence: a question of %zu options, not 2 to %d", asked->count,
                        MTS_STATED_MOST);
    }
    if (mts_seen_has(&q->seen, asked->series)) {
        return mts_fail(err, MTS_EREQUEST, "evidence: the series is one that was learnt from; test on others");
    }
    int rc = mts_statements(asked, stated, err);
    if (rc) {
        return rc;
    }
    log_odds(stated, asked->count, q->weight, ratio);
    for (size_t k = 0; k < asked->count; k++) {
        ratio[k] += log((double)asked->count);
    }
    return MTS_OK;
}
