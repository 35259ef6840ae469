/* template/print.c - values as text: as Python prints them, as JSON, and by patterns with "%". */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/unicode.h"
#include "core/utf8.h"
#include "template/ast.h"

/* The shortest digits that read back as the same number, a point between them or an exponent of at least two digits
 * behind them: repr() of Python. */
static void write_real(MtsTplWriter *w, double x, const char *infinite, const char *nan)
{
    char text[40], digits[24];
    int n = 0, precision = 0;
    if (!isfinite(x)) {
        mts_tpl_write_word(w, isnan(x) ? nan : x < 0 ? "-" : "");
        mts_tpl_write_word(w, isnan(x) ? "" : infinite);
        return;
    }
    do {
        snprintf(text, sizeof text, "%.*e", precision, x);
    } while (strtod(text, NULL) != x && ++precision < 17);
    const char *e = strchr(text, 'e');
    int exponent = atoi(e + 1);
    for (const char *c = text; c < e; c++) {
        if (*c >= '0' && *c <= '9') {
            digits[n++] = *c;
        }
    }
    mts_tpl_write_word(w, signbit(x) ? "-" : "");
    if (exponent < -4 || exponent >= 16) {
        mts_tpl_write(w, (MtsString){digits, 1});
        mts_tpl_write_word(w, n > 1 ? "." : "");
        mts_tpl_write(w, (MtsString){digits + 1, (size_t)n - 1});
        snprintf(text, sizeof text, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
        mts_tpl_write_word(w, text);
        return;
    }
    mts_tpl_write_word(w, exponent < 0 ? "0." : "");
    for (int i = exponent < 0 ? exponent + 1 : 0; i < n || i <= exponent + 1; i++) {
        mts_tpl_write_word(w, i == exponent + 1 && exponent >= 0 ? "." : "");
        mts_tpl_write(w, (MtsString){i >= 0 && i < n ? digits + i : "0", 1});
    }
}

static void write_integer(MtsTplWriter *w, int64_t integer)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)integer);
    mts_tpl_write_word(w, text);
}

/* As Python writes a string in a list. */
static void write_quoted(MtsTplWriter *w, MtsString s)
{
    bool single = s.size && memchr(s.data, '\'', s.size), pair = s.size && memchr(s.data, '"', s.size);
    const char *quote = single && !pair ? "\"" : "'";
    mts_tpl_write_word(w, quote);
    for (size_t at = 0, n; at < s.size && !w->tpl->rc; at += n) {
        uint32_t code = 0;
        char escape[16] = "";
        n = mts_utf8_decode(s.data + at, s.size - at, &code);
        n = n ? n : 1;
        char c = s.data[at];
        bool hidden = code < 0x20 || (code >= 0x7F && code < 0xA1) || code == 0xAD ||
                      (code > 0x7F && mts_char_class(code) == MTS_CHAR_SPACE);
        if (c == '\\' || c == quote[0]) {
            snprintf(escape, sizeof escape, "\\%c", c);
        } else if (c == '\n' || c == '\r' || c == '\t') {
            snprintf(escape, sizeof escape, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
        } else if (hidden) {
            snprintf(escape, sizeof escape, code < 0x100 ? "\\x%02x" : "\\u%04x", (unsigned)code);
        }
        if (escape[0]) {
            mts_tpl_write_word(w, escape);
        } else {
            mts_tpl_write(w, (MtsString){s.data + at, n});
        }
    }
    mts_tpl_write_word(w, quote);
}

static void write_dict(MtsTplWriter *w, const MtsDict *dict, size_t at)
{
    mts_tpl_write_word(w, "{");
    for (const MtsDictEntry *entry = dict->first; entry && !w->tpl->rc; entry = entry->next) {
        mts_value_write(w, entry->key, at);
        mts_tpl_write_word(w, ": ");
        mts_value_write(w, entry->value, at);
        mts_tpl_write_word(w, entry->next ? ", " : "");
    }
    mts_tpl_write_word(w, "}");
}

static void write_list(MtsTplWriter *w, const MtsList *list, size_t at)
{
    bool tuple = list->sort == MTS_LIST_TUPLE;
    if (list->sort > MTS_LIST_TUPLE) {
        mts_tpl_fail(w->tpl, MTS_EUNSUPPORTED, at, "a stream of items as text");
    }
    mts_tpl_write_word(w, tuple ? "(" : "[");
    for (size_t i = 0; i < list->count && !w->tpl->rc; i++) {
        mts_tpl_write_word(w, i ? ", " : "");
        mts_value_write(w, list->items[i], at);
    }
    mts_tpl_write_word(w, tuple && list->count == 1 ? ",)" : tuple ? ")" : "]");
}

void mts_value_write(MtsTplWriter *w, MtsValue value, size_t at)
{
    if (!mts_tpl_enter(w->tpl, at)) {
        return;
    }
    switch (value.kind) {
    case MTS_VALUE_UNDEFINED:
        mts_tpl_write_word(w, "Undefined");
        break;
    case MTS_VALUE_NONE:
        mts_tpl_write_word(w, "None");
        break;
    case MTS_VALUE_BOOL:
        mts_tpl_write_word(w, value.integer ? "True" : "False");
        break;
    case MTS_VALUE_INTEGER:
        write_integer(w, value.integer);
        break;
    case MTS_VALUE_REAL:
        write_real(w, value.real, "inf", "nan");
        break;
    case MTS_VALUE_STRING:
        write_quoted(w, value.string);
        break;
    case MTS_VALUE_LIST:
        write_list(w, value.list, at);
        break;
    case MTS_VALUE_MACRO:
        mts_tpl_write_word(w, "<Macro ");
        write_quoted(w, value.macro->text);
        mts_tpl_write_word(w, ">");
        break;
    case MTS_VALUE_DICT:
        if (!value.dict->is_namespace && !value.dict->is_loop) {
            write_dict(w, value.dict, at);
            break;
        } /* fall through */
    default:
        mts_tpl_fail(w->tpl, MTS_EUNSUPPORTED, at, "a function, a namespace or a loop as text");
        break;
    }
    w->tpl->depth--;
}

MtsString mts_value_print(MtsTpl *tpl, MtsValue value, size_t at)
{
    MtsTplWriter w = {.tpl = tpl};
    if (value.kind == MTS_VALUE_STRING) {
        return value.string;
    }
    if (value.kind != MTS_VALUE_UNDEFINED) {
        mts_value_write(&w, value, at);
    }
    return mts_tpl_written(&w);
}

/* ---- JSON ---- */

static void write_json_string(MtsTplWriter *w, MtsString s, bool ascii)
{
    static const char from[] = "\"\\\n\r\t\b\f", to[] = "\"\\nrtbf";
    mts_tpl_write_word(w, "\"");
    for (size_t at = 0, n; at < s.size && !w->tpl->rc; at += n) {
        uint32_t code = 0;
        char escape[16] = "";
        n = mts_utf8_decode(s.data + at, s.size - at, &code);
        n = n ? n : 1;
        const char *simple = s.data[at] ? strchr(from, s.data[at]) : NULL;
        if (simple) {
            snprintf(escape, sizeof escape, "\\%c", to[simple - from]);
        } else if (ascii && code > 0xFFFF) {
            snprintf(escape, sizeof escape, "\\u%04x\\u%04x", (unsigned)(0xD800 + ((code - 0x10000) >> 10)),
                     (unsigned)(0xDC00 + (code & 0x3FF)));
        } else if (code < 0x20 || (ascii && code > 0x7E)) {
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)code);
        }
        if (escape[0]) {
            mts_tpl_write_word(w, escape);
        } else {
            mts_tpl_write(w, (MtsString){s.data + at, n});
        }
    }
    mts_tpl_write_word(w, "\"");
}

static void json_break(MtsTplWriter *w, const MtsTplJson *how, int64_t level)
{
    if (how->indent.data) {
        mts_tpl_write_word(w, "\n");
        for (int64_t i = 0; i < level && !w->tpl->rc; i++) {
            mts_tpl_write(w, how->indent);
        }
    }
}

static void json_key(MtsTplWriter *w, MtsValue key, const MtsTplJson *how, size_t at)
{
    if (key.kind == MTS_VALUE_STRING) {
        write_json_string(w, key.string, how->ascii);
        return;
    }
    if (key.kind == MTS_VALUE_LIST) {
        mts_tpl_fail(w->tpl, MTS_EFORMAT, at, "a tuple as a key of JSON");
    }
    mts_tpl_write_word(w, "\"");
    mts_value_json(w, key, how, 0, at);
    mts_tpl_write_word(w, "\"");
}

/* The entries in the order of their keys. */
static const MtsDictEntry **sorted(MtsTpl *tpl, const MtsDict *dict, bool sort, size_t at)
{
    const MtsDictEntry **entries = mts_tpl_alloc(tpl, (dict->count + 1) * sizeof *entries);
    size_t n = 0;
    for (const MtsDictEntry *entry = dict->first; entry && !tpl->rc; entry = entry->next) {
        size_t place = n++;
        for (; sort && place > 0 && mts_tpl_charge(tpl, 1); place--) {
            if (mts_value_order(tpl, entries[place - 1]->key, entry->key, at) <= 0) {
                break;
            }
            entries[place] = entries[place - 1];
        }
        entries[place] = entry;
    }
    return entries;
}

static void json_dict(MtsTplWriter *w, const MtsDict *dict, const MtsTplJson *how, int64_t level, size_t at)
{
    const MtsDictEntry **entries = sorted(w->tpl, dict, how->sorted, at);
    mts_tpl_write_word(w, "{");
    for (size_t i = 0; i < dict->count && !w->tpl->rc; i++) {
        mts_tpl_write(w, i ? how->item : (MtsString){"", 0});
        json_break(w, how, level + 1);
        json_key(w, entries[i]->key, how, at);
        mts_tpl_write(w, how->key);
        mts_value_json(w, entries[i]->value, how, level + 1, at);
    }
    if (dict->count) {
        json_break(w, how, level);
    }
    mts_tpl_write_word(w, "}");
}

static void json_list(MtsTplWriter *w, const MtsList *list, const MtsTplJson *how, int64_t level, size_t at)
{
    if (list->sort > MTS_LIST_TUPLE) {
        mts_tpl_fail(w->tpl, MTS_EFORMAT, at, "a stream of items as JSON");
    }
    mts_tpl_write_word(w, "[");
    for (size_t i = 0; i < list->count && !w->tpl->rc; i++) {
        mts_tpl_write(w, i ? how->item : (MtsString){"", 0});
        json_break(w, how, level + 1);
        mts_value_json(w, list->items[i], how, level + 1, at);
    }
    if (list->count) {
        json_break(w, how, level);
    }
    mts_tpl_write_word(w, "]");
}

void mts_value_json(MtsTplWriter *w, MtsValue value, const MtsTplJson *how, int64_t level, size_t at)
{
    if (!mts_tpl_enter(w->tpl, at)) {
        return;
    }
    switch (value.kind) {
    case MTS_VALUE_NONE:
        mts_tpl_write_word(w, "null");
        break;
    case MTS_VALUE_BOOL:
        mts_tpl_write_word(w, value.integer ? "true" : "false");
        break;
    case MTS_VALUE_INTEGER:
        write_integer(w, value.integer);
        break;
    case MTS_VALUE_REAL:
        write_real(w, value.real, "Infinity", "NaN");
        break;
    case MTS_VALUE_STRING:
        write_json_string(w, value.string, how->ascii);
        break;
    case MTS_VALUE_LIST:
        json_list(w, value.list, how, level, at);
        break;
    case MTS_VALUE_DICT:
        if (!value.dict->is_namespace && !value.dict->is_loop) {
            json_dict(w, value.dict, how, level, at);
            break;
        } /* fall through */
    default:
        mts_tpl_fail(w->tpl, MTS_EFORMAT, at, "something as JSON that JSON has not: undefined, a function");
        break;
    }
    w->tpl->depth--;
}

/* ---- "%" ---- */

typedef struct Formatting {
    MtsTplWriter *w;
    MtsValue values;
    size_t next, at;
} Formatting;

/* The value of the next place, or of the name in "(name)", which is then skipped. */
static MtsValue next_value(Formatting *f, MtsString pattern, size_t *i)
{
    MtsTpl *tpl = f->w->tpl;
    MtsValue none = mts_value(MTS_VALUE_UNDEFINED);
    if (*i < pattern.size && pattern.data[*i] == '(') {
        const char *end = memchr(pattern.data + *i, ')', pattern.size - *i);
        MtsString name = {pattern.data + *i + 1, end ? (size_t)(end - pattern.data) - *i - 1 : 0};
        const MtsValue *found =
            end && f->values.kind == MTS_VALUE_DICT ? mts_dict_find(tpl, f->values.dict, name) : NULL;
        if (!found) {
            mts_tpl_fail(tpl, MTS_EFORMAT, f->at, "a format of a name that has no value");
            return none;
        }
        *i += name.size + 2;
        return *found;
    }
    bool tuple = f->values.kind == MTS_VALUE_LIST && f->values.list->sort == MTS_LIST_TUPLE;
    if (f->next >= (tuple ? f->values.list->count : 1)) {
        mts_tpl_fail(tpl, MTS_EFORMAT, f->at, "a format of more values than there are");
        return none;
    }
    f->next++;
    return tuple ? f->values.list->items[f->next - 1] : f->values;
}

/* %s %r with width and precision, and numbers by C's own words, which are Python's here. */
static void write_conversion(Formatting *f, MtsString spec, char type, MtsValue value)
{
    char text[400], own[24];
    MtsTpl *tpl = f->w->tpl;
    long width = 0, precision = -1;
    size_t i = 0;
    bool left = false;
    for (; i < spec.size && strchr("-+ 0#", spec.data[i]); i++) {
        left = left || spec.data[i] == '-';
    }
    bool fits = spec.size < sizeof own - 4;
    memcpy(own, "%", 1);
    memcpy(own + 1, spec.data, fits ? spec.size : 0);
    snprintf(own + 1 + (fits ? spec.size : 0), 4, "%s", "");
    sscanf(own + 1 + i, "%ld", &width);
    const char *point = strchr(own, '.');
    if (point) {
        precision = strtol(point + 1, NULL, 10);
    }
    if (!fits || width > 300 || precision > 60) {
        mts_tpl_fail(tpl, MTS_EUNSUPPORTED, f->at, "a format of such a width");
    } else if (type == 's' || type == 'r') {
        MtsTplWriter quoted = {.tpl = tpl};
        if (type == 'r') {
            mts_value_write(&quoted, value, f->at);
        }
        MtsString s = type == 'r' ? mts_tpl_written(&quoted) : mts_value_print(tpl, value, f->at);
        s.size = precision >= 0 ? mts_str_offset(s, (size_t)precision) : s.size;
        mts_tpl_write(f->w, mts_tpl_pad(tpl, s, width, left ? 'l' : 'r', (MtsString){" ", 1}));
    } else if (!mts_value_is_number(value) || (strchr("xXo", type) && value.kind == MTS_VALUE_REAL)) {
        mts_tpl_fail(tpl, MTS_EFORMAT, f->at, "a number's format of something else");
    } else if (strchr("diuxXo", type)) {
        double whole = mts_value_number(value);
        if (whole > 9e18 || whole < -9e18 || whole != whole || (value.integer < 0 && strchr("xXo", type))) {
            mts_tpl_fail(tpl, MTS_EUNSUPPORTED, f->at, "a format of such an integer");
            return;
        }
        snprintf(own + 1 + spec.size, 4, "ll%c", type == 'u' ? 'd' : type);
        snprintf(text, sizeof text, own, value.kind == MTS_VALUE_REAL ? (long long)whole : (long long)value.integer);
        mts_tpl_write_word(f->w, text);
    } else {
        snprintf(own + 1 + spec.size, 4, "%c", type);
        snprintf(text, sizeof text, own, mts_value_number(value));
        mts_tpl_write_word(f->w, text);
    }
}

#define DIGITS "0123456789"

/* How many of these characters stand from s[at] on. */
static size_t count_of(MtsString s, size_t at, const char *signs)
{
    size_t n = 0;
    while (at + n < s.size && s.data[at + n] && strchr(signs, s.data[at + n])) {
        n++;
    }
    return n;
}

MtsString mts_tpl_format(MtsTpl *tpl, MtsString pattern, MtsValue values, size_t at)
{
    MtsTplWriter w = {.tpl = tpl};
    Formatting f = {.w = &w, .values = values, .at = at};
    for (size_t i = 0; i < pattern.size && !tpl->rc;) {
        const char *sign = memchr(pattern.data + i, '%', pattern.size - i);
        size_t end = sign ? (size_t)(sign - pattern.data) : pattern.size;
        mts_tpl_write(&w, (MtsString){pattern.data + i, end - i});
        if (!sign) {
            break;
        }
        i = end + 1;
        if (i < pattern.size && pattern.data[i] == '%') {
            mts_tpl_write_word(&w, "%");
            i++;
            continue;
        }
        MtsValue value = next_value(&f, pattern, &i);
        size_t begin = i;
        i += count_of(pattern, i, "-+ 0#");
        i += count_of(pattern, i, DIGITS);
        if (i < pattern.size && pattern.data[i] == '.') {
            i += 1 + count_of(pattern, i + 1, DIGITS);
        }
        char type = i < pattern.size ? pattern.data[i] : '\0';
        if (!type || !strchr("srdiuxXoeEfFgG", type)) {
            mts_tpl_fail(tpl, MTS_EUNSUPPORTED, at, "such a format of a string");
            break;
        }
        write_conversion(&f, (MtsString){pattern.data + begin, i++ - begin}, type, value);
    }
    bool tuple = values.kind == MTS_VALUE_LIST && values.list->sort == MTS_LIST_TUPLE;
    bool rest = tuple ? f.next < values.list->count : f.next == 0 && values.kind != MTS_VALUE_DICT;
    if (rest && !(values.kind == MTS_VALUE_LIST && !tuple)) {
        mts_tpl_fail(tpl, MTS_EFORMAT, at, "a format of fewer values than there are");
    }
    return mts_tpl_written(&w);
}
