#include "search/methods/population.h"

int mts_population_evaluate(MtsRun *run, MtsNode *const *nodes, size_t n, bool *go, MtsError *err)
{
    uint64_t most = run->settings.max_nfe, wanted = 0;
    for (size_t i = 0; i < n; i++) {
        wanted += !nodes[i]->evaluated; /* twice for two particles on one prefix: at worst it stops a step early */
    }
    *go = !mts_run_stopped(run);
    if (*go && most > 0 && run->nfe + wanted > most) {
        run->stop_reason = "nfe";
        *go = false;
    }
    int rc = *go ? mts_run_evaluate(run, nodes, n, err) : MTS_OK;
    run->charged = run->nfe;
    return rc;
}

int mts_population_finish(MtsRun *run, MtsNode *text, double log_q, double log_weight, MtsError *err)
{
    size_t index = run->done++;
    for (MtsNode *node = text; node; node = node->parent) {
        mts_node_visit(node);
    }
    run->decode_tokens += text->depth;
    run->reward_sum += text->reward;
    run->rewarded_texts++;
    int rc = mts_run_answer(run, text, log_weight, err);
    mts_node_tokens(text, run->tokens);
    MtsEvent event = {.kind = MTS_EVENT_SCORED,
                      .rollout = index,
                      .tokens = run->tokens,
                      .count = text->depth,
                      .log_q = log_q,
                      .logp = text->path_logp,
                      .reward = text->reward,
                      .log_z_rollout = (double)NAN};
    rc = rc == MTS_OK ? mts_run_emit(run, &event, err) : rc;
    event.kind = MTS_EVENT_BACKED_UP;
    return rc == MTS_OK ? mts_run_emit(run, &event, err) : rc;
}

int mts_population_check(const MtsRun *run, MtsError *err)
{
    if (run->done > 0 || !run->stop_reason) {
        return MTS_OK;
    }
    return mts_fail(err, run->stop_reason[0] == 'n' ? MTS_EREQUEST : MTS_EINTERRUPTED,
                    "search: stopped (%s) before any text was finished", run->stop_reason);
}
