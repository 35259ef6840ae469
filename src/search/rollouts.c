/* search/rollouts.c - several rollouts in flight, one forward step for all of them.
 *
 * Rollout i starts as soon as rollouts 0 .. i - B are backed up, and not earlier: at that moment it chooses its
 * way through the known part of the tree at one go. Everything it needs from there on is its own (p at the
 * nodes it makes, random numbers keyed by its index), and backups happen in the order of the index. So what
 * a rollout does is a function of the rollouts before i - B + 1 alone, and neither the size of a forward
 * step, nor the speed of a reward, nor the number of threads can be seen in a result:
 *
 *     loop:  start every rollout that may start
 *            evaluate the prefixes that rollouts in flight wait for, as one step; let them draw their tokens
 *            finished texts ask their reward (answered on other threads) and wait for their turn to be backed up
 *
 * Budget. A rollout needs at most T - 1 positions (T: most tokens; a text's last token is never evaluated).
 * With a limit on positions, rollout i also waits until what backed-up rollouts used, plus T - 1 for itself
 * and each one in flight, fits: near the end concurrency shrinks, the limit is never passed, and which tree a
 * rollout saw is still a function of the rollouts alone. An adaptive stop is decided after a backup and lets
 * rollouts that had started by then finish. Only the clock and the caller's stop flag cut rollouts short. */
#include "search/run.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

typedef struct Flight {
    MtsRollout **rollouts; /* [count] by index; the first is the next to be backed up */
    MtsNode **wanted;      /* scratch */
    size_t count, next;    /* next: index of the next to start */
    bool closed;           /* no more may start */
} Flight;

void mts_rollout_free(MtsRollout *rollout)
{
    free(rollout->choices);
    free(rollout->asides);
    free(rollout);
}

int mts_run_aside(MtsRun *run, MtsRollout *r, MtsNode *text, MtsError *err)
{
    if (!mts_grow(&r->asides, &r->aside_cap, r->aside_count + 1, sizeof(MtsNode *))) {
        return mts_out_of_memory(err);
    }
    r->asides[r->aside_count++] = text;
    return mts_run_ask(run, text, err);
}

static bool may_start(MtsRun *run, const Flight *flight)
{
    const MtsSearchSettings *s = &run->settings;
    if (flight->closed || flight->next >= s->rollouts || flight->count >= s->in_flight) {
        return false;
    }
    if (s->max_nfe == 0) {
        return true;
    }
    uint64_t left = s->max_nfe > run->charged ? s->max_nfe - run->charged : 0;
    return (run->model->max_tokens - 1) * (uint64_t)(flight->count + 1) <= left;
}

/* Choices until the rollout needs a prefix that nobody has evaluated, or its text is finished. */
static int advance(MtsRun *run, MtsRollout *r, MtsError *err)
{
    for (;;) {
        MtsNode *node = r->node;
        if (node->finished) {
            return mts_run_ask(run, node, err);
        }
        if (!node->evaluated && !r->in_tree) {
            return MTS_OK;
        }
        int rc = mts_run_need(run, node, err); /* in the tree: not evaluated only after a resume */
        if (rc != MTS_OK) {
            return rc;
        }
        r->dead = mts_node_is_dead(node);
        if (r->dead) {
            return MTS_OK;
        }
        size_t entry = 0;
        MtsChoice choice = {0};
        rc = run->ops->choose(run, r, &entry, &choice.log_q, err);
        if (rc != MTS_OK) {
            return rc;
        }
        MtsNode *child = mts_run_child(run, node, entry);
        if (!child || !mts_grow(&r->choices, &r->choice_cap, child->depth, sizeof *r->choices)) {
            return mts_out_of_memory(err);
        }
        r->choices[node->depth] = choice;
        r->log_q += choice.log_q;
        r->left_at += r->in_tree;
        r->in_tree = r->in_tree && child->visits > 0;
        r->node = child;
    }
}

static bool is_finished(const MtsRollout *r)
{
    return r->dead || r->node->finished;
}

static int start(MtsRun *run, Flight *flight, MtsError *err)
{
    MtsRollout *r = mts_calloc(1, sizeof *r);
    if (!r) {
        return mts_out_of_memory(err);
    }
    flight->rollouts[flight->count++] = r;
    r->index = flight->next++;
    r->started = run->done;
    r->node = run->nodes.root;
    r->in_tree = run->nodes.root->visits > 0;
    int rc = run->ops->start ? run->ops->start(run, r, err) : MTS_OK;
    if (rc == MTS_OK && r->index < mts_checkpoint_count(run->checkpoint) && !run->sampling) {
        return mts_checkpoint_read(run->checkpoint, run, r, err);
    }
    return rc == MTS_OK ? advance(run, r, err) : rc;
}

int mts_rollout_tell(MtsRun *run, const MtsRollout *r, MtsError *err)
{
    if (!run->sink) {
        return MTS_OK;
    }
    MtsNode *node = r->node;
    int rc = MTS_OK;
    mts_node_tokens(node, run->tokens);
    MtsNode **path = mts_calloc(node->depth + 1, sizeof(MtsNode *));
    if (!path) {
        return mts_out_of_memory(err);
    }
    for (MtsNode *n = node; n; n = n->parent) {
        path[n->depth] = n;
    }
    MtsEvent event = {.rollout = r->index, .tokens = run->tokens};
    for (size_t i = 0; i < node->depth && rc == MTS_OK; i++) {
        event.kind = i < r->left_at ? MTS_EVENT_SELECTED : MTS_EVENT_EXTENDED;
        event.count = i + 1;
        event.log_q = r->choices[i].log_q;
        event.logp = path[i + 1]->logp;
        rc = mts_run_emit(run, &event, err);
    }
    free(path);
    event.count = node->depth;
    event.log_q = r->log_q;
    event.logp = node->path_logp;
    event.reward = r->dead ? -HUGE_VAL : node->reward;
    event.log_z_rollout = r->log_z;
    event.kind = MTS_EVENT_SCORED;
    if (rc == MTS_OK && !r->dead) {
        rc = mts_run_emit(run, &event, err);
    }
    event.kind = MTS_EVENT_BACKED_UP;
    return rc == MTS_OK ? mts_run_emit(run, &event, err) : rc;
}

static int back_up(MtsRun *run, MtsRollout *r, MtsError *err)
{
    MtsNode *leaf = r->node;
    int rc = r->dead ? MTS_OK : mts_run_await(run, leaf, err);
    for (size_t i = 0; i < r->aside_count && rc == MTS_OK; i++) {
        rc = mts_run_await(run, r->asides[i], err);
    }
    if (rc != MTS_OK) {
        return rc;
    }
    r->fresh = leaf->visits == 0;
    r->log_z = (double)NAN;
    for (MtsNode *node = leaf; node; node = node->parent) {
        mts_node_visit(node);
        if (!node->finished && !node->charged) {
            node->charged = true;
            run->charged++;
            run->nfe += !node->counted; /* of a recorded rollout */
            node->counted = true;
        }
    }
    run->decode_tokens += leaf->depth;
    run->done++;
    if (!r->dead && !run->sampling) {
        run->reward_sum += leaf->reward;
        run->rewarded_texts++;
    }
    rc = run->ops->backup(run, r, err);
    if (rc == MTS_OK && !run->sampling) {
        rc = mts_checkpoint_write(run->checkpoint, r, err);
    }
    return rc == MTS_OK ? mts_rollout_tell(run, r, err) : rc;
}

const char *mts_run_settled(MtsRun *run)
{
    const MtsSearchSettings *s = &run->settings;
    if (run->ops->exhausted && run->ops->exhausted(run)) {
        return "exhausted";
    }
    if (run->done < s->min_rollouts || run->done < 2) {
        return NULL;
    }
    double log_z = (double)NAN, se = (double)NAN;
    if (run->ops->estimate && s->log_z_tolerance > 0) {
        run->ops->estimate(run, &log_z, &se);
    }
    if (se <= s->log_z_tolerance) {
        return "log_z";
    }
    return s->mass_tolerance > 0 && run->ops->leader && run->ops->leader(run) >= 1 - s->mass_tolerance ? "mass" : NULL;
}

/* After each backup, in the order of the index: whether rollouts go on being started. */
static void decide(MtsRun *run, Flight *flight)
{
    const char *settled = flight->closed ? NULL : mts_run_settled(run);
    if (settled) {
        run->stop_reason = settled;
        flight->closed = true;
    }
}

/* Takes rollout `at` out of the flight and backs it up. */
static int land(MtsRun *run, Flight *flight, size_t at, MtsError *err)
{
    MtsRollout *r = flight->rollouts[at];
    if (!mts_grow(&run->log, &run->log_cap, run->log_count + 1, sizeof(MtsRollout *))) {
        return mts_out_of_memory(err);
    }
    run->log[run->log_count++] = r;
    flight->count--;
    memmove(&flight->rollouts[at], &flight->rollouts[at + 1], (flight->count - at) * sizeof(MtsRollout *));
    int rc = back_up(run, r, err);
    if (rc == MTS_OK) {
        decide(run, flight);
    }
    return rc;
}

/* Whether a rollout was kept by the search that is being replayed. */
static bool is_kept(const MtsRun *run, const MtsRollout *r)
{
    const MtsStopPoint *cut = run->cut;
    bool kept = !cut || r->index < cut->whole;
    for (size_t i = 0; !kept && i < cut->count; i++) {
        kept = cut->others[i] == r->index;
    }
    return kept;
}

/* One forward step for all that wait for one; *stepped tells whether there was any. */
static int step(MtsRun *run, Flight *flight, bool *stepped, MtsError *err)
{
    size_t n = 0;
    for (size_t i = 0; i < flight->count; i++) {
        if (!is_finished(flight->rollouts[i]) && is_kept(run, flight->rollouts[i])) {
            flight->wanted[n++] = flight->rollouts[i]->node;
        }
    }
    *stepped = n > 0;
    int rc = mts_run_evaluate(run, flight->wanted, n, err);
    for (size_t i = 0; i < flight->count && rc == MTS_OK; i++) {
        MtsRollout *r = flight->rollouts[i];
        if (!is_finished(r) && is_kept(run, r)) {
            rc = advance(run, r, err);
        }
    }
    return rc;
}

static bool is_scored(MtsRun *run, const MtsNode *text, double seconds)
{
    return text->scored || mts_ask_ready(run->asker, text->question, seconds);
}

/* Whether it can be backed up; waits up to `seconds` for each reward. */
static bool is_ready(MtsRun *run, const MtsRollout *r, double seconds)
{
    bool ready = r->dead || (r->node->finished && is_scored(run, r->node, seconds));
    for (size_t i = 0; i < r->aside_count && ready; i++) {
        ready = is_scored(run, r->asides[i], seconds);
    }
    return ready;
}

/* At the cut of a replayed search: all before the first rollout that was not kept are backed up, and the
 * kept ones behind it are ready. */
static bool at_cut(MtsRun *run, const Flight *flight)
{
    bool ready = run->cut && !is_kept(run, flight->rollouts[0]);
    for (size_t i = 0; i < flight->count && ready; i++) {
        ready = !is_kept(run, flight->rollouts[i]) || is_ready(run, flight->rollouts[i], 0);
    }
    return ready;
}

/* Cut short: what is finished and scored by now is kept. */
static int land_ready(MtsRun *run, Flight *flight, MtsError *err)
{
    int rc = MTS_OK;
    const char *reason = run->stop_reason;
    flight->closed = true;
    for (size_t i = 0; i < flight->count && rc == MTS_OK;) {
        if (is_kept(run, flight->rollouts[i]) && is_ready(run, flight->rollouts[i], 0)) {
            rc = land(run, flight, i, err);
        } else {
            i++;
        }
    }
    run->stop_reason = reason;
    return rc;
}

static int start_all(MtsRun *run, Flight *flight, MtsError *err)
{
    int rc = MTS_OK;
    while (rc == MTS_OK && may_start(run, flight)) {
        rc = start(run, flight, err);
    }
    return rc;
}

static int fly(MtsRun *run, Flight *flight, MtsError *err)
{
    double wait = 0;
    int rc = start_all(run, flight, err);
    while (rc == MTS_OK && flight->count > 0) {
        if (mts_run_stopped(run) || at_cut(run, flight)) {
            return land_ready(run, flight, err);
        }
        if (is_kept(run, flight->rollouts[0]) && is_ready(run, flight->rollouts[0], wait)) {
            /* Whoever this backup lets start sees the tree as it is just then. */
            rc = land(run, flight, 0, err);
            rc = rc == MTS_OK ? start_all(run, flight, err) : rc;
            wait = 0;
        } else {
            bool stepped = false;
            rc = step(run, flight, &stepped, err);
            wait = stepped ? 0 : 0.02; /* seconds; nothing to do but wait for the reward */
        }
    }
    return rc;
}

/* Leads rollouts from index `next` on to their end. */
static int lead(MtsRun *run, size_t next, MtsError *err)
{
    Flight flight = {.next = next};
    size_t most = run->settings.in_flight < run->settings.rollouts ? run->settings.in_flight : run->settings.rollouts;
    flight.rollouts = mts_calloc(most, sizeof(MtsRollout *));
    flight.wanted = mts_calloc(most, sizeof(MtsNode *));
    int rc = flight.rollouts && flight.wanted ? fly(run, &flight, err) : mts_out_of_memory(err);
    for (size_t i = 0; i < flight.count; i++) {
        mts_rollout_free(flight.rollouts[i]);
    }
    free(flight.rollouts);
    free(flight.wanted);
    return rc;
}

int mts_run_rollouts(MtsRun *run, MtsError *err)
{
    int rc = run->ops->begin ? run->ops->begin(run, err) : MTS_OK;
    if (rc == MTS_OK) {
        rc = run->reward->prefixes && run->ops->waves ? run->ops->waves(run, err) : lead(run, 0, err);
    }
    if (rc != MTS_OK) {
        return rc;
    }
    if (run->cut) {
        run->stop_reason = run->cut->reason;
    } else if (!run->stop_reason) {
        run->stop_reason = run->done == run->settings.rollouts ? "rollouts" : "nfe";
    }
    bool nothing = run->stop_reason[0] == 'n' || mts_run_is_cut_short(run);
    if (run->done > 0 || run->answer_count > 0 || !nothing) {
        return MTS_OK;
    }
    return run->stop_reason[0] == 'n'
               ? mts_fail(err, MTS_EREQUEST, "nfe: a limit of %llu positions is below the %zu that one text may need",
                          (unsigned long long)run->settings.max_nfe, run->model->max_tokens - 1)
               : mts_fail(err, MTS_EINTERRUPTED, "search: stopped (%s) before any text was finished", run->stop_reason);
}

int mts_run_one_more(MtsRun *run, MtsError *err)
{
    const MtsSearchSettings asked = run->settings;
    const char *reason = run->stop_reason;
    size_t done = run->done;
    run->settings.rollouts = done + 1;
    run->settings.in_flight = 1;
    run->settings.batch = 1;
    run->sampling = true;
    int rc = lead(run, done, err);
    run->sampling = false;
    run->settings = asked;
    run->stop_reason = reason;
    if (rc == MTS_OK && run->done > done && !run->log[run->log_count - 1]->dead) {
        run->sampled = run->log[run->log_count - 1]->node;
    }
    return rc;
}
