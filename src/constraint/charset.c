/* constraint/charset.c - sets of code points as sorted ranges, and how their members are spelled. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "constraint/charset.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/sort.h"
#include "core/utf8.h"

#define LAST_CHAR 0x10FFFF

void mts_chars_add(MtsChars *set, uint32_t from, uint32_t to)
{
    if (from > to || set->broken) {
        return;
    }
    if (!mts_grow(&set->ranges, &set->cap, set->count + 1, sizeof *set->ranges)) {
        set->broken = true;
        return;
    }
    set->ranges[set->count++] = (struct MtsCharRange){from, to};
}

void mts_chars_add_all(MtsChars *set, const MtsChars *other)
{
    for (size_t i = 0; i < other->count; i++) {
        mts_chars_add(set, other->ranges[i].from, other->ranges[i].to);
    }
    set->broken |= other->broken;
}

static int by_start(const void *a, const void *b)
{
    const struct MtsCharRange *x = a, *y = b;
    return x->from < y->from ? -1 : x->from > y->from;
}

void mts_chars_tidy(MtsChars *set)
{
    size_t kept = 0;
    if (set->count == 0) {
        return;
    }
    mts_sort(set->ranges, set->count, sizeof *set->ranges, by_start);
    for (size_t i = 1; i < set->count; i++) {
        struct MtsCharRange *last = &set->ranges[kept], r = set->ranges[i];
        if (r.from <= last->to || r.from == last->to + 1) {
            last->to = r.to > last->to ? r.to : last->to;
        } else {
            set->ranges[++kept] = r;
        }
    }
    set->count = kept + 1;
}

void mts_chars_negate(MtsChars *set)
{
    MtsChars rest = {.broken = set->broken};
    uint32_t next = 0;
    for (size_t i = 0; i < set->count; i++) {
        if (set->ranges[i].from > next) {
            mts_chars_add(&rest, next, set->ranges[i].from - 1);
        }
        next = set->ranges[i].to + 1;
    }
    mts_chars_add(&rest, next, LAST_CHAR);
    mts_chars_free(set);
    *set = rest;
}

void mts_chars_and(MtsChars *set, const MtsChars *other)
{
    MtsChars both = {.broken = set->broken || other->broken};
    for (size_t i = 0, j = 0; i < set->count && j < other->count;) {
        struct MtsCharRange a = set->ranges[i], b = other->ranges[j];
        mts_chars_add(&both, a.from > b.from ? a.from : b.from, a.to < b.to ? a.to : b.to);
        if (a.to < b.to) {
            i++;
        } else {
            j++;
        }
    }
    mts_chars_free(set);
    *set = both;
}

bool mts_chars_has(const MtsChars *set, uint32_t c)
{
    for (size_t i = 0; i < set->count; i++) {
        if (c >= set->ranges[i].from && c <= set->ranges[i].to) {
            return true;
        }
    }
    return false;
}

void mts_chars_free(MtsChars *set)
{
    free(set->ranges);
    *set = (MtsChars){0};
}

/* ---- classes that PCRE2 knows ---- */

/* Every scalar value in ascending order, as one text. */
static bool all_characters(MtsBytes *text)
{
    if (!mts_grow(&text->data, &text->cap, 4 * ((size_t)LAST_CHAR + 1), 1)) {
        return false;
    }
    unsigned char *out = (unsigned char *)text->data;
    for (uint32_t c = 0; c < 0x10000; c++) {
        out += mts_utf8_encode(c, (char *)out);
    }
    for (uint32_t c = 0x10000; c <= LAST_CHAR; c++, out += 4) { /* nearly all: without a choice each */
        out[0] = (unsigned char)(0xF0 | c >> 18);
        out[1] = (unsigned char)(0x80 | (c >> 12 & 0x3F));
        out[2] = (unsigned char)(0x80 | (c >> 6 & 0x3F));
        out[3] = (unsigned char)(0x80 | (c & 0x3F));
    }
    text->len = (size_t)((char *)out - text->data);
    return true;
}

int mts_chars_ask(MtsChars *set, const char *class_text, bool caseless, bool properties, MtsError *err)
{
    MtsBytes all = {0}, runs = {0};
    uint32_t flags = PCRE2_UTF | PCRE2_DOTALL | (caseless ? PCRE2_CASELESS : 0) | (properties ? PCRE2_UCP : 0);
    int why, found = 1, rc = MTS_OK;
    PCRE2_SIZE where = 0, from = 0;
    if (!mts_bytes_printf(&runs, "(?:%s)++", class_text)) {
        rc = mts_fail(err, MTS_ENOMEM, "constraint: memory ran out");
        goto done;
    }
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)runs.data, runs.len, flags, &why, &where, NULL);
    if (!code) {
        char text[200];
        pcre2_get_error_message(why, (PCRE2_UCHAR *)text, sizeof text);
        rc = mts_fail(err, why == PCRE2_ERROR_HEAP_FAILED ? MTS_ENOMEM : MTS_EREQUEST,
                      "constraint: the class %s is wrong: %s", class_text, text);
        goto done;
    }
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* without JIT, it interprets */
    pcre2_match_data *data = all_characters(&all) ? pcre2_match_data_create(1, NULL) : NULL;
    while (data &&
           (found = pcre2_match(code, (PCRE2_SPTR)all.data, all.len, from, PCRE2_NO_UTF_CHECK, data, NULL)) > 0) {
        const PCRE2_SIZE *at = pcre2_get_ovector_pointer(data);
        uint32_t first, last;
        size_t back = 1;
        while ((all.data[at[1] - back] & 0xC0) == 0x80) {
            back++;
        }
        mts_utf8_decode(all.data + at[0], all.len - at[0], &first);
        mts_utf8_decode(all.data + at[1] - back, back, &last);
        mts_chars_add(set, first, last); /* a run may lead over the surrogates, which no text has */
        from = at[1];
    }
    if (!data || set->broken || found != PCRE2_ERROR_NOMATCH) { /* a class of characters needs nothing but memory */
        rc = mts_fail(err, MTS_ENOMEM, "constraint: memory ran out");
    }
    pcre2_match_data_free(data);
    pcre2_code_free(code);
    mts_chars_tidy(set);
done:
    mts_bytes_free(&all);
    mts_bytes_free(&runs);
    return rc;
}

/* ---- numbers written in digits ----
 *
 * UTF-8 and \uXXXX both write a number in `places` digits of a fixed base. A range of numbers is a few sequences of
 * ranges of digits: a first part below the common beginning, full middles, a last part. */

typedef struct Digits {
    int places;
    unsigned bits;                                                                  /* of each digit */
    MtsRe (*digit)(MtsExprs *x, unsigned from, unsigned to, int place, int places); /* one in this place, 0 the last */
} Digits;

static MtsRe range_of_digits(MtsExprs *x, const Digits *d, uint32_t from, uint32_t to, int places)
{
    if (places == 0) {
        return MTS_RE_EMPTY;
    }
    unsigned shift = d->bits * (unsigned)(places - 1);
    uint32_t low = (UINT32_C(1) << shift) - 1, first = from >> shift, last = to >> shift;
    if (first == last || ((from & low) == 0 && (to & low) == low)) {
        uint32_t rest_from = first == last ? from & low : 0, rest_to = first == last ? to & low : low;
        return mts_re_seq(x, d->digit(x, first, last, places - 1, d->places),
                          range_of_digits(x, d, rest_from, rest_to, places - 1));
    }
    MtsRe parts[3] = {MTS_RE_NONE, MTS_RE_NONE, MTS_RE_NONE};
    if (from & low) {
        parts[0] = range_of_digits(x, d, from, from | low, places);
        first++;
    }
    if ((to & low) != low) {
        parts[2] = range_of_digits(x, d, to & ~low, to, places);
        last--;
    }
    if (first <= last) {
        parts[1] = range_of_digits(x, d, first << shift, (last << shift) | low, places);
    }
    return mts_re_alt(x, parts, 3);
}

static MtsRe utf8_digit(MtsExprs *x, unsigned from, unsigned to, int place, int places)
{
    static const unsigned lead[] = {0, 0x00, 0xC0, 0xE0, 0xF0};
    unsigned high = place == places - 1 ? lead[places] : 0x80;
    return mts_re_range(x, high | from, high | to);
}

/* The parts of the set in [from, to] as `places` digits. */
static MtsRe spell_between(MtsExprs *x, const MtsChars *set, const Digits *d, uint32_t from, uint32_t to)
{
    MtsRe *parts = mts_calloc(set->count, sizeof *parts);
    size_t count = 0;
    for (size_t i = 0; i < set->count && parts; i++) {
        uint32_t low = set->ranges[i].from > from ? set->ranges[i].from : from;
        uint32_t high = set->ranges[i].to < to ? set->ranges[i].to : to;
        if (low <= high) {
            parts[count++] = range_of_digits(x, d, low, high, d->places);
        }
    }
    MtsRe all = parts ? mts_re_alt(x, parts, count) : mts_exprs_no_memory(x);
    free(parts);
    return all;
}

MtsRe mts_spell_utf8(MtsExprs *x, const MtsChars *set)
{
    static const uint32_t parts[][3] = {
        {0, 0x7F, 1}, {0x80, 0x7FF, 2}, {0x800, 0xD7FF, 3}, {0xE000, 0xFFFF, 3}, {0x10000, LAST_CHAR, 4}};
    MtsRe all = set->broken ? mts_exprs_no_memory(x) : MTS_RE_NONE;
    for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++) {
        Digits d = {.places = (int)parts[p][2], .bits = 6, .digit = utf8_digit};
        if (d.places == 1) {
            d.bits = 8;
        }
        all = mts_re_or(x, all, spell_between(x, set, &d, parts[p][0], parts[p][1]));
    }
    return all;
}

static MtsRe hex_digit(MtsExprs *x, unsigned from, unsigned to, int place, int places)
{
    MtsByteSet set = {{0}};
    (void)place;
    (void)places;
    for (unsigned d = from; d <= to; d++) {
        mts_byte_set_add(&set, (unsigned char)"0123456789abcdef"[d], (unsigned char)"0123456789abcdef"[d]);
        mts_byte_set_add(&set, (unsigned char)"0123456789ABCDEF"[d], (unsigned char)"0123456789ABCDEF"[d]);
    }
    return mts_re_bytes(x, &set);
}

static MtsRe hex_range(MtsExprs *x, uint32_t from, uint32_t to)
{
    static const Digits hex = {.places = 4, .bits = 4, .digit = hex_digit};
    return mts_re_seq(x, mts_re_literal(x, "u", 1), range_of_digits(x, &hex, from, to, 4));
}

/* [from, to] beyond U+FFFF as pairs of surrogates, without the first backslash. */
static MtsRe pair_range(MtsExprs *x, uint32_t from, uint32_t to)
{
    MtsRe all = MTS_RE_NONE, slash = mts_re_literal(x, "\\", 1);
    from -= 0x10000;
    to -= 0x10000;
    while (from <= to) {
        uint32_t high = from >> 10, last = high;
        uint32_t low_to = high == to >> 10 ? to & 0x3FF : 0x3FF;
        if ((from & 0x3FF) == 0 && high < to >> 10) { /* whole rows at once */
            last = (to & 0x3FF) == 0x3FF ? to >> 10 : (to >> 10) - 1;
        }
        MtsRe low = mts_re_seq(x, slash, hex_range(x, 0xDC00 | (from & 0x3FF), 0xDC00 | low_to));
        all = mts_re_or(x, all, mts_re_seq(x, hex_range(x, 0xD800 | high, 0xD800 | last), low));
        from = (last << 10 | low_to) + 1;
    }
    return all;
}

/* All of the set in hexadecimal digits, without the first backslash. */
static MtsRe in_hex(MtsExprs *x, const MtsChars *set)
{
    static const uint32_t planes[][2] = {{0, 0xD7FF}, {0xE000, 0xFFFF}, {0x10000, LAST_CHAR}};
    MtsRe *parts = mts_calloc(3 * set->count, sizeof *parts);
    size_t count = 0;
    for (size_t i = 0; i < 3 * set->count && parts; i++) {
        const struct MtsCharRange *r = &set->ranges[i / 3];
        const uint32_t *plane = planes[i % 3];
        uint32_t low = r->from > plane[0] ? r->from : plane[0], high = r->to < plane[1] ? r->to : plane[1];
        if (low <= high) {
            parts[count++] = i % 3 < 2 ? hex_range(x, low, high) : pair_range(x, low, high);
        }
    }
    MtsRe all = parts ? mts_re_alt(x, parts, count) : mts_exprs_no_memory(x);
    free(parts);
    return all;
}

MtsRe mts_spell_json(MtsExprs *x, const MtsChars *set)
{
    static const char shorts[] = "\"\"\\\\//b\bf\fn\nr\rt\t"; /* how it is written, what it means */
    MtsChars plain = {0}, usual = {0};
    MtsRe escaped = MTS_RE_NONE;
    mts_chars_add(&usual, 0x20, '"' - 1);
    mts_chars_add(&usual, '"' + 1, '\\' - 1);
    mts_chars_add(&usual, '\\' + 1, LAST_CHAR);
    mts_chars_add_all(&plain, set);
    mts_chars_and(&plain, &usual);
    for (const char *s = shorts; *s; s += 2) {
        if (mts_chars_has(set, (unsigned char)s[1])) {
            escaped = mts_re_or(x, escaped, mts_re_literal(x, s, 1));
        }
    }
    escaped = mts_re_or(x, escaped, in_hex(x, set));
    MtsRe direct = mts_spell_utf8(x, &plain);
    mts_chars_free(&plain);
    mts_chars_free(&usual);
    return mts_re_or(x, direct, mts_re_seq(x, mts_re_literal(x, "\\", 1), escaped));
}
