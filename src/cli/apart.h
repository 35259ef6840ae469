/* cli/apart.h - what a command writes is none of the files that it reads. */
#ifndef MTS_CLI_APART_H
#define MTS_CLI_APART_H

#include "cli/args.h"
#include "cli/options.h"

/* MTS_EREQUEST where an option of the command that names a file to be written, as its row says, or a reward's log=FILE
 * names one that another option, a reward's specification or an operand names too: a checkpoint may be gone on with in
 * its own file, else one of them would be lost. So where it is a file that one of them is made of (a WFDB record's
 * signals, the program of a reward), standard input or the file of settings. */
int files_stand_apart(const Option *options, size_t count, unsigned command, const char *name, const Args *args,
                      MtsError *err);

#endif
