/* cli/main.c - the program: which command, its options, its exit status.
 *
 * Results go to standard output, everything else to standard error. Exit status 0: done; 1: the work failed;
 * 2: the request was wrong; 141: whoever read the results went away. An error is one sentence. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <maxts/maxts.h>

#include "cli/apart.h"
#include "cli/box.h"
#include "cli/command.h"
#include "cli/manual.h"
#include "cli/out.h"
#include "cli/own_settings.h"
#include "cli/screen.h"
#include "cli/unused.h"
#include "core/error.h"
#include "core/near.h"

enum { READER_GONE = 128 + 13, ANY = -1, NO_WORD = 1 };

static const CommandRow COMMANDS[] = {
    {"inspect", CMD_INSPECT, cmd_inspect, "", 0, "what is in a model file"},
    {"tokenize", CMD_TOKENIZE, cmd_tokenize, "", 0, "the token ids of a text, as it stands"},
    {"score", CMD_SCORE, cmd_score, "", 0, "how likely a text is, token by token"},
    {"generate", CMD_GENERATE, cmd_generate, "", 0, "one answer to a prompt, as it grows"},
    {"search", CMD_SEARCH, cmd_search, "", 0, "the best answers to a prompt under a reward"},
    {"choose", CMD_CHOOSE, cmd_choose, "[OPTION ...]", ANY, "how likely each of a few texts is to be the answer"},
    {"forecast", CMD_FORECAST, cmd_forecast, "FILE[#SELECTION]", 1,
     "the next values of a series, and how sure they are"},
    {"classify", CMD_CLASSIFY, cmd_classify, "FILE[#SELECTION]", 1, "which of a few labels a series has"},
    {"ask", CMD_ASK, cmd_ask, "FILE[#SELECTION] QUESTION", 2, "a question about a series, answered"},
    {"caption", CMD_CAPTION, cmd_caption, "FILE[#SELECTION]", 1, "a series in words that hold"},
    {"check", CMD_CHECK, cmd_check, "[TEXT ...]", ANY, "whether texts match a constraint, and where they first do not"},
    {"verify", CMD_VERIFY, cmd_verify, "", 0, "a method against the exact values of a table"},
    {"train", CMD_TRAIN, cmd_train, "", 0, "what labelled series teach about others, as a file for rewards"},
    {"eval", CMD_EVAL, cmd_eval, "", ANY, "methods and settings over a data set, scored against its answers"},
    {"report", CMD_REPORT, cmd_report, "RUN.jsonl ...", ANY, "runs of eval as one page with plots, and as tables"},
    {"bench", CMD_BENCH, cmd_bench, "", 0, "how fast this machine runs a model, and what it could do"},
    {"series", CMD_SERIES, cmd_series, "FILE[#SELECTION]", 1, "what is read from a file of time series"},
    {"replay", CMD_REPLAY, cmd_replay, "FILE", 1, "recomputes every number of a search's trace"},
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
    fputs("  help       what a command does, and its options: maxts help COMMAND\n"
          "  man        the manual page; completion SHELL: what bash, zsh or fish complete by\n"
          "\n'maxts COMMAND --help' lists a command's options with their units, ranges and defaults.\n"
          "Exit status: 0 done, 1 the work failed, 2 the request was wrong.\n",
          out);
}

/* Where nobody reads any more, nobody is told. */
static int end_with(int rc, MtsError *err)
{
    if (!rc) {
        return 0;
    }
    if (out_closed()) {
        return READER_GONE;
    }
    fprintf(stderr, "maxts: %s\n", err->text);
    return mts_exit_status(rc);
}

static int help_of(const CommandRow *command, MtsError *err)
{
    size_t count;
    const Option *options = args_options(&count);
    printf("usage: maxts %s%s%s [options]\n%s.\n", command->name, command->operands[0] ? " " : "", command->operands,
           command->what);
    options_help(options, count, command->bit, screen_width(STDOUT_FILENO), stdout);
    return out_flush(err);
}

/* Whether --out is what is written in any case, and by the command itself. */
static bool writes_itself(const CommandRow *command, const Args *args)
{
    return (command->bit & (CMD_EVAL | CMD_REPORT | CMD_TRAIN)) != 0 || args->batch_in;
}

static int work(const CommandRow *command, const Args *args, MtsError *err)
{
    if (args->json && args->text) {
        return mts_fail(err, MTS_EREQUEST, "%s: --json and --text: only one of them can be what is printed",
                        command->name);
    }
    screen_choose_color(args->color);
    int rc = out_begin(writes_itself(command, args) ? NULL : args->out, err);
    return rc ? rc : out_end(command->run(args, err), err);
}

/* `called` is the word that the program was started by. */
static int run(const CommandRow *command, const char *called, int argc, char **argv)
{
    Args args, given;
    MtsError err = {0};
    size_t count, most = command->most == ANY ? (size_t)argc : (size_t)command->most;
    const Option *options = args_options(&count);
    char *configured = NULL, *box = NULL;
    int rc;
    memset(&args, 0, sizeof args);
    options_clear(options, count, &args);
    args.operands = calloc((size_t)argc + 1, sizeof *args.operands);
    if (!args.operands) {
        rc = mts_fail(&err, MTS_ENOMEM, "no memory for %d words", argc);
        goto done;
    }
    if ((rc = options_parse(options, count, command->bit, command->name, argc, argv, &args, args.operands, most,
                            &err))) {
        goto done;
    }
    if (args.help) {
        rc = help_of(command, &err);
        goto done;
    }
    /* The file first, so that what is given here replaces what it says; operands come out the same. */
    given = args;
    options_clear(options, count, &args);
    if ((rc = own_settings_read(command->bit, &args, &configured, &err)) ||
        (rc = options_parse(options, count, command->bit, command->name, argc, argv, &args, args.operands, most,
                            &err)) ||
        (rc = conversation_check_date(&args, &err)) || (rc = box_open(command->bit, called, &args, &box, &err)) ||
        (rc = files_stand_apart(options, count, command->bit, command->name, &args, &err))) {
        goto done;
    }
    rc = work(command, &args, &err);
    if (!rc) { /* one that failed says why, in one sentence */
        tell_unused_options(options, count, command->bit, command->name, &given, &args);
    }
done:
    free(args.operands);
    free(configured);
    free(box);
    return end_with(rc, &err);
}

static const CommandRow *find(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(name, COMMANDS[i].name) == 0) {
            return &COMMANDS[i];
        }
    }
    return NULL;
}

static int no_command(const char *name, MtsError *err)
{
    char hint[MTS_NEAR_HINT];
    MtsNear near = {.word = name, .size = strlen(name)};
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        mts_near_try(&near, COMMANDS[i].name, strlen(COMMANDS[i].name));
    }
    mts_near_try_list(&near, "help man completion", " ");
    return mts_fail(err, MTS_EREQUEST, "'%s' is no command%s; 'maxts --help' lists them", name,
                    mts_near_hint(&near, hint, sizeof hint));
}

/* The words that are no commands with options: what they print; NO_WORD: it is none of them. */
static int aside(int argc, char **argv, MtsError *err)
{
    size_t count;
    const Option *options = args_options(&count);
    const char *word = argv[1], *more = argc > 2 ? argv[2] : NULL;
    const CommandRow *command;
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        puts("maxts " MTS_VERSION);
    } else if (strcmp(word, "help") == 0 && more && strcmp(more, "help") != 0) {
        return (command = find(more)) ? help_of(command, err) : no_command(more, err);
    } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        usage(stdout);
    } else if (strcmp(word, "man") == 0) {
        manual_page(COMMANDS, COMMAND_COUNT, options, count, stdout);
    } else if (strcmp(word, "completion") == 0) {
        int rc = manual_completion(more, COMMANDS, COMMAND_COUNT, options, count, stdout, err);
        return rc ? rc : out_flush(err);
    } else {
        return NO_WORD;
    }
    return out_flush(err);
}

/* A standard stream that was closed before we began stays of no use: else the first file that is opened has its number,
 * and what is printed goes there. What stands in its place can no more be written, nor the input read. */
static void hold_streams(void)
{
#ifdef F_GETFD
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        bool closed = fcntl(fd, F_GETFD) < 0;
        if (closed && open(fd ? "/" : "/dev/null", fd ? O_RDONLY : O_WRONLY) != fd) {
            exit(1); /* nobody to tell */
        }
    }
#endif
}

int main(int argc, char **argv)
{
    MtsError err = {0};
    hold_streams();
    signal(SIGPIPE, SIG_IGN); /* a reader that went away is a write error, of standard output a quiet end */
#ifdef SIGXFSZ
    signal(SIGXFSZ, SIG_IGN); /* so is the limit of a file's size */
#endif
    if (argc < 2) {
        usage(stderr);
        return 2;
    }
    const CommandRow *command = find(argv[1]);
    if (command) {
        return run(command, argv[0], argc - 2, argv + 2);
    }
    int rc = aside(argc, argv, &err);
    return end_with(rc == NO_WORD ? no_command(argv[1], &err) : rc, &err);
}
