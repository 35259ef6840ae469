/* search/record/trace.h - everything a search did, one JSON line a step, and the proof that it is so; docs/trace.md has
 * every member.
 *
 *     {"maxts_trace":{settings}}
 *     {"event":"selected"|"extended", "rollout", "depth", "token", "logp", "log_q"}     a token: prior, proposal
 *     {"event":"scored", "rollout", "tokens", "logp", "log_q", "reward"}               a text
 *     {"event":"backed-up", "rollout", "log_z_rollout", "log_z", "log_z_se", "best_reward", "nfe", "done", "path"}
 *         path: for each node from the root to the text what the method knows there now (maxent-ts: log of
 *         the known tilted mass, log of the unseen prior mass, prior mass of unknown children)
 *     {"event":"stopped", "reason", "log_z", "log_z_se", "nfe", "done", "cut", "ends"}
 *         and of searches that were cut short, what the method's write_stop() adds
 *     {"answer":[tokens], "reward", "logp", "log_weight", "probability", "policy"}      each answer
 *     {"prior":[tokens], "log_mass", "ids", "logp"}                                     each prefix evaluated
 *     {"reward":[tokens], "finished", "value"}                                          each reward asked
 *     {"outlook":[tokens], "n", "sum"}                                      what earlier searches taught, each turn
 *
 * Priors, rewards and the outlook are all that came from outside; they come last, in no order that matters. A replay
 * serves a second search from them, has it write its own trace, and compares that line by line: every number is either
 * an input or recomputed. (The inputs themselves must be distributions and finite values.) Of a search that was cut
 * short, "done" and "cut" say which rollouts it kept. */
#ifndef MTS_SEARCH_RECORD_TRACE_H
#define MTS_SEARCH_RECORD_TRACE_H

#include "core/mem.h"
#include "core/output.h"
#include "search/search.h"

/* Where lines go; text has no newline. */
typedef struct MtsLines {
    void *context;
    int (*line)(void *context, const char *text, size_t size, MtsError *err);
} MtsLines;

typedef struct MtsTrace {
    MtsLines out;
    MtsSearch *search;
    const MtsEventSink *next; /* gets every event too; NULL: none */
    MtsEventSink sink;
    MtsBytes line; /* scratch */
} MtsTrace;

/* Puts the trace in front of search->sink and writes the first line. */
int mts_trace_begin(MtsTrace *trace, MtsSearch *search, MtsLines out, MtsError *err);
/* After the result is made: answers, priors, rewards. Evaluates what a resumed search left out. */
int mts_trace_end(MtsTrace *trace, const MtsSearchResult *result, MtsError *err);
void mts_trace_free(MtsTrace *trace);

typedef struct MtsTraceFile { /* a file as the place where lines go, each with its checksum (core/seal.h) */
    MtsOutput *out;           /* NULL: none */
    MtsBytes line;            /* scratch */
} MtsTraceFile;

/* Begins the file settings.trace and the trace. */
int mts_trace_open(MtsTraceFile *file, MtsTrace *trace, MtsSearch *search, MtsError *err);
/* rc, or MTS_EIO with a sentence where nothing else had failed and the file cannot be finished. */
int mts_trace_close(MtsTraceFile *file, int rc, MtsError *err);

/* mts_replay(), and what no line of a trace says: after each rollout, in their order, log W, the estimate of
 * E[exp(lambda r)] over all texts from which the policy comes; NaN of methods that have none. */
typedef struct MtsReplayWatch {
    void *context;
    int (*rollout)(void *context, double log_w, MtsError *err);
} MtsReplayWatch;

int mts_replay_watched(const char *path, const MtsReplayWatch *watch, size_t *lines, MtsError *err);

#endif
