/* cli/args.h - every value that the command line can carry, and the table of the options that set them. */
#ifndef MTS_CLI_ARGS_H
#define MTS_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/options.h"
#include "engine/request.h"

/* Bits of Option.commands. */
enum {
    CMD_INSPECT = 1u << 0,
    CMD_TOKENIZE = 1u << 1,
    CMD_SCORE = 1u << 2,
    CMD_GENERATE = 1u << 3,
    CMD_SEARCH = 1u << 4,
    CMD_VERIFY = 1u << 5,
    CMD_BENCH = 1u << 6,
    CMD_REPLAY = 1u << 7,
    CMD_EVAL = 1u << 8,
    CMD_REPORT = 1u << 9,
    CMD_SERIES = 1u << 10,
    CMD_CHECK = 1u << 11,
    CMD_CHOOSE = 1u << 12,
    CMD_TRAIN = 1u << 13,
    CMD_FORECAST = 1u << 14,
    CMD_CLASSIFY = 1u << 15,
    CMD_ASK = 1u << 16,
    CMD_CAPTION = 1u << 17,
    CMD_BITS = 18
};

enum { ARGS_SETTINGS_MOST = 64 };

/* A setting of a request as it was given. */
typedef union ArgValue {
    bool flag;
    size_t size;
    uint64_t seed;
    double real;
    const char *text;
} ArgValue;

/* Absent values as options.h says: NULL, CLI_NO_SIZE, NaN, false. Strings are borrowed from argv. */
typedef struct Args {
    /* model and machine */
    const char *model;
    bool boxed; /* it is the one that comes with maxts */
    size_t threads;
    const char *cpu_mask;
    const char *matmul;
    bool exact;
    size_t kv_tokens;
    /* text in */
    const char *prompt;
    const char *prompt_file;
    const char *system;
    bool raw;
    bool chat, special;
    const char *messages, *chat_template, *date;
    const char *messages_text; /* of a line of a batch: the chat itself */
    const char *batch_in;
    OptionTexts template_variables;
    const char *series;
    const char *column, *delimiter, *decimal, *header, *missing; /* how its table is read */
    /* text out */
    const char **operands; /* [argc], NULL behind the last; replay: the trace, series: the file, eval: what is
                            * merged, report: runs */
    bool json, text, quiet;
    const char *color;
    size_t top;
    bool help;
    /* settings of a request: those of the library's tables (engine/request.h), by their index; eval's lists of values
     * joined by commas, by their place in the grid */
    ArgValue settings[ARGS_SETTINGS_MOST];
    const char *lists[MTS_WHEELS_MOST];
    double temperature; /* generate: 0 takes the likeliest token */
    size_t vocab_top;
    OptionTexts stop;
    const char *constraint;
    const char *schema;
    const char *grammar;
    const char *whitespace, *order;
    bool strict;
    size_t constraint_memory; /* MiB */
    /* search */
    const char *preset;
    const char *reward;
    const char *save;
    const char *resume;
    const char *trace;
    bool explain, live;
    const char *explain_as;
    const char *kv_cache;
    /* verify */
    size_t runs;
    /* bench: lists are joined by commas */
    const char *prefill, *prompt_tokens, *sequences;
    /* eval: lists are joined by commas */
    const char *stage, *data, *more, *train, *experiment;
    const char *methods, *seeds, *answers;
    const char *eval_reward, *eval_constraint;
    bool spread, learn;
    const char *outlook;
    bool beats;
    size_t samples, points, context, horizon, keep_trees, total_nfe;
    const char *out; /* of others what gets their results */
    const char *shard, *merge;
    /* forecast, classify, ask, caption: besides operands */
    const char *evidence, *labels, *svg;
    const char *label_column, *group_column; /* train: of any labelled table */
    size_t season;
    /* replay: besides operands */
    bool table, step;
    const char *html;
    /* check */
    const char *instances;
    /* choose: besides operands */
    const char *choices;
    double tolerance;
    /* report */
    const char *markdown, *latex, *csv;
} Args;

/* The options of every command, in the order of --help. */
const Option *args_options(size_t *count);

/* How option `index` of a setting was given: false where it was not. */
bool args_setting(const Args *args, size_t index, const MtsSetting *row, double *value);

#endif
