/* cli/options.h - a table-driven option parser.
 *
 * A command's options are rows of one table: each says its name, what it takes, its unit, range and default,
 * and where in the caller's struct its value goes. The parser and --help read the same rows, so that what is
 * documented is what is checked. */
#ifndef MTS_CLI_OPTIONS_H
#define MTS_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <maxts/error.h>

typedef enum OptionKind {
    OPTION_FLAG,   /* bool: present or not */
    OPTION_TEXT,   /* const char *, borrowed from argv; NULL when absent */
    OPTION_TEXTS,  /* OptionTexts: all that were given, in their order; none when absent */
    OPTION_SIZE,   /* size_t in [min, max]; CLI_NO_SIZE when absent */
    OPTION_SEED,   /* uint64_t below 2^63, what JSON readers keep; 0 when absent */
    OPTION_REAL,   /* double in [min, max]; NaN when absent */
    OPTION_CHOICE, /* const char *, one of the words in `value` separated by '|'; NULL when absent */
    OPTION_HEADING /* no option: a line that heads the rows after it in --help */
} OptionKind;

enum { OPTION_TEXTS_MOST = 32 };

typedef struct OptionTexts {
    const char *items[OPTION_TEXTS_MOST]; /* borrowed from argv */
    size_t count;
} OptionTexts;

#define CLI_NO_SIZE ((size_t)-1)

typedef struct Option {
    OptionKind kind;
    char letter;          /* short name, or 0 */
    const char *name;     /* long name without "--"; a heading's text */
    unsigned commands;    /* bit set of the commands that take it */
    size_t offset;        /* of the value in the struct that the parser fills */
    const char *value;    /* what --help calls the value ("FILE", "N"), or a choice's words */
    double min, max;      /* of sizes and reals, both ends included */
    const char *help;     /* what it is, with its unit */
    const char *fallback; /* the default as --help says it; NULL: none */
    const char *way_out;  /* what to do instead of a real out of range; NULL: nothing comes to mind */
    bool writes;          /* of a FILE: it is written */
} Option;

/* Sets every option's value in `into` to its absent value. */
void options_clear(const Option *options, size_t n, void *into);

/* Reads argv[0..argc) ("--name value", "--name=value", "-n value", "-nvalue"; "--" ends the options; a later
 * one replaces an earlier one, except of OPTION_TEXTS) into the struct. Words that are no options go to operands[0 ..
 * most), whose others stay as they are. MTS_EREQUEST with a sentence that names the command, the option and the value.
 */
int options_parse(const Option *options, size_t n, unsigned command, const char *name, int argc, char **argv,
                  void *into, const char **operands, size_t most, MtsError *err);

/* Whether an option has another value than its absent one; of a seed 0 is that. */
bool options_given(const Option *option, const void *from);

/* The place of a word among those of "one|two|three"; how many there are where it is none of them. */
size_t options_choice(const char *words, const char *word);

/* The range of an option's values as --help says it; "" for those that have none. */
void options_range(const Option *option, char *out, size_t size);

/* What --help says of an option: what it is, its range and default. */
void options_says(const Option *option, char *out, size_t size);

/* What --help calls its value; "" of a flag. */
const char *options_value(const Option *option);

/* The option of a command by its long name; NULL: it has none. */
const Option *options_find(const Option *options, size_t n, unsigned command, const char *name);

/* "; did you mean '--name'?" of a word that is no option of the command; "" where none is near. */
const char *options_hint(const Option *options, size_t n, unsigned command, const char *word, char *hint, size_t size);

/* Reads a value as options_parse() does; `name` begins the sentence. */
int options_store(const Option *option, const char *name, const char *text, void *into, MtsError *err);

/* The --help lines of every option of the command, with unit, range and default, within `width` columns (0: 100). */
void options_help(const Option *options, size_t n, unsigned command, size_t width, FILE *out);

#endif
