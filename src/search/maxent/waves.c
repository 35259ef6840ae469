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
 * The reward first. Where settings.reward_first is 1 the first rollout is a wave of one place in which nothing is
 * drawn: of all that is looked up it goes to what the reward likes best, step by step, asked at no cost in positions.
 * Where a prefix is worth the best text that it can become (MtsSearchReward.bounds) that is the text which the reward
 * has in mind, however unlikely it is, and no search by probability would come by it. It is known mass to all that
 * follow and no part of Z^: E[z | the waves before] = Z holds whatever is known.
 *
 * A wave may end with fewer texts than it has places. As many waves as would do if none did are planned, and only they
 * count in Z^; what they leave lacking is made up for by further ones, for how many it takes depends on what they find.
 */
#include <stdlib.h>

#include "core/mem.h"
#include "search/positions.h"
#include "search/maxent/wave_draw.h"
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

#define NONE SIZE_MAX         /* as a particle: of a text, whose entry is its index among those found */
#define OTHERS (SIZE_MAX - 1) /* as an entry: those that are not looked up */

enum { IDLE_WAVES = 3 }; /* in a row without a text, beyond those planned: then no more */

typedef struct Wave {
    Place *swarm, *next; /* [size] */
    size_t size, count;  /* places; prefixes in the swarm */
    MtsWaveDraw draw;    /* for the places of the next step */
    Held *held;          /* [held_count] */
    size_t held_count;
    MtsNode **nodes; /* scratch, [size] */
    MtsLogSum z;
    MtsWave trail; /* what it came by and what it found */
} Wave;

static int add_option(Wave *w, MtsWaveOption option, MtsError *err)
{
    if (!mts_grow(&w->draw.options, &w->draw.option_cap, w->draw.option_count + 1, sizeof *w->draw.options)) {
        return mts_out_of_memory(err);
    }
    w->draw.options[w->draw.option_count++] = option;
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
    MtsWaveOption o = {.node = text, .from = NONE, .entry = found, .log_w = log_w, .plain = -HUGE_VAL};
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

/* The same of everything that may follow a node and has E looked up. */
static int ask_all(MtsSearch *search, MtsNode *node, size_t *n, MtsError *err)
{
    MtsMaxent *m = mts_maxent(search);
    for (size_t e = 0; e < mts_maxent_looked(node) && node->dist.logp[e] != -HUGE_VAL; e++) {
        MtsNode *child = mts_search_child(search, node, e);
        if (!child || !mts_grow(&m->asked, &m->asked_cap, *n + 1, sizeof(MtsNode *))) {
            return mts_out_of_memory(err);
        }
        m->asked[(*n)++] = child;
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
        if ((rc = mts_maxent_ask_ahead(search, node, &n, err)) || (rc = ask_swept(search, node, &n, err)) ||
            (w->trail.by_reward && (rc = ask_all(search, node, &n, err)))) {
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
    MtsWaveOption o = {.node = child, .from = g->from, .entry = e, .log_w = p->log_w + node->dist.logp[e]};
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
        w, (MtsWaveOption){.from = g->from, .entry = OTHERS, .log_w = p->log_w, .plain = drawn, .guided = guided}, err);
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
    w->draw.option_count = 0;
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

/* Which options have the places. */
static int choose(const MtsSearch *search, Wave *w, MtsRng *rng, size_t *count, MtsError *err)
{
    if (w->trail.by_reward) {
        *count = mts_wave_take_best(&w->draw);
        return MTS_OK;
    }
    return mts_wave_draw(search, &w->draw, w->size, rng, count, err);
}

/* One of the entries that are not looked up in place of all of them. */
static int draw_other(MtsSearch *search, const Wave *w, MtsRng *rng, MtsWaveOption *o, double *log_pi, MtsError *err)
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

/* Whether a wave that a checkpoint recorded has asked for an entry's child. */
static bool is_foreseen(const MtsNode *node, size_t entry)
{
    return entry < mts_maxent_looked(node) && entry < mts_sums(node)->foreseen;
}

/* The option's node, its weight from now on. A text is scored and among those found. */
static int settle(MtsSearch *search, Wave *w, MtsRng *rng, MtsWaveOption *o, MtsError *err)
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
    o->node->paid = o->node->paid || is_foreseen(w->swarm[o->from].node, o->entry);
    if (!o->node->finished) {
        return MTS_OK;
    }
    rc = mts_search_score(search, &o->node, 1, err);
    return rc ? rc : add_found(search, w, o->node, o->log_w, err);
}

/* An option that was taken: a place in the next swarm, or one that a text holds. */
static int give_place(MtsSearch *search, Wave *w, MtsRng *rng, MtsWaveOption *o, MtsError *err)
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
    int rc = choose(search, w, rng, &count, err);
    w->count = w->held_count = 0;
    for (size_t i = 0; i < count && !rc; i++) {
        rc = give_place(search, w, rng, &w->draw.options[w->draw.taken[i]], err);
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
    w->draw.option_count = 0;
    for (size_t i = 0; i < w->trail.found_count && !rc; i++) {
        rc = add_text(search, w, i, w->trail.found[i].log_w, err);
    }
    if (rc || (rc = choose(search, w, rng, &count, err))) {
        return rc;
    }
    for (size_t place = 0; place < count; place++) {
        const MtsWaveOption *o = &w->draw.options[w->draw.taken[place]];
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

/* Takes a wave into the tree, its rollouts with this log_z. NaN: it was cut short, or nothing in it was drawn. */
static int back_up(MtsSearch *search, MtsWave *t, double log_z, bool counts, MtsError *err)
{
    MtsMaxent *m = mts_maxent(search);
    size_t first = search->log_count;
    int rc;
    search->reward_calls = t->calls ? t->calls : search->reward_calls;
    if ((rc = make_rollouts(search, t, log_z, err)) || (rc = visit_paths(search, t, first, err))) {
        return rc;
    }
    update_passed(search, t);
    mts_estimate_fit(&m->estimate);
    if (counts && !isnan(log_z) && !mts_maxent_count(search, log_z)) {
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
        (rc = back_up(search, &w->trail, w->trail.by_reward ? (double)NAN : w->trail.log_z, counts, err)) || !whole) {
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

/* Whether the first rollout follows the reward: where the limit on positions has room for another. */
static bool begins_by_reward(const MtsSearch *search)
{
    return search->settings.reward_first && fitting(search, 2, 2, search->settings.max_nfe) == 2;
}

/* What is left of the limit on positions when n rollouts were at their dearest. */
static uint64_t left_for_sure(const MtsSearch *search, uint64_t left, size_t n)
{
    return search->settings.max_nfe ? left - (uint64_t)n * (search->model->max_tokens - 1) : 0;
}

size_t mts_maxent_waves_counted(const MtsSearch *search)
{
    const MtsSearchSettings *s = &search->settings;
    size_t count = 0, first = begins_by_reward(search);
    uint64_t sure = left_for_sure(search, s->max_nfe, first);
    for (size_t started = first, size; started < s->rollouts; started += size, count++) {
        size = fitting(search, s->in_flight, s->rollouts - started, sure);
        if (size == 0) {
            break;
        }
        sure = left_for_sure(search, sure, size);
    }
    return count;
}

/* The waves that are planned, until they have started all rollouts; *started: how many were. */
static int lead_planned(MtsSearch *search, Wave *w, size_t most, size_t *started, MtsError *err)
{
    const MtsSearchSettings *s = &search->settings;
    uint64_t sure = left_for_sure(search, s->max_nfe, *started); /* every wave so far at its dearest */
    while (*started < s->rollouts && !search->stop_reason) {
        w->size = fitting(search, most, s->rollouts - *started, positions_left(search));
        if (w->size == 0) {
            search->stop_reason = "nfe";
            break;
        }
        size_t certain = fitting(search, most, s->rollouts - *started, sure);
        sure = left_for_sure(search, sure, certain);
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

/* The rollout that follows the reward: a wave of one place, in which nothing is drawn. */
static int lead_by_reward(MtsSearch *search, Wave *w, size_t *started, MtsError *err)
{
    if (!begins_by_reward(search)) {
        return MTS_OK;
    }
    w->size = *started = 1;
    w->trail.by_reward = true;
    int rc = one_wave(search, w, 0, false, err);
    w->trail.by_reward = false;
    return rc;
}

static int lead(MtsSearch *search, Wave *w, size_t most, MtsError *err)
{
    size_t started = 0;
    int rc;
    if ((rc = lead_by_reward(search, w, &started, err)) || (rc = lead_planned(search, w, most, &started, err)) ||
        (rc = lead_further(search, w, most, started, err))) {
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
              .draw.taken = mts_calloc(most, sizeof *w.draw.taken),
              .held = mts_calloc(most, sizeof *w.held),
              .draw.best = mts_calloc(most, sizeof *w.draw.best),
              .nodes = mts_calloc(most, sizeof(MtsNode *))};
    bool ok = w.swarm && w.next && w.draw.taken && w.held && w.draw.best && w.nodes;
    int rc = ok ? lead(search, &w, most, err) : mts_out_of_memory(err);
    free(w.swarm);
    free(w.next);
    free(w.draw.taken);
    free(w.held);
    free(w.draw.best);
    free((void *)w.nodes);
    free(w.draw.options);
    free(w.draw.breaks);
    mts_wave_clear(&w.trail);
    return rc;
}
