/* template/filters.c - what may stand behind "|".
 *
 * As in Jinja, filters over lists give streams: always true, without a length, gone once they were gone through. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/number.h"
#include "template/ast.h"

static const MtsString EMPTY = {"", 0}, MISSING = {NULL, 0};

static MtsValue undefined(void)
{
    return mts_value(MTS_VALUE_UNDEFINED);
}

static MtsString text_of(MtsTpl *tpl, const MtsTplCall *c)
{
    return mts_value_print(tpl, c->value, c->at);
}

static MtsValue stream(MtsTpl *tpl, size_t count)
{
    MtsValue list = mts_value_list(tpl, count);
    if (list.list) {
        list.list->sort = MTS_LIST_STREAM;
    }
    return list;
}

static MtsValue refuse(MtsTpl *tpl, const MtsTplCall *c, int code, const char *what)
{
    char shown[MTS_SHOWN];
    mts_tpl_fail(tpl, code, c->at, "the filter \"%s\" %s", mts_str_show(c->name, shown), what);
    return undefined();
}

/* ---- any value ---- */

static MtsValue f_length(MtsTpl *tpl, const MtsTplCall *c)
{
    MtsValue value = c->value;
    if (value.kind == MTS_VALUE_STRING) {
        mts_tpl_charge(tpl, value.string.size);
        return mts_value_integer((int64_t)mts_str_characters(value.string));
    }
    if (value.kind == MTS_VALUE_LIST && value.list->sort != MTS_LIST_STREAM) {
        return mts_value_integer((int64_t)value.list->count);
    }
    if (value.kind == MTS_VALUE_DICT && !value.dict->is_namespace) {
        return mts_value_integer((int64_t)value.dict->count);
    }
    return value.kind == MTS_VALUE_UNDEFINED ? mts_value_integer(0)
                                             : refuse(tpl, c, MTS_EFORMAT, "of something that has no length");
}

static MtsValue f_default(MtsTpl *tpl, const MtsTplCall *c)
{
    const MtsValue *otherwise = mts_argument(c->args, 0, "default_value");
    bool falsy = mts_argument_truth(c, 1, "boolean", false);
    bool keep = c->value.kind != MTS_VALUE_UNDEFINED && (!falsy || mts_value_truth(c->value));
    (void)tpl;
    return keep ? c->value : otherwise ? *otherwise : mts_value_string(EMPTY);
}

static MtsValue f_string(MtsTpl *tpl, const MtsTplCall *c)
{
    return mts_value_string(text_of(tpl, c));
}

static MtsValue f_safe(MtsTpl *tpl, const MtsTplCall *c)
{
    MtsValue value = f_string(tpl, c);
    value.safe = true;
    return value;
}

static MtsValue f_tojson(MtsTpl *tpl, const MtsTplCall *c)
{
    MtsTplWriter w = {.tpl = tpl};
    const MtsValue *separators = mts_argument(c->args, 2, "separators");
    const MtsValue *indent = mts_argument(c->args, 1, "indent");
    MtsTplJson how = {.ascii = mts_argument_truth(c, 0, "ensure_ascii", false),
                      .sorted = mts_argument_truth(c, 3, "sort_keys", false),
                      .key = {": ", 2}};
    bool lines = indent && indent->kind != MTS_VALUE_NONE;
    if (lines && indent->kind == MTS_VALUE_STRING) {
        how.indent = indent->string;
    } else if (lines) {
        how.indent = mts_tpl_pad(tpl, EMPTY, mts_argument_integer(tpl, c, 1, "indent", 0), 'r', (MtsString){" ", 1});
    }
    how.item = lines ? (MtsString){",", 1} : (MtsString){", ", 2};
    if (separators && separators->kind == MTS_VALUE_LIST && separators->list->count == 2) {
        how.item = mts_value_print(tpl, separators->list->items[0], c->at);
        how.key = mts_value_print(tpl, separators->list->items[1], c->at);
    }
    mts_value_json(&w, c->value, &how, 0, c->at);
    return mts_value_string(mts_tpl_written(&w));
}

/* ---- numbers ---- */

static bool is_digit(MtsString s, size_t i)
{
    return i < s.size && s.data[i] >= '0' && s.data[i] <= '9';
}

/* What int() and float() of Python read, in the spelling that mts_number_parse() knows: without white space round it
 * and "_" between digits. *whole: it is an integer. Digits of other scripts are refused. */
static MtsString plain_number(MtsTpl *tpl, const MtsTplCall *c, bool *whole)
{
    MtsTplWriter w = {.tpl = tpl};
    MtsString s = mts_tpl_strip(tpl, c->value.string, MISSING, true, true);
    *whole = s.size > 0 && is_digit(s, s.size - 1);
    for (size_t i = 0; i < s.size && !tpl->rc; i++) {
        if ((unsigned char)s.data[i] >= 0x80) {
            refuse(tpl, c, MTS_EUNSUPPORTED, "of characters beyond ASCII");
        }
        bool between = s.data[i] == '_' && i > 0 && is_digit(s, i - 1) && is_digit(s, i + 1);
        *whole = *whole && (is_digit(s, i) || between || (i == 0 && (s.data[i] == '-' || s.data[i] == '+')));
        mts_tpl_write(&w, between ? EMPTY : (MtsString){s.data + i, 1});
    }
    return mts_tpl_written(&w);
}

static bool read_number(MtsTpl *tpl, MtsString s, double *number)
{
    static const char *const words[] = {"inf", "infinity", "nan"};
    bool sign = s.size && (s.data[0] == '-' || s.data[0] == '+');
    MtsString word = mts_tpl_change_case(tpl, (MtsString){s.data + sign, s.size - sign}, 'l');
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (mts_str_is(word, words[i])) {
            *number = i == 2 ? NAN : sign && s.data[0] == '-' ? -INFINITY : INFINITY;
            return true;
        }
    }
    return mts_number_parse(s.data, s.size, number);
}

/* An integer of digits alone, however many. */
static MtsValue whole_number(MtsTpl *tpl, const MtsTplCall *c, MtsString s)
{
    char *digits = mts_tpl_alloc(tpl, s.size + 1);
    if (!digits) {
        return undefined();
    }
    memcpy(digits, s.data, s.size);
    errno = 0;
    long long integer = strtoll(digits, NULL, 10);
    return errno ? refuse(tpl, c, MTS_EUNSUPPORTED, "of a number beyond 64 bits") : mts_value_integer(integer);
}

static MtsValue f_int(MtsTpl *tpl, const MtsTplCall *c)
{
    const MtsValue *otherwise = mts_argument(c->args, 0, "default");
    double number = 0;
    int64_t base = mts_argument_integer(tpl, c, 1, "base", 10);
    bool good = mts_value_is_number(c->value);
    if (mts_value_is_integer(c->value)) {
        return mts_value_integer(c->value.integer);
    }
    if (good) {
        number = c->value.real;
    } else if (c->value.kind == MTS_VALUE_STRING) {
        bool whole;
        if (base != 10) {
            return refuse(tpl, c, MTS_EUNSUPPORTED, "in another base than 10");
        }
        MtsString s = plain_number(tpl, c, &whole);
        if (whole) {
            return whole_number(tpl, c, s);
        }
        good = read_number(tpl, s, &number);
    } else if (c->value.kind == MTS_VALUE_UNDEFINED) {
        return refuse(tpl, c, MTS_EFORMAT, "of something that is undefined");
    }
    if (!good || !isfinite(number)) {
        return otherwise ? *otherwise : mts_value_integer(0);
    }
    return fabs(number) < 9e18 ? mts_value_integer((int64_t)number)
                               : refuse(tpl, c, MTS_EUNSUPPORTED, "of a number beyond 64 bits");
}

static MtsValue f_float(MtsTpl *tpl, const MtsTplCall *c)
{
    const MtsValue *otherwise = mts_argument(c->args, 0, "default");
    double number = 0;
    if (mts_value_is_number(c->value)) {
        return mts_value_real(mts_value_number(c->value));
    }
    if (c->value.kind == MTS_VALUE_UNDEFINED) {
        return refuse(tpl, c, MTS_EFORMAT, "of something that is undefined");
    }
    bool whole;
    if (c->value.kind == MTS_VALUE_STRING && read_number(tpl, plain_number(tpl, c, &whole), &number)) {
        return mts_value_real(number);
    }
    return otherwise ? *otherwise : mts_value_real(0);
}

static MtsValue f_abs(MtsTpl *tpl, const MtsTplCall *c)
{
    if (!mts_value_is_number(c->value)) {
        return refuse(tpl, c, MTS_EFORMAT, "of something that is no number");
    }
    bool whole = mts_value_is_integer(c->value);
    return whole && c->value.integer < 0 ? mts_value_negative(tpl, c->value, c->at)
           : whole                       ? mts_value_integer(c->value.integer)
                                         : mts_value_real(fabs(c->value.real));
}

/* Half to even, as Python's round() does where the half is one in binary, too. */
static MtsValue f_round(MtsTpl *tpl, const MtsTplCall *c)
{
    int64_t precision = mts_argument_integer(tpl, c, 0, "precision", 0);
    MtsString method = mts_argument_string(tpl, c, 1, "method", (MtsString){"common", 6});
    bool up = mts_str_is(method, "ceil"), down = mts_str_is(method, "floor");
    if (!mts_value_is_number(c->value) || precision < 0 || precision > 15) {
        return refuse(tpl, c, MTS_EFORMAT, "of something that is no number, or to such a precision");
    }
    double x = mts_value_number(c->value), scale = pow(10, (double)precision);
    if (up || down) {
        return mts_value_real((up ? ceil(x * scale) : floor(x * scale)) / scale);
    }
    MtsValue rounded = mts_value_real(x);
    char pattern[8] = {'%', '.', (char)('0' + precision / 10), (char)('0' + precision % 10), 'f', '\0'};
    MtsString text = mts_tpl_format(tpl, (MtsString){pattern, 5}, rounded, c->at);
    read_number(tpl, text, &rounded.real);
    return c->value.kind == MTS_VALUE_REAL ? rounded : mts_value_integer(c->value.integer);
}

/* ---- strings ---- */

static MtsValue f_trim(MtsTpl *tpl, const MtsTplCall *c)
{
    return mts_value_string(
        mts_tpl_strip(tpl, text_of(tpl, c), mts_argument_string(tpl, c, 0, "chars", MISSING), true, true));
}

static MtsValue f_case(MtsTpl *tpl, const MtsTplCall *c)
{
    char how = c->name.data[0] == 't' ? 'w' : c->name.data[0];
    return mts_value_string(mts_tpl_change_case(tpl, text_of(tpl, c), how));
}

static MtsValue f_replace(MtsTpl *tpl, const MtsTplCall *c)
{
    const MtsValue *old = mts_argument(c->args, 0, "old"), *new = mts_argument(c->args, 1, "new");
    if (!old || !new) {
        return refuse(tpl, c, MTS_EFORMAT, "without what and by what");
    }
    MtsString from = mts_value_print(tpl, *old, c->at), to = mts_value_print(tpl, *new, c->at);
    int64_t most = mts_argument_integer(tpl, c, 2, "count", -1);
    return mts_value_string(mts_tpl_replace(tpl, text_of(tpl, c), from, to, most));
}

static MtsValue f_center(MtsTpl *tpl, const MtsTplCall *c)
{
    int64_t width = mts_argument_integer(tpl, c, 0, "width", 80);
    return mts_value_string(mts_tpl_pad(tpl, text_of(tpl, c), width, 'c', (MtsString){" ", 1}));
}

static MtsValue f_format(MtsTpl *tpl, const MtsTplCall *c)
{
    const MtsArguments *args = c->args;
    bool names = args->count && args->names[0].data;
    MtsValue values = names ? mts_value_dict(tpl) : mts_value_list(tpl, args->count);
    mts_arguments_taken(args);
    for (size_t i = 0; i < args->count && !tpl->rc; i++) {
        if ((args->names[i].data != NULL) != names) {
            return refuse(tpl, c, MTS_EFORMAT, "by places and by names at once");
        }
        if (names) {
            mts_dict_set(tpl, values.dict, args->names[i], args->values[i]);
        } else {
            values.list->items[i] = args->values[i];
        }
    }
    if (!names && values.list) {
        values.list->sort = MTS_LIST_TUPLE;
    }
    return tpl->rc ? undefined() : mts_value_string(mts_tpl_format(tpl, text_of(tpl, c), values, c->at));
}

/* Every line but the first (first: it, too; blank: empty ones, too) begins with `width` blanks or that string. */
static MtsValue f_indent(MtsTpl *tpl, const MtsTplCall *c)
{
    MtsTplWriter w = {.tpl = tpl};
    const MtsValue *width = mts_argument(c->args, 0, "width");
    bool first = mts_argument_truth(c, 1, "first", false), blank = mts_argument_truth(c, 2, "blank", false);
    if (c->value.kind != MTS_VALUE_STRING) {
        return refuse(tpl, c, MTS_EFORMAT, "of something that is no string");
    }
    MtsString s = c->value.string, by = {"    ", 4};
    if (width && width->kind == MTS_VALUE_STRING) {
        by = width->string;
    } else if (width) {
        by = mts_tpl_pad(tpl, EMPTY, mts_argument_integer(tpl, c, 0, "width", 4), 'r', (MtsString){" ", 1});
    }
    for (size_t i = 0; !tpl->rc; i++) {
        size_t found = mts_tpl_search(tpl, s, (MtsString){"\n", 1}), end = found == SIZE_MAX ? s.size : found;
        bool empty = end == 0;
        mts_tpl_write(&w, i ? (MtsString){"\n", 1} : EMPTY);
        mts_tpl_write(&w, (i == 0 ? first : blank || !empty) ? by : EMPTY);
        mts_tpl_write(&w, (MtsString){s.data, end});
        if (found == SIZE_MAX) {
            break;
        }
        s = (MtsString){s.data + end + 1, s.size - end - 1};
    }
    return mts_value_string(mts_tpl_written(&w));
}

static MtsValue f_truncate(MtsTpl *tpl, const MtsTplCall *c)
{
    if (c->value.kind != MTS_VALUE_STRING && c->value.kind != MTS_VALUE_UNDEFINED) {
        return refuse(tpl, c, MTS_EUNSUPPORTED, "of something that is no string");
    }
    MtsString s = text_of(tpl, c), end = mts_argument_string(tpl, c, 2, "end", (MtsString){"...", 3});
    int64_t length = mts_argument_integer(tpl, c, 0, "length", 255),
            leeway = mts_argument_integer(tpl, c, 3, "leeway", 5);
    bool anywhere = mts_argument_truth(c, 1, "killwords", false);
    int64_t shown = length - (int64_t)mts_str_characters(end);
    if ((int64_t)mts_str_characters(s) <= length + leeway || !mts_tpl_charge(tpl, s.size)) {
        return mts_value_string(s);
    }
    if (shown < 0) {
        return refuse(tpl, c, MTS_EFORMAT, "to less than its end");
    }
    s.size = mts_str_offset(s, (size_t)shown);
    if (!anywhere) {
        for (size_t i = s.size; i-- > 0;) { /* before the last blank, if there is one */
            if (s.data[i] == ' ') {
                s.size = i;
                break;
            }
        }
    }
    return mts_value_string(mts_tpl_concat(tpl, s, end));
}

static MtsValue f_urlencode(MtsTpl *tpl, const MtsTplCall *c)
{
    static const char kept[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-~/";
    static const char hex[] = "0123456789ABCDEF";
    MtsTplWriter w = {.tpl = tpl};
    if (c->value.kind != MTS_VALUE_STRING) {
        return refuse(tpl, c, MTS_EUNSUPPORTED, "of something that is no string");
    }
    for (size_t i = 0; i < c->value.string.size; i++) {
        unsigned char byte = (unsigned char)c->value.string.data[i];
        char escape[3] = {'%', hex[byte >> 4], hex[byte & 15]};
        bool keep = byte && strchr(kept, byte);
        mts_tpl_write(&w, keep ? (MtsString){c->value.string.data + i, 1} : (MtsString){escape, 3});
    }
    return mts_value_string(mts_tpl_written(&w));
}

/* ---- lists ---- */

static MtsValue f_list(MtsTpl *tpl, const MtsTplCall *c)
{
    MtsValue items = mts_tpl_items(tpl, c->value, c->at);
    MtsValue list = tpl->rc ? undefined() : mts_value_list(tpl, items.list->count);
    for (size_t i = 0; !tpl->rc && i < items.list->count; i++) {
        list.list->items[i] = items.list->items[i];
    }
    return list;
}

static MtsValue f_end(MtsTpl *tpl, const MtsTplCall *c)
{
    bool last = c->name.data[0] == 'l';
    MtsList *given = c->value.kind == MTS_VALUE_LIST ? c->value.list : NULL;
    if (given && given->sort == MTS_LIST_STREAM && given->count > 0) {
        if (last) {
            return refuse(tpl, c, MTS_EFORMAT, "of a stream of items");
        }
        given->count--; /* a stream goes on behind what was taken */
        return *given->items++;
    }
    MtsValue items = mts_tpl_items(tpl, c->value, c->at);
    if (tpl->rc || items.list->count == 0) {
        return undefined();
    }
    return items.list->items[last ? items.list->count - 1 : 0];
}

static MtsValue f_items(MtsTpl *tpl, const MtsTplCall *c)
{
    if (c->value.kind == MTS_VALUE_UNDEFINED) {
        return stream(tpl, 0);
    }
    if (c->value.kind != MTS_VALUE_DICT) {
        return refuse(tpl, c, MTS_EFORMAT, "of something that is no dictionary");
    }
    MtsValue items = mts_tpl_dict_items(tpl, c->value.dict, 'i');
    if (items.list) {
        items.list->sort = MTS_LIST_STREAM;
    }
    return items;
}

/* The member that "a.b" or a number leads to. */
static MtsValue attribute(MtsTpl *tpl, MtsValue item, const MtsValue *path, size_t at)
{
    if (mts_value_is_integer(*path)) {
        int64_t i = path->integer;
        item = item.kind == MTS_VALUE_STRING ? mts_tpl_items(tpl, item, at) : item;
        bool list = item.kind == MTS_VALUE_LIST && item.list->sort <= MTS_LIST_RANGE;
        i += list && i < 0 ? (int64_t)item.list->count : 0;
        return list && i >= 0 && i < (int64_t)item.list->count ? item.list->items[i] : undefined();
    }
    if (path->kind != MTS_VALUE_STRING) {
        mts_tpl_fail(tpl, MTS_EFORMAT, at, "an attribute that is neither name nor number");
        return undefined();
    }
    for (MtsString rest = path->string; rest.data && !tpl->rc;) {
        size_t dot = mts_tpl_search(tpl, rest, (MtsString){".", 1});
        MtsString name = {rest.data, dot == SIZE_MAX ? rest.size : dot};
        double place;
        const MtsValue *found = item.kind == MTS_VALUE_DICT ? mts_dict_find(tpl, item.dict, name) : NULL;
        bool indexed = item.kind == MTS_VALUE_LIST || item.kind == MTS_VALUE_STRING;
        if (indexed && mts_number_parse(name.data, name.size, &place)) {
            MtsValue number = mts_value_integer((int64_t)place);
            item = attribute(tpl, item, &number, at);
        } else {
            item = found ? *found : undefined();
        }
        rest = dot == SIZE_MAX ? MISSING : (MtsString){rest.data + dot + 1, rest.size - dot - 1};
    }
    return item;
}

/* The arguments behind the first `skip`. */
static MtsArguments rest_of(const MtsArguments *args, size_t skip)
{
    skip = skip < args->count ? skip : args->count;
    mts_arguments_taken(args); /* there may be no item to ask for them */
    return (MtsArguments){args->values + skip, args->names + skip, args->asked + skip, args->count - skip};
}

/* What select, reject, selectattr, rejectattr and map go through: nothing where the value is none or empty. */
static MtsValue chosen_from(MtsTpl *tpl, const MtsTplCall *c)
{
    return mts_value_truth(c->value) ? mts_tpl_items(tpl, c->value, c->at) : mts_value_list(tpl, 0);
}

/* select(test, argument...), reject; selectattr(name, test, argument...), rejectattr. */
static MtsValue f_select(MtsTpl *tpl, const MtsTplCall *c)
{
    bool by_name = mts_str_is(c->name, "selectattr") || mts_str_is(c->name, "rejectattr"),
         reject = c->name.data[0] == 'r';
    const MtsValue *path = by_name ? mts_argument(c->args, 0, "attribute") : NULL;
    const MtsValue *test = mts_argument(c->args, by_name, "test");
    MtsArguments operand = rest_of(c->args, by_name + 1u);
    if ((by_name && !path) || (test && test->kind != MTS_VALUE_STRING)) {
        return refuse(tpl, c, MTS_EFORMAT, "with such arguments");
    }
    MtsValue items = chosen_from(tpl, c);
    MtsValue picked = tpl->rc ? undefined() : stream(tpl, items.list->count);
    size_t count = 0;
    for (size_t i = 0; !tpl->rc && i < items.list->count; i++) {
        MtsValue item = items.list->items[i], asked = path ? attribute(tpl, item, path, c->at) : item;
        MtsTplCall one = {test ? test->string : EMPTY, asked, &operand, c->at};
        if ((test ? mts_tpl_test(tpl, &one) : mts_value_truth(asked)) != reject) {
            picked.list->items[count++] = item;
        }
    }
    if (!tpl->rc) {
        picked.list->count = count;
    }
    return picked;
}

/* map(attribute=name, default=value), map(filter, argument...). */
static MtsValue f_map(MtsTpl *tpl, const MtsTplCall *c)
{
    const MtsValue *path = mts_argument(c->args, SIZE_MAX, "attribute");
    const MtsValue *otherwise = mts_argument(c->args, SIZE_MAX, "default"), *filter = mts_argument(c->args, 0, "");
    MtsArguments operand = rest_of(c->args, 1);
    if (!path && (!filter || filter->kind != MTS_VALUE_STRING)) {
        return refuse(tpl, c, MTS_EFORMAT, "with such arguments");
    }
    MtsValue items = chosen_from(tpl, c);
    MtsValue mapped = tpl->rc ? undefined() : stream(tpl, items.list->count);
    for (size_t i = 0; !tpl->rc && i < items.list->count; i++) {
        MtsValue item = items.list->items[i];
        MtsTplCall one = {path ? EMPTY : filter->string, item, &operand, c->at};
        item = path ? attribute(tpl, item, path, c->at) : mts_tpl_filter(tpl, &one);
        mapped.list->items[i] = item.kind == MTS_VALUE_UNDEFINED && otherwise ? *otherwise : item;
    }
    return mapped;
}

static MtsValue f_join(MtsTpl *tpl, const MtsTplCall *c)
{
    MtsTplWriter w = {.tpl = tpl};
    const MtsValue *by = mts_argument(c->args, 0, "d"), *path = mts_argument(c->args, 1, "attribute");
    MtsString between = by ? mts_value_print(tpl, *by, c->at) : EMPTY;
    MtsValue items = mts_tpl_items(tpl, c->value, c->at);
    for (size_t i = 0; !tpl->rc && i < items.list->count; i++) {
        MtsValue item = items.list->items[i];
        mts_tpl_write(&w, i ? between : EMPTY);
        mts_tpl_write(&w, mts_value_print(tpl, path ? attribute(tpl, item, path, c->at) : item, c->at));
    }
    return mts_value_string(mts_tpl_written(&w));
}

/* What an item is compared by: its attribute, and a string's letters small unless case_sensitive. */
static MtsValue key_of(MtsTpl *tpl, const MtsTplCall *c, MtsValue item, const MtsValue *path, bool exact)
{
    item = path && path->kind != MTS_VALUE_NONE ? attribute(tpl, item, path, c->at) : item;
    return item.kind == MTS_VALUE_STRING && !exact ? mts_value_string(mts_tpl_change_case(tpl, item.string, 'l'))
                                                   : item;
}

/* The same by each of several attributes, joined by commas. */
static MtsValue keys_of(MtsTpl *tpl, const MtsTplCall *c, MtsValue item, const MtsValue *paths, bool exact)
{
    MtsString rest = paths && paths->kind == MTS_VALUE_STRING ? paths->string : MISSING;
    size_t count = 1;
    for (size_t i = 0; i < rest.size; i++) {
        count += rest.data[i] == ',';
    }
    MtsValue keys = count > 1 ? mts_value_list(tpl, count) : undefined();
    for (size_t i = 0; count > 1 && i < count && !tpl->rc; i++) {
        size_t comma = mts_tpl_search(tpl, rest, (MtsString){",", 1});
        MtsValue path = mts_value_string((MtsString){rest.data, comma == SIZE_MAX ? rest.size : comma});
        keys.list->items[i] = key_of(tpl, c, item, &path, exact);
        rest.data += path.string.size + 1;
        rest.size -= comma == SIZE_MAX ? rest.size : comma + 1;
    }
    return count > 1 ? keys : key_of(tpl, c, item, paths, exact);
}

/* Stable, in place. */
static void sort_items(MtsTpl *tpl, MtsList *items, MtsValue *keys, bool reverse, size_t at)
{
    for (size_t i = 1; i < items->count; i++) {
        MtsValue item = items->items[i], key = keys[i];
        size_t place = i;
        for (; place > 0 && mts_tpl_charge(tpl, 16); place--) {
            int order = mts_value_order(tpl, keys[place - 1], key, at);
            if (reverse ? order >= 0 : order <= 0) {
                break;
            }
            items->items[place] = items->items[place - 1];
            keys[place] = keys[place - 1];
        }
        items->items[place] = item;
        keys[place] = key;
    }
}

/* sort(reverse, case_sensitive, attribute) */
static MtsValue f_sort(MtsTpl *tpl, const MtsTplCall *c)
{
    MtsValue list = f_list(tpl, c);
    bool reverse = mts_argument_truth(c, 0, "reverse", false),
         exact = mts_argument_truth(c, 1, "case_sensitive", false);
    const MtsValue *path = mts_argument(c->args, 2, "attribute");
    MtsValue keys = tpl->rc ? undefined() : mts_value_list(tpl, list.list->count);
    for (size_t i = 0; !tpl->rc && i < list.list->count; i++) {
        keys.list->items[i] = keys_of(tpl, c, list.list->items[i], path, exact);
    }
    if (!tpl->rc) {
        sort_items(tpl, list.list, keys.list->items, reverse, c->at);
    }
    return list;
}

/* groupby(attribute, default, case_sensitive): in the order of what they are grouped by, (grouper, list) each. */
static MtsValue f_groupby(MtsTpl *tpl, const MtsTplCall *c)
{
    const MtsValue *path = mts_argument(c->args, 0, "attribute"), *otherwise = mts_argument(c->args, 1, "default");
    bool exact = mts_argument_truth(c, 2, "case_sensitive", false);
    if (!path) {
        return refuse(tpl, c, MTS_EFORMAT, "without an attribute");
    }
    MtsValue items = f_list(tpl, c), keys = tpl->rc ? undefined() : mts_value_list(tpl, items.list->count);
    for (size_t i = 0; !tpl->rc && i < items.list->count; i++) {
        MtsValue key = key_of(tpl, c, items.list->items[i], path, exact);
        bool missing = key.kind == MTS_VALUE_UNDEFINED && otherwise && otherwise->kind != MTS_VALUE_NONE;
        keys.list->items[i] = missing ? key_of(tpl, c, *otherwise, NULL, exact) : key;
    }
    if (!tpl->rc) {
        sort_items(tpl, items.list, keys.list->items, false, c->at);
    }
    MtsValue groups = tpl->rc ? undefined() : mts_value_list(tpl, items.list->count);
    size_t count = 0;
    for (size_t i = 0, end; !tpl->rc && i < items.list->count; i = end) {
        for (end = i + 1; end < items.list->count && mts_value_equal(tpl, keys.list->items[end], keys.list->items[i]);
             end++) {
        }
        MtsValue group = mts_value_list(tpl, 2), members = mts_value_list(tpl, end - i);
        if (tpl->rc) {
            break;
        }
        memcpy(members.list->items, items.list->items + i, (end - i) * sizeof *members.list->items);
        MtsValue grouper = key_of(tpl, c, items.list->items[i], path, true);
        bool missing = grouper.kind == MTS_VALUE_UNDEFINED && otherwise && otherwise->kind != MTS_VALUE_NONE;
        group.list->items[0] = missing ? *otherwise : grouper;
        group.list->items[1] = members;
        group.list->sort = MTS_LIST_TUPLE;
        group.list->is_group = true;
        groups.list->items[count++] = group;
    }
    if (!tpl->rc) {
        groups.list->count = count;
    }
    return groups;
}

/* dictsort(case_sensitive, by, reverse) */
static MtsValue f_dictsort(MtsTpl *tpl, const MtsTplCall *c)
{
    bool exact = mts_argument_truth(c, 0, "case_sensitive", false),
         reverse = mts_argument_truth(c, 2, "reverse", false);
    MtsString by = mts_argument_string(tpl, c, 1, "by", (MtsString){"key", 3});
    if (c->value.kind != MTS_VALUE_DICT) {
        return refuse(tpl, c, MTS_EFORMAT, "of something that is no dictionary");
    }
    MtsValue pairs = mts_tpl_dict_items(tpl, c->value.dict, 'i'), place = mts_value_integer(mts_str_is(by, "value"));
    MtsValue keys = tpl->rc ? undefined() : mts_value_list(tpl, pairs.list->count);
    for (size_t i = 0; !tpl->rc && i < pairs.list->count; i++) {
        keys.list->items[i] = key_of(tpl, c, pairs.list->items[i], &place, exact);
    }
    if (!tpl->rc) {
        pairs.list->sort = MTS_LIST_LIST;
        sort_items(tpl, pairs.list, keys.list->items, reverse, c->at);
    }
    return pairs;
}

/* unique(case_sensitive, attribute), min, max. */
static MtsValue f_unique(MtsTpl *tpl, const MtsTplCall *c)
{
    MtsValue items = mts_tpl_items(tpl, c->value, c->at), seen = mts_value_dict(tpl);
    bool exact = mts_argument_truth(c, 0, "case_sensitive", false);
    const MtsValue *path = mts_argument(c->args, 1, "attribute");
    MtsValue unique = tpl->rc ? undefined() : stream(tpl, items.list->count);
    size_t count = 0;
    for (size_t i = 0; !tpl->rc && i < items.list->count; i++) {
        MtsValue key = key_of(tpl, c, items.list->items[i], path, exact);
        if (!mts_dict_find_key(tpl, seen.dict, key)) {
            mts_dict_set_key(tpl, seen.dict, key, key, c->at);
            unique.list->items[count++] = items.list->items[i];
        }
    }
    if (!tpl->rc) {
        unique.list->count = count;
    }
    return unique;
}

static MtsValue f_extreme(MtsTpl *tpl, const MtsTplCall *c)
{
    MtsValue items = mts_tpl_items(tpl, c->value, c->at), best = undefined(), best_key = undefined();
    bool exact = mts_argument_truth(c, 0, "case_sensitive", false), most = mts_str_is(c->name, "max");
    const MtsValue *path = mts_argument(c->args, 1, "attribute");
    for (size_t i = 0; !tpl->rc && i < items.list->count; i++) {
        MtsValue key = key_of(tpl, c, items.list->items[i], path, exact);
        int order = i ? mts_value_order(tpl, key, best_key, c->at) : 0;
        if (i == 0 || (most ? order > 0 : order < 0)) {
            best = items.list->items[i];
            best_key = key;
        }
    }
    return best;
}

static MtsValue f_sum(MtsTpl *tpl, const MtsTplCall *c)
{
    const MtsValue *path = mts_argument(c->args, 0, "attribute"), *start = mts_argument(c->args, 1, "start");
    MtsValue items = mts_tpl_items(tpl, c->value, c->at), sum = start ? *start : mts_value_integer(0);
    bool real = sum.kind == MTS_VALUE_REAL;
    double total = mts_value_number(sum);
    for (size_t i = 0; !tpl->rc && i < items.list->count; i++) {
        MtsValue item = path && path->kind != MTS_VALUE_NONE ? attribute(tpl, items.list->items[i], path, c->at)
                                                             : items.list->items[i];
        if (!mts_value_is_number(item) || !mts_value_is_number(sum)) {
            return refuse(tpl, c, MTS_EFORMAT, "of something that is no number");
        }
        real = real || item.kind == MTS_VALUE_REAL;
        total += mts_value_number(item);
    }
    if (!real && fabs(total) > 9e15) {
        return refuse(tpl, c, MTS_EUNSUPPORTED, "to more than 53 bits");
    }
    return real ? mts_value_real(total) : mts_value_integer((int64_t)total);
}

static MtsValue f_reverse(MtsTpl *tpl, const MtsTplCall *c)
{
    MtsTplWriter w = {.tpl = tpl};
    MtsValue items = mts_tpl_items(tpl, c->value, c->at);
    MtsValue reversed = tpl->rc ? undefined() : stream(tpl, items.list->count);
    for (size_t i = 0; !tpl->rc && i < items.list->count; i++) {
        reversed.list->items[i] = items.list->items[items.list->count - 1 - i];
        mts_tpl_write(&w, reversed.list->items[i].string);
    }
    return c->value.kind == MTS_VALUE_STRING ? mts_value_string(mts_tpl_written(&w)) : reversed;
}

/* batch(count, fill): lists of so many. */
static MtsValue f_batch(MtsTpl *tpl, const MtsTplCall *c)
{
    MtsValue items = mts_tpl_items(tpl, c->value, c->at);
    int64_t of = mts_argument_integer(tpl, c, 0, "linecount", 0);
    const MtsValue *fill = mts_argument(c->args, 1, "fill_with");
    if (of < 1 || tpl->rc) {
        return refuse(tpl, c, MTS_EFORMAT, "of no items");
    }
    size_t each = (size_t)of, count = items.list->count / each + (items.list->count % each != 0);
    MtsValue batches = stream(tpl, count);
    for (size_t i = 0; !tpl->rc && i < count; i++) {
        size_t left = items.list->count - i * each;
        MtsValue one = mts_value_list(tpl, left < each && !fill ? left : each);
        for (size_t k = 0; !tpl->rc && k < one.list->count; k++) {
            one.list->items[k] = k < left ? items.list->items[i * each + k] : *fill;
        }
        batches.list->items[i] = one;
    }
    return batches;
}

static MtsValue f_attr(MtsTpl *tpl, const MtsTplCall *c)
{
    return refuse(tpl, c, MTS_EUNSUPPORTED, "which sees no members of dictionaries");
}

static const struct {
    const char *name;
    MtsValue (*filter)(MtsTpl *tpl, const MtsTplCall *call);
} FILTERS[] = {
    {"abs", f_abs},         {"attr", f_attr},         {"batch", f_batch},
    {"capitalize", f_case}, {"center", f_center},     {"count", f_length},
    {"d", f_default},       {"default", f_default},   {"dictsort", f_dictsort},
    {"first", f_end},       {"float", f_float},       {"format", f_format},
    {"groupby", f_groupby}, {"indent", f_indent},     {"int", f_int},
    {"items", f_items},     {"join", f_join},         {"last", f_end},
    {"length", f_length},   {"list", f_list},         {"lower", f_case},
    {"map", f_map},         {"max", f_extreme},       {"min", f_extreme},
    {"reject", f_select},   {"rejectattr", f_select}, {"replace", f_replace},
    {"reverse", f_reverse}, {"round", f_round},       {"safe", f_safe},
    {"select", f_select},   {"selectattr", f_select}, {"sort", f_sort},
    {"string", f_string},   {"sum", f_sum},           {"title", f_case},
    {"tojson", f_tojson},   {"trim", f_trim},         {"truncate", f_truncate},
    {"unique", f_unique},   {"upper", f_case},        {"urlencode", f_urlencode},
};

MtsValue mts_tpl_filter(MtsTpl *tpl, const MtsTplCall *call)
{
    for (size_t i = 0; i < sizeof FILTERS / sizeof FILTERS[0]; i++) {
        if (mts_str_is(call->name, FILTERS[i].name)) {
            MtsValue filtered = FILTERS[i].filter(tpl, call);
            mts_tpl_all_asked(tpl, call);
            return filtered;
        }
    }
    return mts_tpl_unknown(tpl, "filter", call->name, call->at);
}
