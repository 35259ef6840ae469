/* reward/child.c - the life of a reward program.
 *
 * Its input is a socket rather than a pipe, because send() can be told not to raise SIGPIPE, which a library
 * must not change for the whole process; its output is a pipe. Both ends on our side are closed on exec, so a
 * second child does not keep the first one's input open. The child leads a process group: what the shell
 * started below it dies with it. It is reaped only after its group was killed, so the group's number cannot
 * have become somebody else's. */
#include "reward/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"

#define LONGEST_LINE ((size_t)1 << 20)

extern char **environ;

struct MtsChild {
    pid_t pid;
    int in, out; /* we write to in, read from out */
    char *program;
    MtsBytes line; /* what has been read of the answer */
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

/* posix_spawn of /bin/sh -c program with these as its standard input and output; an errno or 0. */
static int spawn(pid_t *pid, const char *program, int in, int out)
{
    char *shell = mts_strdup("sh"), *flag = mts_strdup("-c"), *copy = mts_strdup(program);
    char *argv[] = {shell, flag, copy, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t none, reset;
    int rc = shell && flag && copy ? posix_spawn_file_actions_init(&files) : ENOMEM;
    if (rc != 0) {
        goto done;
    }
    rc = posix_spawnattr_init(&how);
    if (rc != 0) {
        posix_spawn_file_actions_destroy(&files);
        goto done;
    }
    sigemptyset(&none);
    sigemptyset(&reset);
    sigaddset(&reset, SIGPIPE);
    sigaddset(&reset, SIGINT);
    sigaddset(&reset, SIGTERM);
    rc = posix_spawn_file_actions_adddup2(&files, in, 0);
    rc = rc ? rc : posix_spawn_file_actions_adddup2(&files, out, 1);
    rc = rc ? rc : posix_spawnattr_setpgroup(&how, 0);
    rc = rc ? rc : posix_spawnattr_setsigmask(&how, &none);
    rc = rc ? rc : posix_spawnattr_setsigdefault(&how, &reset);
    rc = rc ? rc
            : posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    rc = rc ? rc : posix_spawn(pid, "/bin/sh", &files, &how, argv, environ);
    posix_spawnattr_destroy(&how);
    posix_spawn_file_actions_destroy(&files);
done:
    free(shell);
    free(flag);
    free(copy);
    return rc;
}

int mts_child_new(MtsChild **child, const char *program, MtsError *err)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1}, rc = MTS_OK;
    *child = NULL;
    MtsChild *c = mts_calloc(1, sizeof *c);
    if (!c || !(c->program = mts_strdup(program))) {
        rc = mts_fail(err, MTS_ENOMEM, "reward command: memory ran out");
        goto done;
    }
    c->in = c->out = -1;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, in) != 0 || pipe(out) != 0 || !on_exec_close(in[0]) ||
        !on_exec_close(in[1]) || !on_exec_close(out[0]) || !on_exec_close(out[1])) {
        rc = mts_fail(err, MTS_EREWARD, "reward command: no pipe to %s: %s", program, strerror(errno));
        goto done;
    }
#ifdef SO_NOSIGPIPE
    int on = 1;
    setsockopt(in[0], SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
    int why = spawn(&c->pid, program, in[1], out[1]);
    if (why != 0) {
        rc = mts_fail(err, MTS_EREWARD, "reward command: %s cannot be started: %s", program, strerror(why));
        goto done;
    }
    c->in = in[0];
    c->out = out[0];
    in[0] = out[0] = -1;
    *child = c;
    c = NULL;
done:
    for (int i = 0; i < 2; i++) {
        close_fd(&in[i]);
        close_fd(&out[i]);
    }
    if (c) {
        free(c->program);
        free(c);
    }
    return rc;
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

/* Kills the group, reaps the child and returns its wait status. */
static int end_child(MtsChild *c)
{
    int status = 0;
    if (c->pid > 0) {
        kill(-c->pid, SIGKILL);
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
    int status = end_child(c);
    if (WIFSIGNALED(status)) {
        return mts_fail(err, MTS_EREWARD, "reward command: %s was ended by signal %d before it answered", c->program,
                        WTERMSIG(status));
    }
    int code = WEXITSTATUS(status);
    return mts_fail(err, MTS_EREWARD, "reward command: %s ended with exit status %d before it answered%s", c->program,
                    code,
                    code == 127   ? " (not found)"
                    : code == 126 ? " (not executable)"
                                  : "");
}

/* Waits until fd is ready for `events`; MTS_EREWARD when the time is up. */
static int await(MtsChild *c, int fd, short events, double end, double timeout, MtsError *err)
{
    for (;;) {
        double left = end - mts_seconds();
        struct pollfd p = {fd, events, 0};
        int n = left > 0 ? poll(&p, 1, left < 1000 ? (int)(left * 1000) + 1 : 1000000) : 0;
        if (n > 0) {
            return MTS_OK;
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
            if (rc != MTS_OK) {
                return rc;
            }
        }
    }
    return MTS_OK;
}

int mts_child_ask(MtsChild *c, const char *line, size_t size, double timeout, const char **answer, size_t *answer_size,
                  MtsError *err)
{
    double end = mts_seconds() + timeout;
    char chunk[4096];
    c->line.len = 0;
    int rc = send_all(c, line, size, end, timeout, err);
    while (rc == MTS_OK) {
        rc = await(c, c->out, POLLIN, end, timeout, err);
        if (rc != MTS_OK) {
            break;
        }
        ssize_t n = read(c->out, chunk, sizeof chunk);
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
            continue;
        }
        if (n <= 0) {
            return fail_ended(c, err);
        }
        const char *newline = memchr(chunk, '\n', (size_t)n);
        size_t take = newline ? (size_t)(newline - chunk) : (size_t)n;
        if (take > LONGEST_LINE - c->line.len) {
            return mts_fail(err, MTS_EREWARD, "reward command: %s wrote a line longer than %zu bytes", c->program,
                            LONGEST_LINE);
        }
        if (!mts_bytes_append(&c->line, chunk, take)) {
            return mts_fail(err, MTS_ENOMEM, "reward command: memory ran out");
        }
        if (newline) {
            if (take + 1 != (size_t)n) {
                return mts_fail(err, MTS_EREWARD, "reward command: %s wrote more than one line for one candidate",
                                c->program);
            }
            *answer = c->line.data;
            *answer_size = c->line.len;
            return MTS_OK;
        }
    }
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
