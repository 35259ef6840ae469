/* search/settings.h - the settings of a search: one row of a table for each.
 *
 * A row is everything that is known of a setting beside what it does: its names, type, range, default, help, which
 * methods it concerns, whether a result depends on it. The library's check, the JSON of checkpoints and traces, the
 * program's options with their help, the dimensions of eval's grid and the list in docs/cli.md are made of the rows. So
 * a new setting is a row, its field in the struct and its use. Other structs of settings (engine/request.h) have rows
 * of the same kind. */
#ifndef MTS_SEARCH_SETTINGS_H
#define MTS_SEARCH_SETTINGS_H

#include <stdbool.h>

#include <maxts/search.h>

#include "core/json.h"

typedef enum MtsSettingKind {
    MTS_SETTING_REAL,   /* double */
    MTS_SETTING_SIZE,   /* size_t */
    MTS_SETTING_COUNT,  /* uint64_t, exact below 2^53 */
    MTS_SETTING_SEED,   /* uint64_t, any */
    MTS_SETTING_SWITCH, /* bool, on or off */
    MTS_SETTING_FLAG,   /* bool, false unless it is named */
    MTS_SETTING_WORD,   /* MtsResampling, one of `words` */
    MTS_SETTING_METHOD  /* MtsMethod */
} MtsSettingKind;

typedef enum MtsSettingGroup { /* under which heading the program lists it */
                               MTS_SETTINGS_ANSWER,
                               MTS_SETTINGS_SEARCH,
                               MTS_SETTINGS_STOP,
                               MTS_SETTINGS_SHOW
} MtsSettingGroup;

typedef enum MtsSettingScope {
    MTS_SCOPE_IDENTITY, /* part of a result; a search goes on only where it agrees with the checkpoint's */
    MTS_SCOPE_RESULT,   /* part of a result, and may change when a search goes on: how long */
    MTS_SCOPE_NONE      /* never seen in a result, and not recorded */
} MtsSettingScope;

/* What more than one row says. */
#define MTS_TEMPERATURE_LEAST 1e-6
#define MTS_TEMPERATURE_MOST 1e6
#define MTS_TOKENS_MOST (1u << 24) /* of a text */

enum { MTS_WHEELS_MOST = 16 };

enum { /* bits of MtsSetting.commands: the commands of the program that take it */
       MTS_TAKES_GENERATE = 1,
       MTS_TAKES_SEARCH = 2,
       MTS_TAKES_VERIFY = 4,
       MTS_TAKES_EVAL = 8
};

typedef struct MtsSetting {
    const char *name;   /* in JSON */
    const char *option; /* the program's, without "--"; NULL: the name with '-' for '_' */
    char letter;        /* its short option, or 0 */
    MtsSettingKind kind;
    MtsSettingGroup group;
    MtsSettingScope scope;
    unsigned commands;
    unsigned methods;         /* bit 1 << m: method m is concerned */
    size_t offset;            /* in its struct */
    double initial, min, max; /* both ends included */
    bool later;               /* records from before it was there are read as if it were 0 */
    bool automatic;           /* MTS_AUTO or NAN stands for a value that follows from other settings */
    const char *words;        /* WORD: "one|two|three" */
    const char *help;         /* what it is, with its unit */
    const char *fallback;     /* the default, or the rule of the automatic value, in words; NULL: `initial` */
    const char *way_out;      /* what to do instead of a value out of range; NULL: nothing comes to mind */
    unsigned wheel;           /* eval: place among the dimensions of the grid, the first turns fastest; 0: is none */
    const char *dimension;    /* its name there; NULL: the option's */
} MtsSetting;

#define MTS_CONCERNS(method) (1u << (method))
#define MTS_CONCERNS_ALL ~0u

extern const MtsSetting mts_search_settings[]; /* of MtsSearchSettings */
extern const size_t mts_search_setting_count;

/* The value of a row in its struct; NAN where it is automatic, both ways. Seeds come whole by mts_setting_put_seed().
 */
double mts_setting_get(const MtsSetting *row, const void *settings);
void mts_setting_put(const MtsSetting *row, void *settings, double value);
void mts_setting_put_seed(const MtsSetting *row, void *settings, uint64_t seed);

/* The name of the option: row->option, or the name with '-' for '_'. */
const char *mts_setting_option(const MtsSetting *row, char *scratch, size_t size);

/* Every default of a struct. */
void mts_settings_begin(const MtsSetting *rows, size_t count, void *settings);
/* MTS_EREQUEST with a sentence for the first value outside its range. */
int mts_settings_check(const MtsSetting *rows, size_t count, const void *settings, MtsError *err);

/* MTS_EREQUEST with a sentence for a setting outside its range. */
int mts_search_check(const MtsSearchModel *model, const MtsSearchSettings *settings, MtsError *err);

/* The defaults of a model file: what has an automatic value is left to it. */
void mts_settings_of_models(MtsSearchSettings *settings);

/* Puts a value in place of every automatic one. `kept`, the settings of a checkpoint that the search goes on from or
 * NULL, says what they were: a search that goes on for longer stays the search it was. Temperature: 1 (an engine has
 * put its cut's there before). in_flight: what it is where it is automatic (search/driver.c). */
void mts_settings_resolve(MtsSearchSettings *settings, const MtsSearchReward *reward, size_t in_flight,
                          const json_t *kept);

/* The settings that a result is a function of, with the model's max_tokens and the caller's identity, as a new
 * object; unless `whole`, without those that may change when a search goes on (how long). NULL: memory ran out. */
json_t *mts_settings_json(const MtsSearchSettings *settings, size_t max_tokens, bool whole);

/* The settings alone. */
json_t *mts_settings_fields(const MtsSearchSettings *settings, bool whole);

/* Back again from a whole one (identity and max_tokens apart): NULL, or the name of a field that is missing or
 * out of range. */
const char *mts_settings_read(const json_t *from, MtsSearchSettings *settings);

/* The names of all methods, as a sentence or a list has them: "greedy, sample, ..." by ", ". */
void mts_method_list(const char *join, char *out, size_t size);

#endif
