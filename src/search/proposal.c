/* search/proposal.c - see proposal.h. */
#include "search/proposal.h"

/* At temperature 1 weights are probabilities; at any other they are relative to the likeliest token's, which
 * comes first, so that none overflows. */
static double log_weight(const MtsSearch *search, const MtsNode *node, double logp)
{
    double t = search->settings.temperature;
    return t == 1 ? logp : (logp - node->dist.logp[0]) / t;
}

double mts_proposal_weight(const MtsSearch *search, const MtsNode *node, size_t entry)
{
    return exp(log_weight(search, node, node->dist.logp[entry]));
}

double mts_proposal_log(const MtsSearch *search, const MtsNode *node, size_t entry)
{
    return log_weight(search, node, node->dist.logp[entry]) - log(node->proposal_mass);
}

double mts_proposal_child(const MtsSearch *search, const MtsNode *node, const MtsNode *child)
{
    return exp(log_weight(search, node, child->logp));
}

double mts_proposal_child_log(const MtsSearch *search, const MtsNode *node, const MtsNode *child)
{
    return log_weight(search, node, child->logp) - log(node->proposal_mass);
}

/* By subtraction while a good part is left, which costs it few digits; else summed up. */
double mts_proposal_rest(const MtsSearch *search, const MtsNode *node, size_t from)
{
    double left = node->proposal_mass, direct = 0;
    for (size_t i = 0; i < from; i++) {
        left -= mts_proposal_weight(search, node, i);
    }
    if (left > node->proposal_mass * 0x1p-10) {
        return left;
    }
    for (size_t i = from; i < node->dist.count; i++) {
        direct += mts_proposal_weight(search, node, i);
    }
    return direct;
}

double mts_proposal_mass(const MtsSearch *search, const MtsNode *node)
{
    if (node->dist.log_mass == -HUGE_VAL) {
        return 0;
    }
    if (search->settings.temperature == 1) {
        return exp(node->dist.log_mass);
    }
    double sum = 0;
    for (size_t i = 0; i < node->dist.count; i++) {
        sum += mts_proposal_weight(search, node, i);
    }
    return sum;
}

/* ---- draws ---- */

typedef struct Lot {   /* which entries a draw is among */
    size_t from;       /* those before it are not */
    bool unknown_only; /* nor known children */
    double mass;       /* sum of the others' weights */
} Lot;

static double weight_in(const MtsSearch *search, const MtsNode *node, const Lot *lot, size_t entry)
{
    bool out = entry < lot->from || (lot->unknown_only && !mts_search_unknown(search, node, entry));
    return out ? 0 : mts_proposal_weight(search, node, entry);
}

/* A script is shown every weight. */
static bool draw_scripted(MtsSearch *search, MtsRng *rng, const MtsNode *node, const Lot *lot, size_t *entry)
{
    size_t n = node->dist.count;
    if (!mts_search_weights(search, n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        search->weights[i] = weight_in(search, node, lot, i);
    }
    *entry = mts_pick(search->script, rng, search->weights, n);
    return true;
}

/* The stream's draw stops at the entry it lands on, which is near the front: entries descend. */
static bool draw(MtsSearch *search, MtsRng *rng, const MtsNode *node, Lot lot, size_t *entry)
{
    lot.unknown_only = lot.unknown_only && node->children > 0;
    if (search->script) {
        return draw_scripted(search, rng, node, &lot, entry);
    }
    double target = mts_rng_uniform(rng) * lot.mass, sum = 0;
    *entry = 0;
    for (size_t i = lot.from; i < node->dist.count && !(sum > target); i++) {
        double w = weight_in(search, node, &lot, i);
        if (w > 0) {
            *entry = i;
            sum += w;
        }
    }
    return true;
}

bool mts_draw_prior(MtsSearch *search, MtsRng *rng, const MtsNode *node, size_t *entry)
{
    return draw(search, rng, node, (Lot){.mass = node->proposal_mass}, entry);
}

bool mts_draw_rest(MtsSearch *search, MtsRng *rng, const MtsNode *node, size_t from, double mass, size_t *entry)
{
    return draw(search, rng, node, (Lot){.from = from, .mass = mass}, entry);
}

bool mts_draw_unknown(MtsSearch *search, MtsRng *rng, const MtsNode *node, size_t from, double mass, size_t *entry)
{
    return draw(search, rng, node, (Lot){.from = from, .unknown_only = true, .mass = mass}, entry);
}

int mts_draw_token(MtsSearch *search, MtsRng *rng, const MtsNode *node, size_t *entry, double *log_q, MtsError *err)
{
    if (!mts_draw_prior(search, rng, node, entry)) {
        return mts_out_of_memory(err);
    }
    *log_q = mts_proposal_log(search, node, *entry);
    return MTS_OK;
}
