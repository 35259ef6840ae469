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
#include <stdlib.h>

#include "core/mem.h"
#include "search/positions.h"
#include "search/methods/methods.h"
#include "search/methods/population.h"

typedef struct BeamOption {
    MtsNode *node;
    double score;
    size_t order; /* of parent and entry */
} BeamOption;

typedef struct Beams {
    MtsNode **live;                                                 /* [count] unfinished prefixes */
    BeamOption *candidates;                                         /* [candidate_count] */
    MtsNode **scored;                                               /* scratch, as candidates */
    size_t count, candidate_count, candidate_cap, scored_cap, free; /* free: beams that no text has taken */
} Beams;

static int compare(const void *a, const void *b)
{
    const BeamOption *x = a, *y = b;
    if (x->score != y->score) {
        return x->score > y->score ? -1 : 1;
    }
    return x->order < y->order ? -1 : 1;
}

static int list_candidates(MtsSearch *search, Beams *b, MtsError *err)
{
    b->candidate_count = 0;
    for (size_t i = 0; i < b->count; i++) {
        MtsNode *node = b->live[i];
        for (size_t e = 0; e < node->dist.count && e < b->free && node->dist.logp[e] != -HUGE_VAL; e++) {
            MtsNode *child = mts_search_child(search, node, e);
            if (!child || !mts_grow(&b->candidates, &b->candidate_cap, b->candidate_count + 1, sizeof *b->candidates)) {
                return mts_out_of_memory(err);
            }
            b->candidates[b->candidate_count] = (BeamOption){child, child->path_logp, b->candidate_count};
            b->candidate_count++;
        }
    }
    return MTS_OK;
}

static int score(MtsSearch *search, Beams *b, MtsError *err)
{
    if (!search->reward->prefixes || b->candidate_count == 0) {
        return MTS_OK;
    }
    if (!mts_grow(&b->scored, &b->scored_cap, b->candidate_count, sizeof(MtsNode *))) {
        return mts_out_of_memory(err);
    }
    for (size_t i = 0; i < b->candidate_count; i++) {
        b->scored[i] = b->candidates[i].node;
    }
    int rc = mts_search_score(search, b->scored, b->candidate_count, err);
    for (size_t i = 0; i < b->candidate_count && !rc; i++) {
        double tilt = mts_search_tilt(search, b->candidates[i].node);
        b->candidates[i].score = tilt == -HUGE_VAL ? tilt : b->candidates[i].score + tilt;
    }
    return rc;
}

static int back_up(MtsSearch *search, MtsNode *text, MtsError *err)
{
    int rc = mts_search_score(search, &text, 1, err);
    return rc ? rc : mts_population_back_up(search, text, 0, text->path_logp + mts_search_tilt(search, text), err);
}

/* The best candidates fill the free beams; texts are backed up. */
static int select_best(MtsSearch *search, Beams *b, MtsError *err)
{
    size_t n = b->candidate_count < b->free ? b->candidate_count : b->free;
    int rc = MTS_OK;
    b->count = 0;
    if (n == 0) {
        return MTS_OK;
    }
    qsort(b->candidates, b->candidate_count, sizeof *b->candidates, compare);
    for (size_t i = 0; i < n && !rc; i++) {
        MtsNode *node = b->candidates[i].node;
        if (node->finished) {
            b->free--;
            rc = back_up(search, node, err);
        } else {
            b->live[b->count++] = node;
        }
    }
    return rc;
}

/* From the root until nothing goes on. */
static int lead_beams(MtsSearch *search, Beams *b, MtsError *err)
{
    bool go = true;
    b->live[0] = search->nodes.root;
    b->count = 1;
    b->free = search->settings.rollouts;
    while (b->count > 0) {
        int rc = mts_population_extend(search, b->live, b->count, &go, err);
        if (rc || !go) {
            return rc;
        }
        if ((rc = list_candidates(search, b, err)) || (rc = score(search, b, err)) ||
            (rc = select_best(search, b, err))) {
            return rc;
        }
    }
    return MTS_OK;
}

static int beam_lead(MtsSearch *search, MtsError *err)
{
    Beams b = {.live = mts_calloc(search->settings.rollouts, sizeof(MtsNode *))};
    int rc = b.live ? lead_beams(search, &b, err) : mts_out_of_memory(err);
    free((void *)b.live);
    free(b.candidates);
    free((void *)b.scored);
    search->stop_reason = search->stop_reason ? search->stop_reason : "rollouts";
    return rc;
}

const MtsMethodOps mts_beam_ops = {
    .answers = MTS_ANSWERS_MAP, .lead = beam_lead, .write_stop = mts_population_write_stop};
