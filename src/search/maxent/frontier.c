/* search/maxent/frontier.c - best-first selection: the unknown continuation that seems to be worth most.
 *
 * A share settings.best_first of the rollouts is not drawn. Each of them goes to the continuation s.a of a known prefix
 * s, itself unknown and on no other rollout's way, whose score is the largest,
 *
 *     log p(s.a) + a log E(s.a) + (tokens that a longest text would still have) log(mean largest p)
 *
 * and from there on takes the likeliest token (at lambda 0 the end, where that is likelier than what is left to such a
 * longest text: maxent.c): the tilted mass of the best text below s.a, as far as it can be told.
 * The mean of the largest probability is over all known prefixes. E is that of search/maxent/estimate.c, relative to
 * exp(lambda mu), and a, between 0 and 1, how far it is believed. What is largest of many guesses is a lucky guess more
 * often than not where rewards have nothing to do with tokens, so a is learnt: with e what the model had said of a
 * text's reward beyond mu and d what it turned out to be,
 *
 *     a = (sum of e d + 4 mean of e^2) / (sum of e^2 + 4 mean of e^2)
 *
 * is the regression of the one on the other, with four texts' worth of trust to begin with. All of it is a function of
 * the known tree and of the rollouts in flight.
 *
 * Cost. Scores are kept in a heap, by known prefix: of one that was not looked at since the last fit it is a bound made
 * of its unseen mass and the largest effect of a token at its depth, and the exact one is made when it comes to the
 * top. All bounds are made anew after a fit, which comes the more rarely the more is known; in between, those along the
 * ways of the rollouts that are backed up. */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "search/maxent/maxent.h"
#include "search/positions.h"

enum { TRUSTED = 4 };

void mts_frontier_free(MtsFrontier *f)
{
    free(f->spots);
    free(f->heap);
    free(f->most);
    free((void *)f->flying);
    free((void *)f->ways);
    free((void *)f->wanted);
    *f = (MtsFrontier){0};
}

/* ---- the heap: the largest score first, of equal ones the prefix that was known first ---- */

static bool before(const MtsFrontier *f, uint32_t a, uint32_t b)
{
    double x = f->spots[a].score, y = f->spots[b].score;
    return x > y || (x == y && a < b);
}

static void put(MtsFrontier *f, size_t at, uint32_t spot)
{
    f->heap[at] = spot;
    f->spots[spot].at = (uint32_t)at;
}

static void sink(MtsFrontier *f, size_t at)
{
    uint32_t spot = f->heap[at];
    for (size_t child; (child = 2 * at + 1) < f->count; at = child) {
        child += child + 1 < f->count && before(f, f->heap[child + 1], f->heap[child]);
        if (!before(f, f->heap[child], spot)) {
            break;
        }
        put(f, at, f->heap[child]);
    }
    put(f, at, spot);
}

static void sift(MtsFrontier *f, size_t at)
{
    uint32_t spot = f->heap[at];
    for (; at > 0 && before(f, spot, f->heap[(at - 1) / 2]); at = (at - 1) / 2) {
        put(f, at, f->heap[(at - 1) / 2]);
    }
    put(f, at, spot);
    sink(f, at);
}

/* ---- scores ---- */

/* What a prefix's log E and the steps that are left after it count. */
static double worth(const MtsSearch *search, double log_e, size_t depth, bool finished)
{
    const MtsMaxent *m = mts_maxent(search);
    double base = m->estimate.lambda * m->estimate.mean, left = (double)search->model->max_tokens - (double)depth;
    return base + m->frontier.trust * (log_e - base) + (finished ? 0 : left * m->frontier.step);
}

/* At least what any unknown continuation of the prefix is worth that is no whole text, and one that is. */
static void most_worth(const MtsSearch *search, const MtsNode *node, double *longer, double *text)
{
    const MtsFrontier *f = &mts_maxent(search)->frontier;
    size_t depth = node->depth + 1;
    double log_e = mts_maxent_log_e_others(search, node, mts_sums(node)->outlook);
    *text = worth(search, log_e + (depth < f->depths ? f->most[depth] : 0), depth, true);
    *longer = *text + ((double)search->model->max_tokens - (double)depth) * f->step;
}

/* At least the score of any of them. A text that no sweep has found is a rare one. */
static double bound(const MtsSearch *search, const MtsNode *node)
{
    bool known = node->visits > 0;
    double unseen = known ? mts_log_prior(mts_sums(node)->unseen) : 0, longer, text;
    double rare = search->settings.sweep > 0 ? fmin(unseen, MTS_SWEEP_LOGP) : unseen;
    if (unseen == -HUGE_VAL || (known && mts_sums(node)->log_u == -HUGE_VAL)) {
        return -HUGE_VAL;
    }
    most_worth(search, node, &longer, &text);
    return node->path_logp + fmax(unseen + longer, rare + text);
}

/* Whether a rollout in flight goes on from the prefix by this token. */
static bool is_taken(const MtsFrontier *f, const MtsNode *node, int32_t token)
{
    for (size_t i = 0; i < f->flying_count; i++) {
        if (f->ways[i]->parent == node && f->ways[i]->token == token) {
            return true;
        }
    }
    return false;
}

/* The best unknown continuation, and its score. */
static void look(const MtsSearch *search, MtsFrontierSpot *spot)
{
    const MtsMaxent *m = mts_maxent(search);
    const MtsNode *node = spot->node;
    size_t looked = mts_maxent_looked(node);
    double longer, text;
    most_worth(search, node, &longer, &text);
    spot->exact = true;
    spot->score = -HUGE_VAL;
    for (size_t e = 0; e < looked && node->dist.logp[e] != -HUGE_VAL; e++) {
        double log_p = node->path_logp + node->dist.logp[e];
        if (log_p + fmax(longer, text) < spot->score) {
            break;
        }
        if (!mts_search_unknown(search, node, e) || is_taken(&m->frontier, node, node->dist.tokens[e])) {
            continue;
        }
        bool finished = mts_maxent_finished(search, node, e);
        double log_e = mts_maxent_log_e(search, node, mts_sums(node)->outlook, e);
        double score = log_p + worth(search, log_e, node->depth + 1, finished);
        if (score > spot->score) {
            spot->score = score;
            spot->entry = e;
        }
    }
}

/* ---- what is known ---- */

static bool add(MtsFrontier *f, MtsNode *node)
{
    size_t n = f->count + 1;
    if (n >= UINT32_MAX || !mts_grow(&f->spots, &f->spot_cap, n, sizeof *f->spots) ||
        !mts_grow(&f->heap, &f->heap_cap, n, sizeof *f->heap)) {
        return false;
    }
    f->spots[f->count] = (MtsFrontierSpot){.node = node, .score = -HUGE_VAL, .exact = true};
    put(f, f->count, (uint32_t)f->count);
    f->count = n;
    mts_sums(node)->spot = n;
    return true;
}

/* A bound in place of the prefix's score. */
static void rate(const MtsSearch *search, MtsFrontierSpot *spot)
{
    const MtsMaxent *m = mts_maxent(search);
    const MtsNode *node = spot->node;
    mts_sums(node)->outlook =
        node->parent ? mts_maxent_outlook(m, mts_sums(node->parent)->outlook, node) : mts_estimate_root(&m->estimate);
    spot->score = bound(search, node);
    spot->exact = spot->score == -HUGE_VAL;
}

/* The prefix has changed. */
static void refresh(MtsSearch *search, const MtsNode *node)
{
    MtsFrontier *f = &mts_maxent(search)->frontier;
    MtsFrontierSpot *spot = &f->spots[mts_sums(node)->spot - 1];
    rate(search, spot);
    sift(f, spot->at);
}

/* Whether all scores are to be made anew: as often as there are fits, and where there are none as often as that. */
static void age(MtsSearch *search)
{
    MtsMaxent *m = mts_maxent(search);
    MtsFrontier *f = &m->frontier;
    if (f->fitted == m->estimate.fitted && !mts_estimate_is_due(f->scored, f->count)) {
        return;
    }
    f->stale = true;
    f->fitted = m->estimate.fitted;
    f->scored = f->count;
    double some = f->texts > 0 ? TRUSTED * f->squares / f->texts : 0;
    f->trust = some > 0 ? fmin(fmax((f->products + some) / (f->squares + some), 0), 1) : 1;
}

bool mts_frontier_begin(MtsSearch *search)
{
    MtsFrontier *f = &mts_maxent(search)->frontier;
    f->trust = 1;
    f->stale = true;
    f->scored = 1;
    return search->settings.best_first == 0 || add(f, search->nodes.root);
}

void mts_frontier_learn(MtsSearch *search, const MtsNode *text, double said)
{
    MtsMaxent *m = mts_maxent(search);
    MtsFrontier *f = &m->frontier;
    if (text->reward == -HUGE_VAL) {
        return;
    }
    double is = text->reward - m->estimate.mean;
    f->products += said * is;
    f->squares += said * said;
    f->texts += 1;
}

bool mts_frontier_fly(MtsSearch *search, MtsRollout *r)
{
    MtsFrontier *f = &mts_maxent(search)->frontier;
    if (search->settings.best_first == 0) {
        return true;
    }
    if (!mts_grow(&f->flying, &f->flying_cap, f->flying_count + 1, sizeof(MtsRollout *)) ||
        !mts_grow(&f->ways, &f->way_cap, f->flying_count + 1, sizeof(MtsNode *))) {
        return false;
    }
    f->flying[f->flying_count++] = r;
    return true;
}

static void land(MtsFrontier *f, const MtsRollout *r)
{
    size_t i = 0;
    while (i < f->flying_count && f->flying[i] != r) {
        i++;
    }
    if (i < f->flying_count) {
        f->flying_count--;
        memmove((void *)&f->flying[i], (void *)&f->flying[i + 1], (f->flying_count - i) * sizeof(MtsRollout *));
    }
}

bool mts_frontier_land(MtsSearch *search, const MtsRollout *r)
{
    MtsFrontier *f = &mts_maxent(search)->frontier;
    size_t n = (size_t)r->node->depth + 1;
    if (search->settings.best_first == 0) {
        return true;
    }
    land(f, r);
    if (!mts_grow(&f->wanted, &f->wanted_cap, n, sizeof(MtsNode *))) {
        return false;
    }
    for (MtsNode *node = r->node; node; node = node->parent) {
        f->wanted[node->depth] = node;
    }
    n -= r->node->finished;
    for (size_t depth = 0; depth < n; depth++) {
        MtsNode *node = f->wanted[depth];
        if (mts_sums(node)->spot == 0 && !add(f, node)) {
            return false;
        }
        refresh(search, node);
    }
    age(search);
    return true;
}

/* ---- the choice ---- */

/* After a resume: the distributions of what a checkpoint had recorded, one level after the other. */
static int evaluate(MtsSearch *search, MtsError *err)
{
    MtsFrontier *f = &mts_maxent(search)->frontier;
    size_t n;
    if (!mts_grow(&f->wanted, &f->wanted_cap, f->count, sizeof(MtsNode *))) {
        return mts_out_of_memory(err);
    }
    do {
        n = 0;
        for (size_t i = 0; i < f->count; i++) {
            MtsNode *node = f->spots[i].node;
            if (!node->evaluated && node->parent->evaluated) {
                f->wanted[n++] = node;
            }
        }
        int rc = mts_search_evaluate(search, f->wanted, n, err);
        if (rc) {
            return rc;
        }
    } while (n > 0);
    return MTS_OK;
}

/* The largest effect of a token at each depth, at least 0. */
static bool list_effects(MtsMaxent *m)
{
    MtsFrontier *f = &m->frontier;
    if (!mts_grow(&f->most, &f->most_cap, m->estimate.level_count, sizeof *f->most)) {
        return false;
    }
    f->depths = m->estimate.level_count;
    for (size_t depth = 0; depth < f->depths; depth++) {
        f->most[depth] = m->estimate.lambda * fmax(mts_estimate_highest(&m->estimate, depth), 0);
    }
    return true;
}

static int rate_all(MtsSearch *search, MtsError *err)
{
    MtsMaxent *m = mts_maxent(search);
    MtsFrontier *f = &m->frontier;
    double largest = 0;
    int rc = evaluate(search, err);
    if (rc) {
        return rc;
    }
    if (!list_effects(m)) {
        return mts_out_of_memory(err);
    }
    for (size_t i = 0; i < f->scored; i++) {
        const MtsDist *dist = &f->spots[i].node->dist;
        largest += dist->count > 0 ? exp(dist->logp[0]) : 0;
    }
    f->step = mts_log_prior(largest / (double)f->scored);
    for (size_t i = 0; i < f->count; i++) {
        rate(search, &f->spots[i]);
    }
    for (size_t at = f->count / 2; at-- > 0;) {
        sink(f, at);
    }
    f->stale = false;
    return MTS_OK;
}

/* Where the rollouts in flight leave the known tree. */
static void list_ways(MtsSearch *search)
{
    MtsFrontier *f = &mts_maxent(search)->frontier;
    for (size_t i = 0; i < f->flying_count; i++) {
        const MtsRollout *r = f->flying[i];
        const MtsNode *child = r->node;
        while (child->parent && child->depth > 1 && child->depth > r->left_at) {
            child = child->parent;
        }
        f->ways[i] = child;
        if (child->parent && mts_sums(child->parent)->spot > 0) {
            refresh(search, child->parent);
        }
    }
}

int mts_frontier_pick(MtsSearch *search, MtsNode **node, size_t *entry, MtsError *err)
{
    MtsFrontier *f = &mts_maxent(search)->frontier;
    int rc = f->stale ? rate_all(search, err) : MTS_OK;
    *node = NULL;
    if (rc) {
        return rc;
    }
    list_ways(search);
    for (;;) {
        MtsFrontierSpot *spot = &f->spots[f->heap[0]];
        if (spot->score == -HUGE_VAL) {
            return MTS_OK;
        }
        if (spot->exact) {
            *node = spot->node;
            *entry = spot->entry;
            return MTS_OK;
        }
        if ((rc = mts_search_need(search, spot->node, err))) {
            return rc;
        }
        look(search, spot);
        sink(f, 0);
    }
}
