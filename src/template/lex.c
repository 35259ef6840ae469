/* template/lex.c - see template/lex.h.
 *
 * White space round tags follows the environment that chat templates are made for (trim_blocks and lstrip_blocks on):
 * the first newline after a statement or comment goes; blanks before one that stands first on its line go; "-" on
 * either side takes all white space there; "+" keeps it. */
#include "template/lex.h"

#include <string.h>

#include "core/number.h"
#include "core/unicode.h"
#include "core/utf8.h"

/* Bytes of the white space at p->at, as Python's regular expressions count it; 0: none. */
static size_t blank(const MtsTplLexer *p)
{
    return p->at < p->size ? mts_tpl_blank(p->text + p->at, p->size - p->at) : 0;
}

static void skip_blanks(MtsTplLexer *p)
{
    for (size_t n; (n = blank(p)) != 0;) {
        p->line_start = p->text[p->at] == '\n';
        p->at += n;
    }
}

/* ---- tokens inside a tag ---- */

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdefABCDEF", *digit = c ? strchr(digits, c) : NULL;
    int place = digit ? (int)(digit - digits) : -1;
    return place < 16 ? place : place - 6;
}

/* The escape after a backslash at s [n] as UTF-8 in out; its length in *used, 0 when it means nothing (both stay). */
static size_t decode_escape(const char *s, size_t n, char out[4], size_t *used)
{
    static const char from[] = "ntr\\'\"abfv", to[] = "\n\t\r\\'\"\a\b\f\v";
    *used = 0;
    if (n == 0) {
        return 0;
    }
    const char *simple = s[0] ? strchr(from, s[0]) : NULL;
    if (simple) {
        *used = 1;
        out[0] = to[simple - from];
        return 1;
    }
    if (s[0] == '\n') {
        *used = 1;
        return 0;
    }
    size_t digits = s[0] == 'x' ? 2 : s[0] == 'u' ? 4 : s[0] == 'U' ? 8 : 0;
    uint32_t code = 0;
    for (size_t i = 1; i <= digits; i++) {
        int digit = i < n ? hex_digit(s[i]) : -1;
        if (digit < 0 || code > 0x10FFFF) {
            return 0;
        }
        code = code << 4 | (uint32_t)digit;
    }
    size_t length = digits ? mts_utf8_encode(code, out) : 0;
    *used = length ? digits + 1 : 0;
    return length;
}

static void read_string(MtsTplLexer *p, char quote)
{
    size_t end = p->at + 1;
    while (end < p->size && p->text[end] != quote) {
        end += p->text[end] == '\\' && end + 1 < p->size ? 2 : 1;
    }
    if (end >= p->size) {
        mts_tpl_fail(p->tpl, MTS_EFORMAT, p->at, "a string has no end");
        return;
    }
    const char *s = p->text + p->at + 1;
    size_t n = end - p->at - 1, length = 0;
    char *decoded = mts_tpl_alloc(p->tpl, n + 1);
    for (size_t i = 0; i < n && decoded;) {
        size_t used = 0;
        if (s[i] == '\\') {
            char utf8[4];
            size_t bytes = decode_escape(s + i + 1, n - i - 1, utf8, &used);
            memcpy(decoded + length, utf8, bytes); /* never more bytes than the escape has */
            length += bytes;
        }
        if (used) {
            i += 1 + used;
        } else {
            decoded[length++] = s[i++];
        }
    }
    p->kind = MTS_TPL_STRING;
    p->word = (MtsString){decoded, length};
    p->at = end + 1;
}

/* Bytes of the character at p->at if it may stand in a name; 0: it may not. */
static size_t name_char(const MtsTplLexer *p)
{
    uint32_t code = 0;
    size_t n = p->at < p->size ? mts_utf8_decode(p->text + p->at, p->size - p->at, &code) : 0;
    MtsCharClass class = mts_char_class(code);
    bool word = class == MTS_CHAR_NUMBER || class == MTS_CHAR_MARK || mts_char_is_letter(code);
    return n && (code == '_' || word) ? n : 0;
}

/* Digits in a base, "_" between them, from p->at on into out (what fits); how many characters they take. */
static size_t read_digits(const MtsTplLexer *p, size_t at, int base, char *out, size_t room)
{
    size_t begin = at, n = strlen(out);
    for (; at < p->size; at++) {
        int digit = hex_digit(p->text[at]);
        if (digit >= 0 && digit < base) {
            n += n + 1 < room;
            out[n - 1] = p->text[at];
        } else if (p->text[at] != '_' || at == begin || at + 1 >= p->size || hex_digit(p->text[at + 1]) < 0) {
            break;
        }
    }
    return at - begin;
}

/* ".digits" and "e+-digits", added to out. */
static size_t read_fraction(const MtsTplLexer *p, char *out, size_t room)
{
    size_t at = p->at;
    bool after_point = p->token_at > 0 && p->text[p->token_at - 1] == '.'; /* x.0.1 */
    if (!after_point && at + 1 < p->size && p->text[at] == '.' && p->text[at + 1] >= '0' && p->text[at + 1] <= '9') {
        strncat(out, ".", room - strlen(out) - 1);
        at += 1 + read_digits(p, at + 1, 10, out, room);
    }
    size_t sign = at + 1;
    if (!after_point && at < p->size && (p->text[at] == 'e' || p->text[at] == 'E')) {
        sign += sign < p->size && (p->text[sign] == '+' || p->text[sign] == '-');
        if (sign < p->size && p->text[sign] >= '0' && p->text[sign] <= '9') {
            strncat(out, sign > at + 1 && p->text[sign - 1] == '-' ? "e-" : "e", room - strlen(out) - 1);
            at = sign + read_digits(p, sign, 10, out, room);
        }
    }
    return at - p->at;
}

static void read_number(MtsTplLexer *p)
{
    char digits[340] = "";
    static const char marks[] = "xXoObB";
    const char *mark =
        p->text[p->at] == '0' && p->at + 1 < p->size && p->text[p->at + 1] ? strchr(marks, p->text[p->at + 1]) : NULL;
    int base = mark ? (mark - marks < 2 ? 16 : mark - marks < 4 ? 8 : 2) : 10;
    p->at += mark ? 2 : 0;
    size_t whole = read_digits(p, p->at, base, digits, sizeof digits);
    p->at += whole;
    size_t fraction = mark ? 0 : read_fraction(p, digits, sizeof digits);
    p->at += fraction;
    p->kind = fraction ? MTS_TPL_REAL : MTS_TPL_INTEGER;
    p->number = 0;
    p->too_large = false;
    if (whole == 0 || (fraction && !mts_number_parse(digits, strlen(digits), &p->real))) {
        mts_tpl_fail(p->tpl, MTS_EFORMAT, p->token_at, "a number that is none");
    }
    for (const char *c = digits; *c && !fraction; c++) {
        if (p->number > (INT64_MAX - base) / base) {
            p->too_large = true;
            break;
        }
        p->number = p->number * base + hex_digit(*c);
    }
}

static bool starts(const MtsTplLexer *p, const char *sign)
{
    size_t n = strlen(sign);
    return p->size - p->at >= n && memcmp(p->text + p->at, sign, n) == 0;
}

void mts_lex_advance(MtsTplLexer *p)
{
    bool line_start = p->line_start; /* inside a tag it says nothing of the text */
    skip_blanks(p);
    p->line_start = line_start;
    p->token_at = p->at;
    p->kind = MTS_TPL_END;
    p->word = (MtsString){p->text + p->at, 0};
    if (p->at >= p->size || mts_lex_failed(p)) {
        return;
    }
    char c = p->text[p->at];
    if (c == '\'' || c == '"') {
        read_string(p, c);
    } else if (c >= '0' && c <= '9') {
        read_number(p);
    } else if (name_char(p)) {
        p->kind = MTS_TPL_NAME;
        for (size_t n; (n = name_char(p)) != 0;) {
            p->at += n;
        }
        p->word.size = p->at - p->token_at;
    } else {
        static const char *const ends[] = {"%}", "}}", "-%}", "-}}", "+%}", "+}}"};
        static const char *const signs[] = {"==", "!=", "<=", ">=", "//", "**"};
        size_t length = 1;
        for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
            if (starts(p, ends[i]) && (p->braces == 0 || i % 2 == 0)) {
                return;
            }
        }
        for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
            if (starts(p, signs[i])) {
                length = 2;
            }
        }
        p->braces += c == '{' ? 1 : c == '}' ? -1 : 0;
        p->kind = MTS_TPL_SIGN;
        p->word.size = length;
        p->at += length;
    }
}

bool mts_lex_at_sign(const MtsTplLexer *p, const char *sign)
{
    return p->kind == MTS_TPL_SIGN && mts_str_is(p->word, sign);
}

bool mts_lex_at_word(const MtsTplLexer *p, const char *word)
{
    return p->kind == MTS_TPL_NAME && mts_str_is(p->word, word);
}

bool mts_lex_take_sign(MtsTplLexer *p, const char *sign)
{
    bool there = mts_lex_at_sign(p, sign);
    if (there) {
        mts_lex_advance(p);
    }
    return there;
}

bool mts_lex_take_word(MtsTplLexer *p, const char *word)
{
    bool there = mts_lex_at_word(p, word);
    if (there) {
        mts_lex_advance(p);
    }
    return there;
}

void mts_lex_expect_sign(MtsTplLexer *p, const char *sign)
{
    if (!mts_lex_take_sign(p, sign)) {
        mts_tpl_fail(p->tpl, MTS_EFORMAT, p->token_at, "\"%s\" is expected", sign);
    }
}

MtsString mts_lex_expect_name(MtsTplLexer *p)
{
    MtsString name = p->word;
    if (p->kind != MTS_TPL_NAME) {
        mts_tpl_fail(p->tpl, MTS_EFORMAT, p->token_at, "a name is expected");
    }
    mts_lex_advance(p);
    return name;
}

/* ---- text and tags ---- */

void mts_lex_close(MtsTplLexer *p, const char *close)
{
    if (p->kind != MTS_TPL_END || mts_lex_failed(p)) {
        mts_tpl_fail(p->tpl, MTS_EFORMAT, p->token_at, "\"%s\" is expected", close);
        return;
    }
    bool strip = p->at < p->size && p->text[p->at] == '-', keep = p->at < p->size && p->text[p->at] == '+';
    p->at += strip || keep;
    if (p->size - p->at < 2 || memcmp(p->text + p->at, close, 2) != 0) {
        mts_tpl_fail(p->tpl, MTS_EFORMAT, p->token_at, "\"%s\" is expected", close);
        return;
    }
    p->at += 2;
    p->line_start = false;
    if (strip) {
        skip_blanks(p);
    } else if (!keep && close[0] != '}' && p->at < p->size && p->text[p->at] == '\n') {
        p->at++;
        p->line_start = true;
    }
}

static bool tag_begins(const char *s, size_t n)
{
    return n >= 2 && s[0] == '{' && (s[1] == '{' || s[1] == '%' || s[1] == '#');
}

/* The text from begin to the tag at end, without what that tag trims before it. */
static MtsString trim_before(const MtsTplLexer *p, size_t begin, size_t end)
{
    const MtsString none = {NULL, 0};
    char sort = p->text[end + 1], sign = p->size - end > 2 ? p->text[end + 2] : '\0';
    if (sign == '-') {
        end = begin + mts_tpl_strip(p->tpl, (MtsString){p->text + begin, end - begin}, none, false, true).size;
    } else if (sign != '+' && sort != '{') {
        size_t line = end;
        while (line > begin && p->text[line - 1] != '\n') {
            line--;
        }
        MtsString before = {p->text + line, end - line};
        if ((line > begin || p->line_start) && mts_tpl_strip(p->tpl, before, none, true, false).size == 0) {
            end = line;
        }
    }
    return (MtsString){p->text + begin, end - begin};
}

MtsString mts_lex_text(MtsTplLexer *p)
{
    size_t begin = p->at, end = begin;
    while (end < p->size && !tag_begins(p->text + end, p->size - end)) {
        end++;
    }
    p->at = end;
    return end < p->size ? trim_before(p, begin, end) : (MtsString){p->text + begin, end - begin};
}

MtsString mts_lex_raw(MtsTplLexer *p)
{
    size_t at = p->token_at;
    bool newline = p->at < p->size && p->text[p->at] != '-';
    mts_lex_close(p, "%}");
    if (newline && p->line_start) { /* here the first newline stays */
        p->at--;
        p->line_start = false;
    }
    size_t begin = p->at;
    for (size_t end = begin; end + 2 < p->size && !mts_lex_failed(p); end++) {
        if (p->text[end] != '{' || p->text[end + 1] != '%') {
            continue;
        }
        p->at = end + 2;
        p->at += p->text[p->at] == '-' || p->text[p->at] == '+';
        skip_blanks(p);
        if (starts(p, "endraw")) {
            p->at += strlen("endraw");
            MtsString raw = trim_before(p, begin, end);
            mts_lex_advance(p);
            return raw;
        }
    }
    mts_tpl_fail(p->tpl, MTS_EFORMAT, at, "a block has no end");
    return (MtsString){"", 0};
}

static void skip_comment(MtsTplLexer *p)
{
    size_t at = p->at;
    for (p->at += 2; p->at + 1 < p->size; p->at++) {
        if (p->text[p->at] == '#' && p->text[p->at + 1] == '}') {
            char before = p->at > at + 2 ? p->text[p->at - 1] : '\0';
            p->at -= before == '-' || before == '+';
            p->kind = MTS_TPL_END;
            mts_lex_close(p, "#}");
            return;
        }
    }
    mts_tpl_fail(p->tpl, MTS_EFORMAT, at, "a comment has no end");
}

char mts_lex_open(MtsTplLexer *p)
{
    char sort = p->text[p->at + 1];
    if (sort == '#') {
        skip_comment(p);
        return sort;
    }
    p->at += 2;
    p->at += p->at < p->size && (p->text[p->at] == '-' || p->text[p->at] == '+');
    p->braces = 0;
    mts_lex_advance(p);
    return sort;
}
