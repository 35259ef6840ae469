/* core/output.c - see output.h.
 *
 * The lock is flock()'s, on the file itself: it belongs to the open file, so that two searches of one process exclude
 * each other as two processes do, and it goes when the process does. A file that is replaced is a new one under the old
 * name; it is locked before it gets the name, and whoever has waited for the old one's lock sees that the name means
 * another file now and looks again. Where nothing is there, link() makes the name, which fails if
 * somebody else has made it meanwhile. */
#if defined(__linux__)
#define _DEFAULT_SOURCE /* flock() */
#elif defined(__APPLE__)
#define _DARWIN_C_SOURCE
#endif
#include "core/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"

enum { MOST_LINKS = 40, MOST_TRIES = 100 };

struct MtsOutput {
    char *path;   /* as it was named */
    char *target; /* of a regular file: where links lead */
    int fd;       /* -1: nothing is there yet */
    bool regular;
    off_t size; /* regular: bytes up to the end of what is whole */
};

static int fail_to(const char *path, const char *what, MtsError *err)
{
    return mts_fail(err, MTS_EIO, "%s: %s: %s", path, what, strerror(errno));
}

static int no_memory(const char *path, MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
}

static int busy(const char *path, MtsError *err)
{
    return mts_fail(err, MTS_EIO, "%s: is being written by another run; name another file or wait for it", path);
}

/* ---- names ---- */

/* The part of the path before its last name: "" or ending in a slash. */
static size_t folder_size(const char *path)
{
    return (size_t)(mts_path_name(path) - path);
}

/* What the link says, of any length; NULL when it is none, or memory ran out (ENOMEM). */
static char *read_link(const char *path)
{
    for (size_t room = 256;; room *= 2) {
        char *to = malloc(room);
        ssize_t n = to ? readlink(path, to, room) : -1;
        if (n >= 0 && (size_t)n < room) {
            to[n] = '\0';
            return to;
        }
        free(to);
        if (n < 0) {
            return NULL;
        }
    }
}

/* Where the path leads when its last name is a link, and the link's target may be one, and need not exist. */
static int follow(const char *path, char **target, MtsError *err)
{
    if (!*path) {
        return mts_fail(err, MTS_EIO, "a file to write has an empty name");
    }
    char *at = mts_strdup(path);
    for (int links = 0; at; links++) {
        errno = 0;
        char *to = read_link(at);
        if (!to && errno != ENOMEM) {
            *target = at;
            return MTS_OK;
        }
        if (to && links == MOST_LINKS) {
            free(to);
            free(at);
            return mts_fail(err, MTS_EIO, "%s: leads through more than %d links", path, MOST_LINKS);
        }
        MtsBytes next = {0};
        bool ok = to && (mts_path_is_absolute(to) || mts_bytes_append(&next, at, folder_size(at))) &&
                  mts_bytes_append_str(&next, to);
        free(to);
        free(at);
        at = ok ? next.data : NULL;
        if (!ok) {
            mts_bytes_free(&next);
        }
    }
    return no_memory(path, err);
}

/* "DIR/.maxts-PID-N", whatever the length of the file's own name. */
static char *aside_name(const char *target, unsigned n)
{
    MtsBytes name = {0};
    if (!mts_bytes_append(&name, target, folder_size(target)) ||
        !mts_bytes_printf(&name, ".maxts-%ld-%u", (long)getpid(), n)) {
        mts_bytes_free(&name);
    }
    return name.data;
}

static char *folder_name(const char *target)
{
    size_t n = folder_size(target);
    return n ? mts_strndup(target, n) : mts_strdup(".");
}

int mts_output_meet(const char *one, const char *other, bool *meet, MtsError *err)
{
    const char *const paths[2] = {one, other};
    char *targets[2] = {NULL, NULL}, *folders[2] = {NULL, NULL};
    struct stat st[2];
    bool there = true;
    int rc = MTS_OK;
    for (int i = 0; i < 2; i++) {
        if ((rc = follow(paths[i], &targets[i], err))) {
            goto done;
        }
        if (!(folders[i] = folder_name(targets[i]))) {
            rc = no_memory(paths[i], err);
            goto done;
        }
        there = there && stat(folders[i], &st[i]) == 0;
    }
    bool numbered = there && st[0].st_ino != 0; /* some systems give files no numbers */
    bool folder =
        numbered ? st[0].st_dev == st[1].st_dev && st[0].st_ino == st[1].st_ino : strcmp(folders[0], folders[1]) == 0;
    *meet = folder && strcmp(mts_path_name(targets[0]), mts_path_name(targets[1])) == 0;
done:
    for (int i = 0; i < 2; i++) {
        free(targets[i]);
        free(folders[i]);
    }
    return rc;
}

/* ---- opening ---- */

/* Whether the status is that of our own standard output or error: replaced, what we print later would be lost. */
static int own_stream(const struct stat *st)
{
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
        struct stat own;
        if (fstat(fd, &own) == 0 && own.st_dev == st->st_dev && own.st_ino == st->st_ino) {
            return fd;
        }
    }
    return -1;
}

/* 0: locked, or no locks here; 1: somebody else has it. */
static int lock(int fd)
{
    int rc;
    while ((rc = flock(fd, LOCK_EX | LOCK_NB)) != 0 && errno == EINTR) {
    }
    return rc != 0 && errno == EWOULDBLOCK;
}

static void drop_fd(MtsOutput *o)
{
    if (o->fd >= 0) {
        close(o->fd);
    }
    o->fd = -1;
}

static int open_device(MtsOutput *o, MtsError *err)
{
    o->fd = open(o->path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
    return o->fd >= 0 ? MTS_OK : fail_to(o->path, "cannot be opened for writing", err);
}

/* Nothing is there: whether a file can be made is known before a long run, not after it. */
static int check_folder(const MtsOutput *o, MtsError *err)
{
    char *folder = folder_name(o->target);
    if (!folder) {
        return no_memory(o->path, err);
    }
    bool can = access(folder, W_OK | X_OK) == 0;
    free(folder);
    return can ? MTS_OK : fail_to(o->path, "cannot be created", err);
}

/* Opens and locks the file that the target names at that moment. */
static int open_regular(MtsOutput *o, MtsError *err)
{
    for (int tries = 0; tries < MOST_TRIES; tries++) {
        struct stat mine, now;
        o->fd = open(o->target, O_RDWR | O_CLOEXEC);
        if (o->fd < 0 && errno == EACCES) {
            o->fd = open(o->target, O_WRONLY | O_CLOEXEC);
        }
        if (o->fd < 0) {
            return errno == ENOENT ? check_folder(o, err) : fail_to(o->path, "cannot be opened for writing", err);
        }
        if (lock(o->fd)) {
            return busy(o->path, err);
        }
        if (fstat(o->fd, &mine) != 0) {
            return fail_to(o->path, "cannot be examined", err);
        }
        if (stat(o->target, &now) == 0 && now.st_dev == mine.st_dev && now.st_ino == mine.st_ino) {
            o->size = mine.st_size;
            return MTS_OK;
        }
        drop_fd(o);
    }
    return busy(o->path, err);
}

int mts_output_open(MtsOutput **output, const char *path, MtsError *err)
{
    struct stat st;
    int rc, own;
    MtsOutput *o = *output = mts_calloc(1, sizeof *o);
    if (!o || !(o->path = mts_strdup(path))) {
        free(o);
        *output = NULL;
        return no_memory(path, err);
    }
    o->fd = -1;
    bool there = stat(path, &st) == 0;
    if (there && (own = own_stream(&st)) >= 0) {
        o->fd = fcntl(own, F_DUPFD_CLOEXEC, 0);
        rc = o->fd >= 0 ? MTS_OK : fail_to(path, "cannot be opened for writing", err);
    } else if (there && !S_ISREG(st.st_mode)) {
        rc = open_device(o, err);
    } else {
        o->regular = true;
        rc = follow(path, &o->target, err);
        rc = rc ? rc : open_regular(o, err);
    }
    if (rc) {
        mts_output_close(output);
    }
    return rc;
}

void mts_output_close(MtsOutput **output)
{
    MtsOutput *o = *output;
    if (o) {
        drop_fd(o);
        free(o->path);
        free(o->target);
        free(o);
        *output = NULL;
    }
}

bool mts_output_is_file(const MtsOutput *o)
{
    return o->regular;
}

int mts_output_read(const MtsOutput *o, uint64_t limit, char **data, size_t *size, MtsError *err)
{
    *data = NULL;
    *size = 0;
    if (!o->regular) {
        return mts_fail(err, MTS_EIO, "%s: is not a regular file, and what is written there is read again", o->path);
    }
    if (o->fd < 0) {
        *data = mts_calloc(1, 1);
        return *data ? MTS_OK : no_memory(o->path, err);
    }
    if (lseek(o->fd, 0, SEEK_SET) != 0) {
        return fail_to(o->path, "cannot be read", err);
    }
    return mts_read_fd(o->fd, o->path, limit, data, size, err);
}

/* ---- writing ---- */

/* All of it at the offset `at`; of a device (at < 0) wherever it stands. */
static int write_all(int fd, const char *path, const void *data, size_t size, off_t at, MtsError *err)
{
    for (const char *p = data; size > 0;) {
        ssize_t n = at < 0 ? write(fd, p, size) : pwrite(fd, p, size, at);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            errno = n < 0 ? errno : ENOSPC;
            return fail_to(path, "cannot be written", err);
        }
        p += n;
        size -= (size_t)n;
        at += at < 0 ? 0 : n;
    }
    return MTS_OK;
}

static int sync_fd(int fd, const char *path, MtsError *err)
{
    if (fsync(fd) != 0 && errno != EINVAL && errno != EROFS) {
        return fail_to(path, "cannot be written to disk", err);
    }
    return MTS_OK;
}

/* The directory's entry for the target, where a directory can be read. */
static int sync_folder(const MtsOutput *o, MtsError *err)
{
    char *folder = folder_name(o->target);
    if (!folder) {
        return no_memory(o->path, err);
    }
    int fd = open(folder, O_RDONLY | O_CLOEXEC), rc = MTS_OK;
    free(folder);
    if (fd >= 0) {
        rc = sync_fd(fd, o->path, err);
        close(fd);
    } else if (errno != EACCES) {
        rc = fail_to(o->path, "its folder cannot be written to disk", err);
    }
    return rc;
}

/* A new file beside the target, of the mode and owner of the one that is there; *name is freed by the caller. */
static int make_aside(const MtsOutput *o, char **name, int *fd, MtsError *err)
{
    struct stat old;
    for (unsigned n = 0;; n++) {
        *name = aside_name(o->target, n);
        if (!*name) {
            return no_memory(o->path, err);
        }
        *fd = open(*name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (*fd >= 0) {
            break;
        }
        bool again = errno == EEXIST && n < MOST_TRIES;
        if (!again) {
            fail_to(o->path, o->fd < 0 ? "cannot be created" : "no new file can be made beside it", err);
        }
        free(*name);
        *name = NULL;
        if (!again) {
            return MTS_EIO;
        }
    }
    if (o->fd >= 0 && fstat(o->fd, &old) == 0) {
        if (fchown(*fd, old.st_uid, old.st_gid) != 0) {
            /* Whoever may write a file need not be able to give one away. */
        }
        if (fchmod(*fd, old.st_mode & 07777) != 0) {
            return fail_to(o->path, "its mode cannot be kept", err);
        }
    }
    return lock(*fd) ? busy(o->path, err) : MTS_OK;
}

/* Gives the file its name; *named tells that nothing is left at the other one. */
static int give_name(const MtsOutput *o, const char *aside, bool *named, MtsError *err)
{
    if (o->fd < 0 && link(aside, o->target) == 0) {
        return MTS_OK;
    }
    if (o->fd < 0 && errno == EEXIST) {
        return busy(o->path, err);
    }
    /* Also where nothing is there, and the file system has no links. */
    if ((o->fd < 0 && errno != EPERM && errno != ENOSYS && errno != EOPNOTSUPP) || rename(aside, o->target) != 0) {
        return fail_to(o->path, "cannot be replaced", err);
    }
    *named = true;
    return MTS_OK;
}

int mts_output_replace(MtsOutput *o, const void *data, size_t size, MtsError *err)
{
    char *aside = NULL;
    int fd = -1, rc;
    bool named = false;
    if (!o->regular) {
        return write_all(o->fd, o->path, data, size, -1, err);
    }
    if ((rc = make_aside(o, &aside, &fd, err)) || (rc = write_all(fd, o->path, data, size, 0, err)) ||
        (rc = sync_fd(fd, o->path, err)) || (rc = give_name(o, aside, &named, err))) {
        goto done;
    }
    drop_fd(o);
    o->fd = fd;
    o->size = (off_t)size;
    fd = -1;
    rc = sync_folder(o, err);
done:
    if (fd >= 0) {
        close(fd);
    }
    if (aside && !named) {
        unlink(aside);
    }
    free(aside);
    return rc;
}

int mts_output_append(MtsOutput *o, const void *data, size_t size, bool sync, MtsError *err)
{
    if (!o->regular) {
        return write_all(o->fd, o->path, data, size, -1, err);
    }
    if (o->fd < 0) {
        return mts_output_replace(o, data, size, err);
    }
    int rc = write_all(o->fd, o->path, data, size, o->size, err);
    if (!rc && sync) {
        rc = sync_fd(o->fd, o->path, err);
    }
    if (rc) {
        if (ftruncate(o->fd, o->size) != 0) {
            /* The unfinished end stays; whoever reads it next drops it. */
        }
        return rc;
    }
    o->size += (off_t)size;
    return MTS_OK;
}

int mts_output_sync(MtsOutput *o, MtsError *err)
{
    return o->regular && o->fd >= 0 ? sync_fd(o->fd, o->path, err) : MTS_OK;
}

int mts_output_cut(MtsOutput *o, size_t size, MtsError *err)
{
    if (!o->regular || o->fd < 0 || (off_t)size >= o->size) {
        return MTS_OK;
    }
    if (ftruncate(o->fd, (off_t)size) != 0) {
        return fail_to(o->path, "cannot be cut", err);
    }
    o->size = (off_t)size;
    return MTS_OK;
}

int mts_write_file_atomic(const char *path, const void *data, size_t size, MtsError *err)
{
    MtsOutput *o = NULL;
    int rc = mts_output_open(&o, path, err);
    rc = rc ? rc : mts_output_replace(o, data, size, err);
    mts_output_close(&o);
    return rc;
}
