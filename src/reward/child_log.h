/* reward/child_log.h - what reward programs write to their standard error: a file that all copies of one share. */
#ifndef MTS_REWARD_CHILD_LOG_H
#define MTS_REWARD_CHILD_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

/* Zero-initialised: nothing is there yet. */
typedef struct MtsChildLog {
    char *path;
    int file;  /* its descriptor + 1; 0: none */
    bool keep; /* somebody asked for this file, or has been told of it */
} MtsChildLog;

/* Opens the file: at `path`, to whose end is written and which stays, or where that is NULL a new one among temporary
 * files, which mts_child_log_close() removes unless a sentence has named it. */
int mts_child_log_open(MtsChildLog *log, const char *path, MtsError *err);

/* The descriptor to write to. */
int mts_child_log_fd(const MtsChildLog *log);

/* Bytes in the file. */
uint64_t mts_child_log_size(const MtsChildLog *log);

/* Where a program has failed: appends to the sentence what the last line says and where the whole is, if there is
 * any. */
void mts_child_log_tell(MtsChildLog *log, MtsError *err);

void mts_child_log_close(MtsChildLog *log);

#endif
