/* cli/options.c - see options.h.
 *
 * Numbers are read strictly: the whole word must be the number ("10x", "", "1e3" for a count and "nan" are
 * refused), and the sentence repeats the range that --help states. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "core/error.h"
#include "core/near.h"

enum { HELP_COLUMN = 30, HELP_INDENT = 8, HELP_WIDTH = 100, HELP_NARROW = 70 };

static const Option *find_long(const Option *options, size_t n, unsigned command, const char *name, size_t len)
{
    for (size_t i = 0; i < n; i++) {
        const Option *o = &options[i];
        if (o->kind != OPTION_HEADING && (o->commands & command) && strlen(o->name) == len &&
            memcmp(o->name, name, len) == 0) {
            return o;
        }
    }
    return NULL;
}

static const Option *find_short(const Option *options, size_t n, unsigned command, char letter)
{
    for (size_t i = 0; i < n; i++) {
        if (options[i].letter == letter && (options[i].commands & command)) {
            return &options[i];
        }
    }
    return NULL;
}

size_t options_choice(const char *words, const char *word)
{
    size_t len = strlen(word), place = 0;
    for (const char *at = words; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL) {
        if (len > 0 && strcspn(at, "|") == len && memcmp(at, word, len) == 0) {
            return place;
        }
        place++;
    }
    return place;
}

static bool choice_has(const char *words, const char *word)
{
    return options_choice(words, word) < options_choice(words, "");
}

static bool all_digits(const char *text)
{
    if (!*text) {
        return false;
    }
    for (; *text; text++) {
        if (!isdigit((unsigned char)*text)) {
            return false;
        }
    }
    return true;
}

static bool read_real(const char *text, double *out)
{
    char *end;
    if (!*text || isspace((unsigned char)*text)) {
        return false;
    }
    *out = strtod(text, &end);
    return !*end && isfinite(*out);
}

int options_store(const Option *o, const char *name, const char *text, void *into, MtsError *err)
{
    char hint[MTS_NEAR_HINT];
    void *at = (char *)into + o->offset;
    switch (o->kind) {
    case OPTION_FLAG:
        *(bool *)at = true;
        return MTS_OK;
    case OPTION_TEXT:
        *(const char **)at = o->writes && strcmp(text, "-") == 0 ? "/dev/stdout" : text;
        return MTS_OK;
    case OPTION_TEXTS: {
        OptionTexts *texts = at;
        if (texts->count == OPTION_TEXTS_MOST) {
            return mts_fail(err, MTS_EREQUEST, "%s: --%s is given more than %d times", name, o->name,
                            OPTION_TEXTS_MOST);
        }
        texts->items[texts->count++] = text;
        return MTS_OK;
    }
    case OPTION_CHOICE:
        if (!choice_has(o->value, text)) {
            return mts_fail(err, MTS_EREQUEST, "%s: --%s: '%s' is none of %s%s", name, o->name, text, o->value,
                            mts_near_in(text, strlen(text), o->value, "|", hint, sizeof hint));
        }
        *(const char **)at = text;
        return MTS_OK;
    case OPTION_SEED:
    case OPTION_SIZE: {
        uint64_t max = o->kind == OPTION_SEED         ? INT64_MAX
                       : o->max < (double)CLI_NO_SIZE ? (uint64_t)o->max
                                                      : CLI_NO_SIZE - 1;
        errno = 0;
        unsigned long long v = all_digits(text) ? strtoull(text, NULL, 10) : 0;
        if (!all_digits(text) || errno == ERANGE || v < (uint64_t)o->min || v > max) {
            return mts_fail(err, MTS_EREQUEST, "%s: --%s: '%s' is no whole number from %.0f to %llu", name, o->name,
                            text, o->min, (unsigned long long)max);
        }
        if (o->kind == OPTION_SEED) {
            *(uint64_t *)at = v;
        } else {
            *(size_t *)at = (size_t)v;
        }
        return MTS_OK;
    }
    case OPTION_REAL: {
        double v;
        if (!read_real(text, &v) || v < o->min || v > o->max) {
            return mts_fail(err, MTS_EREQUEST, "%s: --%s: '%s' is no number from %g to %g%s%s", name, o->name, text,
                            o->min, o->max, o->way_out ? "; " : "", o->way_out ? o->way_out : "");
        }
        *(double *)at = v;
        return MTS_OK;
    }
    case OPTION_HEADING:
        break;
    }
    return mts_fail(err, MTS_EREQUEST, "%s: '%s' is no option", name, o->name);
}

void options_clear(const Option *options, size_t n, void *into)
{
    for (size_t i = 0; i < n; i++) {
        void *at = (char *)into + options[i].offset;
        switch (options[i].kind) {
        case OPTION_FLAG:
            *(bool *)at = false;
            break;
        case OPTION_TEXT:
        case OPTION_CHOICE:
            *(const char **)at = NULL;
            break;
        case OPTION_TEXTS:
            ((OptionTexts *)at)->count = 0;
            break;
        case OPTION_SIZE:
            *(size_t *)at = CLI_NO_SIZE;
            break;
        case OPTION_SEED:
            *(uint64_t *)at = 0;
            break;
        case OPTION_REAL:
            *(double *)at = NAN;
            break;
        case OPTION_HEADING:
            break;
        }
    }
}

bool options_given(const Option *o, const void *from)
{
    const void *at = (const char *)from + o->offset;
    switch (o->kind) {
    case OPTION_FLAG:
        return *(const bool *)at;
    case OPTION_TEXT:
    case OPTION_CHOICE:
        return *(const char *const *)at != NULL;
    case OPTION_TEXTS:
        return ((const OptionTexts *)at)->count > 0;
    case OPTION_SIZE:
        return *(const size_t *)at != CLI_NO_SIZE;
    case OPTION_SEED:
        return *(const uint64_t *)at != 0;
    case OPTION_REAL:
        return !isnan(*(const double *)at);
    case OPTION_HEADING:
        break;
    }
    return false;
}

const char *options_hint(const Option *options, size_t n, unsigned command, const char *word, char *hint, size_t size)
{
    const char *name = word + strspn(word, "-");
    MtsNear near = {.word = name, .size = strcspn(name, "=")};
    for (size_t i = 0; i < n; i++) {
        if (options[i].kind != OPTION_HEADING && (options[i].commands & command)) {
            mts_near_try(&near, options[i].name, strlen(options[i].name));
        }
    }
    snprintf(hint, size, near.best[0] ? "; did you mean '--%s'?" : "%s", near.best);
    return hint;
}

const Option *options_find(const Option *options, size_t n, unsigned command, const char *name)
{
    return find_long(options, n, command, name, strlen(name));
}

/* One option at argv[*i]; moves *i past its value. */
static int parse_one(const Option *options, size_t n, unsigned command, const char *name, int argc, char **argv, int *i,
                     void *into, MtsError *err)
{
    const char *word = argv[*i], *text = NULL;
    const Option *o;
    if (word[1] == '-') {
        size_t len = strcspn(word + 2, "=");
        o = find_long(options, n, command, word + 2, len);
        text = word[2 + len] ? word + 2 + len + 1 : NULL;
    } else {
        o = find_short(options, n, command, word[1]);
        text = word[2] ? word + 2 : NULL;
    }
    if (!o) {
        char hint[MTS_NEAR_HINT];
        return mts_fail(err, MTS_EREQUEST, "%s: '%s' is no option of this command%s; 'maxts %s --help' lists them",
                        name, word, options_hint(options, n, command, word, hint, sizeof hint), name);
    }
    if (o->kind == OPTION_FLAG && text) {
        return mts_fail(err, MTS_EREQUEST, "%s: --%s takes no value, but was given '%s'", name, o->name, text);
    }
    if (o->kind != OPTION_FLAG && !text) {
        if (*i + 1 >= argc) {
            return mts_fail(err, MTS_EREQUEST, "%s: --%s needs a value (%s)", name, o->name, o->value);
        }
        text = argv[++*i];
    }
    return options_store(o, name, text, into, err);
}

int options_parse(const Option *options, size_t n, unsigned command, const char *name, int argc, char **argv,
                  void *into, const char **operands, size_t most, MtsError *err)
{
    bool ended = false;
    size_t count = 0;
    for (int i = 0; i < argc; i++) {
        if (!ended && strcmp(argv[i], "--") == 0) {
            ended = true;
        } else if (!ended && argv[i][0] == '-' && argv[i][1]) {
            int rc = parse_one(options, n, command, name, argc, argv, &i, into, err);
            if (rc) {
                return rc;
            }
        } else if (count < most) {
            operands[count++] = argv[i];
        } else {
            return mts_fail(err, MTS_EREQUEST, "%s: '%s' is one word too many", name, argv[i]);
        }
    }
    return MTS_OK;
}

/* Breaks text at spaces into lines that begin at a column. */
static void put_wrapped(const char *text, size_t begin, size_t width, FILE *out)
{
    size_t column = begin;
    while (*text) {
        size_t word = strcspn(text, " ");
        if (column > begin && column + 1 + word > width) {
            fprintf(out, "\n%*s", (int)begin, "");
            column = begin;
        } else if (column > begin) {
            fputc(' ', out);
            column++;
        }
        fprintf(out, "%.*s", (int)word, text);
        column += word;
        text += word + strspn(text + word, " ");
    }
    fputc('\n', out);
}

void options_range(const Option *o, char *out, size_t size)
{
    switch (o->kind) {
    case OPTION_CHOICE:
        snprintf(out, size, "%s", o->value);
        break;
    case OPTION_SIZE:
        snprintf(out, size, "%.0f to %.0f", o->min, o->max);
        break;
    case OPTION_REAL:
        snprintf(out, size, "%g to %g", o->min, o->max);
        break;
    case OPTION_SEED:
        snprintf(out, size, "0 to 2^63 - 1");
        break;
    default:
        out[0] = '\0';
    }
}

void options_says(const Option *o, char *out, size_t size)
{
    char range[128] = "";
    options_range(o, range, sizeof range);
    const char *between = *range && o->fallback ? "; " : "", *word = o->fallback ? "default " : "";
    bool bracket = *range || o->fallback;
    snprintf(out, size, "%s%s%s%s%s%s%s", o->help, bracket ? " (" : "", range, between, word,
             o->fallback ? o->fallback : "", bracket ? ")" : "");
}

const char *options_value(const Option *o)
{
    return o->kind == OPTION_FLAG ? "" : o->kind == OPTION_CHOICE ? "WORD" : o->value;
}

void options_help(const Option *options, size_t n, unsigned command, size_t width, FILE *out)
{
    size_t most = width && width < HELP_WIDTH ? width : HELP_WIDTH,
           begin = most < HELP_NARROW ? HELP_INDENT : HELP_COLUMN;
    for (size_t i = 0; i < n; i++) {
        const Option *o = &options[i];
        char left[128], text[1024];
        if (!(o->commands & command)) {
            continue;
        }
        if (o->kind == OPTION_HEADING) {
            fprintf(out, "\n%s:\n", o->name);
            continue;
        }
        snprintf(left, sizeof left, "  %c%c%s --%s%s%s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
                 o->letter ? "," : " ", o->name, o->kind == OPTION_FLAG ? "" : " ", options_value(o));
        options_says(o, text, sizeof text);
        if (strlen(left) + 2 > begin) {
            fprintf(out, "%s\n%*s", left, (int)begin, "");
        } else {
            fprintf(out, "%-*s", (int)begin, left);
        }
        put_wrapped(text, begin, most, out);
    }
}
