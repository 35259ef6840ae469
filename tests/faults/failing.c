/* tests/faults/failing.c - a machine that refuses: preloaded into the program, it lets one chosen call fail.
 *
 * MAXTS_FAULT=KIND:N lets the N-th call (from 1) of a kind fail as the system would: "alloc" (malloc, calloc, realloc,
 * aligned memory), "open", "read", "write", "sync", "rename", "map", "thread"; "cut" takes MAXTS_FAULT_CUT bytes off
 * the file that was mapped; KIND:N+ lets every one from the N-th on
 * fail. MAXTS_FAULT_COUNTS=FILE gets the calls counted of each kind when the process ends, and what it leaves: "left",
 * the blocks of memory that the program, jansson, PCRE2, zlib or libFLAC asked for and nobody freed, with the places of
 * some ("at"), and "descriptors", those open beside 0, 1, 2. Processes other than the program named by
 * MAXTS_FAULT_PROGRAM (the last part of its path) are left alone. With MAXTS_FAULT_SHOW the failing call tells where in
 * the program it comes from. */
#undef _FILE_OFFSET_BITS /* open() and open64() are two functions here */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ALLOC, OPEN, READ, WRITE, SYNC, RENAME, MAP, THREAD, CUT, KINDS };

static const char *const names[KINDS] = {"alloc", "open", "read", "write", "sync", "rename", "map", "thread", "cut"};
static long counts[KINDS];
static long fail_at;
static int fail_kind = -1;
static bool fail_on; /* from there on */
static bool ready;

/* Code whose blocks are looked after, and these blocks: open addressing, 0 free, 1 was one. */
enum { RANGES = 32, PLACES = 1 << 20 };
static struct {
    uintptr_t from, to, base;
} ranges[RANGES];
static int range_count;
static uintptr_t blocks[PLACES], callers[PLACES];
static long left;
static int busy;

extern void __libc_free(void *p);
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void *__libc_memalign(size_t align, size_t size);

static bool is_program(void)
{
    static char path[4096];
    const char *wanted = getenv("MAXTS_FAULT_PROGRAM");
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    const char *last = n > 0 ? strrchr(path, '/') : NULL;
    return wanted && last && strcmp(last + 1, wanted) == 0;
}

static int add_ranges(struct dl_phdr_info *info, size_t size, void *first)
{
    static const char *const libraries[] = {"libjansson", "libpcre2", "libz.", "libFLAC"};
    bool ours = *(bool *)first;
    (void)size;
    *(bool *)first = false;
    for (int i = 0; i < 4; i++) {
        ours |= strstr(info->dlpi_name, libraries[i]) != NULL;
    }
    for (int i = 0; i < info->dlpi_phnum && ours && range_count < RANGES; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type == PT_LOAD && p->p_flags & PF_X) {
            ranges[range_count].base = info->dlpi_addr;
            ranges[range_count].from = info->dlpi_addr + p->p_vaddr;
            ranges[range_count].to = ranges[range_count].from + p->p_memsz;
            range_count++;
        }
    }
    return 0;
}

static void begin(void)
{
    const char *fault = getenv("MAXTS_FAULT");
    ready = true;
    if (!is_program()) {
        return;
    }
    bool first = true;
    dl_iterate_phdr(add_ranges, &first);
    for (int k = 0; fault && k < KINDS; k++) {
        size_t n = strlen(names[k]);
        if (strncmp(fault, names[k], n) == 0 && fault[n] == ':') {
            char *end;
            fail_kind = k;
            fail_at = strtol(fault + n + 1, &end, 10);
            fail_on = *end == '+';
        }
    }
}

static size_t place_of(uintptr_t p)
{
    return (size_t)(p >> 4) % PLACES; /* neighbours stay neighbours: few pages are touched */
}

/* Notes a block that one of ours asked for. */
static void *keep(void *p, const void *caller)
{
    bool ours = false;
    for (int i = 0; i < range_count && p; i++) {
        ours |= (uintptr_t)caller >= ranges[i].from && (uintptr_t)caller < ranges[i].to;
    }
    if (ours) {
        while (__sync_lock_test_and_set(&busy, 1)) {
        }
        size_t at = place_of((uintptr_t)p);
        for (int i = 0; i < PLACES && blocks[at] > 1; i++) {
            at = (at + 1) % PLACES;
        }
        blocks[at] = (uintptr_t)p;
        callers[at] = (uintptr_t)caller;
        left++;
        __sync_lock_release(&busy);
    }
    return p;
}

/* Who asked for it; NULL: none of ours. */
static const void *forget(const void *p)
{
    uintptr_t caller = 0;
    if (!p) {
        return NULL;
    }
    while (__sync_lock_test_and_set(&busy, 1)) {
    }
    for (size_t at = place_of((uintptr_t)p), i = 0; blocks[at] && i < PLACES; at = (at + 1) % PLACES, i++) {
        if (blocks[at] == (uintptr_t)p) {
            blocks[at] = 1;
            caller = callers[at];
            left--;
            break;
        }
    }
    __sync_lock_release(&busy);
    return (const void *)caller;
}

/* Where the call that fails comes from: places in the program, for addr2line. */
static void show(void)
{
    void *frames[40];
    int kind = fail_kind;
    fail_kind = -1;
    int n = backtrace(frames, 40);
    for (int i = 2; i < n; i++) {
        for (int r = 0; r < range_count; r++) {
            if ((uintptr_t)frames[i] >= ranges[r].from && (uintptr_t)frames[i] < ranges[r].to) {
                fprintf(stderr, "at %#lx\n", (long)((uintptr_t)frames[i] - ranges[r].base));
            }
        }
    }
    fail_kind = kind;
}

/* Counts a call; whether it is the one that fails. */
static bool fails(int kind)
{
    if (!ready) {
        begin();
    }
    long n = __sync_add_and_fetch(&counts[kind], 1);
    bool it = kind == fail_kind && (fail_on ? n >= fail_at : n == fail_at);
    if (it && getenv("MAXTS_FAULT_SHOW")) {
        show();
    }
    return it;
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("MAXTS_FAULT_COUNTS");
    if (!path || !is_program()) {
        return;
    }
    fail_kind = -1;
    long descriptors = -1, still = left; /* less the folder's own */
    DIR *folder = opendir("/proc/self/fd");
    for (struct dirent *e; folder && (e = readdir(folder));) {
        descriptors += e->d_name[0] != '.' && atoi(e->d_name) > 2;
    }
    FILE *f = fopen(path, "w");
    for (int k = 0; f && k < KINDS; k++) {
        fprintf(f, "%s %ld\n", names[k], counts[k]);
    }
    if (f) {
        fprintf(f, "left %ld\ndescriptors %ld\n", still, descriptors);
        for (int i = 0, told = 0; i < PLACES && told < 5; i++) {
            for (int r = 0; r < range_count && blocks[i] > 1; r++) {
                if (callers[i] >= ranges[r].from && callers[i] < ranges[r].to) {
                    fprintf(f, "at %ld\n", (long)(callers[i] - ranges[r].base));
                    told++;
                }
            }
        }
        fclose(f);
    }
    if (folder) {
        closedir(folder);
    }
}

static void *next(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

void *malloc(size_t size)
{
    if (fails(ALLOC)) {
        errno = ENOMEM;
        return NULL;
    }
    return keep(__libc_malloc(size), __builtin_return_address(0));
}

void *calloc(size_t count, size_t size)
{
    if (fails(ALLOC)) {
        errno = ENOMEM;
        return NULL;
    }
    return keep(__libc_calloc(count, size), __builtin_return_address(0));
}

void *realloc(void *p, size_t size)
{
    if (fails(ALLOC)) {
        errno = ENOMEM;
        return NULL;
    }
    const void *caller = forget(p); /* before somebody else can have the place */
    void *moved = __libc_realloc(p, size);
    if (!moved && size) {
        keep(p, caller);
    }
    return keep(moved, __builtin_return_address(0));
}

void free(void *p)
{
    forget(p);
    __libc_free(p);
}

int posix_memalign(void **p, size_t align, size_t size)
{
    *p = fails(ALLOC) ? NULL : keep(__libc_memalign(align, size), __builtin_return_address(0));
    return *p ? 0 : ENOMEM;
}

void *aligned_alloc(size_t align, size_t size)
{
    if (fails(ALLOC)) {
        errno = ENOMEM;
        return NULL;
    }
    return keep(__libc_memalign(align, size), __builtin_return_address(0));
}

#define MODE_OF(flags)                                                                                                 \
    mode_t mode = 0;                                                                                                   \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                                             \
        va_list args;                                                                                                  \
        va_start(args, flags);                                                                                         \
        mode = va_arg(args, mode_t);                                                                                   \
        va_end(args);                                                                                                  \
    }

int open(const char *path, int flags, ...)
{
    MODE_OF(flags)
    int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))next("open");
    if (fails(OPEN)) {
        errno = EMFILE;
        return -1;
    }
    return real(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    MODE_OF(flags)
    int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))next("open64");
    if (fails(OPEN)) {
        errno = EMFILE;
        return -1;
    }
    return real(path, flags, mode);
}

ssize_t read(int fd, void *to, size_t size)
{
    ssize_t (*real)(int, void *, size_t) = (ssize_t(*)(int, void *, size_t))next("read");
    if (fails(READ)) {
        errno = EIO;
        return -1;
    }
    return real(fd, to, size);
}

ssize_t write(int fd, const void *from, size_t size)
{
    ssize_t (*real)(int, const void *, size_t) = (ssize_t(*)(int, const void *, size_t))next("write");
    if (fd > 2 && fails(WRITE)) {
        errno = ENOSPC;
        return -1;
    }
    return real(fd, from, size);
}

ssize_t pwrite64(int fd, const void *from, size_t size, off64_t at)
{
    ssize_t (*real)(int, const void *, size_t, off64_t) =
        (ssize_t(*)(int, const void *, size_t, off64_t))next("pwrite64");
    if (fails(WRITE)) {
        errno = ENOSPC;
        return -1;
    }
    return real(fd, from, size, at);
}

int fsync(int fd)
{
    int (*real)(int) = (int (*)(int))next("fsync");
    if (fails(SYNC)) {
        errno = EIO;
        return -1;
    }
    return real(fd);
}

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *) = (int (*)(const char *, const char *))next("rename");
    if (fails(RENAME)) {
        errno = EIO;
        return -1;
    }
    return real(from, to);
}

int link(const char *from, const char *to)
{
    int (*real)(const char *, const char *) = (int (*)(const char *, const char *))next("link");
    if (fails(RENAME)) {
        errno = EIO;
        return -1;
    }
    return real(from, to);
}

void *mmap64(void *at, size_t size, int protection, int flags, int fd, off64_t offset)
{
    void *(*real)(void *, size_t, int, int, int, off64_t) =
        (void *(*)(void *, size_t, int, int, int, off64_t))next("mmap64");
    if (fails(MAP)) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    void *p = real(at, size, protection, flags, fd, offset);
    if (fd >= 0 && fails(CUT)) {
        char path[64];
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        if (truncate(path, (off_t)(size - (size_t)atol(getenv("MAXTS_FAULT_CUT")))) != 0) {
            abort();
        }
    }
    return p;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *how, void *(*run)(void *), void *context)
{
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) =
        (int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))next("pthread_create");
    return fails(THREAD) ? EAGAIN : real(thread, how, run, context);
}
