/* search/maxent/sums.c - what a node knows: masses seen and unseen, and E of what is not seen; see maxent.h. */
#include "core/mem.h"
#include "search/positions.h"
#include "search/maxent/maxent.h"
#include "search/proposal.h"

/* Distributions up to this size have their unknown mass summed up directly, and E of every unknown child looked up;
 * of larger ones, that of the LOOKED likeliest tokens, the others having no effect of their own. */
enum { DIRECT_SUM = 4096, LOOKED = 1024 };

/* ---- what a node knows ---- */

static void sum_unknown(const MtsSearch *search, const MtsNode *node, double *unseen, double *unseen_q)
{
    *unseen = *unseen_q = 0;
    for (size_t i = 0; i < node->dist.count; i++) {
        if (mts_search_unknown(search, node, i)) {
            *unseen += exp(node->dist.logp[i]);
            *unseen_q += mts_proposal_weight(search, node, i);
        }
    }
}

/* The mass of the unknown children. Subtracting the known from the whole costs a few digits of what is left:
 * it is done for large vocabularies only, and where a thousandth is left at least (13 digits stay right). */
void mts_maxent_update_unseen(const MtsSearch *search, const MtsNode *node)
{
    MtsSums *s = mts_sums(node);
    if (node->dist.count > DIRECT_SUM) {
        double whole = exp(node->dist.log_mass), known = 0, known_q = 0;
        for (const MtsNode *child = node->first; child; child = child->next) {
            known += exp(child->logp);
            known_q += mts_proposal_child(search, node, child);
        }
        s->unseen = whole - known;
        s->unseen_q = node->proposal_mass - known_q;
        if (s->unseen > whole * 0x1p-10 && s->unseen_q > node->proposal_mass * 0x1p-10) {
            return;
        }
    }
    sum_unknown(search, node, &s->unseen, &s->unseen_q);
}

void mts_maxent_update(const MtsNode *node)
{
    MtsSums *s = mts_sums(node);
    MtsLogSum u = MTS_LOG_SUM_ZERO, k = MTS_LOG_SUM_ZERO;
    mts_log_sum_add(&u, mts_log_prior(s->unseen));
    for (const MtsNode *child = node->first; child; child = child->next) {
        mts_log_sum_add(&u, child->logp + mts_sums(child)->log_u);
        mts_log_sum_add(&k, child->logp + mts_sums(child)->log_k);
    }
    s->log_u = mts_log_sum(&u);
    s->log_k = mts_log_sum(&k);
}

void mts_maxent_refresh(const MtsSearch *search, const MtsNode *node, double *unseen, double *unseen_q)
{
    MtsSums *s = mts_sums(node);
    if (node->evaluated) {
        mts_maxent_update_unseen(search, node);
        *unseen = s->unseen;
        *unseen_q = s->unseen_q;
    } else {
        s->unseen = *unseen;
        s->unseen_q = *unseen_q;
    }
    mts_maxent_update(node);
}

/* ---- E ---- */

size_t mts_maxent_looked(const MtsNode *node)
{
    return node->dist.count <= DIRECT_SUM ? node->dist.count : LOOKED;
}

bool mts_maxent_list_way(MtsMaxent *m, MtsNode *end)
{
    if (!mts_grow(&m->asked, &m->asked_cap, (size_t)end->depth + 1, sizeof(MtsNode *))) {
        return false;
    }
    for (MtsNode *node = end; node; node = node->parent) {
        m->asked[node->depth] = node;
    }
    return true;
}

/* The entries whose prefixes are scored before one is drawn. */
size_t mts_maxent_looked_ahead(const MtsSearch *search, const MtsNode *node)
{
    size_t most = mts_search_is_led_by_prefixes(search) ? search->settings.look_ahead : 0;
    return most < node->dist.count ? most : node->dist.count;
}

/* The unfinished child by an entry that was looked ahead at; NULL for any other. */
const MtsNode *mts_maxent_foreseen(const MtsSearch *search, const MtsNode *node, size_t entry)
{
    if (entry >= mts_maxent_looked_ahead(search, node)) {
        return NULL;
    }
    const MtsNode *child = mts_nodes_find(&search->nodes, node, node->dist.tokens[entry]);
    return child && !child->finished && child->scored ? child : NULL;
}

MtsOutlook mts_maxent_outlook(const MtsMaxent *m, MtsOutlook here, const MtsNode *child)
{
    return mts_estimate_step(&m->estimate, here, child->depth, child->token, child);
}

/* log E of an unknown child by an entry. */
double mts_maxent_log_e(const MtsSearch *search, const MtsNode *node, MtsOutlook here, size_t entry)
{
    const MtsMaxent *m = mts_maxent(search);
    const MtsNode *child = mts_maxent_foreseen(search, node, entry);
    size_t depth = node->depth + 1;
    if (child && child->reward == -HUGE_VAL) {
        return -HUGE_VAL;
    }
    MtsOutlook there = mts_estimate_step(&m->estimate, here, depth, node->dist.tokens[entry], child);
    return mts_estimate_log(&m->estimate, there, depth, mts_maxent_finished(search, node, entry));
}

/* log E of an unknown child by a token that has no effect. */
double mts_maxent_log_e_others(const MtsSearch *search, const MtsNode *node, MtsOutlook here)
{
    const MtsMaxent *m = mts_maxent(search);
    size_t depth = node->depth + 1;
    return mts_estimate_log(&m->estimate, mts_estimate_step(&m->estimate, here, depth, -1, NULL), depth,
                            depth >= search->model->max_tokens);
}

/* What of the unknown mass under the proposal is on entries that are not looked up. */
double mts_maxent_others_mass(const MtsSearch *search, const MtsNode *node)
{
    size_t from = mts_maxent_looked(node);
    double whole = mts_sums(node)->unseen_q, left = whole, direct = 0;
    if (from == node->dist.count) {
        return 0;
    }
    for (size_t i = 0; i < from; i++) {
        if (mts_search_unknown(search, node, i)) {
            left -= mts_proposal_weight(search, node, i);
        }
    }
    if (left > whole * 0x1p-10) {
        return left;
    }
    for (size_t i = from; i < node->dist.count; i++) {
        if (mts_search_unknown(search, node, i)) {
            direct += mts_proposal_weight(search, node, i);
        }
    }
    return direct;
}

int mts_maxent_ask_ahead(MtsSearch *search, MtsNode *node, size_t *count, MtsError *err)
{
    MtsMaxent *m = mts_maxent(search);
    size_t ahead = mts_maxent_looked_ahead(search, node);
    if (!mts_grow(&m->asked, &m->asked_cap, *count + ahead + 1, sizeof(MtsNode *))) {
        return mts_out_of_memory(err);
    }
    if (node->parent) {
        m->asked[(*count)++] = node;
    }
    for (size_t i = 0; i < ahead; i++) {
        if (node->dist.logp[i] != -HUGE_VAL && !mts_maxent_finished(search, node, i)) {
            MtsNode *child = mts_search_child(search, node, i);
            if (!child) {
                return mts_out_of_memory(err);
            }
            child->paid = child->paid || i < mts_sums(node)->foreseen;
            m->asked[(*count)++] = child;
        }
    }
    return MTS_OK;
}

/* ---- what is found ---- */

int mts_maxent_bring_home(MtsSearch *search, MtsNode *text, MtsError *err)
{
    MtsMaxent *m = mts_maxent(search);
    double tilt = mts_search_tilt(search, text);
    *mts_sums(text) = (MtsSums){
        .log_u = -HUGE_VAL, .log_k = tilt, .log_w = tilt, .log_pi = mts_sums(text)->log_pi, .born = search->done};
    m->highest = fmax(m->highest, text->path_logp + tilt);
    if (!mts_estimate_add(&m->estimate, text)) {
        return mts_out_of_memory(err);
    }
    return mts_search_answer(search, text, text->path_logp + tilt, err);
}

bool mts_maxent_count(MtsSearch *search, double log_z)
{
    MtsMaxent *m = mts_maxent(search);
    if (!mts_grow(&m->terms, &m->term_cap, m->term_count + 1, sizeof *m->terms)) {
        return false;
    }
    mts_log_mean_add(&m->z, log_z, mts_maxent_weight(search, m->term_count));
    m->terms[m->term_count++] = log_z;
    return true;
}
