/* reward/answer_line.h - which of the allowed answers a text gives. */
#ifndef MTS_REWARD_ANSWER_LINE_H
#define MTS_REWARD_ANSWER_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* The part of text [size] that answers: what follows the last "Answer:" (any case), or all of it where there is none
 * (then false); without outer white space, special tokens at its end ("<|im_end|>"), and final periods. */
bool mts_answer_find(const char *text, size_t size, const char **answer, size_t *answer_size);

/* Its normal form: ASCII letters in lower case, none of .,!?;: left, '_' and '-' as a blank, runs of white space as one
 * blank, none outside. malloc'ed; NULL when memory ran out. */
char *mts_answer_normal(const char *s, size_t n);

enum { MTS_NO_OPTION = -1, MTS_NO_MEMORY = -2 };

/* The option that a text gives: its answer is that, or its answer's normal form is an option's, or, where `lettered`,
 * begins with an option's letter as "b", "(b)", "b)", "b." or "option b" and then nothing, or anything that names no
 * other option. Otherwise MTS_NO_OPTION; two options with one normal form are the first. */
int mts_answer_option(const char *text, size_t size, const char *const *options, size_t count, bool lettered);

/* Whether what is said so far, in normal form, can still grow into an option: 1 or 0, or MTS_NO_MEMORY. */
int mts_answer_begins_option(const char *text, size_t size, const char *const *options, size_t count);

#endif
