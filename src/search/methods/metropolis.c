/* search/methods/metropolis.c - Metropolis-Hastings by suffixes: power sampling's chain, towards pi*.
 *
 * A chain stands on a text x. A rollout keeps a beginning of x of a length drawn uniformly from 0 to |x| - 1 and draws
 * the rest from p' (p at the rollout's temperature), which makes y. With W(x) = log p(x) + lambda r(x) - log p'(x), the
 * chain goes over to y with probability
 *
 *     min(1, exp(W(y) - W(x)) |x| / |y|)
 *
 * y was proposed from x with probability p'(y) / p'(beginning) / |x| and x from y likewise, the beginning being the
 * same on both sides: so pi* stays what it is (detailed balance, summed over the beginnings that both share). A chain
 * that stands on a text of no tilt takes whatever comes. Every rollout counts the text that its chain stands on after
 * it. With B rollouts in flight there are B chains: rollout i goes on from i - B, whose backup it waited for. Prefixes
 * that any of them has passed cost nothing again. There is no estimate of Z.
 *
 * Kin: Karan and Du, "Reasoning with sampling" (2025), where the target is a power of p and chains move block by
 * block. */
#include <stdlib.h>

#include "core/mem.h"
#include "search/methods/methods.h"
#include "search/proposal.h"
#include "search/rollout.h"

typedef struct Chain {
    const MtsNode *text; /* NULL: it has not begun */
    double log_w;
} Chain;

typedef struct Chains { /* of the search */
    Chain *chains;      /* [settings.in_flight] */
} Chains;

typedef struct SuffixMove { /* of a rollout */
    const MtsNode *from;    /* NULL: the chain's first text */
    size_t kept;            /* tokens of it */
} SuffixMove;

static Chain *chain_of(const MtsSearch *search, const MtsRollout *r)
{
    return &((const Chains *)search->own)->chains[r->index % search->settings.in_flight];
}

static SuffixMove *move_of(const MtsRollout *r)
{
    return mts_rollout_data(r);
}

static int metropolis_begin(MtsSearch *search, MtsError *err)
{
    Chains *own = search->own;
    own->chains = mts_calloc(search->settings.in_flight, sizeof *own->chains);
    return own->chains ? MTS_OK : mts_out_of_memory(err);
}

static void metropolis_end(MtsSearch *search)
{
    free(((Chains *)search->own)->chains);
}

/* Chance that is not a token's has steps that no text reaches. */
static MtsRng rng_beyond(const MtsSearch *search, const MtsRollout *r, size_t which)
{
    return mts_search_rng(search, r->index, search->model->max_tokens + which);
}

static int metropolis_start(MtsSearch *search, MtsRollout *r, MtsError *err)
{
    const MtsNode *from = chain_of(search, r)->text;
    if (!from) {
        return MTS_OK;
    }
    if (!mts_search_weights(search, from->depth)) {
        return mts_out_of_memory(err);
    }
    for (size_t i = 0; i < from->depth; i++) {
        search->weights[i] = 1;
    }
    MtsRng rng = rng_beyond(search, r, 0);
    *move_of(r) = (SuffixMove){from, mts_pick(search->script, &rng, search->weights, from->depth)};
    return MTS_OK;
}

static int metropolis_choose(MtsSearch *search, MtsRollout *r, size_t *entry, double *log_q, MtsError *err)
{
    const SuffixMove *move = move_of(r);
    if (r->node->depth < move->kept) {
        const MtsNode *next = move->from;
        while (next->parent != r->node) {
            next = next->parent;
        }
        *entry = mts_node_entry(r->node, next->token);
        *log_q = mts_proposal_log(search, r->node, *entry);
        return MTS_OK;
    }
    MtsRng rng = mts_search_rng(search, r->index, r->node->depth);
    return mts_draw_token(search, &rng, r->node, entry, log_q, err);
}

/* Whether the chain goes over to the rollout's text. */
static int accepts(MtsSearch *search, const MtsRollout *r, double log_w, bool *accepted, MtsError *err)
{
    const Chain *chain = chain_of(search, r);
    *accepted = !chain->text || chain->log_w == -HUGE_VAL;
    if (*accepted || log_w == -HUGE_VAL) {
        return MTS_OK;
    }
    if (!mts_search_weights(search, 2)) {
        return mts_out_of_memory(err);
    }
    double odds = log_w - chain->log_w + log((double)chain->text->depth / (double)r->node->depth);
    MtsRng rng = rng_beyond(search, r, 1);
    search->weights[0] = exp(fmin(odds, 0));
    search->weights[1] = 1 - search->weights[0];
    *accepted = mts_pick(search->script, &rng, search->weights, 2) == 0;
    return MTS_OK;
}

static int metropolis_backup(MtsSearch *search, MtsRollout *r, MtsError *err)
{
    Chain *chain = chain_of(search, r);
    double tilt = r->dead ? -HUGE_VAL : mts_search_tilt(search, r->node);
    double log_w = tilt == -HUGE_VAL ? tilt : r->node->path_logp + tilt - r->log_q;
    bool accepted = false;
    int rc = r->dead ? MTS_OK : accepts(search, r, log_w, &accepted, err);
    if (rc) {
        return rc;
    }
    if (!r->dead && accepted) {
        *chain = (Chain){r->node, log_w};
    }
    if (!r->dead && r->node != chain->text && (rc = mts_search_answer(search, r->node, -HUGE_VAL, err))) {
        return rc; /* seen, and of no weight yet */
    }
    return chain->text
               ? mts_search_answer(search, (MtsNode *)chain->text, chain->log_w == -HUGE_VAL ? -HUGE_VAL : 0, err)
               : MTS_OK;
}

const MtsMethodOps mts_metropolis_ops = {
    .answers = MTS_ANSWERS_WEIGHTED,
    .most_in_flight = 1,
    .rollout_bytes = sizeof(SuffixMove),
    .search_bytes = sizeof(Chains),
    .begin = metropolis_begin,
    .end = metropolis_end,
    .start = metropolis_start,
    .choose = metropolis_choose,
    .backup = metropolis_backup,
};
