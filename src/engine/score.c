/* engine/score.c - how likely a text is, token by token.
 *
 * The text is evaluated SCORE_ROWS tokens at a time, because the logits of a step are kept for all its rows and a
 * row is as long as the vocabulary. How it is cut into steps has no effect on the bits.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "engine/beginnings.h"
#include "engine/dist.h"
#include "engine/internal.h"

enum { SCORE_ROWS = 32 };

/* What one row of logits says: the likeliest tokens after position t and how likely the next one is. */
static int score_row(const MtsEngine *engine, const float *logits, const int32_t *tokens, size_t t, MtsScored *s,
                     MtsDistScratch *scratch, MtsError *err)
{
    const MtsCut likeliest = {.temperature = 1, .top_k = s->top ? s->top : 1, .top_p = 1};
    size_t kept;
    double normaliser;
    int rc = mts_dist_cut(&engine->kernels, logits, NULL, engine->vocab, &likeliest, scratch, &kept, &normaliser, err);
    if (rc) {
        return rc;
    }
    for (size_t i = 0; i < s->top; i++) {
        bool there = i < kept;
        s->ids[t * s->top + i] = there ? scratch->ids[i] : -1;
        s->logp[t * s->top + i] = there ? (double)scratch->logits[i] - normaliser : -HUGE_VAL;
    }
    if (t + 1 < s->count) {
        s->nll[t] = normaliser - (double)logits[tokens[t + 1]];
    }
    return MTS_OK;
}

/* Scores tokens[from .. to) behind *branch, which moves on. */
static int score_stretch(const MtsEngine *engine, MtsSession *session, const int32_t *tokens, size_t from, size_t to,
                         MtsBranch **branch, MtsScored *s, MtsDistScratch *scratch, MtsError *err)
{
    for (size_t t = from; t < to; t += SCORE_ROWS) {
        size_t rows = to - t < SCORE_ROWS ? to - t : SCORE_ROWS;
        MtsExtend item = {.prefix = *branch, .tokens = tokens + t, .count = rows, .wanted = MTS_LOGITS_ALL};
        int rc = mts_session_extend(session, &item, 1, err);
        if (rc) {
            return rc;
        }
        mts_branch_release(branch);
        *branch = item.branch;
        for (size_t i = 0; i < rows; i++) {
            if ((rc = score_row(engine, mts_session_logits(session, item.logits_row + i), tokens, t + i, s, scratch,
                                err))) {
                return rc;
            }
        }
    }
    return MTS_OK;
}

/* The scores of the first `count` tokens, but for what follows the last of them. */
static void copy_scores(const MtsScored *from, size_t count, MtsScored *to)
{
    memcpy(to->nll, from->nll, (count - 1) * sizeof *to->nll);
    memcpy(to->ids, from->ids, count * to->top * sizeof *to->ids);
    memcpy(to->logp, from->logp, count * to->top * sizeof *to->logp);
}

/* Scores up to the end of a beginning, or takes what it has; *branch is a reference of the caller's. */
static int score_beginning(MtsBeginnings *b, MtsBeginning *one, const int32_t *tokens, size_t from, MtsBranch **branch,
                           MtsScored *s, MtsDistScratch *scratch, MtsError *err)
{
    int rc;
    if (!one->scored || one->scored->top != s->top || !one->branch) {
        mts_scored_free(&one->scored);
        mts_branch_release(&one->branch);
        if ((rc = mts_scored_new(&one->scored, one->length, s->top, err)) ||
            (rc = score_stretch(b->engine, b->session, tokens, from, one->length, branch, s, scratch, err))) {
            mts_scored_free(&one->scored);
            return rc;
        }
        copy_scores(s, one->length, one->scored);
        one->branch = mts_branch_retain(*branch);
        return MTS_OK;
    }
    copy_scores(one->scored, one->length, s);
    mts_branch_release(branch);
    *branch = mts_branch_retain(one->branch);
    float *logits = mts_aligned_calloc(b->engine->vocab, sizeof *logits);
    if (!logits) {
        return mts_fail(err, MTS_ENOMEM, "no memory for %zu logits", b->engine->vocab);
    }
    rc = mts_session_branch_logits(b->session, one->branch, logits, err);
    rc = rc ? rc : score_row(b->engine, logits, tokens, one->length - 1, s, scratch, err);
    mts_aligned_free(logits);
    return rc;
}

static int score_model(const MtsEngine *engine, MtsBeginnings *beginnings, const int32_t *tokens, size_t count,
                       MtsScored *s, MtsError *err)
{
    MtsSession *own = NULL;
    MtsBranch *branch = NULL;
    MtsDistScratch scratch = {0};
    MtsSessionOptions options = {.kv_tokens = count + SCORE_ROWS, .threads = engine->threads};
    MtsBeginning *next;
    size_t done = 0;
    int rc = beginnings ? MTS_OK : mts_session_new(&own, engine->model, &options, err);
    while (!rc && beginnings && (next = mts_beginnings_next(beginnings, tokens, count, done))) {
        rc = score_beginning(beginnings, next, tokens, done, &branch, s, &scratch, err);
        done = next->length;
    }
    rc = rc ? rc
            : score_stretch(engine, beginnings ? beginnings->session : own, tokens, done, count, &branch, s, &scratch,
                            err);
    mts_branch_release(&branch);
    mts_session_free(&own);
    mts_dist_scratch_free(&scratch);
    return rc;
}

/* A table row's entries come likeliest first, as those of any model. */
static void score_dist(const MtsDist *dist, size_t t, MtsScored *s)
{
    for (size_t i = 0; i < s->top; i++) {
        bool there = i < dist->count && dist->logp[i] > -HUGE_VAL;
        s->ids[t * s->top + i] = there ? dist->tokens[i] : -1;
        s->logp[t * s->top + i] = there ? dist->logp[i] : -HUGE_VAL;
    }
}

static double nll_of(const MtsDist *dist, int32_t token)
{
    for (size_t i = 0; i < dist->count; i++) {
        if (dist->tokens[i] == token) {
            return -dist->logp[i];
        }
    }
    return HUGE_VAL;
}

/* Walks a table's text from the root to its end. After a finished text nothing follows, nor after a token of
 * probability 0. */
static int score_table(const MtsEngine *engine, const int32_t *tokens, size_t count, MtsScored *s, MtsError *err)
{
    MtsSearchModel model;
    MtsSearchReward reward;
    mts_table_model(engine->table, &model);
    mts_table_reward(engine->table, &reward);
    MtsDist dist = model.root_dist;
    MtsState *state = model.root;
    double logp = 0;
    int rc = 0;
    model.retain(model.context, state);
    for (size_t t = 0; t < count && !rc; t++) {
        double nll = nll_of(&dist, tokens[t]);
        *(t == 0 ? &s->first_nll : &s->nll[t - 1]) = nll;
        logp -= nll;
        bool finished = t + 1 == engine->text_tokens || model.is_end(model.context, tokens[t]);
        dist = (MtsDist){0};
        if ((finished || nll == HUGE_VAL) && t + 1 < count) {
            rc = mts_fail(err, MTS_EREQUEST, "%s: nothing can follow token %zu (%d) of the text, which %s",
                          engine->path, t, (int)tokens[t], finished ? "is finished there" : "has probability 0 there");
        } else if (finished && nll < HUGE_VAL) {
            MtsCandidate whole = {.tokens = tokens, .count = count, .logp = logp, .finished = true};
            rc = reward.score(reward.context, &whole, &s->reward, err);
        } else if (nll < HUGE_VAL) {
            rc = mts_source_advance(&model, &state, &dist, tokens[t], err);
        }
        score_dist(&dist, t, s);
    }
    model.release(model.context, state);
    return rc;
}

int mts_engine_score_next(const MtsEngine *engine, MtsBeginnings *beginnings, const int32_t *tokens, size_t count,
                          size_t top, MtsScored **scored, MtsError *err)
{
    *scored = NULL;
    int rc = mts_context_check(engine, count, 0, err);
    if (rc || (rc = mts_scored_new(scored, count, top < engine->vocab ? top : engine->vocab, err))) {
        return rc;
    }
    bool fits = beginnings && beginnings->engine == engine && count + SCORE_ROWS <= beginnings->kv_tokens;
    rc = engine->table ? score_table(engine, tokens, count, *scored, err)
                       : score_model(engine, fits ? beginnings : NULL, tokens, count, *scored, err);
    if (rc) {
        mts_scored_free(scored);
    }
    return rc;
}

int mts_engine_score(const MtsEngine *engine, const int32_t *tokens, size_t count, size_t top, MtsScored **scored,
                     MtsError *err)
{
    return mts_engine_score_next(engine, NULL, tokens, count, top, scored, err);
}
