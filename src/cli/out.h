/* cli/out.h - what a command prints: one JSON object, or the same object made readable; to standard output or, whole at
 * the end, to the file that --out names. */
#ifndef MTS_CLI_OUT_H
#define MTS_CLI_OUT_H

#include <stdbool.h>
#include <stdio.h>

#include "core/error.h"
#include "cli/args.h"
#include "cli/conversation.h"
#include "core/json.h"

/* Takes hold of the file for what follows, NULL: standard output. out_end() writes it, where the work was done, and is
 * due whatever happened; it returns `rc`, or what went wrong. */
int out_begin(const char *path, MtsError *err);
int out_end(int rc, MtsError *err);

/* Prints results. What could not be printed is told by out_flush() and out_end(). */
void out_printf(const char *format, ...) MTS_PRINTF(1, 2);
void out_puts(const char *text); /* without a newline */
void out_write(const char *text, size_t size);

/* Its columns, for what is made to be read; 0: no limit. */
size_t out_width(void);

/* The rows of the terminal that results go to; 0: no limit. */
size_t out_height(void);

/* Emphasis and its end, "" where there is none. */
const char *out_bold(void);
const char *out_plain(void);

/* JSON when it was asked for and wherever results do not go to a terminal. */
bool out_is_json(const Args *args);

/* Prints the object and drops the reference; NULL is taken as memory that ran out. Whatever the system did not take is
 * MTS_EIO. */
int out_print(const Args *args, json_t *object, MtsError *err);

/* A list of objects as a table, one column a member; what is wider than the screen is cut with a cue or goes on
 * below. */
void out_table(const json_t *rows);

/* In how many blocks out_table() puts it, one below the other, each with a line of names. */
size_t out_table_blocks(const json_t *rows);

/* Flushes what was printed by other means; MTS_EIO as above. */
int out_flush(MtsError *err);

/* Whether the reader of standard output went away: nobody is left to be told. */
bool out_closed(void);

/* A line that is cut, with a cue, where it is wider than the screen. */
void out_cut_line(const char *line);

/* A line of plain words, broken at blanks where it is wider than the screen. */
void out_line(const char *format, ...) MTS_PRINTF(1, 2);

/* Prints text that a model wrote: control characters, which could steer a terminal, become U+FFFD; line ends and tabs
 * stay. Each line end is followed by `indent` blanks. */
void out_text(const char *text, size_t size, int indent);

/* A text that is the whole result: on a terminal as above, elsewhere byte for byte. */
void out_whole_text(const char *text, size_t size);

/* Whether results go to a terminal, where they can be seen as they grow. */
bool out_is_terminal(void);

/* A string that may hold anything: broken UTF-8 becomes U+FFFD. */
json_t *out_string(const char *text);
/* The text of an answer, whole: a NUL of it is one. */
json_t *out_answer(const char *text, size_t size);
json_t *out_ids(const int32_t *ids, size_t count);

/* Adds "date", what the chat's template was told, where it asked. */
void out_date(json_t **to, const Conversation *chat);

#endif
