/* cli/own_settings.h - what a user wants of every command: a file of options, and the environment's model. */
#ifndef MTS_CLI_OWN_SETTINGS_H
#define MTS_CLI_OWN_SETTINGS_H

#include "cli/args.h"

/* The path of that file, malloc'ed; NULL where there is no home, or no memory (then *failed). */
char *own_settings_path(bool *failed);
/* Sets the options of the command (a bit) that the file and MAXTS_MODEL give, before the command line is read. The
 * file is $XDG_CONFIG_HOME/maxts/config, or ~/.config/maxts/config; lines of "option = value", by the long name, of a
 * flag "on" or "off"; empty lines and those that begin with # say nothing; what is no option of this command is passed
 * over, what is none of any is MTS_EREQUEST with file and line. *text holds the values, to be freed after the last use
 * of `args`. */
int own_settings_read(unsigned command, Args *args, char **text, MtsError *err);

#endif
