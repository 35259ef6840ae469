/* search/methods/sample.c - independent texts from p at the rollout's temperature, p'.
 *
 * sample: a text drawn with probability q(x) weighs w = p(x) exp(lambda r(x)) / q(x); the weighted texts estimate pi*,
 * and E[w] = Z, so the mean of the w is an unbiased estimate of it. A rollout that nothing may follow weighs 0.
 *
 * best-of-n: the same texts; the answer is the one of the largest reward. Of N draws from a finite p it is the text of
 * rank k, counted from the best reward down, with probability (1 - F_{k-1})^N - (1 - F_k)^N, F_k the probability of the
 * k best. */
#include "search/methods/methods.h"
#include "search/proposal.h"
#include "search/rollout.h"

static int sample_choose(MtsSearch *search, MtsRollout *r, size_t *entry, double *log_q, MtsError *err)
{
    MtsRng rng = mts_search_rng(search, r->index, r->node->depth);
    return mts_draw_token(search, &rng, r->node, entry, log_q, err);
}

static int sample_begin(MtsSearch *search, MtsError *err)
{
    (void)err;
    *(MtsLogMean *)search->own = MTS_LOG_MEAN_ZERO;
    return MTS_OK;
}

static double weight_of(const MtsSearch *search, const MtsRollout *r)
{
    double tilt = r->dead ? -HUGE_VAL : mts_search_tilt(search, r->node);
    return tilt == -HUGE_VAL ? tilt : r->node->path_logp + tilt - r->log_q;
}

static int sample_backup(MtsSearch *search, MtsRollout *r, MtsError *err)
{
    r->log_z = weight_of(search, r);
    if (!search->sampling && mts_search_is_certain(search, r->index)) {
        mts_log_mean_add(search->own, r->log_z, 1);
    }
    return r->dead ? MTS_OK : mts_search_answer(search, r->node, r->log_z, err);
}

static void sample_estimate(const MtsSearch *search, double *log_z, double *se)
{
    if (((const MtsLogMean *)search->own)->n > 0) {
        *log_z = mts_log_mean(search->own);
        *se = mts_log_mean_se(search->own);
    }
}

static int best_backup(MtsSearch *search, MtsRollout *r, MtsError *err)
{
    return r->dead ? MTS_OK : mts_search_answer(search, r->node, weight_of(search, r), err);
}

const MtsMethodOps mts_sample_ops = {
    .answers = MTS_ANSWERS_WEIGHTED,
    .search_bytes = sizeof(MtsLogMean),
    .begin = sample_begin,
    .choose = sample_choose,
    .backup = sample_backup,
    .estimate = sample_estimate,
};

const MtsMethodOps mts_best_of_n_ops = {
    .answers = MTS_ANSWERS_POINT,
    .choose = sample_choose,
    .backup = best_backup,
};
