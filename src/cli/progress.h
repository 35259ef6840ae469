/* cli/progress.h - one line on standard error that says how far a search is, where that is a terminal. */
#ifndef MTS_CLI_PROGRESS_H
#define MTS_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include <maxts/search.h>

typedef struct Progress {
    bool shown;         /* standard error is a terminal */
    double began, last; /* seconds */
    uint64_t max_nfe;   /* limits of the search, for the time left; 0: none */
    double max_seconds;
    size_t rollouts;
    MtsEventSink sink; /* give this to the search; the struct must not move */
} Progress;

void progress_begin(Progress *progress, const MtsSearchSettings *settings);
void progress_end(Progress *progress); /* wipes the line */

/* A line of one's own ("loading ..."), replaced by the next. */
void progress_say(Progress *progress, const char *text);

#endif
