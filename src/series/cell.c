/* series/cell.c - what one cell of a table says.
 *
 * A cell is classed by its characters in one pass (numbers are by far the commonest and are recognised first). Dates
 * are recognised by their shape, not read: nothing here needs to know when it was. */
#include "series/cell.h"

#include <string.h>

#include "core/number.h"

enum { LONGEST_NUMBER = 64 };

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool same_word(MtsCell cell, const char *word, size_t n)
{
    if (cell.size != n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (lower(cell.data[i]) != lower(word[i])) {
            return false;
        }
    }
    return true;
}

bool mts_cell_is(MtsCell cell, const char *word)
{
    return same_word(cell, word, strlen(word));
}

bool mts_cell_alike(MtsCell a, MtsCell b)
{
    return same_word(a, b.data, b.size);
}

bool mts_cell_same(MtsCell a, MtsCell b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

MtsCell mts_cell_trim(MtsCell cell)
{
    while (cell.size > 0 && is_space(cell.data[0])) {
        cell.data++;
        cell.size--;
    }
    while (cell.size > 0 && is_space(cell.data[cell.size - 1])) {
        cell.size--;
    }
    return cell;
}

bool mts_cell_is_list(MtsCell cell)
{
    return cell.size >= 2 && cell.data[0] == '[' && cell.data[cell.size - 1] == ']';
}

bool mts_cell_missing(MtsCell cell, const char *missing)
{
    static const char *const words[] = {"na",   "<na>", "#na", "n/a", "#n/a", "nan", "-nan", "nat",
                                        "null", "none", "\\n", ".",   "?",    "-",   "--"};
    if (cell.size == 0) {
        return true;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (mts_cell_is(cell, words[i])) {
            return true;
        }
    }
    for (const char *word = missing; word; word = strchr(word, ',') ? strchr(word, ',') + 1 : NULL) {
        if (same_word(cell, word, strcspn(word, ","))) {
            return true;
        }
    }
    return false;
}

/* ---- numbers ---- */

static size_t count_of(MtsCell cell, char c)
{
    size_t n = 0;
    for (size_t i = 0; i < cell.size; i++) {
        n += cell.data[i] == c;
    }
    return n;
}

/* Whether `mark` groups the digits of cell[0 .. end) in threes: one to three digits, then each mark with three. */
static bool is_grouped(MtsCell cell, size_t end, char mark)
{
    size_t i = cell.size > 0 && (cell.data[0] == '-' || cell.data[0] == '+') ? 1 : 0, digits = 0;
    for (; i < end && is_digit(cell.data[i]); i++) {
        digits++;
    }
    if (digits < 1 || digits > 3 || i == end) {
        return false;
    }
    for (; i < end; i += 4) {
        bool three = i + 3 < end && cell.data[i] == mark && is_digit(cell.data[i + 1]) && is_digit(cell.data[i + 2]) &&
                     is_digit(cell.data[i + 3]);
        if (!three) {
            return false;
        }
    }
    return true;
}

/* The bytes at s[0..n) of a mark that can only group digits: an apostrophe, straight or curved, and blanks that no line
 * breaks at (U+00A0, as Latin-1 has it too, U+202F, U+2009); 0: there is none. */
static size_t group_mark(const char *s, size_t n)
{
    static const char *const marks[] = {"'", "\xE2\x80\x99", "\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x89", "\xA0"};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        size_t bytes = strlen(marks[i]);
        if (bytes <= n && memcmp(s, marks[i], bytes) == 0) {
            return bytes;
        }
    }
    return 0;
}

/* 1'234'567.5, as the Swiss write it, or with other marks that can only group: the cell without them, in `out`; false:
 * it is none. */
static bool without_groups(MtsCell cell, char out[LONGEST_NUMBER], MtsCell *plain)
{
    size_t n = 0, whole, kept = 0;
    if (cell.size >= LONGEST_NUMBER) {
        return false;
    }
    for (size_t i = 0; i < cell.size; n++) {
        size_t mark = group_mark(cell.data + i, cell.size - i);
        out[n] = mark ? '\'' : cell.data[i];
        i += mark ? mark : 1;
    }
    for (whole = 0; whole < n && (is_digit(out[whole]) || strchr("+-'", out[whole])); whole++) {
    }
    if (!memchr(out, '\'', n) || memchr(out + whole, '\'', n - whole) || !is_grouped((MtsCell){out, n}, whole, '\'')) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        out[kept] = out[i];
        kept += out[i] != '\'';
    }
    *plain = (MtsCell){out, kept};
    return true;
}

bool mts_cell_number(MtsCell cell, char decimal, double *value)
{
    char plain[LONGEST_NUMBER], whole_digits[LONGEST_NUMBER], group = decimal == ',' ? '.' : ',';
    if (decimal == '.' && !memchr(cell.data, ',', cell.size) && mts_number_parse(cell.data, cell.size, value)) {
        return true;
    }
    (void)without_groups(cell, whole_digits, &cell);
    const char *mark = memchr(cell.data, decimal, cell.size);
    size_t whole = mark ? (size_t)(mark - cell.data) : cell.size, n = 0;
    if (cell.size >= sizeof plain || (memchr(cell.data, group, cell.size) && !is_grouped(cell, whole, group))) {
        return false;
    }
    for (size_t i = 0; i < cell.size; i++) {
        char c = cell.data[i];
        if (c == decimal) {
            plain[n++] = '.';
        } else if (c != group) {
            plain[n++] = c;
        } else if (i > whole) {
            return false; /* digits after the decimal mark are not grouped */
        }
    }
    return mts_number_parse(plain, n, value);
}

/* What a cell with a comma is, if it is a number at all. */
static bool comma_kind(MtsCell cell, MtsCellKind *kind)
{
    double value;
    bool decimal = mts_cell_number(cell, ',', &value), grouped = mts_cell_number(cell, '.', &value);
    const char *digits = cell.data + (cell.data[0] == '-' || cell.data[0] == '+');
    if (grouped && *digits == '0') { /* 0,125 groups nothing */
        grouped = false;
    }
    *kind = decimal && grouped ? MTS_CELL_COMMA_EITHER : decimal ? MTS_CELL_COMMA_DECIMAL : MTS_CELL_COMMA_GROUPED;
    return decimal || grouped;
}

/* ---- dates and times ---- */

unsigned mts_cell_month(MtsCell cell)
{
    static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    unsigned month = 12;
    while (cell.size >= 3 && month > 0 && !same_word((MtsCell){cell.data, 3}, months + (month - 1) * 3, 3)) {
        month--;
    }
    return cell.size >= 3 ? month : 0;
}

static bool has_month_name(MtsCell cell)
{
    for (size_t i = 0; i + 3 <= cell.size; i++) {
        if (mts_cell_month((MtsCell){cell.data + i, cell.size - i})) {
            return count_of(cell, ' ') + count_of(cell, '-') + count_of(cell, '/') + count_of(cell, '.') > 0;
        }
    }
    return false;
}

/* 2020Q1, 2020-W05, 2020M11, 2020-11. */
static bool is_period(MtsCell cell)
{
    size_t i = 0;
    while (i < cell.size && is_digit(cell.data[i])) {
        i++;
    }
    bool dash = i == 4 && i < cell.size && cell.data[i] == '-';
    i += dash;
    bool letter = i < cell.size && strchr("qmw", lower(cell.data[i])) != NULL;
    size_t rest = cell.size - i - letter;
    if (i < 4 || (!dash && !letter) || rest < 1 || rest > 2 || cell.data[0] < '1' || cell.data[0] > '2') {
        return false;
    }
    const char *last = cell.data + cell.size - rest;
    return is_digit(last[0]) && is_digit(last[rest - 1]) && (rest == 1 || last[0] < '5' || last[1] < '4'); /* weeks */
}

/* 20200101T120000, 20200101_1200: a day and a time of day without marks. */
static bool is_compact(MtsCell cell)
{
    size_t digits = 0;
    while (digits < cell.size && is_digit(cell.data[digits])) {
        digits++;
    }
    if (digits != 8 || cell.size < 13 || !strchr("Tt_- ", cell.data[8])) {
        return false;
    }
    int month = (cell.data[4] - '0') * 10 + cell.data[5] - '0', day = (cell.data[6] - '0') * 10 + cell.data[7] - '0';
    for (size_t i = 9; i < 13; i++) {
        if (!is_digit(cell.data[i])) {
            return false;
        }
    }
    return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/* Whether a time of day is somewhere in it: "0 days 00:00:01", "00:00:01,500", "...+01:00[Europe/Berlin]". */
static bool has_clock(MtsCell cell)
{
    for (size_t i = 1; i + 2 < cell.size; i++) {
        if (cell.data[i] == ':' && is_digit(cell.data[i - 1]) && is_digit(cell.data[i + 1]) &&
            is_digit(cell.data[i + 2])) {
            return true;
        }
    }
    return false;
}

/* "1. März 2020", "3-ene-2021": a day, a word of three letters or more in whatever language, and a year. */
static bool has_worded_month(MtsCell cell)
{
    size_t letters = 0, longest = 0, n = cell.size;
    for (size_t i = 0; i < n; i++) {
        bool letter = (lower(cell.data[i]) >= 'a' && lower(cell.data[i]) <= 'z') || (unsigned char)cell.data[i] >= 0x80;
        letters = letter ? letters + 1 : 0;
        longest = letters > longest ? letters : longest;
    }
    bool year = n > 8 && is_digit(cell.data[n - 1]) && is_digit(cell.data[n - 2]) && is_digit(cell.data[n - 3]) &&
                (cell.data[n - 4] == '1' || cell.data[n - 4] == '2') && strchr(" -/.", cell.data[n - 5]);
    return year && longest >= 3 && !is_digit(cell.data[2]);
}

/* A time of day without what may follow it: "1:00 PM", "00:00:00 UTC", "12:00:00 +0100". */
static MtsCell without_zone(MtsCell cell)
{
    size_t end = cell.size, n = 0;
    while (end > 0 && (((cell.data[end - 1] | 0x20) >= 'a' && (cell.data[end - 1] | 0x20) <= 'z'))) {
        end--;
        n++;
    }
    bool zone = n >= 2 && n <= 5 && end > 5 && cell.data[end - 1] == ' ' && is_digit(cell.data[end - 2]);
    return zone && memchr(cell.data, ':', end) ? (MtsCell){cell.data, end - 1} : cell;
}

/* Groups of one to four digits between '-' '/' '.' ':' ' ' 'T', two such marks at least or one colon; with a year where
 * they stand between blanks alone, or points among other marks; fractions of seconds and a zone may follow. */
static bool is_time(MtsCell cell)
{
    size_t digits = 0, marks = 0, groups = 0, colons = 0, points = 0, blanks = 0;
    bool year = false;
    cell = without_zone(cell);
    if (cell.size < 4 || !is_digit(cell.data[0])) {
        return cell.size > 4 && is_digit(cell.data[cell.size - 1]) && has_month_name(cell);
    }
    if (is_period(cell) || is_compact(cell) || has_clock(cell) || has_worded_month(cell)) {
        return true;
    }
    for (size_t i = 0; i < cell.size; i++) {
        char c = cell.data[i];
        if (is_digit(c)) {
            groups += digits++ == 0;
            year |= digits == 4;
            continue;
        }
        if (!strchr("-/.: T+Z", c) || (c != ' ' && c != '+' && c != 'Z' && digits == 0)) {
            return has_month_name(cell);
        }
        if (digits > 4 && colons == 0 && c != 'Z') {
            return false;
        }
        marks++;
        colons += c == ':';
        points += c == '.';
        blanks += c == ' ';
        digits = 0;
    }
    const bool list = blanks == marks && !year;                                           /* "1 2 3" */
    const bool dots = points == 0 || (points == 2 && (points + blanks == marks || year)); /* not "10.1-20.2" */
    return colons > 0 ? groups >= 2 : groups >= 3 && marks >= 2 && !list && dots;
}

/* ---- all kinds ---- */

/* A number with something that people write around one: 5%, $3, 12 345, 7 kg, inf. */
static bool is_nearly(MtsCell cell)
{
    static const char *const words[] = {"inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (mts_cell_is(cell, words[i])) {
            return true;
        }
    }
    size_t i = 0;
    while (i < cell.size && (strchr("+-.,$(<>=~ ", cell.data[i]) || (unsigned char)cell.data[i] >= 0x80)) {
        i++; /* a sign, a currency */
    }
    return i < cell.size && is_digit(cell.data[i]);
}

bool mts_cell_is_unit(MtsCell cell)
{
    char last = cell.size > 2 ? cell.data[cell.size - 1] : '\0';
    bool inside = (last == ')' && cell.data[0] == '(') || (last == ']' && cell.data[0] == '[');
    return inside && !is_digit(cell.data[1]) && !strchr("+-. ", cell.data[1]);
}

MtsCellKind mts_cell_kind(MtsCell cell, const char *missing, double *value)
{
    MtsCellKind comma;
    double unused;
    char plain[LONGEST_NUMBER];
    cell = mts_cell_trim(cell);
    char first = cell.size ? cell.data[0] : '\0';
    bool number_like = is_digit(first) || (first && strchr("-+.,", first) && cell.size > 1);
    if (!(number_like && missing == NULL) && mts_cell_missing(cell, missing)) {
        return MTS_CELL_MISSING;
    }
    if (number_like) {
        if (mts_number_parse(cell.data, cell.size, value)) {
            return MTS_CELL_PLAIN;
        }
        if (mts_cell_missing(cell, missing)) {
            return MTS_CELL_MISSING; /* "--", "-NaN" */
        }
        if (without_groups(cell, plain, &cell)) {
            return mts_cell_kind(cell, missing, value);
        }
        if (memchr(cell.data, ',', cell.size) && comma_kind(cell, &comma)) {
            return comma;
        }
        if (count_of(cell, '.') > 1 && mts_cell_number(cell, ',', &unused)) {
            return MTS_CELL_COMMA_DECIMAL; /* 1.234.567 */
        }
    }
    return mts_cell_is_list(cell) ? MTS_CELL_LIST
           : is_time(cell)        ? MTS_CELL_TIME
           : is_nearly(cell)      ? MTS_CELL_NEARLY
                                  : MTS_CELL_WORDS;
}
