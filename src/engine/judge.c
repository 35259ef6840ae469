/* engine/judge.c - a reward on texts as search sees it: token ids in, a number out.
 *
 * What a reward gets is the answer's text alone: without the prompt, without the token that ended it.
 */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "engine/internal.h"

enum { SLOW_REWARD_WORKERS = 4 };

const char *mts_request_reward(const MtsRequest *request)
{
    return request->reward ? request->reward : request->series ? "spectral" : "logprob";
}

/* Called from several threads at once; everything it reads is immutable. */
static int score(void *context, const MtsCandidate *candidate, double *value, MtsError *err)
{
    const MtsJudge *judge = context;
    size_t count = candidate->count, size;
    char *text;
    if (count > 0 && candidate->finished &&
        mts_tokenizer_is_end(judge->engine->tokenizer, candidate->tokens[count - 1])) {
        count--;
    }
    int rc = mts_engine_text(judge->engine, candidate->tokens, count, &text, &size, err);
    if (rc) {
        return rc;
    }
    rc =
        mts_reward_score(judge->reward, text, size, candidate->logp, candidate->count, candidate->finished, value, err);
    free(text);
    return rc;
}

int mts_judge_open(MtsJudge *judge, const MtsEngine *engine, const MtsRequest *request, MtsError *err)
{
    memset(judge, 0, sizeof *judge);
    MtsRewardInput input = {.prompt = request->prompt_text ? request->prompt_text : "", .series = request->series};
    int rc = mts_reward_new(&judge->reward, mts_request_reward(request), &input, err);
    if (rc) {
        return rc;
    }
    judge->engine = engine;
    judge->search.context = judge;
    judge->search.prefixes = mts_reward_scores_prefixes(judge->reward);
    judge->search.workers = mts_reward_is_slow(judge->reward) ? SLOW_REWARD_WORKERS : 0;
    judge->search.score = score;
    return MTS_OK;
}

void mts_judge_close(MtsJudge *judge)
{
    mts_reward_free(&judge->reward);
    memset(judge, 0, sizeof *judge);
}
