/* search/rollouts.c - several rollouts in flight, one forward step for all of them.
 *
 * Rollout i starts as soon as rollouts 0 .. i - B are backed up, and not earlier: at that moment it chooses its
 * way through the known part of the tree at one go. Everything it needs from there on is its own (p at the
 * nodes it makes, random numbers keyed by its index), and backups happen in the order of the index. So what
 * a rollout does is a function of the rollouts before i - B + 1 alone (or of more, where its method has it
 * wait for so many), and neither the size of a forward step, nor the speed of a reward, nor the number of
 * threads can be seen in a result:
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
#include "search/rollouts.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "search/positions.h"
#include "search/record/rollout_line.h"
#include "search/rollout.h"

typedef struct Flight {
    MtsRollout **rollouts; /* [count] by index; the first is the next to be backed up */
    MtsNode **wanted;      /* scratch */
    size_t count, next;    /* next: index of the next to start */
    bool closed;           /* no more may start */
} Flight;

/* ---- select ---- */

/* Tokens until the rollout needs a prefix that nobody has evaluated, or its text is finished. */
static int choose_tokens(MtsSearch *search, MtsRollout *r, MtsError *err)
{
    for (;;) {
        MtsNode *node = r->node;
        if (node->finished) {
            return mts_search_ask(search, node, err);
        }
        if (!node->evaluated && !r->in_tree) {
            return MTS_OK;
        }
        int rc = mts_search_need(search, node, err); /* in the tree: not evaluated only after a resume */
        r->dead = !rc && mts_node_is_dead(node);
        if (rc || r->dead) {
            return rc;
        }
        size_t entry = 0;
        MtsChoice choice = {0};
        if ((rc = search->ops->choose(search, r, &entry, &choice.log_q, err)) || r->dead) {
            return rc;
        }
        MtsNode *child = mts_search_child(search, node, entry);
        if (!child || !mts_rollout_append(r, child, choice)) {
            return mts_out_of_memory(err);
        }
    }
}

static bool is_finished(const MtsRollout *r)
{
    return r->dead || r->node->finished;
}

static bool may_start(MtsSearch *search, const Flight *flight)
{
    const MtsSearchSettings *s = &search->settings;
    if (flight->closed || flight->next >= s->rollouts || flight->count >= s->in_flight ||
        (search->ops->may_start && !search->ops->may_start(search, flight->next))) {
        return false;
    }
    if (s->max_nfe == 0) {
        return true;
    }
    uint64_t left = s->max_nfe > search->charged ? s->max_nfe - search->charged : 0;
    return (search->model->max_tokens - 1) * (uint64_t)(flight->count + 1) <= left;
}

static int start(MtsSearch *search, Flight *flight, MtsError *err)
{
    MtsRollout *r = mts_rollout_new(search, flight->next);
    if (!r) {
        return mts_out_of_memory(err);
    }
    flight->next++;
    flight->rollouts[flight->count++] = r;
    int rc = search->ops->start ? search->ops->start(search, r, err) : MTS_OK;
    if (rc) {
        return rc;
    }
    bool recorded = r->index < mts_checkpoint_count(search->checkpoint) && !search->sampling;
    return recorded ? mts_rollout_read(search, r, err) : choose_tokens(search, r, err);
}

/* Starts and leads through the known part of the tree every rollout that may start. */
static int select_all(MtsSearch *search, Flight *flight, MtsError *err)
{
    int rc = MTS_OK;
    while (!rc && may_start(search, flight)) {
        rc = start(search, flight, err);
    }
    return rc;
}

/* ---- extend ---- */

/* Whether a rollout was kept by the search that is being replayed. */
static bool is_kept(const MtsSearch *search, const MtsRollout *r)
{
    const MtsStopPoint *cut = search->cut;
    bool kept = !cut || r->index < cut->whole;
    for (size_t i = 0; !kept && i < cut->count; i++) {
        kept = cut->others[i] == r->index;
    }
    return kept;
}

/* One step for all that wait for one, or only for those whose position the model has already; how many there were. */
static int extend_some(MtsSearch *search, Flight *flight, bool only_ready, size_t *count, MtsError *err)
{
    *count = 0;
    for (size_t i = 0; i < flight->count; i++) {
        const MtsRollout *r = flight->rollouts[i];
        bool waits = !is_finished(r) && is_kept(search, r);
        if (waits && (!only_ready || (!r->node->evaluated && mts_search_is_ready(search, r->node)))) {
            flight->wanted[(*count)++] = r->node;
        }
    }
    int rc = mts_search_evaluate(search, flight->wanted, *count, err);
    for (size_t i = 0; i < flight->count && *count && !rc; i++) {
        MtsRollout *r = flight->rollouts[i];
        if (!is_finished(r) && is_kept(search, r)) {
            rc = choose_tokens(search, r, err);
        }
    }
    return rc;
}

/* One forward step for all that wait for one; *extended tells whether there was any. */
static int extend(MtsSearch *search, Flight *flight, bool *extended, MtsError *err)
{
    size_t count;
    int rc = extend_some(search, flight, false, &count, err);
    *extended = count > 0;
    while (!rc && count > 0) {
        rc = extend_some(search, flight, true, &count, err);
    }
    return rc;
}

/* ---- score ---- */

/* Whether it can be backed up; waits up to `seconds` for each reward. */
static bool is_scored(MtsSearch *search, const MtsRollout *r, double seconds)
{
    bool scored = r->dead || (r->node->finished && mts_search_answered(search, r->node, seconds));
    return scored && (!search->ops->ready || search->ops->ready(search, r, seconds));
}

/* ---- back up ---- */

/* All on its way are known from now on, and counted. */
static void visit_path(MtsSearch *search, MtsRollout *r)
{
    r->fresh = r->node->visits == 0;
    r->log_z = (double)NAN;
    for (MtsNode *node = r->node; node; node = node->parent) {
        mts_node_visit(node);
        if (!node->finished) {
            mts_search_charge(search, node);
        }
    }
    search->decode_tokens += r->node->depth;
    search->done++;
    if (!r->dead && !search->sampling) {
        mts_search_count_text(search, r->node);
    }
}

static int back_up_one(MtsSearch *search, MtsRollout *r, MtsError *err)
{
    int rc = r->dead ? MTS_OK : mts_search_await(search, r->node, err);
    if (rc) {
        return rc;
    }
    visit_path(search, r);
    if ((rc = search->ops->backup(search, r, err)) || (!search->sampling && (rc = mts_rollout_write(search, r, err)))) {
        return rc;
    }
    return mts_rollout_tell(search, r, err);
}

/* Takes rollout `at` out of the flight and backs it up; then, in the order of the index: whether rollouts go on being
 * started. */
static int back_up(MtsSearch *search, Flight *flight, size_t at, MtsError *err)
{
    MtsRollout *r = flight->rollouts[at];
    if (!mts_rollout_keep(search, r)) {
        return mts_out_of_memory(err);
    }
    flight->count--;
    memmove(&flight->rollouts[at], &flight->rollouts[at + 1], (flight->count - at) * sizeof(MtsRollout *));
    int rc = back_up_one(search, r, err);
    const char *settled = rc || flight->closed ? NULL : mts_search_settled(search);
    if (settled) {
        search->stop_reason = settled;
        flight->closed = true;
    }
    return rc;
}

/* Cut short: what is finished and scored by now is kept. */
static int back_up_scored(MtsSearch *search, Flight *flight, MtsError *err)
{
    int rc = MTS_OK;
    const char *reason = search->stop_reason;
    flight->closed = true;
    for (size_t i = 0; i < flight->count && !rc;) {
        if (is_kept(search, flight->rollouts[i]) && is_scored(search, flight->rollouts[i], 0)) {
            rc = back_up(search, flight, i, err);
        } else {
            i++;
        }
    }
    search->stop_reason = reason;
    return rc;
}

/* ---- the search ---- */

/* At the cut of a replayed search: all before the first rollout that was not kept are backed up, and the
 * kept ones behind it are ready. */
static bool at_cut(MtsSearch *search, const Flight *flight)
{
    bool ready = search->cut && !is_kept(search, flight->rollouts[0]);
    for (size_t i = 0; i < flight->count && ready; i++) {
        ready = !is_kept(search, flight->rollouts[i]) || is_scored(search, flight->rollouts[i], 0);
    }
    return ready;
}

static int lead_flight(MtsSearch *search, Flight *flight, MtsError *err)
{
    double wait = 0;
    int rc = select_all(search, flight, err);
    while (!rc && flight->count > 0) {
        if (mts_search_stopped(search) || at_cut(search, flight)) {
            return back_up_scored(search, flight, err);
        }
        if (is_kept(search, flight->rollouts[0]) && is_scored(search, flight->rollouts[0], wait)) {
            /* Whoever this backup lets start sees the tree as it is just then. */
            (void)((rc = back_up(search, flight, 0, err)) || (rc = select_all(search, flight, err)));
            wait = 0;
        } else {
            bool extended = false;
            rc = extend(search, flight, &extended, err);
            wait = extended ? 0 : 0.02; /* seconds; nothing to do but wait for the reward */
        }
    }
    return rc;
}

/* Leads rollouts from index `next` on to their end. */
static int lead(MtsSearch *search, size_t next, MtsError *err)
{
    const MtsSearchSettings *s = &search->settings;
    Flight flight = {.next = next};
    size_t most = s->in_flight < s->rollouts ? s->in_flight : s->rollouts;
    flight.rollouts = mts_calloc(most, sizeof(MtsRollout *));
    flight.wanted = mts_calloc(most, sizeof(MtsNode *));
    int rc = flight.rollouts && flight.wanted ? lead_flight(search, &flight, err) : mts_out_of_memory(err);
    for (size_t i = 0; i < flight.count; i++) {
        mts_rollout_free(search, flight.rollouts[i]);
    }
    free((void *)flight.rollouts);
    free((void *)flight.wanted);
    return rc;
}

/* A limit on positions that no rollout is certain to fit into lets none begin. */
static int check_limit(const MtsSearch *search, MtsError *err)
{
    uint64_t most = search->settings.max_nfe;
    if (most == 0 || most >= search->model->max_tokens - 1) {
        return MTS_OK;
    }
    return mts_fail(err, MTS_EREQUEST, "nfe: a limit of %llu positions is below the %zu that one text may need",
                    (unsigned long long)most, search->model->max_tokens - 1);
}

int mts_rollouts_lead(MtsSearch *search, MtsError *err)
{
    const MtsMethodOps *ops = search->ops;
    int rc;
    if ((rc = check_limit(search, err)) || (ops->begin && (rc = ops->begin(search, err)))) {
        return rc;
    }
    if ((rc = mts_search_is_led_by_prefixes(search) ? ops->lead_prefixes(search, err) : lead(search, 0, err))) {
        return rc;
    }
    if (search->cut) {
        search->stop_reason = search->cut->reason;
    } else if (!search->stop_reason) {
        search->stop_reason = search->done == search->settings.rollouts ? "rollouts" : "nfe";
    }
    return MTS_OK;
}

int mts_rollouts_take(MtsSearch *search, MtsNode *text, MtsError *err)
{
    MtsRollout *r = mts_rollout_new(search, search->done);
    if (!r || !mts_rollout_keep(search, r)) {
        if (r) {
            mts_rollout_free(search, r);
        }
        return mts_out_of_memory(err);
    }
    if (!mts_rollout_follow(r, text)) {
        return mts_out_of_memory(err);
    }
    search->sampling = true;
    visit_path(search, r);
    int rc = search->ops->backup(search, r, err);
    search->sampling = false;
    r->log_z = (double)NAN;
    mts_search_count_text(search, text);
    return rc ? rc : mts_rollout_tell(search, r, err);
}

int mts_rollouts_one_more(MtsSearch *search, MtsError *err)
{
    const MtsSearchSettings asked = search->settings;
    const char *reason = search->stop_reason;
    size_t done = search->done;
    search->settings.rollouts = done + 1;
    search->settings.in_flight = 1;
    search->settings.batch = 1;
    search->sampling = true;
    int rc = lead(search, done, err);
    search->sampling = false;
    search->settings = asked;
    search->stop_reason = reason;
    if (!rc && search->done > done) {
        const MtsRollout *last = search->log[search->log_count - 1];
        bool counts =
            !last->dead && mts_search_tilt(search, last->node) != -HUGE_VAL; /* else it is of no part in pi* */
        search->sampled = counts ? last->node : NULL;
    }
    return rc;
}
