/* search/methods/mcts.c - Monte Carlo tree search for the mean reward, by UCT or PUCT.
 *
 * Per node s: n(s) rollouts passed, R(s) their rewards summed up, Q(s) = R(s) / n(s). At a known node the actions are
 * the k likeliest tokens (settings.expansion) and whatever earlier rollouts drew there. While one of the k is untried,
 * an untried one is drawn by its prior; then
 *
 *     UCT    the largest Q(s.a) + c sqrt(ln n(s) / n(s.a))
 *     PUCT   the largest Q(s.a) + c p(a|s) sqrt(n(s)) / (1 + n(s.a)), at any time, an untried action having the Q of s
 *
 * ties to the one known first. Outside the tree tokens are drawn from p at the rollout's temperature, and every
 * one becomes a node. The answer policy is n(s.a) / n(s). There is no estimate of Z: this is search for reward,
 * and stands here to be compared with.
 *
 * Given a tree the way is nearly determined, so rollouts in flight together mostly share it. A reward of minus
 * infinity counts as the smallest finite one so far: a mean knows no other way to go on. */
#include "search/methods/methods.h"
#include "search/proposal.h"
#include "search/rollout.h"

typedef struct MctsValue { /* of a node */
    double n, sum;
} MctsValue;

typedef struct Mcts { /* of the search */
    double least;     /* smallest finite reward so far */
    bool any;
} Mcts;

static MctsValue *value(const MtsNode *node)
{
    return mts_node_data(node);
}

static size_t expansion_of(const MtsSearch *search, const MtsNode *node)
{
    size_t k = search->settings.expansion < node->dist.count ? search->settings.expansion : node->dist.count;
    while (k > 0 && node->dist.logp[k - 1] == -HUGE_VAL) {
        k--;
    }
    return k;
}

/* Weights of the untried ones among the k likeliest at search->weights; their sum. */
static double weigh_untried(MtsSearch *search, const MtsNode *node, size_t k)
{
    double sum = 0;
    for (size_t i = 0; i < k; i++) {
        search->weights[i] = mts_search_unknown(search, node, i) ? mts_proposal_weight(search, node, i) : 0;
        sum += search->weights[i];
    }
    return sum;
}

static double mean(const MtsNode *node)
{
    return value(node)->sum / value(node)->n;
}

static size_t best_uct(const MtsSearch *search, const MtsNode *node)
{
    const MtsNode *best = NULL;
    double highest = 0, log_n = log(value(node)->n);
    for (const MtsNode *child = node->first; child; child = child->next) {
        double score = mean(child) + search->settings.c_uct * sqrt(log_n / value(child)->n);
        if (!best || score > highest) {
            best = child;
            highest = score;
        }
    }
    return mts_node_entry(node, best->token);
}

static size_t best_puct(const MtsSearch *search, const MtsNode *node, size_t k)
{
    double highest = -HUGE_VAL, root_n = search->settings.c_uct * sqrt(value(node)->n);
    size_t best = 0;
    for (const MtsNode *child = node->first; child; child = child->next) {
        double score = mean(child) + root_n * exp(child->logp) / (1 + value(child)->n);
        if (score > highest) {
            best = mts_node_entry(node, child->token);
            highest = score;
        }
    }
    for (size_t i = 0; i < k; i++) {
        double score = mean(node) + root_n * exp(node->dist.logp[i]);
        if (score > highest && mts_search_unknown(search, node, i)) {
            best = i;
            highest = score;
        }
    }
    return best;
}

static int mcts_choose(MtsSearch *search, MtsRollout *r, size_t *entry, double *log_q, MtsError *err)
{
    MtsNode *node = r->node;
    MtsRng rng = mts_search_rng(search, r->index, node->depth);
    if (!r->in_tree) {
        return mts_draw_token(search, &rng, node, entry, log_q, err);
    }
    size_t k = expansion_of(search, node);
    if (!mts_search_weights(search, k)) {
        return mts_out_of_memory(err);
    }
    *log_q = 0;
    if (!search->settings.use_uct) {
        *entry = best_puct(search, node, k);
        return MTS_OK;
    }
    double sum = weigh_untried(search, node, k);
    if (sum > 0) {
        *entry = mts_pick(search->script, &rng, search->weights, k);
        *log_q = log(search->weights[*entry] / sum);
    } else {
        *entry = best_uct(search, node);
    }
    return MTS_OK;
}

static int mcts_backup(MtsSearch *search, MtsRollout *r, MtsError *err)
{
    Mcts *m = search->own;
    double reward = r->dead ? -HUGE_VAL : r->node->reward;
    if (reward != -HUGE_VAL && (!m->any || reward < m->least)) {
        m->least = reward;
        m->any = true;
    }
    for (MtsNode *node = r->node; node; node = node->parent) {
        value(node)->n += 1;
        value(node)->sum += reward == -HUGE_VAL ? m->least : reward;
    }
    return r->dead ? MTS_OK : mts_search_answer(search, r->node, 0, err); /* an answer weighs its visits */
}

static void mcts_policy(const MtsSearch *search, const MtsNode *node, double *out)
{
    for (size_t i = 0; i < node->dist.count; i++) {
        const MtsNode *child = mts_nodes_find(&search->nodes, node, node->dist.tokens[i]);
        out[i] = child && child->visits > 0 ? log(value(child)->n / value(node)->n) : -HUGE_VAL;
    }
}

const MtsMethodOps mts_mcts_ops = {
    .answers = MTS_ANSWERS_WEIGHTED,
    .most_in_flight = 1,
    .node_bytes = sizeof(MctsValue),
    .search_bytes = sizeof(Mcts),
    .choose = mcts_choose,
    .backup = mcts_backup,
    .policy = mcts_policy,
};
