/* reward/model_term.c - rewards that ask the model which is searched.
 *
 *   choose:A|B|C       log p(option | prompt, one of the options) of the option that the text gives, over all its
 *                      tokenisations (engine/choose.c): asked once, before the search. What is answered after thinking
 *                      is held against what would be answered at once. A text that gives none is worth as much as the
 *                      least likely option; a prefix as much as the best one that it can still become.
 *   judge:"QUESTION"   log p(yes) - log p(no) of the model itself when QUESTION follows the prompt and the answer.
 *                      Finished texts; each costs a forward pass over the text and the question. */
#include "reward/rewards.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/list.h"
#include "core/mem.h"
#include "reward/answer_line.h"

static int no_memory(const char *name, MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "reward %s: memory ran out", name);
}

/* ---- choose ---- */

typedef struct Chosen {
    char *text;         /* the options, each ended by a NUL */
    const char **names; /* [count] in it */
    double *logp;       /* [count] */
    size_t count;
    double best, least;
} Chosen;

static void free_chosen(void *self)
{
    Chosen *c = self;
    free(c->text);
    free(c->names);
    free(c->logp);
    free(c);
}

static int score_chosen(void *self, const MtsRewardText *text, double *value, MtsError *err)
{
    const Chosen *c = self;
    const char *said;
    size_t n;
    *value = c->least;
    if (text->finished) {
        int k = mts_answer_option(text->text, text->size, c->names, c->count, false);
        *value = k >= 0 ? c->logp[k] : c->least;
        return k == MTS_NO_MEMORY ? no_memory("choose", err) : MTS_OK;
    }
    if (!mts_answer_find(text->text, text->size, &said, &n)) {
        *value = c->best;
        return MTS_OK;
    }
    for (size_t k = 0; k < c->count; k++) {
        int open = mts_answer_begins_option(said, n, &c->names[k], 1);
        if (open == MTS_NO_MEMORY) {
            return no_memory("choose", err);
        }
        *value = open ? fmax(*value, c->logp[k]) : *value;
    }
    return MTS_OK;
}

static int split(Chosen *c, const char *argument, MtsError *err)
{
    size_t most = mts_parts(argument, '|');
    c->text = mts_strdup(argument);
    c->names = mts_calloc(most, sizeof *c->names);
    c->logp = mts_calloc(most, sizeof *c->logp);
    if (!c->text || !c->names || !c->logp) {
        return no_memory("choose", err);
    }
    c->count = mts_cut(c->text, '|', c->names);
    return MTS_OK;
}

/* Probabilities among the options. An option that the model cannot give is worth no less than the rounding of one. */
static void normalise(Chosen *c)
{
    double largest = -HUGE_VAL, sum = 0;
    for (size_t k = 0; k < c->count; k++) {
        largest = fmax(largest, c->logp[k]);
    }
    for (size_t k = 0; k < c->count; k++) {
        sum += exp(c->logp[k] - largest);
    }
    c->best = -HUGE_VAL;
    for (size_t k = 0; k < c->count; k++) {
        c->logp[k] = fmax(c->logp[k] - largest - log(sum), log(1e-16));
        c->best = fmax(c->best, c->logp[k]);
        c->least = k ? fmin(c->least, c->logp[k]) : c->logp[k];
    }
}

static int needs_model(const char *name, MtsError *err)
{
    return mts_fail(err, MTS_EREQUEST, "reward %s: asks the model that is searched, and here is none", name);
}

int mts_reward_choose(MtsRewardTerm *term, const char *argument, const MtsRewardInput *input, MtsError *err)
{
    if (!argument || !*argument) {
        return mts_fail(err, MTS_EREQUEST, "reward choose: needs the options, as in choose:rest|walk|run");
    }
    if (!input->model) {
        return needs_model("choose", err);
    }
    Chosen *c = mts_calloc(1, sizeof *c);
    int rc = c ? split(c, argument, err) : no_memory("choose", err);
    rc = rc ? rc : input->model->choose(input->model->context, c->names, c->count, c->logp, err);
    if (rc) {
        if (c) {
            free_chosen(c);
        }
        return rc;
    }
    normalise(c);
    term->self = c;
    term->score = score_chosen;
    term->free = free_chosen;
    term->prefixes = true;
    return MTS_OK;
}

/* ---- judge ---- */

typedef struct Judged {
    const MtsRewardModel *model; /* borrowed */
    char *question;
} Judged;

static void free_judged(void *self)
{
    Judged *j = self;
    free(j->question);
    free(j);
}

static int score_judged(void *self, const MtsRewardText *text, double *value, MtsError *err)
{
    const Judged *j = self;
    return j->model->judge(j->model->context, j->question, text->text, text->size, value, err);
}

int mts_reward_judge(MtsRewardTerm *term, const char *argument, const MtsRewardInput *input, MtsError *err)
{
    size_t n = argument ? strlen(argument) : 0;
    if (n >= 2 && argument[0] == '"' && argument[n - 1] == '"') {
        argument++;
        n -= 2;
    }
    if (n == 0) {
        return mts_fail(err, MTS_EREQUEST,
                        "reward judge: needs a question of yes or no, as in "
                        "judge:\"Is this true of the series?\"");
    }
    if (!input->model) {
        return needs_model("judge", err);
    }
    Judged *j = mts_calloc(1, sizeof *j);
    if (!j || !(j->question = mts_strndup(argument, n))) {
        free(j);
        return no_memory("judge", err);
    }
    j->model = input->model;
    term->self = j;
    term->score = score_judged;
    term->free = free_judged;
    term->slow = term->asks_model = true;
    return MTS_OK;
}
