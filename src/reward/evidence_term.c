/* reward/evidence_term.c - what a trained witness says of the class that a text names.
 *
 * evidence:FILE - FILE is what maxts train wrote. r = log p(class | series) - log p(class), the class that of the
 * text's answer (reward/answer_line.h). With the language model's log p of the text as the prior and lambda 1 that is
 * Bayes' rule. A prefix is worth the best class that it can still come to name; a text that names none, and a prefix
 * that can name none any more, are worth 0: nothing is said of them. With ",prior=1" behind FILE it
 * is log p(class | series), where the model's own prior is not worth having.
 *
 * Where FILE is of stage forecast, a text is a path of numbers, and r = - sum over steps of min(10, |y - path| /
 * spread): log of the density with these medians and mean errors (Laplace's), less that of the path itself. A prefix is
 * worth what its best continuation is; each step that a finished text leaves out, and that what is no list of numbers
 * could still have had, costs 10. */
#include "reward/rewards.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "evidence/trained.h"
#include "reward/answer_line.h"
#include "reward/files.h"
#include "reward/path.h"

typedef struct Witness {
    const MtsEvidence *evidence; /* the files' */
    double *ratio;               /* [classes] */
    double best;                 /* the largest of them */
} Witness;

static void free_witness(void *self)
{
    Witness *w = self;
    free(w->ratio);
    free(w);
}

/* The best class that what is said so far can become: MTS_NO_MEMORY, or MTS_NO_OPTION with *value 0 where it is none.
 */
static int best_open(const Witness *w, const char *said, size_t n, double *value)
{
    int found = MTS_NO_OPTION;
    for (size_t k = 0; k < w->evidence->classes; k++) {
        const char *const name[] = {w->evidence->labels[k]};
        int open = mts_answer_begins_option(said, n, name, 1);
        if (open == MTS_NO_MEMORY) {
            return open;
        }
        if (open && (found < 0 || w->ratio[k] > *value)) {
            *value = w->ratio[k];
            found = (int)k;
        }
    }
    return found;
}

static int score_evidence(void *self, const MtsRewardText *text, double *value, MtsError *err)
{
    const Witness *w = self;
    const char *const *names = (const char *const *)w->evidence->labels, *said;
    size_t n;
    int k;
    *value = 0;
    if (text->finished) {
        k = mts_answer_option(text->text, text->size, names, w->evidence->classes, false);
        *value = k >= 0 ? w->ratio[k] : 0;
    } else if (!mts_answer_find(text->text, text->size, &said, &n)) {
        *value = w->best;
        k = 0;
    } else {
        k = best_open(w, said, n, value);
    }
    return k == MTS_NO_MEMORY ? mts_fail(err, MTS_ENOMEM, "reward evidence: memory ran out") : MTS_OK;
}

static int ask_witness(Witness *w, const MtsSeries *series, bool prior, MtsError *err)
{
    size_t classes = w->evidence->classes;
    w->ratio = mts_calloc(classes, sizeof *w->ratio);
    int rc = w->ratio ? mts_evidence_judge(w->evidence, series, w->ratio, err)
                      : mts_fail(err, MTS_ENOMEM, "reward evidence: memory ran out");
    for (size_t k = 0; !rc && k < classes; k++) {
        w->ratio[k] += prior ? log(w->evidence->prior[k]) : 0;
        w->best = k ? fmax(w->best, w->ratio[k]) : w->ratio[k];
    }
    return rc;
}

/* ---- paths ---- */

enum { MOST_APART = 10 };

typedef struct PathWitness {
    double *path, *spread; /* [horizon] */
    size_t horizon;
    MtsPathForm form;
} PathWitness;

static void free_path(void *self)
{
    PathWitness *w = self;
    free(w->path);
    free(w);
}

static int score_path(void *self, const MtsRewardText *text, double *value, MtsError *err)
{
    const PathWitness *w = self;
    size_t said;
    double *y = mts_calloc(w->horizon, sizeof *y);
    int rc = y ? mts_path_read(text, &w->form, w->path, w->horizon, y, &said, err)
               : mts_fail(err, MTS_ENOMEM, "reward evidence: memory ran out");
    if (!rc) {
        bool list = mts_path_is_list(text, w->horizon);
        *value = text->finished || !list ? -(double)MOST_APART * (double)(w->horizon - said) : 0;
        *value -= list ? 0 : MOST_APART; /* too many numbers, or words */
        for (size_t t = 0; t < said; t++) {
            *value -= fmin(MOST_APART, fabs(y[t] - w->path[t]) / w->spread[t]);
        }
    }
    free(y);
    return rc;
}

static int make_path(MtsRewardTerm *term, const char *file, const MtsForecaster *o, const MtsSeries *x, size_t horizon,
                     MtsError *err)
{
    int rc = MTS_OK;
    if (x->channels != 1) {
        return mts_fail(err, MTS_EREQUEST, "reward evidence: the input series has %zu channels; choose one",
                        x->channels);
    }
    if (horizon > o->horizon) {
        return mts_fail(err, MTS_EREQUEST, "reward evidence: %s: a horizon of %zu was learnt, which %zu is beyond",
                        file, o->horizon, horizon);
    }
    PathWitness *w = mts_calloc(1, sizeof *w);
    if (!w || !(w->path = mts_calloc(2 * o->horizon, sizeof *w->path))) {
        rc = mts_fail(err, MTS_ENOMEM, "reward evidence: memory ran out");
    } else {
        w->horizon = horizon ? horizon : o->horizon;
        w->spread = w->path + o->horizon; /* of all steps that were learnt */
        w->form = mts_path_form(x);
        rc = mts_forecaster_path(o, x->values, x->length, w->path, w->spread, err);
    }
    if (rc && w) {
        free_path(w);
    }
    term->self = rc ? NULL : w;
    term->score = score_path;
    term->free = free_path;
    term->prefixes = true;
    return rc;
}

/* ---- either ---- */

static int make_class(MtsRewardTerm *term, const MtsEvidence *evidence, const MtsSeries *series, bool prior,
                      MtsError *err)
{
    Witness *w = mts_calloc(1, sizeof *w);
    if (!w) {
        return mts_fail(err, MTS_ENOMEM, "reward evidence: memory ran out");
    }
    w->evidence = evidence;
    int rc = ask_witness(w, series, prior, err);
    if (rc) {
        free_witness(w);
    }
    term->self = rc ? NULL : w;
    term->score = score_evidence;
    term->free = free_witness;
    term->prefixes = true;
    return rc;
}

static int read_trained(void *trained, const char *path, MtsError *err)
{
    return mts_trained_read(trained, path, err);
}

static void free_trained(void *trained)
{
    mts_trained_free(trained);
}

static const MtsFileForm trained_form = {sizeof(MtsTrained), read_trained, free_trained};

int mts_reward_trained(MtsRewardFiles *files, const char *path, const MtsTrained **trained, MtsError *err)
{
    const void *kept = NULL;
    int rc = mts_reward_file(files, path, &trained_form, &kept, err);
    *trained = kept;
    return rc;
}

int mts_reward_evidence(MtsRewardTerm *term, const char *argument, const MtsRewardInput *input, MtsError *err)
{
    size_t path_size = argument ? mts_reward_first(argument, strlen(argument)).size : 0, word_size, prior = 0,
           horizon = 0;
    MtsRewardOption options[] = {{"prior", 0, 1, NULL, &prior, false},
                                 {"horizon", 1, MTS_FORECASTER_MOST_HORIZON, NULL, &horizon, false}};
    const char *word;
    const MtsTrained *t = NULL;
    if (!input->series || path_size == 0) {
        return mts_fail(err, MTS_EREQUEST,
                        "reward evidence: needs an input series and a file of maxts train, as in "
                        "evidence:har.evidence");
    }
    int rc = mts_reward_options("evidence", argument + path_size + (argument[path_size] == ','), &word, &word_size,
                                options, 2, err);
    char *file = mts_strndup(argument, path_size);
    if (!rc && !file) {
        rc = mts_fail(err, MTS_ENOMEM, "reward evidence: memory ran out");
    }
    if (!rc && !(rc = mts_reward_trained(input->files, file, &t, err))) {
        rc = t->forecasts ? make_path(term, file, t->forecasts, input->series, horizon, err)
                          : make_class(term, t->classes, input->series, prior == 1, err);
    }
    free(file);
    return rc;
}
