/* search/methods/sample.c - independent texts from p at the rollout's temperature, p'.
 *
 * sample: a text drawn with probability q(x) weighs w = p(x) exp(lambda r(x)) / q(x); the weighted texts estimate pi*,
 * and E[w] = Z, so the mean of the w is an unbiased estimate of it. A rollout that nothing may follow weighs 0.
 *
 * best-of-n: the same texts; the answer is the one of the largest reward. Of N draws from a finite p it is the text of
 * rank k, counted from the best reward down, with probability (1 - F_{k-1})^N - (1 - F_k)^N, F_k the probability of the
 * k best. */
#include "search/methods/methods.h"

static int sample_choose(MtsRun *run, MtsRollout *r, size_t *entry, double *log_q, MtsError *err)
{
    MtsRng rng = mts_run_rng(run, r->index, r->node->depth);
    if (!mts_draw_prior(run, &rng, r->node, entry)) {
        return mts_out_of_memory(err);
    }
    *log_q = mts_proposal_log(run, r->node, *entry);
    return MTS_OK;
}

static int sample_begin(MtsRun *run, MtsError *err)
{
    (void)err;
    *(MtsLogMean *)run->own = MTS_LOG_MEAN_ZERO;
    return MTS_OK;
}

static double weight_of(const MtsRun *run, const MtsRollout *r)
{
    double tilt = r->dead ? -HUGE_VAL : mts_run_tilt(run, r->node);
    return tilt == -HUGE_VAL ? tilt : r->node->path_logp + tilt - r->log_q;
}

static int sample_backup(MtsRun *run, MtsRollout *r, MtsError *err)
{
    r->log_z = weight_of(run, r);
    if (mts_run_is_certain(run, r->index)) {
        mts_log_mean_add(run->own, r->log_z);
    }
    return r->dead ? MTS_OK : mts_run_answer(run, r->node, r->log_z, err);
}

static void sample_estimate(const MtsRun *run, double *log_z, double *se)
{
    if (run->done > 0) {
        *log_z = mts_log_mean(run->own);
        *se = mts_log_mean_se(run->own);
    }
}

static int best_backup(MtsRun *run, MtsRollout *r, MtsError *err)
{
    return r->dead ? MTS_OK : mts_run_answer(run, r->node, weight_of(run, r), err);
}

const MtsMethodOps mts_sample_ops = {
    .name = "sample",
    .answers = MTS_ANSWERS_WEIGHTED,
    .run_bytes = sizeof(MtsLogMean),
    .begin = sample_begin,
    .choose = sample_choose,
    .backup = sample_backup,
    .estimate = sample_estimate,
};

const MtsMethodOps mts_best_of_n_ops = {
    .name = "best-of-n",
    .answers = MTS_ANSWERS_POINT,
    .choose = sample_choose,
    .backup = best_backup,
};
