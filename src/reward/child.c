/* reward/child.c - the life of a reward program.
 *
 * Its input is a socket rather than a pipe, because send() can be told not to raise SIGPIPE, which a library
 * must not change for the whole process; its output is a pipe. It gets these two and a file for its standard error, and
 * no other descriptor of this process. The child leads a process group: what the shell started below it dies with
 * it. It is reaped only after its group was killed, so the group's number cannot have become somebody else's.
 *
 * A descendant may leave the group (setsid). All of them inherit an environment with a mark of this child alone; where
 * there is a /proc, whoever bears the mark when the child ends is killed too. Elsewhere, and of a descendant
 * that has also emptied its environment, nothing is known.
 *
 * Limits are set by the shell that starts the program (ulimit), for posix_spawn() has none and fork() would copy
 * the page tables of a whole model. */
#include "reward/child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"

#define LONGEST_LINE ((size_t)1 << 20)
#define LOOK_EVERY 0.1 /* seconds, at what it writes to its standard error */
#define MARK "MAXTS_REWARD_PROGRAM="

enum { MOST_ENVIRONMENT = 1 << 22, KILL_ROUNDS = 20, NO_LIMIT_STATUS = 125, SHELL_SIGNAL = 128 };

extern char **environ;

struct MtsChild {
    pid_t pid;
    int in, out; /* we write to in, read from out */
    int errors;  /* not ours */
    uint64_t errors_end;
    char *program;
    char mark[80];  /* in the environment of the child and of all that it starts */
    double slowest; /* seconds that an answer has taken */
    MtsBytes line;  /* what has been read of the answer */
};

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

static bool on_exec_close(int fd)
{
    return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

/* What the shell runs: the limits, then the program as it stands. */
static char *script_of(const char *program, const MtsChildLimits *limits)
{
    MtsBytes script = {0};
    bool ok = mts_bytes_append_str(&script, "ulimit -c 0; ");
    if (ok && limits->memory) {
        ok = mts_bytes_printf(&script, "ulimit -v %llu || exit %d; ", 1024ull * limits->memory, NO_LIMIT_STATUS);
    }
    if (ok && limits->seconds) { /* SIGXCPU, which tells why, and SIGKILL a second later */
        ok = mts_bytes_printf(&script, "ulimit -t %zu && ulimit -S -t %zu || exit %d; ", limits->seconds + 1,
                              limits->seconds, NO_LIMIT_STATUS);
    }
    if (!ok || !mts_bytes_append_str(&script, program)) {
        mts_bytes_free(&script);
    }
    return script.data;
}

/* Our environment with the mark in front; the strings are not copied. */
static char **marked_environment(char *mark)
{
    size_t n = 0;
    while (environ && environ[n]) {
        n++;
    }
    char **all = mts_calloc(n + 2, sizeof *all);
    if (all) {
        all[0] = mark;
        memcpy(all + 1, environ, n * sizeof *all);
    }
    return all;
}

/* No other descriptor of this process stays open in the child, whoever opened it; an errno or 0. */
static int close_others(posix_spawn_file_actions_t *files)
{
    long most = sysconf(_SC_OPEN_MAX);
    int rc = 0;
    for (int fd = 3; fd < (most > 0 && most < 65536 ? (int)most : 65536) && !rc; fd++) {
        int flags = fcntl(fd, F_GETFD);
        if (flags >= 0 && !(flags & FD_CLOEXEC)) {
            rc = posix_spawn_file_actions_addclose(files, fd);
        }
    }
    return rc;
}

static int set_files(posix_spawn_file_actions_t *files, int in, int out, int errors)
{
    int rc;
    (void)((rc = posix_spawn_file_actions_adddup2(files, in, 0)) ||
           (rc = posix_spawn_file_actions_adddup2(files, out, 1)) ||
           (rc = posix_spawn_file_actions_adddup2(files, errors, 2)) || (rc = close_others(files)));
    return rc;
}

/* A group of its own, and signals as a program expects them. */
static int set_how(posix_spawnattr_t *how)
{
    sigset_t none, reset;
    int rc;
    sigemptyset(&none);
    sigemptyset(&reset);
    sigaddset(&reset, SIGPIPE);
    sigaddset(&reset, SIGINT);
    sigaddset(&reset, SIGTERM);
    (void)((rc = posix_spawnattr_setpgroup(how, 0)) || (rc = posix_spawnattr_setsigmask(how, &none)) ||
           (rc = posix_spawnattr_setsigdefault(how, &reset)) ||
           (rc =
                posix_spawnattr_setflags(how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)));
    return rc;
}

/* posix_spawn of /bin/sh -c script with these as its standard input, output and error; an errno or 0. */
static int spawn(MtsChild *c, char *script, int in, int out, int errors)
{
    char shell[] = "sh", flag[] = "-c";
    char *argv[] = {shell, flag, script, NULL}, **environment = marked_environment(c->mark);
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    int rc = environment ? posix_spawn_file_actions_init(&files) : ENOMEM;
    if (rc) {
        free(environment);
        return rc;
    }
    if ((rc = posix_spawnattr_init(&how)) == 0) {
        (void)((rc = set_files(&files, in, out, errors)) || (rc = set_how(&how)) ||
               (rc = posix_spawn(&c->pid, "/bin/sh", &files, &how, argv, environment)));
        posix_spawnattr_destroy(&how);
    }
    posix_spawn_file_actions_destroy(&files);
    free(environment);
    return rc;
}

/* A mark that no other child of any process bears. */
static void make_mark(MtsChild *c)
{
    static unsigned count;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(c->mark, sizeof c->mark, MARK "%ld-%u-%lld.%09ld", (long)getpid(), count++, (long long)now.tv_sec,
             now.tv_nsec);
}

/* The pipes, the script and the process; what is ours of the pipes moves into c. */
static int start(MtsChild *c, const MtsChildLimits *limits, int in[2], int out[2], MtsError *err)
{
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, in) != 0 || pipe(out) != 0 || !on_exec_close(in[0]) ||
        !on_exec_close(in[1]) || !on_exec_close(out[0]) || !on_exec_close(out[1])) {
        return mts_fail(err, MTS_EREWARD, "reward command: no pipe to %s: %s", c->program, strerror(errno));
    }
#ifdef SO_NOSIGPIPE
    int on = 1;
    setsockopt(in[0], SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
    char *script = script_of(c->program, limits);
    int why = script ? spawn(c, script, in[1], out[1], c->errors) : ENOMEM;
    free(script);
    if (why != 0) {
        return mts_fail(err, MTS_EREWARD, "reward command: %s cannot be started: %s", c->program, strerror(why));
    }
    c->in = in[0];
    c->out = out[0];
    in[0] = out[0] = -1;
    return MTS_OK;
}

int mts_child_new(MtsChild **child, const char *program, const MtsChildLimits *limits, int errors, MtsError *err)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1}, rc;
    *child = NULL;
    MtsChild *c = mts_calloc(1, sizeof *c);
    if (!c || !(c->program = mts_strdup(program))) {
        free(c);
        return mts_fail(err, MTS_ENOMEM, "reward command: memory ran out");
    }
    c->in = c->out = -1;
    c->errors = errors;
    c->errors_end = limits->errors_end;
    make_mark(c);
    rc = start(c, limits, in, out, err);
    for (int i = 0; i < 2; i++) {
        close_fd(&in[i]);
        close_fd(&out[i]);
    }
    if (rc) {
        free(c->program);
        free(c);
        return rc;
    }
    *child = c;
    return MTS_OK;
}

/* Whether the child ends within `patience` seconds; it stays unreaped. */
static bool ends_within(const MtsChild *c, double patience)
{
    const struct timespec pause = {0, 2000000};
    double end = mts_seconds() + patience;
    for (;;) {
        siginfo_t info = {0};
        if (waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOWAIT | WNOHANG) != 0 || info.si_pid == c->pid) {
            return true;
        }
        if (mts_seconds() >= end) {
            return false;
        }
        nanosleep(&pause, NULL);
    }
}

/* Whether the process was started with the mark in its environment. *changing: it has none, but a program: it may be
 * on its way from one program to the next, when the kernel shows none. */
static bool bears_mark(const MtsChild *c, const char *pid, bool *changing)
{
    char path[64], program[2], *all = NULL;
    size_t size = 0, n = strlen(c->mark) + 1; /* with the NUL that ends it there */
    bool found = false;
    snprintf(path, sizeof path, "/proc/%.20s/environ", pid);
    if (!mts_read_file(path, MOST_ENVIRONMENT, &all, &size, NULL)) {
        for (size_t at = 0; !found && at + n <= size; at += strlen(all + at) + 1) {
            found = memcmp(all + at, c->mark, n) == 0;
        }
        snprintf(path, sizeof path, "/proc/%.20s/exe", pid); /* the kernel's own threads have none */
        *changing |= size == 0 && readlink(path, program, sizeof program) > 0;
    }
    free(all);
    return found;
}

/* Kills every process with the mark; whether there was one, or may be. */
static bool kill_marked(const MtsChild *c)
{
    bool any = false;
    DIR *all = opendir("/proc");
    for (struct dirent *e; all && (e = readdir(all));) {
        long pid = strtol(e->d_name, NULL, 10);
        if (pid > 1 && pid != (long)getpid() && pid != (long)c->pid && bears_mark(c, e->d_name, &any)) {
            any |= kill((pid_t)pid, SIGKILL) == 0;
        }
    }
    if (all) {
        closedir(all);
    }
    return any;
}

/* Kills the group and all descendants that can be found, reaps the child and returns its wait status. */
static int end_child(MtsChild *c)
{
    const struct timespec pause = {0, 2000000};
    int status = 0;
    if (c->pid > 0) {
        kill(-c->pid, SIGKILL);
        for (int i = 0; i < KILL_ROUNDS && kill_marked(c); i++) {
            nanosleep(&pause, NULL); /* one that was being started meanwhile is seen then */
        }
        while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR) {
        }
    }
    c->pid = 0;
    return status;
}

/* The sentence for a program that closed its output or does not take input any more. */
static int fail_ended(MtsChild *c, MtsError *err)
{
    if (!ends_within(c, 0.5)) {
        end_child(c);
        return mts_fail(err, MTS_EREWARD, "reward command: %s closed its output without an answer", c->program);
    }
    int status = end_child(c), code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    int sign = WIFSIGNALED(status) ? WTERMSIG(status) : code > SHELL_SIGNAL ? code - SHELL_SIGNAL : 0;
    if (sign == SIGXCPU) {
        return mts_fail(err, MTS_EREWARD, "reward command: %s used up its processor time (cpu=SECONDS)", c->program);
    }
    if (WIFSIGNALED(status)) {
        return mts_fail(err, MTS_EREWARD, "reward command: %s was ended by signal %d before it answered", c->program,
                        sign);
    }
    return mts_fail(err, MTS_EREWARD, "reward command: %s ended with exit status %d before it answered%s", c->program,
                    code,
                    code == 127               ? " (not found)"
                    : code == NO_LIMIT_STATUS ? " (or its memory or processor time cannot be limited here)"
                    : code == 126             ? " (not executable)"
                                              : "");
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

/* Waits until fd is ready for `events`; MTS_EREWARD when the time is up, or it has written too much meanwhile. */
static int await(MtsChild *c, int fd, short events, double end, double timeout, MtsError *err)
{
    for (;;) {
        double left = end - mts_seconds();
        struct pollfd p = {fd, events, 0};
        int n = left > 0 ? poll(&p, 1, left < LOOK_EVERY ? (int)(left * 1000) + 1 : (int)(LOOK_EVERY * 1000)) : 0;
        int rc = check_errors(c, err);
        if (rc || n > 0) {
            return rc;
        }
        if (n < 0 && errno != EINTR) {
            return mts_fail(err, MTS_EREWARD, "reward command: waiting for %s failed: %s", c->program, strerror(errno));
        }
        if (n == 0 && mts_seconds() >= end) {
            return mts_fail(err, MTS_EREWARD, "reward command: %s gave no answer within %g s", c->program, timeout);
        }
    }
}

static int send_all(MtsChild *c, const char *line, size_t size, double end, double timeout, MtsError *err)
{
    while (size > 0) {
        ssize_t n = send(c->in, line, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            line += n;
            size -= (size_t)n;
        } else if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
            return fail_ended(c, err);
        } else {
            int rc = await(c, c->in, POLLOUT, end, timeout, err);
            if (rc) {
                return rc;
            }
        }
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

/* Reads what is there into c->line, up to and with the first line end, which must be the last byte (*whole). 0 bytes
 * (*got) is the end of the output. */
static int take(MtsChild *c, bool *whole, size_t *got, MtsError *err)
{
    char chunk[4096];
    ssize_t n;
    *whole = false;
    while ((n = read(c->out, chunk, sizeof chunk)) < 0 && errno == EINTR) {
    }
    *got = n > 0 ? (size_t)n : 0;
    if (n <= 0) {
        return MTS_OK;
    }
    const char *newline = memchr(chunk, '\n', (size_t)n);
    size_t size = newline ? (size_t)(newline - chunk) : (size_t)n;
    if (size > LONGEST_LINE - c->line.len) {
        return mts_fail(err, MTS_EREWARD, "reward command: %s wrote a line longer than %zu bytes", c->program,
                        LONGEST_LINE);
    }
    if (!mts_bytes_append(&c->line, chunk, size)) {
        return mts_fail(err, MTS_ENOMEM, "reward command: memory ran out");
    }
    if (newline && size + 1 != (size_t)n) {
        return mts_fail(err, MTS_EREWARD, "reward command: %s wrote more than one line, which was not asked for",
                        c->program);
    }
    *whole = newline != NULL;
    return MTS_OK;
}

/* Waits up to `seconds` for output; whether there is some, or its end. */
static bool has_output(const MtsChild *c, double seconds)
{
    struct pollfd p = {c->out, POLLIN, 0};
    return poll(&p, 1, (int)(seconds * 1000)) > 0;
}

int mts_child_ask(MtsChild *c, const char *line, size_t size, double timeout, const char **answer, size_t *answer_size,
                  MtsError *err)
{
    double begun = mts_seconds(), end = begun + timeout;
    bool whole = false;
    size_t got = 1;
    int rc = MTS_OK;
    c->line.len = 0;
    if (has_output(c, 0) && ((rc = take(c, &whole, &got, err)) || got > 0)) {
        return rc ? rc : fail_unasked(c, err);
    }
    rc = send_all(c, line, size, end, timeout, err);
    while (!rc && !whole) {
        (void)((rc = await(c, c->out, POLLIN, end, timeout, err)) || (rc = take(c, &whole, &got, err)));
        if (!rc && got == 0) {
            return fail_ended(c, err);
        }
    }
    if (rc) {
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
    bool whole = false, ended = false;
    c->line.len = 0;
    for (size_t got = 1; !ended && got > 0 && mts_seconds() < end;) {
        ended = ends_within(c, 0); /* asked before the last look at what it has written */
        if (!has_output(c, ended ? 0 : 0.005)) {
            continue;
        }
        int rc = take(c, &whole, &got, err);
        if (rc || got > 0) {
            return rc ? rc : fail_unasked(c, err);
        }
    }
    return MTS_OK;
}

int mts_child_finish(MtsChild **child, double patience, MtsError *err)
{
    MtsChild *c = *child;
    double end = mts_seconds() + patience + 2 * c->slowest;
    close_fd(&c->in);
    int rc = c->pid > 0 ? read_rest(c, end, err) : MTS_OK;
    mts_child_free(child, rc ? 0 : fmax(0, end - mts_seconds()));
    return rc;
}

void mts_child_free(MtsChild **child, double patience)
{
    MtsChild *c = *child;
    if (!c) {
        return;
    }
    close_fd(&c->in);
    if (c->pid > 0) {
        ends_within(c, patience);
        end_child(c);
    }
    close_fd(&c->out);
    mts_bytes_free(&c->line);
    free(c->program);
    free(c);
    *child = NULL;
}
