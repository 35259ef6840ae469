/* reward/child.c - what is asked of a reward program, and answered.
 *
 * One line each way. Whatever it writes besides, before it is asked, with its answer or after its last one, fails the
 * search: which line answers which question would not be known any more. */
#include "reward/child.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/mem.h"

#define LONGEST_LINE ((size_t)1 << 20)
#define LOOK_EVERY 0.1 /* seconds, at what it writes to its standard error */

enum { CHUNK = 4096 };

struct MtsChild {
    MtsProcess *process;
    int errors; /* not ours */
    uint64_t errors_end;
    char *program;
    double slowest; /* seconds that an answer has taken */
    double closed;  /* when its input was; 0: it is open */
    MtsBytes line;  /* what has been read of the answer */
};

int mts_child_new(MtsChild **child, const char *program, const MtsChildLimits *limits, int errors, MtsError *err)
{
    MtsChild *c = *child = mts_calloc(1, sizeof *c);
    if (!c || !(c->program = mts_strdup(program))) {
        mts_child_free(child, 0);
        return mts_fail(err, MTS_ENOMEM, "reward command: memory ran out");
    }
    c->errors = errors;
    c->errors_end = limits->errors_end;
    int why = mts_process_start(&c->process, program, &limits->each, errors);
    if (why) {
        mts_child_free(child, 0);
        return mts_fail(err, MTS_EREWARD, "reward command: %s cannot be started: %s", program,
                        why == MTS_PROCESS_NO_LIMIT ? "its memory or processor time cannot be limited here"
                                                    : strerror(why));
    }
    return MTS_OK;
}

/* The sentence for a program that closed its output or does not take input any more. */
static int fail_ended(MtsChild *c, MtsError *err)
{
    bool ended = mts_process_ends_within(c->process, 0.5);
    MtsProcessEnd end = mts_process_end(c->process);
    if (!ended) {
        return mts_fail(err, MTS_EREWARD, "reward command: %s closed its output without an answer", c->program);
    }
    if (end.out_of_time) {
        return mts_fail(err, MTS_EREWARD, "reward command: %s used up its processor time (cpu=SECONDS)", c->program);
    }
    if (end.signal) {
        return mts_fail(err, MTS_EREWARD, "reward command: %s was ended by signal %d before it answered", c->program,
                        end.signal);
    }
    return mts_fail(err, MTS_EREWARD, "reward command: %s ended with exit status %d before it answered%s", c->program,
                    end.status, end.note);
}

/* What it has written to its standard error; a log that is no file has no size. */
static int check_errors(const MtsChild *c, MtsError *err)
{
    struct stat s;
    if (fstat(c->errors, &s) != 0 || !S_ISREG(s.st_mode) || (uint64_t)s.st_size <= c->errors_end) {
        return MTS_OK;
    }
    return mts_fail(err, MTS_EREWARD, "reward command: %s wrote too much to its standard error (stderr=MIB)",
                    c->program);
}

/* After a write or a read that had nothing within a moment: MTS_EREWARD when the time `end` has come, or it has written
 * too much meanwhile. */
static int go_on_waiting(const MtsChild *c, long said, double end, double timeout, MtsError *err)
{
    int why = errno, rc = check_errors(c, err);
    if (rc) {
        return rc;
    }
    if (said == MTS_PROCESS_FAILED) {
        return mts_fail(err, MTS_EREWARD, "reward command: waiting for %s failed: %s", c->program, strerror(why));
    }
    return said == MTS_PROCESS_LATER && mts_seconds() >= end
               ? mts_fail(err, MTS_EREWARD, "reward command: %s gave no answer within %g s", c->program, timeout)
               : MTS_OK;
}

/* Seconds to wait before the next look at its standard error. */
static double moment(double end)
{
    return fmax(0, fmin(LOOK_EVERY, end - mts_seconds()));
}

static int send_all(MtsChild *c, const char *line, size_t size, double end, double timeout, MtsError *err)
{
    while (size > 0) {
        long n = mts_process_write(c->process, line, size, moment(end));
        if (n == MTS_PROCESS_CLOSED) {
            return fail_ended(c, err);
        }
        int rc = n > 0 ? MTS_OK : go_on_waiting(c, n, end, timeout, err);
        if (rc) {
            return rc;
        }
        line += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return MTS_OK;
}

/* Something that was not asked for is there, beginning with c->line. */
static int fail_unasked(const MtsChild *c, MtsError *err)
{
    size_t n = strcspn(c->line.data, "\n");
    return mts_fail(err, MTS_EREWARD,
                    "reward command: %s wrote \"%.*s\", which was not asked for: a line for each question, no other",
                    c->program, (int)(n < 80 ? n : 80), c->line.data);
}

/* What was read: into c->line, up to and with the first line end, which must be the last byte (*whole). */
static int take(MtsChild *c, const char *chunk, size_t n, bool *whole, MtsError *err)
{
    const char *newline = memchr(chunk, '\n', n);
    size_t size = newline ? (size_t)(newline - chunk) : n;
    *whole = newline != NULL;
    if (size > LONGEST_LINE - c->line.len) {
        return mts_fail(err, MTS_EREWARD, "reward command: %s wrote a line longer than %zu bytes", c->program,
                        LONGEST_LINE);
    }
    if (!mts_bytes_append(&c->line, chunk, size)) {
        return mts_fail(err, MTS_ENOMEM, "reward command: memory ran out");
    }
    if (newline && size + 1 != n) {
        return mts_fail(err, MTS_EREWARD, "reward command: %s wrote more than one line, which was not asked for",
                        c->program);
    }
    return MTS_OK;
}

/* What comes within `seconds` though nothing was asked for fails. *ended: its output has ended. */
static int take_unasked(MtsChild *c, double seconds, bool *ended, MtsError *err)
{
    char chunk[CHUNK];
    bool whole;
    c->line.len = 0;
    long n = mts_process_read(c->process, chunk, sizeof chunk, seconds);
    *ended = n == 0;
    int rc = n > 0 ? take(c, chunk, (size_t)n, &whole, err) : MTS_OK;
    return rc || n <= 0 ? rc : fail_unasked(c, err);
}

/* The answer into c->line. */
static int read_line(MtsChild *c, double end, double timeout, MtsError *err)
{
    char chunk[CHUNK];
    bool whole = false;
    while (!whole) {
        long n = mts_process_read(c->process, chunk, sizeof chunk, moment(end));
        int rc = go_on_waiting(c, n, end, timeout, err);
        if (rc || (n > 0 && (rc = take(c, chunk, (size_t)n, &whole, err)))) {
            return rc;
        }
        if (n == 0) {
            return fail_ended(c, err);
        }
    }
    return MTS_OK;
}

int mts_child_ask(MtsChild *c, const char *line, size_t size, double timeout, const char **answer, size_t *answer_size,
                  MtsError *err)
{
    double begun = mts_seconds(), end = begun + timeout;
    bool ended;
    int rc;
    if ((rc = take_unasked(c, 0, &ended, err)) || (rc = send_all(c, line, size, end, timeout, err)) ||
        (rc = read_line(c, end, timeout, err))) {
        return rc;
    }
    c->slowest = fmax(c->slowest, mts_seconds() - begun);
    *answer = c->line.data;
    *answer_size = c->line.len;
    return MTS_OK;
}

/* Reads until the output ends, the child has ended or the time `end` has come; whatever comes was not asked for. */
static int read_rest(MtsChild *c, double end, MtsError *err)
{
    bool gone = false, ended = false;
    int rc = MTS_OK;
    while (!rc && !gone && !ended && mts_seconds() < end) {
        gone = mts_process_ends_within(c->process, 0); /* asked before the last look at what it has written */
        rc = take_unasked(c, gone ? 0 : 0.005, &ended, err);
    }
    return rc;
}

void mts_child_close_input(MtsChild *c)
{
    if (!c->closed && c->process) {
        mts_process_close_input(c->process);
        c->closed = mts_seconds();
    }
}

int mts_child_finish(MtsChild **child, double patience, MtsError *err)
{
    MtsChild *c = *child;
    mts_child_close_input(c);
    patience += 2 * c->slowest;
    int rc = read_rest(c, c->closed + patience, err);
    mts_child_free(child, rc ? 0 : patience);
    return rc;
}

void mts_child_free(MtsChild **child, double patience)
{
    MtsChild *c = *child;
    if (!c) {
        return;
    }
    mts_child_close_input(c);
    if (c->process) {
        mts_process_ends_within(c->process, fmax(0, c->closed + patience - mts_seconds()));
    }
    mts_process_free(&c->process);
    mts_bytes_free(&c->line);
    free(c->program);
    free(c);
    *child = NULL;
}
