/* cli/progress.h - how far a search is, on standard error: one row of a terminal, drawn again at most ten times a
 * second and wiped at the end; elsewhere a line now and then. */
#ifndef MTS_CLI_PROGRESS_H
#define MTS_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <maxts/search.h>

#include "core/error.h"

enum { PROGRESS_PARTS = 8, PROGRESS_PART = 96 };

/* What a row says, part by part, the most important first: those at the end are left off where they do not fit. */
typedef struct ProgressRow {
    char parts[PROGRESS_PARTS][PROGRESS_PART];
    size_t count;
} ProgressRow;

typedef struct Progress {
    FILE *to;
    bool shown;         /* somebody wants it */
    bool redraws;       /* a terminal */
    double began, last; /* seconds */
    double pause;       /* seconds until the next one */
    size_t columns;     /* of the row that is on the screen */
    uint64_t max_nfe;   /* limits of the search, for the time left; 0: none */
    double max_seconds;
    size_t rollouts, max_tokens;
    MtsEventSink sink; /* give this to the search; the struct must not move */
} Progress;

/* Of anything; quiet: nothing is ever written. */
void progress_begin(Progress *progress, bool quiet);

/* Of a search, whose texts have at most max_tokens. */
void progress_begin_search(Progress *progress, bool quiet, const MtsSearchSettings *settings, size_t max_tokens);

void progress_end(Progress *progress); /* wipes the row */

/* A row of one's own ("loading ..."), replaced by the next; on terminals alone. */
void progress_say(Progress *progress, const char *text);

/* Whether it is time for another row, at this moment; the clock counts from there. */
bool progress_due(Progress *progress, double now);

void progress_part(ProgressRow *row, const char *format, ...) MTS_PRINTF(2, 3);

/* "about 40 s left", in the unit that reads well; nothing where it is not finite. */
void progress_left(ProgressRow *row, double seconds);

/* As many parts as fit into `columns` (0: all), joined by ", "; the first is cut where even that does not fit. */
void progress_join(const ProgressRow *row, size_t columns, char *out, size_t size);

/* Writes the row. */
void progress_put(Progress *progress, const ProgressRow *row);

#endif
