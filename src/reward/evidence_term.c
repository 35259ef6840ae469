/* reward/evidence_term.c - what a trained witness says of the class that a text names.
 *
 * evidence:FILE - FILE is what maxts train wrote. r = log p(class | series) - log p(class), the class that of the
 * text's answer (reward/answer_line.h). With the language model's log p of the text as the prior and lambda 1 that is
 * Bayes' rule. A prefix is worth the best class that it can still come to name; a text that names none, and a prefix
 * that can name none any more, are worth 0: nothing is said of them. With ",prior=1" behind FILE it
 * is log p(class | series), where the model's own prior is not worth having, and no class is as good as the least
 * likely one.
 *
 * Where FILE is of stage tsqa, the classes are the options of a question, which follow it behind bars:
 * evidence:FILE|QUESTION|[lettered;]A|B|C. Their letters count too where they are lettered.
 *
 * Where FILE is of stage forecast, a text is a path of numbers, and r = - sum over steps of min(10, |y - path| /
 * spread): log of the density with these medians and mean errors (Laplace's), less that of the path itself. A prefix is
 * worth what its best continuation is; each step that a finished text leaves out, and that what is no list of numbers
 * could still have had, costs 10. */
#include "reward/rewards.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/list.h"
#include "core/mem.h"
#include "evidence/trained.h"
#include "reward/answer_line.h"
#include "reward/files.h"
#include "reward/path.h"

typedef struct Witness {
    const char *const *names; /* [classes], the file's or of `list` */
    size_t classes;
    bool lettered;
    double *ratio; /* [classes] */
    double best;   /* the largest of them */
    double none;   /* what a text is worth that names none */
    char *text;    /* of a question: it and its options, cut up */
    const char **list;
} Witness;

static void free_witness(void *self)
{
    Witness *w = self;
    free(w->ratio);
    free(w->text);
    free(w->list);
    free(w);
}

/* The best class that what is said so far can become: MTS_NO_MEMORY, or MTS_NO_OPTION with *value left alone where it
 * is none. */
static int best_open(const Witness *w, const char *said, size_t n, double *value)
{
    int found = MTS_NO_OPTION;
    for (size_t k = 0; k < w->classes; k++) {
        bool letter = w->lettered && n <= 1; /* a bracket, or nothing yet */
        int open = letter ? 1 : mts_answer_begins_option(said, n, w->names + k, 1);
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
    const char *said;
    size_t n;
    bool whole = text->finished || w->lettered; /* a letter is an answer at once */
    int k = whole ? mts_answer_option(text->text, text->size, w->names, w->classes, w->lettered) : MTS_NO_OPTION;
    *value = k >= 0 ? w->ratio[k] : w->none;
    if (k == MTS_NO_OPTION && !text->finished) {
        if (mts_answer_find(text->text, text->size, &said, &n)) {
            k = best_open(w, said, n, value);
        } else {
            *value = w->best;
        }
    }
    return k == MTS_NO_MEMORY ? mts_fail(err, MTS_ENOMEM, "reward evidence: memory ran out") : MTS_OK;
}

static void find_ends(Witness *w, bool prior)
{
    double least = w->best = w->ratio[0];
    for (size_t k = 1; k < w->classes; k++) {
        w->best = fmax(w->best, w->ratio[k]);
        least = fmin(least, w->ratio[k]);
    }
    w->none = prior ? least : 0;
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
    term->prefixes = term->bounds = true;
    return rc;
}

/* ---- classes and questions ---- */

/* What is asked for. */
typedef struct EvidenceAsked {
    const char *question; /* behind the first bar; NULL: none */
    bool prior;
    size_t horizon;
} EvidenceAsked;

static int ask_classes(Witness *w, const MtsEvidence *e, const MtsSeries *series, const EvidenceAsked *asked,
                       MtsError *err)
{
    w->names = (const char *const *)e->labels;
    w->classes = e->classes;
    if (!(w->ratio = mts_calloc(w->classes, sizeof *w->ratio))) {
        return mts_fail(err, MTS_ENOMEM, "reward evidence: memory ran out");
    }
    int rc = mts_evidence_judge(e, series, w->ratio, err);
    for (size_t k = 0; !rc && k < w->classes; k++) {
        w->ratio[k] += asked->prior ? log(e->prior[k]) : 0;
    }
    return rc;
}

static int ask_question(Witness *w, const MtsQuestions *q, const MtsSeries *series, const EvidenceAsked *asked,
                        MtsError *err)
{
    static const char lettered[] = "lettered;";
    w->text = mts_strdup(asked->question);
    w->list = mts_calloc(mts_parts(asked->question, '|'), sizeof *w->list);
    if (!w->text || !w->list) {
        return mts_fail(err, MTS_ENOMEM, "reward evidence: memory ran out");
    }
    w->classes = mts_cut(w->text, '|', w->list) - 1;
    if (w->classes && strncmp(w->list[1], lettered, sizeof lettered - 1) == 0) {
        w->lettered = true;
        w->list[1] += sizeof lettered - 1;
    }
    w->names = w->list + 1;
    if (!(w->ratio = mts_calloc(w->classes, sizeof *w->ratio))) {
        return mts_fail(err, MTS_ENOMEM, "reward evidence: memory ran out");
    }
    const MtsAsked question = {w->list[0], w->names, w->classes, series};
    int rc = mts_questions_judge(q, &question, w->ratio, err);
    for (size_t k = 0; !rc && k < w->classes; k++) {
        w->ratio[k] -= asked->prior ? log((double)w->classes) : 0;
    }
    return rc;
}

static int make_witness(MtsRewardTerm *term, const MtsTrained *t, const MtsSeries *series, const EvidenceAsked *asked,
                        MtsError *err)
{
    Witness *w = mts_calloc(1, sizeof *w);
    if (!w) {
        return mts_fail(err, MTS_ENOMEM, "reward evidence: memory ran out");
    }
    int rc = t->questions ? ask_question(w, t->questions, series, asked, err)
                          : ask_classes(w, t->classes, series, asked, err);
    if (rc) {
        free_witness(w);
    } else {
        find_ends(w, asked->prior);
    }
    term->self = rc ? NULL : w;
    term->score = score_evidence;
    term->free = free_witness;
    term->prefixes = term->bounds = true;
    return rc;
}

/* ---- either ---- */

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

static int make(MtsRewardTerm *term, const char *file, const MtsTrained *t, const MtsSeries *series,
                const EvidenceAsked *asked, MtsError *err)
{
    if (!asked->question != !t->questions) {
        return mts_fail(err, MTS_EREQUEST,
                        t->questions ? "reward evidence: %s is about questions: evidence:FILE|QUESTION|A|B|C"
                                     : "reward evidence: %s is not about questions, and none can follow it",
                        file);
    }
    return t->forecasts ? make_path(term, file, t->forecasts, series, asked->horizon, err)
                        : make_witness(term, t, series, asked, err);
}

int mts_reward_evidence(MtsRewardTerm *term, const char *argument, const MtsRewardInput *input, MtsError *err)
{
    size_t path_size = argument ? mts_reward_first(argument, strlen(argument)).size : 0, word_size, prior = 0;
    EvidenceAsked asked = {0};
    MtsRewardOption options[] = {{"prior", 0, 1, NULL, &prior, false},
                                 {"horizon", 1, MTS_FORECASTER_MOST_HORIZON, NULL, &asked.horizon, false}};
    const char *word, *bar = argument ? strchr(argument, '|') : NULL;
    const MtsTrained *t = NULL;
    if (!input->series || path_size == 0) {
        return mts_fail(err, MTS_EREQUEST,
                        "reward evidence: needs an input series and a file of maxts train, as in "
                        "evidence:har.evidence");
    }
    size_t own = bar ? (size_t)(bar - argument) : strlen(argument);
    char *file = mts_strndup(argument, path_size), *more = mts_strndup(argument + path_size, own - path_size);
    int rc = file && more ? MTS_OK : mts_fail(err, MTS_ENOMEM, "reward evidence: memory ran out");
    asked.question = bar ? bar + 1 : NULL;
    if (!rc && !(rc = mts_reward_options("evidence", more + (*more == ','), &word, &word_size, options, 2, err)) &&
        !(rc = mts_reward_trained(input->files, file, &t, err))) {
        asked.prior = prior == 1;
        rc = make(term, file, t, input->series, &asked, err);
    }
    free(file);
    free(more);
    return rc;
}
