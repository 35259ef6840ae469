/* template/values.c - what a rendering works with: its memory, its values, its sentences. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "template/ast.h"

/* ---- the run ---- */

/* Memory is handed out from blocks of at least this size. */
enum { BLOCK_BYTES = 1 << 16 };

struct MtsTplBlock {
    MtsTplBlock *next;
    size_t used, size;
    /* the bytes follow */
};

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
        size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;
        block = calloc(1, sizeof *block + 16 + room);
        if (!block) {
            mts_tpl_fail(tpl, MTS_ENOMEM, MTS_TPL_NOWHERE, "no memory for the prompt");
            return NULL;
        }
        block->size = room;
        block->next = tpl->blocks;
        tpl->blocks = block;
    }
    char *bytes = (char *)(((uintptr_t)(block + 1) + 15) / 16 * 16) + block->used;
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

/* ---- strings ---- */

MtsString mts_tpl_concat(MtsTpl *tpl, MtsString a, MtsString b)
{
    if (a.size == 0 || b.size == 0) {
        return a.size ? a : b;
    }
    char *both = mts_tpl_alloc(tpl, a.size + b.size);
    if (!both) {
        return (MtsString){"", 0};
    }
    memcpy(both, a.data, a.size);
    memcpy(both + a.size, b.data, b.size);
    return (MtsString){both, a.size + b.size};
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

MtsValue *mts_dict_find(MtsTpl *tpl, const MtsDict *dict, MtsString key)
{
    for (MtsDictEntry *entry = dict->first; entry; entry = entry->next) {
        bool alike = entry->key.size == key.size;
        if (!mts_tpl_charge(tpl, alike ? 1 + key.size : 1)) {
            break;
        }
        if (alike && mts_str_equal(entry->key, key)) {
            return &entry->value;
        }
    }
    return NULL;
}

void mts_dict_set(MtsTpl *tpl, MtsDict *dict, MtsString key, MtsValue value)
{
    MtsValue *there = mts_dict_find(tpl, dict, key);
    if (there) {
        *there = value;
        return;
    }
    MtsDictEntry *entry = mts_tpl_alloc(tpl, sizeof *entry);
    if (entry) {
        entry->key = key;
        entry->value = value;
        *(dict->last ? &dict->last->next : &dict->first) = entry;
        dict->last = entry;
        dict->count++;
    }
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
    case MTS_VALUE_STRING:
        return value.string.size > 0;
    case MTS_VALUE_LIST:
        return value.list->count > 0;
    case MTS_VALUE_DICT:
        return value.dict->count > 0 || value.dict->is_namespace;
    default:
        return true;
    }
}

bool mts_value_is_number(MtsValue value)
{
    return value.kind == MTS_VALUE_INTEGER || value.kind == MTS_VALUE_BOOL;
}

static bool dicts_equal(MtsTpl *tpl, const MtsDict *a, const MtsDict *b)
{
    bool equal = a->count == b->count;
    for (const MtsDictEntry *entry = a->first; entry && equal; entry = entry->next) {
        const MtsValue *other = mts_dict_find(tpl, b, entry->key);
        equal = other && mts_value_equal(tpl, entry->value, *other);
    }
    return equal;
}

bool mts_value_equal(MtsTpl *tpl, MtsValue a, MtsValue b)
{
    if (mts_value_is_number(a) && mts_value_is_number(b)) {
        return a.integer == b.integer;
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
        equal = a.list->count == b.list->count;
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
    if (container.kind == MTS_VALUE_DICT) {
        return item.kind == MTS_VALUE_STRING && mts_dict_find(tpl, container.dict, item.string);
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

MtsString mts_value_print(MtsTpl *tpl, MtsValue value, size_t at)
{
    MtsString empty = {"", 0};
    if (value.kind == MTS_VALUE_STRING) {
        return value.string;
    }
    if (value.kind == MTS_VALUE_UNDEFINED) {
        return empty;
    }
    char *text = mts_tpl_alloc(tpl, 24);
    if (!text) {
        return empty;
    }
    switch (value.kind) {
    case MTS_VALUE_NONE:
        snprintf(text, 24, "None");
        break;
    case MTS_VALUE_BOOL:
        snprintf(text, 24, value.integer ? "True" : "False");
        break;
    case MTS_VALUE_INTEGER:
        snprintf(text, 24, "%lld", (long long)value.integer);
        break;
    default:
        mts_tpl_fail(tpl, MTS_EUNSUPPORTED, at, "a list, a dictionary or a function as text");
        break;
    }
    return (MtsString){text, strlen(text)};
}

const MtsValue *mts_argument(const MtsArguments *args, size_t place, const char *name)
{
    for (size_t i = 0; i < args->count; i++) {
        if (args->names[i].data ? mts_str_is(args->names[i], name) : i == place) {
            return &args->values[i];
        }
    }
    return NULL;
}
