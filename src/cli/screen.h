/* cli/screen.h - what is known of where we print: its width, whether it takes colours, how wide a text is. */
#ifndef MTS_CLI_SCREEN_H
#define MTS_CLI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

/* Columns of the terminal behind a descriptor: the environment's COLUMNS where it is a number, else what the terminal
 * says, else 80; 0 (no limit) where it is none and COLUMNS is not set. */
size_t screen_width(int fd);

/* Its rows, by LINES in the same way, else 24. */
size_t screen_height(int fd);

/* Whether lines there can be drawn again: a terminal that is not a dumb one. */
bool screen_redraws(int fd);

/* --color: auto (default), always, never. */
void screen_choose_color(const char *word);

/* The sequence that begins (or ends) emphasis there, or "": asked for, or a terminal and no NO_COLOR in the
 * environment. */
const char *screen_bold(int fd);
const char *screen_plain(int fd);

/* Columns that a text [size] takes: a character takes one, a wide one of East Asia or an emoji two, a combining mark
 * none. */
size_t screen_columns(const char *text, size_t size);

/* The bytes of the longest beginning of the text that takes at most `columns`. */
size_t screen_fit(const char *text, size_t size, size_t columns);

#endif
