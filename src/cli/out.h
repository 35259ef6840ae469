/* cli/out.h - what a command prints: one JSON object, or the same object made readable. */
#ifndef MTS_CLI_OUT_H
#define MTS_CLI_OUT_H

#include <stdbool.h>

#include "cli/args.h"
#include "core/json.h"

/* JSON when it was asked for and wherever standard output is no terminal. */
bool out_is_json(const Args *args);

/* Prints the object to standard output and drops the reference; NULL is taken as memory that ran out. Whatever
 * the system did not take is MTS_EIO. */
int out_print(const Args *args, json_t *object, MtsError *err);

/* Flushes what was printed by other means; MTS_EIO as above. */
int out_flush(MtsError *err);

/* Prints text that a model wrote: control characters, which could steer a terminal, become U+FFFD; line ends and tabs
 * stay. Each line end is followed by `indent` blanks. */
void out_text(const char *text, size_t size, int indent);

/* A string that may hold anything: broken UTF-8 becomes U+FFFD. */
json_t *out_string(const char *text);
json_t *out_ids(const int32_t *ids, size_t count);

#endif
