/* reward/claims_term.c - are a text's statements true?
 *
 * claims[:cost=C][,most=N][,about=QUESTION] - are the text's statements about the input series true?
 *
 *     r = min(true claims, N) - C * false claims
 *
 * QUESTION, which comes last and may hold anything: true claims count where they are of a kind that answers it, all
 * where it asks for none of the kinds. Claims are found and judged as reward/claims.h says; the same one twice counts
 * once. C from 0 to 1e6, default 1: a guess between two ways is worth nothing. N from 1 to 1000, default 10. A prefix
 * is worth the claims of its finished clauses. Needs an input series of one channel. */
#include "reward/rewards.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "reward/claims.h"

typedef struct ClaimsTerm {
    MtsSubject subject;
    double cost;
    size_t most;
    uint32_t asked; /* bits of kinds; 0: all */
} ClaimsTerm;

static void free_claims(void *self)
{
    ClaimsTerm *c = self;
    mts_subject_free(&c->subject);
    free(c);
}

static int score_claims(void *self, const MtsRewardText *text, double *value, MtsError *err)
{
    const ClaimsTerm *c = self;
    MtsClaims claims;
    size_t right = 0, wrong = 0;
    int rc = mts_claims_find(&c->subject, text->text, text->size, text->finished, &claims, err);
    for (size_t i = 0; i < claims.count; i++) {
        const MtsClaim *claim = &claims.items[i];
        right += claim->right && (c->asked == 0 || (c->asked >> claim->kind & 1));
        wrong += !claim->right;
    }
    *value = (double)(right < c->most ? right : c->most) - c->cost * (double)wrong;
    mts_claims_free(&claims);
    return rc;
}

/* Where the question of an argument begins; NULL: it has none. */
static const char *find_question(const char *argument)
{
    static const char key[] = "about=";
    const char *at = argument;
    while (at && strncmp(at, key, sizeof key - 1) != 0) {
        at = strchr(at, ',');
        at = at ? at + 1 : NULL;
    }
    return at ? at + sizeof key - 1 : NULL;
}

static int read_settings(ClaimsTerm *c, const char *argument, MtsError *err)
{
    const char *question = find_question(argument), *word;
    size_t size = question ? (size_t)(question - argument) - strlen("about=") : strlen(argument), word_size;
    char *settings = mts_strndup(argument, size > 0 && question ? size - 1 : size);
    MtsRewardOption options[] = {{"cost", 0, 1e6, &c->cost, NULL, false}, {"most", 1, 1000, NULL, &c->most, false}};
    c->cost = 1;
    c->most = 10;
    int rc = settings ? mts_reward_options("claims", settings, &word, &word_size, options, 2, err)
                      : mts_fail(err, MTS_ENOMEM, "reward claims: memory ran out");
    if (!rc && word_size) {
        rc = mts_fail(err, MTS_EREQUEST, "reward claims: \"%.*s\" is no setting of it (it has cost=, most=, about=)",
                      (int)(word_size < 40 ? word_size : 40), word);
    }
    free(settings);
    return rc || !question ? rc : mts_claims_asked(question, strlen(question), &c->asked, err);
}

int mts_reward_claims(MtsRewardTerm *term, const char *argument, const MtsRewardInput *input, MtsError *err)
{
    const MtsSeries *x = input->series;
    if (!x) {
        return mts_fail(err, MTS_EREQUEST, "reward claims: needs an input series (--series FILE)");
    }
    if (x->channels != 1) {
        return mts_fail(err, MTS_EREQUEST, "reward claims: the input series has %zu channels; choose one", x->channels);
    }
    ClaimsTerm *c = mts_calloc(1, sizeof *c);
    if (!c) {
        return mts_fail(err, MTS_ENOMEM, "reward claims: memory ran out");
    }
    int rc = read_settings(c, argument ? argument : "", err);
    if (rc) {
        goto done;
    }
    rc = mts_subject_init(&c->subject, x->values, x->length, err);
done:
    if (rc) {
        free_claims(c);
        return rc;
    }
    term->self = c;
    term->score = score_claims;
    term->free = free_claims;
    term->prefixes = true;
    return MTS_OK;
}
