/* search/maxent/estimate.c - an additive model of the reward.
 *
 * Search has to tell, from ten or thirty scored texts, where large tilts exp(lambda r) are still to be found. Means of
 * tilts do badly at that: at lambda = 3 one lucky text outweighs all others. So the model is one of rewards,
 *
 *     r(x) = mu + sum over depths t of tok[t, x_t] + sum over proper prefixes s of x of pre[s] + noise
 *
 * with independent Gaussian effects: what a token does at its place, wherever it stands; what a prefix does beyond
 * its tokens; and what no other text shares. All texts inform all others: a token seen to help under one prefix is
 * tried under the others, which is what no average below a node can tell. With s2 the variance of the rewards seen,
 * L the mean length of the texts and c the shrinkage (3), the variances are, to begin with,
 *
 *     token  4/(c+5) s2 / L        prefix  1/(c+5) s2 / L        noise  c/(c+5) s2
 *
 * Everything is a ratio to s2 or relative to mu: a constant added to the reward changes nothing but mu, and scaling
 * it by a constant is as good as scaling lambda. The shares were chosen on random tables of five kinds (docs/
 * algorithm.md). Long texts have many effects of little weight each, as it should be: a position among a hundred says
 * little. After each fit the shares of the next are learnt, by one step of expectation-maximisation from where they
 * stand, with the usual ones beside it as if so many effects or texts had shown them: of tokens at each depth (2
 * effects), of prefixes (10 effects) and of noise (8 texts). So where the first token decides, others are tried there.
 *
 * Fit. Given all others, the best guess of one effect is the sum of what is left of the rewards of its n texts, over
 * n + noise/variance. Two rounds of that over mu, the tokens depth by depth and the prefixes depth by depth, starting
 * from the last fit's values (Gauss-Seidel on the normal equations), are as good as the solution. An effect of n texts
 * keeps the variance  1/(1/variance + n/noise). Texts share most of their ways (a sweep adds a dozen that differ in
 * their last token), so what is left of them is kept as its sum below each prefix: an effect that changes by d takes
 * n d from that of each prefix below, n being the texts there, and d goes down the levels with the relaxation as a
 * shift of all that is below. So a round costs as much as there are prefixes, not as much as texts have tokens.
 *
 * Outlook. A prefix's mean is mu plus the effects along it; its variance is the noise, what is unknown of the effects
 * along it, and the variance of those still to come, L less its depth in number. A Gaussian reward has
 *
 *     log mean exp(lambda r) = lambda mean + y^2/2,  y = lambda * standard deviation
 *
 * and this is log E while y <= 1. The larger y is, the more that mean lies with texts so rare that no search
 * meets them; from y = 1 on log E goes on along the tangent, lambda mean + y - 1/2: one standard deviation of
 * hope, at any lambda.
 *
 * Prefix rewards. Where the reward scores prefixes, phi(s), the effect of a prefix is expected to be b times what it
 * adds, phi(s) - phi(parent), and no longer 0: a text then counts what its reward has beyond b phi of its last prefix,
 * an untried prefix has its own, and one that texts were seen below is corrected by them. phi(root) is 0: mu has the
 * rest. How far phi is to be trusted is learnt. After each fit the effects say what b would have been: with the mean of
 * what is left of n texts, m = value + noise/(variance n) (value - expected), of variance `variance + noise/n`,
 *
 *     b  =  (4 + sum of m gain / (variance + noise/n)) / (4 + sum of gain^2 / (variance + noise/n))        at least 0
 *
 * is the regression of m on the gains with a prior of 1 +- 1/2. The variance of prefixes is that about their
 * expectation: an exact phi keeps b = 1 and little scatter, a blurred one is soon overruled by what texts show.
 *
 * Experience. Where finished searches under rewards of prefixes have taught what is to come behind the last tokens of a
 * prefix, f(s) (search/experience.c), a prefix is expected to lead to f(s) more, and a text counts what its reward has
 * beyond f of its own last tokens. f(root) is 0.
 *
 * A reward of minus infinity stands below the smallest finite one, by the standard deviation of the finite ones or by
 * 1/lambda, whichever is larger. */
#include "search/maxent/estimate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

enum { ROUNDS = 2 };

void mts_estimate_init(MtsEstimate *e, double lambda, double shrinkage)
{
    *e = (MtsEstimate){.lambda = lambda, .shrinkage = shrinkage, .trust = 1};
}

void mts_estimate_free(MtsEstimate *e)
{
    for (size_t i = 0; i < e->level_count; i++) {
        free(e->levels[i].spots);
        free(e->levels[i].tokens);
    }
    free(e->levels);
    free(e->tokens);
    free(e->keys);
    free(e->slots);
    free(e->spot_of);
    free((void *)e->way);
    free((void *)e->texts);
    free(e->left);
    *e = (MtsEstimate){0};
}

/* ---- token effects, found by (depth, token) ---- */

static uint64_t key_of(size_t depth, int32_t token)
{
    return (uint64_t)depth << 32 | (uint32_t)token;
}

/* The slot of the key, or the empty one where it belongs. */
static size_t slot_of(const MtsEstimate *e, uint64_t key)
{
    uint64_t h = key * 0x9E3779B97F4A7C15u;
    size_t at = (size_t)(h >> 32 ^ h) & (e->slot_count - 1);
    while (e->slots[at] && e->keys[e->slots[at] - 1] != key) {
        at = (at + 1) & (e->slot_count - 1);
    }
    return at;
}

static const MtsTokenEffect *find_token(const MtsEstimate *e, size_t depth, int32_t token)
{
    if (e->slot_count == 0) {
        return NULL;
    }
    uint32_t index = e->slots[slot_of(e, key_of(depth, token))];
    return index ? &e->tokens[index - 1] : NULL;
}

static bool widen(MtsEstimate *e)
{
    size_t count = e->slot_count ? e->slot_count * 2 : 64;
    uint32_t *slots = mts_calloc(count, sizeof *slots);
    if (!slots) {
        return false;
    }
    free(e->slots);
    e->slots = slots;
    e->slot_count = count;
    for (size_t i = 0; i < e->token_count; i++) {
        e->slots[slot_of(e, e->keys[i])] = (uint32_t)i + 1;
    }
    return true;
}

static bool make_token(MtsEstimate *e, size_t depth, int32_t token, uint32_t *index)
{
    if (2 * (e->token_count + 1) > e->slot_count && !widen(e)) {
        return false;
    }
    size_t at = slot_of(e, key_of(depth, token));
    if (!e->slots[at]) {
        MtsLevel *level = &e->levels[depth];
        if (e->token_count == UINT32_MAX - 1 ||
            !mts_grow(&e->tokens, &e->token_cap, e->token_count + 1, sizeof *e->tokens) ||
            !mts_grow(&e->keys, &e->key_cap, e->token_count + 1, sizeof *e->keys) ||
            !mts_grow(&level->tokens, &level->token_cap, level->token_count + 1, sizeof *level->tokens)) {
            return false;
        }
        level->tokens[level->token_count++] = (uint32_t)e->token_count;
        e->tokens[e->token_count] = (MtsTokenEffect){0};
        e->keys[e->token_count++] = key_of(depth, token);
        e->slots[at] = (uint32_t)e->token_count;
    }
    *index = e->slots[at] - 1;
    return true;
}

/* phi of a prefix as far as it is known; 0 for the root, and for one that no text with a tilt is below. */
static double phi(const MtsNode *prefix)
{
    return prefix->parent && prefix->scored && prefix->reward != -HUGE_VAL ? prefix->reward : 0;
}

/* What a prefix adds to the reward before any text is seen below it. */
static double gain(const MtsNode *node)
{
    return node->finished || !node->scored || node->reward == -HUGE_VAL ? 0 : phi(node) - phi(node->parent);
}

/* ---- texts ---- */

/* The node's spot; NULL where no added text is below it. */
static MtsSpot *find_spot(const MtsEstimate *e, const MtsNode *node)
{
    bool there = node->id < e->spot_cap && e->spot_of[node->id] > 0;
    return there ? &e->levels[node->depth].spots[e->spot_of[node->id] - 1] : NULL;
}

/* The level of a depth, at most one deeper than there is; NULL: memory ran out. */
static MtsLevel *make_level(MtsEstimate *e, size_t depth)
{
    if (depth < e->level_count) {
        return &e->levels[depth];
    }
    if (!mts_grow(&e->levels, &e->level_cap, depth + 1, sizeof *e->levels)) {
        return NULL;
    }
    e->levels[depth] = (MtsLevel){.variance = e->token_variance, .prior = e->token_prior};
    e->level_count = depth + 1;
    return &e->levels[depth];
}

/* A spot for a node whose parent has one. */
static bool make_spot(MtsEstimate *e, const MtsNode *node)
{
    MtsLevel *level = make_level(e, node->depth);
    size_t before = e->spot_cap;
    MtsSpot spot = {.gain = gain(node), .inner = !node->finished};
    if (!level || level->count == UINT32_MAX - 1 ||
        (node->parent && !make_token(e, node->depth, node->token, &spot.token)) ||
        !mts_grow(&level->spots, &level->cap, level->count + 1, sizeof *level->spots) ||
        !mts_grow(&e->spot_of, &e->spot_cap, (size_t)node->id + 1, sizeof *e->spot_of)) {
        return false;
    }
    memset(e->spot_of + before, 0, (e->spot_cap - before) * sizeof *e->spot_of);
    if (node->parent) {
        spot.parent = e->spot_of[node->parent->id] - 1;
        spot.expected = find_spot(e, node->parent)->expected + spot.gain;
        spot.value = e->trust * spot.gain;
    }
    level->spots[level->count++] = spot;
    e->spot_of[node->id] = (uint32_t)level->count;
    return true;
}

bool mts_estimate_add(MtsEstimate *e, const MtsNode *text)
{
    if (!mts_grow(&e->texts, &e->text_cap, e->text_count + 1, sizeof *e->texts) ||
        !mts_grow(&e->left, &e->left_cap, e->text_count + 1, sizeof *e->left) ||
        !mts_grow(&e->way, &e->way_cap, (size_t)text->depth + 1, sizeof *e->way)) {
        return false;
    }
    for (const MtsNode *node = text; node; node = node->parent) {
        e->way[node->depth] = node;
    }
    for (size_t depth = 0; depth <= text->depth; depth++) {
        const MtsNode *node = e->way[depth];
        if (!find_spot(e, node) && !make_spot(e, node)) {
            return false;
        }
        MtsSpot *spot = find_spot(e, node);
        spot->texts += 1;
        if (depth > 0) {
            e->tokens[spot->token].texts += 1;
        }
    }
    e->texts[e->text_count++] = text;
    return true;
}

/* ---- the fit ---- */

/* Mean squares about the mean of the finite numbers in left[]; of fewer than three, one more of size 1/lambda is
 * taken for granted: a difference that would make a difference. */
static double variance_of(const MtsEstimate *e)
{
    double n = 0, mean = 0, m2 = 0;
    for (size_t i = 0; i < e->text_count; i++) {
        if (e->left[i] != -HUGE_VAL) {
            double delta = e->left[i] - mean;
            n += 1;
            mean += delta / n;
            m2 += delta * (e->left[i] - mean);
        }
    }
    return n < 3 ? (m2 + 1 / (e->lambda * e->lambda)) / n : m2 / (n - 1);
}

void mts_turn_before(const MtsNode *node, int32_t last[MTS_TURN_TOKENS - 1])
{
    for (size_t i = 0; i + 1 < MTS_TURN_TOKENS; i++) {
        node = node ? node->parent : NULL;
        last[i] = node && node->parent ? node->token : MTS_NO_TOKEN;
    }
}

/* What experience says of a text. */
static double to_come(const MtsEstimate *e, const MtsNode *text)
{
    int32_t last[MTS_TURN_TOKENS - 1];
    mts_turn_before(text, last);
    return e->experience && text->parent ? mts_experience_value(e->experience, text->token, last) : 0;
}

/* What the rewards have beyond what their prefixes and experience made expect, into left[], and its variance. false:
 * none is finite. */
static bool take_rewards(MtsEstimate *e, double *variance)
{
    double least = HUGE_VAL, tokens = 0;
    for (size_t i = 0; i < e->text_count; i++) {
        double r = e->texts[i]->reward;
        e->left[i] = r - e->trust * find_spot(e, e->texts[i])->expected - to_come(e, e->texts[i]);
        tokens += e->texts[i]->depth;
        least = r != -HUGE_VAL && r < least ? r : least;
    }
    if (least == HUGE_VAL) {
        return false;
    }
    e->length = tokens / (double)e->text_count;
    double bad = least - fmax(sqrt(variance_of(e)), 1 / e->lambda);
    for (size_t i = 0; i < e->text_count; i++) {
        e->left[i] = e->left[i] == -HUGE_VAL ? bad : e->left[i];
    }
    *variance = variance_of(e);
    return true;
}

/* noise / variance; 0 where nothing scatters. */
static double prior_of(const MtsEstimate *e, double variance)
{
    return e->noise > 0 ? e->noise / variance : 0;
}

/* The usual variances of what has that of the rewards. */
static double usual_noise(const MtsEstimate *e)
{
    return e->shrinkage / (e->shrinkage + 5) * e->variance;
}

static double usual_prefix(const MtsEstimate *e)
{
    return 1 / (e->shrinkage + 5) / e->length * e->variance;
}

static void set_variances(MtsEstimate *e, double variance)
{
    e->variance = variance;
    e->noise = e->noise_share > 0 ? e->noise_share * variance : usual_noise(e);
    e->token_variance = 4 * usual_prefix(e);
    e->prefix_variance = e->prefix_share > 0 ? e->prefix_share * variance : usual_prefix(e);
    e->token_prior = prior_of(e, e->token_variance);
    e->prefix_prior = prior_of(e, e->prefix_variance);
    for (size_t depth = e->level_count; depth-- > 0;) {
        MtsLevel *level = &e->levels[depth], *below = level + 1;
        bool last = depth + 1 == e->level_count;
        level->variance = level->share > 0 ? level->share * variance : e->token_variance;
        level->prior = prior_of(e, level->variance);
        double next = fmin(fmax(e->length - (double)depth, 0), 1);
        level->to_come = last ? 0 : below->to_come + next * (below->variance + e->prefix_variance);
    }
}

/* Takes what the effects were shifted by from what is left of the texts, and sums that up: of what is left below a
 * prefix nothing may be there yet. */
static void settle(MtsEstimate *e)
{
    for (size_t depth = e->level_count; --depth > 0;) {
        const MtsLevel *level = &e->levels[depth], *above = &e->levels[depth - 1];
        for (size_t i = 0; i < level->count; i++) {
            MtsSpot *s = &level->spots[i];
            s->left -= s->inner ? 0 : s->shift;
            above->spots[s->parent].left += s->left;
        }
    }
}

/* What all effects leave of the rewards in left[]. */
static void begin(MtsEstimate *e)
{
    e->levels[0].spots[0].shift = e->mean;
    e->levels[0].spots[0].left = 0;
    for (size_t depth = 1; depth < e->level_count; depth++) {
        const MtsLevel *level = &e->levels[depth], *above = &e->levels[depth - 1];
        for (size_t i = 0; i < level->count; i++) {
            MtsSpot *s = &level->spots[i];
            s->shift = above->spots[s->parent].shift + e->tokens[s->token].value + s->value - e->trust * s->gain;
            s->left = 0;
        }
    }
    for (size_t i = 0; i < e->text_count; i++) {
        find_spot(e, e->texts[i])->left = e->left[i];
    }
    settle(e);
}

/* What is left below the root has been used, and what it is shifted by. */
static void relax_mean(MtsEstimate *e)
{
    MtsSpot *root = &e->levels[0].spots[0];
    root->shift = root->left / (double)e->text_count;
    root->left = 0;
    e->mean += root->shift;
}

/* The effects of tokens at one depth, given those above; shifts along. */
static void relax_tokens(MtsEstimate *e, const MtsLevel *level, const MtsLevel *above)
{
    for (size_t i = 0; i < level->token_count; i++) {
        e->tokens[level->tokens[i]].sum = 0;
    }
    for (size_t i = 0; i < level->count; i++) {
        MtsSpot *s = &level->spots[i];
        s->shift = above->spots[s->parent].shift;
        e->tokens[s->token].sum += s->left - s->texts * s->shift;
        s->left = s->inner ? 0 : s->left;
    }
    for (size_t i = 0; i < level->token_count; i++) {
        MtsTokenEffect *effect = &e->tokens[level->tokens[i]];
        double value = (effect->sum + effect->texts * effect->value) / (effect->texts + level->prior);
        effect->sum = value - effect->value;
        effect->value = value;
    }
    for (size_t i = 0; i < level->count; i++) {
        level->spots[i].shift += e->tokens[level->spots[i].token].sum;
    }
}

/* The effects of prefixes at one depth. */
static void relax_prefixes(MtsEstimate *e, const MtsLevel *level, const MtsLevel *above)
{
    for (size_t i = 0; i < level->count; i++) {
        MtsSpot *s = &level->spots[i];
        s->shift = above->spots[s->parent].shift;
        if (s->inner) {
            double sum = s->left - s->texts * s->shift;
            double value =
                (sum + s->texts * s->value + e->prefix_prior * e->trust * s->gain) / (s->texts + e->prefix_prior);
            s->shift += value - s->value;
            s->value = value;
            s->left = 0;
        }
    }
}

/* 1 / (1/variance + texts/noise), where prior is noise/variance. */
static double variance_left(double variance, double prior, double texts)
{
    return texts == 0 ? variance : variance * (prior / (texts + prior));
}

/* How far prefix rewards are to be trusted from now on, and how much the effects of prefixes scatter. */
static void learn_prefixes(MtsEstimate *e)
{
    double squares = 10 * usual_prefix(e), effects = 10, up = 4, down = 4;
    for (size_t depth = 1; depth < e->level_count; depth++) {
        for (size_t i = 0; i < e->levels[depth].count; i++) {
            const MtsSpot *p = &e->levels[depth].spots[i];
            if (p->inner) {
                double off = p->value - e->trust * p->gain;
                double seen = p->value + e->prefix_prior / p->texts * off;
                double spread = e->prefix_variance + e->noise / p->texts;
                up += seen * p->gain / spread;
                down += p->gain * p->gain / spread;
                squares += off * off + variance_left(e->prefix_variance, e->prefix_prior, p->texts);
                effects += 1;
            }
        }
    }
    e->trust = fmax(up / down, 0);
    e->prefix_share = squares / effects / e->variance;
}

/* How much the effects of tokens scatter at each depth. */
static void learn_tokens(MtsEstimate *e)
{
    for (size_t depth = 1; depth < e->level_count; depth++) {
        MtsLevel *level = &e->levels[depth];
        double squares = 2 * e->token_variance;
        for (size_t i = 0; i < level->token_count; i++) {
            const MtsTokenEffect *effect = &e->tokens[level->tokens[i]];
            squares += effect->value * effect->value + variance_left(level->variance, level->prior, effect->texts);
        }
        level->share = squares / ((double)level->token_count + 2) / e->variance;
    }
}

/* How much is left of the texts. What the effects took of it is counted by how many of them there are, as it were: of
 * one of n texts n / (n + prior). */
static void learn_noise(MtsEstimate *e)
{
    double squares = 8 * usual_noise(e), texts = (double)e->text_count, taken = 0;
    for (size_t depth = 1; depth < e->level_count; depth++) {
        const MtsLevel *level = &e->levels[depth];
        for (size_t i = 0; i < level->count; i++) {
            const MtsSpot *s = &level->spots[i];
            squares += s->inner ? 0 : s->left * s->left;
            taken += s->inner ? s->texts / (s->texts + e->prefix_prior) : 0;
        }
        for (size_t i = 0; i < level->token_count; i++) {
            double n = e->tokens[level->tokens[i]].texts;
            taken += n / (n + level->prior);
        }
    }
    e->noise_share = (squares + e->noise * fmin(taken, texts)) / (texts + 8) / e->variance;
}

static void learn_variances(MtsEstimate *e)
{
    if (e->noise > 0 && e->prefix_variance > 0) {
        learn_noise(e);
        learn_tokens(e);
        learn_prefixes(e);
    }
}

bool mts_estimate_fit(MtsEstimate *e)
{
    double variance;
    if (e->lambda == 0 || !mts_estimate_is_due(e->fitted, e->text_count) || !take_rewards(e, &variance)) {
        return false;
    }
    e->fitted = e->text_count;
    set_variances(e, variance);
    begin(e);
    for (int round = 0; round < ROUNDS; round++) {
        relax_mean(e);
        for (size_t t = 1; t < e->level_count; t++) {
            relax_tokens(e, &e->levels[t], &e->levels[t - 1]);
        }
        settle(e);
        e->levels[0].spots[0].shift = e->levels[0].spots[0].left = 0;
        for (size_t t = 1; t < e->level_count; t++) {
            relax_prefixes(e, &e->levels[t], &e->levels[t - 1]);
        }
        settle(e);
    }
    learn_variances(e);
    return true;
}

/* ---- the outlook ---- */

MtsOutlook mts_estimate_root(const MtsEstimate *e)
{
    return (MtsOutlook){.mean = e->mean, .variance = e->noise, .last = {MTS_NO_TOKEN, MTS_NO_TOKEN}};
}

static void look_back(const MtsEstimate *e, MtsOutlook *outlook, int32_t token)
{
    if (e->experience && token >= 0) {
        double now = mts_experience_value(e->experience, token, outlook->last);
        outlook->mean += now - outlook->to_come;
        outlook->to_come = now;
        outlook->last[1] = outlook->last[0];
        outlook->last[0] = token;
    }
}

MtsOutlook mts_estimate_step(const MtsEstimate *e, MtsOutlook outlook, size_t depth, int32_t token, const MtsNode *node)
{
    const MtsTokenEffect *effect = find_token(e, depth, token);
    look_back(e, &outlook, token);
    outlook.mean += effect ? effect->value : 0;
    outlook.variance += effect ? variance_left(e->levels[depth].variance, e->levels[depth].prior, effect->texts)
                        : depth < e->level_count ? e->levels[depth].variance
                                                 : e->token_variance;
    const MtsSpot *spot = node ? find_spot(e, node) : NULL;
    outlook.mean += spot ? spot->value : node ? e->trust * gain(node) : 0;
    outlook.variance += variance_left(e->prefix_variance, e->prefix_prior, spot ? spot->texts : 0);
    return outlook;
}

double mts_estimate_log(const MtsEstimate *e, MtsOutlook outlook, size_t depth, bool finished)
{
    if (e->fitted == 0) {
        return e->lambda * outlook.mean; /* of prefix rewards, where there are any */
    }
    double to_come = finished || depth >= e->level_count ? 0 : e->levels[depth].to_come;
    double y = e->lambda * sqrt(outlook.variance + to_come);
    return e->lambda * outlook.mean + (y <= 1 ? y * y / 2 : y - 0.5);
}

double mts_estimate_gain(const MtsEstimate *e, double trust, const MtsNode *node)
{
    return node->scored && node->reward == -HUGE_VAL ? -HUGE_VAL : e->lambda * trust * gain(node);
}

double mts_estimate_token(const MtsEstimate *e, size_t depth, int32_t token)
{
    const MtsTokenEffect *effect = find_token(e, depth, token);
    return effect ? e->lambda * effect->value : 0;
}

double mts_estimate_highest(const MtsEstimate *e, size_t depth)
{
    double highest = -HUGE_VAL;
    for (size_t i = 0; i < e->levels[depth].token_count; i++) {
        highest = fmax(highest, e->tokens[e->levels[depth].tokens[i]].value);
    }
    return highest;
}
