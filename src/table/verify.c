/* table/verify.c - how a method does where the truth is known: many runs on a table. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "search/run.h"
#include "table/table.h"

typedef struct Moments { /* of numbers added one by one (Welford) */
    double n, mean, m2;
} Moments;

static void add(Moments *m, double x)
{
    double delta = x - m->mean;
    m->n += 1;
    m->mean += delta / m->n;
    m->m2 += delta * (x - m->mean);
}

static double standard_error(const Moments *m)
{
    return m->n > 1 ? sqrt(m->m2 / (m->n * (m->n - 1))) : (double)NAN;
}

typedef struct Desk {               /* arrays of one verification */
    double *target, *mean, *answer; /* [texts] */
    double *log_q;                  /* [rows] of the prefix under the answer policy */
    const MtsNode **nodes;          /* [rows] the prefix's known node; NULL: beyond the tree */
    double *policy;                 /* [vocab] */
} Desk;

/* p, tilted by what the method believes of tokens that it has not met there. */
static void beyond_tree(const MtsTable *t, const MtsRun *run, const MtsTableRow *at, double *policy)
{
    MtsLogSum sum = MTS_LOG_SUM_ZERO;
    for (size_t i = 0; i < at->count; i++) {
        policy[i] = t->logp[at->first + i];
        if (run->ops->beyond) {
            policy[i] += run->ops->beyond(run, at->depth + 1, t->tokens[at->first + i]);
        }
        mts_log_sum_add(&sum, policy[i]);
    }
    for (size_t i = 0; i < at->count; i++) {
        policy[i] -= mts_log_sum(&sum);
    }
}

/* The tree's policy, completed beyond the tree. A row comes after its parent. */
static void policy_answers(const MtsTable *t, const MtsRun *run, Desk *desk)
{
    desk->log_q[0] = 0;
    desk->nodes[0] = run->nodes.root;
    for (size_t row = 0; row < t->row_count; row++) {
        const MtsTableRow *at = &t->rows[row];
        const MtsNode *node = desk->nodes[row];
        if (node && node->visits > 0 && node->first) {
            run->ops->policy(run, node, desk->policy);
        } else {
            beyond_tree(t, run, at, desk->policy);
        }
        for (size_t i = 0; i < at->count; i++) {
            double log_q = desk->log_q[row] + desk->policy[i];
            int64_t next = t->next[at->first + i];
            if (next < 0) {
                desk->answer[~next] = exp(log_q);
            } else {
                desk->log_q[next] = log_q;
                desk->nodes[next] = node ? mts_nodes_find(&run->nodes, node, t->tokens[at->first + i]) : NULL;
            }
        }
    }
}

static void weighted_answers(const MtsTable *t, const MtsSearchResult *result, Desk *desk)
{
    memset(desk->answer, 0, t->text_count * sizeof *desk->answer);
    for (size_t i = 0; i < result->answer_count; i++) {
        const MtsAnswer *answer = &result->answers[i];
        int64_t at = 0;
        for (size_t j = 0; j < answer->count; j++) {
            at = mts_table_next(t, (size_t)at, answer->tokens[j]);
        }
        desk->answer[~at] += answer->probability;
    }
}

static double total_variation(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += fabs(a[i] - b[i]);
    }
    return sum / 2;
}

/* log of the estimate of Z that is unbiased whatever the budget: the mean over all rollouts (or waves) asked for, where
 * one that an exhausted search did not need would have found Z itself. A search that happens to be exhausted reports
 * the exact Z, and a mean over searches of which some are is not the mean of either. */
static double unbiased_log_z(const MtsRun *run, double log_z)
{
    MtsLogMean mean = MTS_LOG_MEAN_ZERO;
    size_t size = run->settings.in_flight, waves = (run->settings.rollouts + size - 1) / size;
    for (size_t i = 0; run->waves > 0 && i < waves; i++) {
        mts_log_mean_add(&mean, i < run->waves ? run->wave_log_z[i] : log_z);
    }
    if (run->waves > 0) {
        return mts_log_mean(&mean);
    }
    for (size_t i = 0; i < run->log_count; i++) {
        if (isnan(run->log[i]->log_z)) {
            return log_z;
        }
        mts_log_mean_add(&mean, run->log[i]->log_z);
    }
    for (size_t i = run->log_count; i < run->settings.rollouts; i++) {
        mts_log_mean_add(&mean, log_z);
    }
    return run->log_count ? mts_log_mean(&mean) : log_z;
}

static int one_run(const MtsTable *t, const MtsSearchSettings *settings, Desk *desk, double *log_z, double *nfe,
                   MtsError *err)
{
    MtsSearchModel model;
    MtsSearchReward reward;
    MtsRun *run = NULL;
    MtsSearchResult *result = NULL;
    mts_table_model(t, &model);
    mts_table_reward(t, &reward);
    int rc = mts_run(&run, &model, &reward, settings, NULL, NULL, err);
    if (rc == MTS_OK) {
        rc = mts_run_result(run, &result, err);
    }
    if (rc == MTS_OK) {
        *log_z = unbiased_log_z(run, result->log_z);
        *nfe = (double)result->nfe;
        if (run->ops->policy) {
            policy_answers(t, run, desk);
        } else {
            weighted_answers(t, result, desk);
        }
    }
    mts_search_result_free(&result);
    mts_run_free(&run);
    return rc;
}

static int all_runs(const MtsTable *t, const MtsSearchSettings *settings, size_t runs, Desk *desk, MtsVerify *verify,
                    MtsError *err)
{
    MtsSearchSettings s = *settings;
    Moments ratio = {0}, tv = {0}, nfe = {0};
    for (size_t i = 0; i < t->text_count; i++) {
        double tilt = mts_log_tilt(s.lambda, t->texts[i].reward);
        desk->target[i] = exp(t->texts[i].logp + tilt - verify->exact.log_z);
    }
    for (size_t r = 0; r < runs; r++) {
        double log_z = (double)NAN, positions = 0;
        int rc = one_run(t, &s, desk, &log_z, &positions, err);
        if (rc != MTS_OK) {
            return rc;
        }
        add(&ratio, exp(log_z - verify->exact.log_z));
        add(&tv, total_variation(desk->answer, desk->target, t->text_count));
        add(&nfe, positions);
        for (size_t i = 0; i < t->text_count; i++) {
            desk->mean[i] += (desk->answer[i] - desk->mean[i]) / (double)(r + 1);
        }
        s.seed++;
    }
    verify->runs = runs;
    verify->z_ratio_mean = ratio.mean;
    verify->z_ratio_se = standard_error(&ratio);
    verify->tv_mean = tv.mean;
    verify->tv_se = standard_error(&tv);
    verify->tv_of_mean = total_variation(desk->mean, desk->target, t->text_count);
    verify->nfe_mean = nfe.mean;
    return MTS_OK;
}

int mts_verify(const MtsTable *table, const MtsSearchSettings *settings, size_t runs, MtsVerify *verify, MtsError *err)
{
    MtsSearchModel model;
    *verify = (MtsVerify){0};
    if (runs == 0) {
        return mts_fail(err, MTS_EREQUEST, "runs: 0 is outside [1, ...]");
    }
    mts_table_model(table, &model);
    int rc = mts_search_check(&model, settings, err);
    if (rc == MTS_OK) {
        rc = mts_table_exact(table, settings->lambda, &verify->exact, err);
    }
    if (rc != MTS_OK) {
        return rc;
    }
    Desk desk = {.target = mts_calloc(table->text_count, sizeof(double)),
                 .mean = mts_calloc(table->text_count, sizeof(double)),
                 .answer = mts_calloc(table->text_count, sizeof(double)),
                 .log_q = mts_calloc(table->row_count, sizeof(double)),
                 .nodes = mts_calloc(table->row_count, sizeof(MtsNode *)),
                 .policy = mts_calloc(table->vocab, sizeof(double))};
    if (desk.target && desk.mean && desk.answer && desk.log_q && desk.nodes && desk.policy) {
        rc = all_runs(table, settings, runs, &desk, verify, err);
    } else {
        rc = mts_fail(err, MTS_ENOMEM, "verify: memory ran out");
    }
    free(desk.target);
    free(desk.mean);
    free(desk.answer);
    free(desk.log_q);
    free((void *)desk.nodes);
    free(desk.policy);
    return rc;
}
