/* cli/command.h - one function a command, and what they share. */
#ifndef MTS_CLI_COMMAND_H
#define MTS_CLI_COMMAND_H

#include <maxts/engine.h>

#include "cli/args.h"
#include "cli/conversation.h"

typedef struct CommandRow {
    const char *name;
    unsigned bit;
    int (*run)(const Args *args, MtsError *err);
    const char *operands; /* the words it takes beside options, as --help says them, or "" */
    int most;             /* how many of them; -1: any number */
    const char *what;
} CommandRow;

/* Each does its work and prints its result; returns a code of maxts/error.h with the sentence in *err. */
int cmd_inspect(const Args *args, MtsError *err);
int cmd_tokenize(const Args *args, MtsError *err);
int cmd_score(const Args *args, MtsError *err);
int cmd_generate(const Args *args, MtsError *err);
int cmd_search(const Args *args, MtsError *err);
int cmd_verify(const Args *args, MtsError *err);
int cmd_eval(const Args *args, MtsError *err);
int cmd_bench(const Args *args, MtsError *err);
int cmd_replay(const Args *args, MtsError *err);
int cmd_report(const Args *args, MtsError *err);
int cmd_series(const Args *args, MtsError *err);
int cmd_check(const Args *args, MtsError *err);
int cmd_choose(const Args *args, MtsError *err);
int cmd_train(const Args *args, MtsError *err);
int cmd_forecast(const Args *args, MtsError *err);
int cmd_classify(const Args *args, MtsError *err);
int cmd_ask(const Args *args, MtsError *err);
int cmd_caption(const Args *args, MtsError *err);

/* ---- shared.c ---- */

/* Opens --model as the machine options say, or only its tokenizer; a missing --model is MTS_EREQUEST. */
int open_engine(MtsEngine **engine, const Args *args, MtsEngineParts parts, MtsError *err);

/* --prompt, --prompt-file or standard input, malloc'ed and NUL-terminated. */
int read_text(const Args *args, char **text, size_t *size, MtsError *err);

/* The text as a chat's last message: NULL where --messages stands alone. It holds no NUL. */
int read_message(const Args *args, char **text, MtsError *err);

/* --column and its like. */
int series_options(const Args *args, MtsSeriesOptions *options, MtsError *err);

/* Everything that stands between the command line and a request: the text, the series and the tokens, which the
 * request borrows. */
typedef struct Asked {
    MtsRequest request;
    char *text;
    char *constraint;
    MtsSeries *series;
    MtsPrompt prompt;
    Conversation chat;
} Asked;

/* Zero-initialise `asked`; asked_free() is due whatever this returns. */
int ask(Asked *asked, const MtsEngine *engine, const Args *args, MtsError *err);
void asked_free(Asked *asked);

/* The settings that were given, over what the request holds. */
int apply_settings(const Args *args, MtsRequest *request, MtsError *err);

/* --whitespace, --order and --strict. */
unsigned constraint_options(const Args *args);
size_t constraint_memory(const Args *args); /* --constraint-memory in bytes; 0: the default */

/* What --constraint, --schema or --grammar asks, malloc'ed; NULL in *text where none is given. */
int read_constraint(const Args *args, MtsConstraintForm *form, char **text, MtsError *err);

/* From now on Ctrl-C raises a flag (a second one ends the program) that stop_asked() polls. */
void catch_interrupts(void);
bool stop_asked(void *context);

#endif
