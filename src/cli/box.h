/* cli/box.h - the small model that comes with the program, for series when no other is named. */
#ifndef MTS_CLI_BOX_H
#define MTS_CLI_BOX_H

#include "cli/args.h"

/* Where `command` (a bit) reads a series and no model is named, args->model becomes share/maxts/series.gguf of the
 * folder that holds the program's own, series.gguf beside the program, or data/series.gguf of the folder that it was
 * built in, and args->boxed is set, of which open_engine() tells; *path then owns its name. `called` is the program's
 * first word. forecast and classify, which answer by what was learnt, stay without. Where no such file is there,
 * nothing is changed. */
int box_open(unsigned command, const char *called, Args *args, char **path, MtsError *err);

#endif
