/* core/number.c - decimal numbers.
 *
 * Conversion: a number of at most 15 significant digits whose power of ten is at most 22 in magnitude is
 * digits * 10^e or digits / 10^-e in one correctly rounded operation, because both operands are exact doubles
 * (W. D. Clinger, "How to read floating point numbers accurately", PLDI 1990). Everything else goes to
 * strtod(), which the C library rounds correctly, as digits and an exponent, without the locale's decimal point. No
 * double, nor what lies halfway between two, has more than 767 significant digits: of those behind MOST_DIGITS it
 * only matters whether one is not zero. So nothing is allocated, and memory that runs out cannot hide a number.
 *
 * Scanning: one pass from left to right. A candidate starts at a digit, or at a point before a digit; the sign
 * before it is looked back for, never ahead, so that no position is read twice. */
#include "core/number.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DIGITS = 800, MOST_SCALE = 1000000 };

static const long long most_exponent = 1000000000000; /* no text has so many digits */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ASCII letters, '_' and every byte of a non-ASCII character other than the minus sign U+2212 (E2 88 92),
 * dashes and typographic spaces and quotes (E2 80 xx) and no-break space (C2 A0): what continues a word. */
static bool ends_word(const char *text, size_t end)
{
    unsigned char c = (unsigned char)text[end - 1];
    if (c < 0x80) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    }
    if (end >= 3 && memcmp(text + end - 3, "\xE2\x88\x92", 3) == 0) {
        return false;
    }
    if (end >= 3 && memcmp(text + end - 3, "\xE2\x80", 2) == 0) {
        return false;
    }
    if (end >= 2 && memcmp(text + end - 2, "\xC2\xA0", 2) == 0) {
        return false;
    }
    return true;
}

/* The pieces of a decimal number at s: [+-] whole [. fraction] [e exponent]. Returns its length, 0 for none.
 * A point is part of it only when a digit stands beside it, an 'e' only when digits follow. */
static size_t decimal_length(const char *s, size_t n)
{
    size_t i = 0, digits = 0;
    if (i < n && (s[i] == '+' || s[i] == '-')) {
        i++;
    }
    for (; i < n && is_digit(s[i]); i++) {
        digits++;
    }
    if (i < n && s[i] == '.' && (digits > 0 || (i + 1 < n && is_digit(s[i + 1])))) {
        size_t j = i + 1;
        for (; j < n && is_digit(s[j]); j++) {
            digits++;
        }
        i = j;
    }
    if (digits == 0) {
        return 0;
    }
    if (i < n && (s[i] == 'e' || s[i] == 'E')) {
        size_t j = i + 1;
        if (j < n && (s[j] == '+' || s[j] == '-')) {
            j++;
        }
        if (j < n && is_digit(s[j])) {
            while (j < n && is_digit(s[j])) {
                j++;
            }
            i = j;
        }
    }
    return i;
}

/* The exponent behind the 'e' at s, as far as it matters. */
static long long read_exponent(const char *s, size_t n)
{
    bool down = s[1] == '-';
    long long exponent = 0;
    for (size_t i = s[1] == '+' || s[1] == '-' ? 2 : 1; i < n; i++) {
        exponent = exponent < most_exponent ? exponent * 10 + (s[i] - '0') : exponent;
    }
    return down ? -exponent : exponent;
}

/* s[0..n) is a decimal number already, perhaps with commas that group. */
static bool slow_parse(const char *s, size_t n, double *value)
{
    char copy[MOST_DIGITS + 32];
    size_t digits = 0, i = 0;
    long long exponent = 0;
    bool point = false, more = false;
    for (; i < n && s[i] != 'e' && s[i] != 'E'; i++) {
        point |= s[i] == '.';
        if (!is_digit(s[i])) {
            continue;
        }
        bool full = digits == MOST_DIGITS;
        more |= full && s[i] != '0';
        exponent += full - point;
        if (!full && (digits > 0 || s[i] != '0')) {
            copy[digits++] = s[i];
        }
    }
    exponent += i < n ? read_exponent(s + i, n - i) : 0;
    if (digits == 0) { /* and a number like 0e9999 is none too large */
        *value = s[0] == '-' ? -0.0 : 0.0;
        return true;
    }
    exponent = exponent > MOST_SCALE ? MOST_SCALE : exponent < -MOST_SCALE ? -MOST_SCALE : exponent;
    snprintf(copy + digits, sizeof copy - digits, "%se%lld", more ? "1" : "", exponent - more);
    double v = strtod(copy, NULL);
    *value = s[0] == '-' ? -v : v;
    return isfinite(v);
}

/* s[0..n) is a decimal number already, perhaps with commas that group. */
static bool convert(const char *s, size_t n, double *value)
{
    static const double power[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                     1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    int64_t mantissa = 0;
    int significant = 0;
    long long exponent = 0;
    bool point = false;
    size_t i = s[0] == '+' || s[0] == '-' ? 1 : 0;
    for (; i < n && s[i] != 'e' && s[i] != 'E'; i++) {
        point |= s[i] == '.';
        if (!is_digit(s[i])) {
            continue;
        }
        if (significant > 0 || s[i] != '0') {
            significant++;
        }
        if (significant > 15) {
            return slow_parse(s, n, value);
        }
        mantissa = mantissa * 10 + (s[i] - '0');
        exponent -= point;
    }
    exponent += i < n ? read_exponent(s + i, n - i) : 0;
    if (exponent < -22 || exponent > 22) {
        return slow_parse(s, n, value);
    }
    double v = exponent < 0 ? (double)mantissa / power[-exponent] : (double)mantissa * power[exponent];
    *value = s[0] == '-' ? -v : v;
    return true;
}

bool mts_number_parse(const char *s, size_t n, double *value)
{
    return n > 0 && decimal_length(s, n) == n && convert(s, n, value);
}

/* The end of "ddd" groups that follow the 1 to 3 digits text[begin .. end): each ",ddd" and no digit behind;
 * `end` itself where the commas do not group. */
static size_t grouped_end(const char *text, size_t size, size_t begin, size_t end)
{
    if (end - begin > 3 || text[begin] == '0') {
        return end;
    }
    size_t i = end;
    while (i + 3 < size && text[i] == ',' && is_digit(text[i + 1]) && is_digit(text[i + 2]) && is_digit(text[i + 3])) {
        i += 4;
    }
    bool cut_short = i < size && (is_digit(text[i]) || (text[i] == ',' && i + 1 < size && is_digit(text[i + 1])));
    return cut_short ? end : i;
}

/* Whether text[end..) goes on with "st", "nd", "rd" or "th" and no further letter. */
static bool is_ordinal(const char *text, size_t size, size_t end)
{
    if (size - end < 2) {
        return false;
    }
    char a = (char)(text[end] | 0x20), b = (char)(text[end + 1] | 0x20);
    bool suffix = (a == 's' && b == 't') || (a == 'n' && b == 'd') || (a == 'r' && b == 'd') || (a == 't' && b == 'h');
    if (!suffix || size - end == 2) {
        return suffix;
    }
    char c = (char)(text[end + 2] | 0x20);
    return !(c >= 'a' && c <= 'z');
}

int mts_numbers_read(const char *option, const char *list, bool whole, double min, double max, double *at, size_t most,
                     size_t *count, MtsError *err)
{
    *count = 0;
    for (const char *s = list; s; s = strchr(s, ',') ? strchr(s, ',') + 1 : NULL) {
        size_t n = strcspn(s, ",");
        double v;
        if (*count == most) {
            return mts_fail(err, MTS_EREQUEST, "%s: more than %zu values", option, most);
        }
        if (!mts_number_parse(s, n, &v) || v < min || v > max || (whole && v != floor(v))) {
            return mts_fail(err, MTS_EREQUEST, "%s: '%.*s' is no %s from %.10g to %.10g", option, (int)n, s,
                            whole ? "whole number" : "number", min, max);
        }
        at[(*count)++] = v;
    }
    return MTS_OK;
}

/* Where the number that starts at i ends: behind its last digit, or the point of "1.". */
static size_t number_end(const char *text, size_t size, size_t i, MtsNumberStyle style)
{
    size_t end = i + decimal_length(text + i, size - i);
    if (style == MTS_NUMBERS_PROSE && is_digit(text[i])) {
        size_t whole = i;
        while (whole < size && is_digit(text[whole])) {
            whole++;
        }
        size_t group = grouped_end(text, size, i, whole);
        if (group != whole) { /* a fraction may follow the groups: "1,234.5" */
            size_t fraction = group + 1;
            while (group < size && text[group] == '.' && fraction < size && is_digit(text[fraction])) {
                fraction++;
            }
            end = fraction > group + 1 ? fraction : group;
        }
    }
    return text[end - 1] == '.' ? end - 1 : end; /* not the point that ends a sentence */
}

/* Where the sign before the digits at i begins, at most `back` bytes before them; i: there is none. */
static size_t sign_begin(const char *text, size_t i, size_t back)
{
    size_t sign = 0;
    if (i >= 1 && (text[i - 1] == '-' || text[i - 1] == '+')) {
        sign = 1;
    } else if (i >= 3 && memcmp(text + i - 3, "\xE2\x88\x92", 3) == 0) {
        sign = 3;
    }
    if (sign > back) {
        return i; /* it belongs to what was read before */
    }
    size_t begin = i - sign;
    if (sign && begin > 0) {
        char before = text[begin - 1];
        if (is_digit(before) || before == '.' || before == ')' || ends_word(text, begin)) {
            return i;
        }
    }
    return begin;
}

static bool starts_number(const char *text, size_t size, size_t i)
{
    return is_digit(text[i]) ||
           (text[i] == '.' && i + 1 < size && is_digit(text[i + 1]) && (i == 0 || !is_digit(text[i - 1])));
}

bool mts_number_next(const char *text, size_t size, MtsNumberStyle style, size_t *position, MtsNumber *number)
{
    size_t i = *position;
    while (i < size) {
        if (!starts_number(text, size, i)) {
            i++;
            continue;
        }
        size_t end = number_end(text, size, i, style), begin = sign_begin(text, i, i - *position);
        double value;
        if ((i > 0 && ends_word(text, i)) || is_ordinal(text, size, end) || !convert(text + i, end - i, &value)) {
            i = end;
            continue;
        }
        number->value = begin < i && text[begin] != '+' ? -value : value;
        number->begin = begin;
        number->end = end;
        *position = end;
        return true;
    }
    *position = size;
    return false;
}
