/* cli/train_questions.c - train --stage tsqa: answered questions to a file of evidence, and how good it is on wordings
 * held out. */
#include "cli/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/out.h"
#include "core/hash.h"
#include "core/mem.h"
#include "evidence/exam.h"

enum { RESAMPLES = 500 };

typedef struct Questions {
    MtsQuestionLessons l;
    MtsAsked *asked;
    int *right;
    size_t *group;
    double *held;
} Questions;

static void free_questions(Questions *q)
{
    free(q->asked);
    free(q->right);
    free(q->group);
    free(q->held);
}

/* Questions of one wording are a group. */
static size_t group_of(const Questions *q, size_t n, size_t groups)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(q->asked[i].question, q->asked[n].question) == 0) {
            return q->group[i];
        }
    }
    return groups;
}

static int take_questions(Questions *q, const MtsStage *stage, MtsError *err)
{
    size_t n = stage->count, groups = 0;
    *q = (Questions){.asked = mts_calloc(n, sizeof *q->asked),
                     .right = mts_calloc(n, sizeof *q->right),
                     .group = mts_calloc(n, sizeof *q->group),
                     .held = mts_calloc(n, MTS_STATED_MOST * sizeof *q->held)};
    if (!q->asked || !q->right || !q->group || !q->held) {
        return mts_fail(err, MTS_ENOMEM, "train: memory ran out");
    }
    for (size_t i = 0; i < n; i++) {
        const MtsSample *s = &stage->samples[i];
        q->asked[i] = (MtsAsked){s->question, (const char *const *)s->options, s->option_count, s->series};
        q->right[i] = s->truth.option;
        q->group[i] = group_of(q, i, groups);
        groups += q->group[i] == groups;
    }
    q->l = (MtsQuestionLessons){.asked = q->asked, .right = q->right, .group = q->group, .count = n, .groups = groups};
    return MTS_OK;
}

/* ---- scores on what was held out ---- */

typedef enum ExamScore { ACCURACY, COMMONEST, ABOVE_COMMONEST, LOG_LOSS, SCORES } ExamScore;

static const char *const score_names[SCORES] = {"accuracy", "commonest", "above_commonest", "log_loss"};

/* Sums over a wording's questions. */
typedef struct Wording {
    double count, right, first, loss; /* first: right by naming the place that most right options have */
} Wording;

typedef struct Wordings {
    const Wording *of; /* [groups] */
    ExamScore score;
} Wordings;

static double score_of(const void *context, const size_t *index, size_t n)
{
    const Wordings *w = context;
    Wording all = {0};
    for (size_t i = 0; i < n; i++) {
        const Wording *one = &w->of[index[i]];
        all.count += one->count;
        all.right += one->right;
        all.first += one->first;
        all.loss += one->loss;
    }
    const double of[SCORES] = {all.right, all.first, all.right - all.first, all.loss};
    return of[w->score] / all.count;
}

/* The place in its list that most right options have. */
static int commonest_place(const MtsQuestionLessons *l)
{
    size_t count[MTS_STATED_MOST] = {0};
    int best = 0;
    for (size_t i = 0; i < l->count; i++) {
        count[l->right[i]]++;
    }
    for (int k = 1; k < MTS_STATED_MOST; k++) {
        best = count[k] > count[best] ? k : best;
    }
    return best;
}

static void count_wording(const Questions *q, Wording *wordings)
{
    int first = commonest_place(&q->l);
    for (size_t i = 0; i < q->l.count; i++) {
        const double *log_p = q->held + i * MTS_STATED_MOST;
        Wording *w = &wordings[q->group[i]];
        size_t said = 0;
        for (size_t k = 1; k < q->asked[i].count; k++) {
            said = log_p[k] > log_p[said] ? k : said;
        }
        w->count++;
        w->right += (int)said == q->right[i];
        w->first += first == q->right[i];
        w->loss -= log_p[q->right[i]];
    }
}

/* Each score with its 95 % interval, wordings resampled. */
static int score_held(const Questions *q, json_t **scores, MtsError *err)
{
    Wording *wordings = mts_calloc(q->l.groups, sizeof *wordings);
    int rc = wordings ? MTS_OK : mts_fail(err, MTS_ENOMEM, "train: memory ran out");
    Wordings w = {.of = wordings};
    if (!rc) {
        count_wording(q, wordings);
    }
    *scores = json_object();
    for (; !rc && w.score < SCORES; w.score++) {
        MtsInterval v;
        if (!(rc = mts_bootstrap_of(score_of, &w, q->l.groups, RESAMPLES, 0, &v, err))) {
            mts_json_add(scores, score_names[w.score], train_interval(&v));
        }
    }
    free(wordings);
    return rc;
}

/* ---- the file ---- */

static void describe(json_t **about, const Args *args, const MtsQuestionLessons *l, json_t *scores)
{
    uint64_t h = MTS_HASH_BEGIN;
    char digits[MTS_HASH_DIGITS + 1];
    for (size_t i = 0; i < l->count; i++) {
        const MtsAsked *a = &l->asked[i];
        h = mts_hash_doubles(h, a->series->values, a->series->channels * a->series->length);
        h = mts_hash(h, a->question, strlen(a->question));
        h = mts_hash(h, a->options[l->right[i]], strlen(a->options[l->right[i]]));
    }
    mts_json_add_text(about, "stage", args->stage);
    mts_json_add(about, "data", out_string(args->data));
    mts_json_add_text(about, "hash", mts_hash_text(h, digits));
    mts_json_add_int(about, "samples", (json_int_t)l->count);
    mts_json_add_int(about, "groups", (json_int_t)l->groups);
    mts_json_add(about, "held_out", scores);
}

int train_questions(const Args *args, const MtsStage *stage, json_t **about, MtsError *err)
{
    Questions q;
    MtsQuestions *questions = NULL;
    json_t *scores = NULL;
    int rc = take_questions(&q, stage, err);
    if (rc || (rc = mts_questions_learn(&questions, &q.l, q.held, err)) || (rc = score_held(&q, &scores, err))) {
        goto done;
    }
    describe(&questions->about, args, &q.l, json_incref(scores));
    rc = questions->about ? mts_questions_write(questions, args->out, err)
                          : mts_fail(err, MTS_ENOMEM, "train: memory ran out");
    *about = json_incref(questions->about);
done:
    json_decref(scores);
    free_questions(&q);
    mts_questions_free(&questions);
    return rc;
}
