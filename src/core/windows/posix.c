/* core/windows/posix.c - see posix.h: files, folders, memory. */
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <windows.h>

#include <psapi.h>

#undef stat
#undef fstat
#undef open
#undef close
#undef access
#undef rename
#undef unlink
#undef fopen
#undef read
#undef getenv
#undef mkstemp
#undef ftruncate

enum { MOST_FILES = 2048, LONGEST_PATH = 4096, RENAME_TRIES = 10, RENAME_PAUSE = 20 /* ms */, NAME_TRIES = 1000 };

/* ---- errors and names ---- */

int mts_win_fail(void)
{
    static const struct {
        DWORD error;
        int number;
    } known[] = {
        {ERROR_FILE_NOT_FOUND, ENOENT},    {ERROR_PATH_NOT_FOUND, ENOENT},      {ERROR_INVALID_NAME, ENOENT},
        {ERROR_BAD_NETPATH, ENOENT},       {ERROR_FILE_EXISTS, EEXIST},         {ERROR_ALREADY_EXISTS, EEXIST},
        {ERROR_NOT_ENOUGH_MEMORY, ENOMEM}, {ERROR_OUTOFMEMORY, ENOMEM},         {ERROR_DISK_FULL, ENOSPC},
        {ERROR_HANDLE_DISK_FULL, ENOSPC},  {ERROR_LOCK_VIOLATION, EWOULDBLOCK}, {ERROR_IO_PENDING, EWOULDBLOCK},
        {ERROR_INVALID_HANDLE, EBADF},     {ERROR_NOT_SUPPORTED, EOPNOTSUPP},   {ERROR_INVALID_FUNCTION, ENOSYS},
        {ERROR_DIRECTORY, ENOTDIR},        {ERROR_BROKEN_PIPE, EPIPE},          {ERROR_NO_DATA, EPIPE},
    };
    DWORD error = GetLastError();
    errno = EACCES;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].error == error) {
            errno = known[i].number;
        }
    }
    return -1;
}

wchar_t *mts_win_wide(const char *text)
{
    int n = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
    wchar_t *w = n > 0 ? malloc((size_t)n * sizeof *w) : NULL;
    if (!w) {
        errno = n > 0 ? ENOMEM : ENOENT;
        return NULL;
    }
    MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, w, n);
    return w;
}

char *mts_win_narrow(const wchar_t *wide)
{
    int n = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *s = n > 0 ? malloc((size_t)n) : NULL;
    if (s) {
        WideCharToMultiByte(CP_UTF8, 0, wide, -1, s, n, NULL, NULL);
    }
    return s;
}

/* ---- the environment ---- */

static char *from_environment(const char *name)
{
    wchar_t *w = mts_win_wide(name);
    const wchar_t *value = w ? _wgetenv(w) : NULL;
    char *s = value ? mts_win_narrow(value) : NULL;
    free(w);
    return s;
}

/* What was asked for stays, as getenv()'s does. */
char *mts_win_getenv(const char *name)
{
    static const char *const also[][2] = {{"HOME", "USERPROFILE"}, {"TMPDIR", "TEMP"}};
    static struct Known {
        struct Known *next;
        char *name, *value;
    } *known;
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    char *value = from_environment(name);
    for (size_t i = 0; i < sizeof also / sizeof also[0] && !value; i++) {
        value = strcmp(name, also[i][0]) ? NULL : from_environment(also[i][1]);
    }
    if (!value) {
        return NULL;
    }
    pthread_mutex_lock(&lock);
    struct Known *k = known;
    while (k && (strcmp(k->name, name) || strcmp(k->value, value))) {
        k = k->next;
    }
    if (k) {
        free(value);
    } else if ((k = calloc(1, sizeof *k)) && (k->name = strdup(name))) {
        k->value = value;
        k->next = known;
        known = k;
    } else {
        free(k);
        free(value);
        k = NULL;
    }
    pthread_mutex_unlock(&lock);
    return k ? k->value : NULL;
}

/* ---- open files ---- */

static volatile LONG ours[MOST_FILES]; /* descriptors that mts_win_open() gave */

static HANDLE handle_of(int fd)
{
    return (HANDLE)_get_osfhandle(fd);
}

static HANDLE open_handle(const char *path, DWORD access, DWORD how, DWORD flags)
{
    wchar_t *w = mts_win_wide(path);
    HANDLE h = INVALID_HANDLE_VALUE;
    if (w) {
        h = CreateFileW(w, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, how, flags, NULL);
        if (h == INVALID_HANDLE_VALUE) {
            mts_win_fail();
        }
        free(w);
    }
    return h;
}

/* A descriptor for the handle, which is closed where there is none. */
static int descriptor(HANDLE h, int flags)
{
    int fd = h == INVALID_HANDLE_VALUE ? -1 : _open_osfhandle((intptr_t)h, flags | O_BINARY);
    if (h != INVALID_HANDLE_VALUE && fd < 0) {
        CloseHandle(h);
        errno = EMFILE;
    }
    if (fd >= 0 && fd < MOST_FILES) {
        ours[fd] = 1;
    }
    return fd;
}

int mts_win_open(const char *path, int flags, ...)
{
    int kind = flags & (O_RDONLY | O_WRONLY | O_RDWR);
    DWORD read = kind == O_WRONLY ? 0 : GENERIC_READ, write = kind == O_RDONLY ? 0 : GENERIC_WRITE;
    if (write && (flags & O_APPEND)) { /* at the end, whoever else writes there */
        write = FILE_APPEND_DATA | SYNCHRONIZE;
    }
    DWORD how = flags & O_CREAT   ? flags & O_EXCL    ? CREATE_NEW
                                    : flags & O_TRUNC ? CREATE_ALWAYS
                                                      : OPEN_ALWAYS
                : flags & O_TRUNC ? TRUNCATE_EXISTING
                                  : OPEN_EXISTING;
    return descriptor(open_handle(path, read | write, how, FILE_ATTRIBUTE_NORMAL), kind | (flags & O_APPEND));
}

int mts_win_close(int fd)
{
    if (fd >= 0 && fd < MOST_FILES) {
        ours[fd] = 0;
    }
    return close(fd);
}

int mts_win_mkstemp(char *name)
{
    static volatile LONG count;
    size_t n = strlen(name);
    for (int i = 0; n >= 6 && i < NAME_TRIES; i++) {
        unsigned long one = (GetCurrentProcessId() * 7919ul + (unsigned long)InterlockedIncrement(&count)) % 1000000;
        snprintf(name + n - 6, 7, "%06lu", one);
        int fd = mts_win_open(name, O_RDWR | O_CREAT | O_EXCL | O_APPEND);
        if (fd >= 0 || errno != EEXIST) {
            return fd;
        }
    }
    return -1;
}

static int status_of(HANDLE h, struct mts_win_stat *st)
{
    BY_HANDLE_FILE_INFORMATION info;
    DWORD kind = GetFileType(h);
    memset(st, 0, sizeof *st);
    if (kind != FILE_TYPE_DISK || !GetFileInformationByHandle(h, &info)) {
        st->st_mode = kind == FILE_TYPE_PIPE ? S_IFIFO : S_IFCHR;
        st->st_dev = UINT64_MAX;
        st->st_ino = (uintptr_t)h;
        return 0;
    }
    /* Steps of 100 ns since 1601. */
    uint64_t when = (uint64_t)info.ftLastWriteTime.dwHighDateTime << 32 | info.ftLastWriteTime.dwLowDateTime;
    st->st_dev = info.dwVolumeSerialNumber;
    st->st_ino = (uint64_t)info.nFileIndexHigh << 32 | info.nFileIndexLow;
    st->st_mode = (info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY ? S_IFDIR : S_IFREG) | 0666;
    st->st_size = (off_t)((uint64_t)info.nFileSizeHigh << 32 | info.nFileSizeLow);
    st->st_mtim.tv_sec = (time_t)(when / 10000000) - 11644473600;
    st->st_mtim.tv_nsec = (long)(when % 10000000) * 100;
    return 0;
}

int mts_win_fstat(int fd, struct mts_win_stat *st)
{
    HANDLE h = handle_of(fd);
    if (h == INVALID_HANDLE_VALUE) {
        errno = EBADF;
        return -1;
    }
    return status_of(h, st);
}

int mts_win_stat(const char *path, struct mts_win_stat *st)
{
    HANDLE h = open_handle(path, 0, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS);
    if (h == INVALID_HANDLE_VALUE) {
        return -1;
    }
    status_of(h, st);
    CloseHandle(h);
    return 0;
}

int mts_win_access(const char *path, int mode)
{
    wchar_t *w = mts_win_wide(path);
    DWORD what = w ? GetFileAttributesW(w) : INVALID_FILE_ATTRIBUTES;
    int rc = w && what == INVALID_FILE_ATTRIBUTES ? mts_win_fail() : w ? 0 : -1;
    free(w);
    if (rc == 0 && (mode & W_OK) && (what & FILE_ATTRIBUTE_READONLY) && !(what & FILE_ATTRIBUTE_DIRECTORY)) {
        errno = EACCES;
        return -1;
    }
    return rc;
}

/* ---- names of files ---- */

/* Whoever replaces a file by its name may have the old one open, as nothing more than a lock that has to be given up;
 * Windows does not replace what is open. Our descriptors of it become such of the null device. */
static bool let_go(const char *path)
{
    struct mts_win_stat target, each;
    bool any = false;
    if (mts_win_stat(path, &target) != 0) {
        return false;
    }
    for (int fd = 0; fd < MOST_FILES; fd++) {
        if (!ours[fd] || mts_win_fstat(fd, &each) != 0 || each.st_dev != target.st_dev ||
            each.st_ino != target.st_ino) {
            continue;
        }
        int null = _wopen(L"NUL", O_RDWR | O_BINARY | O_NOINHERIT);
        any = (null >= 0 && _dup2(null, fd) == 0) || any;
        if (null >= 0) {
            close(null);
        }
    }
    return any;
}

/* Somebody who looks at every new file (a virus scanner) has it open for a moment: hence more than one try. */
int mts_win_rename(const char *from, const char *to)
{
    wchar_t *old = mts_win_wide(from), *new = old ? mts_win_wide(to) : NULL;
    BOOL ok = FALSE;
    for (int i = 0; new && !ok &&i < RENAME_TRIES; i++) {
        if (i == 1) {
            let_go(to);
        } else if (i > 1) {
            Sleep(RENAME_PAUSE);
        }
        ok = MoveFileExW(old, new, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH);
    }
    int rc = ok ? 0 : new ? mts_win_fail() : -1;
    free(old);
    free(new);
    return rc;
}

int link(const char *from, const char *to)
{
    wchar_t *old = mts_win_wide(from), *new = old ? mts_win_wide(to) : NULL;
    int rc = !new ? -1 : CreateHardLinkW(new, old, NULL) ? 0 : mts_win_fail();
    free(old);
    free(new);
    return rc;
}

int mts_win_unlink(const char *path)
{
    wchar_t *w = mts_win_wide(path);
    int rc = !w ? -1 : DeleteFileW(w) ? 0 : mts_win_fail();
    free(w);
    return rc;
}

/* Of a path, malloc'ed, with slashes as everywhere else; NULL with errno. */
static char *narrow_path(const wchar_t *wide)
{
    char *path = mts_win_narrow(wide);
    for (char *at = path; at && *at; at++) {
        *at = *at == '\\' ? '/' : *at;
    }
    return path;
}

/* The program's own path is asked for by the name that Linux has for it. */
ssize_t readlink(const char *path, char *to, size_t room)
{
    wchar_t wide[LONGEST_PATH];
    if (strcmp(path, "/proc/self/exe") != 0) {
        errno = EINVAL;
        return -1;
    }
    DWORD n = GetModuleFileNameW(NULL, wide, LONGEST_PATH);
    if (n == 0 || n == LONGEST_PATH) {
        return mts_win_fail();
    }
    char *own = narrow_path(wide);
    size_t size = own ? strlen(own) : 0;
    memcpy(to, own ? own : "", size < room ? size : room);
    free(own);
    return own ? (ssize_t)(size < room ? size : room) : -1;
}

char *realpath(const char *path, char *to)
{
    wchar_t *wide = mts_win_wide(path), full[LONGEST_PATH];
    (void)to;
    DWORD n = wide ? GetFullPathNameW(wide, LONGEST_PATH, full, NULL) : 0;
    char *real = n > 0 && n < LONGEST_PATH ? narrow_path(full) : NULL;
    free(wide);
    return real;
}

int fchown(int fd, int user, int group)
{
    (void)fd, (void)user, (void)group;
    return 0;
}

int fchmod(int fd, unsigned mode)
{
    (void)fd, (void)mode;
    return 0;
}

/* ---- locks and writing ---- */

/* Of one byte behind the end of all files, so that it stands in nobody's way who reads. */
int flock(int fd, int operation)
{
    OVERLAPPED at = {.OffsetHigh = 0x7FFFFFFF};
    DWORD how = LOCKFILE_EXCLUSIVE_LOCK | (operation & LOCK_NB ? LOCKFILE_FAIL_IMMEDIATELY : 0);
    return LockFileEx(handle_of(fd), how, 0, 1, 0, &at) ? 0 : mts_win_fail();
}

int fsync(int fd)
{
    return FlushFileBuffers(handle_of(fd)) ? 0 : mts_win_fail();
}

int fcntl(int fd, int command, ...)
{
    return command == F_DUPFD_CLOEXEC ? _dup(fd) : 0;
}

int mts_win_ftruncate(int fd, off_t size)
{
    FILE_END_OF_FILE_INFO end = {.EndOfFile = {.QuadPart = size}};
    return SetFileInformationByHandle(handle_of(fd), FileEndOfFileInfo, &end, sizeof end) ? 0 : mts_win_fail();
}

static DWORD most(size_t size)
{
    return size < 1u << 30 ? (DWORD)size : 1u << 30;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
    OVERLAPPED where = {.Offset = (DWORD)at, .OffsetHigh = (DWORD)((uint64_t)at >> 32)};
    DWORD written = 0;
    return WriteFile(handle_of(fd), data, most(size), &written, &where) ? (ssize_t)written : mts_win_fail();
}

ssize_t pread(int fd, void *data, size_t size, off_t at)
{
    OVERLAPPED where = {.Offset = (DWORD)at, .OffsetHigh = (DWORD)((uint64_t)at >> 32)};
    DWORD got = 0;
    BOOL ok = ReadFile(handle_of(fd), data, most(size), &got, &where);
    return ok || GetLastError() == ERROR_HANDLE_EOF ? (ssize_t)got : mts_win_fail();
}

/* ---- streams ---- */

FILE *mts_win_fopen(const char *path, const char *mode)
{
    wchar_t how[8] = L"", *w = mts_win_wide(path);
    size_t n = 0;
    for (const char *m = mode; *m && n < 6; m++) {
        how[n++] = *m == 'e' ? L'N' : (wchar_t)*m;
    }
    if (!strchr(mode, 'b')) {
        how[n] = L'b';
    }
    FILE *file = w ? _wfopen(w, how) : NULL;
    free(w);
    return file;
}

ssize_t getline(char **line, size_t *cap, FILE *file)
{
    size_t n = 0;
    for (int c; (c = getc(file)) != EOF;) {
        if (n + 2 > *cap) {
            size_t want = *cap ? 2 * *cap : 256;
            char *grown = realloc(*line, want);
            if (!grown) {
                errno = ENOMEM;
                return -1;
            }
            *line = grown;
            *cap = want;
        }
        (*line)[n++] = (char)c;
        (*line)[n] = '\0';
        if (c == '\n') {
            break;
        }
    }
    return n ? (ssize_t)n : -1;
}

/* ---- folders ---- */

struct MtsWinFolder {
    _WDIR *folder;
    struct mts_win_dirent entry;
};

MtsWinFolder *mts_win_opendir(const char *path)
{
    MtsWinFolder *f = calloc(1, sizeof *f);
    wchar_t *w = f ? mts_win_wide(path) : NULL;
    if (f && w) {
        f->folder = _wopendir(w);
    }
    free(w);
    if (f && !f->folder) {
        free(f);
        f = NULL;
    }
    return f;
}

struct mts_win_dirent *mts_win_readdir(MtsWinFolder *f)
{
    struct _wdirent *e = _wreaddir(f->folder);
    int n = e ? WideCharToMultiByte(CP_UTF8, 0, e->d_name, -1, f->entry.d_name, sizeof f->entry.d_name, NULL, NULL) : 0;
    return n > 0 ? &f->entry : NULL;
}

int mts_win_closedir(MtsWinFolder *f)
{
    int rc = _wclosedir(f->folder);
    free(f);
    return rc;
}

/* ---- memory ---- */

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    (void)at, (void)size, (void)protection, (void)flags, (void)offset;
    HANDLE mapping = CreateFileMappingW(handle_of(fd), NULL, PAGE_READONLY, 0, 0, NULL);
    void *p = mapping ? MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 0) : NULL;
    if (!p) {
        mts_win_fail();
    }
    if (mapping) {
        CloseHandle(mapping); /* the view keeps it */
    }
    return p ? p : MAP_FAILED;
}

int munmap(void *at, size_t size)
{
    (void)size;
    return UnmapViewOfFile(at) ? 0 : mts_win_fail();
}

long sysconf(int name)
{
    SYSTEM_INFO system;
    MEMORYSTATUSEX memory = {.dwLength = sizeof memory};
    GetSystemInfo(&system);
    if (name == _SC_PAGESIZE) {
        return (long)system.dwPageSize;
    }
    return GlobalMemoryStatusEx(&memory) ? (long)(memory.ullTotalPhys / system.dwPageSize) : -1;
}

int getrusage(int who, struct rusage *usage)
{
    PROCESS_MEMORY_COUNTERS counters = {0};
    (void)who;
    usage->ru_maxrss = 0;
    if (!GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters)) {
        return mts_win_fail();
    }
    usage->ru_maxrss = (long)(counters.PeakWorkingSetSize / 1024);
    return 0;
}
