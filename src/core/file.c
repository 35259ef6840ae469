/* core/file.c - files mapped, read and replaced as a whole; the clock. */
#if defined(__linux__)
#define _DEFAULT_SOURCE /* madvise() */
#endif
#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/mem.h"

static void when_changed(const struct stat *st, long long when[2])
{
#if defined(__APPLE__)
    when[0] = (long long)st->st_mtimespec.tv_sec;
    when[1] = (long long)st->st_mtimespec.tv_nsec;
#else
    when[0] = (long long)st->st_mtim.tv_sec;
    when[1] = (long long)st->st_mtim.tv_nsec;
#endif
}

static int map_fd(MtsMap *map, const char *path, MtsError *err)
{
    struct stat st;
    if (fstat(map->file - 1, &st) != 0) {
        return mts_fail(err, MTS_EIO, "%s: cannot be examined: %s", path, strerror(errno));
    }
    if (!S_ISREG(st.st_mode)) {
        return mts_fail(err, MTS_EIO, "%s: is not a regular file", path);
    }
    if ((uintmax_t)st.st_size > SIZE_MAX) {
        return mts_fail(err, MTS_EIO, "%s: is too large to map: %jd bytes", path, (intmax_t)st.st_size);
    }
    when_changed(&st, map->changed);
    if (st.st_size == 0) {
        return MTS_OK;
    }
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, map->file - 1, 0);
    if (p == MAP_FAILED) {
        return mts_fail(err, MTS_EIO, "%s: cannot be mapped: %s", path, strerror(errno));
    }
    map->data = p;
    map->size = (size_t)st.st_size;
    return MTS_OK;
}

int mts_map_open(MtsMap *map, const char *path, MtsError *err)
{
    /* A pipe that nobody writes to is no regular file either, and not waited for. */
    *map = (MtsMap){.file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) + 1};
    if (map->file == 0) {
        return mts_fail(err, MTS_EIO, "%s: cannot be opened: %s", path, strerror(errno));
    }
    int rc = map_fd(map, path, err);
    if (rc) {
        mts_map_close(map);
    }
    return rc;
}

void mts_map_close(MtsMap *map)
{
    if (map->data) {
        munmap((void *)(uintptr_t)map->data, map->size);
    }
    if (map->file) {
        close(map->file - 1);
    }
    *map = (MtsMap){0};
}

int mts_map_unchanged(const MtsMap *map, const char *path, MtsError *err)
{
    struct stat st;
    long long now[2];
    if (!map->file) {
        return MTS_OK;
    }
    if (fstat(map->file - 1, &st) != 0) {
        return mts_fail(err, MTS_EIO, "%s: cannot be examined: %s", path, strerror(errno));
    }
    when_changed(&st, now);
    if ((uintmax_t)st.st_size != map->size || now[0] != map->changed[0] || now[1] != map->changed[1]) {
        return mts_fail(err, MTS_EIO, "%s: was changed while it was read: %jd bytes now, %zu before", path,
                        (intmax_t)st.st_size, map->size);
    }
    return MTS_OK;
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

static int too_large(const char *name, uint64_t limit, MtsError *err)
{
    return mts_fail(err, MTS_EIO, "%s: is larger than the limit of %" PRIu64 " bytes", name, limit);
}

/* What has no size may have no end: a device that is no terminal, a pipe. */
enum { MOST_OF_DEVICE = 1 << 26, MOST_OF_PIPE = 1 << 30 };

/* Room for what the file says it holds, and a little more, so that its end is seen without growing. */
static int first_room(int fd, const char *name, uint64_t *limit, MtsBytes *bytes, MtsError *err)
{
    struct stat st;
    size_t want = 65536;
    bool known = fstat(fd, &st) == 0;
    if (known && !S_ISREG(st.st_mode)) {
        uint64_t most = S_ISCHR(st.st_mode) && !isatty(fd) ? MOST_OF_DEVICE : MOST_OF_PIPE;
        *limit = most < *limit ? most : *limit;
    } else if (known && st.st_size > 0) {
        if ((uint64_t)st.st_size > *limit) {
            return too_large(name, *limit, err);
        }
        want = (uint64_t)st.st_size < SIZE_MAX - 2 ? (size_t)st.st_size + 2 : 0;
    }
    bytes->data = want ? malloc(want) : NULL;
    bytes->cap = want;
    return bytes->data ? MTS_OK : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", name);
}

int mts_read_fd(int fd, const char *name, uint64_t limit, char **data, size_t *size, MtsError *err)
{
    MtsBytes bytes = {0};
    *data = NULL;
    *size = 0;
    int rc = first_room(fd, name, &limit, &bytes, err);
    while (!rc) {
        if (!mts_grow(&bytes.data, &bytes.cap, bytes.len + 2, 1)) {
            rc = mts_fail(err, MTS_ENOMEM, "%s: memory ran out after %zu bytes", name, bytes.len);
            break;
        }
        uint64_t room = bytes.cap - bytes.len - 1, more = limit - bytes.len + 1;
        ssize_t n = read(fd, bytes.data + bytes.len, (size_t)(room < more ? room : more));
        if (n == 0) {
            break;
        }
        if (n > 0) {
            bytes.len += (size_t)n;
        } else if (errno != EINTR) {
            rc = mts_fail(err, MTS_EIO, "%s: cannot be read: %s", name, strerror(errno));
        }
        if (!rc && bytes.len > limit) {
            rc = too_large(name, limit, err);
        }
    }
    if (rc) {
        mts_bytes_free(&bytes);
        return rc;
    }
    bytes.data[bytes.len] = '\0';
    *data = bytes.data;
    *size = bytes.len;
    return MTS_OK;
}

static bool ends_folder(char c)
{
#if defined(_WIN32)
    return c == '/' || c == '\\' || c == ':';
#else
    return c == '/';
#endif
}

const char *mts_path_name(const char *path)
{
    size_t n = strlen(path);
    while (n > 0 && !ends_folder(path[n - 1])) {
        n--;
    }
    return path + n;
}

bool mts_path_is_name(const char *path, size_t size)
{
    size_t n = 0;
    while (n < size && !ends_folder(path[n])) {
        n++;
    }
    return n == size && n > 0;
}

bool mts_path_is_absolute(const char *path)
{
#if defined(_WIN32)
    bool drive = path[0] && path[1] == ':';
    return path[drive ? 2 : 0] == '/' || path[drive ? 2 : 0] == '\\';
#else
    return path[0] == '/';
#endif
}

int mts_make_folder_of(const char *path)
{
    size_t length = (size_t)(mts_path_name(path) - path);
    char *part = mts_calloc(1, length + 1);
    int rc = part ? 0 : -1;
    for (size_t i = 0; i < length && part; i++) {
        part[i] = path[i];
        if (i > 0 && ends_folder(path[i])) {
            part[i] = 0;
#if defined(_WIN32)
            rc = mkdir(part);
#else
            rc = mkdir(part, 0777);
#endif
            rc = rc && errno != EEXIST ? -1 : 0;
            part[i] = path[i];
        }
    }
    free(part);
    return rc;
}

int mts_read_file(const char *path, uint64_t limit, char **data, size_t *size, MtsError *err)
{
    *data = NULL;
    *size = 0;
    if (strcmp(path, "-") == 0) {
        return mts_read_fd(STDIN_FILENO, "standard input", limit, data, size, err);
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return mts_fail(err, MTS_EIO, "%s: cannot be opened: %s", path, strerror(errno));
    }
    int rc = mts_read_fd(fd, path, limit, data, size, err);
    close(fd);
    return rc;
}

double mts_seconds(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
}

double mts_thread_seconds(void)
{
#if defined(CLOCK_THREAD_CPUTIME_ID) && !defined(_WIN32) /* which counts in steps of 15 ms */
    struct timespec ts;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts) == 0) {
        return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
    }
#endif
    return mts_seconds();
}
