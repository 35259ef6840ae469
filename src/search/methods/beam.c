/* search/methods/beam.c - the `rollouts` best prefixes, one token longer at every step.
 *
 * A prefix counts log p, plus lambda times its reward where the reward scores prefixes; then a finished text counts
 * with its own reward too, else with log p alone like all others. At each step the best continuations of all beams
 * fill the beams that no finished text has taken, ties in the order of the parents and then of log p. A finished text
 * keeps its beam, so that a search ends with at most `rollouts` texts; with as many beams as there are texts it has
 * them all. The answer is the one of the largest log p + lambda r: with enough beams, the mode of pi*.
 *
 * A beam's continuations descend in log p: without prefix rewards no more than the first `beams` of each can win, and
 * no more are asked for with them. */
#include "search/methods/methods.h"

#include <stdlib.h>

#include "core/mem.h"
#include "search/methods/population.h"

typedef struct Candidate {
    MtsNode *node;
    double score;
    size_t order; /* of parent and entry */
} Candidate;

typedef struct Beams {
    MtsNode **live;                                                 /* [count] unfinished prefixes */
    Candidate *candidates;                                          /* [candidate_count] */
    MtsNode **scored;                                               /* scratch, as candidates */
    size_t count, candidate_count, candidate_cap, scored_cap, free; /* free: beams that no text has taken */
} Beams;

static int compare(const void *a, const void *b)
{
    const Candidate *x = a, *y = b;
    if (x->score != y->score) {
        return x->score > y->score ? -1 : 1;
    }
    return x->order < y->order ? -1 : 1;
}

static int extend(MtsRun *run, Beams *b, MtsError *err)
{
    b->candidate_count = 0;
    for (size_t i = 0; i < b->count; i++) {
        MtsNode *node = b->live[i];
        for (size_t e = 0; e < node->dist.count && e < b->free && node->dist.logp[e] != -HUGE_VAL; e++) {
            MtsNode *child = mts_run_child(run, node, e);
            if (!child || !mts_grow(&b->candidates, &b->candidate_cap, b->candidate_count + 1, sizeof *b->candidates)) {
                return mts_out_of_memory(err);
            }
            b->candidates[b->candidate_count] = (Candidate){child, child->path_logp, b->candidate_count};
            b->candidate_count++;
        }
    }
    return MTS_OK;
}

static int add_rewards(MtsRun *run, Beams *b, MtsError *err)
{
    if (!run->reward->prefixes || b->candidate_count == 0) {
        return MTS_OK;
    }
    if (!mts_grow(&b->scored, &b->scored_cap, b->candidate_count, sizeof(MtsNode *))) {
        return mts_out_of_memory(err);
    }
    for (size_t i = 0; i < b->candidate_count; i++) {
        b->scored[i] = b->candidates[i].node;
    }
    int rc = mts_run_score(run, b->scored, b->candidate_count, err);
    for (size_t i = 0; i < b->candidate_count && rc == MTS_OK; i++) {
        double tilt = mts_run_tilt(run, b->candidates[i].node);
        b->candidates[i].score = tilt == -HUGE_VAL ? tilt : b->candidates[i].score + tilt;
    }
    return rc;
}

static int keep_best(MtsRun *run, Beams *b, MtsError *err)
{
    size_t n = b->candidate_count < b->free ? b->candidate_count : b->free;
    int rc = MTS_OK;
    if (n == 0) {
        b->count = 0;
        return MTS_OK;
    }
    qsort(b->candidates, b->candidate_count, sizeof *b->candidates, compare);
    b->count = 0;
    for (size_t i = 0; i < n && rc == MTS_OK; i++) {
        MtsNode *node = b->candidates[i].node;
        if (!node->finished) {
            b->live[b->count++] = node;
            continue;
        }
        b->free--;
        rc = mts_run_score(run, &node, 1, err);
        if (rc == MTS_OK) {
            rc = mts_population_finish(run, node, 0, node->path_logp + mts_run_tilt(run, node), err);
        }
    }
    return rc;
}

static int beam_run(MtsRun *run, MtsError *err)
{
    Beams b = {.live = mts_calloc(run->settings.rollouts, sizeof(MtsNode *)), .count = 1};
    int rc = b.live ? MTS_OK : mts_out_of_memory(err);
    bool go = true;
    if (b.live) {
        b.live[0] = run->nodes.root;
        b.free = run->settings.rollouts;
    }
    while (rc == MTS_OK && b.count > 0) {
        rc = mts_population_evaluate(run, b.live, b.count, &go, err);
        if (rc != MTS_OK || !go) {
            break;
        }
        rc = extend(run, &b, err);
        rc = rc == MTS_OK ? add_rewards(run, &b, err) : rc;
        rc = rc == MTS_OK ? keep_best(run, &b, err) : rc;
    }
    free((void *)b.live);
    free(b.candidates);
    free((void *)b.scored);
    rc = rc == MTS_OK ? mts_population_check(run, err) : rc;
    run->stop_reason = run->stop_reason ? run->stop_reason : "rollouts";
    return rc;
}

const MtsMethodOps mts_beam_ops = {.name = "beam", .answers = MTS_ANSWERS_MAP, .run = beam_run};
