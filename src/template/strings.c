/* template/strings.c - what can be done to strings: the methods of Python's that chat templates call.
 *
 * Lengths and places count characters; strings are valid UTF-8. */
#include <string.h>

#include "core/unicode.h"
#include "core/utf8.h"
#include "template/ast.h"

static const MtsString EMPTY = {"", 0}, MISSING = {NULL, 0};

/* ---- strip, replace, split ---- */

size_t mts_tpl_blank(const char *s, size_t n)
{
    uint32_t code = 0;
    size_t length = mts_utf8_decode(s, n, &code);
    return length && (mts_char_class(code) == MTS_CHAR_SPACE || (code >= 0x1C && code <= 0x1F)) ? length : 0;
}

/* Whether the character c [size] is one of those in set; an undefined set is white space as Python counts it. */
static bool in_set(MtsString set, const char *c, size_t size)
{
    if (!set.data) {
        return mts_tpl_blank(c, size) > 0;
    }
    for (size_t at = 0; at < set.size;) {
        MtsString rest = {set.data + at, set.size - at};
        size_t length = mts_str_offset(rest, 1);
        if (length == size && memcmp(rest.data, c, size) == 0) {
            return true;
        }
        at += length;
    }
    return false;
}

MtsString mts_tpl_strip(MtsTpl *tpl, MtsString s, MtsString set, bool left, bool right)
{
    while (left && s.size && mts_tpl_charge(tpl, 1 + set.size)) {
        size_t length = mts_str_offset(s, 1);
        if (!in_set(set, s.data, length)) {
            break;
        }
        s.data += length;
        s.size -= length;
    }
    while (right && s.size && mts_tpl_charge(tpl, 1 + set.size)) {
        size_t begin = s.size - 1;
        while (begin > 0 && (s.data[begin] & 0xC0) == 0x80) {
            begin--;
        }
        if (!in_set(set, s.data + begin, s.size - begin)) {
            break;
        }
        s.size = begin;
    }
    return s;
}

static MtsString after(MtsString s, size_t bytes)
{
    return (MtsString){s.data + bytes, s.size - bytes};
}

/* Nothing is found before each character and at the end. */
MtsString mts_tpl_replace(MtsTpl *tpl, MtsString s, MtsString from, MtsString to, int64_t most)
{
    MtsTplWriter w = {.tpl = tpl};
    for (; most != 0 && !tpl->rc; most -= most > 0) {
        size_t found = mts_tpl_search(tpl, s, from);
        if (found == SIZE_MAX) {
            break;
        }
        mts_tpl_write(&w, (MtsString){s.data, found});
        mts_tpl_write(&w, to);
        s = after(s, found + from.size);
        if (from.size == 0) {
            if (s.size == 0) {
                break;
            }
            size_t one = mts_str_offset(s, 1);
            mts_tpl_write(&w, (MtsString){s.data, one});
            s = after(s, one);
        }
    }
    mts_tpl_write(&w, s);
    return mts_tpl_written(&w);
}

/* Where `part` ends the last time in s; SIZE_MAX: nowhere. */
static size_t search_back(MtsTpl *tpl, MtsString s, MtsString part)
{
    size_t place = SIZE_MAX;
    for (size_t at = 0; at <= s.size;) {
        size_t found = mts_tpl_search(tpl, after(s, at), part);
        if (found == SIZE_MAX || tpl->rc) {
            break;
        }
        place = at + found;
        at = place + 1;
    }
    return place;
}

/* The next piece of *rest, which then begins behind the separator (MISSING: white space); false: none is left. */
static bool next_piece(MtsTpl *tpl, MtsString *rest, MtsString by, bool last, MtsString *piece)
{
    if (by.data) {
        size_t found = last ? SIZE_MAX : mts_tpl_search(tpl, *rest, by);
        *piece = (MtsString){rest->data, found == SIZE_MAX ? rest->size : found};
        *rest = found == SIZE_MAX ? MISSING : after(*rest, found + by.size);
        return true;
    }
    *rest = mts_tpl_strip(tpl, *rest, MISSING, true, false);
    *piece = *rest;
    if (!last) {
        piece->size = 0;
        while (piece->size < rest->size && mts_tpl_charge(tpl, 1)) {
            size_t one = mts_str_offset(after(*rest, piece->size), 1);
            if (in_set(MISSING, rest->data + piece->size, one)) {
                break;
            }
            piece->size += one;
        }
    }
    *rest = after(*rest, piece->size);
    return piece->size > 0;
}

static MtsValue list_of(MtsTpl *tpl, const MtsString *pieces, size_t count, bool reversed)
{
    MtsValue list = mts_value_list(tpl, count);
    for (size_t i = 0; !tpl->rc && i < count; i++) {
        list.list->items[i] = mts_value_string(pieces[reversed ? count - 1 - i : i]);
    }
    return list;
}

static bool grow(MtsTpl *tpl, MtsString **pieces, size_t *cap, size_t count)
{
    if (count < *cap) {
        return true;
    }
    MtsString *more = mts_tpl_alloc(tpl, (*cap * 2 + 8) * sizeof *more);
    if (more && count) {
        memcpy(more, *pieces, count * sizeof *more);
    }
    *pieces = more;
    *cap = *cap * 2 + 8;
    return more != NULL;
}

static MtsValue split(MtsTpl *tpl, MtsString s, MtsString by, int64_t most, size_t at)
{
    MtsString *pieces = NULL, piece;
    size_t count = 0, cap = 0;
    if (by.data && by.size == 0) {
        mts_tpl_fail(tpl, MTS_EFORMAT, at, "a split by nothing");
    }
    while (!tpl->rc && s.data && grow(tpl, &pieces, &cap, count)) {
        if (!next_piece(tpl, &s, by, most == 0, &piece)) {
            break;
        }
        pieces[count++] = piece;
        most -= most > 0;
    }
    return list_of(tpl, pieces, count, false);
}

/* From the right, by a separator; by white space only where all pieces are wanted. */
static MtsValue split_back(MtsTpl *tpl, MtsString s, MtsString by, int64_t most, size_t at)
{
    MtsString *pieces = NULL;
    size_t count = 0, cap = 0;
    if (!by.data && most >= 0) {
        mts_tpl_fail(tpl, MTS_EUNSUPPORTED, at, "rsplit by white space with a limit");
    }
    if (!by.data || by.size == 0 || most < 0) {
        return split(tpl, s, by, -1, at);
    }
    while (!tpl->rc && grow(tpl, &pieces, &cap, count)) {
        size_t found = most == 0 ? SIZE_MAX : search_back(tpl, s, by);
        pieces[count++] = found == SIZE_MAX ? s : after(s, found + by.size);
        if (found == SIZE_MAX) {
            break;
        }
        s.size = found;
        most--;
    }
    return list_of(tpl, pieces, count, true);
}

/* At \n, \r, \r\n and the other ends of lines; without an empty line at the end. */
static MtsValue split_lines(MtsTpl *tpl, MtsString s, bool keep)
{
    MtsString *pieces = NULL;
    size_t count = 0, cap = 0;
    while (s.size && !tpl->rc && grow(tpl, &pieces, &cap, count)) {
        size_t end = 0, mark = 0;
        for (uint32_t code; end < s.size && !mark; end += mark ? 0 : mts_str_offset(after(s, end), 1)) {
            size_t n = mts_utf8_decode(s.data + end, s.size - end, &code);
            bool breaks = (code >= 0x0A && code <= 0x0D) || (code >= 0x1C && code <= 0x1E) || code == 0x85 ||
                          code == 0x2028 || code == 0x2029;
            mark = n && breaks ? n : 0;
            if (code == '\r' && end + 1 < s.size && s.data[end + 1] == '\n') {
                mark = 2;
            }
        }
        mts_tpl_charge(tpl, end);
        pieces[count++] = (MtsString){s.data, end + (keep ? mark : 0)};
        s = after(s, end + mark);
    }
    return list_of(tpl, pieces, count, false);
}

static MtsValue partition(MtsTpl *tpl, MtsString s, MtsString by, bool back, size_t at)
{
    if (by.size == 0) {
        mts_tpl_fail(tpl, MTS_EFORMAT, at, "a partition by nothing");
    }
    size_t found = back ? search_back(tpl, s, by) : mts_tpl_search(tpl, s, by);
    MtsString parts[3] = {s, EMPTY, EMPTY};
    if (found != SIZE_MAX) {
        parts[0].size = found;
        parts[1] = (MtsString){s.data + found, by.size};
        parts[2] = after(s, found + by.size);
    } else if (back) {
        parts[0] = EMPTY;
        parts[2] = s;
    }
    MtsValue list = list_of(tpl, parts, 3, false);
    if (list.list) {
        list.list->sort = MTS_LIST_TUPLE;
    }
    return list;
}

/* ---- cases and classes ---- */

static bool is_cased(uint32_t code)
{
    uint32_t up[MTS_CASE_MOST], low[MTS_CASE_MOST];
    return mts_char_case(code, MTS_UPPER, up) > 1 || up[0] != code || mts_char_case(code, MTS_LOWER, low) > 1 ||
           low[0] != code;
}

/* A capital sigma at the end of a word has a small letter of its own. */
static bool is_final_sigma(MtsString s, size_t at, size_t size, bool letter_before)
{
    uint32_t next = 0;
    mts_utf8_decode(s.data + at + size, s.size - at - size, &next);
    return letter_before && (at + size >= s.size || !is_cased(next));
}

/* 'u' upper, 'l' lower, 'c' capitalize (the first letter titled, the rest lower), 't' title (likewise for each run of
 * letters), 's' swapped, 'w' the title of the filter (each word, which white space and opening signs begin). */
MtsString mts_tpl_change_case(MtsTpl *tpl, MtsString s, char how)
{
    MtsTplWriter w = {.tpl = tpl};
    bool begins = true, before = false; /* a word, or with 'c' the text */
    for (size_t at = 0, n; at < s.size && !tpl->rc; at += n) {
        uint32_t code = 0, out[MTS_CASE_MOST];
        n = mts_utf8_decode(s.data + at, s.size - at, &code);
        n = n ? n : 1;
        bool first = begins && (how == 'c' || how == 't' || how == 'w');
        bool swapped = how == 's' && (mts_char_case(code, MTS_LOWER, out), out[0] == code);
        MtsLetterCase to = first && how != 'w' ? MTS_TITLE : first || how == 'u' || swapped ? MTS_UPPER : MTS_LOWER;
        size_t count = mts_char_case(code, to, out);
        if (code == 0x3A3 && to == MTS_LOWER && is_final_sigma(s, at, n, before)) {
            out[0] = 0x3C2;
        }
        before = is_cased(code);
        if (count == 1 && out[0] == code) {
            mts_tpl_write(&w, (MtsString){s.data + at, n}); /* with its shadow */
        } else {
            for (size_t i = 0; i < count; i++) {
                char utf8[4];
                mts_tpl_write(&w, (MtsString){utf8, mts_utf8_encode(out[i], utf8)});
            }
        }
        begins = (how == 't' && !before) ||
                 (how == 'w' && (memchr("-({[<", s.data[at], 5) || in_set(MISSING, s.data + at, n)));
    }
    return mts_tpl_written(&w);
}

/* isalpha, isdigit, isalnum, isspace, isupper, islower: of all characters, and there is one. */
static bool is_all(MtsTpl *tpl, MtsString s, MtsString name)
{
    bool all = s.size > 0 && mts_tpl_charge(tpl, s.size), cased = false;
    bool upper = mts_str_is(name, "isupper"), lower = mts_str_is(name, "islower");
    for (size_t at = 0, n; at < s.size && all; at += n) {
        uint32_t code = 0, other[MTS_CASE_MOST];
        n = mts_utf8_decode(s.data + at, s.size - at, &code);
        n = n ? n : 1;
        MtsCharClass class = mts_char_class(code);
        if (upper || lower) {
            size_t many = mts_char_case(code, upper ? MTS_LOWER : MTS_UPPER, other);
            bool fits = many > 1 || other[0] != code;
            all = fits || !is_cased(code);
            cased = cased || fits;
            continue;
        }
        all = mts_str_is(name, "isspace")   ? in_set(MISSING, s.data + at, n)
              : mts_str_is(name, "isalpha") ? mts_char_is_letter(code)
              : mts_str_is(name, "isalnum") ? mts_char_is_letter(code) || class == MTS_CHAR_NUMBER
                                            : class == MTS_CHAR_NUMBER;
    }
    return all && (cased || !(upper || lower));
}

static bool has_affix(MtsString s, MtsString affix, bool at_end)
{
    return affix.size <= s.size &&
           (affix.size == 0 || memcmp(s.data + (at_end ? s.size - affix.size : 0), affix.data, affix.size) == 0);
}

/* ---- format: "{}", "{0}", "{name}" ---- */

static MtsString format_braces(MtsTpl *tpl, MtsString s, const MtsArguments *args, size_t at)
{
    MtsTplWriter w = {.tpl = tpl};
    size_t next = 0;
    mts_arguments_taken(args);
    for (size_t i = 0; i < s.size && !tpl->rc;) {
        char c = s.data[i];
        if ((c == '{' || c == '}') && i + 1 < s.size && s.data[i + 1] == c) {
            mts_tpl_write(&w, (MtsString){s.data + i, 1});
            i += 2;
            continue;
        }
        if (c != '{') {
            mts_tpl_write(&w, (MtsString){s.data + i++, 1});
            continue;
        }
        const char *end = memchr(s.data + i, '}', s.size - i);
        MtsString name = {s.data + i + 1, end ? (size_t)(end - s.data) - i - 1 : 0};
        const MtsValue *value = NULL;
        size_t place = name.size ? 0 : next++;
        bool number = name.size < 6;
        for (size_t k = 0; k < name.size && number; k++) {
            number = name.data[k] >= '0' && name.data[k] <= '9';
            place = place * 10 + (size_t)(name.data[k] - '0');
        }
        for (size_t k = 0; k < args->count && !value; k++) {
            bool hit = number ? !args->names[k].data && k == place
                              : args->names[k].data && mts_str_equal(args->names[k], name);
            value = hit ? &args->values[k] : NULL;
        }
        if (!end || !value) {
            mts_tpl_fail(tpl, MTS_EUNSUPPORTED, at, "such a format of a string");
            break;
        }
        mts_tpl_write(&w, mts_value_print(tpl, *value, at));
        i += name.size + 2;
    }
    return mts_tpl_written(&w);
}

/* ---- by name ---- */

static MtsValue strip_method(MtsTpl *tpl, const MtsTplCall *c)
{
    MtsString set = mts_argument_string(tpl, c, 0, "chars", MISSING);
    char first = c->name.data[0];
    return mts_value_string(mts_tpl_strip(tpl, c->value.string, set, first != 'r', first != 'l'));
}

static MtsValue affix_method(MtsTpl *tpl, const MtsTplCall *c)
{
    const MtsValue *affix = mts_argument(c->args, 0, "prefix");
    bool end = c->name.data[0] == 'e', any = false;
    MtsString s = c->value.string;
    if (!affix || (affix->kind != MTS_VALUE_STRING && affix->kind != MTS_VALUE_LIST) || c->args->count > 1) {
        mts_tpl_fail(tpl, affix ? MTS_EFORMAT : MTS_EUNSUPPORTED, c->at, "these arguments of a method");
        return mts_value(MTS_VALUE_UNDEFINED);
    }
    if (affix->kind == MTS_VALUE_STRING) {
        return mts_value_bool(has_affix(s, affix->string, end));
    }
    for (size_t i = 0; i < affix->list->count; i++) {
        MtsValue one = affix->list->items[i];
        any = any || (one.kind == MTS_VALUE_STRING && has_affix(s, one.string, end));
    }
    return mts_value_bool(any);
}

static MtsValue remove_affix(MtsTpl *tpl, const MtsTplCall *c)
{
    MtsString s = c->value.string, affix = mts_argument_string(tpl, c, 0, "prefix", EMPTY);
    bool end = mts_str_is(c->name, "removesuffix");
    if (has_affix(s, affix, end)) {
        s = end ? (MtsString){s.data, s.size - affix.size} : after(s, affix.size);
    }
    return mts_value_string(s);
}

static MtsValue split_method(MtsTpl *tpl, const MtsTplCall *c)
{
    MtsString by = mts_argument_string(tpl, c, 0, "sep", MISSING);
    int64_t most = mts_argument_integer(tpl, c, 1, "maxsplit", -1);
    return c->name.data[0] == 'r' ? split_back(tpl, c->value.string, by, most, c->at)
                                  : split(tpl, c->value.string, by, most, c->at);
}

static MtsValue lines_method(MtsTpl *tpl, const MtsTplCall *c)
{
    return split_lines(tpl, c->value.string, mts_argument_truth(c, 0, "keepends", false));
}

static MtsValue partition_method(MtsTpl *tpl, const MtsTplCall *c)
{
    MtsString by = mts_argument_string(tpl, c, 0, "sep", EMPTY);
    return partition(tpl, c->value.string, by, c->name.data[0] == 'r', c->at);
}

static MtsValue replace_method(MtsTpl *tpl, const MtsTplCall *c)
{
    if (c->args->count < 2) {
        mts_tpl_fail(tpl, MTS_EFORMAT, c->at, "a replacement without what and by what");
    }
    MtsString from = mts_argument_string(tpl, c, 0, "old", EMPTY), to = mts_argument_string(tpl, c, 1, "new", EMPTY);
    return mts_value_string(
        mts_tpl_replace(tpl, c->value.string, from, to, mts_argument_integer(tpl, c, 2, "count", -1)));
}

static MtsValue case_method(MtsTpl *tpl, const MtsTplCall *c)
{
    return mts_value_string(mts_tpl_change_case(tpl, c->value.string, c->name.data[0]));
}

static MtsValue class_method(MtsTpl *tpl, const MtsTplCall *c)
{
    return mts_value_bool(is_all(tpl, c->value.string, c->name));
}

static MtsValue find_method(MtsTpl *tpl, const MtsTplCall *c)
{
    MtsString s = c->value.string, part = mts_argument_string(tpl, c, 0, "sub", EMPTY);
    size_t found = c->name.data[0] == 'r' ? search_back(tpl, s, part) : mts_tpl_search(tpl, s, part);
    if (c->args->count != 1) {
        mts_tpl_fail(tpl, MTS_EUNSUPPORTED, c->at, "these arguments of a method");
    }
    if (found == SIZE_MAX && (mts_str_is(c->name, "index") || mts_str_is(c->name, "rindex"))) {
        mts_tpl_fail(tpl, MTS_EFORMAT, c->at, "the index of a part that is not there");
    }
    return mts_value_integer(found == SIZE_MAX ? -1 : (int64_t)mts_str_characters((MtsString){s.data, found}));
}

static MtsValue count_method(MtsTpl *tpl, const MtsTplCall *c)
{
    MtsString s = c->value.string, part = mts_argument_string(tpl, c, 0, "sub", EMPTY);
    int64_t count = part.size ? 0 : (int64_t)mts_str_characters(s) + 1;
    for (size_t found; part.size && (found = mts_tpl_search(tpl, s, part)) != SIZE_MAX && !tpl->rc; count++) {
        s = after(s, found + part.size);
    }
    return mts_value_integer(count);
}

static MtsValue pad_method(MtsTpl *tpl, const MtsTplCall *c)
{
    int64_t width = mts_argument_integer(tpl, c, 0, "width", 0);
    MtsString fill = mts_argument_string(tpl, c, 1, "fillchar", (MtsString){" ", 1}), s = c->value.string;
    if (mts_str_characters(fill) != 1) {
        mts_tpl_fail(tpl, MTS_EFORMAT, c->at, "a fill of more or less than one character");
    }
    return mts_value_string(mts_tpl_pad(tpl, s, width, c->name.data[0], fill));
}

static MtsValue zfill_method(MtsTpl *tpl, const MtsTplCall *c)
{
    MtsString s = c->value.string;
    bool sign = s.size && (s.data[0] == '-' || s.data[0] == '+');
    int64_t width = mts_argument_integer(tpl, c, 0, "width", 0) - sign;
    MtsString digits = mts_tpl_pad(tpl, sign ? after(s, 1) : s, width, 'r', (MtsString){"0", 1});
    return mts_value_string(mts_tpl_concat(tpl, (MtsString){s.data, sign}, digits));
}

static MtsValue join_method(MtsTpl *tpl, const MtsTplCall *c)
{
    MtsTplWriter w = {.tpl = tpl};
    const MtsValue *given = mts_argument(c->args, 0, "iterable");
    MtsValue items = given ? mts_tpl_items(tpl, *given, c->at) : mts_value_list(tpl, 0);
    for (size_t i = 0; !tpl->rc && i < items.list->count; i++) {
        if (items.list->items[i].kind != MTS_VALUE_STRING) {
            mts_tpl_fail(tpl, MTS_EFORMAT, c->at, "a join of something that is no string");
        }
        mts_tpl_write(&w, i ? c->value.string : EMPTY);
        mts_tpl_write(&w, items.list->items[i].string);
    }
    return mts_value_string(mts_tpl_written(&w));
}

static MtsValue format_method(MtsTpl *tpl, const MtsTplCall *c)
{
    return mts_value_string(format_braces(tpl, c->value.string, c->args, c->at));
}

static const struct {
    const char *name;
    MtsValue (*call)(MtsTpl *tpl, const MtsTplCall *call);
} METHODS[] = {
    {"capitalize", case_method},      {"center", pad_method},         {"count", count_method},
    {"endswith", affix_method},       {"find", find_method},          {"format", format_method},
    {"index", find_method},           {"isalnum", class_method},      {"isalpha", class_method},
    {"isdigit", class_method},        {"islower", class_method},      {"isspace", class_method},
    {"isupper", class_method},        {"join", join_method},          {"ljust", pad_method},
    {"lower", case_method},           {"lstrip", strip_method},       {"partition", partition_method},
    {"removeprefix", remove_affix},   {"removesuffix", remove_affix}, {"replace", replace_method},
    {"rfind", find_method},           {"rindex", find_method},        {"rjust", pad_method},
    {"rpartition", partition_method}, {"rsplit", split_method},       {"rstrip", strip_method},
    {"split", split_method},          {"splitlines", lines_method},   {"startswith", affix_method},
    {"strip", strip_method},          {"swapcase", case_method},      {"title", case_method},
    {"upper", case_method},           {"zfill", zfill_method},
};

MtsValue mts_tpl_string_method(MtsTpl *tpl, const MtsTplCall *call, MtsString name, bool *known)
{
    for (size_t i = 0; i < sizeof METHODS / sizeof METHODS[0]; i++) {
        if (mts_str_is(name, METHODS[i].name)) {
            *known = true;
            bool may = call && mts_tpl_charge(tpl, call->value.string.size);
            return may ? METHODS[i].call(tpl, call) : mts_value(MTS_VALUE_UNDEFINED);
        }
    }
    *known = false;
    return mts_value(MTS_VALUE_UNDEFINED);
}
