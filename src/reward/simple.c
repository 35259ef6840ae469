/* reward/simple.c - rewards of one line: length and logprob.
 *
 *   length[:TARGET]   max(0, 1 - |n - TARGET| / TARGET), n the text's characters (Unicode scalar values; a byte
 *                     that begins none counts as one). Range 0 to 1. TARGET from 1 to 1e6, default 100.
 *   logprob[:mean]    log p(text | prompt) in nats, or that divided by the text's tokens.
 *
 * Both are the same formula for prefixes. */
#include "reward/rewards.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/utf8.h"
#include "core/number.h"

typedef struct Length {
    double target;
} Length;

static int score_length(void *self, const MtsRewardText *text, double *value, MtsError *err)
{
    (void)err;
    const Length *l = self;
    size_t n = 0;
    for (size_t i = 0; i < text->size; n++) {
        uint32_t cp;
        size_t bytes = mts_utf8_decode(text->text + i, text->size - i, &cp);
        i += bytes ? bytes : 1;
    }
    *value = fmax(0, 1 - fabs((double)n - l->target) / l->target);
    return MTS_OK;
}

int mts_reward_length(MtsRewardTerm *term, const char *argument, const MtsRewardInput *input, MtsError *err)
{
    (void)input;
    double target = 100;
    if (argument && (!mts_number_parse(argument, strlen(argument), &target) || target < 1 || target > 1e6)) {
        return mts_fail(err, MTS_EREQUEST,
                        "reward length: the target is \"%.40s\", not a number of characters from 1 to 1e6", argument);
    }
    Length *l = mts_calloc(1, sizeof *l);
    if (!l) {
        return mts_fail(err, MTS_ENOMEM, "reward length: memory ran out");
    }
    l->target = target;
    term->self = l;
    term->score = score_length;
    term->free = free;
    term->prefixes = true;
    return MTS_OK;
}

typedef struct Logprob {
    bool mean;
} Logprob;

static int score_logprob(void *self, const MtsRewardText *text, double *value, MtsError *err)
{
    (void)err;
    const Logprob *l = self;
    *value = l->mean && text->tokens > 0 ? text->logp / (double)text->tokens : text->logp;
    return MTS_OK;
}

int mts_reward_logprob(MtsRewardTerm *term, const char *argument, const MtsRewardInput *input, MtsError *err)
{
    (void)input;
    if (argument && strcmp(argument, "mean") != 0) {
        return mts_fail(err, MTS_EREQUEST, "reward logprob: \"%.40s\" is no argument of it (it has: mean)", argument);
    }
    Logprob *l = mts_calloc(1, sizeof *l);
    if (!l) {
        return mts_fail(err, MTS_ENOMEM, "reward logprob: memory ran out");
    }
    l->mean = argument != NULL;
    term->self = l;
    term->score = score_logprob;
    term->free = free;
    term->prefixes = true;
    return MTS_OK;
}
