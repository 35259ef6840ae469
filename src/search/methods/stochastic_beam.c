/* search/methods/stochastic_beam.c - many different texts at one go, without replacement.
 *
 * Stochastic beam search (Kool, van Hoof and Welling, ICML 2019). The texts are drawn from q, p with what a cut left of
 * each distribution scaled up to 1. Every text x has a perturbed value, log q(x) plus Gumbel noise of its own; the
 * N + 1 texts of the largest are a sample without replacement. They are found without looking at the others: the
 * largest value G(s) below a prefix s has the law Gumbel(log q(s)), and given it those of its children are independent
 * Gumbel(log q(s.a)) numbers g conditioned on their largest being G(s): with Z the largest of unconditioned ones,
 *
 *     G(s.a) = -log(exp(-G(s)) - exp(-Z) + exp(-g))
 *
 * A prefix that nothing may follow is a text here: it holds its place like all others, and weighs nothing. So a beam of
 * the N + 1 prefixes of the largest G, finished texts among them, ends with these texts. The least of them is the
 * threshold k: given it, each of the N others was in with probability P(Gumbel(log q(x)) > k), and
 *
 *     Z^ = sum over the N of p(x) exp(lambda r(x)) / P(Gumbel(log q(x)) > k)
 *
 * is unbiased; the answers weigh the same. Where there are no more than N texts all are found, and Z^ is Z. It
 * is one beam: nothing is learnt on the way, and there is no standard error. */
#include <stdlib.h>

#include "core/mem.h"
#include "search/methods/methods.h"
#include "search/methods/population.h"
#include "search/positions.h"

typedef struct Perturbed { /* a prefix or a text */
    MtsNode *node;         /* of an option: its parent, or the text itself */
    size_t entry, order;
    double log_q, g;
    bool gone; /* no text, but a prefix that nothing may follow */
} Perturbed;

typedef struct PerturbedBeam {
    Perturbed *places, *options; /* [count], [option_count] */
    MtsNode **live;              /* scratch */
    size_t most, count, option_count, option_cap;
} PerturbedBeam;

static int by_g(const void *a, const void *b)
{
    const Perturbed *x = a, *y = b;
    if (x->g != y->g) {
        return x->g > y->g ? -1 : 1;
    }
    return x->order < y->order ? -1 : x->order > y->order;
}

static bool add_option(PerturbedBeam *b, Perturbed option)
{
    if (!mts_grow(&b->options, &b->option_cap, b->option_count + 1, sizeof *b->options)) {
        return false;
    }
    option.order = b->option_count;
    b->options[b->option_count++] = option;
    return true;
}

/* No more can win than there are places. */
static void keep_best(PerturbedBeam *b)
{
    if (b->option_count > 0) {
        qsort(b->options, b->option_count, sizeof *b->options, by_g);
    }
    b->option_count = b->option_count < b->most ? b->option_count : b->most;
    for (size_t i = 0; i < b->option_count; i++) {
        b->options[i].order = i;
    }
}

/* -log(exp(-top) - exp(-z) + exp(-g)) for g <= z, without a difference of large numbers. */
static double conditioned(double top, double z, double g)
{
    double v = top - g + log1p(-exp(g - z));
    return top - fmax(v, 0) - log1p(exp(-fabs(v)));
}

/* log q of the child by an entry. */
static double child_log_q(const Perturbed *place, size_t entry)
{
    const MtsDist *dist = &place->node->dist;
    return place->log_q + (dist->logp[entry] - dist->log_mass);
}

/* Unconditioned values of the children at search->weights; the largest. */
static double perturb(MtsSearch *search, const Perturbed *place)
{
    MtsRng rng = mts_search_rng(search, place->node->id, place->node->depth);
    double z = -HUGE_VAL;
    for (size_t e = 0; e < place->node->dist.count; e++) {
        double log_q = child_log_q(place, e);
        search->weights[e] = log_q == -HUGE_VAL ? log_q : log_q + mts_rng_gumbel(&rng);
        z = fmax(z, search->weights[e]);
    }
    return z;
}

static int list_children(MtsSearch *search, PerturbedBeam *b, const Perturbed *place, MtsError *err)
{
    size_t n = place->node->dist.count;
    if (!mts_search_weights(search, n)) {
        return mts_out_of_memory(err);
    }
    double z = perturb(search, place);
    for (size_t e = 0; e < n; e++) {
        double g = search->weights[e];
        Perturbed option = {
            .node = place->node, .entry = e, .log_q = child_log_q(place, e), .g = conditioned(place->g, z, g)};
        if (g != -HUGE_VAL && !add_option(b, option)) {
            return mts_out_of_memory(err);
        }
    }
    keep_best(b);
    return MTS_OK;
}

static bool goes_on(const Perturbed *place)
{
    return !place->gone && !place->node->finished;
}

/* The best options have the places. */
static int take_places(MtsSearch *search, PerturbedBeam *b, MtsError *err)
{
    keep_best(b);
    b->count = b->option_count;
    for (size_t i = 0; i < b->count; i++) {
        b->places[i] = b->options[i];
        if (goes_on(&b->places[i])) {
            b->places[i].node = mts_search_child(search, b->places[i].node, b->places[i].entry);
        }
        if (!b->places[i].node) {
            return mts_out_of_memory(err);
        }
    }
    return MTS_OK;
}

/* One token further; *more: there was a prefix to go on from, and nothing has stopped the search. */
static int one_step(MtsSearch *search, PerturbedBeam *b, bool *more, MtsError *err)
{
    size_t live = 0;
    int rc = MTS_OK;
    for (size_t i = 0; i < b->count; i++) {
        if (goes_on(&b->places[i])) {
            b->live[live++] = b->places[i].node;
        }
    }
    *more = live > 0;
    if (!*more || (rc = mts_population_extend(search, b->live, live, more, err)) || !*more) {
        return rc;
    }
    b->option_count = 0;
    for (size_t i = 0; i < b->count && !rc; i++) {
        Perturbed *place = &b->places[i];
        place->gone = place->gone || mts_node_is_dead(place->node);
        if (goes_on(place)) {
            rc = list_children(search, b, place, err);
        } else if (!add_option(b, *place)) {
            rc = mts_out_of_memory(err);
        }
    }
    return rc ? rc : take_places(search, b, err);
}

/* log of the chance that a text's value is above the threshold. */
static double log_inclusion(double log_q, double threshold)
{
    return threshold == -HUGE_VAL ? 0 : log(-expm1(-exp(log_q - threshold)));
}

/* The texts that stand above the threshold; of a search that was cut short those that are finished. */
static int back_up_texts(MtsSearch *search, const PerturbedBeam *b, MtsError *err)
{
    double threshold = b->count == b->most ? b->places[b->most - 1].g : -HUGE_VAL;
    MtsLogSum sum = MTS_LOG_SUM_ZERO;
    for (size_t i = 0; i < b->count && i < search->settings.rollouts; i++) {
        MtsNode *text = b->places[i].node;
        if (b->places[i].gone || !text->finished) {
            continue;
        }
        int rc = mts_search_score(search, &text, 1, err);
        double log_in = log_inclusion(b->places[i].log_q, threshold), tilt = rc ? 0 : mts_search_tilt(search, text);
        double log_w = tilt == -HUGE_VAL ? tilt : text->path_logp + tilt - log_in;
        mts_log_sum_add(&sum, log_w);
        if (rc || (rc = mts_population_back_up(search, text, log_in, log_w, err))) {
            return rc;
        }
    }
    *(double *)search->own = search->stop_reason ? (double)NAN : mts_log_sum(&sum);
    return MTS_OK;
}

static int lead_beam(MtsSearch *search, PerturbedBeam *b, MtsError *err)
{
    MtsRng rng = mts_search_rng(search, MTS_SAMPLE_STREAM, 2); /* 1 draws among the answers, which it must not know */
    bool more = true;
    int rc = MTS_OK;
    b->places[0] = (Perturbed){.node = search->nodes.root, .g = mts_rng_gumbel(&rng)};
    b->count = 1;
    while (more && !rc) {
        rc = one_step(search, b, &more, err);
    }
    return rc ? rc : back_up_texts(search, b, err);
}

static int stochastic_beam_lead(MtsSearch *search, MtsError *err)
{
    size_t most = search->settings.rollouts + 1;
    PerturbedBeam b = {
        .places = mts_calloc(most, sizeof *b.places), .live = mts_calloc(most, sizeof(MtsNode *)), .most = most};
    *(double *)search->own = (double)NAN;
    int rc = b.places && b.live ? lead_beam(search, &b, err) : mts_out_of_memory(err);
    free(b.places);
    free(b.options);
    free((void *)b.live);
    search->stop_reason = search->stop_reason ? search->stop_reason : "rollouts";
    return rc;
}

static void stochastic_beam_estimate(const MtsSearch *search, double *log_z, double *se)
{
    (void)se;
    *log_z = *(const double *)search->own;
}

const MtsMethodOps mts_stochastic_beam_ops = {
    .answers = MTS_ANSWERS_WEIGHTED,
    .search_bytes = sizeof(double),
    .lead = stochastic_beam_lead,
    .estimate = stochastic_beam_estimate,
    .write_stop = mts_population_write_stop,
};
