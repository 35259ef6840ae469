/* eval/budget.c - a budget of positions for a whole data set, spent where the answers are least certain.
 *
 * A first pass gives every sample the run's rollouts and keeps each search's checkpoint. From its records follows how
 * many rollouts a sample is to have in the end: the variance of log Z's estimate over n rollouts is v / n, and v is
 * known from the first n0 as se^2 n0; the sum of v_i / n_i over samples is smallest, for a given sum of c_i n_i
 * positions, at n_i proportional to sqrt(v_i / c_i) (Neyman 1934), with n_i >= n0. c_i are the positions that a rollout
 * took so far. Where there is no estimate of Z, v is p (1 - p) n0 / n0, p the share of the answer given. The second
 * pass goes on with the searches that get more, in the samples' order, and what a sample leaves or overdraws is shared
 * by those after it. So the outcome is a function of the request: both passes have journals, and a killed run goes on
 * in whichever it was. Files beside OUT: OUT.first, the first pass's journal, and OUT.NUMBER.search, the checkpoints;
 * at the end they are removed. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"
#include "results/fields.h"
#include "eval/budget.h"
#include "eval/record.h"

typedef struct BudgetShare {
    double deviation; /* sqrt(v) */
    double cost;      /* positions of a rollout, > 0 */
    double least;     /* rollouts so far */
    double nfe;       /* positions so far */
} BudgetShare;

static int no_memory(MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "eval: memory ran out");
}

static char *beside(const char *out, const char *what, size_t number)
{
    MtsBytes path = {0};
    bool ok = strcmp(what, "first") == 0 ? mts_bytes_printf(&path, "%s.first", out)
                                         : mts_bytes_printf(&path, "%s.%zu.%s", out, number, what);
    if (!ok) {
        mts_bytes_free(&path);
    }
    return path.data;
}

static BudgetShare share_of(const json_t *record)
{
    double n = fmax(1, mts_field_number(record, MTS_F_ROLLOUTS_DONE)), se = mts_field_number(record, MTS_F_LOG_Z_SE),
           nfe = mts_field_number(record, MTS_F_NFE);
    double p = mts_field_number(json_object_get(record, MTS_F_SCORES), MTS_F_SHARE);
    const char *reason = mts_field_text(record, MTS_F_STOP_REASON);
    BudgetShare s = {.least = n, .nfe = nfe, .cost = fmax(1, nfe / n)};
    s.deviation = isfinite(se) ? se * sqrt(n) : isfinite(p) ? sqrt(p * (1 - p)) : 1;
    if (strcmp(reason, "exhausted") == 0) { /* all is known */
        s.deviation = 0;
    }
    return s;
}

/* Rollouts of shares[0] where the budget is for shares [count]: the n_i above, whose common factor is found by fixing,
 * again and again, those that would get less than they have. */
static double rollouts_of_first(const BudgetShare *shares, size_t count, double budget, bool *fixed)
{
    double factor = 0;
    memset(fixed, 0, count * sizeof *fixed);
    for (bool changed = true; changed;) {
        double left = budget, weight = 0;
        for (size_t i = 0; i < count; i++) {
            left -= fixed[i] ? shares[i].nfe : 0;
            weight += fixed[i] ? 0 : shares[i].deviation * sqrt(shares[i].cost);
        }
        factor = weight > 0 && left > 0 ? left / weight : 0;
        changed = false;
        for (size_t i = 0; i < count; i++) {
            if (!fixed[i] && factor * shares[i].deviation / sqrt(shares[i].cost) <= shares[i].least) {
                fixed[i] = changed = true;
            }
        }
    }
    return fixed[0] ? shares[0].least : floor(factor * shares[0].deviation / sqrt(shares[0].cost));
}

static int first_pass(MtsEvalWalk *w, const char *out, MtsEvalSetup *setup, MtsError *err)
{
    int rc = MTS_OK;
    for (size_t i = 0; !rc && i < w->plan->samples; i++) {
        char *checkpoint = beside(out, "search", i);
        setup->request.search.save = checkpoint;
        rc = checkpoint ? mts_eval_walk_one(w, i, setup, w->plan->seeds[0], true, NULL, err) : no_memory(err);
        free(checkpoint);
    }
    return rc;
}

/* A record with the first pass's seconds added, or that of the first pass itself. */
static int add_seconds(json_t *record, const json_t *first, MtsError *err)
{
    double seconds = mts_field_number(record, MTS_F_SECONDS) + mts_field_number(first, MTS_F_SECONDS);
    return json_object_set_new(record, MTS_F_SECONDS, json_real(seconds)) ? no_memory(err) : MTS_OK;
}

/* Sample i gets `rollouts` in all, of which it has `least`. */
static int go_on(MtsEvalWalk *w, size_t i, const json_t *before, const char *checkpoint, const MtsEvalSetup *base,
                 double rollouts, double least, MtsError *err)
{
    MtsEvalSetup setup = *base;
    setup.request.search.resume = checkpoint;
    setup.request.search.rollouts = rollouts < 1e7 ? (size_t)rollouts : 10000000;
    if (rollouts > least) {
        return mts_eval_walk_one(w, i, &setup, w->plan->seeds[0], true, before, err);
    }
    json_t *record = json_deep_copy(before);
    int rc = record ? mts_eval_walk_keep(w, i, &setup, w->plan->seeds[0], record, err) : no_memory(err);
    json_decref(record);
    return rc;
}

/* Takes the positions that sample i took in all off what is left; those of the first pass where there is no record. */
static int spend(double *left, const MtsEvalWalk *w, size_t i, const MtsEvalSetup *setup, double first, MtsError *err)
{
    char *key = mts_eval_key(w->plan, i, setup, w->plan->seeds[0]);
    if (!key) {
        return no_memory(err);
    }
    const json_t *done = mts_journal_find(w->journal, key);
    *left -= done ? mts_field_number(done, MTS_F_NFE) : first;
    free(key);
    return MTS_OK;
}

/* The first pass's record of sample i: where one had failed and was tried again they are in another order. */
static int first_record(const MtsEvalPlan *plan, const MtsJournal *first, size_t i, const json_t **record,
                        MtsError *err)
{
    char *key = mts_eval_key(plan, i, &plan->setups[0], plan->seeds[0]);
    *record = key ? mts_journal_find(first, key) : NULL;
    free(key);
    return *record ? MTS_OK : no_memory(err);
}

static int second_pass(MtsEvalWalk *w, const MtsJournal *first, const char *out, const MtsEvalSetup *setup,
                       MtsError *err)
{
    const MtsEvalPlan *plan = w->plan;
    double left = (double)plan->total_nfe;
    BudgetShare *shares = mts_calloc(plan->samples, sizeof *shares);
    bool *fixed = mts_calloc(plan->samples, sizeof *fixed);
    const json_t **before = mts_calloc(plan->samples, sizeof *before);
    int rc = shares && fixed && before ? MTS_OK : no_memory(err);
    for (size_t i = 0; !rc && i < plan->samples; i++) {
        if (!(rc = first_record(plan, first, i, &before[i], err))) {
            shares[i] = share_of(before[i]);
        }
    }
    for (size_t i = 0; !rc && i < plan->samples; i++) {
        double rollouts = rollouts_of_first(shares + i, plan->samples - i, left, fixed);
        char *checkpoint = beside(out, "search", i);
        rc = checkpoint ? go_on(w, i, before[i], checkpoint, setup, rollouts, shares[i].least, err) : no_memory(err);
        rc = rc ? rc : spend(&left, w, i, setup, shares[i].nfe, err);
        free(checkpoint);
    }
    free((void *)before);
    free(shares);
    free(fixed);
    return rc;
}

static int clean_up(const char *out, size_t samples, MtsError *err)
{
    for (size_t i = 0; i <= samples; i++) {
        char *path = i < samples ? beside(out, "search", i) : beside(out, "first", 0);
        if (!path) {
            return no_memory(err);
        }
        unlink(path);
        free(path);
    }
    return MTS_OK;
}

int mts_eval_budget(MtsEvalWalk *w, const char *out, MtsError *err)
{
    const MtsEvalPlan *plan = w->plan;
    MtsEvalSetup setup = plan->setups[0];
    MtsJournal *whole = w->journal, *first = NULL;
    char *path = beside(out, "first", 0);
    json_t *head = json_deep_copy(plan->head);
    if (mts_journal_count(whole) == plan->samples) {
        free(path);
        json_decref(head);
        return first_pass(w, out, &setup, err); /* counts what is there */
    }
    w->at.total *= 2;
    int rc = path && head && json_object_set_new(head, MTS_F_PASS, json_string("first")) == 0
                 ? mts_journal_open(&first, path, head, NULL, err)
                 : no_memory(err);
    if (!rc) {
        w->journal = first;
        rc = first_pass(w, out, &setup, err);
        w->journal = whole;
    }
    setup.request.search.save = NULL;
    if (!rc && w->failures == 0) {
        w->after = add_seconds;
        w->in_turn = true;
        rc = second_pass(w, first, out, &setup, err);
    }
    mts_journal_close(&first);
    if (!rc && mts_journal_count(whole) == plan->samples) {
        rc = clean_up(out, plan->samples, err);
    }
    free(path);
    json_decref(head);
    return rc;
}
