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
 * keeps the texts it has and is no part of Z^. */
#include "search/maxent/maxent.h"

#include <stdlib.h>

#include "core/mem.h"
#include "core/sort.h"

typedef struct Particle {
    MtsNode *node;
    MtsOutlook outlook;
    double log_w; /* log of p(node) over the probability that the wave stands there */
} Particle;

typedef struct Held { /* a text that has a place while the wave goes on */
    size_t found;
    double log_w; /* what it competes with */
} Held;

typedef struct Option {   /* what may have one of the places of the next step */
    MtsNode *node;        /* NULL: made when it is taken; of OTHERS: drawn then */
    size_t from, entry;   /* of a token: the particle and the entry of its distribution */
    double log_w;         /* as a particle's, before it is taken */
    double plain, guided; /* log of what it competes with, without and with E */
    double score;         /* that relative to the sum; of one that was taken: the probability of that */
} Option;

#define NONE SIZE_MAX         /* as a particle: of a text, whose entry is its index among those found */
#define OTHERS (SIZE_MAX - 1) /* as an entry: those that are not looked up */

/* What has less than this part of an even share of a place goes on with a smaller chance, even where places are left: a
 * wave ends sooner instead of finishing what is hopeless. */
#define FLOOR 0.01

typedef struct Wave {
    Particle *swarm, *next; /* [size] */
    size_t size, count;     /* places; prefixes in the swarm */
    Option *options;        /* [option_count] */
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

static bool add_option(Wave *w, Option option)
{
    if (!mts_grow(&w->options, &w->option_cap, w->option_count + 1, sizeof *w->options)) {
        return false;
    }
    w->options[w->option_count++] = option;
    return true;
}

/* A text that the wave has just had scored, with its weight in z. */
static bool add_found(const MtsRun *run, Wave *w, MtsNode *text, double log_w)
{
    MtsWave *t = &w->trail;
    if (!mts_grow(&t->found, &t->found_cap, t->found_count + 1, sizeof *t->found)) {
        return false;
    }
    t->found[t->found_count++] = (MtsFound){text, log_w, MTS_NO_PLACE};
    mts_log_sum_add(&w->z, log_w + mts_run_tilt(run, text));
    return true;
}

static bool add_text(const MtsRun *run, Wave *w, size_t found, double log_w)
{
    const MtsFound *f = &w->trail.found[found];
    return add_option(w, (Option){.node = f->text,
                                  .from = NONE,
                                  .entry = found,
                                  .log_w = log_w,
                                  .plain = -HUGE_VAL,
                                  .guided = log_w + mts_run_tilt(run, f->text)});
}

/* ---- one step ---- */

static int evaluate(MtsRun *run, Wave *w, MtsError *err)
{
    int rc = MTS_OK;
    for (size_t i = 0; i < w->count && rc == MTS_OK; i++) {
        w->nodes[i] = w->swarm[i].node;
        rc = w->nodes[i]->parent ? mts_run_need(run, w->nodes[i]->parent, err) : MTS_OK;
    }
    return rc == MTS_OK ? mts_run_evaluate(run, w->nodes, w->count, err) : rc;
}

/* Whether the entry's child is a text that is scored as the wave comes by: one of the likeliest. */
static bool is_swept(const MtsRun *run, const MtsNode *node, size_t entry, size_t *left)
{
    bool swept = *left > 0 && node->dist.logp[entry] >= MTS_SWEEP_LOGP && mts_maxent_finished(run, node, entry);
    *left -= swept;
    return swept;
}

/* All rewards that the step needs: those of its prefixes, of what is looked ahead at, and of what is swept. */
static int score(MtsRun *run, Wave *w, MtsError *err)
{
    MtsMaxent *m = run->own;
    size_t n = 0;
    int rc = MTS_OK;
    for (size_t i = 0; i < w->count && rc == MTS_OK; i++) {
        MtsNode *node = w->swarm[i].node;
        rc = mts_maxent_ask_ahead(run, node, &n, err);
        size_t left = run->settings.sweep;
        for (size_t e = 0; e < node->dist.count && left > 0 && rc == MTS_OK; e++) {
            if (is_swept(run, node, e, &left)) {
                MtsNode *text = mts_run_child(run, node, e);
                if (!text || !mts_grow(&m->asked, &m->asked_cap, n + 1, sizeof(MtsNode *))) {
                    return mts_out_of_memory(err);
                }
                m->asked[n++] = text;
            }
        }
    }
    return rc == MTS_OK ? mts_run_score(run, m->asked, n, err) : rc;
}

/* lambda times what the prefixes looked ahead at are expected to add, their mean by prior. */
static double mean_gain(const MtsRun *run, const MtsNode *node)
{
    const MtsMaxent *m = run->own;
    double sum = 0, mass = 0;
    for (size_t e = 0; e < mts_maxent_looked_ahead(run, node); e++) {
        const MtsNode *child = mts_maxent_foreseen(run, node, e);
        double gain = child ? mts_estimate_gain(&m->estimate, m->estimate.trust, child) : -HUGE_VAL;
        if (gain != -HUGE_VAL) {
            sum += exp(child->logp) * gain;
            mass += exp(child->logp);
        }
    }
    return mass > 0 ? sum / mass : 0;
}

/* What may follow particle `from`. */
static int list_tokens(MtsRun *run, Wave *w, size_t from, MtsError *err)
{
    const MtsMaxent *m = run->own;
    const Particle *p = &w->swarm[from];
    MtsNode *node = p->node;
    size_t left = run->settings.sweep, looked = mts_maxent_looked(node), ahead = mts_maxent_looked_ahead(run, node);
    double scale = node->dist.log_mass - log(node->proposal_mass), mean = mean_gain(run, node);
    for (size_t e = 0; e < node->dist.count; e++) {
        bool swept = is_swept(run, node, e, &left);
        MtsNode *child = mts_nodes_find(&run->nodes, node, node->dist.tokens[e]);
        bool known = child && child->visits > 0;
        double logp = node->dist.logp[e];
        if (logp == -HUGE_VAL || (e >= looked && !known && !swept) || (known && mts_sums(child)->log_u == -HUGE_VAL)) {
            continue;
        }
        Option o = {.node = child, .from = from, .entry = e, .log_w = p->log_w + logp};
        double drawn = p->log_w + log(mts_proposal_weight(run, node, e)) + scale;
        if (swept) {
            mts_sums(child)->log_pi = 0;
            if (!add_found(run, w, child, o.log_w) || !add_text(run, w, w->trail.found_count - 1, o.log_w)) {
                return mts_out_of_memory(err);
            }
            continue;
        } else if (known) {
            o.plain = drawn + mts_sums(child)->log_u;
            o.guided = o.plain + mts_estimate_log(&m->estimate, mts_maxent_outlook(m, p->outlook, child), child->depth,
                                                  child->finished);
        } else {
            o.plain = drawn;
            o.guided = drawn + mts_maxent_log_e(run, node, p->outlook, e) +
                       (e >= ahead && !mts_maxent_finished(run, node, e) ? mean : 0);
        }
        if (!add_option(w, o)) {
            return mts_out_of_memory(err);
        }
    }
    double mass = looked < node->dist.count ? mts_maxent_others_mass(run, node) : 0;
    if (mass > 0) {
        double drawn = p->log_w + log(mass) + scale;
        double guided = drawn + mts_maxent_log_e_others(run, node, p->outlook) + mean;
        Option o = {.from = from, .entry = OTHERS, .log_w = p->log_w, .plain = drawn, .guided = guided};
        return add_option(w, o) ? MTS_OK : mts_out_of_memory(err);
    }
    return MTS_OK;
}

/* Scores from logarithms, which add up to 1; how many are not 0. */
static size_t weigh(Wave *w)
{
    double high = -HUGE_VAL, sum = 0;
    bool guided = false;
    size_t count = 0;
    for (size_t i = 0; i < w->option_count; i++) {
        guided = guided || w->options[i].guided != -HUGE_VAL;
    }
    for (size_t i = 0; i < w->option_count; i++) {
        Option *o = &w->options[i];
        o->score = guided ? o->guided : o->plain; /* where nothing is believed to be of use: without E */
        high = o->score > high ? o->score : high;
    }
    for (size_t i = 0; i < w->option_count; i++) {
        Option *o = &w->options[i];
        o->score = o->score == -HUGE_VAL ? 0 : exp(o->score - high);
        sum += o->score;
        count += o->score > 0;
    }
    for (size_t i = 0; i < w->option_count && sum > 0; i++) {
        w->options[i].score /= sum;
    }
    return count;
}

/* The threshold c with sum of min(1, score / c) = places, but at least FLOOR of an even share. count: the scores above
 * 0. */
static double threshold(Wave *w, size_t count)
{
    size_t places = w->size, n = 0;
    double rest = 0;
    if (count <= places) {
        return FLOOR / (double)places;
    }
    for (size_t i = 0; i < w->option_count; i++) { /* the `places` largest, descending; rest: the sum of all others */
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
    double c = 0;
    for (size_t k = places; k-- > 0;) { /* as many as pass for certain, least first */
        rest += w->best[k];
        if (k == 0 || w->best[k - 1] >= rest / (double)(places - k)) {
            c = rest / (double)(places - k);
            break;
        }
    }
    return c > FLOOR / (double)places ? c : FLOOR / (double)places;
}

/* Takes options in proportion to their scores, each at most once: those of at least c for certain, the others by one
 * draw that is the same in each c of their cumulative scores. */
static int take(MtsRun *run, Wave *w, MtsRng *rng, double c, size_t *count, MtsError *err)
{
    double sum = 0, u;
    size_t n = 0, breaks = 0;
    *count = 0;
    if (!mts_grow(&w->breaks, &w->break_cap, w->option_count + 1, sizeof *w->breaks)) {
        return mts_out_of_memory(err);
    }
    for (size_t i = 0; i < w->option_count && run->script; i++) {
        if (w->options[i].score > 0 && w->options[i].score < c) {
            sum += w->options[i].score / c;
            double at = sum - floor(sum);
            if (at > 1e-13 && at < 1 - 1e-13) { /* else it is a whole number but for rounding */
                w->breaks[breaks++] = at;
            }
        }
    }
    mts_sort_doubles(w->breaks, breaks);
    u = mts_uniform(run->script, rng, w->breaks, breaks);
    sum = 0;
    for (size_t i = 0; i < w->option_count; i++) {
        Option *o = &w->options[i];
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

/* The option's node, its weight from now on. A text is scored and among those found. */
static int settle(MtsRun *run, Wave *w, MtsRng *rng, Option *o, MtsError *err)
{
    MtsNode *node = w->swarm[o->from].node;
    double log_pi = log(o->score);
    if (o->entry == OTHERS) {
        double mass = mts_maxent_others_mass(run, node);
        if (!mts_draw_unknown(run, rng, node, mts_maxent_looked(node), mass, &o->entry)) {
            return mts_out_of_memory(err);
        }
        o->log_w += node->dist.logp[o->entry];
        log_pi += log(mts_proposal_weight(run, node, o->entry)) - log(mass);
        o->node = NULL;
    }
    o->node = o->node ? o->node : mts_run_child(run, node, o->entry);
    if (!o->node) {
        return mts_out_of_memory(err);
    }
    mts_sums(o->node)->log_pi = log_pi;
    o->log_w -= log_pi;
    if (!o->node->finished) {
        return MTS_OK;
    }
    int rc = mts_run_score(run, &o->node, 1, err);
    return rc != MTS_OK || add_found(run, w, o->node, o->log_w) ? rc : mts_out_of_memory(err);
}

static int step(MtsRun *run, Wave *w, MtsRng *rng, MtsError *err)
{
    const MtsMaxent *m = run->own;
    size_t count = 0, live = 0, held = 0;
    int rc = evaluate(run, w, err);
    rc = rc == MTS_OK ? score(run, w, err) : rc;
    w->option_count = 0;
    for (size_t i = 0; i < w->held_count && rc == MTS_OK; i++) {
        rc = add_text(run, w, w->held[i].found, w->held[i].log_w) ? MTS_OK : mts_out_of_memory(err);
    }
    for (size_t i = 0; i < w->count && rc == MTS_OK; i++) {
        Particle *p = &w->swarm[i];
        if (p->node->parent) { /* its reward is there now, whether it was looked ahead at or not */
            p->outlook = mts_maxent_outlook(m, p->outlook, p->node);
        }
        rc = mts_node_is_dead(p->node) ? MTS_OK : list_tokens(run, w, i, err);
    }
    if (rc != MTS_OK) {
        return rc;
    }
    double c = threshold(w, weigh(w));
    rc = take(run, w, rng, c, &count, err);
    for (size_t i = 0; i < count && rc == MTS_OK; i++) {
        Option *o = &w->options[w->taken[i]];
        MtsWave *t = &w->trail;
        if (o->from == NONE) {
            w->held[held++] = (Held){o->entry, o->log_w - log(o->score)};
            continue;
        }
        rc = settle(run, w, rng, o, err);
        if (rc == MTS_OK && o->node->finished) {
            w->held[held++] = (Held){t->found_count - 1, o->log_w};
        }
        if (rc != MTS_OK || o->node->finished) {
            continue;
        }
        if (!mts_grow(&t->passed, &t->passed_cap, t->passed_count + 1, sizeof *t->passed)) {
            return mts_out_of_memory(err);
        }
        t->passed[t->passed_count++] = (MtsPassed){.node = o->node, .log_pi = mts_sums(o->node)->log_pi};
        w->next[live++] = (Particle){o->node, w->swarm[o->from].outlook, o->log_w};
    }
    Particle *swarm = w->swarm;
    w->swarm = w->next;
    w->next = swarm;
    w->count = live;
    w->held_count = held;
    return rc;
}

/* Which of the texts are the wave's rollouts. */
static int choose_texts(MtsRun *run, Wave *w, MtsRng *rng, MtsError *err)
{
    size_t count = 0;
    w->option_count = 0;
    for (size_t i = 0; i < w->trail.found_count; i++) {
        if (!add_text(run, w, i, w->trail.found[i].log_w)) {
            return mts_out_of_memory(err);
        }
    }
    double c = threshold(w, weigh(w));
    int rc = take(run, w, rng, c, &count, err);
    for (size_t place = 0; place < count && rc == MTS_OK; place++) {
        const Option *o = &w->options[w->taken[place]];
        w->trail.found[o->entry].place = place;
        mts_sums(o->node)->log_pi += log(o->score);
    }
    return rc;
}

/* ---- its end ---- */

/* Lists a node that was come by as a known child, and all above it. */
static void make_known(MtsNode *node)
{
    for (; node && node->visits == 0; node = node->parent) {
        mts_node_visit(node);
    }
}

/* The texts that have a place, as rollouts, in the order of their places. */
static int make_rollouts(MtsRun *run, const MtsWave *t, double log_z, MtsError *err)
{
    for (size_t place = 0, i = 0; i < t->found_count;) {
        if (t->found[i].place != place) {
            i++;
            continue;
        }
        MtsNode *text = t->found[i].text;
        MtsRollout *r = mts_calloc(1, sizeof *r);
        if (!r || !mts_grow(&run->log, &run->log_cap, run->log_count + 1, sizeof(MtsRollout *))) {
            free(r);
            return mts_out_of_memory(err);
        }
        run->log[run->log_count] = r;
        *r = (MtsRollout){.index = run->log_count++, .node = text, .started = run->done, .log_z = log_z, .fresh = true};
        if (!mts_grow(&r->choices, &r->choice_cap, text->depth, sizeof *r->choices)) {
            return mts_out_of_memory(err);
        }
        for (const MtsNode *node = text; node->parent; node = node->parent) {
            r->choices[node->depth - 1] = (MtsChoice){.log_q = mts_sums(node)->log_pi};
            r->log_q += mts_sums(node)->log_pi;
            r->left_at += node->parent->visits > 0;
        }
        place++;
        i = 0;
    }
    return MTS_OK;
}

/* Masses of all that the wave came by, deepest first, and the positions it is charged with. */
static void update_passed(MtsRun *run, MtsWave *t)
{
    for (size_t i = t->passed_count; i-- > 0;) {
        MtsPassed *p = &t->passed[i];
        MtsSums *s = mts_sums(p->node);
        if (!p->node->charged) {
            p->node->charged = true;
            run->charged++;
            run->nfe += !p->node->counted; /* of a recorded wave */
            p->node->counted = true;
        }
        p->dead = p->dead || mts_node_is_dead(p->node);
        if (p->dead) {
            make_known(p->node);
            s->log_u = s->log_k = -HUGE_VAL;
        } else if (p->node->visits > 0) {
            if (p->node->evaluated) {
                mts_maxent_update_unseen(run, p->node);
                p->unseen = s->unseen;
                p->unseen_q = s->unseen_q;
            } else {
                s->unseen = p->unseen;
                s->unseen_q = p->unseen_q;
            }
            mts_maxent_update(p->node);
        }
    }
    make_known(run->nodes.root);
    mts_maxent_update_unseen(run, run->nodes.root);
    mts_maxent_update(run->nodes.root);
}

/* Takes a wave into the tree. log_z: of its estimate; NaN: it was cut short. */
static int land(MtsRun *run, MtsWave *t, double log_z, bool counts, MtsError *err)
{
    MtsMaxent *m = run->own;
    size_t first = run->log_count;
    int rc = make_rollouts(run, t, log_z, err);
    for (size_t i = first; i < run->log_count; i++) {
        for (MtsNode *node = run->log[i]->node; node; node = node->parent) {
            mts_node_visit(node);
        }
    }
    for (size_t i = 0; i < t->found_count; i++) {
        make_known(t->found[i].text);
    }
    for (size_t i = 0; i < t->passed_count && rc == MTS_OK; i++) { /* those of a recorded wave were not asked yet */
        rc = t->passed[i].node->visits > 0 ? mts_run_score(run, &t->passed[i].node, 1, err) : MTS_OK;
    }
    for (size_t i = 0; i < t->found_count && rc == MTS_OK; i++) {
        rc = mts_maxent_bring_home(run, t->found[i].text, err);
    }
    if (rc != MTS_OK) {
        return rc;
    }
    update_passed(run, t);
    mts_estimate_fit(&m->estimate);
    if (counts && !isnan(log_z)) {
        mts_log_mean_add(&m->z, log_z);
    }
    for (size_t i = first; i < run->log_count && rc == MTS_OK; i++) {
        const MtsRollout *r = run->log[i];
        run->decode_tokens += r->node->depth;
        run->done++;
        run->reward_sum += r->node->reward;
        run->rewarded_texts++;
        rc = mts_rollout_tell(run, r, err);
    }
    return rc;
}

/* ---- waves ---- */

/* At the step where a search that is being replayed was cut short. */
static bool at_cut(MtsRun *run)
{
    if (!run->cut || run->cut->waves != run->waves || run->cut->steps != run->wave_steps) {
        return false;
    }
    run->stop_reason = run->cut->reason;
    return true;
}

/* Lets the wave run; *whole: it was not cut short. */
static int fly(MtsRun *run, Wave *w, size_t index, bool *whole, MtsError *err)
{
    const MtsMaxent *m = run->own;
    MtsNode *root = run->nodes.root;
    int rc = MTS_OK;
    w->z = MTS_LOG_SUM_ZERO;
    mts_log_sum_add(&w->z, root->visits ? mts_sums(root)->log_k : -HUGE_VAL);
    w->trail.passed_count = w->trail.found_count = w->held_count = 0;
    w->count = 1;
    w->swarm[0] = (Particle){root, mts_estimate_root(&m->estimate), 0};
    *whole = true;
    for (run->wave_steps = 0; w->count > 0 && rc == MTS_OK; run->wave_steps++) {
        MtsRng rng = mts_run_rng(run, index, run->wave_steps);
        if (at_cut(run) || mts_run_stopped(run)) {
            *whole = false;
            break;
        }
        rc = step(run, w, &rng, err);
    }
    MtsRng last = mts_run_rng(run, index, run->wave_steps);
    rc = rc == MTS_OK ? choose_texts(run, w, &last, err) : rc;
    return rc;
}

/* Wave number run->waves, of w->size rollouts, from the one of this index on. */
static int one_wave(MtsRun *run, Wave *w, size_t index, bool counts, MtsError *err)
{
    bool whole = true, recorded = false;
    int rc = mts_checkpoint_read_wave(run->checkpoint, run, w->size, &w->trail, &recorded, err);
    if (rc == MTS_OK && !recorded) {
        rc = fly(run, w, index, &whole, err);
        w->trail.log_z = whole ? mts_log_sum(&w->z) : (double)NAN;
    }
    rc = rc == MTS_OK ? land(run, &w->trail, w->trail.log_z, counts, err) : rc;
    if (rc == MTS_OK && whole) {
        if (!mts_grow(&run->wave_log_z, &run->wave_cap, run->waves + 1, sizeof *run->wave_log_z)) {
            return mts_out_of_memory(err);
        }
        rc = recorded ? MTS_OK : mts_checkpoint_write_wave(run->checkpoint, run->waves, w->size, &w->trail, err);
        run->wave_log_z[run->waves++] = w->trail.log_z;
    }
    return rc;
}

/* How many rollouts the next wave may have: the rest, and what is certain to fit into `left` positions. */
static size_t fitting(const MtsRun *run, size_t most, size_t rollouts, uint64_t left)
{
    size_t size = rollouts < most ? rollouts : most;
    uint64_t each = run->model->max_tokens - 1;
    return run->settings.max_nfe == 0 || each == 0 || left / each > size ? size : (size_t)(left / each);
}

static int lead(MtsRun *run, Wave *w, size_t most, MtsError *err)
{
    const MtsSearchSettings *s = &run->settings;
    size_t started = 0;
    uint64_t sure = s->max_nfe; /* what is left of the limit when every wave so far was at its dearest */
    int rc = MTS_OK;
    while (rc == MTS_OK && started < s->rollouts && !run->stop_reason) {
        uint64_t left = s->max_nfe > run->charged ? s->max_nfe - run->charged : 0;
        w->size = fitting(run, most, s->rollouts - started, left);
        if (w->size == 0) {
            break;
        }
        size_t certain = fitting(run, most, s->rollouts - started, sure);
        sure -= s->max_nfe ? (uint64_t)certain * (run->model->max_tokens - 1) : 0;
        rc = one_wave(run, w, started, certain > 0, err);
        started += w->size;
        if (rc == MTS_OK && !run->stop_reason) {
            run->stop_reason = mts_run_settled(run);
        }
    }
    if (rc == MTS_OK && !run->stop_reason) {
        run->stop_reason = started >= s->rollouts ? "rollouts" : "nfe";
    }
    return rc;
}

int mts_maxent_waves(MtsRun *run, MtsError *err)
{
    const MtsSearchSettings *s = &run->settings;
    size_t most = s->in_flight < s->rollouts ? s->in_flight : s->rollouts;
    Wave w = {.swarm = mts_calloc(most, sizeof *w.swarm),
              .next = mts_calloc(most, sizeof *w.next),
              .taken = mts_calloc(most, sizeof *w.taken),
              .held = mts_calloc(most, sizeof *w.held),
              .best = mts_calloc(most, sizeof *w.best),
              .nodes = mts_calloc(most, sizeof(MtsNode *))};
    bool ok = w.swarm && w.next && w.taken && w.held && w.best && w.nodes;
    int rc = ok ? lead(run, &w, most, err) : mts_out_of_memory(err);
    free(w.swarm);
    free(w.next);
    free(w.taken);
    free(w.held);
    free(w.best);
    free((void *)w.nodes);
    free(w.options);
    free(w.breaks);
    free(w.trail.passed);
    free(w.trail.found);
    return rc;
}
