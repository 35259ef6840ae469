/* core/file.c - files mapped, read and replaced as a whole; the clock. */
#if defined(__linux__)
#define _DEFAULT_SOURCE /* madvise() */
#endif
#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/mem.h"

int mts_map_open(MtsMap *map, const char *path, MtsError *err)
{
    map->data = NULL;
    map->size = 0;
    int rc = MTS_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return mts_fail(err, MTS_EIO, "%s: cannot be opened: %s", path, strerror(errno));
    }
    struct stat st;
    if (fstat(fd, &st) != 0) {
        rc = mts_fail(err, MTS_EIO, "%s: cannot be examined: %s", path, strerror(errno));
        goto done;
    }
    if (!S_ISREG(st.st_mode)) {
        rc = mts_fail(err, MTS_EIO, "%s: is not a regular file", path);
        goto done;
    }
    if ((uintmax_t)st.st_size > SIZE_MAX) {
        rc = mts_fail(err, MTS_EIO, "%s: is too large to map: %jd bytes", path, (intmax_t)st.st_size);
        goto done;
    }
    if (st.st_size > 0) {
        void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p == MAP_FAILED) {
            rc = mts_fail(err, MTS_EIO, "%s: cannot be mapped: %s", path, strerror(errno));
            goto done;
        }
        map->data = p;
        map->size = (size_t)st.st_size;
    }
done:
    close(fd);
    return rc;
}

void mts_map_close(MtsMap *map)
{
    if (map->data) {
        munmap((void *)(uintptr_t)map->data, map->size);
    }
    map->data = NULL;
    map->size = 0;
}

void mts_map_forget(const MtsMap *map, const void *from, size_t size)
{
#if defined(__linux__)
    size_t page = (size_t)sysconf(_SC_PAGESIZE), at = (size_t)((const unsigned char *)from - map->data);
    size_t begin = (at + page - 1) / page * page, end = (at + size) / page * page;
    if (begin < end) {
        madvise((void *)(uintptr_t)(map->data + begin), end - begin, MADV_DONTNEED);
    }
#else
    (void)map, (void)from, (void)size;
#endif
}

int mts_read_file(const char *path, size_t limit, char **data, size_t *size, MtsError *err)
{
    *data = NULL;
    *size = 0;
    int rc = MTS_OK;
    bool use_stdin = strcmp(path, "-") == 0;
    const char *name = use_stdin ? "standard input" : path;
    MtsBytes bytes = {0};
    FILE *f = use_stdin ? stdin : fopen(path, "rb");
    if (!f) {
        return mts_fail(err, MTS_EIO, "%s: cannot be opened: %s", name, strerror(errno));
    }
    char chunk[65536];
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0) {
        if (n > limit - bytes.len) {
            rc = mts_fail(err, MTS_EIO, "%s: is larger than the limit of %zu bytes", name, limit);
            goto done;
        }
        if (!mts_bytes_append(&bytes, chunk, n)) {
            rc = mts_fail(err, MTS_ENOMEM, "%s: memory ran out after %zu bytes", name, bytes.len);
            goto done;
        }
    }
    if (ferror(f)) {
        rc = mts_fail(err, MTS_EIO, "%s: cannot be read: %s", name, strerror(errno));
        goto done;
    }
    if (!mts_bytes_append(&bytes, "", 0)) {
        rc = mts_fail(err, MTS_ENOMEM, "%s: memory ran out", name);
        goto done;
    }
    *data = bytes.data;
    *size = bytes.len;
    bytes.data = NULL;
done:
    mts_bytes_free(&bytes);
    if (!use_stdin) {
        fclose(f);
    }
    return rc;
}

int mts_write_file_atomic(const char *path, const void *data, size_t size, MtsError *err)
{
    int rc = MTS_OK;
    int fd = -1;
    bool made = false;
    size_t len = strlen(path);
    char *tmp = malloc(len + 5);
    if (!tmp) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
    }
    memcpy(tmp, path, len);
    memcpy(tmp + len, ".tmp", 5);
    fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        rc = mts_fail(err, MTS_EIO, "%s: cannot be created: %s", tmp, strerror(errno));
        goto done;
    }
    made = true;
    const char *p = data;
    for (size_t left = size; left > 0;) {
        ssize_t n = write(fd, p, left);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            rc = mts_fail(err, MTS_EIO, "%s: cannot be written: %s", tmp, strerror(n < 0 ? errno : ENOSPC));
            goto done;
        }
        p += n;
        left -= (size_t)n;
    }
    if (fsync(fd) != 0) {
        rc = mts_fail(err, MTS_EIO, "%s: cannot be written to disk: %s", tmp, strerror(errno));
        goto done;
    }
    int closed = close(fd);
    fd = -1;
    if (closed != 0) {
        rc = mts_fail(err, MTS_EIO, "%s: cannot be written: %s", tmp, strerror(errno));
        goto done;
    }
    if (rename(tmp, path) != 0) {
        rc = mts_fail(err, MTS_EIO, "%s: cannot be replaced: %s", path, strerror(errno));
        goto done;
    }
    made = false;
done:
    if (fd >= 0) {
        close(fd);
    }
    if (made) {
        unlink(tmp);
    }
    free(tmp);
    return rc;
}

double mts_seconds(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
}
