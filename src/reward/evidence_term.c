/* reward/evidence_term.c - what a trained witness says of the class that a text names.
 *
 * evidence:FILE - FILE is what maxts train wrote. r = log p(class | series) - log p(class), the class that of the
 * text's answer (reward/answer_line.h). With the language model's log p of the text as the prior and lambda 1 that is
 * Bayes' rule. A prefix is worth the best class that it can still come to name; a text that names none, and a prefix
 * that can name none any more, are worth 0: nothing is said of them. With ",prior=1" behind FILE it
 * is log p(class | series), where the model's own prior is not worth having. */
#include "reward/rewards.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "evidence/evidence.h"
#include "reward/answer_line.h"

typedef struct Witness {
    MtsEvidence *evidence;
    double *ratio; /* [classes] */
    double best;   /* the largest of them */
} Witness;

static void free_witness(void *self)
{
    Witness *w = self;
    mts_evidence_free(&w->evidence);
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

int mts_reward_evidence(MtsRewardTerm *term, const char *argument, const MtsRewardInput *input, MtsError *err)
{
    size_t path_size = argument ? strcspn(argument, ",") : 0, word_size, prior = 0;
    MtsRewardOption options[] = {{"prior", 0, 1, NULL, &prior, false}};
    const char *word;
    if (!input->series || path_size == 0) {
        return mts_fail(err, MTS_EREQUEST,
                        "reward evidence: needs an input series and a file of maxts train, as in "
                        "evidence:har.evidence");
    }
    int rc = mts_reward_options("evidence", argument + path_size + (argument[path_size] == ','), &word, &word_size,
                                options, 1, err);
    if (rc) {
        return rc;
    }
    Witness *w = mts_calloc(1, sizeof *w);
    char *path = mts_strndup(argument, path_size);
    rc = w && path ? mts_evidence_read(&w->evidence, path, err)
                   : mts_fail(err, MTS_ENOMEM, "reward evidence: memory ran out");
    rc = rc ? rc : ask_witness(w, input->series, prior == 1, err);
    free(path);
    if (rc) {
        if (w) {
            free_witness(w);
        }
        return rc;
    }
    term->self = w;
    term->score = score_evidence;
    term->free = free_witness;
    term->prefixes = true;
    return MTS_OK;
}
