/* cli/manual.h - the manual page and what shells complete by, made from the tables of commands and options. */
#ifndef MTS_CLI_MANUAL_H
#define MTS_CLI_MANUAL_H

#include <stdio.h>

#include "cli/command.h"

/* The page in the language of man(7). */
void manual_page(const CommandRow *commands, size_t n, const Option *options, size_t count, FILE *out);

/* For "bash", "zsh" or "fish"; anything else, NULL too, is MTS_EREQUEST. */
int manual_completion(const char *shell, const CommandRow *commands, size_t n, const Option *options, size_t count,
                      FILE *out, MtsError *err);

#endif
