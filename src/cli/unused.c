/* cli/unused.c - see unused.h. */
#include "cli/unused.h"

#include <stdio.h>
#include <string.h>

enum { WITH_METHOD = CMD_SEARCH | CMD_VERIFY | CMD_EVAL | CMD_FORECAST | CMD_ASK | CMD_CAPTION };

/* What changes nothing without one of the others, where the command has them. */
static const struct {
    const char *option, *with[4];
} BELONGS[] = {
    {"whitespace", {"schema"}},
    {"order", {"schema", "bench"}},
    {"strict", {"schema", "bench"}},
    {"constraint-memory", {"constraint", "schema", "grammar", "bench"}},
    {"column", {"series"}},
    {"delimiter", {"series"}},
    {"decimal", {"series"}},
    {"header", {"series"}},
    {"na", {"series"}},
    {"min-rollouts", {"log-z-tolerance", "mass-tolerance"}},
};

/* "--one, --two" */
typedef struct OptionNames {
    char text[512];
    size_t size, count;
} OptionNames;

static void add(OptionNames *words, const char *join, const char *option)
{
    int n = snprintf(words->text + words->size, sizeof words->text - words->size, "%s--%s", words->count ? join : "",
                     option);
    words->size = n < 0 || words->size + (size_t)n >= sizeof words->text ? words->size : words->size + (size_t)n;
    words->count++;
}

/* ---- settings of methods ---- */

/* The methods of a list as bits; 0: one of them is none of ours, a baseline or a mistake that others tell. */
static unsigned methods_of(const char *list)
{
    unsigned bits = 0;
    while (*list) {
        char name[32];
        MtsMethod method;
        size_t len = strcspn(list, ",");
        snprintf(name, sizeof name, "%.*s", (int)len, list);
        if (mts_method_from_name(name, &method) != 0) {
            return 0;
        }
        bits |= MTS_CONCERNS(method);
        list += len + (list[len] == ',');
    }
    return bits;
}

/* What most methods have (rollouts, lambda, the seed) is given to all that are compared, and surprises nobody. */
static bool is_of_few(const MtsSetting *row)
{
    size_t of = 0;
    for (MtsMethod method = 0; method < MTS_METHOD_COUNT; method++) {
        of += (row->methods & MTS_CONCERNS(method)) != 0;
    }
    return 2 * of < MTS_METHOD_COUNT;
}

static void tell_other_methods(const Option *options, size_t count, unsigned command, const char *name,
                               const Args *given, const Args *args)
{
    MtsSearchSettings defaults;
    OptionNames words = {0};
    char scratch[32];
    mts_search_defaults(&defaults);
    const char *asked = command == CMD_EVAL ? args->methods : args->settings[mts_request_setting_find("method")].text;
    unsigned methods = asked ? methods_of(asked) : args->experiment ? 0 : MTS_CONCERNS(defaults.method);
    for (size_t i = 0; methods && i < mts_request_setting_count(); i++) {
        const MtsSetting *row = mts_request_setting(i);
        const char *option = mts_setting_option(row, scratch, sizeof scratch);
        bool other = is_of_few(row) && !(row->methods & methods);
        const Option *o = other ? options_find(options, count, command, option) : NULL;
        if (o && options_given(o, given)) {
            add(&words, ", ", option);
        }
    }
    if (methods &&
        !(methods & MTS_CONCERNS(MTS_MAXENT_TS))) { /* what searches learn, only that one takes and teaches */
        if (given->outlook) {
            add(&words, ", ", "outlook");
        }
        if (given->learn) {
            add(&words, ", ", "learn");
        }
    }
    if (words.count) {
        fprintf(stderr, "maxts: %s: nothing that %s finds depends on %s; 'maxts %s --help' says what is whose\n", name,
                asked ? asked : mts_method_name(defaults.method), words.text, name);
    }
}

/* ---- what belongs to another option ---- */

static void tell_alone(const Option *options, size_t count, unsigned command, const char *name, const Args *given,
                       const Args *args)
{
    for (size_t i = 0; i < sizeof BELONGS / sizeof BELONGS[0]; i++) {
        OptionNames words = {0};
        const Option *o = options_find(options, count, command, BELONGS[i].option);
        bool alone = o && options_given(o, given);
        for (size_t k = 0; alone && k < 4 && BELONGS[i].with[k]; k++) {
            const Option *with = options_find(options, count, command, BELONGS[i].with[k]);
            if (with) {
                alone = !options_given(with, args);
                add(&words, " or ", with->name);
            }
        }
        if (alone && words.count) {
            fprintf(stderr, "maxts: %s: --%s changes nothing without %s\n", name, o->name, words.text);
        }
    }
}

void tell_unused_options(const Option *options, size_t count, unsigned command, const char *name, const Args *given,
                         const Args *args)
{
    if (!args->quiet) {
        if (command & WITH_METHOD) {
            tell_other_methods(options, count, command, name, given, args);
        }
        tell_alone(options, count, command, name, given, args);
    }
}
