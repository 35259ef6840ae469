/* cli/batch.h - one command over a file of prompts: a line in, a line out, and on from where it was stopped. */
#ifndef MTS_CLI_BATCH_H
#define MTS_CLI_BATCH_H

#include "cli/command.h"
#include "core/json.h"

/* What a command does for one line. `own` is the command line with what the line replaces. */
typedef struct BatchKind {
    const char *command;
    const char *members[6]; /* that a line may have, beside id and prompt; NULL behind the last */
    bool searches;          /* under a reward and a constraint, which are the command's, not a line's */
    /* What is asked; asked->request.max_tokens bounds its answers. */
    int (*ask)(Asked *asked, const MtsEngine *engine, const Args *own, const json_t *line, MtsError *err);
    int (*answer)(const MtsEngine *engine, const Args *own, const Asked *asked, const json_t *line, json_t **answer,
                  MtsError *err);
} BatchKind;

/* Answers every line of --batch-in that --out has no answer to yet, and prints how many there are. */
int batch_run(const BatchKind *kind, const Args *args, MtsError *err);

/* ask() of a line whose members are all in `own`. */
int batch_ask(Asked *asked, const MtsEngine *engine, const Args *own, const json_t *line, MtsError *err);

#endif
