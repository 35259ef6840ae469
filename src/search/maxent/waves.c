/* search/maxent/waves.c - maximum-entropy tree search in waves, where the reward scores prefixes.
 *
 * A reward that scores prefixes tells half-way which texts are worth finishing. Single rollouts cannot use that: each
 * goes its own way to the end. Here the B rollouts in flight are a wave. They advance in step, token by token, and at
 * every token all that may follow any of them compete for B places: what is hopeless is given up early, what is
 * promising goes on in several ways. Each prefix has one place at most, so no two rollouts are ever the same.
 *
 * Weights. With K and u of the tree as the wave finds it (search/maxent/maxent.c), let the wave stand on prefix s with
 * probability P(s). A particle carries
 *
 *     w(s) = p(s) / P(s)                   so E[w(s) 1{stands on s}] = p(s); w(root) = 1
 *
 * One step. Every particle s and every token a that may follow it, unless nothing is left to see below s.a, is an
 * option, and so is every text that has a place:
 *
 *     score = g / sum of all g,     g = w(s) p(a|s) u(s.a) E(s.a),  of a text w p exp(lambda r)
 *
 * E is that of search/maxent/estimate.c with the rewards of prefixes in it: the settings.look_ahead likeliest tokens of
 * every particle are asked for, at no cost in positions, and others count as the mean of those. (At a temperature other
 * than 1, p(a|s) in g is p at that temperature, scaled to the mass of p. Where E believes in nothing, it is left out.)
 * With c such that the sum of min(1, score / c) is B, an option is taken with probability pi = min(1, score / c), and
 * then w(s.a) = w(s) p(a|s) / pi: the large ones for certain and with the weight they have, the small ones by one
 * systematic draw among all of them. Of all ways to draw B of them without bias this one changes the weights least
 * (Fearnhead and Clifford, "On-line inference for hidden Markov models via particle filters", 2003). c is at least a
 * hundredth of 1/B, so that a wave that has found what there is to find ends with fewer than B texts instead of
 * finishing the hopeless. Options stand in the order of the tree, so that those drawn are spread over it. A text that
 * is taken keeps its place until it is not taken any more; it costs no position. When all places are held by texts, B
 * of all texts that the wave has found, drawn in the same way, are its rollouts.
 *
 * No share of the choices is left to p alone, as search/maxent/maxent.c leaves one: a particle would have to win it
 * again at every token, and a wave that carries on what it believes hopeless has no places left for the rest.
 *
 * Estimate. Finished children of a prefix that the wave stands on are swept as in search/maxent/maxent.c: scored with
 * probability P(s), whether they get a place or not; any other text is scored once it is taken. Over the unseen texts
 * that were scored,
 *
 *     z = K + sum of w(x) exp(lambda r(x)),   w(x) = p(x) / (probability that it was scored)
 *
 * counts every unseen text with p exp(lambda r) in the mean: E[z | the waves before] = Z, for any E. Z^ is the mean
 * over waves, and their sample variance gives its standard error. Under a limit on positions only the waves that are
 * certain to fit into it, each at its dearest, count in Z^: how many more there are depends on what they found.
 *
 * After a wave its texts are known, E has learnt from them, and the next wave finds them taken out. What was given up
 * stays evaluated, in case a later wave comes by. A wave needs at most B (T - 1) new positions (T: most tokens); the
 * last ones are smaller where fewer rollouts, or fewer positions, are left. A wave cut short by the clock or the caller
 * keeps the texts it has and is no part of Z^.
 *
 * A wave may end with fewer texts than it has places. As many waves as would do if none did are planned, and only they
 * count in Z^; what they leave lacking is made up for by further ones, for how many it takes depends on what they find.
 */
#include <stdlib.h>

#include "core/mem.h"
#include "core/sort.h"
#include "search/positions.h"
#include "search/maxent/wave_line.h"
#include "search/proposal.h"

typedef struct Place { /* a prefix that the wave stands on: a particle */
    MtsNode *node;
    MtsOutlook outlook;
    double log_w; /* log of p(node) over the probability that the wave stands there */
} Place;

typedef struct Held { /* a text that has a place while the wave goes on */
    size_t found;
    double log_w; /* what it competes with */
} Held;

typedef struct WaveOption { /* what may have one of the places of the next step */
    MtsNode *node;          /* NULL: made when it is taken; of OTHERS: drawn then */
    size_t from, entry;     /* of a token: the particle and the entry of its distribution */
    double log_w;           /* as a particle's, before it is taken */
    double plain, guided;   /* log of what it competes with, without and with E */
    double score;           /* that relative to the sum; of one that was taken: the probability of that */
} WaveOption;

#define NONE SIZE_MAX         /* as a particle: of a text, whose entry is its index among those found */
#define OTHERS (SIZE_MAX - 1) /* as an entry: those that are not looked up */

/* What has less than this part of an even share of a place goes on with a smaller chance, even where places are left: a
 * wave ends sooner instead of finishing what is hopeless. */
#define FLOOR 0.01
#define LEAST 0x1p-36    /* score of the least, relative to the largest */
enum { IDLE_WAVES = 3 }; /* in a row without a text, beyond those planned: then no more */

typedef struct Wave {
    Place *swarm, *next; /* [size] */
    size_t size, count;  /* places; prefixes in the swarm */
    WaveOption *options; /* [option_count] */
    size_t option_count, option_cap;
    Held *held; /* [held_count] */
    size_t held_count;
    size_t *taken;  /* [size] options, ascending */
    double *best;   /* scratch, [size] */
    double *breaks; /* scratch, [break_cap] */
    size_t break_cap;
    MtsNode **nodes; /* scratch, [size] */
    MtsLogSum z;
    MtsWave trail; /* what it came by and what it found */
} Wave;

static int add_option(Wave *w, WaveOption option, MtsError *err)
{
    if (!mts_grow(&w->options, &w->option_cap, w->option_count + 1, sizeof *w->options)) {
        return mts_out_of_memory(err);
    }
    w->options[w->option_count++] = option;
    return MTS_OK;
}

/* A text that the wave has just had scored, with its weight in z. */
static int add_found(const MtsSearch *search, Wave *w, MtsNode *text, double log_w, MtsError *err)
{
    if (!mts_wave_find(&w->trail, (MtsWaveText){text, log_w, MTS_NO_PLACE})) {
        return mts_out_of_memory(err);
    }
    mts_log_sum_add(&w->z, log_w + mts_search_tilt(search, text));
    return MTS_OK;
}

/* A text that was found, as an option. */
static int add_text(const MtsSearch *search, Wave *w, size_t found, double log_w, MtsError *err)
{
    MtsNode *text = w->trail.found[found].text;
    WaveOption o = {.node = text, .from = NONE, .entry = found, .log_w = log_w, .plain = -HUGE_VAL};
    o.guided = log_w + mts_search_tilt(search, text);
    return add_option(w, o, err);
}

/* ---- one step: extend, score, list the options, select ---- */

static int extend(MtsSearch *search, Wave *w, MtsError *err)
{
    int rc = MTS_OK;
    for (size_t i = 0; i < w->count && !rc; i++) {
        w->nodes[i] = w->swarm[i].node;
        rc = w->nodes[i]->parent ? mts_search_need(search, w->nodes[i]->parent, err) : MTS_OK;
    }
    return rc ? rc : mts_search_evaluate(search, w->nodes, w->count, err);
}

/* Asks the texts that are swept at a node into m->asked from *n on. */
static int ask_swept(MtsSearch *search, MtsNode *node, size_t *n, MtsError *err)
{
    MtsMaxent *m = mts_maxent(search);
    size_t left = search->settings.sweep;
    for (size_t e = 0; e < node->dist.count && left > 0; e++) {
        if (!mts_maxent_sweeps(search, node, e, &left)) {
            continue;
        }
        MtsNode *text = mts_search_child(search, node, e);
        if (!text || !mts_grow(&m->asked, &m->asked_cap, *n + 1, sizeof(MtsNode *))) {
            return mts_out_of_memory(err);
        }
        m->asked[(*n)++] = text;
    }
    return MTS_OK;
}

/* All rewards that the step needs: those of its prefixes, of what is looked ahead at, and of what is swept. */
static int score(MtsSearch *search, Wave *w, MtsError *err)
{
    size_t n = 0;
    int rc;
    for (size_t i = 0; i < w->count; i++) {
        MtsNode *node = w->swarm[i].node;
        if ((rc = mts_maxent_ask_ahead(search, node, &n, err)) || (rc = ask_swept(search, node, &n, err))) {
            return rc;
        }
    }
    return mts_search_score(search, mts_maxent(search)->asked, n, err);
}

/* lambda times what the prefixes looked ahead at are expected to add, their mean by prior. */
static double mean_gain(const MtsSearch *search, const MtsNode *node)
{
    const MtsMaxent *m = mts_maxent(search);
    double sum = 0, mass = 0;
    for (size_t e = 0; e < mts_maxent_looked_ahead(search, node); e++) {
        const MtsNode *child = mts_maxent_foreseen(search, node, e);
        double gain = child ? mts_estimate_gain(&m->estimate, m->estimate.trust, child) : -HUGE_VAL;
        if (gain != -HUGE_VAL) {
            sum += exp(child->logp) * gain;
            mass += exp(child->logp);
        }
    }
    return mass > 0 ? sum / mass : 0;
}

typedef struct Ground { /* of a particle's options */
    size_t from;        /* the particle */
    double scale;       /* log of what makes proposal weights sum to the mass of p */
    double mean;        /* mean_gain() */
} Ground;

/* A text that was swept: found, and an option. */
static int list_swept(MtsSearch *search, Wave *w, MtsNode *text, double log_w, MtsError *err)
{
    mts_sums(text)->log_pi = 0;
    int rc = add_found(search, w, text, log_w, err);
    return rc ? rc : add_text(search, w, w->trail.found_count - 1, log_w, err);
}

/* A token that leads on from particle g->from, by its entry. */
static int list_token(MtsSearch *search, Wave *w, const Ground *g, size_t e, MtsNode *child, MtsError *err)
{
    const MtsMaxent *m = mts_maxent(search);
    const Place *p = &w->swarm[g->from];
    const MtsNode *node = p->node;
    WaveOption o = {.node = child, .from = g->from, .entry = e, .log_w = p->log_w + node->dist.logp[e]};
    double drawn = p->log_w + log(mts_proposal_weight(search, node, e)) + g->scale;
    if (child && child->visits > 0) {
        o.plain = drawn + mts_sums(child)->log_u;
        o.guided = o.plain + mts_estimate_log(&m->estimate, mts_maxent_outlook(m, p->outlook, child), child->depth,
                                              child->finished);
    } else {
        bool ahead = e < mts_maxent_looked_ahead(search, node);
        o.plain = drawn;
        o.guided = drawn + mts_maxent_log_e(search, node, p->outlook, e) +
                   (!ahead && !mts_maxent_finished(search, node, e) ? g->mean : 0);
    }
    return add_option(w, o, err);
}

/* All entries that are not looked up, together. */
static int list_others(MtsSearch *search, Wave *w, const Ground *g, MtsError *err)
{
    const Place *p = &w->swarm[g->from];
    double mass = mts_maxent_others_mass(search, p->node);
    if (!(mass > 0)) {
        return MTS_OK;
    }
    double drawn = p->log_w + log(mass) + g->scale;
    double guided = drawn + mts_maxent_log_e_others(search, p->node, p->outlook) + g->mean;
    return add_option(
        w, (WaveOption){.from = g->from, .entry = OTHERS, .log_w = p->log_w, .plain = drawn, .guided = guided}, err);
}

/* What may follow particle `from`. */
static int list_particle(MtsSearch *search, Wave *w, size_t from, MtsError *err)
{
    const MtsNode *node = w->swarm[from].node;
    size_t left = search->settings.sweep, looked = mts_maxent_looked(node);
    Ground g = {from, node->dist.log_mass - log(node->proposal_mass), mean_gain(search, node)};
    int rc = MTS_OK;
    for (size_t e = 0; e < node->dist.count && !rc; e++) {
        bool swept = mts_maxent_sweeps(search, node, e, &left);
        MtsNode *child = mts_nodes_find(&search->nodes, node, node->dist.tokens[e]);
        bool known = child && child->visits > 0;
        double logp = node->dist.logp[e];
        if (logp == -HUGE_VAL || (e >= looked && !known && !swept) || (known && mts_sums(child)->log_u == -HUGE_VAL)) {
            continue;
        }
        rc = swept ? list_swept(search, w, child, w->swarm[from].log_w + logp, err)
                   : list_token(search, w, &g, e, child, err);
    }
    return rc || looked == node->dist.count ? rc : list_others(search, w, &g, err);
}

/* Texts that have a place, and what may follow the particles. */
static int list_options(MtsSearch *search, Wave *w, MtsError *err)
{
    const MtsMaxent *m = mts_maxent(search);
    int rc = MTS_OK;
    w->option_count = 0;
    for (size_t i = 0; i < w->held_count && !rc; i++) {
        rc = add_text(search, w, w->held[i].found, w->held[i].log_w, err);
    }
    for (size_t i = 0; i < w->count && !rc; i++) {
        Place *p = &w->swarm[i];
        if (p->node->parent) { /* its reward is there now, whether it was looked ahead at or not */
            p->outlook = mts_maxent_outlook(m, p->outlook, p->node);
        }
        rc = mts_node_is_dead(p->node) ? MTS_OK : list_particle(search, w, i, err);
    }
    return rc;
}

/* Scores from logarithms, which add up to 1; how many are not 0. What is there at all has LEAST of the largest, so that
 * it is drawn at times: of less than that a double knows nothing beside 1. */
static size_t make_scores(Wave *w)
{
    double high = -HUGE_VAL, sum = 0;
    bool guided = false;
    size_t count = 0;
    for (size_t i = 0; i < w->option_count; i++) {
        guided = guided || w->options[i].guided != -HUGE_VAL;
    }
    for (size_t i = 0; i < w->option_count; i++) {
        WaveOption *o = &w->options[i];
        o->score = guided ? o->guided : o->plain; /* where nothing is believed to be of use: without E */
        high = o->score > high ? o->score : high;
    }
    for (size_t i = 0; i < w->option_count; i++) {
        WaveOption *o = &w->options[i];
        o->score = o->score == -HUGE_VAL ? 0 : fmax(exp(o->score - high), LEAST);
        sum += o->score;
        count += o->score > 0;
    }
    for (size_t i = 0; i < w->option_count && sum > 0; i++) {
        w->options[i].score /= sum;
    }
    return count;
}

/* The `places` largest scores, descending, at w->best; the sum of all others. */
static double list_best(Wave *w)
{
    size_t places = w->size, n = 0;
    double rest = 0;
    for (size_t i = 0; i < w->option_count; i++) {
        double x = w->options[i].score;
        if (n == places && x <= w->best[n - 1]) {
            rest += x;
            continue;
        }
        rest += n == places ? w->best[n - 1] : 0;
        n -= n == places;
        size_t at = n++;
        for (; at > 0 && w->best[at - 1] < x; at--) {
            w->best[at] = w->best[at - 1];
        }
        w->best[at] = x;
    }
    return rest;
}

/* The threshold c with sum of min(1, score / c) = places, but at least FLOOR of an even share. count: the scores above
 * 0. */
static double threshold(Wave *w, size_t count)
{
    size_t places = w->size;
    double least = FLOOR / (double)places, c = 0;
    if (count <= places) {
        return least;
    }
    double rest = list_best(w);
    for (size_t k = places; k-- > 0;) { /* as many as pass for certain, least first */
        rest += w->best[k];
        if (k == 0 || w->best[k - 1] >= rest / (double)(places - k)) {
            c = rest / (double)(places - k);
            break;
        }
    }
    return c > least ? c : least;
}

/* A proof is shown where the draw of take() changes: the cumulative scores' places between whole numbers. */
static size_t list_breaks(Wave *w, double c)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < w->option_count; i++) {
        if (w->options[i].score > 0 && w->options[i].score < c) {
            sum += w->options[i].score / c;
            double at = sum - floor(sum);
            if (at > 1e-13 && at < 1 - 1e-13) { /* else it is a whole number but for rounding */
                w->breaks[count++] = at;
            }
        }
    }
    mts_sort_doubles(w->breaks, count);
    return count;
}

/* Takes options in proportion to their scores, each at most once: those of at least c for certain, the others by one
 * draw that is the same in each c of their cumulative scores. */
static int take(MtsSearch *search, Wave *w, MtsRng *rng, size_t *count, MtsError *err)
{
    double c = threshold(w, make_scores(w)), sum = 0;
    size_t n = 0;
    *count = 0;
    if (!mts_grow(&w->breaks, &w->break_cap, w->option_count + 1, sizeof *w->breaks)) {
        return mts_out_of_memory(err);
    }
    double u = mts_uniform(search->script, rng, w->breaks, search->script ? list_breaks(w, c) : 0);
    for (size_t i = 0; i < w->option_count; i++) {
        WaveOption *o = &w->options[i];
        if (!(o->score > 0)) {
            continue;
        }
        double pi = 1;
        if (o->score < c) {
            pi = o->score / c;
            sum += pi;
            if (!(sum > (double)n + u)) {
                continue;
            }
            n++;
        }
        if (*count < w->size) {
            o->score = pi;
            w->taken[(*count)++] = i;
        }
    }
    return MTS_OK;
}

/* One of the entries that are not looked up in place of all of them. */
static int draw_other(MtsSearch *search, const Wave *w, MtsRng *rng, WaveOption *o, double *log_pi, MtsError *err)
{
    const MtsNode *node = w->swarm[o->from].node;
    double mass = mts_maxent_others_mass(search, node);
    if (!mts_draw_unknown(search, rng, node, mts_maxent_looked(node), mass, &o->entry)) {
        return mts_out_of_memory(err);
    }
    o->log_w += node->dist.logp[o->entry];
    *log_pi += log(mts_proposal_weight(search, node, o->entry)) - log(mass);
    o->node = NULL;
    return MTS_OK;
}

/* The option's node, its weight from now on. A text is scored and among those found. */
static int settle(MtsSearch *search, Wave *w, MtsRng *rng, WaveOption *o, MtsError *err)
{
    double log_pi = log(o->score);
    int rc = o->entry == OTHERS ? draw_other(search, w, rng, o, &log_pi, err) : MTS_OK;
    if (rc) {
        return rc;
    }
    o->node = o->node ? o->node : mts_search_child(search, w->swarm[o->from].node, o->entry);
    if (!o->node) {
        return mts_out_of_memory(err);
    }
    mts_sums(o->node)->log_pi = log_pi;
    o->log_w -= log_pi;
    if (!o->node->finished) {
        return MTS_OK;
    }
    rc = mts_search_score(search, &o->node, 1, err);
    return rc ? rc : add_found(search, w, o->node, o->log_w, err);
}

/* An option that was taken: a place in the next swarm, or one that a text holds. */
static int give_place(MtsSearch *search, Wave *w, MtsRng *rng, WaveOption *o, MtsError *err)
{
    if (o->from == NONE) {
        w->held[w->held_count++] = (Held){o->entry, o->log_w - log(o->score)};
        return MTS_OK;
    }
    int rc = settle(search, w, rng, o, err);
    if (rc) {
        return rc;
    }
    if (o->node->finished) {
        w->held[w->held_count++] = (Held){w->trail.found_count - 1, o->log_w};
        return MTS_OK;
    }
    if (!mts_wave_pass(&w->trail, (MtsWavePrefix){.node = o->node, .log_pi = mts_sums(o->node)->log_pi})) {
        return mts_out_of_memory(err);
    }
    w->next[w->count++] = (Place){o->node, w->swarm[o->from].outlook, o->log_w};
    return MTS_OK;
}

/* Who has the places of the next step. */
static int select_options(MtsSearch *search, Wave *w, MtsRng *rng, MtsError *err)
{
    size_t count = 0;
    int rc = take(search, w, rng, &count, err);
    w->count = w->held_count = 0;
    for (size_t i = 0; i < count && !rc; i++) {
        rc = give_place(search, w, rng, &w->options[w->taken[i]], err);
    }
    Place *swarm = w->swarm;
    w->swarm = w->next;
    w->next = swarm;
    return rc;
}

static int one_step(MtsSearch *search, Wave *w, MtsRng *rng, MtsError *err)
{
    int rc;
    if ((rc = extend(search, w, err)) || (rc = score(search, w, err)) || (rc = list_options(search, w, err))) {
        return rc;
    }
    return select_options(search, w, rng, err);
}

/* Which of the texts are the wave's rollouts. */
static int select_texts(MtsSearch *search, Wave *w, MtsRng *rng, MtsError *err)
{
    size_t count = 0;
    int rc = MTS_OK;
    w->option_count = 0;
    for (size_t i = 0; i < w->trail.found_count && !rc; i++) {
        rc = add_text(search, w, i, w->trail.found[i].log_w, err);
    }
    if (rc || (rc = take(search, w, rng, &count, err))) {
        return rc;
    }
    for (size_t place = 0; place < count; place++) {
        const WaveOption *o = &w->options[w->taken[place]];
        w->trail.found[o->entry].place = place;
        mts_sums(o->node)->log_pi += log(o->score);
    }
    return MTS_OK;
}

/* ---- back up ---- */

/* Lists a node that was come by as a known child, and all above it. */
static void make_known(MtsNode *node)
{
    for (; node && node->visits == 0; node = node->parent) {
        mts_node_visit(node);
    }
}

/* A text that has a place, as a rollout. */
static int make_rollout(MtsSearch *search, MtsNode *text, double log_z, MtsError *err)
{
    MtsRollout *r = mts_rollout_new(search, search->log_count);
    if (!r) {
        return mts_out_of_memory(err);
    }
    if (!mts_rollout_keep(search, r)) {
        mts_rollout_free(search, r);
        return mts_out_of_memory(err);
    }
    r->node = text;
    r->log_z = log_z;
    r->in_tree = false;
    r->fresh = true;
    if (!mts_grow(&r->choices, &r->choice_cap, text->depth, sizeof *r->choices)) {
        return mts_out_of_memory(err);
    }
    for (const MtsNode *node = text; node->parent; node = node->parent) {
        r->choices[node->depth - 1] = (MtsChoice){.log_q = mts_sums(node)->log_pi};
        r->log_q += mts_sums(node)->log_pi;
        r->left_at += node->parent->visits > 0;
    }
    return MTS_OK;
}

/* The texts that have a place, as rollouts, in the order of their places. */
static int make_rollouts(MtsSearch *search, const MtsWave *t, double log_z, MtsError *err)
{
    int rc = MTS_OK;
    for (size_t place = 0, i = 0; i < t->found_count && !rc;) {
        if (t->found[i].place != place) {
            i++;
            continue;
        }
        rc = make_rollout(search, t->found[i].text, log_z, err);
        place++;
        i = 0;
    }
    return rc;
}

/* Masses of all that the wave came by, deepest first, and the positions it is charged with. */
static void update_passed(MtsSearch *search, MtsWave *t)
{
    MtsNode *root = search->nodes.root;
    for (size_t i = t->passed_count; i-- > 0;) {
        MtsWavePrefix *p = &t->passed[i];
        mts_search_charge(search, p->node);
        p->dead = p->dead || mts_node_is_dead(p->node);
        if (p->dead) {
            make_known(p->node);
            mts_sums(p->node)->log_u = mts_sums(p->node)->log_k = -HUGE_VAL;
        } else if (p->node->visits > 0) {
            mts_maxent_refresh(search, p->node, &p->unseen, &p->unseen_q);
        }
    }
    make_known(root);
    mts_maxent_update_unseen(search, root);
    mts_maxent_update(root);
}

/* Known from now on: the ways of the rollouts from `first` on, and every text found. */
static int visit_paths(MtsSearch *search, const MtsWave *t, size_t first, MtsError *err)
{
    int rc = MTS_OK;
    for (size_t i = first; i < search->log_count; i++) {
        for (MtsNode *node = search->log[i]->node; node; node = node->parent) {
            mts_node_visit(node);
        }
    }
    for (size_t i = 0; i < t->found_count; i++) {
        make_known(t->found[i].text);
    }
    for (size_t i = 0; i < t->passed_count && !rc; i++) { /* those of a recorded wave were not asked yet */
        rc = t->passed[i].node->visits > 0 ? mts_search_score(search, &t->passed[i].node, 1, err) : MTS_OK;
    }
    for (size_t i = 0; i < t->found_count && !rc; i++) {
        rc = mts_maxent_bring_home(search, t->found[i].text, err);
    }
    return rc;
}

/* Takes a wave into the tree. Its log_z is of its estimate; NaN: it was cut short. */
static int back_up(MtsSearch *search, MtsWave *t, bool counts, MtsError *err)
{
    MtsMaxent *m = mts_maxent(search);
    size_t first = search->log_count;
    int rc;
    search->reward_calls = t->calls ? t->calls : search->reward_calls;
    if ((rc = make_rollouts(search, t, t->log_z, err)) || (rc = visit_paths(search, t, first, err))) {
        return rc;
    }
    update_passed(search, t);
    mts_estimate_fit(&m->estimate);
    if (counts && !isnan(t->log_z) && !mts_maxent_count(search, t->log_z)) {
        return mts_out_of_memory(err);
    }
    for (size_t i = first; i < search->log_count && !rc; i++) {
        const MtsRollout *r = search->log[i];
        search->decode_tokens += r->node->depth;
        search->done++;
        mts_search_count_text(search, r->node);
        rc = mts_rollout_tell(search, r, err);
    }
    return rc;
}

/* ---- waves ---- */

/* At the step where a search that is being replayed was cut short. */
static bool at_cut(MtsSearch *search)
{
    const MtsMaxent *m = mts_maxent(search);
    const MtsStopPoint *cut = search->cut;
    if (!cut || (size_t)json_integer_value(json_object_get(cut->line, "waves")) != m->waves ||
        (size_t)json_integer_value(json_object_get(cut->line, "steps")) != m->wave_steps) {
        return false;
    }
    search->stop_reason = cut->reason;
    return true;
}

bool mts_maxent_waves_write_stop(const MtsSearch *search, MtsBytes *line)
{
    const MtsMaxent *m = mts_maxent(search);
    return !mts_search_is_led_by_prefixes(search) ||
           mts_bytes_printf(line, ",\"waves\":%zu,\"steps\":%zu", m->waves, m->wave_steps);
}

static void begin_wave(const MtsSearch *search, Wave *w)
{
    MtsNode *root = search->nodes.root;
    w->z = MTS_LOG_SUM_ZERO;
    mts_log_sum_add(&w->z, root->visits ? mts_sums(root)->log_k : -HUGE_VAL);
    w->trail.passed_count = w->trail.found_count = w->held_count = 0;
    w->trail.calls = 0;
    w->count = 1;
    w->swarm[0] = (Place){root, mts_estimate_root(&mts_maxent(search)->estimate), 0};
}

/* A wave from the root to its texts; *whole: it was not cut short. */
static int lead_wave(MtsSearch *search, Wave *w, size_t index, bool *whole, MtsError *err)
{
    MtsMaxent *m = mts_maxent(search);
    int rc = MTS_OK;
    begin_wave(search, w);
    *whole = true;
    for (m->wave_steps = 0; w->count > 0 && !rc; m->wave_steps++) {
        MtsRng rng = mts_search_rng(search, index, m->wave_steps);
        if (at_cut(search) || mts_search_stopped(search)) {
            *whole = false;
            break;
        }
        rc = one_step(search, w, &rng, err);
    }
    MtsRng last = mts_search_rng(search, index, m->wave_steps);
    w->trail.log_z = *whole ? mts_log_sum(&w->z) : (double)NAN;
    return rc ? rc : select_texts(search, w, &last, err);
}

/* The next wave, of w->size rollouts, from the one of this index on. */
static int one_wave(MtsSearch *search, Wave *w, size_t index, bool counts, MtsError *err)
{
    MtsMaxent *m = mts_maxent(search);
    bool whole = true, recorded = false;
    int rc;
    if ((rc = mts_wave_read(search, w->size, &w->trail, &recorded, err)) ||
        (!recorded && (rc = lead_wave(search, w, index, &whole, err))) ||
        (rc = back_up(search, &w->trail, counts, err)) || !whole) {
        return rc;
    }
    rc = recorded ? MTS_OK : mts_wave_write(search, w->size, &w->trail, err);
    m->waves++;
    if (!rc && !search->stop_reason) {
        search->stop_reason = mts_search_settled(search);
    }
    return rc;
}

static uint64_t positions_left(const MtsSearch *search)
{
    uint64_t most = search->settings.max_nfe;
    return most > search->charged ? most - search->charged : 0;
}

/* How many rollouts the next wave may have: the rest, and what is certain to fit into `left` positions. */
static size_t fitting(const MtsSearch *search, size_t most, size_t rollouts, uint64_t left)
{
    size_t size = rollouts < most ? rollouts : most;
    uint64_t each = search->model->max_tokens - 1;
    return search->settings.max_nfe == 0 || each == 0 || left / each > size ? size : (size_t)(left / each);
}

size_t mts_maxent_waves_counted(const MtsSearch *search)
{
    const MtsSearchSettings *s = &search->settings;
    uint64_t sure = s->max_nfe;
    size_t count = 0;
    for (size_t started = 0, size; started < s->rollouts; started += size, count++) {
        size = fitting(search, s->in_flight, s->rollouts - started, sure);
        if (size == 0) {
            break;
        }
        sure -= s->max_nfe ? (uint64_t)size * (search->model->max_tokens - 1) : 0;
    }
    return count;
}

/* The waves that are planned, until they have started all rollouts; *started: how many were. */
static int lead_planned(MtsSearch *search, Wave *w, size_t most, size_t *started, MtsError *err)
{
    const MtsSearchSettings *s = &search->settings;
    uint64_t sure = s->max_nfe; /* what is left of the limit when every wave so far was at its dearest */
    while (*started < s->rollouts && !search->stop_reason) {
        w->size = fitting(search, most, s->rollouts - *started, positions_left(search));
        if (w->size == 0) {
            search->stop_reason = "nfe";
            break;
        }
        size_t certain = fitting(search, most, s->rollouts - *started, sure);
        sure -= s->max_nfe ? (uint64_t)certain * (search->model->max_tokens - 1) : 0;
        int rc = one_wave(search, w, *started, certain > 0, err);
        if (rc) {
            return rc;
        }
        *started += w->size;
    }
    return MTS_OK;
}

/* Further ones, which do not count in Z^, until there are as many texts as were asked for. */
static int lead_further(MtsSearch *search, Wave *w, size_t most, size_t started, MtsError *err)
{
    const size_t asked = search->settings.rollouts;
    for (size_t idle = 0; search->log_count < asked && !search->stop_reason;) {
        size_t before = search->log_count;
        w->size = fitting(search, most, asked - before, positions_left(search));
        if (w->size == 0) {
            search->stop_reason = "nfe";
            break;
        }
        int rc = one_wave(search, w, started, false, err);
        if (rc) {
            return rc;
        }
        started += w->size;
        idle = search->log_count > before ? 0 : idle + 1;
        if (idle == IDLE_WAVES && !search->stop_reason) {
            search->stop_reason = "dead ends";
        }
    }
    return MTS_OK;
}

static int lead(MtsSearch *search, Wave *w, size_t most, MtsError *err)
{
    size_t started = 0;
    int rc;
    if ((rc = lead_planned(search, w, most, &started, err)) || (rc = lead_further(search, w, most, started, err))) {
        return rc;
    }
    search->stop_reason = search->stop_reason ? search->stop_reason : "rollouts";
    return MTS_OK;
}

int mts_maxent_waves(MtsSearch *search, MtsError *err)
{
    const MtsSearchSettings *s = &search->settings;
    size_t most = s->in_flight < s->rollouts ? s->in_flight : s->rollouts;
    Wave w = {.swarm = mts_calloc(most, sizeof *w.swarm),
              .next = mts_calloc(most, sizeof *w.next),
              .taken = mts_calloc(most, sizeof *w.taken),
              .held = mts_calloc(most, sizeof *w.held),
              .best = mts_calloc(most, sizeof *w.best),
              .nodes = mts_calloc(most, sizeof(MtsNode *))};
    bool ok = w.swarm && w.next && w.taken && w.held && w.best && w.nodes;
    int rc = ok ? lead(search, &w, most, err) : mts_out_of_memory(err);
    free(w.swarm);
    free(w.next);
    free(w.taken);
    free(w.held);
    free(w.best);
    free((void *)w.nodes);
    free(w.options);
    free(w.breaks);
    mts_wave_clear(&w.trail);
    return rc;
}
