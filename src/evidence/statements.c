/* evidence/statements.c - see statements.h.
 *
 * An option is read by the first rule that knows its words. Rules are about kinds of statements and know no question by
 * heart; what a rule's number is worth is learnt (evidence/exam.h). All words are compared in lower case. */
#include "evidence/statements.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/number.h"
#include "evidence/measures.h"

enum { LONGEST = 512, MOST = 3, NAMES = 4 };

#define TINY 1e-9

/* A question as the rules see it. */
typedef struct Reading {
    char asks[LONGEST], says[MTS_STATED_MOST][LONGEST]; /* in lower case, what is longer cut */
    size_t count;
    bool numeric, two;
    MtsMeasured one[2];
    MtsLag lag, plain_lag; /* plain: without the trends */
    double alike, unlike_values, causes[2];
} Reading;

static bool has(const char *text, const char *word)
{
    return strstr(text, word) != NULL;
}

static bool begins(const char *text, const char *word)
{
    return strncmp(text, word, strlen(word)) == 0;
}

/* `value` where the option says yes, less it where it says no; false where it says neither. */
static bool yes_or_no(const char *says, double value, double *out)
{
    *out = begins(says, "yes") ? value : -value;
    return begins(says, "yes") || begins(says, "no");
}

/* ---- words for forms ---- */

typedef struct FormWord {
    const char *word;
    int form;
} FormWord;

static const FormWord trend_words[] = {
    {"no trend", MTS_NO_TREND}, {"linear", MTS_LINEAR}, {"exponential", MTS_EXPONENTIAL}, {"log", MTS_LOG}, {0}};
static const FormWord wave_words[] = {{"sine", MTS_SINE},          {"square", MTS_SQUARE},
                                      {"sawtooth", MTS_SAWTOOTH},  {"swatooth", MTS_SAWTOOTH},
                                      {"no pattern", MTS_NO_WAVE}, {0}};

/* The forms that a text names, in its order, at most NAMES. */
static size_t forms_in(const char *text, const FormWord *words, int form[NAMES])
{
    size_t n = 0;
    for (const char *at = text; *at && n < NAMES; at++) {
        for (const FormWord *w = words; w->word; w++) {
            if (begins(at, w->word)) {
                form[n++] = w->form;
                break;
            }
        }
    }
    return n;
}

/* ---- rules: false where an option is none of theirs ---- */

typedef bool StatementRule(const Reading *r, size_t k, double *value);

/* How far a number is from what is measured, in ratios. */
static double nearness(double said, double measured)
{
    double size = fabs(measured) + TINY;
    double ratio = fabs(log((fabs(said) + 0.02 * size) / (1.02 * size)));
    return -2 * ratio - (said * measured < 0 && fabs(said) > 0.1 * size ? 2 : 0);
}

/* The part of the series in which a wave stands out among waves, where one follows another. */
static const MtsForms *part_of(const Reading *r, MtsWaveForm wave)
{
    const MtsMeasured *m = &r->one[0];
    double lead[2];
    for (int h = 0; h < 2; h++) {
        double other = -HUGE_VAL;
        for (int w = MTS_SINE; w < MTS_WAVE_FORMS; w++) {
            other = w == (int)wave ? other : fmax(other, mts_wave_score(&m->half[h], (MtsWaveForm)w));
        }
        lead[h] = mts_wave_score(&m->half[h], wave) - other;
    }
    return has(r->asks, "followed by") ? &m->half[lead[1] > lead[0]] : &m->forms;
}

/* The quantity that a question with numbers asks for; false: none that is measured. */
static bool quantity_of(const Reading *r, double *value)
{
    const MtsMeasured *m = &r->one[0];
    int form[NAMES];
    size_t n = forms_in(r->asks, wave_words, form);
    bool amplitude = has(r->asks, "amplitude");
    if (has(r->asks, "coefficient") || has(r->asks, "slope")) {
        *value = m->line.slope;
    } else if (amplitude || has(r->asks, "period")) {
        MtsWaveForm wave = n ? (MtsWaveForm)form[n - 1] : MTS_SINE;
        const MtsFormFit *fit = mts_wave_fit(part_of(r, wave), wave);
        *value = amplitude ? fabs(fit->gain) : fit->period;
    } else if (has(r->asks, "variance")) {
        *value = m->sd * m->sd;
    } else if (has(r->asks, "noise level") || has(r->asks, "standard deviation")) {
        *value = has(r->asks, "walk") ? m->steps_sd : m->sd;
    } else if (has(r->asks, "mean of")) {
        *value = m->mean;
    } else {
        return false;
    }
    return true;
}

static bool says_number(const Reading *r, size_t k, double *value)
{
    double said, measured;
    if (!r->numeric || r->two || !quantity_of(r, &measured)) {
        return false;
    }
    if (mts_number_parse(r->says[k], strlen(r->says[k]), &said)) {
        *value = nearness(said, measured);
    } else {
        *value = 2 * r->one[0].unrest.variance - 1.5; /* "varies across time" */
    }
    return true;
}

static bool says_lag(const Reading *r, size_t k, double *value)
{
    size_t at = 0, n = strlen(r->says[k]);
    MtsNumber low, high;
    if (!r->two || !has(r->says[k], "between") || !mts_number_next(r->says[k], n, MTS_NUMBERS_LIST, &at, &low) ||
        !mts_number_next(r->says[k], n, MTS_NUMBERS_LIST, &at, &high)) {
        return false;
    }
    double steps = fabs((double)r->lag.steps), off = fmax(low.value - steps, steps - high.value);
    *value = off <= 0 ? 1 : -off / 10;
    return true;
}

/* Of two series each its trend, or both the same. */
static bool says_trends(const Reading *r, size_t k, double *value)
{
    int form[NAMES];
    size_t n = r->two ? forms_in(r->says[k], trend_words, form) : 0;
    if (n == 0 || n > 2) {
        return false;
    }
    *value = (mts_trend_score(&r->one[0].forms, (MtsTrendForm)form[0]) +
              mts_trend_score(&r->one[1].forms, (MtsTrendForm)form[n - 1])) /
             5;
    return true;
}

/* Forms of one series: a trend, a wave, one of each, or two waves. */
static bool says_form(const Reading *r, size_t k, double *value)
{
    int trend[NAMES], wave[NAMES];
    const char *says = r->says[k];
    size_t trends = forms_in(says, trend_words, trend), waves = forms_in(says, wave_words, wave);
    const MtsForms *f =
        has(r->asks, "latter half") || has(r->asks, "second half") ? &r->one[0].half[1] : &r->one[0].forms;
    if (r->two || (!trends && !waves) || has(says, "->") || has(r->asks, "direction")) {
        return false;
    }
    if (trends && waves) {
        *value = f->fit[trend[0]][wave[0]].score / 5;
    } else if (waves) {
        *value = 0;
        for (size_t i = 0; i < waves; i++) {
            *value += mts_wave_score(f, (MtsWaveForm)wave[i]) / 5;
        }
    } else {
        *value = mts_trend_score(f, (MtsTrendForm)trend[0]) / 5;
    }
    return true;
}

/* Up, down or neither: of the trend, or of the wave's swing or period. */
static bool says_way(const Reading *r, size_t k, double *value)
{
    const MtsMeasured *m = &r->one[0];
    const char *says = r->says[k];
    bool up = has(says, "upward") || has(says, "increas"), down = has(says, "downward") || has(says, "decreas");
    bool same = has(says, "remain") || has(says, "no trend");
    const MtsFormFit *first = mts_any_wave(&m->half[0]), *last = mts_any_wave(&m->half[1]);
    double change = m->line.t / 4;
    if (r->two || up + down + same != 1) {
        return false;
    }
    if (has(r->asks, "amplitude") || has(says, "amplitude")) {
        bool halves = has(r->asks, "followed by");
        change = 2 * (halves ? log((fabs(last->gain) + TINY) / (fabs(first->gain) + TINY)) : m->amplitude_change);
    } else if (has(r->asks, "period") || has(says, "period")) {
        change = 3 * log(last->period / first->period);
    }
    *value = up ? change : down ? -change : 1 - fabs(change);
    return true;
}

/* ---- which of two ---- */

static double noise_of(const MtsMeasured *m)
{
    double sum = 0;
    for (size_t t = 0; t < m->n; t++) {
        sum += m->rest[t] * m->rest[t];
    }
    return log(sqrt(sum / (double)m->n) + TINY);
}

/* What a comparison is about; false: nothing that is measured. */
static bool compared(const Reading *r, const MtsMeasured *m, double *value)
{
    const char *asks = r->asks;
    double a = m->memory[0], b = m->memory[1], c = m->memory[2];
    if (has(asks, "ar(1)") && has(asks, "deviation")) {
        *value = log(m->sd * sqrt(fmax(1 - a * a, 0)) + TINY);
    } else if (has(asks, "ar(1)") && has(asks, "likely to be")) {
        *value = fabs(a) - fabs(b - a * a);
    } else if (has(asks, "ma(1)")) {
        *value = (fabs(a) < 0.55 ? 0.3 : 0) - fabs(b) - fabs(c);
    } else if (has(asks, "autocorrelation")) {
        *value = 3 * fabs(a);
    } else if (has(asks, "noise")) {
        *value = noise_of(m);
    } else if (has(asks, "slope")) {
        *value = log(fabs(m->line.slope) + TINY);
    } else if (has(asks, "amplitude")) {
        *value = log(fabs(mts_any_wave(&m->forms)->gain) + TINY);
    } else if (has(asks, "period")) {
        *value = log(mts_any_wave(&m->forms)->period);
    } else if (has(asks, "variance")) {
        *value = log((has(asks, "walk") ? m->steps_sd : m->sd) + TINY);
    } else {
        return false;
    }
    return true;
}

static bool says_which(const Reading *r, size_t k, double *value)
{
    const char *says = r->says[k];
    bool answer = begins(says, "no, ") || begins(says, "yes, ");
    const char *name = says + (begins(says, "no, ") ? 4 : begins(says, "yes, ") ? 5 : 0);
    bool first = begins(name, "time series 1"), second = begins(name, "time series 2");
    double own[2];
    if (!r->two || first == second || has(says, "anomal") || has(says, "caus") || has(says, "lagged") ||
        has(says, "scaled") || !compared(r, &r->one[0], &own[0]) || !compared(r, &r->one[1], &own[1])) {
        return false;
    }
    *value = 2 * (first ? own[0] - own[1] : own[1] - own[0]) - (answer ? 0.6 : 0); /* "yes, the same" is open too */
    return true;
}

/* ---- two series beside each other ---- */

static bool says_cause(const Reading *r, size_t k, double *value)
{
    double first = log1p(fmax(r->causes[0], 0) / 8), second = log1p(fmax(r->causes[1], 0) / 8);
    if (!r->two || !has(r->says[k], "caus")) {
        return false;
    }
    *value = has(r->says[k], "1 granger causes")   ? first - second
             : has(r->says[k], "2 granger causes") ? second - first
                                                   : 1.2 - fmax(first, second);
    return true;
}

/* A correlation as a number without bounds. */
static double strength(double correlation)
{
    return atanh(fmin(fabs(correlation), 0.99));
}

/* x is a lagged version of y where x(t) is like y(t + steps), steps above 0. */
static bool says_lagged(const Reading *r, size_t k, double *value)
{
    const char *says = r->says[k];
    double like = 2 * (strength(r->lag.correlation) - 0.8);
    bool yes = begins(says, "yes");
    if (!r->two || !has(r->asks, "lagged")) {
        return false;
    }
    bool first = has(says, "time series 1 is") || (yes && has(r->asks, "time series 1 a"));
    bool second = has(says, "time series 2 is") || (yes && has(r->asks, "time series 2 a"));
    double way = (r->lag.steps > 1) - (r->lag.steps < -1);
    *value = has(says, "not share") || has(says, "not lagged") ? -like : like + 1.5 * way * (first - second);
    return true;
}

static bool says_scaled(const Reading *r, size_t k, double *value)
{
    double like = 2 * (strength(r->alike) - 0.8), size = 2 * log((r->one[0].sd + TINY) / (r->one[1].sd + TINY));
    if (!r->two || !has(r->asks, "scaled")) {
        return false;
    }
    *value = has(r->says[k], "not share") ? -like : like + (has(r->says[k], "1 is a scaled") ? size : -size);
    return true;
}

/* Whether two series have something in common: what, and a number that is above 0 where they have. */
static bool common_of(const Reading *r, const char *says, double *value)
{
    const MtsMeasured *a = &r->one[0], *b = &r->one[1];
    if (has(says, "direction of trend")) {
        *value = a->line.slope * b->line.slope > 0 ? 2 : -2;
    } else if (has(r->asks, "flipped")) {
        *value = -2 * atanh(fmax(-0.95, fmin(0.95, mts_correlation(a->wave, b->wave, a->n))));
    } else if (has(r->asks, "type of noise")) {
        *value = 1 - fmax(a->color, b->color) / 2;
    } else if (has(r->asks, "level of noise")) {
        *value = 1 - 3 * fabs(noise_of(a) - noise_of(b));
    } else if (has(says, "distribution")) {
        *value = 1.5 * (1.4 - r->unlike_values);
    } else if (has(says, "variance")) {
        bool walk = has(r->asks, "walk");
        double ratio = ((walk ? a->steps_sd : a->sd) + TINY) / ((walk ? b->steps_sd : b->sd) + TINY);
        *value = 0.6 - 2 * fabs(log(ratio));
    } else {
        return false;
    }
    return true;
}

static bool says_common(const Reading *r, size_t k, double *value)
{
    double in_common;
    return r->two && common_of(r, r->says[k], &in_common) && yes_or_no(r->says[k], in_common, value);
}

static bool says_similar(const Reading *r, size_t k, double *value)
{
    const char *says = r->says[k];
    const MtsForms *a = &r->one[0].forms, *b = &r->one[1].forms;
    if (!r->two || has(r->asks, "anomal") || !(has(says, "shape") || has(says, "pattern") || has(says, "cyclic"))) {
        return false;
    }
    double c = has(r->asks, "trend") ? r->plain_lag.correlation : r->lag.correlation;
    double periods = mts_any_wave(a)->period / mts_any_wave(b)->period;
    double like = 2 * (atanh(fmax(0, fmin(0.98, c))) - 1) + (a->wave == b->wave ? 0.5 : -0.5) - fabs(log(periods));
    return yes_or_no(says, like, value);
}

/* ---- oddities ---- */

static bool turns(const MtsMeasured *m)
{
    const MtsLine *h = m->half_line;
    return h[0].slope * h[1].slope < 0 && fmin(fabs(h[0].t), fabs(h[1].t)) > 4;
}

/* Of a kind that a text [size] names; false: of none. */
static bool oddity(const MtsMeasured *m, const char *text, double *value)
{
    const double still = 2 * (m->still - 0.7), flip = -m->least_gain;
    double periods = mts_any_wave(&m->half[1])->period / mts_any_wave(&m->half[0])->period;
    const struct {
        const char *word;
        double value;
    } kinds[] = {{"spike", m->spike - 1.8},
                 {"flip", 3 * flip},
                 {"cutoff", still},
                 {"scale", 2 * (log(m->most_gain + 1e-3) - 0.5)},
                 {"wander", 2 * (m->wander - 0.8)},
                 {"speed", 1 - still - 1.5 * flip},
                 {"trend reversal", turns(m) ? 1.5 : -0.5},
                 {"trend direction", turns(m) ? 1.5 : -0.5},
                 {"frequency", 3 * fabs(log(periods)) - 1},
                 {"change in variance", 2 * m->unrest.variance - 1}};
    bool found = false;
    *value = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (has(text, kinds[i].word)) {
            *value += kinds[i].value;
            found = true;
        }
    }
    return found;
}

/* "time series 1 with a ... and time series 2 with b ...", "both", or one of them. */
static double oddities_of_two(const Reading *r, const char *says)
{
    const MtsMeasured *m = r->one;
    char first[LONGEST];
    const char *one = strstr(says, "time series 1"), *other = strstr(says, "time series 2");
    double a = 0, b = 0;
    if (has(says, "both")) {
        oddity(&m[0], says, &a);
        oddity(&m[1], says, &b);
        return (a + b) / 1.5;
    }
    if (one && other) {
        snprintf(first, sizeof first, "%.*s", other > one ? (int)(other - one) : LONGEST - 1, one);
        oddity(&m[0], first, &a);
        oddity(&m[1], other, &b);
        return a + b;
    }
    oddity(&m[one ? 0 : 1], says, &a);
    return a + log(m[one ? 0 : 1].concentration / m[one ? 1 : 0].concentration);
}

static bool says_oddity(const Reading *r, size_t k, double *value)
{
    const char *says = r->says[k];
    const MtsMeasured *m = &r->one[0];
    if (!has(r->asks, "anomal") && !has(r->asks, "break") && !has(says, "anomal")) {
        return false;
    }
    if (r->two) {
        *value = has(says, "time series") ? oddities_of_two(r, says) : 0;
    } else if (!oddity(m, says, value)) {
        *value = 0.5 - 0.3 * (m->spike - 1.8) - 1.5 * fmax(0, -m->least_gain);
        return begins(says, "no");
    }
    return true;
}

static bool says_place(const Reading *r, size_t k, double *value)
{
    static const char *const parts[] = {"beginning", "middle", "end"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(r->says[k], parts[i]) == 0) {
            *value = 1 - 6 * fabs(r->one[0].place - (0.17 + 0.33 * i));
            return !r->two;
        }
    }
    return false;
}

/* ---- one series ---- */

static double steadiness(const MtsUnrest *u)
{
    return 1.2 - 1.5 * u->mean - u->variance;
}

/* Whether a series is what a question asks, above 0 where it is. */
static bool property_of(const Reading *r, double *value)
{
    const MtsMeasured *m = &r->one[0];
    const char *asks = r->asks;
    double best = steadiness(&m->part[0]);
    for (int i = 1; i < 3; i++) {
        best = fmax(best, steadiness(&m->part[i]));
    }
    const struct {
        const char *word;
        double value;
    } words[] = {{"after differencing", steadiness(&m->of_steps)},
                 {"removing the trend", steadiness(&m->without_trend)},
                 {"removing the cycle", steadiness(&m->without_wave)},
                 {"any part", best - 0.2},
                 {"stationar", steadiness(&m->unrest) - 0.2},
                 {"regime switching", m->change / 15 - 1},
                 {"mean reversion", -m->reversion / 2 - 1.5},
                 {"mean stable", 1 - 3 * m->unrest.mean},
                 {"monotonic", m->line.t / 4 - 1},
                 {"change direction", turns(m) ? 1.5 : -1},
                 {"white noise", 1 - m->color},
                 {"random walk", 4 * (m->memory[0] - 0.85) + 1 - m->step_color}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (has(asks, words[i].word)) {
            *value = words[i].value;
            return true;
        }
    }
    return false;
}

static bool says_property(const Reading *r, size_t k, double *value)
{
    const MtsUnrest *u = &r->one[0].unrest;
    double property;
    if (r->two || !property_of(r, &property)) {
        return false;
    }
    if (has(r->says[k], "mean is different") || has(r->says[k], "variance is different")) {
        *value = has(r->says[k], "mean is") ? 3 * u->mean - 1 : u->variance - 0.5 - u->mean;
        return true;
    }
    return yes_or_no(r->says[k], property, value);
}

/* Noise: of which kind, and what it goes with. */
static bool says_noise(const Reading *r, size_t k, double *value)
{
    const MtsMeasured *m = &r->one[0];
    const char *says = r->says[k];
    double share = exp(2 * noise_of(m)) / (m->sd * m->sd + TINY);
    double red = share > 0.02 ? 2 * mts_autocorrelation(m->rest, m->n, 1) : 0, walk = 2 * m->memory[0] - 1.2;
    if (r->two || !(has(says, "noise") || strcmp(says, "random walk") == 0)) {
        return false;
    }
    *value = has(says, "no significant")   ? -log(share + 1e-3) - 4
             : has(r->asks, "random walk") ? (has(says, "walk") ? walk : -walk)
                                           : (has(says, "red") ? red : -red);
    return true;
}

/* Parts of one series beside each other. */
static bool says_parts(const Reading *r, size_t k, double *value)
{
    const MtsMeasured *m = &r->one[0];
    const char *says = r->says[k];
    double all = m->sd * m->sd + TINY, spread[2] = {0}, wave = 0;
    for (size_t t = 0; t < m->n; t++) {
        spread[0] += (m->level[t] - m->mean) * (m->level[t] - m->mean) / (double)m->n / all;
        wave += m->wave[t] * m->wave[t] / (double)m->n / all;
        spread[1] += m->rest[t] * m->rest[t] / (double)m->n / all;
    }
    double swing = 1.5 * fabs(m->amplitude_change) - 1;
    double halves = turns(m) ? 1.5 : 2 * fabs(log(fabs(m->half_line[0].slope / m->half_line[1].slope))) - 1;
    const struct {
        const char *word;
        double value;
        bool whole; /* all that the option says */
    } words[] = {{"noise", log(spread[1] + 0.02), true},
                 {"trend", log(spread[0] + 0.02), true},
                 {"seasonality", log(wave + 0.02), true},
                 {"additive", -swing, true},
                 {"multiplicative", swing, true},
                 {"different", halves, true},
                 {"same", -halves, true},
                 {"high positive autocorrelation", 3 * m->memory[0] - 1, false},
                 {"negative autocorrelation", -3 * m->memory[0], false},
                 {"no autocorrelation", 1 - 4 * fabs(m->memory[0]), false}};
    for (size_t i = 0; i < sizeof words / sizeof words[0] && !r->two; i++) {
        if (words[i].whole ? strcmp(says, words[i].word) == 0 : has(says, words[i].word)) {
            *value = words[i].value;
            return true;
        }
    }
    return false;
}

static const struct {
    const char *name;
    StatementRule *says;
} rules[] = {{"number", says_number}, {"lag", says_lag},       {"trends", says_trends},   {"form", says_form},
             {"way", says_way},       {"which", says_which},   {"cause", says_cause},     {"lagged", says_lagged},
             {"scaled", says_scaled}, {"common", says_common}, {"similar", says_similar}, {"place", says_place},
             {"oddity", says_oddity}, {"parts", says_parts},   {"noise", says_noise},     {"property", says_property}};

const size_t mts_statement_rules = sizeof rules / sizeof rules[0];

const char *mts_statement_rule(size_t rule)
{
    return rules[rule].name;
}

/* ---- reading ---- */

static void lower(const char *text, char out[LONGEST])
{
    size_t n = 0;
    for (; text[n] && n + 1 < LONGEST; n++) {
        out[n] = (char)tolower((unsigned char)text[n]);
    }
    out[n] = '\0';
}

static void read_words(Reading *r, const MtsAsked *asked)
{
    size_t numbers = 0, others = 0;
    double value;
    r->count = asked->count;
    lower(asked->question, r->asks);
    for (size_t k = 0; k < asked->count; k++) {
        lower(asked->options[k], r->says[k]);
        numbers += mts_number_parse(r->says[k], strlen(r->says[k]), &value);
        others += has(r->says[k], "varies");
    }
    r->numeric = numbers > 0 && numbers + others == asked->count;
}

static int measure_two(Reading *r, MtsError *err)
{
    const MtsMeasured *a = &r->one[0], *b = &r->one[1];
    double *plain = mts_calloc(2 * a->n, sizeof *plain);
    if (!plain) {
        return mts_fail(err, MTS_ENOMEM, "evidence: memory ran out for %zu values", a->n);
    }
    for (size_t t = 0; t < a->n; t++) {
        plain[t] = a->x[t] - a->level[t];
        plain[a->n + t] = b->x[t] - b->level[t];
    }
    r->lag = mts_best_lag(a->x, b->x, a->n);
    r->plain_lag = mts_best_lag(plain, plain + a->n, a->n);
    r->alike = mts_correlation(a->x, b->x, a->n);
    free(plain);
    int rc;
    if ((rc = mts_unlike_values(a->x, b->x, a->n, &r->unlike_values, err)) ||
        (rc = mts_causes(a->x, b->x, a->n, &r->causes[0], err))) {
        return rc;
    }
    return mts_causes(b->x, a->x, a->n, &r->causes[1], err);
}

static int measure(Reading *r, const MtsSeries *s, MtsError *err)
{
    int rc = MTS_OK;
    r->two = s->channels == 2;
    for (size_t c = 0; !rc && c < s->channels; c++) {
        rc = mts_measure(&r->one[c], s->values + c * s->length, s->length, err);
    }
    return !rc && r->two ? measure_two(r, err) : rc;
}

static void state(const Reading *r, MtsStated *stated)
{
    for (size_t k = 0; k < r->count; k++) {
        stated[k] = (MtsStated){MTS_UNSTATED, 0};
        for (size_t i = 0; i < mts_statement_rules && stated[k].rule == MTS_UNSTATED; i++) {
            double value = 0;
            if (rules[i].says(r, k, &value)) {
                stated[k] = (MtsStated){(int)i, isnan(value) ? 0 : fmax(-MOST, fmin(MOST, value))};
            }
        }
    }
}

int mts_statements(const MtsAsked *asked, MtsStated *stated, MtsError *err)
{
    const MtsSeries *s = asked->series;
    Reading *r = mts_calloc(1, sizeof *r);
    if (!r) {
        return mts_fail(err, MTS_ENOMEM, "evidence: memory ran out");
    }
    for (size_t k = 0; k < asked->count; k++) {
        stated[k] = (MtsStated){MTS_UNSTATED, 0};
    }
    bool fits = s->length >= MTS_MEASURED_LEAST && s->length <= MTS_MEASURED_MOST && s->channels <= 2;
    int rc = MTS_OK;
    if (fits) {
        read_words(r, asked);
        if (!(rc = measure(r, s, err))) {
            state(r, stated);
        }
        mts_measured_free(&r->one[0]);
        mts_measured_free(&r->one[1]);
    }
    free(r);
    return rc;
}
