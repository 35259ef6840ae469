/* search/maxent/soft_values.c - W, the soft value of known nodes, and the level at which the unseen goes into it.
 *
 *     W(s) = sum over known a of p(a|s) W(s.a) + U(s) E(s) c
 *
 * with U(s) the prior mass of unknown children and E what the estimate expects there. What E is worth is learnt from
 * the n rollouts that were drawn since there is an E: each one's z - K is an unbiased estimate of the tilted mass that
 * was not known when it selected, and (W - K)/c is what E had said of it. With q the ratio of the two,
 *
 *     c = (3 + sum of min(q, level)) / (3 + n)
 *
 * The ratios have a long tail, and one lucky text must not outweigh all others: hence settings.level (0: c stays 1).
 * Choices between tokens do not depend on c, nor does Z^. c changes when there is a new fit, as E does. */
#include "search/maxent/maxent.h"

enum { TRUSTED = 3 }; /* how many rollouts' worth E is believed */

double mts_maxent_log_e_below(const MtsSearch *search, const MtsNode *node)
{
    const MtsMaxent *m = mts_maxent(search);
    return mts_estimate_log(&m->estimate, mts_sums(node)->outlook, node->depth, node->finished) + m->level;
}

static void look_out(const MtsSearch *search, const MtsNode *node)
{
    const MtsMaxent *m = mts_maxent(search);
    mts_sums(node)->outlook =
        node->parent ? mts_maxent_outlook(m, mts_sums(node->parent)->outlook, node) : mts_estimate_root(&m->estimate);
}

/* W of a known node from its children's. */
static void weigh_up(const MtsSearch *search, const MtsNode *node)
{
    MtsSums *s = mts_sums(node);
    if (!node->first) {
        s->log_w = s->log_k; /* a text, or a prefix that nothing may follow */
        return;
    }
    MtsLogSum w = MTS_LOG_SUM_ZERO;
    mts_log_sum_add(&w, s->unseen > 0 ? log(s->unseen) + mts_maxent_log_e_below(search, node) : -HUGE_VAL);
    for (const MtsNode *child = node->first; child; child = child->next) {
        mts_log_sum_add(&w, child->logp + mts_sums(child)->log_w);
    }
    s->log_w = mts_log_sum(&w);
}

/* Outlooks of all known nodes downwards, W upwards: a parent is always made before its children. */
void mts_maxent_survey(MtsSearch *search)
{
    for (size_t i = 0; i < search->nodes.count; i++) {
        const MtsNode *node = mts_nodes_at(&search->nodes, i);
        if (node->visits > 0) {
            look_out(search, node);
        }
    }
    for (size_t i = search->nodes.count; i-- > 0;) {
        const MtsNode *node = mts_nodes_at(&search->nodes, i);
        if (node->visits > 0) {
            weigh_up(search, node);
        }
    }
}

/* The same along one rollout's way, whose swept texts hang from it. false: memory ran out. */
static bool survey_way(MtsSearch *search, MtsNode *end)
{
    MtsMaxent *m = mts_maxent(search);
    if (!mts_maxent_list_way(m, end)) {
        return false;
    }
    for (size_t depth = 0; depth <= end->depth; depth++) {
        look_out(search, m->asked[depth]);
    }
    for (const MtsNode *node = end; node; node = node->parent) {
        weigh_up(search, node);
    }
    return true;
}

/* The whole tree is surveyed after a fit, which changes E everywhere and comes the more rarely the more is known;
 * until the next one, only the ways that were backed up. */
void mts_maxent_survey_news(MtsSearch *search)
{
    MtsMaxent *m = mts_maxent(search);
    bool whole = m->waves > 0 || m->surveyed_fit != m->estimate.fitted;
    for (size_t i = m->surveyed; i < search->log_count && !whole; i++) {
        whole = !survey_way(search, search->log[i]->node);
    }
    if (whole) {
        mts_maxent_survey(search);
    }
    m->surveyed = search->log_count;
    m->surveyed_fit = m->estimate.fitted;
}

/* log(exp(a) - exp(b)) for a >= b, but for rounding. */
static double log_beyond(double a, double b)
{
    return a > b ? a + log(-expm1(b - a)) : -HUGE_VAL;
}

double mts_maxent_say_unseen(MtsSearch *search)
{
    const MtsMaxent *m = mts_maxent(search);
    if (search->settings.level == 0 || search->sampling || m->estimate.fitted == 0) {
        return (double)NAN;
    }
    mts_maxent_survey_news(search);
    const MtsSums *root = mts_sums(search->nodes.root);
    double log_said = log_beyond(root->log_w, root->log_k);
    return log_said > root->log_w - 30 ? log_said - m->level : (double)NAN; /* else it is made of rounding */
}

void mts_maxent_hear_unseen(MtsMaxent *m, double log_k, double log_z, double log_said, double most)
{
    if (!isnan(log_said) && !isnan(log_z)) {
        m->heard += fmin(exp(log_beyond(log_z, log_k) - log_said), most);
        m->told += 1;
    }
}

void mts_maxent_set_level(MtsMaxent *m)
{
    m->level = log((TRUSTED + m->heard) / (TRUSTED + m->told));
}
