/* constraint/json_text.c - strings, numbers and values as JSON writes them. */
#include "constraint/json_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/utf8.h"

static MtsRe text(const MtsJsonText *j, const char *s)
{
    return mts_re_literal(j->g->exprs, s, strlen(s));
}

static MtsRe optional(const MtsJsonText *j, MtsRe r)
{
    return mts_re_repeat(j->g->exprs, r, 0, 1);
}

static MtsRe digits(const MtsJsonText *j, uint32_t min, uint32_t max)
{
    return mts_re_repeat(j->g->exprs, mts_re_range(j->g->exprs, '0', '9'), min, max);
}

static MtsRe chain(const MtsJsonText *j, const MtsRe *list, size_t count)
{
    MtsRe all = MTS_RE_EMPTY;
    while (count-- > 0) {
        all = mts_re_seq(j->g->exprs, list[count], all);
    }
    return all;
}
#define CHAIN(j, ...) chain(j, (MtsRe[]){__VA_ARGS__}, sizeof(MtsRe[]){__VA_ARGS__} / sizeof(MtsRe))

void mts_json_text_init(MtsJsonText *j, MtsGrammar *g, bool any_space)
{
    MtsExprs *x = g->exprs;
    *j = (MtsJsonText){.g = g, .any_space = any_space};
    MtsChars all = {0};
    mts_chars_add(&all, 0, 0x10FFFF);
    j->any_char = mts_spell_json(x, &all);
    mts_chars_free(&all);
    j->any_text = mts_re_repeat(x, j->any_char, 0, MTS_NO_LIMIT);
    if (any_space) {
        MtsByteSet blank = {{0}};
        mts_byte_set_add(&blank, '\t', '\n');
        mts_byte_set_add(&blank, '\r', '\r');
        mts_byte_set_add(&blank, ' ', ' ');
        j->space = mts_re_repeat(x, mts_re_bytes(x, &blank), 0, MTS_NO_LIMIT);
        j->comma = CHAIN(j, j->space, text(j, ","), j->space);
        j->colon = CHAIN(j, j->space, text(j, ":"), j->space);
    } else {
        j->space = MTS_RE_EMPTY;
        j->comma = CHAIN(j, text(j, ","), optional(j, text(j, " ")));
        j->colon = CHAIN(j, text(j, ":"), optional(j, text(j, " ")));
    }
}

/* ---- strings ---- */

/* All spellings of one character. */
static MtsRe spell_one(MtsJsonText *j, uint32_t c)
{
    MtsChars one = {0};
    if (c < 128 && j->ascii[c] != MTS_RE_NONE) {
        return j->ascii[c];
    }
    mts_chars_add(&one, c, c);
    MtsRe all = mts_spell_json(j->g->exprs, &one);
    mts_chars_free(&one);
    if (c < 128) {
        j->ascii[c] = all;
    }
    return all;
}

MtsRe mts_json_inside(MtsJsonText *j, const char *s, size_t size)
{
    MtsRe all = MTS_RE_EMPTY;
    while (size > 0) {
        size_t n = 1;
        uint32_t c = 0xFFFD;
        while (n < size && ((unsigned char)s[size - n] & 0xC0) == 0x80) {
            n++;
        }
        mts_utf8_decode(s + size - n, n, &c);
        all = mts_re_seq(j->g->exprs, spell_one(j, c), all);
        size -= n;
    }
    return all;
}

bool mts_json_means(const MtsJsonText *j, MtsRe set, const char *s, size_t size)
{
    MtsRe r = set;
    for (size_t i = 0; i < size && r && set != j->any_text; i++) {
        unsigned char c = (unsigned char)s[i];
        char spelt[8] = {s[i]};
        int n = c < 0x20 || c == '"' || c == '\\' ? snprintf(spelt, sizeof spelt, "\\u%04X", c) : 1;
        for (int k = 0; k < n && r; k++) {
            r = mts_re_step(j->g->exprs, r, (unsigned char)spelt[k]);
        }
    }
    return mts_re_nullable(j->g->exprs, r);
}

MtsRe mts_json_quoted(const MtsJsonText *j, MtsRe inside)
{
    return CHAIN(j, text(j, "\""), inside, text(j, "\""));
}

/* ---- numbers ---- */

static MtsRe whole_part(const MtsJsonText *j)
{
    MtsExprs *x = j->g->exprs;
    return mts_re_or(x, text(j, "0"), CHAIN(j, mts_re_range(x, '1', '9'), digits(j, 0, MTS_NO_LIMIT)));
}

static MtsRe some_part(const MtsJsonText *j)
{
    return CHAIN(j, text(j, "."), digits(j, 1, MTS_NO_LIMIT));
}

MtsRe mts_json_integer(const MtsJsonText *j)
{
    return CHAIN(j, optional(j, text(j, "-")), whole_part(j));
}

MtsRe mts_json_decimal(const MtsJsonText *j)
{
    return CHAIN(j, mts_json_integer(j), optional(j, some_part(j)));
}

MtsRe mts_json_number(const MtsJsonText *j)
{
    MtsExprs *x = j->g->exprs;
    MtsRe sign = optional(j, mts_re_or(x, text(j, "+"), text(j, "-")));
    MtsRe power = CHAIN(j, mts_re_or(x, text(j, "e"), text(j, "E")), sign, digits(j, 1, MTS_NO_LIMIT));
    return CHAIN(j, mts_json_decimal(j), optional(j, power));
}

/* A point and digits that are not all zero. */
static MtsRe part_above_zero(const MtsJsonText *j)
{
    return CHAIN(j, text(j, "."), digits(j, 0, MTS_NO_LIMIT), mts_re_range(j->g->exprs, '1', '9'),
                 digits(j, 0, MTS_NO_LIMIT));
}

bool mts_is_number(const json_t *v)
{
    return json_is_number(v) || mts_json_digits(v);
}

bool mts_is_object(const json_t *v)
{
    return json_is_object(v) && !mts_json_digits(v);
}

double mts_number_of(const json_t *v)
{
    return json_is_number(v) ? json_number_value(v) : mts_json_digits(v) ? strtod(mts_json_digits(v), NULL) : 0;
}

bool mts_same_value(const json_t *a, const json_t *b)
{
    const char *key;
    json_t *value;
    size_t i;
    bool same = true;
    if (json_is_integer(a) && json_is_integer(b)) {
        return json_integer_value(a) == json_integer_value(b);
    }
    if (json_is_real(a) && json_is_real(b)) {
        return json_real_value(a) == json_real_value(b);
    }
    if (mts_is_number(a) && mts_is_number(b)) {
        MtsDecimal x, y;
        if (mts_number_of(a) != mts_number_of(b)) {
            return false;
        }
        mts_decimal_of(a, &x);
        mts_decimal_of(b, &y);
        return x.negative == y.negative && strcmp(x.whole, y.whole) == 0 && strcmp(x.part, y.part) == 0;
    }
    if (json_is_array(a) && json_is_array(b)) {
        same = json_array_size(a) == json_array_size(b);
        json_array_foreach((json_t *)(uintptr_t)a, i, value)
        {
            same = same && mts_same_value(value, json_array_get(b, i));
        }
        return same;
    }
    if (mts_is_object(a) && mts_is_object(b)) {
        same = json_object_size(a) == json_object_size(b);
        json_object_foreach((json_t *)(uintptr_t)a, key, value)
        {
            const json_t *other = json_object_get(b, key);
            same = same && other && mts_same_value(value, other);
        }
        return same;
    }
    return json_equal((json_t *)(uintptr_t)a, (json_t *)(uintptr_t)b) == 1;
}

void mts_decimal_of(const json_t *number, MtsDecimal *out)
{
    char buffer[64], all[64];
    int precision = 1, power = 0, n = 0;
    double value = json_number_value(number);
    memset(out, 0, sizeof *out);
    if (!json_is_real(number)) {
        snprintf(buffer, sizeof buffer, "%lld", (long long)json_integer_value(number));
        const char *d = mts_json_digits(number) ? mts_json_digits(number) : buffer;
        out->negative = *d == '-';
        d += out->negative;
        snprintf(out->whole, sizeof out->whole, "%s", strcmp(d, "0") == 0 ? "" : d);
        return;
    }
    do {
        snprintf(buffer, sizeof buffer, "%.*e", precision - 1, value);
    } while (strtod(buffer, NULL) != value && precision++ < 17);
    out->negative = buffer[0] == '-';
    for (const char *s = buffer + out->negative; *s && *s != 'e'; s++) {
        if (*s >= '0' && *s <= '9') {
            all[n++] = *s;
        }
    }
    power = atoi(strchr(buffer, 'e') + 1) + 1; /* 0.all * 10^power */
    while (n > 0 && all[n - 1] == '0') {
        n--;
    }
    size_t w = 0, p = 0;
    for (int i = 0; i < power; i++) {
        out->whole[w++] = i < n ? all[i] : '0';
    }
    for (int i = power; i < n; i++) {
        out->part[p++] = i < 0 ? '0' : all[i];
    }
    if (n == 0) { /* -0 is 0 */
        out->whole[0] = out->part[0] = '\0';
        out->negative = false;
    }
}

/* Digits of [from, to] alone, none where the range is empty. */
static MtsRe digit_range(const MtsJsonText *j, int from, int to)
{
    return from <= to ? mts_re_range(j->g->exprs, (unsigned)from, (unsigned)to) : MTS_RE_NONE;
}

/* What may follow the whole part of d so that the number is above d, or d itself. */
static MtsRe part_above(const MtsJsonText *j, const char *part, bool equal)
{
    MtsRe rest = equal ? optional(j, some_part(j)) : part_above_zero(j);
    if (!*part) {
        return rest;
    }
    rest = equal
               ? digits(j, 0, MTS_NO_LIMIT)
               : CHAIN(j, digits(j, 0, MTS_NO_LIMIT), mts_re_range(j->g->exprs, '1', '9'), digits(j, 0, MTS_NO_LIMIT));
    for (size_t i = strlen(part); i-- > 0;) {
        MtsRe above = CHAIN(j, digit_range(j, part[i] + 1, '9'), digits(j, 0, MTS_NO_LIMIT));
        rest = mts_re_or(j->g->exprs, above, CHAIN(j, digit_range(j, part[i], part[i]), rest));
    }
    return CHAIN(j, text(j, "."), rest);
}

/* Decimals without a sign that are above d's amount. */
static MtsRe amount_above(const MtsJsonText *j, const MtsDecimal *d, bool equal)
{
    MtsExprs *x = j->g->exprs;
    const char *whole = *d->whole ? d->whole : "0";
    uint32_t size = (uint32_t)strlen(whole);
    MtsRe any = optional(j, some_part(j)), rest = part_above(j, d->part, equal);
    for (uint32_t i = size; i-- > 0;) { /* as many digits: above at digit i, the same before */
        int low = i == 0 && size > 1 ? '1' : '0', above = whole[i] + 1 > low ? whole[i] + 1 : low;
        MtsRe higher = CHAIN(j, digit_range(j, above, '9'), digits(j, size - 1 - i, size - 1 - i), any);
        rest = mts_re_or(x, higher, CHAIN(j, digit_range(j, whole[i], whole[i]), rest));
    }
    MtsRe longer = CHAIN(j, mts_re_range(x, '1', '9'), digits(j, size, MTS_NO_LIMIT), any);
    return mts_re_or(x, longer, rest);
}

/* ---- exponents ----
 *
 * With one digit before the point that is not 0, a number with an exponent is compared as one without is: first by its
 * exponent, which stands for the count of digits, then digit by digit. */

enum { LEAST_POWER = -307, MOST_POWER = 308, SURE_POWER = 16 }; /* of doubles; no double has a part from the last on */

/* Exponents without a sign from `from` to `to`. */
static MtsRe power_amount(const MtsJsonText *j, int from, int to)
{
    MtsExprs *x = j->g->exprs;
    MtsDecimal low = {0}, high = {0};
    snprintf(low.whole, sizeof low.whole, "%d", from);
    snprintf(high.whole, sizeof high.whole, "%d", to);
    return from > to    ? MTS_RE_NONE
           : from == to ? text(j, low.whole)
                        : mts_re_and(x, mts_re_and(x, digits(j, 1, 3), amount_above(j, &low, true)),
                                     mts_re_not(x, amount_above(j, &high, false)));
}

/* Exponents from `low` to `high` behind a mantissa. */
static MtsRe scaled(const MtsJsonText *j, MtsRe mantissa, int low, int high)
{
    MtsExprs *x = j->g->exprs;
    MtsRe zeros = mts_re_repeat(x, text(j, "0"), 0, MTS_NO_LIMIT);
    MtsRe up =
        high < 0 ? MTS_RE_NONE : CHAIN(j, optional(j, text(j, "+")), zeros, power_amount(j, low < 0 ? 0 : low, high));
    MtsRe down = low > 0 ? MTS_RE_NONE : CHAIN(j, text(j, "-"), zeros, power_amount(j, high > 0 ? 0 : -high, -low));
    return CHAIN(j, mantissa, mts_re_or(x, text(j, "e"), text(j, "E")), mts_re_or(x, up, down));
}

static MtsRe any_mantissa(const MtsJsonText *j)
{
    return CHAIN(j, mts_re_range(j->g->exprs, '1', '9'), optional(j, some_part(j)));
}

/* The exponent with which the amount is written with one digit before the point. */
static int exponent(const MtsDecimal *d)
{
    return *d->whole ? (int)strlen(d->whole) - 1 : -(int)strspn(d->part, "0") - 1;
}

/* The digits of the amount from the first to the last that is not 0; returns `all` from there. */
static const char *significant(const MtsDecimal *d, char all[sizeof d->whole + sizeof d->part])
{
    snprintf(all, sizeof d->whole + sizeof d->part, "%s%s", d->whole, d->part);
    char *first = all + strspn(all, "0");
    for (size_t count = strlen(first); count > 1 && first[count - 1] == '0';) {
        first[--count] = '\0';
    }
    return first;
}

/* Amounts above that of d, or as large; d is above zero. */
static MtsRe any_above(const MtsJsonText *j, const MtsDecimal *d, bool equal)
{
    MtsExprs *x = j->g->exprs;
    char all[sizeof d->whole + sizeof d->part];
    const char *first = significant(d, all);
    MtsRe higher = CHAIN(j, digit_range(j, *first + 1, '9'), optional(j, some_part(j)));
    MtsRe same = CHAIN(j, digit_range(j, *first, *first), part_above(j, first + 1, equal));
    MtsRe as_long = scaled(j, mts_re_or(x, higher, same), exponent(d), exponent(d));
    return mts_re_alt(
        x, (MtsRe[]){amount_above(j, d, equal), as_long, scaled(j, any_mantissa(j), exponent(d) + 1, MOST_POWER)}, 3);
}

/* Amounts that are not zero, or all. */
static MtsRe amounts(const MtsJsonText *j, bool zero)
{
    MtsRe exponents = scaled(j, any_mantissa(j), LEAST_POWER, MOST_POWER);
    MtsRe plain = zero ? CHAIN(j, whole_part(j), optional(j, some_part(j))) : amount_above(j, &(MtsDecimal){0}, false);
    return mts_re_or(j->g->exprs, plain, exponents);
}

MtsRe mts_json_sized(MtsJsonText *j)
{
    if (j->sized == MTS_RE_NONE) {
        j->sized = CHAIN(j, optional(j, text(j, "-")), amounts(j, true));
    }
    return j->sized;
}

MtsRe mts_json_whole(MtsJsonText *j, bool any)
{
    MtsExprs *x = j->g->exprs;
    MtsRe zeros = mts_re_repeat(x, text(j, "0"), 0, MTS_NO_LIMIT), forms[SURE_POWER + 2];
    if (!any) {
        return mts_json_integer(j);
    }
    if (j->whole == MTS_RE_NONE) {
        forms[0] = CHAIN(j, whole_part(j), optional(j, CHAIN(j, text(j, ".0"), zeros)));
        for (int e = 0; e <= SURE_POWER; e++) {
            MtsRe part = e ? CHAIN(j, text(j, "."), digits(j, 1, (uint32_t)e), zeros) : CHAIN(j, text(j, ".0"), zeros);
            MtsRe mantissa = CHAIN(j, mts_re_range(x, '1', '9'), optional(j, part));
            forms[e + 1] = scaled(j, mantissa, e, e < SURE_POWER ? e : MOST_POWER);
        }
        j->whole = CHAIN(j, optional(j, text(j, "-")), mts_re_alt(x, forms, SURE_POWER + 2));
    }
    return j->whole;
}

MtsRe mts_json_fraction(MtsJsonText *j, bool any)
{
    if (!any) {
        return mts_re_and(j->g->exprs, mts_json_sized(j), mts_re_not(j->g->exprs, mts_json_integer(j)));
    }
    MtsRe plain = CHAIN(j, whole_part(j), part_above_zero(j)), small = scaled(j, any_mantissa(j), LEAST_POWER, -1);
    return CHAIN(j, optional(j, text(j, "-")), mts_re_or(j->g->exprs, plain, small));
}

MtsRe mts_json_above(const MtsJsonText *j, const MtsDecimal *d, bool equal)
{
    MtsExprs *x = j->g->exprs;
    bool zero = !*d->whole && !*d->part;
    if (!d->negative && !zero) {
        return any_above(j, d, equal);
    }
    /* -y >= -d where y <= d; all that is not negative; -0 is 0 */
    MtsRe all = amounts(j, true), above = !zero ? any_above(j, d, !equal) : equal ? amounts(j, false) : all;
    return mts_re_or(x, zero && !equal ? amounts(j, false) : all,
                     mts_re_seq(x, text(j, "-"), mts_re_and(x, all, mts_re_not(x, above))));
}

/* The amount with one digit before the point and its exponent. */
static MtsRe with_exponent(const MtsJsonText *j, const MtsDecimal *d)
{
    MtsExprs *x = j->g->exprs;
    char all[sizeof d->whole + sizeof d->part];
    const char *first = significant(d, all);
    MtsRe zeros = mts_re_repeat(x, text(j, "0"), first[1] ? 0 : 1, MTS_NO_LIMIT);
    MtsRe part = CHAIN(j, text(j, "."), text(j, first + 1), zeros);
    MtsRe mantissa = CHAIN(j, mts_re_literal(x, first, 1), first[1] ? part : optional(j, part));
    return scaled(j, mantissa, exponent(d), exponent(d));
}

MtsRe mts_json_equal(const MtsJsonText *j, const MtsDecimal *d)
{
    MtsExprs *x = j->g->exprs;
    bool zero = !*d->whole && !*d->part;
    MtsRe zeros = mts_re_repeat(x, text(j, "0"), *d->part ? 0 : 1, MTS_NO_LIMIT);
    MtsRe part = CHAIN(j, text(j, "."), text(j, d->part), zeros), sign = text(j, "-");
    MtsRe amount = CHAIN(j, text(j, *d->whole ? d->whole : "0"), *d->part ? part : optional(j, part));
    amount = zero ? amount : mts_re_or(x, amount, with_exponent(j, d));
    return CHAIN(j, zero ? optional(j, sign) : d->negative ? sign : MTS_RE_EMPTY, amount);
}

MtsRe mts_json_multiple(const MtsJsonText *j, const MtsDecimal *d)
{
    unsigned long long m = 0;
    size_t scale = strlen(d->part);
    for (const char *s = d->whole; *s && m <= MTS_RE_MODULUS; s++) {
        m = m * 10 + (unsigned)(*s - '0');
    }
    for (const char *s = d->part; *s && m <= MTS_RE_MODULUS; s++) {
        m = m * 10 + (unsigned)(*s - '0');
    }
    if (m == 0 || m > MTS_RE_MODULUS || d->negative) {
        return MTS_RE_NONE;
    }
    MtsRe multiple = mts_re_multiple(j->g->exprs, (uint32_t)m, (uint32_t)scale);
    return CHAIN(j, optional(j, text(j, "-")), multiple);
}

/* ---- values ---- */

static MtsGrammarNode array_value(MtsJsonText *j, const json_t *value)
{
    MtsGrammar *g = j->g;
    MtsGrammarNode all = mts_node_re(g, CHAIN(j, text(j, "["), j->space)), comma = mts_node_re(g, j->comma);
    for (size_t i = 0; i < json_array_size(value); i++) {
        all = mts_node_seq(g, all, i ? comma : MTS_NODE_EMPTY);
        all = mts_node_seq(g, all, mts_json_value(j, json_array_get(value, i)));
    }
    return mts_node_seq(g, all, mts_node_re(g, CHAIN(j, j->space, text(j, "]"))));
}

static MtsGrammarNode object_value(MtsJsonText *j, const json_t *value)
{
    MtsGrammar *g = j->g;
    size_t count = json_object_size(value), at = 0;
    MtsBag bag = {.count = count,
                  .members = mts_calloc(count, sizeof *bag.members),
                  .required = mts_calloc(count, sizeof *bag.required),
                  .comma = mts_node_re(g, j->comma),
                  .close = mts_node_re(g, CHAIN(j, j->space, text(j, "}"))),
                  .max = MTS_NO_LIMIT};
    const char *key;
    json_t *member;
    if (!bag.members || !bag.required) {
        free(bag.members);
        free(bag.required);
        mts_exprs_no_memory(g->exprs);
        return MTS_NODE_NONE;
    }
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        MtsRe name = mts_json_quoted(j, mts_json_inside(j, key, strlen(key)));
        bag.members[at] = mts_node_seq(g, mts_node_re(g, CHAIN(j, name, j->colon)), mts_json_value(j, member));
        bag.required[at++] = true;
    }
    bag.count = at;
    return mts_node_seq(g, mts_node_re(g, CHAIN(j, text(j, "{"), j->space)), mts_node_bag(g, bag));
}

MtsGrammarNode mts_json_value(MtsJsonText *j, const json_t *value)
{
    MtsDecimal d;
    if (mts_is_number(value)) {
        mts_decimal_of(value, &d);
        return mts_node_re(j->g, mts_json_equal(j, &d));
    }
    switch (json_typeof(value)) {
    case JSON_STRING: {
        MtsRe inside = mts_json_inside(j, json_string_value(value), json_string_length(value));
        return mts_node_re(j->g, mts_json_quoted(j, inside));
    }
    case JSON_TRUE:
        return mts_node_text(j->g, "true");
    case JSON_FALSE:
        return mts_node_text(j->g, "false");
    case JSON_NULL:
        return mts_node_text(j->g, "null");
    case JSON_ARRAY:
        return array_value(j, value);
    default:
        return object_value(j, value);
    }
}
