/* series/times.c - see times.h. */
#include "series/times.h"

#include <string.h>

enum { DAY_FIRST, MONTH_FIRST, WAYS, LONGEST = 120, COMPACT = 8, FRACTION = 9 };

typedef enum Direction { RISES, FALLS } Direction;

/* A number of a cell. */
typedef struct Number {
    uint32_t value;
    size_t digits;
    bool month; /* it was a month's name */
} Number;

typedef struct Numbers {
    Number at[MTS_STAMP_PARTS];
    size_t count, date; /* all; those before the time of day */
    bool clock;         /* a colon was seen */
} Numbers;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static void put(Numbers *n, uint32_t value, size_t digits, bool month)
{
    if (n->count < MTS_STAMP_PARTS) {
        n->at[n->count++] = (Number){value, digits, month};
    }
}

/* 20200131 is three numbers; a fraction of a second counts in billionths. */
static void put_digits(Numbers *n, const char *digits, size_t size, bool fraction)
{
    uint32_t value = 0;
    for (size_t i = 0; i < size && i < FRACTION; i++) {
        value = value * 10 + (uint32_t)(digits[i] - '0');
    }
    for (size_t i = size; fraction && i < FRACTION; i++) {
        value *= 10;
    }
    if (size == COMPACT && n->count == 0) {
        put(n, value / 10000, 4, false);
        put(n, value / 100 % 100, 2, false);
        put(n, value % 100, 2, false);
    } else {
        put(n, value, size, false);
    }
}

/* A word: a month, or the half of a day that the hour before is in. */
static void put_word(Numbers *n, const char *word, size_t size)
{
    unsigned month = mts_cell_month((MtsCell){word, size});
    char half = lower(word[0]);
    Number *hour = n->date < n->count ? &n->at[n->date] : NULL;
    if (month && !n->clock) {
        put(n, month, 2, true);
    } else if (n->clock && hour && size == 2 && lower(word[1]) == 'm' && (half == 'a' || half == 'p')) {
        hour->value = hour->value % 12 + (half == 'p' ? 12 : 0);
    }
}

/* Whether a zone begins: what follows tells no time any more. */
static bool begins_zone(const Numbers *n, char c)
{
    return n->clock && (c == '+' || c == '-' || c == '[');
}

static void read_numbers(Numbers *n, const char *text, size_t size)
{
    *n = (Numbers){.date = MTS_STAMP_PARTS};
    for (size_t i = 0, run; i < size && !begins_zone(n, text[i]); i += run) {
        run = 1;
        if (is_digit(text[i])) {
            while (i + run < size && is_digit(text[i + run])) {
                run++;
            }
            bool hour = !n->clock && i + run < size && text[i + run] == ':';
            n->date = hour ? n->count : n->date;
            put_digits(n, text + i, run, n->clock && i > 0 && (text[i - 1] == '.' || text[i - 1] == ','));
            n->clock |= hour;
        } else if (lower(text[i]) >= 'a' && lower(text[i]) <= 'z') {
            while (i + run < size && lower(text[i + run]) >= 'a' && lower(text[i + run]) <= 'z') {
                run++;
            }
            put_word(n, text + i, run);
        }
    }
    n->date = n->date < n->count ? n->date : n->count;
}

static bool is_year(const Number *n)
{
    return n->digits == 4 && n->value >= 1000 && n->value < 3000;
}

/* The parts of a stamp, if the first of two numbers is the day or the month. */
static bool make_stamp(const Numbers *n, int way, uint32_t out[MTS_STAMP_PARTS])
{
    const Number *a = n->at;
    size_t year = 0, used = n->date < 3 ? n->date : 3;
    while (year < used && !is_year(&a[year])) {
        year++;
    }
    if (used < 2 || year == used) {
        return false;
    }
    uint32_t month, day = 0;
    if (used == 2) { /* a month, a quarter, a week */
        month = a[1 - year].value;
    } else if (year == 0) {
        month = a[1].value;
        day = a[2].value;
    } else {
        bool first = a[0].month || (way == MONTH_FIRST && !a[1].month);
        month = first ? a[0].value : a[1].value;
        day = first ? a[3 - year].value : a[0].value;
    }
    memset(out, 0, MTS_STAMP_PARTS * sizeof *out);
    out[0] = a[year].value;
    out[1] = month;
    out[2] = day;
    for (size_t i = used; i < n->count && 3 + i - used < MTS_STAMP_PARTS; i++) {
        out[3 + i - used] = a[i].value;
    }
    return used == 2 || (month >= 1 && month <= 12 && day >= 1 && day <= 31);
}

static int compare(const uint32_t *a, const uint32_t *b)
{
    for (size_t i = 0; i < MTS_STAMP_PARTS; i++) {
        if (a[i] != b[i]) {
            return a[i] < b[i] ? -1 : 1;
        }
    }
    return 0;
}

/* Of one day, and of one hour or of two that follow: the clock may have been set back between them. */
static bool within_hour(const uint32_t *a, const uint32_t *b)
{
    return a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] <= b[3] + 1 && b[3] <= a[3] + 1;
}

void mts_times_add(MtsTimes *times, const MtsCell *cells, size_t n, size_t line)
{
    char text[LONGEST];
    size_t size = 0;
    Numbers numbers;
    for (size_t i = 0; i < n && size + 1 + cells[i].size < sizeof text; i++) {
        text[size++] = ' ';
        memcpy(text + size, cells[i].data, cells[i].size);
        size += cells[i].size;
    }
    read_numbers(&numbers, text, size);
    for (int way = 0; way < WAYS; way++) {
        uint32_t stamp[MTS_STAMP_PARTS];
        times->impossible[way] = times->impossible[way] || !make_stamp(&numbers, way, stamp);
        if (!times->impossible[way]) {
            int order = times->rows > 0 ? compare(stamp, times->last[way]) : 0;
            bool near = order != 0 && within_hour(stamp, times->last[way]);
            times->rises[way] |= order > 0 && !near;
            times->falls[way] |= order < 0 && !near;
            times->up[way] += order > 0 && near;
            times->down[way] += order < 0 && near;
            times->back[way] = order < 0 && !times->back[way] ? line : times->back[way];
            memcpy(times->last[way], stamp, sizeof stamp);
        }
    }
    times->rows++;
}

/* Whether so many steps that go the other way are what changes of the clock make, one a year or two. */
static bool may_be_clock(size_t against, size_t rows)
{
    return against <= 1 + rows / 1000;
}

/* Whether the times rise from row to row, or fall. */
static bool only(Direction d, const MtsTimes *times, int way)
{
    const bool *with = d == RISES ? times->rises : times->falls, *against = d == RISES ? times->falls : times->rises;
    const size_t *near = d == RISES ? times->up : times->down, *back = d == RISES ? times->down : times->up;
    return !times->impossible[way] && !against[way] && (with[way] || near[way] > back[way]) &&
           may_be_clock(back[way], times->rows);
}

bool mts_times_fall(const MtsTimes *times)
{
    bool rises = only(RISES, times, DAY_FIRST) || only(RISES, times, MONTH_FIRST);
    return times->rows > 0 && !rises && (only(FALLS, times, DAY_FIRST) || only(FALLS, times, MONTH_FIRST));
}

size_t mts_times_mixed(const MtsTimes *times)
{
    size_t line = 0;
    bool mixed = false;
    for (int way = 0; way < WAYS; way++) {
        bool moves = times->rises[way] || times->falls[way] || times->up[way] || times->down[way];
        if (!times->impossible[way]) {
            if (!moves || only(RISES, times, way) || only(FALLS, times, way)) {
                return 0;
            }
            mixed = true;
            line = times->back[way];
        }
    }
    return mixed ? line : 0;
}
