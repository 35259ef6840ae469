/* reward/reward.c - a specification to a weighted sum of named rewards.
 *
 *     SPEC = TERM { " + " TERM }        TERM = [WEIGHT "*"] NAME [":" ARGUMENT]
 *
 * An argument may hold anything, "+" included: a plus sign between spaces separates only where what follows
 * reads as a term of a known name. */
#include <maxts/reward.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/near.h"
#include "reward/rewards.h"
#include "core/number.h"

typedef struct RewardKind {
    const char *name;
    MtsRewardMake *make;
    MtsRewardNames *file; /* NULL: none */
} RewardKind;

#define ROW(name, make, file, source) {name, make, file},
static const RewardKind kinds[] = {MTS_REWARDS(ROW)};

#define KINDS (sizeof kinds / sizeof kinds[0])

struct MtsReward {
    MtsRewardTerm *terms; /* [count] */
    size_t count, cap;
    bool prefixes, slow, asks_model;
    MtsRewardFiles *own; /* NULL: the caller's are used */
};

typedef struct TermText {
    double weight;
    const char *name;
    size_t name_size;
    const RewardKind *kind; /* NULL: unknown */
    const char *argument;   /* behind the colon, NULL: none; runs on to the end of the specification */
    const char *rest;       /* behind the name, where there is no colon */
} TermText;

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* Splits what stands at s into weight, name and argument; false when the weight is no number. */
static bool read_term(const char *s, TermText *t)
{
    memset(t, 0, sizeof *t);
    t->weight = 1;
    while (is_space(*s)) {
        s++;
    }
    size_t n = strcspn(s, "*: \t");
    size_t gap = n;
    while (is_space(s[gap])) {
        gap++;
    }
    bool weighted = s[gap] == '*';
    if (weighted && !mts_number_parse(s, n, &t->weight)) {
        t->name = s;
        t->name_size = n;
        return false;
    }
    if (weighted) {
        for (s += gap + 1; is_space(*s); s++) {
        }
        n = strcspn(s, "*: \t");
    }
    t->name = s;
    t->name_size = n;
    for (size_t k = 0; k < KINDS; k++) {
        if (strlen(kinds[k].name) == n && memcmp(kinds[k].name, s, n) == 0) {
            t->kind = &kinds[k];
        }
    }
    t->rest = s + n;
    t->argument = s[n] == ':' ? s + n + 1 : NULL;
    return true;
}

/* Where the term that starts at s ends: at the space before " + TERM", or at the end. */
static const char *term_end(const char *s)
{
    for (const char *p = s; *p; p++) {
        TermText next;
        if (is_space(p[0]) && p[1] == '+' && is_space(p[2]) && read_term(p + 2, &next) && next.kind) {
            return p;
        }
    }
    return s + strlen(s);
}

/* The end of a term that ends at `end`, without the blanks before it. */
static const char *bare_end(const TermText *t, const char *end)
{
    while (end > t->rest && is_space(end[-1])) {
        end--;
    }
    return end;
}

static int unknown_name(const TermText *t, MtsError *err)
{
    MtsBytes known = {0};
    MtsNear near = {.word = t->name, .size = t->name_size};
    char hint[MTS_NEAR_HINT];
    for (size_t k = 0; k < KINDS; k++) {
        mts_bytes_printf(&known, "%s%s", k ? ", " : "", kinds[k].name);
        mts_near_try(&near, kinds[k].name, strlen(kinds[k].name));
    }
    mts_fail(err, MTS_EREQUEST, "reward: \"%.*s\" is unknown; there are %s%s",
             (int)(t->name_size < 60 ? t->name_size : 60), t->name, known.data ? known.data : "",
             mts_near_hint(&near, hint, sizeof hint));
    mts_bytes_free(&known);
    return MTS_EREQUEST;
}

static int add_term(MtsReward *reward, const char *s, const char *end, const MtsRewardInput *input, MtsError *err)
{
    TermText t;
    if (!read_term(s, &t)) {
        return mts_fail(err, MTS_EREQUEST, "reward: the weight \"%.*s\" is no number",
                        (int)(t.name_size < 60 ? t.name_size : 60), t.name);
    }
    if (t.name_size == 0) {
        return mts_fail(err, MTS_EREQUEST, "reward: \"%.60s\" names no reward", s);
    }
    if (!t.kind) {
        return unknown_name(&t, err);
    }
    end = bare_end(&t, end);
    if (!t.argument && t.rest < end) {
        return mts_fail(err, MTS_EREQUEST, "reward %s: \"%.*s\" follows the name; an argument follows a colon",
                        t.kind->name, (int)(end - t.rest < 60 ? end - t.rest : 60), t.rest);
    }
    if (!mts_grow(&reward->terms, &reward->cap, reward->count + 1, sizeof *reward->terms)) {
        return mts_fail(err, MTS_ENOMEM, "reward %s: memory ran out", t.kind->name);
    }
    MtsRewardTerm *term = &reward->terms[reward->count++];
    memset(term, 0, sizeof *term);
    term->weight = t.weight;
    term->name = mts_strdup(t.kind->name);
    char *argument = t.argument ? mts_strndup(t.argument, (size_t)(end - t.argument)) : NULL;
    int rc;
    if (!term->name || (t.argument && !argument)) {
        rc = mts_fail(err, MTS_ENOMEM, "reward %s: memory ran out", t.kind->name);
    } else {
        rc = t.kind->make(term, argument, input, err);
    }
    free(argument);
    reward->prefixes |= term->prefixes;
    reward->slow |= term->slow;
    reward->asks_model |= term->asks_model;
    return rc;
}

int mts_reward_new(MtsReward **reward, const char *spec, const MtsRewardInput *input, MtsError *err)
{
    *reward = NULL;
    MtsReward *r = mts_calloc(1, sizeof *r);
    if (!r) {
        return mts_fail(err, MTS_ENOMEM, "reward: memory ran out");
    }
    MtsRewardInput in = *input;
    int rc = in.files ? MTS_OK : mts_reward_files_new(&r->own, err);
    in.files = in.files ? in.files : r->own;
    for (const char *s = spec; !rc; s += 2) { /* over the space and the plus sign */
        const char *end = term_end(s);
        rc = add_term(r, s, end, &in, err);
        s = end;
        if (!*s) {
            break;
        }
    }
    if (rc) {
        mts_reward_free(&r);
        return rc;
    }
    *reward = r;
    return MTS_OK;
}

bool mts_reward_each_file(const char *spec, bool (*take)(void *context, const char *path, size_t size, bool written),
                          void *context)
{
    for (const char *s = spec, *end; *s; s = *end ? end + 2 : end) { /* over the space and the plus sign */
        TermText t;
        MtsRewardName name = {0};
        end = term_end(s);
        if (read_term(s, &t) && t.kind && t.kind->file && t.argument) {
            name = t.kind->file(t.argument, (size_t)(bare_end(&t, end) - t.argument));
        }
        if (name.path && !take(context, name.path, name.size, name.written)) {
            return false;
        }
    }
    return true;
}

bool mts_reward_each_word(const char *spec, bool (*take)(void *context, const char *word, size_t size), void *context)
{
    for (const char *s = spec, *end; *s; s = *end ? end + 2 : end) { /* over the space and the plus sign */
        TermText t;
        end = term_end(s);
        if (read_term(s, &t) && t.kind && t.kind->make == mts_reward_command && t.argument &&
            !mts_reward_program_words(t.argument, (size_t)(end - t.argument), take, context)) {
            return false;
        }
    }
    return true;
}

size_t mts_reward_count(const char *spec)
{
    size_t count = 0;
    for (const char *s = spec, *end; *s; s = *end ? end + 2 : end) { /* over the space and the plus sign */
        end = term_end(s);
        count++;
    }
    return count;
}

bool mts_reward_takes_text(const char *spec, const char *place)
{
    const char *s = spec, *end;
    while ((end = term_end(s)) <= place && *end) {
        s = end + 2;
    }
    TermText t;
    return read_term(s, &t) && t.kind && t.kind->make != mts_reward_command && t.argument && place >= t.argument;
}

void mts_reward_free(MtsReward **reward)
{
    MtsReward *r = *reward;
    if (!r) {
        return;
    }
    for (size_t i = 0; i < r->count; i++) {
        if (r->terms[i].self) {
            r->terms[i].free(r->terms[i].self);
        }
        free(r->terms[i].name);
    }
    free(r->terms);
    mts_reward_files_free(&r->own);
    free(r);
    *reward = NULL;
}

int mts_reward_finish(MtsReward *reward, MtsError *err)
{
    int rc = MTS_OK;
    for (size_t i = 0; i < reward->count; i++) {
        const MtsRewardTerm *term = &reward->terms[i];
        int one = term->finish ? term->finish(term->self, rc ? NULL : err) : MTS_OK;
        rc = rc ? rc : one;
    }
    return rc;
}

bool mts_reward_scores_prefixes(const MtsReward *reward)
{
    return reward->prefixes;
}

bool mts_reward_bounds(const MtsReward *reward)
{
    bool all = reward->count > 0;
    for (size_t i = 0; i < reward->count; i++) {
        all = all && reward->terms[i].bounds && reward->terms[i].weight > 0;
    }
    return all;
}

bool mts_reward_is_slow(const MtsReward *reward)
{
    return reward->slow;
}

bool mts_reward_asks_model(const MtsReward *reward)
{
    return reward->asks_model;
}

int mts_reward_score(const MtsReward *reward, const char *text, size_t size, double logp, size_t tokens, bool finished,
                     double *value, MtsError *err)
{
    const MtsRewardText t = {text, size, logp, tokens, finished};
    double sum = 0;
    *value = NAN;
    for (size_t i = 0; i < reward->count; i++) {
        const MtsRewardTerm *term = &reward->terms[i];
        if (!finished && !term->prefixes) {
            continue;
        }
        double v = NAN;
        int rc = term->score(term->self, &t, &v, err);
        if (rc) {
            return rc;
        }
        if (!isfinite(v)) {
            return mts_fail(err, MTS_EREWARD, "reward %s: its value for a text of %zu bytes is %g, which is not finite",
                            term->name, size, v);
        }
        sum += term->weight * v;
    }
    if (!isfinite(sum)) {
        return mts_fail(err, MTS_EREWARD, "reward: the weighted sum of %zu rewards is not finite", reward->count);
    }
    *value = sum;
    return MTS_OK;
}
