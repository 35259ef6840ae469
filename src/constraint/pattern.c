/* constraint/pattern.c - parsing a pattern into a tree; what the tree means is told in pattern_meaning.c. */
#include "constraint/pattern_tree.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/utf8.h"

enum { MAX_NESTING = 250, MAX_COUNT = 1 << 24 };

static int parse_choice(MtsPatternParser *p);

int mts_pattern_wrong(MtsPatternParser *p, int code, const char *what)
{
    if (!p->rc) {
        p->rc = mts_fail(p->err, code, "%s: the pattern %s at character %zu", p->name, what, p->at);
    }
    return -1;
}

static int add_part(MtsPatternParser *p, MtsPatternPart part)
{
    if (p->rc) {
        return -1;
    }
    if (!mts_grow(&p->parts, &p->cap, p->count + 1, sizeof *p->parts)) {
        p->rc = mts_fail(p->err, MTS_ENOMEM, "%s: memory ran out for a pattern", p->name);
        return -1;
    }
    part.special |= part.kind >= MTS_PART_AHEAD;
    part.starts |= part.kind == MTS_PART_START;
    p->parts[p->count] = part;
    return (int)p->count++;
}

int mts_pattern_join(MtsPatternParser *p, MtsPatternKind kind, int a, int b)
{
    if (a < 0 || b < 0) {
        return -1;
    }
    const MtsPatternPart *x = &p->parts[a], *y = &p->parts[b];
    return add_part(
        p, (MtsPatternPart){
               .kind = kind, .a = a, .b = b, .special = x->special || y->special, .starts = x->starts || y->starts});
}

static int add_leaf(MtsPatternParser *p, MtsRe leaf)
{
    return add_part(p, (MtsPatternPart){.kind = MTS_PART_LEAF, .leaf = leaf});
}

static int add_chars(MtsPatternParser *p, MtsChars *set)
{
    mts_chars_tidy(set);
    bool broken = set->broken;
    MtsRe leaf = p->spell(p->x, set);
    mts_chars_free(set);
    if (broken) {
        return mts_pattern_wrong(p, MTS_ENOMEM, "needs more memory than there is");
    }
    return add_leaf(p, leaf);
}

/* PCRE2 is asked once for all patterns of a constraint: it has a million characters to look at. */
static int add_asked(MtsPatternParser *p, const char *class_text)
{
    MtsChars set = {0};
    MtsError why = {0};
    MtsBytes key = {0};
    int spelling = p->spell == mts_spell_utf8 ? 'u' : 'j', part = -1;
    if (!mts_bytes_printf(&key, "%c%d%d%s", spelling, p->caseless, p->properties, class_text)) {
        return mts_pattern_wrong(p, MTS_ENOMEM, "needs more memory than there is");
    }
    MtsRe known = mts_exprs_recall(p->x, key.data, key.len);
    int rc = known == MTS_RE_UNKNOWN ? mts_chars_ask(&set, class_text, p->caseless, p->properties, &why) : MTS_OK;
    if (known != MTS_RE_UNKNOWN) {
        part = add_leaf(p, known);
    } else if (rc) {
        mts_chars_free(&set);
        mts_pattern_wrong(p, rc == MTS_EREQUEST && p->dialect == MTS_PATTERN_ECMA ? MTS_EUNSUPPORTED : rc,
                          "has a class that is not understood");
    } else if ((part = add_chars(p, &set)) >= 0) {
        mts_exprs_note(p->x, key.data, key.len, p->parts[part].leaf);
    }
    mts_bytes_free(&key);
    return part;
}

static int add_char(MtsPatternParser *p, uint32_t c)
{
    MtsChars set = {0};
    mts_chars_add(&set, c, c);
    if (p->caseless && c < 0x80) {
        uint32_t lower = c | 0x20;
        if (lower >= 'a' && lower <= 'z') {
            mts_chars_add(&set, c ^ 0x20, c ^ 0x20);
            uint32_t third = lower == 'k' ? 0x212A : lower == 's' ? 0x17F : c; /* the Kelvin sign, the long s */
            mts_chars_add(&set, third, third);
        }
    } else if (p->caseless) {
        char text[16];
        snprintf(text, sizeof text, "\\x{%x}", (unsigned)c);
        mts_chars_free(&set);
        return add_asked(p, text);
    }
    return add_chars(p, &set);
}

static bool more(const MtsPatternParser *p)
{
    return p->at < p->size;
}

static bool reads(const MtsPatternParser *p, size_t at, const char *what)
{
    return at + strlen(what) <= p->size && memcmp(p->text + at, what, strlen(what)) == 0;
}

static bool looking_at(const MtsPatternParser *p, const char *what)
{
    return reads(p, p->at, what);
}

static bool take(MtsPatternParser *p, const char *what)
{
    bool there = looking_at(p, what);
    p->at += there ? strlen(what) : 0;
    return there;
}

static uint32_t next_char(MtsPatternParser *p)
{
    uint32_t c = 0;
    size_t n = mts_utf8_decode(p->text + p->at, p->size - p->at, &c);
    if (!n) {
        mts_pattern_wrong(p, MTS_EREQUEST, "is no valid UTF-8");
        n = 1;
    }
    p->at += n;
    return c;
}

/* Up to `most` hexadecimal digits; false when there are fewer than `least`. */
static bool take_hex(MtsPatternParser *p, size_t least, size_t most, uint32_t *value)
{
    size_t n = 0;
    for (*value = 0; n < most && more(p); n++, p->at++) {
        char c = p->text[p->at];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0 || *value > 0x10FFFF) {
            break;
        }
        *value = *value * 16 + (uint32_t)digit;
    }
    return n >= least;
}

/* ---- escapes and classes ---- */

static void add_shorthand(MtsChars *set, char letter)
{
    MtsChars one = {0};
    switch (letter | 0x20) {
    case 'd':
        mts_chars_add(&one, '0', '9');
        break;
    case 'w':
        mts_chars_add(&one, '0', '9');
        mts_chars_add(&one, 'A', 'Z');
        mts_chars_add(&one, '_', '_');
        mts_chars_add(&one, 'a', 'z');
        break;
    default:
        mts_chars_add(&one, '\t', '\r');
        mts_chars_add(&one, ' ', ' ');
    }
    mts_chars_tidy(&one);
    if (!(letter & 0x20)) {
        mts_chars_negate(&one);
    }
    mts_chars_add_all(set, &one);
    mts_chars_free(&one);
}

/* ECMA's white space is wider than ASCII's. */
static void add_ecma_space(MtsChars *set, bool negated)
{
    static const uint32_t spaces[][2] = {{0x09, 0x0D},     {0x20, 0x20},     {0xA0, 0xA0},     {0x1680, 0x1680},
                                         {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F},
                                         {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
    MtsChars one = {0};
    for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++) {
        mts_chars_add(&one, spaces[i][0], spaces[i][1]);
    }
    if (negated) {
        mts_chars_negate(&one);
    }
    mts_chars_add_all(set, &one);
    mts_chars_free(&one);
}

/* The character of \xHH, or of ECMA's \uHHHH, of which two may be the surrogates of one. */
static uint32_t take_digits(MtsPatternParser *p)
{
    bool two = p->text[p->at++] == 'x', strict = p->dialect == MTS_PATTERN_ECMA;
    size_t most = two ? 2 : 4;
    uint32_t c, low;
    if (!take_hex(p, strict ? most : 0, most, &c)) {
        mts_pattern_wrong(p, MTS_EREQUEST, "has a broken number of a character");
    }
    if (c >= 0xD800 && c < 0xDC00 && take(p, "\\u") && take_hex(p, 4, 4, &low)) {
        c = 0x10000 + ((c & 0x3FF) << 10) + (low & 0x3FF);
    }
    return c;
}

/* The character that the escape behind a backslash is, or a class added to the set (*is_class). */
static uint32_t take_escape(MtsPatternParser *p, MtsChars *set, bool in_class, bool *is_class)
{
    static const char controls[] = "t\tn\nr\rf\fe\033a\a";
    uint32_t c = 0;
    *is_class = false;
    if (!more(p)) {
        mts_pattern_wrong(p, MTS_EREQUEST, "ends in a backslash");
        return 0;
    }
    char e = p->text[p->at];
    if (strchr("dDwWsS", e)) {
        p->at++;
        *is_class = true;
        if ((e | 0x20) == 's' && p->dialect == MTS_PATTERN_ECMA) {
            add_ecma_space(set, e == 'S');
        } else {
            add_shorthand(set, e);
        }
        return 0;
    }
    for (const char *s = controls; *s; s += 2) {
        if (e == *s && !(p->dialect == MTS_PATTERN_ECMA && (e == 'e' || e == 'a'))) {
            p->at++;
            return (unsigned char)s[1];
        }
    }
    if (e == 'v' && p->dialect == MTS_PATTERN_ECMA) {
        p->at++;
        return '\v';
    }
    if (e == 'c' && p->dialect == MTS_PATTERN_ECMA && p->at + 1 < p->size &&
        isalpha((unsigned char)p->text[p->at + 1])) {
        p->at += 2;
        return p->text[p->at - 1] & 0x1F;
    }
    if (e == 'b' && in_class) {
        p->at++;
        return '\b';
    }
    if (take(p, "x{") || take(p, "u{")) {
        if (!take_hex(p, 1, 8, &c) || !take(p, "}") || c > 0x10FFFF) {
            mts_pattern_wrong(p, MTS_EREQUEST, "has a broken number of a character");
        }
        return c;
    }
    if (e == 'x' || (e == 'u' && p->dialect == MTS_PATTERN_ECMA)) {
        return take_digits(p);
    }
    if (e == '0' && !(p->at + 1 < p->size && p->text[p->at + 1] >= '0' && p->text[p->at + 1] <= '9')) {
        p->at++;
        return 0;
    }
    if ((e >= '0' && e <= '9') || (e >= 'a' && e <= 'z') || (e >= 'A' && e <= 'Z')) {
        mts_pattern_wrong(p, MTS_EUNSUPPORTED,
                          e >= '1' && e <= '9' ? "has a back-reference" : "has an escape that is not regular");
        return 0;
    }
    return next_char(p);
}

/* Where ":]" stands that ends "[:...", whose ':' (or '.', '=') is at `at`; 0: as PCRE2 reads it, it is no such name. */
static size_t name_end(const MtsPatternParser *p, size_t at)
{
    for (size_t i = at + 1; i + 1 < p->size; i++) {
        const char *c = p->text + i;
        if (c[0] == '\\' && (c[1] == ']' || c[1] == '\\')) {
            i++;
        } else if (c[0] == ']' || (c[0] == '[' && c[1] == p->text[at])) {
            return 0;
        } else if (c[0] == p->text[at] && c[1] == ']') {
            return i;
        }
    }
    return 0;
}

/* Where a class's first character stands, or the one behind it where that is a ']': behind '^' and quotations of
 * nothing. */
static size_t class_begin(const MtsPatternParser *p, bool *asked)
{
    size_t i = p->at + 1;
    for (bool negated = false; p->dialect == MTS_PATTERN_PCRE2;) {
        size_t empty = reads(p, i, "\\E") ? 2 : reads(p, i, "\\Q\\E") ? 4 : 0;
        if (!empty && (negated || !reads(p, i, "^"))) {
            return i + reads(p, i, "]");
        }
        *asked |= empty > 0;
        negated |= !empty;
        i += empty ? empty : 1;
    }
    return i + reads(p, i, "^");
}

/* The end of the class that opens at p->at, behind its ']'; asked: PCRE2 has to say what it is. */
static size_t class_end(const MtsPatternParser *p, bool *asked)
{
    bool quoted = false, pcre = p->dialect == MTS_PATTERN_PCRE2;
    *asked = p->caseless || p->properties;
    size_t i = class_begin(p, asked);
    for (; i < p->size && (quoted || p->text[i] != ']'); i++) {
        char next = i + 1 < p->size ? p->text[i + 1] : '\0';
        if (next && p->text[i] == '\\' && (!quoted || next == 'E')) {
            quoted = pcre && next == 'Q';
            *asked |= strchr("pP", next) || (pcre && strchr("QEhHvVNoc", next));
            i += pcre && next == 'c' ? 2 : 1; /* "\\c]" is one character, and so is "\\c\\" */
        } else if (next && p->text[i] == '[' && strchr(":.=", next) && pcre && !quoted) {
            size_t close = name_end(p, i + 1);
            *asked = true;
            i = close ? close + 1 : i;
        }
    }
    return i < p->size ? i + 1 : p->size + 1;
}

static int parse_class(MtsPatternParser *p)
{
    bool asked, is_class;
    size_t end = class_end(p, &asked);
    if (end > p->size) {
        return mts_pattern_wrong(p, MTS_EREQUEST, "has a class without its ']'");
    }
    if (asked) {
        char *text = mts_strndup(p->text + p->at, end - p->at);
        int part = text ? add_asked(p, text) : mts_pattern_wrong(p, MTS_ENOMEM, "needs more memory than there is");
        free(text);
        p->at = end;
        return part;
    }
    MtsChars set = {0};
    p->at++;
    bool negated = take(p, "^"), first = p->dialect == MTS_PATTERN_PCRE2;
    while (!p->rc && (p->at < end - 1 || (first && looking_at(p, "]")))) {
        first = false;
        uint32_t from = take(p, "\\") ? take_escape(p, &set, true, &is_class) : (is_class = false, next_char(p));
        if (is_class || !looking_at(p, "-") || p->at + 1 == end - 1) {
            if (!is_class) {
                mts_chars_add(&set, from, from);
            }
            continue;
        }
        p->at++;
        uint32_t to = take(p, "\\") ? take_escape(p, &set, true, &is_class) : next_char(p);
        if (is_class) { /* [a-\d]: three members */
            mts_chars_add(&set, from, from);
            mts_chars_add(&set, '-', '-');
        } else if (to < from) {
            mts_pattern_wrong(p, MTS_EREQUEST, "has a range that runs backwards");
        } else {
            mts_chars_add(&set, from, to);
        }
    }
    p->at = end;
    mts_chars_tidy(&set);
    if (negated) {
        mts_chars_negate(&set);
    }
    return add_chars(p, &set);
}

int mts_pattern_dot(MtsPatternParser *p, bool all)
{
    MtsChars set = {0};
    if (!all) {
        mts_chars_add(&set, '\n', '\n');
        if (p->dialect == MTS_PATTERN_ECMA) {
            mts_chars_add(&set, '\r', '\r');
            mts_chars_add(&set, 0x2028, 0x2029);
        }
        mts_chars_tidy(&set);
    }
    mts_chars_negate(&set);
    return add_chars(p, &set);
}

/* The characters behind "\Q" are joined to *all but for the last one, which a quantifier may follow. */
static int parse_quoted(MtsPatternParser *p, int *all)
{
    int last = add_part(p, (MtsPatternPart){.kind = MTS_PART_NOTHING});
    while (more(p) && !p->rc && !looking_at(p, "\\E")) {
        *all = mts_pattern_join(p, MTS_PART_SEQUENCE, *all, last);
        last = add_char(p, next_char(p));
    }
    return last;
}

static int parse_escape(MtsPatternParser *p)
{
    bool pcre = p->dialect == MTS_PATTERN_PCRE2, is_class;
    if (pcre && take(p, "A")) {
        return add_part(p, (MtsPatternPart){.kind = MTS_PART_START});
    }
    if (pcre && (looking_at(p, "z") || looking_at(p, "Z"))) {
        return add_part(p, (MtsPatternPart){.kind = p->text[p->at++] == 'z' ? MTS_PART_END : MTS_PART_END_OR_LINE});
    }
    if (pcre && looking_at(p, "N") && !looking_at(p, "N{")) {
        p->at++;
        return mts_pattern_dot(p, false);
    }
    char e = more(p) ? p->text[p->at] : 0;
    if (e == 'p' || e == 'P' || (pcre && e && strchr("hHvV", e)) || (p->properties && e && strchr("dDwWsS", e))) {
        char text[64];
        const char *close = looking_at(p, "p{") || looking_at(p, "P{") ? strchr(p->text + p->at, '}') : NULL;
        size_t n = close ? (size_t)(close - (p->text + p->at)) + 1 : strchr("pP", e) ? 2 : 1;
        if (n > sizeof text - 2 || n > p->size - p->at) {
            return mts_pattern_wrong(p, MTS_EREQUEST, "has a broken property");
        }
        snprintf(text, sizeof text, "\\%.*s", (int)n, p->text + p->at);
        p->at += n;
        return add_asked(p, text);
    }
    MtsChars set = {0};
    uint32_t c = take_escape(p, &set, false, &is_class);
    if (is_class) {
        return add_chars(p, &set);
    }
    mts_chars_free(&set);
    return p->rc ? -1 : add_char(p, c);
}

/* ---- groups and quantifiers ---- */

/* Sets the flags of "(?ims-x"; false at anything else. */
static bool take_flags(MtsPatternParser *p)
{
    bool on = true;
    for (; more(p) && p->text[p->at] != ')' && p->text[p->at] != ':'; p->at++) {
        switch (p->text[p->at]) {
        case '-':
            on = false;
            break;
        case 'i':
            p->caseless = on;
            break;
        case 's':
            p->dotall = on;
            break;
        case 'm':
            p->multiline = on;
            break;
        case 'x':
            p->extended = on;
            break;
        case 'n':
        case 'J':
        case 'U':
            break;
        default:
            return false;
        }
    }
    return more(p);
}

static int close_group(MtsPatternParser *p, int inner)
{
    if (inner >= 0 && !take(p, ")")) {
        return mts_pattern_wrong(p, MTS_EREQUEST, "has a group without its ')'");
    }
    return inner;
}

static int parse_look(MtsPatternParser *p, MtsPatternKind kind)
{
    int inner = close_group(p, parse_choice(p));
    return inner < 0 ? -1 : add_part(p, (MtsPatternPart){.kind = kind, .a = inner, .starts = p->parts[inner].starts});
}

static int parse_group(MtsPatternParser *p)
{
    const MtsPatternParser before = *p;
    int inner;
    if (take(p, "?#")) {
        while (more(p) && p->text[p->at] != ')') {
            p->at++;
        }
        return close_group(p, add_part(p, (MtsPatternPart){.kind = MTS_PART_NOTHING}));
    }
    if (take(p, "?=")) {
        inner = parse_look(p, MTS_PART_AHEAD);
    } else if (take(p, "?!")) {
        inner = parse_look(p, MTS_PART_NOT_AHEAD);
    } else if (looking_at(p, "?<=") || looking_at(p, "?<!") || looking_at(p, "?<*") || looking_at(p, "*") ||
               looking_at(p, "?>") || looking_at(p, "?(") || looking_at(p, "?|")) {
        return mts_pattern_wrong(p, MTS_EUNSUPPORTED, "has a group that is not regular");
    } else {
        char close = looking_at(p, "?'") ? '\'' : '>';
        bool named = take(p, "?<") || take(p, "?P<") || take(p, "?'");
        while (named && more(p) && p->text[p->at++] != close) {
        }
        if (!named && take(p, "?") && !take_flags(p)) {
            return mts_pattern_wrong(p, MTS_EUNSUPPORTED, "has a group that is not regular");
        }
        if (!named && before.at < p->at && looking_at(p, ")")) { /* (?i): to the end of the group around it */
            p->at++;
            return add_part(p, (MtsPatternPart){.kind = MTS_PART_NOTHING});
        }
        if (!named && before.at < p->at) {
            p->at++;
        }
        inner = close_group(p, parse_choice(p));
    }
    p->caseless = before.caseless;
    p->dotall = before.dotall;
    p->extended = before.extended;
    p->multiline = before.multiline;
    return inner;
}

static bool take_count(MtsPatternParser *p, uint32_t *value)
{
    size_t from = p->at;
    for (*value = 0; more(p) && p->text[p->at] >= '0' && p->text[p->at] <= '9'; p->at++) {
        *value = *value > MAX_COUNT ? *value : *value * 10 + (uint32_t)(p->text[p->at] - '0');
    }
    return p->at > from;
}

/* {n}, {n,} or {n,m}; anything else is no quantifier and stays. */
static bool take_braces(MtsPatternParser *p, uint32_t *min, uint32_t *max)
{
    size_t from = p->at;
    if (take(p, "{") && take_count(p, min)) {
        *max = *min;
        if (take(p, ",") && !take_count(p, max)) {
            *max = MTS_NO_LIMIT;
        }
        if (take(p, "}")) {
            return true;
        }
    }
    p->at = from;
    return false;
}

/* A comment that ends: "(?#...)". */
static bool take_comment(MtsPatternParser *p)
{
    size_t at = p->at;
    if (take(p, "(?#")) {
        while (more(p) && p->text[p->at] != ')') {
            p->at++;
        }
        if (take(p, ")")) {
            return true;
        }
    }
    p->at = at;
    return false;
}

static bool skip_extended(MtsPatternParser *p)
{
    if (!p->extended || !more(p)) {
        return false;
    }
    if (strchr(" \t\n\v\f\r", p->text[p->at])) {
        p->at++;
        return true;
    }
    if (p->text[p->at] == '#') {
        while (more(p) && p->text[p->at] != '\n') {
            p->at++;
        }
        return true;
    }
    return false;
}

/* What stands between an atom, its quantifier and the quantifier's suffix and changes none of them: "3\E+" is "3+". */
static void skip_unseen(MtsPatternParser *p)
{
    bool pcre = p->dialect == MTS_PATTERN_PCRE2;
    while (skip_extended(p) || (pcre && (take(p, "\\E") || take(p, "\\Q\\E") || take_comment(p)))) {
    }
}

static int parse_quantified(MtsPatternParser *p, int part)
{
    for (int nested = 0; part >= 0; nested++) {
        uint32_t min = 0, max = MTS_NO_LIMIT;
        if (nested > 0 && p->dialect == MTS_PATTERN_ECMA) { /* another quantifier has nothing before it */
            return part;
        }
        if (take(p, "*")) {
        } else if (take(p, "+")) {
            min = 1;
        } else if (take(p, "?")) {
            max = 1;
        } else if (!take_braces(p, &min, &max)) {
            return part;
        }
        if (nested > MAX_NESTING) {
            return mts_pattern_wrong(p, MTS_EUNSUPPORTED, "nests too deeply");
        }
        if (min > MAX_COUNT || (max != MTS_NO_LIMIT && max > MAX_COUNT)) {
            return mts_pattern_wrong(p, MTS_EUNSUPPORTED, "has a count over 16777216");
        }
        if (max < min) {
            return mts_pattern_wrong(p, MTS_EREQUEST, "has counts in the wrong order");
        }
        skip_unseen(p);
        if (p->dialect == MTS_PATTERN_PCRE2 && looking_at(p, "+")) {
            return mts_pattern_wrong(p, MTS_EUNSUPPORTED, "has a possessive quantifier");
        }
        take(p, "?");
        const MtsPatternPart *inner = &p->parts[part];
        part = add_part(p, (MtsPatternPart){.kind = MTS_PART_REPEATED,
                                            .a = part,
                                            .min = min,
                                            .max = max,
                                            .special = inner->special,
                                            .starts = inner->starts});
    }
    return part;
}

static int parse_atom(MtsPatternParser *p)
{
    if (looking_at(p, "[")) {
        return parse_class(p);
    }
    if (take(p, "(")) {
        if (++p->depth > MAX_NESTING) {
            return mts_pattern_wrong(p, MTS_EUNSUPPORTED, "nests too deeply");
        }
        int group = parse_group(p);
        p->depth--;
        return group;
    }
    if (take(p, "\\")) {
        return parse_escape(p);
    }
    if (take(p, ".")) {
        return mts_pattern_dot(p, p->dotall);
    }
    if (looking_at(p, "^") || looking_at(p, "$")) {
        if (p->multiline) {
            return mts_pattern_wrong(p, MTS_EUNSUPPORTED, "has an anchor of lines");
        }
        bool start = p->text[p->at++] == '^';
        return add_part(p, (MtsPatternPart){.kind = start                             ? MTS_PART_START
                                                    : p->dialect == MTS_PATTERN_PCRE2 ? MTS_PART_END_OR_LINE
                                                                                      : MTS_PART_END});
    }
    if (looking_at(p, "*") || looking_at(p, "+") || looking_at(p, "?")) {
        return mts_pattern_wrong(p, MTS_EREQUEST, "has a quantifier with nothing before it");
    }
    if (p->dialect == MTS_PATTERN_PCRE2 && looking_at(p, "{,")) {
        return mts_pattern_wrong(p, MTS_EUNSUPPORTED, "has a brace that not every PCRE2 reads alike");
    }
    return add_char(p, next_char(p));
}

static int parse_sequence(MtsPatternParser *p)
{
    int all = add_part(p, (MtsPatternPart){.kind = MTS_PART_NOTHING});
    for (skip_unseen(p); more(p) && !p->rc && p->text[p->at] != '|' && p->text[p->at] != ')'; skip_unseen(p)) {
        int atom = p->dialect == MTS_PATTERN_PCRE2 && take(p, "\\Q") ? parse_quoted(p, &all) : parse_atom(p);
        skip_unseen(p);
        all = mts_pattern_join(p, MTS_PART_SEQUENCE, all, parse_quantified(p, atom));
    }
    return all;
}

static int parse_choice(MtsPatternParser *p)
{
    int all = parse_sequence(p);
    while (!p->rc && take(p, "|")) {
        all = mts_pattern_join(p, MTS_PART_CHOICE, all, parse_sequence(p));
    }
    return p->rc ? -1 : all;
}

/* (*UTF) and (*UCP) at the beginning. */
static void take_verbs(MtsPatternParser *p)
{
    while (p->dialect == MTS_PATTERN_PCRE2 && !p->rc && looking_at(p, "(*")) {
        if (take(p, "(*UCP)")) {
            p->properties = true;
        } else if (!take(p, "(*UTF)")) {
            mts_pattern_wrong(p, MTS_EUNSUPPORTED, "begins with a setting that is not regular");
        }
    }
}

int mts_pattern_parse(MtsPatternParser *p)
{
    take_verbs(p);
    int whole = parse_choice(p);
    if (whole >= 0 && more(p)) {
        return mts_pattern_wrong(p, MTS_EREQUEST, "has a ')' without its group");
    }
    return p->rc ? -1 : whole;
}
