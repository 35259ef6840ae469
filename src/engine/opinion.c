/* engine/opinion.c - see opinion.h.
 *
 * A judgement is a conversation of its own: the prompt's text, the answer, the question, in the model's chat template
 * where it has one, and the exact probabilities of Yes, yes, No and no as all that follows (engine/choose.c). What
 * stands before the answer is the same every time and evaluated once. */
#include "engine/opinion.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "engine/internal.h"
#include "search/logs.h"

static const char *const VERDICTS[] = {"Yes", "yes", "No", "no"};
enum { VERDICT_COUNT = 4, VERDICT_TOKENS = 4 };

/* p of each option, given the tokens. */
static int ask(const MtsOpinion *o, const MtsTokens *prompt, MtsBeginnings *beginnings, const char *const *options,
               size_t count, double *logp, MtsError *err)
{
    MtsPosterior *posterior;
    MtsRequest r = *o->request;
    r.prompt = prompt->ids;
    r.prompt_count = prompt->count;
    r.beginnings = beginnings;
    r.search.max_nfe = 0;
    int rc = mts_engine_choose(o->engine, &r, options, count, 0, &posterior, err);
    for (size_t k = 0; !rc && k < count; k++) {
        logp[k] = posterior->options[k].logp;
    }
    mts_posterior_free(&posterior);
    return rc;
}

static int choose(void *context, const char *const *options, size_t count, double *logp, MtsError *err)
{
    const MtsOpinion *o = context;
    const MtsTokens prompt = {.ids = (int32_t *)(uintptr_t)o->request->prompt, .count = o->request->prompt_count};
    return ask(o, &prompt, o->request->beginnings, options, count, logp, err);
}

/* The tokens that ask the question about the text. */
static int make_tokens(const MtsOpinion *o, const char *question, const char *text, size_t size, MtsTokens *tokens,
                       MtsError *err)
{
    MtsBytes b = {0};
    const char *prompt = o->request->prompt_text ? o->request->prompt_text : "";
    char *answer = mts_strndup(text, size); /* to its first NUL */
    bool ok = answer && mts_bytes_printf(&b, "%s\n\nAnswer: %s\n\n%s Answer Yes or No.", prompt, answer, question);
    int rc = ok ? mts_engine_chat(o->engine, NULL, b.data, tokens, err)
                : mts_fail(err, MTS_ENOMEM, "reward judge: no memory for a question");
    free(answer);
    mts_bytes_free(&b);
    return rc;
}

/* What all judgements share: two answers that begin differently show it. */
static int find_beginning(MtsOpinion *o, const char *question, MtsError *err)
{
    MtsTokens sample[2] = {{0}};
    int rc;
    if (!(rc = make_tokens(o, question, "A", 1, &sample[0], err)) &&
        !(rc = make_tokens(o, question, "1", 1, &sample[1], err))) {
        size_t room = o->request->max_tokens + VERDICT_TOKENS;
        rc = mts_beginnings_new(&o->judged, o->engine, sample, 2, room, err);
    }
    mts_tokens_free(&sample[0]);
    mts_tokens_free(&sample[1]);
    return rc;
}

static int judge(void *context, const char *question, const char *text, size_t size, double *odds, MtsError *err)
{
    MtsOpinion *o = context;
    MtsTokens tokens = {0};
    double logp[VERDICT_COUNT];
    int rc = o->judged ? MTS_OK : find_beginning(o, question, err);
    if (!rc && !(rc = make_tokens(o, question, text, size, &tokens, err)) &&
        !(rc = ask(o, &tokens, o->judged, VERDICTS, VERDICT_COUNT, logp, err))) {
        *odds = mts_log_add(logp[0], logp[1]) - mts_log_add(logp[2], logp[3]);
    }
    mts_tokens_free(&tokens);
    return rc;
}

void mts_opinion_begin(MtsOpinion *o, const MtsEngine *engine, const MtsRequest *request)
{
    *o = (MtsOpinion){.engine = engine, .request = request};
    o->model = (MtsRewardModel){.context = o, .choose = choose, .judge = judge};
}

void mts_opinion_end(MtsOpinion *o)
{
    mts_beginnings_free(&o->judged);
}
