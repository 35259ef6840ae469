/* core/windows/posix.h - what this project uses of POSIX and Windows has not, or has otherwise.
 *
 * A build for Windows includes this before every source (meson.build), so that the sources are written for one
 * system; include/ holds the headers that are missing there. Paths are UTF-8. Files are opened so
 * that they can be renamed and removed while they are open, and are bytes, never lines. */
#ifndef MTS_CORE_WINDOWS_POSIX_H
#define MTS_CORE_WINDOWS_POSIX_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- files ---- */

#define O_CLOEXEC O_NOINHERIT
#define O_NOCTTY 0
#define O_NONBLOCK 0
#define F_DUPFD_CLOEXEC 1
#define F_SETFD 2
#define F_SETFL 3
#define FD_CLOEXEC 1

struct mts_win_stat {
    uint64_t st_dev, st_ino;
    unsigned st_mode;
    int st_uid, st_gid;
    off_t st_size;
    struct timespec st_mtim;
};

int mts_win_open(const char *path, int flags, ...);
int mts_win_close(int fd);
int mts_win_stat(const char *path, struct mts_win_stat *status);
int mts_win_fstat(int fd, struct mts_win_stat *status);
int mts_win_access(const char *path, int mode);
int mts_win_rename(const char *from, const char *to);
int mts_win_unlink(const char *path);
FILE *mts_win_fopen(const char *path, const char *mode);
int mts_win_ftruncate(int fd, off_t size);
int mts_win_mkstemp(char *name); /* of a name that ends in XXXXXX; all writing is at the file's end */
ssize_t mts_win_read(int fd, void *data, size_t size);
char *mts_win_getenv(const char *name); /* HOME and TMPDIR are there under the names that Windows has for them */

/* Names, not calls: members that are called so stay members. */
#undef stat
#undef fstat
#undef ftruncate
#define stat mts_win_stat
#define fstat mts_win_fstat
#define open mts_win_open
#define close mts_win_close
#define access mts_win_access
#define rename mts_win_rename
#define unlink mts_win_unlink
#define fopen mts_win_fopen
#define read mts_win_read
#define getenv mts_win_getenv
#define mkstemp mts_win_mkstemp
#define ftruncate mts_win_ftruncate

int link(const char *from, const char *to);
ssize_t readlink(const char *path, char *to, size_t room); /* no path is a link but /proc/self/exe */
char *realpath(const char *path, char *to);                /* to: NULL */
int fsync(int fd);
int fcntl(int fd, int command, ...); /* F_DUPFD_CLOEXEC; what else is asked for here is so from the beginning */
int fchown(int fd, int user, int group);
int fchmod(int fd, unsigned mode);
ssize_t pwrite(int fd, const void *data, size_t size, off_t at);
ssize_t pread(int fd, void *data, size_t size, off_t at);
ssize_t getline(char **line, size_t *cap, FILE *file);

/* ---- folders ---- */

struct mts_win_dirent {
    char d_name[4 * 260];
};
typedef struct MtsWinFolder MtsWinFolder;
MtsWinFolder *mts_win_opendir(const char *path);
struct mts_win_dirent *mts_win_readdir(MtsWinFolder *folder);
int mts_win_closedir(MtsWinFolder *folder);

#define DIR MtsWinFolder
#define dirent mts_win_dirent
#define opendir mts_win_opendir
#define readdir mts_win_readdir
#define closedir mts_win_closedir

/* ---- the machine ---- */

#define _SC_PAGESIZE 1
#define _SC_PHYS_PAGES 2

long sysconf(int name);

/* ---- terminals ---- */

int mts_win_isatty(int fd);
#define isatty mts_win_isatty

/* ---- signals ---- */

#define SIGPIPE 13
#define SIGBUS 7 /* a page of a mapped file could not be read */
#define BUS_ADRERR 2
#define SA_RESETHAND 1u
#define SA_SIGINFO 2u

typedef struct MtsWinSignal {
    int si_code;
} MtsWinSignal;
#define siginfo_t MtsWinSignal

struct sigaction {
    void (*sa_handler)(int);
    void (*sa_sigaction)(int, siginfo_t *, void *);
    int sa_flags;
};
/* SIGBUS, and those that signal() knows; SIGINT is Ctrl-C and Ctrl-Break. */
int sigaction(int number, const struct sigaction *action, struct sigaction *old);

/* What the last failed call of Windows was about, in errno; -1. */
int mts_win_fail(void);
/* Text for Windows, malloc'ed; NULL with errno. And back, malloc'ed too. */
wchar_t *mts_win_wide(const char *text);
char *mts_win_narrow(const wchar_t *wide);

#endif
