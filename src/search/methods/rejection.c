/* search/methods/rejection.c - draws from the model, kept where they are valid: rejection, adaptive rejection, CARS.
 *
 * A text is valid when it has a part in the target: no token on its way was cut or masked, and its reward is not minus
 * infinity. Let A be the probability that p gives to all valid texts. One rollout is one try.
 *
 * rejection: a try is drawn from the whole of p; it fails at the first token that the distribution lacks, or by its
 * text's reward. A valid one has probability p(x), so what is kept has p(x) / A each: independent draws of pi* at
 * lambda 0, to which exp(lambda r) is a weight otherwise.
 *
 * adaptive rejection: what is known to fail is not tried again. Let F be prefixes below which there is no valid text,
 * and alive(s) = 1 - p(F below s | s), so that with alive = 1 where nothing is known, and 0 on F,
 *
 *     alive(s) = sum over a of p(a|s) alive(s.a)            q(a|s) = p(a|s) alive(s.a) / alive(s)
 *
 * A try draws from q, the model given that the text is not in F. A valid text passes no prefix in F, so the product of
 * its q telescopes to p(x) / alive(root), with one and the same factor for all: whatever earlier tries were, what is
 * kept has p(x) / A each, and
 *
 *     z = alive(root) exp(lambda r) of a valid try, 0 of another,            E[z | F] = Z
 *
 * F grows by each failed try: its text or, where the reward scores prefixes, the shortest prefix of it that has minus
 * infinity, found by halving; and by the tokens that the distributions of known prefixes lack. The constraint reaches
 * it as a reward.
 *
 * CARS is the same where the constraint reaches it as masks: one try teaches all that is masked on its way. At a prefix
 * that is evaluated for the first time masked tokens are not skipped, though. Skipping them would give the text
 * p(x) / mass(s), more than its share, which is what constrained decoding gets wrong; so there the try fails with the
 * probability of what is masked, at no position more, and from then on it is known. The prompt's own mask is known
 * before the first try.
 *
 * With several tries in flight each draws from the F of those backed up when it started. In all three the mean of z
 * over a fixed number of tries is unbiased, tries that fail counted. Tokens are drawn from the model itself: no
 * temperature bends them. (What this does to distributions is adaptive rejection sampling's; kin: ASAp, CARS.) */
#include <math.h>

#include "search/methods/methods.h"
#include "search/positions.h"
#include "search/proposal.h"
#include "search/rollout.h"

typedef struct Alive { /* of a node; zero: not known */
    double share;      /* alive(s), once known */
    bool none;         /* in F: stays so */
} Alive;

static Alive *own(const MtsNode *node)
{
    return mts_node_data(node);
}

/* ---- draws ---- */

/* From the whole of p at a node of which nothing is known: the try fails with the probability of what was cut. */
static int draw_whole(MtsSearch *search, MtsRng *rng, MtsRollout *r, size_t *entry, double *log_q, MtsError *err)
{
    const MtsDist *dist = &r->node->dist;
    double weights[2] = {exp(dist->log_mass), dist->log_mass < 0 ? -expm1(dist->log_mass) : 0};
    if (weights[1] > 0 && mts_pick(search->script, rng, weights, 2) == 1) {
        r->dead = true;
        return MTS_OK;
    }
    if (!mts_draw_prior(search, rng, r->node, entry)) {
        return mts_out_of_memory(err);
    }
    *log_q = dist->logp[*entry];
    return MTS_OK;
}

static int rejection_choose(MtsSearch *search, MtsRollout *r, size_t *entry, double *log_q, MtsError *err)
{
    MtsRng rng = mts_search_rng(search, r->index, r->node->depth);
    return draw_whole(search, &rng, r, entry, log_q, err);
}

/* The sum of p over the tokens that are no known children. A small one is summed anew: little is left of its digits. */
static double unknown_mass(const MtsSearch *search, const MtsNode *node)
{
    double left = exp(node->dist.log_mass), direct = 0;
    for (const MtsNode *child = node->first; child; child = child->next) {
        left -= exp(child->logp);
    }
    if (left > 0x1p-10) {
        return left;
    }
    for (size_t i = 0; i < node->dist.count; i++) {
        direct += mts_search_unknown(search, node, i) ? exp(node->dist.logp[i]) : 0;
    }
    return direct;
}

/* By q, at a node that is known. */
static int draw_alive(MtsSearch *search, MtsRng *rng, MtsRollout *r, size_t *entry, double *log_q, MtsError *err)
{
    const MtsNode *node = r->node, *child = node->first;
    double unknown = unknown_mass(search, node), any = unknown;
    size_t n = 0;
    if (!mts_search_weights(search, node->children + 1)) {
        return mts_out_of_memory(err);
    }
    for (; child; child = child->next) {
        any += search->weights[n++] = exp(child->logp) * own(child)->share;
    }
    search->weights[n] = unknown;
    if (!(any > 0)) {
        r->dead = true;
        return MTS_OK;
    }
    size_t picked = mts_pick(search->script, rng, search->weights, n + 1);
    if (picked == n && !mts_draw_unknown(search, rng, node, 0, unknown, entry)) {
        return mts_out_of_memory(err);
    }
    double share = 1;
    if (picked < n) {
        for (child = node->first; picked > 0; picked--) {
            child = child->next;
        }
        *entry = mts_node_entry(node, child->token);
        share = own(child)->share;
    }
    *log_q = node->dist.logp[*entry] + log(share) - log(own(node)->share);
    return MTS_OK;
}

static int adaptive_choose(MtsSearch *search, MtsRollout *r, size_t *entry, double *log_q, MtsError *err)
{
    MtsRng rng = mts_search_rng(search, r->index, r->node->depth);
    bool known = r->in_tree || r->node->depth == 0;
    return known ? draw_alive(search, &rng, r, entry, log_q, err) : draw_whole(search, &rng, r, entry, log_q, err);
}

/* ---- what a try teaches ---- */

static int rejection_begin(MtsSearch *search, MtsError *err)
{
    (void)err;
    *(MtsLogMean *)search->own = MTS_LOG_MEAN_ZERO;
    own(search->nodes.root)->share = exp(search->nodes.root->dist.log_mass);
    return MTS_OK;
}

static int rejection_backup(MtsSearch *search, MtsRollout *r, MtsError *err)
{
    double tilt = r->dead ? -HUGE_VAL : mts_search_tilt(search, r->node);
    r->log_z = tilt == -HUGE_VAL ? tilt : r->node->path_logp + tilt - r->log_q;
    if (!search->sampling && mts_search_is_certain(search, r->index)) {
        mts_log_mean_add(search->own, r->log_z, 1);
    }
    return tilt == -HUGE_VAL ? MTS_OK : mts_search_answer(search, r->node, tilt, err);
}

/* Puts the shortest prefix of a text that failed into F that is known to have no valid text below it. */
static int mark_failed(MtsSearch *search, MtsNode *text, MtsError *err)
{
    MtsNode *failed = text;
    for (size_t alive = 0; search->reward->prefixes && failed->depth - alive > 1;) {
        MtsNode *middle = failed;
        while (middle->depth > alive + (failed->depth - alive) / 2) {
            middle = middle->parent;
        }
        int rc = mts_search_score(search, &middle, 1, err);
        if (rc) {
            return rc;
        }
        if (middle->reward == -HUGE_VAL) {
            failed = middle;
        } else {
            alive = middle->depth;
        }
    }
    own(failed)->none = true;
    return MTS_OK;
}

static double alive_share(const MtsSearch *search, const MtsNode *node)
{
    if (own(node)->none || node->finished) {
        return own(node)->none ? 0 : 1;
    }
    double sum = unknown_mass(search, node);
    for (const MtsNode *child = node->first; child; child = child->next) {
        sum += exp(child->logp) * own(child)->share;
    }
    return sum;
}

static int adaptive_backup(MtsSearch *search, MtsRollout *r, MtsError *err)
{
    int rc;
    if (r->recorded && (rc = mts_search_need(search, r->dead ? r->node : r->node->parent, err))) {
        return rc;
    }
    if ((rc = rejection_backup(search, r, err)) ||
        (!r->dead && r->log_z == -HUGE_VAL && (rc = mark_failed(search, r->node, err)))) {
        return rc;
    }
    for (MtsNode *node = r->node; node; node = node->parent) {
        own(node)->share = alive_share(search, node);
    }
    return MTS_OK;
}

static bool adaptive_exhausted(const MtsSearch *search)
{
    return own(search->nodes.root)->share <= 0;
}

/* ---- what it amounts to ---- */

static void rejection_estimate(const MtsSearch *search, double *log_z, double *se)
{
    if (((const MtsLogMean *)search->own)->n > 0) {
        *log_z = mts_log_mean(search->own);
        *se = mts_log_mean_se(search->own);
    }
}

static void adaptive_inspect(const MtsSearch *search, const MtsNode *node, double out[3])
{
    (void)search;
    out[0] = own(node)->share;
    out[1] = own(node)->none;
    out[2] = (double)node->visits;
}

const MtsMethodOps mts_rejection_ops = {
    .answers = MTS_ANSWERS_WEIGHTED,
    .asks = MTS_ASKS_TEXTS,
    .node_bytes = sizeof(Alive),
    .search_bytes = sizeof(MtsLogMean),
    .begin = rejection_begin,
    .choose = rejection_choose,
    .backup = rejection_backup,
    .estimate = rejection_estimate,
};

#define ADAPTIVE_OPS(how_the_constraint_comes)                                                                         \
    {.answers = MTS_ANSWERS_WEIGHTED,                                                                                  \
     .most_in_flight = 1,                                                                                              \
     .asks = (how_the_constraint_comes),                                                                               \
     .node_bytes = sizeof(Alive),                                                                                      \
     .search_bytes = sizeof(MtsLogMean),                                                                               \
     .begin = rejection_begin,                                                                                         \
     .choose = adaptive_choose,                                                                                        \
     .backup = adaptive_backup,                                                                                        \
     .exhausted = adaptive_exhausted,                                                                                  \
     .estimate = rejection_estimate,                                                                                   \
     .inspect = adaptive_inspect}

const MtsMethodOps mts_adaptive_rejection_ops = ADAPTIVE_OPS(MTS_ASKS_PREFIXES);
const MtsMethodOps mts_cars_ops = ADAPTIVE_OPS(MTS_MASKS);
