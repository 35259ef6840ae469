/* search/settings.c - see settings.h: the table, and what is made of it here. */
#include "search/settings.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define AT(member) offsetof(MtsSearchSettings, member)
#define M(method) MTS_CONCERNS(MTS_##method)
#define WORDS_OF(number) #number
#define WORDS(number) WORDS_OF(number)

#define BEST_FIRST 0.8 /* where what is likely is what is sought */

enum {
    /* Rollout methods (search/rollouts.c): the others make all their texts at once. */
    REJECT = M(REJECTION) | M(ADAPTIVE_REJECTION) | M(CARS),
    ROLLOUTS = M(SAMPLE) | M(BEST_OF_N) | M(METROPOLIS) | M(MCTS) | M(DTS) | M(DTS_STAR) | M(MAXENT_TS) | REJECT,
    SWARMS = M(SMC) | M(AWRS_SMC),
    DRAW = ROLLOUTS | SWARMS,
    OF_THE_MODEL = REJECT | M(AWRS_SMC),             /* draw from p itself, at no temperature */
    KNOWS_ERROR = M(SAMPLE) | M(MAXENT_TS) | REJECT, /* of its estimate of log Z */
    SEARCHES = MTS_TAKES_SEARCH | MTS_TAKES_VERIFY,
    TUNES = SEARCHES | MTS_TAKES_EVAL,
    STOPS = TUNES
};

const MtsSetting mts_search_settings[] = {
    {.name = "method",
     .kind = MTS_SETTING_METHOD,
     .group = MTS_SETTINGS_SEARCH,
     .commands = SEARCHES,
     .methods = MTS_CONCERNS_ALL,
     .offset = AT(method),
     .initial = MTS_MAXENT_TS,
     .max = MTS_METHOD_COUNT - 1,
     .help = "how texts are searched"},
    {.name = "seed",
     .kind = MTS_SETTING_SEED,
     .group = MTS_SETTINGS_ANSWER,
     .commands = MTS_TAKES_GENERATE | SEARCHES,
     .methods = DRAW | M(STOCHASTIC_BEAM),
     .offset = AT(seed),
     .max = HUGE_VAL,
     .help = "of all that is drawn"},
    {.name = "lambda",
     .kind = MTS_SETTING_REAL,
     .group = MTS_SETTINGS_SEARCH,
     .commands = SEARCHES,
     .methods = MTS_CONCERNS_ALL & ~(M(GREEDY) | M(BEST_OF_N)),
     .offset = AT(lambda),
     .initial = 1,
     .max = 1e300,
     .help = "weight of the reward against the model",
     .wheel = 1},
    {.name = "rollouts",
     .kind = MTS_SETTING_SIZE,
     .group = MTS_SETTINGS_SEARCH,
     .scope = MTS_SCOPE_RESULT,
     .commands = SEARCHES,
     .methods = MTS_CONCERNS_ALL & ~M(GREEDY),
     .offset = AT(rollouts),
     .initial = 10,
     .min = 1,
     .max = 1e8,
     .help = "finished texts (beams, particles) asked for",
     .fallback = "10, or by the preset",
     .wheel = 2},
    {.name = "in_flight",
     .kind = MTS_SETTING_SIZE,
     .group = MTS_SETTINGS_SEARCH,
     .commands = TUNES,
     .methods = ROLLOUTS & ~M(BEST_OF_N),
     .offset = AT(in_flight),
     .initial = 1,
     .min = 1,
     .max = 65536,
     .automatic = true,
     .help = "rollouts selected before the first of them is backed up, or that compete in a wave where the reward "
             "scores prefixes; part of the result's definition",
     .fallback = "the rollouts, at most 16; metropolis, mcts, dts, dts-star, adaptive-rejection, cars and tables 1; "
                 "maxent-ts with "
                 "a reward of prefixes three quarters of the rollouts, at most 12; with --resume the checkpoint's"},
    {.name = "temperature", /* of the program's options, --temperature is the cut's, which this one follows */
     .kind = MTS_SETTING_REAL,
     .group = MTS_SETTINGS_ANSWER,
     .methods = DRAW & ~OF_THE_MODEL,
     .offset = AT(temperature),
     .initial = 1,
     .min = MTS_TEMPERATURE_LEAST,
     .max = MTS_TEMPERATURE_MOST,
     .automatic = true,
     .help = "of the proposal that tokens are drawn from; it never changes the target",
     .fallback = "the cut's"},
    {.name = "expansion",
     .letter = 'k',
     .kind = MTS_SETTING_SIZE,
     .group = MTS_SETTINGS_SEARCH,
     .commands = SEARCHES,
     .methods = M(MCTS),
     .offset = AT(expansion),
     .initial = 3,
     .min = 1,
     .max = 1e6,
     .help = "mcts: children per expansion",
     .wheel = 5,
     .dimension = "k"},
    {.name = "use_uct",
     .option = "uct",
     .kind = MTS_SETTING_SWITCH,
     .group = MTS_SETTINGS_SEARCH,
     .commands = TUNES,
     .methods = M(MCTS),
     .offset = AT(use_uct),
     .initial = 1,
     .max = 1,
     .help = "mcts: UCT rather than PUCT"},
    {.name = "c_uct",
     .kind = MTS_SETTING_REAL,
     .group = MTS_SETTINGS_SEARCH,
     .commands = TUNES,
     .methods = M(MCTS) | M(DTS_STAR),
     .offset = AT(c_uct),
     .initial = 1,
     .max = 1e300,
     .help = "exploration constant (mcts, dts-star)"},
    {.name = "widening_c",
     .kind = MTS_SETTING_REAL,
     .group = MTS_SETTINGS_SEARCH,
     .commands = TUNES,
     .methods = M(DTS) | M(DTS_STAR),
     .offset = AT(widening_c),
     .initial = 2,
     .min = 1e-6,
     .max = 1e6,
     .help = "dts, dts-star: fewer than C N^alpha children at N visits"},
    {.name = "widening_alpha",
     .kind = MTS_SETTING_REAL,
     .group = MTS_SETTINGS_SEARCH,
     .commands = TUNES,
     .methods = M(DTS) | M(DTS_STAR),
     .offset = AT(widening_alpha),
     .initial = 0.65,
     .max = 1,
     .help = "dts, dts-star: the power alpha"},
    {.name = "resampling",
     .kind = MTS_SETTING_WORD,
     .group = MTS_SETTINGS_SEARCH,
     .commands = TUNES,
     .methods = SWARMS,
     .offset = AT(resampling),
     .initial = MTS_SYSTEMATIC,
     .max = MTS_SYSTEMATIC,
     .words = "multinomial|stratified|systematic",
     .help = "smc, awrs-smc"},
    {.name = "ess_threshold",
     .kind = MTS_SETTING_REAL,
     .group = MTS_SETTINGS_SEARCH,
     .commands = TUNES,
     .methods = SWARMS,
     .offset = AT(ess_threshold),
     .initial = 0.5,
     .max = 1,
     .help = "smc, awrs-smc: resample below this share of effective particles"},
    {.name = "shrinkage",
     .kind = MTS_SETTING_REAL,
     .group = MTS_SETTINGS_SEARCH,
     .commands = TUNES,
     .methods = M(MAXENT_TS),
     .offset = AT(shrinkage),
     .initial = 3,
     .max = 1e300,
     .help = "maxent-ts: how little of a reward its tokens are taken to explain"},
    {.name = "exploration",
     .kind = MTS_SETTING_REAL,
     .group = MTS_SETTINGS_SEARCH,
     .commands = TUNES,
     .methods = M(MAXENT_TS),
     .offset = AT(exploration),
     .initial = 0.1,
     .max = 1,
     .help = "maxent-ts: share of the rollouts that select by prior alone; none in waves"},
    {.name = "best_first",
     .kind = MTS_SETTING_REAL,
     .group = MTS_SETTINGS_SEARCH,
     .commands = TUNES,
     .methods = M(MAXENT_TS),
     .offset = AT(best_first),
     .initial = BEST_FIRST,
     .max = 1,
     .later = true,
     .automatic = true,
     .help = "maxent-ts: share of the rollouts that go to the best unknown continuation instead of being drawn, and "
             "have no part in the estimate of Z; none in waves",
     .fallback = WORDS(BEST_FIRST) " of tables, and at lambda 0 under a constraint; else 0"},
    {.name = "best_first_after",
     .kind = MTS_SETTING_SIZE,
     .group = MTS_SETTINGS_SEARCH,
     .commands = TUNES,
     .methods = M(MAXENT_TS),
     .offset = AT(best_first_after),
     .initial = 3,
     .max = 1e8,
     .later = true,
     .help = "maxent-ts: the first so many rollouts are all drawn, and the best-first ones wait for them"},
    {.name = "level",
     .kind = MTS_SETTING_REAL,
     .group = MTS_SETTINGS_SEARCH,
     .commands = TUNES,
     .methods = M(MAXENT_TS),
     .offset = AT(level),
     .initial = 2,
     .max = 100,
     .later = true,
     .help = "maxent-ts: the most that one drawn rollout says of what is left to find, in units of what was expected; "
             "the policy follows the mean. 0: it keeps to what is expected"},
    {.name = "index_power",
     .kind = MTS_SETTING_REAL,
     .group = MTS_SETTINGS_SEARCH,
     .commands = TUNES,
     .methods = M(MAXENT_TS),
     .offset = AT(index_power),
     .initial = 1,
     .max = 10,
     .later = true,
     .help = "maxent-ts: the i-th rollout that counts in the estimate of Z weighs i to this power; waves weigh the "
             "same"},
    {.name = "sweep",
     .kind = MTS_SETTING_SIZE,
     .group = MTS_SETTINGS_SEARCH,
     .commands = TUNES,
     .methods = M(MAXENT_TS),
     .offset = AT(sweep),
     .initial = 16,
     .max = 1e6,
     .automatic = true,
     .help = "maxent-ts: finished continuations scored at each position passed; no positions, only rewards",
     .fallback = "16; 0 where the reward is a program"},
    {.name = "look_ahead",
     .kind = MTS_SETTING_SIZE,
     .group = MTS_SETTINGS_SEARCH,
     .commands = TUNES,
     .methods = M(MAXENT_TS) | M(SMC),
     .offset = AT(look_ahead),
     .initial = 8,
     .max = 1e6,
     .automatic = true,
     .help = "maxent-ts, smc: likeliest next tokens whose prefixes a reward of prefixes is asked for; no positions",
     .fallback = "8; 0 where the reward is a program"},
    {.name = "reward_first",
     .kind = MTS_SETTING_SIZE,
     .group = MTS_SETTINGS_SEARCH,
     .commands = TUNES,
     .methods = M(MAXENT_TS),
     .offset = AT(reward_first),
     .initial = 0,
     .max = 1,
     .automatic = true,
     .later = true,
     .help = "maxent-ts: 1: the first rollout follows the reward alone where that scores prefixes, and has no part in "
             "the estimate of Z",
     .fallback = "1 where the value of a prefix is that of the best text it can become (evidence), else 0"},
    {.name = "nfe",
     .kind = MTS_SETTING_COUNT,
     .group = MTS_SETTINGS_STOP,
     .commands = STOPS,
     .methods = MTS_CONCERNS_ALL,
     .offset = AT(max_nfe),
     .max = 1e12,
     .help = "token positions evaluated after the prompt; eval: of each search, in place of --rollouts",
     .fallback = "0: no limit"},
    {.name = "log_z_tolerance",
     .kind = MTS_SETTING_REAL,
     .group = MTS_SETTINGS_STOP,
     .scope = MTS_SCOPE_RESULT,
     .commands = STOPS,
     .methods = KNOWS_ERROR,
     .offset = AT(log_z_tolerance),
     .max = 1e6,
     .help = "standard error of log Z",
     .fallback = "0: off"},
    {.name = "mass_tolerance",
     .kind = MTS_SETTING_REAL,
     .group = MTS_SETTINGS_STOP,
     .scope = MTS_SCOPE_RESULT,
     .commands = STOPS,
     .methods = M(MAXENT_TS),
     .offset = AT(mass_tolerance),
     .max = 1,
     .help = "how little the leading answer's share may still move",
     .fallback = "0: off"},
    {.name = "min_rollouts",
     .kind = MTS_SETTING_SIZE,
     .group = MTS_SETTINGS_STOP,
     .scope = MTS_SCOPE_RESULT,
     .commands = STOPS,
     .methods = KNOWS_ERROR,
     .offset = AT(min_rollouts),
     .initial = 4,
     .max = 1e8,
     .help = "before a tolerance may stop it"},
    {.name = "complete_sample",
     .kind = MTS_SETTING_FLAG,
     .group = MTS_SETTINGS_SHOW,
     .scope = MTS_SCOPE_RESULT,
     .commands = SEARCHES,
     .methods = M(MAXENT_TS),
     .offset = AT(complete_sample),
     .max = 1,
     .help = "maxent-ts: draws `sampled` from all texts, by one more rollout where it falls on an unseen one"},
    {.name = "batch",
     .kind = MTS_SETTING_SIZE,
     .group = MTS_SETTINGS_SEARCH,
     .scope = MTS_SCOPE_NONE,
     .commands = TUNES,
     .methods = MTS_CONCERNS_ALL,
     .offset = AT(batch),
     .initial = 64,
     .min = 1,
     .max = 65536,
     .help = "most positions in one forward step; never changes a result"},
    {.name = "seconds",
     .kind = MTS_SETTING_REAL,
     .group = MTS_SETTINGS_STOP,
     .scope = MTS_SCOPE_NONE,
     .commands = STOPS,
     .methods = MTS_CONCERNS_ALL,
     .offset = AT(max_seconds),
     .max = 1e9,
     .help = "time of the search",
     .fallback = "0: no limit"},
    {.name = "grace",
     .kind = MTS_SETTING_REAL,
     .group = MTS_SETTINGS_STOP,
     .scope = MTS_SCOPE_NONE,
     .commands = STOPS,
     .methods = MTS_CONCERNS_ALL,
     .offset = AT(grace_seconds),
     .initial = 10,
     .max = 1e9,
     .help = "seconds for finishing the leading text of a search that is cut short before any is finished"},
};
const size_t mts_search_setting_count = sizeof mts_search_settings / sizeof mts_search_settings[0];

/* ---- values ---- */

double mts_setting_get(const MtsSetting *row, const void *settings)
{
    const void *at = (const char *)settings + row->offset;
    switch (row->kind) {
    case MTS_SETTING_REAL:
        return *(const double *)at;
    case MTS_SETTING_SIZE:
        return *(const size_t *)at == MTS_AUTO ? (double)NAN : (double)*(const size_t *)at;
    case MTS_SETTING_COUNT:
    case MTS_SETTING_SEED:
        return (double)*(const uint64_t *)at;
    case MTS_SETTING_SWITCH:
    case MTS_SETTING_FLAG:
        return *(const bool *)at;
    case MTS_SETTING_WORD:
        return (double)*(const MtsResampling *)at;
    case MTS_SETTING_METHOD:
        return (double)*(const MtsMethod *)at;
    }
    return (double)NAN;
}

void mts_setting_put(const MtsSetting *row, void *settings, double value)
{
    void *at = (char *)settings + row->offset;
    switch (row->kind) {
    case MTS_SETTING_REAL:
        *(double *)at = value;
        break;
    case MTS_SETTING_SIZE:
        *(size_t *)at = isnan(value) ? MTS_AUTO : (size_t)value;
        break;
    case MTS_SETTING_COUNT:
    case MTS_SETTING_SEED:
        *(uint64_t *)at = (uint64_t)value;
        break;
    case MTS_SETTING_SWITCH:
    case MTS_SETTING_FLAG:
        *(bool *)at = value != 0;
        break;
    case MTS_SETTING_WORD:
        *(MtsResampling *)at = (MtsResampling)value;
        break;
    case MTS_SETTING_METHOD:
        *(MtsMethod *)at = (MtsMethod)value;
        break;
    }
}

void mts_setting_put_seed(const MtsSetting *row, void *settings, uint64_t seed)
{
    *(uint64_t *)(void *)((char *)settings + row->offset) = seed;
}

const char *mts_setting_option(const MtsSetting *row, char *scratch, size_t size)
{
    size_t n = 0;
    if (row->option) {
        return row->option;
    }
    for (; row->name[n] && n + 1 < size; n++) {
        scratch[n] = row->name[n] == '_' ? '-' : row->name[n];
    }
    scratch[n] = '\0';
    return scratch;
}

static bool in_range(const MtsSetting *row, double value)
{
    return value >= row->min && value <= row->max;
}

void mts_settings_begin(const MtsSetting *rows, size_t count, void *settings)
{
    for (size_t i = 0; i < count; i++) {
        mts_setting_put(&rows[i], settings, rows[i].initial);
    }
}

int mts_settings_check(const MtsSetting *rows, size_t count, const void *settings, MtsError *err)
{
    for (size_t i = 0; i < count; i++) {
        const MtsSetting *row = &rows[i];
        double value = mts_setting_get(row, settings);
        if (!in_range(row, value) && !(row->automatic && isnan(value))) {
            char name[32];
            return mts_fail(err, MTS_EREQUEST, "%s: %.17g is outside [%.17g, %.17g]%s%s",
                            mts_setting_option(row, name, sizeof name), value, row->min, row->max,
                            row->way_out ? "; " : "", row->way_out ? row->way_out : "");
        }
    }
    return MTS_OK;
}

void mts_search_defaults(MtsSearchSettings *settings)
{
    *settings = (MtsSearchSettings){0};
    mts_settings_begin(mts_search_settings, mts_search_setting_count, settings);
}

int mts_search_check(const MtsSearchModel *model, const MtsSearchSettings *settings, MtsError *err)
{
    int rc = mts_settings_check(mts_search_settings, mts_search_setting_count, settings, err);
    if (rc) {
        return rc;
    }
    if (model->max_tokens < 1 || model->max_tokens > MTS_TOKENS_MOST) {
        return mts_fail(err, MTS_EREQUEST, "max-tokens: %zu is outside [1, %u]", model->max_tokens, MTS_TOKENS_MOST);
    }
    return MTS_OK;
}

/* ---- automatic values ---- */

void mts_settings_of_models(MtsSearchSettings *settings)
{
    for (size_t i = 0; i < mts_search_setting_count; i++) {
        const MtsSetting *row = &mts_search_settings[i];
        if (row->automatic) {
            mts_setting_put(row, settings, (double)NAN);
        }
    }
}

void mts_settings_resolve(MtsSearchSettings *settings, const MtsSearchReward *reward, size_t in_flight,
                          const json_t *kept)
{
    bool slow = reward->workers > 0; /* a program: its calls cost more than positions */
    if (MTS_CONCERNS(settings->method) & OF_THE_MODEL) {
        settings->temperature = 1;
    }
    for (size_t i = 0; i < mts_search_setting_count; i++) {
        const MtsSetting *row = &mts_search_settings[i];
        const json_t *field = json_object_get(kept, row->name);
        double before = json_is_number(field)          ? json_number_value(field)
                        : kept && !field && row->later ? 0
                                                       : (double)NAN;
        double usual = row->offset == AT(in_flight)            ? (double)in_flight
                       : row->offset == AT(reward_first)       ? (double)reward->bounds
                       : row->kind == MTS_SETTING_SIZE && slow ? 0
                                                               : row->initial;
        if (isnan(mts_setting_get(row, settings))) {
            mts_setting_put(row, settings, in_range(row, before) ? before : usual);
        }
    }
}

/* ---- JSON ---- */

static json_t *field_json(const MtsSearchSettings *s, const MtsSetting *row)
{
    double value = mts_setting_get(row, s);
    if (isnan(value)) {
        return json_null(); /* automatic */
    }
    switch (row->kind) {
    case MTS_SETTING_REAL:
        return json_real(value);
    case MTS_SETTING_SWITCH:
    case MTS_SETTING_FLAG:
        return json_boolean(value != 0);
    case MTS_SETTING_METHOD:
        return json_string(mts_method_name(s->method));
    case MTS_SETTING_SEED: /* the same 64 bits, read back as such */
        return json_integer((json_int_t) * (const uint64_t *)(const void *)((const char *)s + row->offset));
    default:
        return json_integer((json_int_t)value);
    }
}

json_t *mts_settings_fields(const MtsSearchSettings *s, bool whole)
{
    json_t *out = json_object();
    bool ok = out != NULL;
    for (size_t i = 0; ok && i < mts_search_setting_count; i++) {
        const MtsSetting *row = &mts_search_settings[i];
        if (row->scope == MTS_SCOPE_IDENTITY || (whole && row->scope == MTS_SCOPE_RESULT)) {
            ok = json_object_set_new(out, row->name, field_json(s, row)) == 0;
        }
    }
    if (!ok) {
        json_decref(out);
        return NULL;
    }
    return out;
}

json_t *mts_settings_json(const MtsSearchSettings *s, size_t max_tokens, bool whole)
{
    json_t *out = mts_settings_fields(s, whole);
    bool ok = out != NULL;
    ok = ok && json_object_set_new(out, "max_tokens", json_integer((json_int_t)max_tokens)) == 0 &&
         json_object_set_new(out, "identity", json_string(s->identity ? s->identity : "")) == 0;
    if (!ok) {
        json_decref(out);
        return NULL;
    }
    return out;
}

static bool read_field(const MtsSetting *row, const json_t *value, MtsSearchSettings *s)
{
    if (!value && row->later) {
        mts_setting_put(row, s, 0);
        return true;
    }
    switch (row->kind) {
    case MTS_SETTING_METHOD:
        return json_is_string(value) && mts_method_from_name(json_string_value(value), &s->method) == 0;
    case MTS_SETTING_SEED:
        mts_setting_put_seed(row, s, (uint64_t)json_integer_value(value));
        return json_is_integer(value);
    case MTS_SETTING_SWITCH:
    case MTS_SETTING_FLAG:
        mts_setting_put(row, s, json_is_true(value));
        return json_is_boolean(value);
    default:
        if ((row->kind == MTS_SETTING_REAL ? !json_is_number(value) : !json_is_integer(value)) ||
            !in_range(row, json_number_value(value))) {
            return false;
        }
        mts_setting_put(row, s, json_number_value(value));
        return true;
    }
}

const char *mts_settings_read(const json_t *from, MtsSearchSettings *s)
{
    mts_search_defaults(s);
    for (size_t i = 0; i < mts_search_setting_count; i++) {
        const MtsSetting *row = &mts_search_settings[i];
        if (row->scope != MTS_SCOPE_NONE && !read_field(row, json_object_get(from, row->name), s)) {
            return row->name;
        }
    }
    return NULL;
}

/* ---- names of methods ---- */

void mts_method_list(const char *join, char *out, size_t size)
{
    size_t n = 0;
    for (int m = 0; m < (int)MTS_METHOD_COUNT && n < size; m++) {
        n += (size_t)snprintf(out + n, size - n, "%s%s", m ? join : "", mts_method_name((MtsMethod)m));
    }
}
