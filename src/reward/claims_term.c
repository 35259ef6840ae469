/* reward/claims_term.c - are a text's statements true?
 *
 * claims[:cost=C][,most=N] - are the text's statements about the input series true?
 *
 *     r = min(true claims, N) - C * false claims
 *
 * Claims are found and judged as reward/claims.h says; the same one twice counts once. C from 0 to 1e6, default 1: a
 * guess between two ways is worth nothing. N from 1 to 1000, default 10. A prefix is worth the claims of its
 * finished clauses. Needs an input series of one channel. */
#include "reward/rewards.h"

#include <stdlib.h>

#include "core/mem.h"
#include "reward/claims.h"

typedef struct ClaimsTerm {
    MtsSubject subject;
    double cost;
    size_t most;
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
    size_t right = 0;
    int rc = mts_claims_find(&c->subject, text->text, text->size, text->finished, &claims, err);
    for (size_t i = 0; i < claims.count; i++) {
        right += claims.items[i].right;
    }
    *value = (double)(right < c->most ? right : c->most) - c->cost * (double)(claims.count - right);
    mts_claims_free(&claims);
    return rc;
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
    c->cost = 1;
    c->most = 10;
    MtsRewardOption options[] = {{"cost", 0, 1e6, &c->cost, NULL, false}, {"most", 1, 1000, NULL, &c->most, false}};
    const char *word;
    size_t word_size;
    int rc = mts_reward_options("claims", argument, &word, &word_size, options, 2, err);
    if (rc) {
        goto done;
    }
    if (word_size) {
        rc = mts_fail(err, MTS_EREQUEST, "reward claims: \"%.*s\" is no setting of it (it has cost=, most=)",
                      (int)(word_size < 40 ? word_size : 40), word);
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
