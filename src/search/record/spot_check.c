/* search/record/spot_check.c - see spot_check.h. */
#include "search/record/spot_check.h"

#include <math.h>
#include <stdlib.h>

/* How far a number may be from the one that was saved: rounding on another processor is less. */
static const double CLOSE = 1e-4;

static bool is_close(double a, double b)
{
    return a == b || fabs(a - b) <= CLOSE * (1 + fabs(a));
}

static bool is_sampled(size_t index, size_t count)
{
    return index == 0 || index == count / 2 || index + 1 == count;
}

/* log p of the token in the distribution; minus infinity where it is none of it. */
static double logp_of(const MtsDist *dist, int32_t token)
{
    for (size_t i = 0; i < dist->count; i++) {
        if (dist->tokens[i] == token) {
            return dist->logp[i];
        }
    }
    return -HUGE_VAL;
}

/* log p of the text by the model as it is now. The last token ends the text and is not evaluated. */
static int evaluate(const MtsSearchModel *model, const int32_t *tokens, size_t count, double *logp, MtsError *err)
{
    MtsSearchStep step = {.next = model->root, .dist = model->root_dist};
    int rc = MTS_OK;
    *logp = 0;
    model->retain(model->context, step.next);
    for (size_t i = 0; i < count && !rc; i++) {
        *logp += logp_of(&step.dist, tokens[i]);
        if (i + 1 == count || *logp == -HUGE_VAL) {
            break;
        }
        step.state = step.next;
        step.token = tokens[i];
        rc = model->extend(model->context, &step, 1, err);
        model->release(model->context, step.state);
        step.next = rc ? NULL : step.next;
    }
    if (step.next) {
        model->release(model->context, step.next);
    }
    return rc;
}

int mts_spot_check(MtsSearch *search, const MtsNode *text, size_t index, MtsError *err)
{
    double logp, reward;
    int rc;
    if (!is_sampled(index, mts_checkpoint_count(search->checkpoint))) {
        return MTS_OK;
    }
    mts_node_tokens(text, search->tokens);
    MtsCandidate candidate = {
        .tokens = search->tokens, .count = text->depth, .logp = text->path_logp, .finished = true};
    if ((rc = evaluate(search->model, search->tokens, text->depth, &logp, err)) ||
        (rc = search->reward->score(search->reward->context, &candidate, &reward, err))) {
        return rc;
    }
    if (!is_close(text->path_logp, logp)) {
        return mts_checkpoint_differs(search->checkpoint, index, "log p", text->path_logp, logp, err);
    }
    return is_close(text->reward, reward)
               ? MTS_OK
               : mts_checkpoint_differs(search->checkpoint, index, "reward", text->reward, reward, err);
}
