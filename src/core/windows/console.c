/* core/windows/console.c - see posix.h: what is typed, where is printed to, signals.
 *
 * A console gives and takes UTF-16 or bytes of its code page. What is typed is read as UTF-16 and handed on as UTF-8;
 * output is bytes, for which wmain.c sets the code page. */
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <windows.h>

#undef read
#undef isatty

enum { UNITS = 512, SHORT_PAUSE = 5 /* ms */, END_OF_INPUT = 1u << 4 | 1u << 26 /* Ctrl-D, Ctrl-Z */ };

static HANDLE handle_of(int fd)
{
    return (HANDLE)_get_osfhandle(fd);
}

int mts_win_isatty(int fd)
{
    DWORD mode;
    return GetConsoleMode(handle_of(fd), &mode) != 0;
}

int ioctl(int fd, int request, struct winsize *size)
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    (void)request;
    if (!GetConsoleScreenBufferInfo(handle_of(fd), &info)) {
        return mts_win_fail();
    }
    size->ws_row = (unsigned short)(info.srWindow.Bottom - info.srWindow.Top + 1);
    size->ws_col = (unsigned short)(info.srWindow.Right - info.srWindow.Left + 1);
    return 0;
}

int tcgetattr(int fd, struct termios *how)
{
    DWORD mode;
    if (!GetConsoleMode(handle_of(fd), &mode)) {
        return mts_win_fail();
    }
    how->c_lflag = mode;
    return 0;
}

/* A console that does not hand out lines hands out the arrows as a terminal does. */
int tcsetattr(int fd, int when, const struct termios *how)
{
    DWORD keys = how->c_lflag & ICANON ? 0 : 0x200 /* ENABLE_VIRTUAL_TERMINAL_INPUT */;
    (void)when;
    return SetConsoleMode(handle_of(fd), how->c_lflag | keys) || SetConsoleMode(handle_of(fd), how->c_lflag)
               ? 0
               : mts_win_fail();
}

/* ---- what is typed ---- */

static struct {
    char bytes[4 * UNITS + 4];
    size_t from, size;
    wchar_t half; /* the first half of a pair, whose second is still to come */
} typed;

/* The next units as UTF-8; false: the input has ended. */
static bool take_typed(HANDLE console)
{
    wchar_t units[UNITS + 1];
    CONSOLE_READCONSOLE_CONTROL until = {.nLength = sizeof until, .dwCtrlWakeupMask = END_OF_INPUT};
    DWORD before = typed.half != 0, got = 0;
    units[0] = typed.half;
    typed.half = 0;
    if (!ReadConsoleW(console, units + before, UNITS, &got, &until)) {
        return false;
    }
    DWORD n = before, last = before + got;
    while (n < last && units[n] != 4 && units[n] != 26) {
        n++;
    }
    bool ended = n < last || got == 0;
    if (!ended && n > 0 && (units[n - 1] & 0xFC00) == 0xD800) {
        typed.half = units[--n];
    }
    int bytes = n ? WideCharToMultiByte(CP_UTF8, 0, units, (int)n, typed.bytes, sizeof typed.bytes, NULL, NULL) : 0;
    typed.from = 0;
    typed.size = bytes > 0 ? (size_t)bytes : 0;
    return !ended || typed.size > 0;
}

ssize_t mts_win_read(int fd, void *data, size_t size)
{
    HANDLE h = handle_of(fd);
    DWORD mode;
    if (!GetConsoleMode(h, &mode)) {
        return read(fd, data, size < 1u << 30 ? (unsigned)size : 1u << 30);
    }
    while (typed.from == typed.size) {
        if (!take_typed(h)) {
            return 0;
        }
    }
    size_t n = typed.size - typed.from < size ? typed.size - typed.from : size;
    memcpy(data, typed.bytes + typed.from, n);
    typed.from += n;
    return (ssize_t)n;
}

/* Whether a key was pressed; what else the console tells in between is dropped. */
static bool key_waits(HANDLE console)
{
    INPUT_RECORD next;
    DWORD n, none;
    if (typed.from < typed.size) {
        return true;
    }
    while (PeekConsoleInputW(console, &next, 1, &n) && n == 1) {
        if (next.EventType == KEY_EVENT && next.Event.KeyEvent.bKeyDown && next.Event.KeyEvent.uChar.UnicodeChar) {
            return true;
        }
        ReadConsoleInputW(console, &next, 1, &none);
    }
    return false;
}

int poll(struct pollfd *all, unsigned count, int patience)
{
    HANDLE h = handle_of(all->fd);
    DWORD none;
    all->revents = 0;
    if (count == 1 && all->events == POLLOUT) {
        bool gone = GetFileType(h) == FILE_TYPE_PIPE && !WriteFile(h, "", 0, &none, NULL);
        all->revents = gone ? POLLERR : POLLOUT;
        return 1;
    }
    while (!key_waits(h)) {
        if (patience <= 0) {
            return 0;
        }
        Sleep(SHORT_PAUSE);
        patience -= SHORT_PAUSE;
    }
    all->revents = POLLIN;
    return 1;
}

/* ---- signals ---- */

static void (*on_lost_page)(int, MtsWinSignal *, void *);

static LONG CALLBACK on_exception(EXCEPTION_POINTERS *what)
{
    MtsWinSignal info = {.si_code = BUS_ADRERR};
    if (what->ExceptionRecord->ExceptionCode == (DWORD)EXCEPTION_IN_PAGE_ERROR && on_lost_page) {
        on_lost_page(SIGBUS, &info, NULL);
    }
    return EXCEPTION_CONTINUE_SEARCH;
}

int sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
    (void)old;
    if (number == SIGBUS) {
        bool first = !on_lost_page;
        on_lost_page = action->sa_sigaction;
        return !first || AddVectoredExceptionHandler(1, on_exception) ? 0 : mts_win_fail();
    }
    if (number == SIGINT && signal(SIGBREAK, action->sa_handler) == SIG_ERR) {
        return -1;
    }
    return signal(number, action->sa_handler) == SIG_ERR ? -1 : 0;
}
