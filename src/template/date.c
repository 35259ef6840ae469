/* template/date.c - strftime_now(): a day in words, whatever the system's locale is. */
#include <stdio.h>
#include <string.h>

#include "template/ast.h"

static const char *const MONTHS[] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};
static const char *const DAYS[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_of(int year, int month)
{
    return month == 2 ? 28 + is_leap(year) : 30 + (month + (month > 7)) % 2;
}

bool mts_template_date(const char *text, MtsTemplateDate *date)
{
    static const char shape[] = "dddd-dd-dd";
    bool good = strlen(text) == strlen(shape);
    for (size_t i = 0; good && shape[i]; i++) {
        good = shape[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == shape[i];
    }
    if (!good || sscanf(text, "%4d-%2d-%2d", &date->year, &date->month, &date->day) != 3) {
        return false;
    }
    return date->year >= 1 && date->month >= 1 && date->month <= 12 && date->day >= 1 &&
           date->day <= days_of(date->year, date->month);
}

static int day_of_year(const MtsTemplateDate *date)
{
    int day = date->day;
    for (int month = 1; month < date->month; month++) {
        day += days_of(date->year, month);
    }
    return day;
}

/* 0: Sunday. */
static int day_of_week(const MtsTemplateDate *date)
{
    int before = date->year - 1;
    return (before * 365 + before / 4 - before / 100 + before / 400 + day_of_year(date)) % 7;
}

/* One conversion into out[40]; false: it is not known. plain: without leading zeros ("%-d"). */
static bool convert(const MtsTemplateDate *d, char what, bool plain, char *out)
{
    int week = day_of_week(d), yday = day_of_year(d), two = plain ? 1 : 2;
    const char *month = MONTHS[d->month - 1], *day = DAYS[week];
    switch (what) {
    case 'Y':
        return snprintf(out, 40, "%d", d->year) > 0;
    case 'y':
        return snprintf(out, 40, "%0*d", two, d->year % 100) > 0;
    case 'm':
        return snprintf(out, 40, "%0*d", two, d->month) > 0;
    case 'd':
        return snprintf(out, 40, "%0*d", two, d->day) > 0;
    case 'e':
        return snprintf(out, 40, "%2d", d->day) > 0;
    case 'j':
        return snprintf(out, 40, "%0*d", plain ? 1 : 3, yday) > 0;
    case 'B':
        return snprintf(out, 40, "%s", month) > 0;
    case 'b':
    case 'h':
        return snprintf(out, 40, "%.3s", month) > 0;
    case 'A':
        return snprintf(out, 40, "%s", day) > 0;
    case 'a':
        return snprintf(out, 40, "%.3s", day) > 0;
    case 'w':
        return snprintf(out, 40, "%d", week) > 0;
    case 'u':
        return snprintf(out, 40, "%d", week ? week : 7) > 0;
    case 'H':
    case 'M':
    case 'S':
        return snprintf(out, 40, "%0*d", two, 0) > 0;
    case 'I':
        return snprintf(out, 40, "12") > 0;
    case 'p':
        return snprintf(out, 40, "AM") > 0;
    case 'f':
        return snprintf(out, 40, "000000") > 0;
    case 'F':
        return snprintf(out, 40, "%d-%02d-%02d", d->year, d->month, d->day) > 0;
    case 'D':
    case 'x':
        return snprintf(out, 40, "%02d/%02d/%02d", d->month, d->day, d->year % 100) > 0;
    case 'T':
    case 'X':
        return snprintf(out, 40, "00:00:00") > 0;
    case 'R':
        return snprintf(out, 40, "00:00") > 0;
    case 'c':
        return snprintf(out, 40, "%.3s %.3s %2d 00:00:00 %d", day, month, d->day, d->year) > 0;
    case '%':
        return snprintf(out, 40, "%%") > 0;
    default:
        out[0] = '\0';
        return what == 'Z' || what == 'z'; /* the time has no zone */
    }
}

MtsString mts_tpl_date(MtsTpl *tpl, MtsString format, size_t at)
{
    MtsTplWriter w = {.tpl = tpl};
    tpl->dated = true;
    for (size_t i = 0; i < format.size && !tpl->rc; i++) {
        char out[40];
        if (format.data[i] != '%') {
            mts_tpl_write(&w, (MtsString){format.data + i, 1});
            continue;
        }
        bool plain = i + 1 < format.size && format.data[i + 1] == '-';
        i += 1u + plain;
        if (i >= format.size || !convert(tpl->date, format.data[i], plain, out)) {
            mts_tpl_fail(tpl, MTS_EUNSUPPORTED, at, "such a format of a date");
            break;
        }
        mts_tpl_write_word(&w, out);
    }
    return mts_tpl_written(&w);
}
