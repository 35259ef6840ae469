/* reward/child_log.c - see child_log.h. */
#include "reward/child_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "core/utf8.h"

enum { TAIL = 4096, QUOTED = 120 }; /* bytes: of the file that are looked at, of its last line that are shown */

/* A new file in $TMPDIR or /tmp. */
static int make_temporary(MtsChildLog *log, MtsError *err)
{
    const char *folder = getenv("TMPDIR");
    MtsBytes path = {0};
    if (!mts_bytes_printf(&path, "%s/maxts-reward-XXXXXX", folder && *folder ? folder : "/tmp")) {
        return mts_fail(err, MTS_ENOMEM, "reward command: memory ran out");
    }
    log->path = path.data;
    int fd = mkstemp(log->path);
    if (fd < 0) {
        return mts_fail(err, MTS_EIO, "reward command: %s: no file for its own output: %s", log->path, strerror(errno));
    }
    log->file = fd + 1;
    if (fcntl(fd, F_SETFL, O_APPEND) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
        return mts_fail(err, MTS_EIO, "reward command: %s: %s", log->path, strerror(errno));
    }
    return MTS_OK;
}

int mts_child_log_open(MtsChildLog *log, const char *path, MtsError *err)
{
    if (!path) {
        return make_temporary(log, err);
    }
    log->keep = true;
    if (!(log->path = mts_strdup(path))) {
        return mts_fail(err, MTS_ENOMEM, "reward command: memory ran out");
    }
    log->file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666) + 1;
    return log->file ? MTS_OK
                     : mts_fail(err, MTS_EIO, "reward command: log: %s cannot be opened: %s", path, strerror(errno));
}

int mts_child_log_fd(const MtsChildLog *log)
{
    return log->file - 1;
}

uint64_t mts_child_log_size(const MtsChildLog *log)
{
    off_t end = lseek(log->file - 1, 0, SEEK_END);
    return end > 0 ? (uint64_t)end : 0;
}

/* The last line with anything in it, printable; false: there is none. */
static bool last_line(const MtsChildLog *log, char line[QUOTED + 1])
{
    char tail[TAIL];
    off_t end = lseek(log->file - 1, 0, SEEK_END), from = end > TAIL ? end - TAIL : 0;
    ssize_t n = end > 0 ? pread(log->file - 1, tail, TAIL, from) : 0;
    while (n > 0 && strchr(" \t\r\n", tail[n - 1])) {
        n--;
    }
    ssize_t begin = n;
    while (begin > 0 && tail[begin - 1] != '\n') {
        begin--;
    }
    if (n <= 0) {
        return false;
    }
    mts_utf8_printable(tail + begin, (size_t)(n - begin), line, QUOTED + 1);
    return true;
}

void mts_child_log_tell(MtsChildLog *log, MtsError *err)
{
    char line[QUOTED + 1];
    size_t used = strlen(err->text);
    if (log->file && last_line(log, line)) {
        log->keep = true;
        snprintf(err->text + used, sizeof err->text - used, "; \"%s\" ends its own output, %s", line, log->path);
    }
}

void mts_child_log_close(MtsChildLog *log)
{
    if (log->file) {
        close(log->file - 1);
        if (!log->keep) {
            unlink(log->path);
        }
    }
    free(log->path);
    *log = (MtsChildLog){0};
}
