/* core/process.c - see process.h: a program and its descendants on POSIX.
 *
 * Its input is a socket rather than a pipe, because send() can be told not to raise SIGPIPE, which a library
 * must not change for the whole process; its output is a pipe. The child leads a process group: what the shell started
 * below it dies with it. It is reaped only after its group was killed, so the group's number cannot have become
 * somebody else's.
 *
 * A descendant may leave the group (setsid). All of them inherit an environment with a mark of this child alone; where
 * there is a /proc, whoever bears the mark when the child ends is killed too. Elsewhere, and of a descendant
 * that has also emptied its environment, nothing is known.
 *
 * Limits are set by the shell that starts the program (ulimit), for posix_spawn() has none and fork() would copy
 * the page tables of a whole model. */
#include "core/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"

#define MARK "MAXTS_REWARD_PROGRAM="

enum { MOST_ENVIRONMENT = 1 << 22, KILL_ROUNDS = 20, NO_LIMIT_STATUS = 125, SHELL_SIGNAL = 128 };

extern char **environ;

struct MtsProcess {
    pid_t pid;
    int in, out;   /* we write to in, read from out */
    char mark[80]; /* in the environment of the child and of all that it starts */
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

/* ---- starting ---- */

/* What the shell runs: the limits, then the program as it stands. */
static char *script_of(const char *program, const MtsProcessLimits *limits)
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
    sigaddset(&reset, SIGXFSZ);
    sigaddset(&reset, SIGINT);
    sigaddset(&reset, SIGTERM);
    (void)((rc = posix_spawnattr_setpgroup(how, 0)) || (rc = posix_spawnattr_setsigmask(how, &none)) ||
           (rc = posix_spawnattr_setsigdefault(how, &reset)) ||
           (rc =
                posix_spawnattr_setflags(how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)));
    return rc;
}

/* posix_spawn of /bin/sh -c script with these as its standard input, output and error; an errno or 0. */
static int spawn(MtsProcess *p, char *script, int in, int out, int errors)
{
    char shell[] = "sh", flag[] = "-c";
    char *argv[] = {shell, flag, script, NULL}, **environment = marked_environment(p->mark);
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    int rc = environment ? posix_spawn_file_actions_init(&files) : ENOMEM;
    if (rc) {
        free(environment);
        return rc;
    }
    if ((rc = posix_spawnattr_init(&how)) == 0) {
        (void)((rc = set_files(&files, in, out, errors)) || (rc = set_how(&how)) ||
               (rc = posix_spawn(&p->pid, "/bin/sh", &files, &how, argv, environment)));
        posix_spawnattr_destroy(&how);
    }
    posix_spawn_file_actions_destroy(&files);
    free(environment);
    return rc;
}

/* A mark that no other child of any process bears. */
static void make_mark(MtsProcess *p)
{
    static unsigned count;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(p->mark, sizeof p->mark, MARK "%ld-%u-%lld.%09ld", (long)getpid(), count++, (long long)now.tv_sec,
             now.tv_nsec);
}

/* The pipes, the script and the process; what is ours of the pipes moves into p. An errno or 0. */
static int start(MtsProcess *p, const char *command, const MtsProcessLimits *limits, int errors, int in[2], int out[2])
{
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, in) != 0 || pipe(out) != 0 || !on_exec_close(in[0]) ||
        !on_exec_close(in[1]) || !on_exec_close(out[0]) || !on_exec_close(out[1])) {
        return errno;
    }
#ifdef SO_NOSIGPIPE
    int on = 1;
    setsockopt(in[0], SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
    char *script = script_of(command, limits);
    int why = script ? spawn(p, script, in[1], out[1], errors) : ENOMEM;
    free(script);
    if (!why) {
        p->in = in[0];
        p->out = out[0];
        in[0] = out[0] = -1;
    }
    return why;
}

int mts_process_start(MtsProcess **process, const char *command, const MtsProcessLimits *limits, int errors)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1};
    MtsProcess *p = *process = mts_calloc(1, sizeof *p);
    if (!p) {
        return ENOMEM;
    }
    p->in = p->out = -1;
    make_mark(p);
    int why = start(p, command, limits, errors, in, out);
    for (int i = 0; i < 2; i++) {
        close_fd(&in[i]);
        close_fd(&out[i]);
    }
    if (why) {
        mts_process_free(process);
    }
    return why;
}

/* ---- speaking ---- */

/* Waits until fd is ready for `events`: 1, 0 when the time is up, or -1 with errno. */
static int await(int fd, short events, double seconds)
{
    struct pollfd p = {fd, events, 0};
    int n = poll(&p, 1, seconds > 0 ? (int)(seconds * 1000) + 1 : 0);
    return n < 0 && errno == EINTR ? 0 : n;
}

static long write_now(MtsProcess *p, const void *data, size_t size)
{
    ssize_t n = send(p->in, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    bool later = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
    return n > 0 ? (long)n : later ? MTS_PROCESS_LATER : MTS_PROCESS_CLOSED;
}

long mts_process_write(MtsProcess *p, const void *data, size_t size, double seconds)
{
    long n = write_now(p, data, size);
    if (n != MTS_PROCESS_LATER) {
        return n;
    }
    int ready = await(p->in, POLLOUT, seconds);
    return ready < 0 ? MTS_PROCESS_FAILED : ready ? write_now(p, data, size) : MTS_PROCESS_LATER;
}

long mts_process_read(MtsProcess *p, void *data, size_t size, double seconds)
{
    int ready = await(p->out, POLLIN, seconds);
    if (ready <= 0) {
        return ready < 0 ? MTS_PROCESS_FAILED : MTS_PROCESS_LATER;
    }
    ssize_t n;
    while ((n = read(p->out, data, size)) < 0 && errno == EINTR) {
    }
    return n > 0 ? (long)n : 0;
}

void mts_process_close_input(MtsProcess *p)
{
    close_fd(&p->in);
}

/* ---- ending ---- */

bool mts_process_ends_within(MtsProcess *p, double seconds)
{
    const struct timespec pause = {0, 2000000};
    double end = mts_seconds() + seconds;
    while (p->pid > 0) {
        siginfo_t info = {0};
        if (waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOWAIT | WNOHANG) != 0 || info.si_pid == p->pid) {
            return true;
        }
        if (mts_seconds() >= end) {
            return false;
        }
        nanosleep(&pause, NULL);
    }
    return true;
}

/* Whether the process was started with the mark in its environment. *changing: it has none, but a program: it may be
 * on its way from one program to the next, when the kernel shows none. */
static bool bears_mark(const MtsProcess *p, const char *pid, bool *changing)
{
    char path[64], program[2], *all = NULL;
    size_t size = 0, n = strlen(p->mark) + 1; /* with the NUL that ends it there */
    bool found = false;
    snprintf(path, sizeof path, "/proc/%.20s/environ", pid);
    if (!mts_read_file(path, MOST_ENVIRONMENT, &all, &size, NULL)) {
        for (size_t at = 0; !found && at + n <= size; at += strlen(all + at) + 1) {
            found = memcmp(all + at, p->mark, n) == 0;
        }
        snprintf(path, sizeof path, "/proc/%.20s/exe", pid); /* the kernel's own threads have none */
        *changing |= size == 0 && readlink(path, program, sizeof program) > 0;
    }
    free(all);
    return found;
}

/* Kills every process with the mark; whether there was one, or may be. */
static bool kill_marked(const MtsProcess *p)
{
    bool any = false;
    DIR *all = opendir("/proc");
    for (struct dirent *e; all && (e = readdir(all));) {
        long pid = strtol(e->d_name, NULL, 10);
        if (pid > 1 && pid != (long)getpid() && pid != (long)p->pid && bears_mark(p, e->d_name, &any)) {
            any |= kill((pid_t)pid, SIGKILL) == 0;
        }
    }
    if (all) {
        closedir(all);
    }
    return any;
}

static MtsProcessEnd how_it_ended(int status)
{
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    int sign = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    int told = sign ? sign : code > SHELL_SIGNAL ? code - SHELL_SIGNAL : 0; /* the shell's way to say a signal */
    return (MtsProcessEnd){.status = code,
                           .signal = sign,
                           .out_of_time = told == SIGXCPU,
                           .note = code == 127 ? " (not found)"
                                   : code == NO_LIMIT_STATUS
                                       ? " (or its memory or processor time cannot be limited here)"
                                   : code == 126 ? " (not executable)"
                                                 : ""};
}

MtsProcessEnd mts_process_end(MtsProcess *p)
{
    const struct timespec pause = {0, 2000000};
    int status = 0;
    if (p->pid > 0) {
        kill(-p->pid, SIGKILL);
        for (int i = 0; i < KILL_ROUNDS && kill_marked(p); i++) {
            nanosleep(&pause, NULL); /* one that was being started meanwhile is seen then */
        }
        while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR) {
        }
    }
    p->pid = 0;
    return how_it_ended(status);
}

void mts_process_free(MtsProcess **process)
{
    MtsProcess *p = *process;
    if (p) {
        close_fd(&p->in);
        mts_process_end(p);
        close_fd(&p->out);
        free(p);
        *process = NULL;
    }
}
