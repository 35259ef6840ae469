/* template/values.c - what a rendering works with: its memory, its values, its sentences. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "template/ast.h"

/* ---- the run ---- */

/* Memory is handed out from blocks of at least this size, each a quarter larger than the one before, so that they stay
 * few: every copy looks for those that it is from and to (mts_tpl_shadow()). */
enum { BLOCK_BYTES = 1 << 16 };

struct MtsTplBlock {
    MtsTplBlock *next;
    size_t used, size;
    /* the bytes follow, aligned, and behind them as many of their shadows */
};

static char *block_bytes(const MtsTplBlock *block)
{
    return (char *)(((uintptr_t)(block + 1) + 15) / 16 * 16);
}

void mts_tpl_free(MtsTpl *tpl)
{
    while (tpl->blocks) {
        MtsTplBlock *next = tpl->blocks->next;
        free(tpl->blocks);
        tpl->blocks = next;
    }
}

void mts_tpl_fail(MtsTpl *tpl, int code, size_t at, const char *fmt, ...)
{
    if (tpl->rc) {
        return; /* the first failure is the one to tell */
    }
    char why[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(why, sizeof why, fmt, args);
    va_end(args);
    size_t line = 1;
    for (size_t i = 0; i < at && i < tpl->text.size; i++) {
        line += tpl->text.data[i] == '\n';
    }
    const char *unsupported = code == MTS_EUNSUPPORTED ? "asks for what is not supported: " : "";
    char where[32] = "";
    if (at != MTS_TPL_NOWHERE) {
        snprintf(where, sizeof where, ", line %zu", line);
    }
    tpl->rc = mts_fail(tpl->err, code, "%s%s: %s%s", tpl->name, where, unsupported, why);
}

bool mts_tpl_charge(MtsTpl *tpl, size_t size)
{
    if (size > tpl->work_left) {
        mts_tpl_fail(tpl, MTS_ECAPACITY, MTS_TPL_NOWHERE, "the template takes too much memory or time");
        return false;
    }
    tpl->work_left -= size;
    return !tpl->rc;
}

void *mts_tpl_alloc(MtsTpl *tpl, size_t size)
{
    if (!mts_tpl_charge(tpl, size)) {
        return NULL;
    }
    size = (size + 15) / 16 * 16;
    MtsTplBlock *block = tpl->blocks;
    if (!block || block->size - block->used < size) {
        size_t room = block ? block->size + block->size / 4 : BLOCK_BYTES, both;
        room = size > room ? size : room;
        block = mts_size_mul(room, 2, &both) ? calloc(1, sizeof *block + 16 + both) : NULL;
        if (!block) {
            mts_tpl_fail(tpl, MTS_ENOMEM, MTS_TPL_NOWHERE, "no memory for the prompt");
            return NULL;
        }
        block->size = room;
        block->next = tpl->blocks;
        tpl->blocks = block;
    }
    char *bytes = block_bytes(block) + block->used;
    block->used += size;
    return bytes;
}

bool mts_tpl_enter(MtsTpl *tpl, size_t at)
{
    if (tpl->depth >= MTS_TEMPLATE_DEPTH) {
        mts_tpl_fail(tpl, MTS_ECAPACITY, at, "nested more than %d deep", MTS_TEMPLATE_DEPTH);
        return false;
    }
    tpl->depth++;
    return !tpl->rc;
}

char *mts_tpl_shadow(const MtsTpl *tpl, const char *byte)
{
    for (const MtsTplBlock *block = tpl->blocks; block; block = block->next) {
        uintptr_t begin = (uintptr_t)block_bytes(block), place = (uintptr_t)byte - begin;
        if ((uintptr_t)byte >= begin && place < block->size) {
            return block_bytes(block) + block->size + place;
        }
    }
    return NULL;
}

void mts_tpl_copy(const MtsTpl *tpl, char *to, const char *from, size_t size)
{
    if (size == 0) {
        return;
    }
    const char *shadow = mts_tpl_shadow(tpl, from);
    memmove(to, from, size);
    if (shadow) {
        memmove(mts_tpl_shadow(tpl, to), shadow, size);
    } else {
        memset(mts_tpl_shadow(tpl, to), 0, size);
    }
}

/* ---- strings ---- */

void mts_tpl_write(MtsTplWriter *w, MtsString text)
{
    if (w->tpl->rc || text.size == 0) {
        return;
    }
    if (text.size > w->cap - w->size) {
        size_t cap = w->cap * 2 > w->size + text.size ? w->cap * 2 : w->size + text.size + 32;
        char *data = mts_tpl_alloc(w->tpl, cap);
        if (!data) {
            return;
        }
        mts_tpl_copy(w->tpl, data, w->data, w->size);
        w->data = data;
        w->cap = cap;
    }
    if (mts_tpl_charge(w->tpl, text.size)) {
        mts_tpl_copy(w->tpl, w->data + w->size, text.data, text.size);
        w->size += text.size;
    }
}

void mts_tpl_write_word(MtsTplWriter *w, const char *word)
{
    mts_tpl_write(w, (MtsString){word, strlen(word)});
}

MtsString mts_tpl_written(const MtsTplWriter *w)
{
    return (MtsString){w->size ? w->data : "", w->size};
}

MtsString mts_tpl_concat(MtsTpl *tpl, MtsString a, MtsString b)
{
    if (a.size == 0 || b.size == 0) {
        return a.size ? a : b;
    }
    char *both = mts_tpl_alloc(tpl, a.size + b.size);
    if (!both) {
        return (MtsString){"", 0};
    }
    mts_tpl_copy(tpl, both, a.data, a.size);
    mts_tpl_copy(tpl, both + a.size, b.data, b.size);
    return (MtsString){both, a.size + b.size};
}

/* To `width` characters: side 'l' (fill on the right), 'r', 'c'. */
MtsString mts_tpl_pad(MtsTpl *tpl, MtsString s, int64_t width, char side, MtsString fill)
{
    MtsTplWriter w = {.tpl = tpl};
    int64_t missing = width - (int64_t)mts_str_characters(s);
    if (missing <= 0) {
        return s;
    }
    int64_t left = side == 'r' ? missing : side == 'l' ? 0 : missing / 2 + (missing & width & 1);
    for (int64_t i = 0; i < missing && !tpl->rc; i++) {
        mts_tpl_write(&w, i == left ? s : (MtsString){"", 0});
        mts_tpl_write(&w, fill);
    }
    mts_tpl_write(&w, left == missing ? s : (MtsString){"", 0});
    return mts_tpl_written(&w);
}

size_t mts_tpl_search(MtsTpl *tpl, MtsString s, MtsString part)
{
    if (part.size == 0) {
        return 0;
    }
    for (size_t at = 0; at + part.size <= s.size; at++) {
        const char *next = memchr(s.data + at, part.data[0], s.size - part.size - at + 1);
        size_t skipped = next ? (size_t)(next - s.data) - at : s.size - at;
        if (!mts_tpl_charge(tpl, skipped + part.size) || !next) {
            break;
        }
        at += skipped;
        if (memcmp(s.data + at, part.data, part.size) == 0) {
            return at;
        }
    }
    return SIZE_MAX;
}

/* ---- values ---- */

MtsValue mts_value(MtsValueKind kind)
{
    MtsValue value;
    memset(&value, 0, sizeof value);
    value.kind = kind;
    return value;
}

MtsValue mts_value_bool(bool truth)
{
    MtsValue value = mts_value(MTS_VALUE_BOOL);
    value.integer = truth;
    return value;
}

MtsValue mts_value_integer(int64_t integer)
{
    MtsValue value = mts_value(MTS_VALUE_INTEGER);
    value.integer = integer;
    return value;
}

MtsValue mts_value_real(double real)
{
    MtsValue value = mts_value(MTS_VALUE_REAL);
    value.real = real;
    return value;
}

MtsValue mts_value_string(MtsString string)
{
    MtsValue value = mts_value(MTS_VALUE_STRING);
    value.string = string;
    return value;
}

MtsValue mts_value_list(MtsTpl *tpl, size_t count)
{
    MtsValue value = mts_value(MTS_VALUE_LIST);
    size_t bytes;
    MtsList *list = mts_tpl_alloc(tpl, sizeof *list);
    if (list && mts_size_mul(count, sizeof *list->items, &bytes) && (list->items = mts_tpl_alloc(tpl, bytes)) != NULL) {
        list->count = count;
        value.list = list;
        return value;
    }
    mts_tpl_fail(tpl, MTS_ECAPACITY, MTS_TPL_NOWHERE, "a list of %zu items", count);
    return mts_value(MTS_VALUE_UNDEFINED);
}

MtsValue mts_value_dict(MtsTpl *tpl)
{
    MtsValue value = mts_value(MTS_VALUE_DICT);
    value.dict = mts_tpl_alloc(tpl, sizeof *value.dict);
    return value.dict ? value : mts_value(MTS_VALUE_UNDEFINED);
}

MtsValue *mts_dict_find_key(MtsTpl *tpl, const MtsDict *dict, MtsValue key)
{
    for (MtsDictEntry *entry = dict->first; entry; entry = entry->next) {
        if (!mts_tpl_charge(tpl, 1)) {
            break;
        }
        bool strings = entry->key.kind == MTS_VALUE_STRING && key.kind == MTS_VALUE_STRING;
        if (strings && entry->key.string.size != key.string.size) {
            continue;
        }
        if (mts_value_equal(tpl, entry->key, key)) {
            return &entry->value;
        }
    }
    return NULL;
}

MtsValue *mts_dict_find(MtsTpl *tpl, const MtsDict *dict, MtsString key)
{
    return mts_dict_find_key(tpl, dict, mts_value_string(key));
}

static bool can_be_key(MtsValue key)
{
    bool can = key.kind != MTS_VALUE_DICT && (key.kind != MTS_VALUE_LIST || key.list->sort == MTS_LIST_TUPLE);
    for (size_t i = 0; can && key.kind == MTS_VALUE_LIST && i < key.list->count; i++) {
        can = key.list->items[i].kind != MTS_VALUE_DICT && key.list->items[i].kind != MTS_VALUE_LIST;
    }
    return can;
}

void mts_dict_set_key(MtsTpl *tpl, MtsDict *dict, MtsValue key, MtsValue value, size_t at)
{
    if (!can_be_key(key)) {
        mts_tpl_fail(tpl, MTS_EFORMAT, at, "a list or a dictionary as a key");
    }
    MtsValue *there = tpl->rc ? NULL : mts_dict_find_key(tpl, dict, key);
    if (there) {
        *there = value;
    }
    MtsDictEntry *entry = there || tpl->rc ? NULL : mts_tpl_alloc(tpl, sizeof *entry);
    if (entry) {
        entry->key = key;
        entry->value = value;
        *(dict->last ? &dict->last->next : &dict->first) = entry;
        dict->last = entry;
        dict->count++;
    }
}

void mts_dict_set(MtsTpl *tpl, MtsDict *dict, MtsString key, MtsValue value)
{
    mts_dict_set_key(tpl, dict, mts_value_string(key), value, MTS_TPL_NOWHERE);
}

bool mts_value_truth(MtsValue value)
{
    switch (value.kind) {
    case MTS_VALUE_UNDEFINED:
    case MTS_VALUE_NONE:
        return false;
    case MTS_VALUE_BOOL:
    case MTS_VALUE_INTEGER:
        return value.integer != 0;
    case MTS_VALUE_REAL:
        return value.real != 0;
    case MTS_VALUE_STRING:
        return value.string.size > 0;
    case MTS_VALUE_LIST:
        return value.list->count > 0 || value.list->sort == MTS_LIST_STREAM;
    case MTS_VALUE_DICT:
        return value.dict->count > 0 || value.dict->is_namespace;
    default:
        return true;
    }
}

bool mts_value_is_integer(MtsValue value)
{
    return value.kind == MTS_VALUE_INTEGER || value.kind == MTS_VALUE_BOOL;
}

bool mts_value_is_number(MtsValue value)
{
    return mts_value_is_integer(value) || value.kind == MTS_VALUE_REAL;
}

double mts_value_number(MtsValue value)
{
    return value.kind == MTS_VALUE_REAL ? value.real : (double)value.integer;
}

static bool dicts_equal(MtsTpl *tpl, const MtsDict *a, const MtsDict *b)
{
    bool equal = a->count == b->count;
    for (const MtsDictEntry *entry = a->first; entry && equal; entry = entry->next) {
        const MtsValue *other = mts_dict_find_key(tpl, b, entry->key);
        equal = other && mts_value_equal(tpl, entry->value, *other);
    }
    return equal;
}

bool mts_value_equal(MtsTpl *tpl, MtsValue a, MtsValue b)
{
    if (mts_value_is_number(a) && mts_value_is_number(b)) {
        return mts_value_is_integer(a) && mts_value_is_integer(b) ? a.integer == b.integer
                                                                  : mts_value_number(a) == mts_value_number(b);
    }
    if (a.kind != b.kind || !mts_tpl_enter(tpl, 0)) {
        return false;
    }
    bool equal = true;
    switch (a.kind) {
    case MTS_VALUE_STRING:
        equal = mts_tpl_charge(tpl, a.string.size) && mts_str_equal(a.string, b.string);
        break;
    case MTS_VALUE_LIST:
        equal = a.list->count == b.list->count && a.list->sort == b.list->sort;
        equal = equal && (a.list->sort <= MTS_LIST_RANGE || a.list == b.list);
        for (size_t i = 0; i < a.list->count && equal; i++) {
            equal = mts_tpl_charge(tpl, 16) && mts_value_equal(tpl, a.list->items[i], b.list->items[i]);
        }
        break;
    case MTS_VALUE_DICT:
        equal = a.dict == b.dict || dicts_equal(tpl, a.dict, b.dict);
        break;
    case MTS_VALUE_MACRO:
        equal = a.macro == b.macro;
        break;
    case MTS_VALUE_BUILTIN:
        equal = mts_str_equal(a.string, b.string);
        break;
    default:
        break; /* undefined and none: one value each */
    }
    tpl->depth--;
    return equal;
}

bool mts_value_in(MtsTpl *tpl, MtsValue item, MtsValue container, size_t at)
{
    if (container.kind == MTS_VALUE_STRING && item.kind == MTS_VALUE_STRING) {
        return mts_tpl_search(tpl, container.string, item.string) != SIZE_MAX;
    }
    if (container.kind == MTS_VALUE_DICT && !container.dict->is_namespace) {
        return mts_dict_find_key(tpl, container.dict, item) != NULL;
    }
    if (container.kind == MTS_VALUE_LIST) {
        bool found = false;
        for (size_t i = 0; i < container.list->count && !found && !tpl->rc; i++) {
            found = mts_value_equal(tpl, item, container.list->items[i]);
        }
        return found;
    }
    if (container.kind != MTS_VALUE_UNDEFINED) {
        mts_tpl_fail(tpl, MTS_EFORMAT, at, "\"in\" of something that holds nothing");
    }
    return false;
}

int mts_value_order(MtsTpl *tpl, MtsValue a, MtsValue b, size_t at)
{
    int order = 0;
    if (mts_value_is_integer(a) && mts_value_is_integer(b)) {
        return a.integer < b.integer ? -1 : a.integer > b.integer;
    }
    if (mts_value_is_number(a) && mts_value_is_number(b)) {
        double x = mts_value_number(a), y = mts_value_number(b);
        return x < y ? -1 : x > y;
    }
    if (a.kind == MTS_VALUE_STRING && b.kind == MTS_VALUE_STRING) {
        size_t common = a.string.size < b.string.size ? a.string.size : b.string.size;
        order = common && mts_tpl_charge(tpl, common) ? memcmp(a.string.data, b.string.data, common) : 0;
        return order ? order : a.string.size < b.string.size ? -1 : a.string.size > b.string.size;
    }
    bool lists = a.kind == MTS_VALUE_LIST && b.kind == MTS_VALUE_LIST && a.list->sort == b.list->sort;
    if (!lists || a.list->sort > MTS_LIST_TUPLE || !mts_tpl_enter(tpl, at)) {
        mts_tpl_fail(tpl, MTS_EFORMAT, at, "an order between values that have none");
        return 0;
    }
    size_t common = a.list->count < b.list->count ? a.list->count : b.list->count;
    for (size_t i = 0; i < common && !order && !tpl->rc; i++) {
        if (!mts_value_equal(tpl, a.list->items[i], b.list->items[i])) {
            order = mts_value_order(tpl, a.list->items[i], b.list->items[i], at);
        }
    }
    tpl->depth--;
    return order ? order : a.list->count < b.list->count ? -1 : a.list->count > b.list->count;
}

/* ---- arguments ---- */

MtsValue mts_tpl_unknown(MtsTpl *tpl, const char *what, MtsString name, size_t at)
{
    char shown[MTS_SHOWN];
    mts_tpl_fail(tpl, MTS_EUNSUPPORTED, at, "the %s \"%s\"", what, mts_str_show(name, shown));
    return mts_value(MTS_VALUE_UNDEFINED);
}

const MtsValue *mts_argument(const MtsArguments *args, size_t place, const char *name)
{
    for (size_t i = 0; i < args->count; i++) {
        if (args->names[i].data ? mts_str_is(args->names[i], name) : i == place) {
            args->asked[i] = true;
            return &args->values[i];
        }
    }
    return NULL;
}

void mts_arguments_taken(const MtsArguments *args)
{
    for (size_t i = 0; i < args->count; i++) {
        args->asked[i] = true;
    }
}

void mts_tpl_all_asked(MtsTpl *tpl, const MtsTplCall *call)
{
    char shown[MTS_SHOWN];
    for (size_t i = 0; i < call->args->count && !tpl->rc; i++) {
        if (!call->args->asked[i]) {
            mts_tpl_fail(tpl, MTS_EUNSUPPORTED, call->at, "these arguments of \"%s\"", mts_str_show(call->name, shown));
        }
    }
}

static void wrong_argument(MtsTpl *tpl, const MtsTplCall *call, const char *name)
{
    char shown[MTS_SHOWN];
    mts_tpl_fail(tpl, MTS_EFORMAT, call->at, "the argument \"%s\" of \"%s\" is of another kind", name,
                 mts_str_show(call->name, shown));
}

MtsString mts_argument_string(MtsTpl *tpl, const MtsTplCall *call, size_t place, const char *name, MtsString otherwise)
{
    const MtsValue *value = mts_argument(call->args, place, name);
    if (!value || value->kind == MTS_VALUE_NONE) {
        return otherwise;
    }
    if (value->kind != MTS_VALUE_STRING) {
        wrong_argument(tpl, call, name);
        return otherwise;
    }
    return value->string;
}

int64_t mts_argument_integer(MtsTpl *tpl, const MtsTplCall *call, size_t place, const char *name, int64_t otherwise)
{
    const MtsValue *value = mts_argument(call->args, place, name);
    if (!value || value->kind == MTS_VALUE_NONE) {
        return otherwise;
    }
    if (!mts_value_is_integer(*value)) {
        wrong_argument(tpl, call, name);
        return otherwise;
    }
    return value->integer < -MTS_TPL_MOST  ? -MTS_TPL_MOST
           : value->integer > MTS_TPL_MOST ? MTS_TPL_MOST
                                           : value->integer;
}

bool mts_argument_truth(const MtsTplCall *call, size_t place, const char *name, bool otherwise)
{
    const MtsValue *value = mts_argument(call->args, place, name);
    return value ? mts_value_truth(*value) : otherwise;
}
