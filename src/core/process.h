/* core/process.h - a program started by the system's shell, what is written to it and read from it, and its end with
 * all that it has started.
 *
 * It has its standard input and output, a file of ours as standard error, and no other file of this process. On POSIX
 * the shell is /bin/sh, and the program leads a process group (a Ctrl-C in the terminal is not for it). On Windows it
 * is cmd.exe, unless the command is a program and its words alone; all of them are a job (core/windows/job.c). */
#ifndef MTS_CORE_PROCESS_H
#define MTS_CORE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct MtsProcess MtsProcess;

/* What each of its processes may have. */
typedef struct MtsProcessLimits {
    size_t memory;  /* MiB of address space (on Windows of memory that it has asked for); 0: as ours is */
    size_t seconds; /* of processor time; 0: as ours */
} MtsProcessLimits;

/* How it ended. */
typedef struct MtsProcessEnd {
    int status;       /* exit status; 0 after a signal */
    int signal;       /* 0: none */
    bool out_of_time; /* its processor time was used up */
    const char *note; /* what an exit status means, " (not found)", or "" */
} MtsProcessEnd;

/* What a write or a read says instead of a number of bytes. */
enum { MTS_PROCESS_LATER = -1, MTS_PROCESS_CLOSED = -2, MTS_PROCESS_FAILED = -3 /* errno says why */ };

/* What a start says that is no errno: the system does not keep the limits. */
enum { MTS_PROCESS_NO_LIMIT = -1 };

/* Its standard error is the descriptor `errors`, which outlives it. 0, an errno or MTS_PROCESS_NO_LIMIT. Not to be
 * called by two threads at once. */
int mts_process_start(MtsProcess **process, const char *command, const MtsProcessLimits *limits, int errors);

/* Writes what it takes at once, or within `seconds`: the number of bytes, at least 1. MTS_PROCESS_LATER: none;
 * MTS_PROCESS_CLOSED: it takes no more. */
long mts_process_write(MtsProcess *process, const void *data, size_t size, double seconds);

/* Reads what there is, at once or within `seconds`: the number of bytes; 0: its output has ended. MTS_PROCESS_LATER:
 * nothing yet. */
long mts_process_read(MtsProcess *process, void *data, size_t size, double seconds);

void mts_process_close_input(MtsProcess *process);

/* Whether it ends within `seconds`. */
bool mts_process_ends_within(MtsProcess *process, double seconds);

/* Ends it and all that it started and that can be found; how it ended. Of one that is ended already nothing more is
 * known. */
MtsProcessEnd mts_process_end(MtsProcess *process);

/* Ends it. NULL-safe; sets *process to NULL. */
void mts_process_free(MtsProcess **process);

#endif
