/* template/builtins.c - the filters, tests, methods and functions that chat templates use. */
#include <string.h>

#include "core/utf8.h"
#include "template/ast.h"
#include "core/unicode.h"

static MtsValue undefined(void)
{
    return mts_value(MTS_VALUE_UNDEFINED);
}

static MtsValue unknown(MtsTpl *tpl, const char *what, MtsString name, size_t at)
{
    char shown[MTS_SHOWN];
    mts_tpl_fail(tpl, MTS_EUNSUPPORTED, at, "the %s \"%s\"", what, mts_str_show(name, shown));
    return undefined();
}

/* ---- strings ---- */

/* Whether the character c [size] is one of those in set; an undefined set is white space as Python counts it. */
static bool in_set(MtsString set, const char *c, size_t size)
{
    uint32_t code = 0;
    if (!set.data) {
        mts_utf8_decode(c, size, &code);
        return mts_char_class(code) == MTS_CHAR_SPACE || (code >= 0x1C && code <= 0x1F);
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

static MtsString strip(MtsTpl *tpl, MtsString s, MtsString set, bool left, bool right)
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

/* 'u' upper, 'l' lower, 'c' capitalize (the first letter upper, the rest lower), 't' title (likewise for each run of
 * letters), 'w' the title of the filter (likewise for each word, which white space and opening signs begin). ASCII
 * letters only: other letters' cases need tables that no template has needed. */
static MtsString change_case(MtsTpl *tpl, MtsString s, char how)
{
    char *out = mts_tpl_alloc(tpl, s.size);
    bool begins = true; /* a word, or with 'c' the text */
    for (size_t i = 0; i < s.size && out; i++) {
        bool is_lower = s.data[i] >= 'a' && s.data[i] <= 'z', is_upper = s.data[i] >= 'A' && s.data[i] <= 'Z';
        bool wants_upper = how == 'u' || (how != 'l' && begins);
        out[i] = (wants_upper ? is_lower : is_upper) ? (char)(s.data[i] ^ 0x20) : s.data[i];
        begins = (how == 't' && !is_lower && !is_upper && !(s.data[i] & 0x80)) ||
                 (how == 'w' && memchr("-({[< \t\n\v\f\r", s.data[i], 11));
    }
    return (MtsString){out ? out : "", out ? s.size : 0};
}

static bool is_case_name(MtsString name)
{
    return mts_str_is(name, "upper") || mts_str_is(name, "lower") || mts_str_is(name, "capitalize") ||
           mts_str_is(name, "title");
}

static MtsString replace(MtsTpl *tpl, MtsString s, MtsString from, MtsString to, size_t at)
{
    MtsString done = {"", 0};
    if (from.size == 0) {
        mts_tpl_fail(tpl, MTS_EUNSUPPORTED, at, "replacing nothing by something");
        return done;
    }
    while (!tpl->rc) {
        size_t found = mts_tpl_search(tpl, s, from);
        MtsString before = {s.data, found == SIZE_MAX ? s.size : found};
        done = mts_tpl_concat(tpl, done, before);
        if (found == SIZE_MAX) {
            break;
        }
        done = mts_tpl_concat(tpl, done, to);
        s.data += found + from.size;
        s.size -= found + from.size;
    }
    return done;
}

/* The parts of s between occurrences of `by`. */
static MtsValue split(MtsTpl *tpl, MtsString s, MtsString by, size_t at)
{
    size_t count = 1;
    MtsString rest = s;
    if (by.size == 0) {
        mts_tpl_fail(tpl, MTS_EFORMAT, at, "a split by nothing");
        return undefined();
    }
    for (size_t found; (found = mts_tpl_search(tpl, rest, by)) != SIZE_MAX; count++) {
        rest = (MtsString){rest.data + found + by.size, rest.size - found - by.size};
    }
    MtsValue parts = mts_value_list(tpl, count);
    rest = s;
    for (size_t i = 0; i < count && !tpl->rc; i++) {
        size_t found = mts_tpl_search(tpl, rest, by), end = found == SIZE_MAX ? rest.size : found;
        parts.list->items[i] = mts_value_string((MtsString){rest.data, end});
        size_t skip = found == SIZE_MAX ? rest.size : found + by.size;
        rest = (MtsString){rest.data + skip, rest.size - skip};
    }
    return parts;
}

static bool has_affix(MtsString s, MtsString affix, bool at_end)
{
    return affix.size <= s.size &&
           (affix.size == 0 || memcmp(s.data + (at_end ? s.size - affix.size : 0), affix.data, affix.size) == 0);
}

/* The string argument at that place; the default where it is missing or no string. */
static MtsString string_argument(const MtsArguments *args, size_t place, const char *name, MtsString otherwise)
{
    const MtsValue *value = mts_argument(args, place, name);
    return value && value->kind == MTS_VALUE_STRING ? value->string : otherwise;
}

/* ---- lists ---- */

MtsValue mts_tpl_items(MtsTpl *tpl, MtsValue value, size_t at)
{
    size_t i = 0;
    if (value.kind == MTS_VALUE_LIST) {
        return value;
    }
    if (value.kind == MTS_VALUE_UNDEFINED) {
        return mts_value_list(tpl, 0);
    }
    if (value.kind == MTS_VALUE_DICT) {
        MtsValue keys = mts_value_list(tpl, value.dict->count);
        for (const MtsDictEntry *entry = value.dict->first; entry && !tpl->rc; entry = entry->next) {
            keys.list->items[i++] = mts_value_string(entry->key);
        }
        return keys;
    }
    if (value.kind == MTS_VALUE_STRING && mts_tpl_charge(tpl, value.string.size)) {
        MtsValue characters = mts_value_list(tpl, mts_str_characters(value.string));
        for (size_t begin = 0; begin < value.string.size && !tpl->rc;) {
            MtsString rest = {value.string.data + begin, value.string.size - begin};
            size_t length = mts_str_offset(rest, 1);
            characters.list->items[i++] = mts_value_string((MtsString){rest.data, length});
            begin += length;
        }
        return characters;
    }
    mts_tpl_fail(tpl, MTS_EFORMAT, at, "a loop over something that has no items");
    return undefined();
}

/* A dictionary's entries: 'k' keys, 'v' values, 'i' pairs of both. */
static MtsValue dict_items(MtsTpl *tpl, const MtsDict *dict, char which)
{
    MtsValue items = mts_value_list(tpl, dict->count);
    size_t i = 0;
    for (const MtsDictEntry *entry = dict->first; entry && !tpl->rc; entry = entry->next, i++) {
        MtsValue key = mts_value_string(entry->key);
        if (which != 'i') {
            items.list->items[i] = which == 'k' ? key : entry->value;
            continue;
        }
        MtsValue pair = mts_value_list(tpl, 2);
        if (pair.list) {
            pair.list->items[0] = key;
            pair.list->items[1] = entry->value;
            items.list->items[i] = pair;
        }
    }
    return items;
}

/* selectattr(name, test, argument), rejectattr, map(attribute=name). */
static MtsValue pick(MtsTpl *tpl, MtsString filter, MtsValue value, const MtsArguments *args, size_t at)
{
    bool map = mts_str_is(filter, "map"), reject = mts_str_is(filter, "rejectattr");
    const MtsValue *name = mts_argument(args, map ? SIZE_MAX : 0, "attribute");
    const MtsValue *test = map ? NULL : mts_argument(args, 1, "test");
    MtsValue items = mts_tpl_items(tpl, value, at);
    if (!name || name->kind != MTS_VALUE_STRING || (test && test->kind != MTS_VALUE_STRING)) {
        mts_tpl_fail(tpl, MTS_EUNSUPPORTED, at, "these arguments of a filter");
    }
    if (tpl->rc) {
        return undefined();
    }
    MtsArguments operand = {args->values + 2, args->names + 2, args->count > 2 ? args->count - 2 : 0};
    MtsValue picked = mts_value_list(tpl, items.list->count);
    size_t count = 0;
    for (size_t i = 0; i < items.list->count && !tpl->rc; i++) {
        MtsValue item = items.list->items[i];
        const MtsValue *found = item.kind == MTS_VALUE_DICT ? mts_dict_find(tpl, item.dict, name->string) : NULL;
        MtsValue attribute = found ? *found : undefined();
        if (map) {
            picked.list->items[count++] = attribute;
        } else {
            bool holds = test ? mts_tpl_test(tpl, test->string, attribute, &operand, at) : mts_value_truth(attribute);
            if (holds != reject) {
                picked.list->items[count++] = item;
            }
        }
    }
    if (!tpl->rc) {
        picked.list->count = count;
    }
    return picked;
}

static MtsValue join(MtsTpl *tpl, MtsValue value, MtsString by, size_t at)
{
    MtsValue items = mts_tpl_items(tpl, value, at);
    MtsString text = {"", 0};
    for (size_t i = 0; !tpl->rc && i < items.list->count; i++) {
        text = i ? mts_tpl_concat(tpl, text, by) : text;
        text = mts_tpl_concat(tpl, text, mts_value_print(tpl, items.list->items[i], at));
    }
    return mts_value_string(text);
}

static MtsValue length_of(MtsTpl *tpl, MtsValue value, size_t at)
{
    switch (value.kind) {
    case MTS_VALUE_STRING:
        mts_tpl_charge(tpl, value.string.size);
        return mts_value_integer((int64_t)mts_str_characters(value.string));
    case MTS_VALUE_LIST:
        return mts_value_integer((int64_t)value.list->count);
    case MTS_VALUE_DICT:
        return mts_value_integer((int64_t)value.dict->count);
    case MTS_VALUE_UNDEFINED:
        return mts_value_integer(0);
    default:
        mts_tpl_fail(tpl, MTS_EFORMAT, at, "the length of something that has none");
        return undefined();
    }
}

static MtsValue end_item(MtsTpl *tpl, MtsValue value, bool last, size_t at)
{
    MtsValue items = mts_tpl_items(tpl, value, at);
    if (tpl->rc || items.list->count == 0) {
        return undefined();
    }
    return items.list->items[last ? items.list->count - 1 : 0];
}

/* ---- by name ---- */

MtsValue mts_tpl_filter(MtsTpl *tpl, MtsString name, MtsValue value, const MtsArguments *args, size_t at)
{
    const MtsString empty = {"", 0};
    if (mts_str_is(name, "length") || mts_str_is(name, "count")) {
        return length_of(tpl, value, at);
    }
    if (mts_str_is(name, "default") || mts_str_is(name, "d")) {
        const MtsValue *otherwise = mts_argument(args, 0, "default_value"), *falsy = mts_argument(args, 1, "boolean");
        bool keep = falsy && mts_value_truth(*falsy) ? mts_value_truth(value) : value.kind != MTS_VALUE_UNDEFINED;
        return keep ? value : otherwise ? *otherwise : mts_value_string(empty);
    }
    if (mts_str_is(name, "first") || mts_str_is(name, "last")) {
        return end_item(tpl, value, name.data[0] == 'l', at);
    }
    if (mts_str_is(name, "list")) {
        return mts_tpl_items(tpl, value, at);
    }
    if (mts_str_is(name, "items") && value.kind == MTS_VALUE_DICT) {
        return dict_items(tpl, value.dict, 'i');
    }
    if (mts_str_is(name, "selectattr") || mts_str_is(name, "rejectattr") || mts_str_is(name, "map")) {
        return pick(tpl, name, value, args, at);
    }
    if (mts_str_is(name, "join")) {
        return join(tpl, value, string_argument(args, 0, "d", empty), at);
    }
    if (mts_str_is(name, "trim")) {
        MtsString text = mts_value_print(tpl, value, at);
        return mts_value_string(strip(tpl, text, string_argument(args, 0, "chars", (MtsString){NULL, 0}), true, true));
    }
    if (mts_str_is(name, "string") || mts_str_is(name, "safe")) {
        return mts_value_string(mts_value_print(tpl, value, at));
    }
    if (is_case_name(name)) {
        char how = name.data[0] == 't' ? 'w' : name.data[0];
        return mts_value_string(change_case(tpl, mts_value_print(tpl, value, at), how));
    }
    if (mts_str_is(name, "replace")) {
        MtsString from = string_argument(args, 0, "old", empty), to = string_argument(args, 1, "new", empty);
        return mts_value_string(replace(tpl, mts_value_print(tpl, value, at), from, to, at));
    }
    return unknown(tpl, "filter", name, at);
}

bool mts_tpl_test(MtsTpl *tpl, MtsString name, MtsValue value, const MtsArguments *args, size_t at)
{
    const MtsValue *other = mts_argument(args, 0, "other");
    MtsValueKind kind = value.kind;
    if (mts_str_is(name, "defined") || mts_str_is(name, "undefined")) {
        return (kind == MTS_VALUE_UNDEFINED) == (name.data[0] == 'u');
    }
    if (mts_str_is(name, "none")) {
        return kind == MTS_VALUE_NONE;
    }
    if (mts_str_is(name, "string")) {
        return kind == MTS_VALUE_STRING;
    }
    if (mts_str_is(name, "mapping")) {
        return kind == MTS_VALUE_DICT;
    }
    if (mts_str_is(name, "iterable") || mts_str_is(name, "sequence")) {
        return kind == MTS_VALUE_LIST || kind == MTS_VALUE_STRING || kind == MTS_VALUE_DICT ||
               kind == MTS_VALUE_UNDEFINED;
    }
    if (mts_str_is(name, "number")) {
        return mts_value_is_number(value);
    }
    if (mts_str_is(name, "integer")) {
        return kind == MTS_VALUE_INTEGER;
    }
    if (mts_str_is(name, "boolean")) {
        return kind == MTS_VALUE_BOOL;
    }
    if (mts_str_is(name, "true") || mts_str_is(name, "false")) {
        return kind == MTS_VALUE_BOOL && (value.integer != 0) == (name.data[0] == 't');
    }
    if (mts_str_is(name, "odd") || mts_str_is(name, "even")) {
        return mts_value_is_number(value) && (value.integer % 2 != 0) == (name.data[0] == 'o');
    }
    if (other && (mts_str_is(name, "equalto") || mts_str_is(name, "eq") || mts_str_is(name, "=="))) {
        return mts_value_equal(tpl, value, *other);
    }
    if (other && (mts_str_is(name, "ne") || mts_str_is(name, "!="))) {
        return !mts_value_equal(tpl, value, *other);
    }
    if (other && mts_str_is(name, "in")) {
        return mts_value_in(tpl, value, *other, at);
    }
    if (other && mts_str_is(name, "divisibleby") && mts_value_is_number(value) && mts_value_is_number(*other) &&
        other->integer > 0) {
        return value.integer % other->integer == 0;
    }
    unknown(tpl, "test", name, at);
    return false;
}

static MtsValue string_method(MtsTpl *tpl, MtsString s, MtsString name, const MtsArguments *args, size_t at)
{
    const MtsString empty = {"", 0};
    if (!mts_tpl_charge(tpl, s.size)) {
        return undefined();
    }
    if (mts_str_is(name, "strip") || mts_str_is(name, "lstrip") || mts_str_is(name, "rstrip")) {
        MtsString set = string_argument(args, 0, "chars", (MtsString){NULL, 0});
        return mts_value_string(strip(tpl, s, set, name.data[0] != 'r', name.data[0] != 'l'));
    }
    if (mts_str_is(name, "startswith") || mts_str_is(name, "endswith")) {
        const MtsValue *affix = mts_argument(args, 0, "prefix");
        if (!affix || affix->kind != MTS_VALUE_STRING) {
            mts_tpl_fail(tpl, MTS_EUNSUPPORTED, at, "these arguments of a method");
            return undefined();
        }
        return mts_value_bool(has_affix(s, affix->string, name.data[0] == 'e'));
    }
    if (mts_str_is(name, "split") && mts_argument(args, 0, "sep") && !mts_argument(args, 1, "maxsplit")) {
        return split(tpl, s, string_argument(args, 0, "sep", empty), at);
    }
    if (mts_str_is(name, "replace") && args->count == 2) {
        MtsString from = string_argument(args, 0, "old", empty), to = string_argument(args, 1, "new", empty);
        return mts_value_string(replace(tpl, s, from, to, at));
    }
    if (is_case_name(name)) {
        return mts_value_string(change_case(tpl, s, name.data[0]));
    }
    return unknown(tpl, "method", name, at);
}

MtsValue mts_tpl_method(MtsTpl *tpl, MtsValue object, MtsString name, const MtsArguments *args, size_t at)
{
    if (object.kind == MTS_VALUE_STRING) {
        return string_method(tpl, object.string, name, args, at);
    }
    if (object.kind == MTS_VALUE_DICT) {
        if (mts_str_is(name, "items") || mts_str_is(name, "keys") || mts_str_is(name, "values")) {
            return dict_items(tpl, object.dict, name.data[0]);
        }
        const MtsValue *key = mts_argument(args, 0, "key"), *otherwise = mts_argument(args, 1, "default");
        if (mts_str_is(name, "get") && key && key->kind == MTS_VALUE_STRING) {
            const MtsValue *found = mts_dict_find(tpl, object.dict, key->string);
            return found ? *found : otherwise ? *otherwise : mts_value(MTS_VALUE_NONE);
        }
    }
    return unknown(tpl, "method", name, at);
}

static MtsValue range(MtsTpl *tpl, const MtsArguments *args, size_t at)
{
    int64_t bounds[3] = {0, 0, 1};
    bool good = args->count >= 1 && args->count <= 3;
    for (size_t i = 0; i < args->count && good; i++) {
        int64_t bound = args->values[i].integer;
        bounds[args->count == 1 ? 1 : i] = bound;
        good = mts_value_is_number(args->values[i]) && bound < INT32_MAX && bound > INT32_MIN;
    }
    if (!good || bounds[2] == 0) {
        mts_tpl_fail(tpl, MTS_EFORMAT, at, "a range of such bounds");
        return undefined();
    }
    int64_t span = bounds[2] > 0 ? bounds[1] - bounds[0] : bounds[0] - bounds[1];
    int64_t step = bounds[2] > 0 ? bounds[2] : -bounds[2];
    MtsValue list = mts_value_list(tpl, span > 0 ? (size_t)((span + step - 1) / step) : 0);
    for (size_t i = 0; !tpl->rc && i < list.list->count; i++) {
        list.list->items[i] = mts_value_integer(bounds[0] + (int64_t)i * bounds[2]);
    }
    return list;
}

MtsValue mts_tpl_function(MtsTpl *tpl, MtsString name, const MtsArguments *args, size_t at)
{
    if (mts_str_is(name, "range")) {
        return range(tpl, args, at);
    }
    if (mts_str_is(name, "namespace") || mts_str_is(name, "dict")) {
        MtsValue made = mts_value_dict(tpl);
        for (size_t i = 0; i < args->count && !tpl->rc; i++) {
            if (args->names[i].data) {
                mts_dict_set(tpl, made.dict, args->names[i], args->values[i]);
            } else {
                mts_tpl_fail(tpl, MTS_EUNSUPPORTED, at, "a namespace of anything but names");
            }
        }
        if (!tpl->rc) {
            made.dict->is_namespace = name.data[0] == 'n';
        }
        return made;
    }
    if (mts_str_is(name, "raise_exception")) {
        char shown[MTS_SHOWN];
        MtsString why = args->count ? mts_value_print(tpl, args->values[0], at) : (MtsString){"", 0};
        mts_tpl_fail(tpl, MTS_EREQUEST, at, "the template refuses these messages: \"%s\"", mts_str_show(why, shown));
        return undefined();
    }
    return unknown(tpl, "function", name, at); /* strftime_now is one on purpose: prompts do not depend on the day */
}
