/* cli/args.h - every value that the command line can carry, and the table of the options that set them. */
#ifndef MTS_CLI_ARGS_H
#define MTS_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/options.h"

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
    CMD_REPORT = 1u << 9
};

/* Absent values as options.h says: NULL, CLI_NO_SIZE, NaN, false. Strings are borrowed from argv. */
typedef struct Args {
    /* model and machine */
    const char *model;
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
    const char *series;
    /* text out */
    const char **operands; /* [argc], NULL behind the last; replay: the trace, eval: what is merged, report: runs */
    bool json;
    size_t top;
    bool help;
    /* what is generated */
    size_t max_tokens;
    double temperature;
    size_t top_k;
    double top_p;
    double min_p;
    size_t vocab_top;
    const char *end_stop;
    const char *constraint;
    const char *schema;
    uint64_t seed;
    /* search */
    const char *preset;
    const char *method;
    const char *reward;
    double lambda;
    size_t rollouts;
    size_t in_flight;
    size_t batch;
    size_t expansion;
    const char *uct;
    double c_uct;
    double widening_c;
    double widening_alpha;
    const char *resampling;
    double ess_threshold;
    double shrinkage;
    double exploration;
    size_t sweep;
    size_t look_ahead;
    size_t nfe;
    double seconds;
    double log_z_tolerance;
    double mass_tolerance;
    size_t min_rollouts;
    const char *save;
    const char *resume;
    const char *trace;
    bool explain;
    bool complete_sample;
    const char *kv_cache;
    /* verify */
    size_t runs;
    /* bench: lists are joined by commas */
    const char *prefill, *prompt_tokens, *sequences;
    /* eval: lists are joined by commas */
    const char *stage, *data, *more, *train, *experiment;
    const char *methods, *lambdas, *rollouts_list, *max_tokens_list, *temperatures, *expansions, *seeds;
    const char *eval_reward, *eval_constraint;
    bool spread;
    size_t samples, points, context, horizon, keep_trees, total_nfe;
    const char *out, *shard, *merge;
    /* report */
    const char *markdown, *latex, *csv;
} Args;

extern const Option ARGS_OPTIONS[];
extern const size_t ARGS_OPTION_COUNT;

#endif
