/* template/builtins.c - what chat templates call: functions, and the methods of dictionaries, lists and loops. */
#include <string.h>

#include "template/ast.h"

static MtsValue undefined(void)
{
    return mts_value(MTS_VALUE_UNDEFINED);
}

/* ---- methods ---- */

/* A loop's cycle(a, b, ...) and changed(a, ...). */
static MtsValue loop_method(MtsTpl *tpl, const MtsTplCall *c)
{
    const MtsValue *index = mts_dict_find(tpl, c->value.dict, (MtsString){"index0", 6});
    mts_arguments_taken(c->args);
    if (mts_str_is(c->name, "cycle") && index && c->args->count) {
        return c->args->values[(size_t)index->integer % c->args->count];
    }
    if (mts_str_is(c->name, "changed")) {
        MtsValue *now = mts_tpl_alloc(tpl, sizeof *now);
        MtsValue all = mts_value_list(tpl, c->args->count);
        for (size_t i = 0; !tpl->rc && i < c->args->count; i++) {
            all.list->items[i] = c->args->values[i];
        }
        if (tpl->rc) {
            return undefined();
        }
        *now = all;
        bool same = c->value.dict->changed && mts_value_equal(tpl, *c->value.dict->changed, *now);
        c->value.dict->changed = now;
        return mts_value_bool(!same);
    }
    return mts_tpl_unknown(tpl, "method", c->name, c->at);
}

static MtsValue copy_of(MtsTpl *tpl, const MtsDict *dict)
{
    MtsValue copy = mts_value_dict(tpl);
    for (const MtsDictEntry *entry = dict->first; entry && !tpl->rc; entry = entry->next) {
        mts_dict_set_key(tpl, copy.dict, entry->key, entry->value, MTS_TPL_NOWHERE);
    }
    return copy;
}

static const char *const DICT_METHODS[] = {"items", "keys", "values", "get", "copy", "pop", "update", NULL};
static const char *const LIST_METHODS[] = {"index", "count", "append", "pop", "insert", "extend", NULL};

static bool is_one_of(const char *const *names, MtsString name)
{
    while (*names && !mts_str_is(name, *names)) {
        names++;
    }
    return *names != NULL;
}

static MtsValue dict_method(MtsTpl *tpl, const MtsTplCall *c)
{
    if (mts_str_is(c->name, "items") || mts_str_is(c->name, "keys") || mts_str_is(c->name, "values")) {
        return mts_tpl_dict_items(tpl, c->value.dict, c->name.data[0]);
    }
    if (mts_str_is(c->name, "copy")) {
        return copy_of(tpl, c->value.dict);
    }
    const MtsValue *key = mts_argument(c->args, 0, "key"), *otherwise = mts_argument(c->args, 1, "default");
    if (mts_str_is(c->name, "get") && key) {
        const MtsValue *found = mts_dict_find_key(tpl, c->value.dict, *key);
        return found ? *found : otherwise ? *otherwise : mts_value(MTS_VALUE_NONE);
    }
    if (is_one_of(DICT_METHODS, c->name)) {
        mts_tpl_fail(tpl, MTS_EFORMAT, c->at, "a template may not change a dictionary");
        return undefined();
    }
    return mts_tpl_unknown(tpl, "method", c->name, c->at);
}

static MtsValue list_method(MtsTpl *tpl, const MtsTplCall *c)
{
    const MtsValue *item = mts_argument(c->args, 0, "value");
    int64_t count = 0;
    bool index = mts_str_is(c->name, "index");
    if ((!index && !mts_str_is(c->name, "count")) || !item) {
        if (is_one_of(LIST_METHODS, c->name)) {
            mts_tpl_fail(tpl, MTS_EFORMAT, c->at, "a template may not change a list");
            return undefined();
        }
        return mts_tpl_unknown(tpl, "method", c->name, c->at);
    }
    for (size_t i = 0; i < c->value.list->count && !tpl->rc; i++) {
        bool same = mts_value_equal(tpl, c->value.list->items[i], *item);
        if (same && index) {
            return mts_value_integer((int64_t)i);
        }
        count += same;
    }
    if (index) {
        mts_tpl_fail(tpl, MTS_EFORMAT, c->at, "the index of an item that is not there");
    }
    return mts_value_integer(count);
}

bool mts_tpl_has_method(MtsTpl *tpl, MtsValue object, MtsString name)
{
    bool known = false;
    if (object.kind == MTS_VALUE_STRING) {
        mts_tpl_string_method(tpl, NULL, name, &known);
    } else if (object.kind == MTS_VALUE_DICT && !object.dict->is_namespace && !object.dict->is_loop) {
        known = is_one_of(DICT_METHODS, name);
    } else if (object.kind == MTS_VALUE_LIST && object.list->sort <= MTS_LIST_RANGE) {
        known = is_one_of(LIST_METHODS, name);
    }
    return known;
}

MtsValue mts_tpl_method(MtsTpl *tpl, const MtsTplCall *call)
{
    char name[MTS_SHOWN];
    bool known = false;
    MtsValue result = undefined();
    switch (call->value.kind) {
    case MTS_VALUE_STRING:
        result = mts_tpl_string_method(tpl, call, call->name, &known);
        result = known ? result : mts_tpl_unknown(tpl, "method", call->name, call->at);
        break;
    case MTS_VALUE_DICT:
        result = call->value.dict->is_loop ? loop_method(tpl, call) : dict_method(tpl, call);
        break;
    case MTS_VALUE_LIST:
        result = list_method(tpl, call);
        break;
    default:
        mts_tpl_fail(tpl, MTS_EFORMAT, call->at, "\"%s\" called of something that has no methods",
                     mts_str_show(call->name, name));
        break;
    }
    mts_tpl_all_asked(tpl, call);
    return result;
}

/* ---- functions ---- */

static MtsValue range(MtsTpl *tpl, const MtsTplCall *c)
{
    const MtsArguments *args = c->args;
    int64_t bounds[3] = {0, 0, 1};
    bool good = args->count >= 1 && args->count <= 3;
    for (size_t i = 0; i < args->count && good; i++) {
        int64_t bound = args->values[i].integer;
        bounds[args->count == 1 ? 1 : i] = bound;
        good = mts_value_is_integer(args->values[i]) && bound < INT32_MAX && bound > INT32_MIN;
    }
    if (!good || bounds[2] == 0) {
        mts_tpl_fail(tpl, MTS_EFORMAT, c->at, "a range of such bounds");
        return undefined();
    }
    int64_t span = bounds[2] > 0 ? bounds[1] - bounds[0] : bounds[0] - bounds[1];
    int64_t step = bounds[2] > 0 ? bounds[2] : -bounds[2];
    MtsValue list = mts_value_list(tpl, span > 0 ? (size_t)((span + step - 1) / step) : 0);
    for (size_t i = 0; !tpl->rc && i < list.list->count; i++) {
        list.list->items[i] = mts_value_integer(bounds[0] + (int64_t)i * bounds[2]);
    }
    if (!tpl->rc) {
        list.list->sort = MTS_LIST_RANGE;
    }
    return list;
}

/* namespace(name=value) and dict(name=value), both also of a dictionary. */
static MtsValue make_dict(MtsTpl *tpl, const MtsTplCall *c)
{
    MtsValue made = mts_value_dict(tpl);
    for (size_t i = 0; i < c->args->count && !tpl->rc; i++) {
        MtsValue value = c->args->values[i];
        if (c->args->names[i].data) {
            mts_dict_set(tpl, made.dict, c->args->names[i], value);
        } else if (i == 0 && value.kind == MTS_VALUE_DICT && !value.dict->is_namespace) {
            made = copy_of(tpl, value.dict);
        } else {
            mts_tpl_fail(tpl, MTS_EUNSUPPORTED, c->at, "a namespace of anything but names");
        }
    }
    if (!tpl->rc) {
        made.dict->is_namespace = c->name.data[0] == 'n';
    }
    return made;
}

static MtsValue raise_exception(MtsTpl *tpl, const MtsTplCall *c)
{
    char shown[MTS_SHOWN];
    MtsString why = c->args->count ? mts_value_print(tpl, c->args->values[0], c->at) : (MtsString){"", 0};
    mts_tpl_fail(tpl, MTS_EREQUEST, c->at, "the template refuses these messages: \"%s\"", mts_str_show(why, shown));
    return undefined();
}

static MtsValue strftime_now(MtsTpl *tpl, const MtsTplCall *c)
{
    MtsString format = mts_argument_string(tpl, c, 0, "format", (MtsString){"", 0});
    return tpl->rc ? undefined() : mts_value_string(mts_tpl_date(tpl, format, c->at));
}

static const struct {
    const char *name;
    MtsValue (*call)(MtsTpl *tpl, const MtsTplCall *call);
    bool dated; /* only where there is a day */
} FUNCTIONS[] = {
    {"dict", make_dict, false}, {"namespace", make_dict, false},      {"raise_exception", raise_exception, false},
    {"range", range, false},    {"strftime_now", strftime_now, true},
};

bool mts_tpl_has_function(const MtsTpl *tpl, MtsString name)
{
    for (size_t i = 0; i < sizeof FUNCTIONS / sizeof FUNCTIONS[0]; i++) {
        if (mts_str_is(name, FUNCTIONS[i].name)) {
            return tpl->date || !FUNCTIONS[i].dated;
        }
    }
    return false;
}

MtsValue mts_tpl_function(MtsTpl *tpl, const MtsTplCall *call)
{
    for (size_t i = 0; i < sizeof FUNCTIONS / sizeof FUNCTIONS[0]; i++) {
        if (mts_str_is(call->name, FUNCTIONS[i].name) && (tpl->date || !FUNCTIONS[i].dated)) {
            return FUNCTIONS[i].call(tpl, call);
        }
    }
    return mts_tpl_unknown(tpl, "function", call->name, call->at);
}
