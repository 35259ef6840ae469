/* reward/child.h - a program that is asked one line and answers one line, again and again. */
#ifndef MTS_REWARD_CHILD_H
#define MTS_REWARD_CHILD_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/process.h"

typedef struct MtsChild MtsChild;

typedef struct MtsChildLimits {
    MtsProcessLimits each;
    uint64_t errors_end; /* the file of its standard error may not get longer than so many bytes */
} MtsChildLimits;

/* Starts `program` by the system's shell (core/process.h); its standard error is the descriptor `errors`, which
 * outlives the child. Not to be called by two threads at once. */
int mts_child_new(MtsChild **child, const char *program, const MtsChildLimits *limits, int errors, MtsError *err);

/* Sends line [size], which ends in its newline, and waits for a line, returned without the newline and
 * NUL-terminated, valid until the next call. MTS_EREWARD with the program's name when it has not answered
 * within `timeout` seconds, has ended, or has written a line before it was asked or more than one, or too much to its
 * standard error; the child is then good for nothing but mts_child_free(). */
int mts_child_ask(MtsChild *child, const char *line, size_t size, double timeout, const char **answer,
                  size_t *answer_size, MtsError *err);

/* Nothing more will be asked: the program may end, and the seconds of the two below count from here. They do so
 * themselves; to be called before where several children shall end at the same time. */
void mts_child_close_input(MtsChild *child);

/* Closes the program's input and waits until it ends, `patience` seconds and twice what an answer has taken at most,
 * then as mts_child_free(). MTS_EREWARD when it writes something meanwhile: a line too many,
 * so that its answers may have been those to other questions. */
int mts_child_finish(MtsChild **child, double patience, MtsError *err);

/* Closes the program's input, gives it `patience` seconds to end, kills what is left of its group and of its
 * descendants and reaps it. NULL-safe; sets *child to NULL. */
void mts_child_free(MtsChild **child, double patience);

#endif
