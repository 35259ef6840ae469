/* table/verify.c - how a method does where the truth is known: many runs on a table. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "search/driver.h"
#include "search/result.h"
#include "search/rollout.h"
#include "search/settings.h"
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
static void beyond_tree(const MtsTable *t, const MtsSearch *search, const MtsTableRow *at, double *policy)
{
    MtsLogSum sum = MTS_LOG_SUM_ZERO;
    for (size_t i = 0; i < at->count; i++) {
        policy[i] = t->logp[at->first + i];
        if (search->ops->beyond) {
            policy[i] += search->ops->beyond(search, at->depth + 1, t->tokens[at->first + i]);
        }
        mts_log_sum_add(&sum, policy[i]);
    }
    for (size_t i = 0; i < at->count; i++) {
        policy[i] -= mts_log_sum(&sum);
    }
}

/* The tree's policy, completed beyond the tree. A row comes after its parent. */
static void policy_answers(const MtsTable *t, const MtsSearch *search, Desk *desk)
{
    desk->log_q[0] = 0;
    desk->nodes[0] = search->nodes.root;
    for (size_t row = 0; row < t->row_count; row++) {
        const MtsTableRow *at = &t->rows[row];
        const MtsNode *node = desk->nodes[row];
        if (node && node->visits > 0 && node->first) {
            search->ops->policy(search, node, desk->policy);
        } else {
            beyond_tree(t, search, at, desk->policy);
        }
        for (size_t i = 0; i < at->count; i++) {
            double log_q = desk->log_q[row] + desk->policy[i];
            int64_t next = t->next[at->first + i];
            if (next < 0) {
                desk->answer[~next] = exp(log_q);
            } else {
                desk->log_q[next] = log_q;
                desk->nodes[next] = node ? mts_nodes_find(&search->nodes, node, t->tokens[at->first + i]) : NULL;
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

static double sum_of(const double *a, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i];
    }
    return sum;
}

/* From the answers a to the target b. What a lacks of 1 is on "no answer", where the target has nothing. */
static double total_variation(const double *a, const double *b, size_t n)
{
    double sum = fmax(1 - sum_of(a, n), 0);
    for (size_t i = 0; i < n; i++) {
        sum += fabs(a[i] - b[i]);
    }
    return sum / 2;
}

typedef struct Outcome { /* of one search; its answers are in the desk */
    double log_z, low, high, nfe, calls;
    bool biased;
} Outcome;

/* Of a search that has come to no answer at all: what its tries say of Z is said all the same. */
static void without_answer(const MtsTable *t, const MtsSearch *search, Desk *desk, Outcome *outcome)
{
    double log_z = (double)NAN, se;
    if (search->ops->estimate) {
        search->ops->estimate(search, &log_z, &se);
    }
    memset(desk->answer, 0, t->text_count * sizeof *desk->answer);
    *outcome = (Outcome){.log_z = log_z,
                         .low = (double)NAN,
                         .high = (double)NAN,
                         .nfe = (double)search->nfe,
                         .calls = (double)search->reward_calls,
                         .biased = mts_search_bias(search, log_z) != NULL};
}

static int search_once(const MtsTable *t, const MtsSearchSettings *settings, Desk *desk, Outcome *outcome,
                       MtsError *err)
{
    MtsSearchModel model;
    MtsSearchReward reward;
    MtsSearch *search = NULL;
    MtsSearchResult *result = NULL;
    int rc;
    mts_table_model(t, &model);
    mts_table_reward(t, &reward);
    if ((rc = mts_search_new(&search, &model, &reward, settings, NULL, err)) || (rc = mts_search_lead(search, err))) {
        goto done;
    }
    if (search->answer_count == 0) {
        without_answer(t, search, desk, outcome);
        goto done;
    }
    if ((rc = mts_search_result(search, &result, err))) {
        goto done;
    }
    *outcome = (Outcome){mts_search_unbiased(search, result->log_z),
                         result->log_z_low,
                         result->log_z_high,
                         (double)result->nfe,
                         (double)result->reward_calls,
                         result->log_z_bias != NULL};
    if (search->ops->policy) {
        policy_answers(t, search, desk);
    } else {
        weighted_answers(t, result, desk);
    }
done:
    mts_search_result_free(&result);
    mts_search_free(&search);
    return rc;
}

/* Whether the interval holds the truth, but for rounding; NaN: there is none. An upper end that is not known is above
 * all. */
static double holds(const Outcome *o, double log_z)
{
    double slack = 1e-9 * (1 + fabs(log_z));
    return isnan(o->low) ? o->low : o->low <= log_z + slack && !(o->high < log_z - slack);
}

static void set_target(const MtsTable *t, double lambda, double log_z, double *target)
{
    for (size_t i = 0; i < t->text_count; i++) {
        target[i] = exp(t->texts[i].logp + mts_log_tilt(lambda, t->texts[i].reward) - log_z);
    }
}

static int search_often(const MtsTable *t, const MtsSearchSettings *settings, size_t runs, Desk *desk,
                        MtsVerify *verify, MtsError *err)
{
    MtsSearchSettings s = *settings;
    Moments ratio = {0}, tv = {0}, nfe = {0}, calls = {0}, covered = {0};
    set_target(t, s.lambda, verify->exact.log_z, desk->target);
    for (size_t r = 0; r < runs; r++, s.seed++) {
        Outcome outcome = {.log_z = (double)NAN};
        int rc = search_once(t, &s, desk, &outcome, err);
        if (rc) {
            return rc;
        }
        add(&ratio, exp(outcome.log_z - verify->exact.log_z));
        add(&tv, total_variation(desk->answer, desk->target, t->text_count));
        add(&nfe, outcome.nfe);
        add(&covered, holds(&outcome, verify->exact.log_z));
        add(&calls, outcome.calls);
        verify->biased += outcome.biased;
        verify->unanswered += sum_of(desk->answer, t->text_count) == 0;
        for (size_t i = 0; i < t->text_count; i++) {
            desk->mean[i] += (desk->answer[i] - desk->mean[i]) / (double)(r + 1);
        }
    }
    verify->runs = runs;
    verify->z_ratio_mean = ratio.mean;
    verify->z_ratio_se = standard_error(&ratio);
    verify->tv_mean = tv.mean;
    verify->tv_se = standard_error(&tv);
    verify->tv_of_mean = total_variation(desk->mean, desk->target, t->text_count);
    verify->nfe_mean = nfe.mean;
    verify->coverage = covered.mean;
    verify->reward_calls_mean = calls.mean;
    return MTS_OK;
}

/* The desk laid and cleared again around the searches. */
static int verify_on_desk(const MtsTable *table, const MtsSearchSettings *settings, size_t runs, MtsVerify *verify,
                          MtsError *err)
{
    Desk desk = {.target = mts_calloc(table->text_count, sizeof(double)),
                 .mean = mts_calloc(table->text_count, sizeof(double)),
                 .answer = mts_calloc(table->text_count, sizeof(double)),
                 .log_q = mts_calloc(table->row_count, sizeof(double)),
                 .nodes = mts_calloc(table->row_count, sizeof(MtsNode *)),
                 .policy = mts_calloc(table->vocab, sizeof(double))};
    bool ok = desk.target && desk.mean && desk.answer && desk.log_q && desk.nodes && desk.policy;
    int rc = ok ? search_often(table, settings, runs, &desk, verify, err)
                : mts_fail(err, MTS_ENOMEM, "verify: memory ran out");
    free(desk.target);
    free(desk.mean);
    free(desk.answer);
    free(desk.log_q);
    free((void *)desk.nodes);
    free(desk.policy);
    return rc;
}

int mts_verify(const MtsTable *table, const MtsSearchSettings *settings, size_t runs, MtsVerify *verify, MtsError *err)
{
    MtsSearchModel model;
    int rc;
    *verify = (MtsVerify){0};
    if (runs == 0) {
        return mts_fail(err, MTS_EREQUEST, "runs: 0 is outside [1, ...]");
    }
    mts_table_model(table, &model);
    if ((rc = mts_search_check(&model, settings, err)) ||
        (rc = mts_table_exact(table, settings->lambda, &verify->exact, err))) {
        return rc;
    }
    return verify_on_desk(table, settings, runs, verify, err);
}
