/* cli/screen.c - see screen.h. */
#if defined(__linux__)
#define _DEFAULT_SOURCE /* struct winsize */
#elif defined(__APPLE__)
#define _DARWIN_C_SOURCE
#endif
#include "cli/screen.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/utf8.h"

enum { USUAL_WIDTH = 80, USUAL_HEIGHT = 24, MOST = 10000 };

static const char *color_word = "auto";

/* What the environment says of it, if that is a number; 0 otherwise. */
static size_t said_by(const char *variable)
{
    const char *said = getenv(variable);
    char *end = NULL;
    unsigned long number = said && *said >= '0' && *said <= '9' ? strtoul(said, &end, 10) : 0;
    return number > 0 && number <= MOST && !*end ? (size_t)number : 0;
}

/* What the environment's variable says, else what the terminal has, or `usual`; 0 where it is no terminal. */
static size_t extent(int fd, const char *variable, bool rows, size_t usual)
{
    size_t said = said_by(variable);
    struct winsize size;
    if (said || !isatty(fd)) {
        return said;
    }
    size_t has = ioctl(fd, TIOCGWINSZ, &size) == 0 ? (rows ? size.ws_row : size.ws_col) : 0;
    return has ? has : usual;
}

size_t screen_width(int fd)
{
    return extent(fd, "COLUMNS", false, USUAL_WIDTH);
}

size_t screen_height(int fd)
{
    return extent(fd, "LINES", true, USUAL_HEIGHT);
}

static bool is_dumb(void)
{
    const char *kind = getenv("TERM");
    return kind && strcmp(kind, "dumb") == 0;
}

bool screen_redraws(int fd)
{
    return isatty(fd) && !is_dumb();
}

void screen_choose_color(const char *word)
{
    color_word = word ? word : "auto";
}

static bool takes_color(int fd)
{
    const char *without = getenv("NO_COLOR");
    return strcmp(color_word, "always") == 0 ||
           (strcmp(color_word, "auto") == 0 && screen_redraws(fd) && !(without && *without));
}

const char *screen_bold(int fd)
{
    return takes_color(fd) ? "\033[1m" : "";
}

const char *screen_plain(int fd)
{
    return takes_color(fd) ? "\033[0m" : "";
}

/* ---- widths ---- */

typedef struct Columns {
    uint32_t first, last;
} Columns;

/* Blocks of marks that stand on the character before them, and of what takes two columns. */
static const Columns NARROW[] = {{0x300, 0x36F},   {0x483, 0x489},   {0x591, 0x5BD},    {0x610, 0x61A},
                                 {0x64B, 0x65F},   {0x200B, 0x200F}, {0x20D0, 0x20FF},  {0xFE00, 0xFE0F},
                                 {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0xE0100, 0xE01EF}},
                     WIDE[] = {{0x1100, 0x115F},  {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xA960, 0xA97F},
                               {0xAC00, 0xD7A3},  {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
                               {0xFFE0, 0xFFE6},  {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF},
                               {0x20000, 0x3FFFD}};

static bool within(uint32_t cp, const Columns *ranges, size_t n)
{
    size_t i = 0;
    while (i < n && cp > ranges[i].last) {
        i++;
    }
    return i < n && cp >= ranges[i].first;
}

static size_t columns_of(uint32_t cp)
{
    return cp < NARROW[0].first                                   ? 1
           : within(cp, NARROW, sizeof NARROW / sizeof NARROW[0]) ? 0
           : within(cp, WIDE, sizeof WIDE / sizeof WIDE[0])       ? 2
                                                                  : 1;
}

size_t screen_fit(const char *text, size_t size, size_t columns)
{
    size_t at = 0, used = 0;
    while (at < size) {
        uint32_t cp = 0xFFFD;
        size_t n = mts_utf8_decode(text + at, size - at, &cp);
        used += columns_of(cp);
        if (used > columns) {
            break;
        }
        at += n ? n : 1;
    }
    return at;
}

size_t screen_columns(const char *text, size_t size)
{
    size_t used = 0;
    for (size_t at = 0, n; at < size; at += n) {
        uint32_t cp = 0xFFFD;
        n = mts_utf8_decode(text + at, size - at, &cp);
        n = n ? n : 1;
        used += columns_of(cp);
    }
    return used;
}
