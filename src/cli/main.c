/* cli/main.c - the program: which command, its options, its exit status.
 *
 * Results go to standard output, everything else to standard error. Exit status 0: done; 1: the work failed;
 * 2: the request was wrong. An error is one sentence. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <maxts/maxts.h>

#include "cli/command.h"
#include "core/error.h"

static const struct Command {
    const char *name;
    unsigned bit;
    int (*run)(const Args *args, MtsError *err);
    const char *what;
} COMMANDS[] = {
    {"inspect", CMD_INSPECT, cmd_inspect, "what is in a model file"},
    {"tokenize", CMD_TOKENIZE, cmd_tokenize, "the token ids of a text, as it stands"},
    {"score", CMD_SCORE, cmd_score, "how likely a text is, token by token"},
    {"generate", CMD_GENERATE, cmd_generate, "one answer to a prompt, as it grows"},
    {"search", CMD_SEARCH, cmd_search, "the best answers to a prompt under a reward"},
    {"check", CMD_CHECK, cmd_check, "whether texts match a constraint, and where they first do not"},
    {"verify", CMD_VERIFY, cmd_verify, "a method against the exact values of a table"},
    {"eval", CMD_EVAL, cmd_eval, "methods and settings over a data set, scored against its answers"},
    {"report", CMD_REPORT, cmd_report, "runs of eval as one page with plots, and as tables"},
    {"bench", CMD_BENCH, cmd_bench, "how fast this machine runs a model, and what it could do"},
    {"series", CMD_SERIES, cmd_series, "what is read from a file of time series: maxts series FILE[#SELECTION]"},
    {"replay", CMD_REPLAY, cmd_replay, "recomputes every number of a search's trace: maxts replay FILE"},
};

enum { COMMAND_COUNT = sizeof COMMANDS / sizeof COMMANDS[0] };

static void usage(FILE *out)
{
    fputs("maxts " MTS_VERSION ": maximum-entropy tree search over language models, on plain CPUs\n\n"
          "usage: maxts COMMAND [options]\n\n",
          out);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        fprintf(out, "  %-10s %s\n", COMMANDS[i].name, COMMANDS[i].what);
    }
    fputs("\n'maxts COMMAND --help' lists a command's options with their units, ranges and defaults.\n"
          "Exit status: 0 done, 1 the work failed, 2 the request was wrong.\n",
          out);
}

static int fail_with(const MtsError *err)
{
    fprintf(stderr, "maxts: %s\n", err->text);
    return mts_exit_status(err->code);
}

static int run(const struct Command *command, int argc, char **argv)
{
    Args args;
    MtsError err = {0};
    size_t count;
    const Option *options = args_options(&count);
    memset(&args, 0, sizeof args);
    options_clear(options, count, &args);
    args.operands = calloc((size_t)argc + 1, sizeof *args.operands);
    if (!args.operands) {
        err.code = mts_fail(&err, MTS_ENOMEM, "no memory for %d words", argc);
        return fail_with(&err);
    }
    size_t most = command->bit & (CMD_REPLAY | CMD_SERIES)             ? 1
                  : command->bit & (CMD_EVAL | CMD_REPORT | CMD_CHECK) ? (size_t)argc
                                                                       : 0;
    int rc = options_parse(options, count, command->bit, command->name, argc, argv, &args, args.operands, most, &err);
    if (rc == 0 && args.help) {
        printf("usage: maxts %s%s [options]\n%s.\n", command->name,
               command->bit == CMD_REPLAY   ? " FILE"
               : command->bit == CMD_SERIES ? " FILE[#SELECTION]"
               : command->bit == CMD_REPORT ? " RUN.jsonl ..."
               : command->bit == CMD_CHECK  ? " [TEXT ...]"
                                            : "",
               command->what);
        options_help(options, count, command->bit, stdout);
        free(args.operands);
        return fflush(stdout) ? 1 : 0;
    }
    if (rc == 0) {
        rc = command->run(&args, &err);
    }
    free(args.operands);
    err.code = rc;
    return rc ? fail_with(&err) : 0;
}

int main(int argc, char **argv)
{
    MtsError err = {0};
    signal(SIGPIPE, SIG_IGN); /* a reader that went away is a write error with a sentence */
    if (argc < 2) {
        usage(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("maxts " MTS_VERSION);
        return fflush(stdout) ? 1 : 0;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        usage(stdout);
        return fflush(stdout) ? 1 : 0;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(argv[1], COMMANDS[i].name) == 0) {
            return run(&COMMANDS[i], argc - 2, argv + 2);
        }
    }
    mts_fail(&err, MTS_EREQUEST, "'%s' is no command; 'maxts --help' lists them", argv[1]);
    return fail_with(&err);
}
