#include <maxts/search.h>

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "search/methods/methods.h"
#include "search/record/trace.h"

typedef struct TraceFile {
    const char *path;
    FILE *file; /* NULL: no trace asked for */
} TraceFile;

static const char *const METHOD_NAMES[] = {
    [MTS_GREEDY] = "greedy",
    [MTS_SAMPLE] = "sample",
    [MTS_BEAM] = "beam",
    [MTS_BEST_OF_N] = "best-of-n",
    [MTS_SMC] = "smc",
    [MTS_MCTS] = "mcts",
    [MTS_DTS] = "dts",
    [MTS_DTS_STAR] = "dts-star",
    [MTS_MAXENT_TS] = "maxent-ts",
};
enum { METHOD_COUNT = sizeof METHOD_NAMES / sizeof METHOD_NAMES[0] };

const char *mts_method_name(MtsMethod method)
{
    return (size_t)method < METHOD_COUNT ? METHOD_NAMES[method] : "unknown";
}

/* Letters and digits, lower case; '*' reads as "star". */
static void plain_name(const char *name, char *out, size_t size)
{
    size_t n = 0;
    for (; *name && n + 5 < size; name++) {
        if (*name == '*') {
            memcpy(out + n, "star", 4);
            n += 4;
        } else if (isalnum((unsigned char)*name)) {
            out[n++] = (char)tolower((unsigned char)*name);
        }
    }
    out[n] = '\0';
}

int mts_method_from_name(const char *name, MtsMethod *method)
{
    char wanted[64], known[64];
    plain_name(name, wanted, sizeof wanted);
    if (strcmp(wanted, "maxent") == 0) {
        *method = MTS_MAXENT_TS;
        return 0;
    }
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        plain_name(METHOD_NAMES[i], known, sizeof known);
        if (strcmp(wanted, known) == 0) {
            *method = (MtsMethod)i;
            return 0;
        }
    }
    return -1;
}

const MtsMethodOps *mts_method_ops(MtsMethod method)
{
    switch (method) {
    case MTS_GREEDY:
        return &mts_greedy_ops;
    case MTS_SAMPLE:
        return &mts_sample_ops;
    case MTS_BEAM:
        return &mts_beam_ops;
    case MTS_BEST_OF_N:
        return &mts_best_of_n_ops;
    case MTS_SMC:
        return &mts_smc_ops;
    case MTS_MCTS:
        return &mts_mcts_ops;
    case MTS_DTS:
    case MTS_DTS_STAR:
        return &mts_dts_ops;
    case MTS_MAXENT_TS:
        return &mts_maxent_ops;
    default:
        return NULL;
    }
}

/* Where a trace goes. */
static int trace_line(void *context, const char *text, size_t size, MtsError *err)
{
    TraceFile *t = context;
    errno = 0;
    if (fwrite(text, 1, size, t->file) != size || fputc('\n', t->file) == EOF) {
        return mts_fail(err, MTS_EIO, "%s: cannot be written: %s", t->path, strerror(errno ? errno : EIO));
    }
    return MTS_OK;
}

static int close_trace(TraceFile *t, int rc, MtsError *err)
{
    if (t->file && fclose(t->file) != 0 && rc == MTS_OK) {
        return mts_fail(err, MTS_EIO, "%s: cannot be written: %s", t->path, strerror(errno));
    }
    return rc;
}

static int open_trace(TraceFile *t, MtsTrace *trace, MtsRun *run, MtsError *err)
{
    t->path = run->settings.trace;
    if (!t->path) {
        return MTS_OK;
    }
    t->file = fopen(t->path, "wb");
    if (!t->file) {
        return mts_fail(err, MTS_EIO, "%s: cannot be opened for writing: %s", t->path, strerror(errno));
    }
    return mts_trace_begin(trace, run, (MtsLines){t, trace_line}, err);
}

int mts_search(const MtsSearchModel *model, const MtsSearchReward *reward, const MtsSearchSettings *settings,
               const MtsEventSink *sink, MtsSearchResult **result, MtsError *err)
{
    MtsRun *run = NULL;
    MtsTrace trace = {0};
    TraceFile file = {0};
    *result = NULL;
    int rc = mts_search_check(model, settings, err);
    rc = rc == MTS_OK ? mts_run_new(&run, model, reward, settings, sink, err) : rc;
    rc = rc == MTS_OK ? open_trace(&file, &trace, run, err) : rc;
    rc = rc == MTS_OK ? mts_run_go(run, err) : rc;
    rc = rc == MTS_OK ? mts_run_result(run, result, err) : rc;
    rc = rc == MTS_OK && file.file ? mts_trace_end(&trace, *result, err) : rc;
    rc = close_trace(&file, rc, err);
    if (rc != MTS_OK) {
        mts_search_result_free(result);
    }
    mts_trace_free(&trace);
    mts_run_free(&run);
    return rc;
}
