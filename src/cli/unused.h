/* cli/unused.h - options that were given and that change nothing, beside the others. */
#ifndef MTS_CLI_UNUSED_H
#define MTS_CLI_UNUSED_H

#include "cli/args.h"

/* Says on standard error which options of the command in `given`, what the command line alone holds, change nothing:
 * settings of some methods that are none of the method or methods that `args` asks for, and what belongs to another
 * option that was not given. Nothing under --quiet. A remark and no error: scripts may give every method the same
 * options. */
void tell_unused_options(const Option *options, size_t count, unsigned command, const char *name, const Args *given,
                         const Args *args);

#endif
