/* template/eval.c - running a chat template's syntax tree.
 *
 * Names live in scopes: the template's own, one for each turn of a loop, one for each call of a macro. Reading looks
 * outwards; setting makes or changes the name in the innermost scope only, so that what a loop sets is gone after each
 * turn (which is why templates carry state in a namespace). A macro sees its own scope and the one it was defined in.
 */
#include <string.h>

#include "template/ast.h"

typedef enum Flow { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE } Flow;

typedef struct Run {
    MtsTpl *tpl;
    MtsTplScope *scope;
    MtsTplWriter *out;
} Run;

static MtsValue eval(Run *run, const MtsTplNode *node);
static Flow run_body(Run *run, const MtsTplNode *node);

static bool failed(const Run *run)
{
    return run->tpl->rc;
}

static MtsValue undefined(void)
{
    return mts_value(MTS_VALUE_UNDEFINED);
}

/* A scope of its own inside that one. */
static MtsTplScope *new_scope(Run *run, MtsTplScope *outer)
{
    MtsTplScope *scope = mts_tpl_alloc(run->tpl, sizeof *scope);
    MtsDict *names = mts_value_dict(run->tpl).dict;
    if (!scope || !names) {
        return NULL;
    }
    scope->names = names;
    scope->outer = outer;
    return scope;
}

/* ---- names and members ---- */

static MtsValue eval_name(Run *run, const MtsTplNode *node)
{
    for (const MtsTplScope *scope = run->scope; scope; scope = scope->outer) {
        const MtsValue *found = mts_dict_find(run->tpl, scope->names, node->text);
        if (found) {
            return *found;
        }
    }
    if (mts_str_is(node->text, "self")) {
        mts_tpl_fail(run->tpl, MTS_EUNSUPPORTED, node->at, "the template itself as a value (self)");
    }
    MtsValue value = mts_value(mts_tpl_has_function(run->tpl, node->text) ? MTS_VALUE_BUILTIN : MTS_VALUE_UNDEFINED);
    value.string = node->text; /* an undefined value knows its name, for sentences */
    return value;
}

/* object.name (by_item: object["name"], which prefers a dictionary's member to its method of that name). */
static MtsValue member(Run *run, MtsValue object, MtsString name, bool by_item, size_t at)
{
    if (object.kind == MTS_VALUE_UNDEFINED) {
        char member_shown[MTS_SHOWN], shown[MTS_SHOWN];
        mts_tpl_fail(run->tpl, MTS_EFORMAT, at, "\"%s\" of \"%s\", which is undefined",
                     mts_str_show(name, member_shown), mts_str_show(object.string, shown));
    }
    if (object.kind == MTS_VALUE_MACRO) {
        mts_tpl_fail(run->tpl, MTS_EUNSUPPORTED, at, "members of a macro");
    }
    const MtsValue *found = object.kind == MTS_VALUE_DICT ? mts_dict_find(run->tpl, object.dict, name) : NULL;
    if (object.kind == MTS_VALUE_LIST && object.list->is_group) {
        found = mts_str_is(name, "grouper") ? object.list->items
                : mts_str_is(name, "list")  ? object.list->items + 1
                                            : NULL;
    }
    bool method = (!found || !by_item) && mts_tpl_has_method(run->tpl, object, name);
    MtsValue value = found && !method ? *found : mts_value(method ? MTS_VALUE_BUILTIN : MTS_VALUE_UNDEFINED);
    if (!found || method) {
        value.string = name;
    }
    return value;
}

static MtsValue eval_item(Run *run, const MtsTplNode *node)
{
    MtsValue object = eval(run, node->a), index = eval(run, node->b);
    if (failed(run)) {
        return undefined();
    }
    if (object.kind == MTS_VALUE_DICT && index.kind != MTS_VALUE_STRING) {
        const MtsValue *found = mts_dict_find_key(run->tpl, object.dict, index);
        return found ? *found : undefined();
    }
    if (index.kind == MTS_VALUE_STRING) {
        return member(run, object, index.string, true, node->at);
    }
    if (object.kind != MTS_VALUE_LIST && object.kind != MTS_VALUE_STRING) {
        return member(run, object, (MtsString){"[]", 2}, true, node->at);
    }
    bool list = object.kind == MTS_VALUE_LIST;
    if (!mts_value_is_integer(index) || (list && object.list->sort > MTS_LIST_RANGE)) {
        return undefined(); /* Jinja asks for an attribute of that name then, which there is none */
    }
    if (!list && !mts_tpl_charge(run->tpl, object.string.size)) {
        return undefined();
    }
    int64_t count = (int64_t)(list ? object.list->count : mts_str_characters(object.string));
    int64_t place = index.integer < 0 ? index.integer + count : index.integer;
    if (place < 0 || place >= count) {
        return undefined();
    }
    if (list) {
        return object.list->items[place];
    }
    size_t begin = mts_str_offset(object.string, (size_t)place), end = mts_str_offset(object.string, (size_t)place + 1);
    return mts_value_string((MtsString){object.string.data + begin, end - begin});
}

/* A bound of a slice: its value, or `missing`; clamped to low..high, negative ones counted from the end. */
static int64_t slice_bound(Run *run, const MtsTplNode *node, int64_t missing, int64_t count, int64_t low, int64_t high)
{
    MtsValue value = node ? eval(run, node) : mts_value(MTS_VALUE_NONE);
    if (value.kind == MTS_VALUE_NONE) {
        return missing;
    }
    if (!mts_value_is_integer(value)) {
        mts_tpl_fail(run->tpl, MTS_EFORMAT, node->at, "a slice's bound that is no integer");
        return missing;
    }
    int64_t bound = value.integer < 0 ? value.integer + count : value.integer;
    return bound < low ? low : bound > high ? high : bound;
}

/* Items from, from + step, ... of the characters or the list. */
static MtsValue take_items(Run *run, MtsValue items, bool list, int64_t from, int64_t step, int64_t count)
{
    MtsTplWriter w = {.tpl = run->tpl};
    MtsValue result = mts_value_list(run->tpl, (size_t)count);
    for (int64_t i = 0; i < count && !failed(run); i++) {
        result.list->items[i] = items.list->items[from + i * step];
        if (!list) {
            mts_tpl_write(&w, result.list->items[i].string);
        }
    }
    if (!failed(run)) {
        result.list->sort = items.list->sort;
    }
    return list ? result : mts_value_string(mts_tpl_written(&w));
}

static MtsValue eval_slice(Run *run, const MtsTplNode *node)
{
    MtsValue object = eval(run, node->a), result = undefined();
    MtsValue step_value = node->d ? eval(run, node->d) : mts_value(MTS_VALUE_NONE);
    bool list = object.kind == MTS_VALUE_LIST && object.list->sort <= MTS_LIST_RANGE;
    if (failed(run)) {
        return result;
    }
    if (!list && object.kind != MTS_VALUE_STRING) { /* undefined, as any item is that there is not */
        return member(run, object, (MtsString){"[:]", 3}, true, node->at);
    }
    int64_t step = step_value.kind == MTS_VALUE_NONE ? 1 : step_value.integer;
    if ((step_value.kind != MTS_VALUE_NONE && !mts_value_is_integer(step_value)) || step == 0 || step > INT32_MAX ||
        step < -INT32_MAX) {
        mts_tpl_fail(run->tpl, MTS_EFORMAT, node->at, "a slice with such a step");
        return result;
    }
    if (!list && !mts_tpl_charge(run->tpl, 3 * object.string.size)) {
        return result;
    }
    int64_t count = (int64_t)(list ? object.list->count : mts_str_characters(object.string));
    int64_t low = step > 0 ? 0 : -1, high = step > 0 ? count : count - 1;
    int64_t from = slice_bound(run, node->b, step > 0 ? 0 : count - 1, count, low, high);
    int64_t to = slice_bound(run, node->c, step > 0 ? count : -1, count, low, high);
    int64_t span = step > 0 ? to - from : from - to, stride = step > 0 ? step : -step;
    int64_t length = span > 0 ? (span + stride - 1) / stride : 0;
    if (!list && step == 1) {
        size_t begin = mts_str_offset(object.string, (size_t)from);
        size_t end = mts_str_offset(object.string, (size_t)(from + length));
        return mts_value_string((MtsString){object.string.data + begin, end - begin});
    }
    MtsValue items = list ? object : mts_tpl_items(run->tpl, object, node->at);
    return failed(run) ? result : take_items(run, items, list, from, step, length);
}

/* ---- calls ---- */

static MtsArguments eval_arguments(Run *run, const MtsTplNode *first)
{
    MtsArguments args = {NULL, NULL, NULL, 0};
    size_t count = 0;
    for (const MtsTplNode *node = first; node; node = node->next) {
        count++;
    }
    args.values = mts_tpl_alloc(run->tpl, (count + 1) * sizeof *args.values);
    args.names = mts_tpl_alloc(run->tpl, (count + 1) * sizeof *args.names);
    args.asked = mts_tpl_alloc(run->tpl, (count + 1) * sizeof *args.asked);
    for (const MtsTplNode *node = first; node && !failed(run); node = node->next) {
        bool named = node->kind == MTS_NODE_KEYWORD;
        args.values[args.count] = eval(run, named ? node->a : node);
        args.names[args.count++] = named ? node->text : (MtsString){NULL, 0};
    }
    return args;
}

/* Runs a body with its output caught, in the scope at hand. */
static MtsValue capture(Run *run, const MtsTplNode *body)
{
    MtsTplWriter caught = {.tpl = run->tpl}, *outer = run->out;
    run->out = &caught;
    run_body(run, body);
    run->out = outer;
    return mts_value_string(mts_tpl_written(&caught));
}

/* What a macro was given beyond its parameters, for the macros that say varargs or kwargs. */
static void bind_rest(Run *run, const MtsTplNode *macro, const MtsArguments *args, size_t places, size_t at)
{
    MtsValue rest = mts_value_list(run->tpl, args->count), named = mts_value_dict(run->tpl);
    size_t count = 0;
    for (size_t i = 0; i < args->count && !failed(run); i++) {
        bool known = !args->names[i].data && i < places;
        for (const MtsTplNode *p = macro->a; p && args->names[i].data; p = p->next) {
            known = known || mts_str_equal(args->names[i], p->text);
        }
        known = known || (args->names[i].data && mts_str_is(args->names[i], "caller"));
        unsigned needs = args->names[i].data ? MTS_MENTIONS_KWARGS : MTS_MENTIONS_VARARGS;
        if (known) {
            continue;
        }
        if (!((unsigned)macro->number & needs)) {
            mts_tpl_fail(run->tpl, MTS_EFORMAT, at, "a macro is given an argument that it does not take");
        } else if (args->names[i].data) {
            mts_dict_set(run->tpl, named.dict, args->names[i], args->values[i]);
        } else {
            rest.list->items[count++] = args->values[i];
        }
    }
    if (!failed(run)) {
        rest.list->count = count;
        rest.list->sort = MTS_LIST_TUPLE;
        mts_dict_set(run->tpl, run->scope->names, (MtsString){"varargs", 7}, rest);
        mts_dict_set(run->tpl, run->scope->names, (MtsString){"kwargs", 6}, named);
    }
}

static MtsValue call_macro(Run *run, MtsValue callee, const MtsArguments *args, size_t at)
{
    const MtsTplNode *macro = callee.macro;
    MtsTplScope *scope = new_scope(run, callee.scope), *outer = run->scope;
    if (!scope || !mts_tpl_enter(run->tpl, at)) {
        return undefined();
    }
    run->scope = scope;
    size_t place = 0;
    for (const MtsTplNode *parameter = macro->a; parameter && !failed(run); parameter = parameter->next, place++) {
        MtsValue value = undefined();
        bool given = false;
        for (size_t i = 0; i < args->count && !given; i++) {
            given = args->names[i].data ? mts_str_equal(args->names[i], parameter->text) : i == place;
            value = given ? args->values[i] : value;
        }
        if (!given && parameter->a) {
            value = eval(run, parameter->a);
        }
        mts_dict_set(run->tpl, scope->names, parameter->text, value);
    }
    const MtsValue *caller = mts_argument(args, SIZE_MAX, "caller");
    if (caller && !failed(run)) {
        mts_dict_set(run->tpl, scope->names, (MtsString){"caller", 6}, *caller);
    }
    bind_rest(run, macro, args, place, at);
    MtsValue text = capture(run, macro->b);
    run->scope = outer;
    run->tpl->depth--;
    return text;
}

static MtsValue macro_value(Run *run, const MtsTplNode *macro)
{
    MtsValue value = mts_value(MTS_VALUE_MACRO);
    value.macro = macro;
    value.scope = run->scope;
    return value;
}

static MtsValue call_method(Run *run, const MtsTplNode *node, const MtsArguments *args, MtsValue object)
{
    MtsString name = node->a->text;
    const MtsValue *found = object.kind == MTS_VALUE_DICT && !mts_tpl_has_method(run->tpl, object, name)
                                ? mts_dict_find(run->tpl, object.dict, name)
                                : NULL;
    MtsTplCall call = {name, object, args, node->at};
    if (object.kind == MTS_VALUE_UNDEFINED) {
        return member(run, object, name, false, node->at);
    }
    return found && found->kind == MTS_VALUE_MACRO ? call_macro(run, *found, args, node->at)
                                                   : mts_tpl_method(run->tpl, &call);
}

/* A call; `caller` is what the macro sees under that name, undefined: nothing. */
static MtsValue call_with(Run *run, const MtsTplNode *node, MtsValue caller)
{
    bool method = node->a->kind == MTS_NODE_ATTR;
    MtsValue callee = eval(run, method ? node->a->a : node->a);
    MtsArguments args = eval_arguments(run, node->b);
    if (failed(run)) {
        return undefined();
    }
    if (caller.kind == MTS_VALUE_MACRO) { /* there is room for one more */
        args.values[args.count] = caller;
        args.names[args.count++] = (MtsString){"caller", 6};
    }
    if (method) {
        return call_method(run, node, &args, callee);
    }
    if (callee.kind == MTS_VALUE_MACRO) {
        return call_macro(run, callee, &args, node->at);
    }
    if (callee.kind != MTS_VALUE_BUILTIN && callee.kind != MTS_VALUE_UNDEFINED) {
        mts_tpl_fail(run->tpl, callee.kind == MTS_VALUE_DICT && callee.dict->is_loop ? MTS_EUNSUPPORTED : MTS_EFORMAT,
                     node->at, "a call of something that is no function");
        return undefined();
    }
    MtsTplCall call = {callee.string.data ? callee.string : (MtsString){"", 0}, undefined(), &args, node->at};
    return mts_tpl_function(run->tpl, &call);
}

static MtsValue eval_call(Run *run, const MtsTplNode *node)
{
    return call_with(run, node, undefined());
}

/* ---- expressions ---- */

static MtsValue eval_literal(Run *run, const MtsTplNode *node)
{
    size_t count = 0, i = 0;
    if (node->kind == MTS_NODE_DICT) {
        MtsValue dict = mts_value_dict(run->tpl);
        for (const MtsTplNode *pair = node->a; pair && !failed(run); pair = pair->next) {
            MtsValue key = eval(run, pair->a), value = eval(run, pair->b);
            mts_dict_set_key(run->tpl, dict.dict, key, value, pair->at);
        }
        return dict;
    }
    for (const MtsTplNode *item = node->a; item; item = item->next) {
        count++;
    }
    MtsValue list = mts_value_list(run->tpl, count);
    for (const MtsTplNode *item = node->a; item && !failed(run); item = item->next) {
        list.list->items[i++] = eval(run, item);
    }
    if (!failed(run) && node->op == 't') {
        list.list->sort = MTS_LIST_TUPLE;
    }
    return list;
}

static MtsValue eval_filter(Run *run, const MtsTplNode *node)
{
    MtsValue value = eval(run, node->a);
    MtsArguments args = eval_arguments(run, node->b);
    MtsTplCall call = {node->text, value, &args, node->at};
    return failed(run) ? undefined() : mts_tpl_filter(run->tpl, &call);
}

static MtsValue eval_test(Run *run, const MtsTplNode *node)
{
    MtsValue value = eval(run, node->a);
    MtsArguments args = eval_arguments(run, node->b);
    MtsTplCall call = {node->text, value, &args, node->at};
    return failed(run) ? undefined() : mts_value_bool(mts_tpl_test(run->tpl, &call));
}

static MtsValue eval_negate(Run *run, const MtsTplNode *node)
{
    MtsValue value = eval(run, node->a);
    if (!failed(run) && !mts_value_is_number(value)) {
        mts_tpl_fail(run->tpl, MTS_EFORMAT, node->at, "\"%c\" before something that is no number", node->op);
    }
    if (node->op == '+') {
        return value.kind == MTS_VALUE_REAL ? value : mts_value_integer(value.integer);
    }
    return mts_value_negative(run->tpl, value, node->at);
}

static void fail_unknown(Run *run, const MtsTplNode *node)
{
    char shown[MTS_SHOWN];
    mts_tpl_fail(run->tpl, MTS_EUNSUPPORTED, node->at, "%s", mts_str_show(node->text, shown));
}

static MtsValue eval_if_else(Run *run, const MtsTplNode *node)
{
    if (mts_value_truth(eval(run, node->b))) {
        return eval(run, node->a);
    }
    return node->c ? eval(run, node->c) : undefined();
}

static MtsValue eval_and_or(Run *run, const MtsTplNode *node)
{
    MtsValue value = eval(run, node->a);
    return mts_value_truth(value) == (node->kind == MTS_NODE_AND) ? eval(run, node->b) : value;
}

static MtsValue eval_kind(Run *run, const MtsTplNode *node)
{
    MtsValue value, other;
    switch (node->kind) {
    case MTS_NODE_STRING:
        return mts_value_string(node->text);
    case MTS_NODE_INTEGER:
        return mts_value_integer(node->number);
    case MTS_NODE_REAL:
        return mts_value_real(node->real);
    case MTS_NODE_CAPTURE:
        return capture(run, node->b);
    case MTS_NODE_UNKNOWN:
        fail_unknown(run, node);
        return undefined();
    case MTS_NODE_BOOL:
        return mts_value_bool(node->number != 0);
    case MTS_NODE_NONE:
        return mts_value(MTS_VALUE_NONE);
    case MTS_NODE_NAME:
        return eval_name(run, node);
    case MTS_NODE_LIST:
    case MTS_NODE_DICT:
        return eval_literal(run, node);
    case MTS_NODE_ATTR:
        value = eval(run, node->a);
        return failed(run) ? undefined() : member(run, value, node->text, false, node->at);
    case MTS_NODE_ITEM:
        return eval_item(run, node);
    case MTS_NODE_SLICE:
        return eval_slice(run, node);
    case MTS_NODE_CALL:
        return eval_call(run, node);
    case MTS_NODE_FILTER:
        return eval_filter(run, node);
    case MTS_NODE_TEST:
        return eval_test(run, node);
    case MTS_NODE_NOT:
        return mts_value_bool(!mts_value_truth(eval(run, node->a)));
    case MTS_NODE_NEGATE:
        return eval_negate(run, node);
    case MTS_NODE_AND:
    case MTS_NODE_OR:
        return eval_and_or(run, node);
    case MTS_NODE_BINARY:
        value = eval(run, node->a);
        other = eval(run, node->b);
        return failed(run) ? undefined() : mts_tpl_binary(run->tpl, node->op, value, other, node->at);
    case MTS_NODE_COMPARE:
        value = eval(run, node->a);
        other = eval(run, node->b);
        return mts_value_bool(!failed(run) && mts_tpl_compare(run->tpl, node->op, value, other, node->at));
    case MTS_NODE_IF_ELSE:
        return eval_if_else(run, node);
    default:
        mts_tpl_fail(run->tpl, MTS_EFORMAT, node->at, "no expression");
        return undefined();
    }
}

static bool count_step(Run *run, size_t at)
{
    if (run->tpl->steps_left == 0) {
        mts_tpl_fail(run->tpl, MTS_ECAPACITY, at, "more than %d steps", MTS_TEMPLATE_STEPS);
        return false;
    }
    run->tpl->steps_left--;
    return !failed(run);
}

static MtsValue eval(Run *run, const MtsTplNode *node)
{
    if (failed(run) || !count_step(run, node->at) || !mts_tpl_enter(run->tpl, node->at)) {
        return undefined();
    }
    MtsValue value = eval_kind(run, node);
    run->tpl->depth--;
    return failed(run) ? undefined() : value;
}

/* ---- statements ---- */

/* Sets the `loop` variable to item i. */
static void set_loop(Run *run, MtsDict *loop, const MtsList *items, size_t i, int depth)
{
    const struct {
        const char *name;
        MtsValue value;
    } fields[] = {
        {"index", mts_value_integer((int64_t)i + 1)},
        {"index0", mts_value_integer((int64_t)i)},
        {"revindex", mts_value_integer((int64_t)(items->count - i))},
        {"revindex0", mts_value_integer((int64_t)(items->count - i) - 1)},
        {"first", mts_value_bool(i == 0)},
        {"last", mts_value_bool(i + 1 == items->count)},
        {"length", mts_value_integer((int64_t)items->count)},
        {"previtem", i > 0 ? items->items[i - 1] : undefined()},
        {"nextitem", i + 1 < items->count ? items->items[i + 1] : undefined()},
        {"depth", mts_value_integer(depth)},
        {"depth0", mts_value_integer(depth - 1)},
    };
    for (size_t k = 0; k < sizeof fields / sizeof *fields && !failed(run); k++) {
        mts_dict_set(run->tpl, loop, (MtsString){fields[k].name, strlen(fields[k].name)}, fields[k].value);
    }
}

/* Sets the targets, linked by next, to a value: one takes it whole, several take it apart. */
static void assign(Run *run, const MtsTplNode *targets, MtsValue value, size_t at)
{
    size_t count = 0;
    for (const MtsTplNode *target = targets; target; target = target->next) {
        count++;
    }
    if (failed(run) || !mts_tpl_enter(run->tpl, at)) {
        return;
    }
    MtsValue parts = count > 1 ? mts_tpl_items(run->tpl, value, at) : undefined();
    if (count > 1 && !failed(run) && parts.list->count != count) {
        mts_tpl_fail(run->tpl, MTS_EFORMAT, at, "%zu names for something of other parts", count);
    }
    size_t i = 0;
    for (const MtsTplNode *target = targets; target && !failed(run); target = target->next, i++) {
        MtsValue part = count > 1 ? parts.list->items[i] : value;
        if (target->kind == MTS_NODE_LIST) {
            assign(run, target->a, part, at);
            continue;
        }
        MtsDict *names = run->scope->names;
        if (target->kind == MTS_NODE_ATTR) {
            MtsValue object = eval(run, target->a);
            if (object.kind != MTS_VALUE_DICT || !object.dict->is_namespace) {
                mts_tpl_fail(run->tpl, MTS_EFORMAT, at, "\"set\" of a member of something that is no namespace");
                break;
            }
            names = object.dict;
        }
        mts_dict_set(run->tpl, names, target->text, part);
    }
    run->tpl->depth--;
}

/* The items that the loop's own condition lets through. */
static MtsValue chosen_items(Run *run, const MtsTplNode *node)
{
    MtsValue value = eval(run, node->a);
    MtsValue items = failed(run) ? undefined() : mts_tpl_items(run->tpl, value, node->at);
    if (!node->e || failed(run)) {
        return items;
    }
    MtsValue chosen = mts_value_list(run->tpl, items.list->count);
    size_t count = 0;
    for (size_t i = 0; i < items.list->count && !failed(run); i++) {
        MtsTplScope *outer = run->scope, *scope = new_scope(run, outer);
        if (!scope) {
            break;
        }
        run->scope = scope;
        assign(run, node->d, items.list->items[i], node->at);
        if (mts_value_truth(eval(run, node->e))) {
            chosen.list->items[count++] = items.list->items[i];
        }
        run->scope = outer;
    }
    if (chosen.list) {
        chosen.list->count = count;
    }
    return chosen;
}

static void run_for(Run *run, const MtsTplNode *node)
{
    MtsValue items = chosen_items(run, node), loop = mts_value_dict(run->tpl);
    if (failed(run)) {
        return;
    }
    if (items.list->count == 0) {
        run_body(run, node->c);
        return;
    }
    loop.dict->is_loop = true;
    for (size_t i = 0; i < items.list->count && !failed(run); i++) {
        MtsTplScope *outer = run->scope, *scope = new_scope(run, outer);
        if (!scope) {
            return;
        }
        run->scope = scope;
        set_loop(run, loop.dict, items.list, i, 1);
        mts_dict_set(run->tpl, scope->names, (MtsString){"loop", 4}, loop);
        assign(run, node->d, items.list->items[i], node->at);
        Flow flow = failed(run) ? FLOW_ON : run_body(run, node->b);
        run->scope = outer;
        if (flow == FLOW_BREAK) {
            return;
        }
    }
}

static void run_with(Run *run, const MtsTplNode *node)
{
    MtsTplScope *outer = run->scope, *scope = new_scope(run, outer);
    for (const MtsTplNode *set = node->a; set && !failed(run); set = set->next) {
        MtsValue value = eval(run, set->b); /* sees the names outside */
        run->scope = scope;
        assign(run, set->d, value, set->at);
        run->scope = outer;
    }
    if (!failed(run)) {
        run->scope = scope;
        run_body(run, node->b);
        run->scope = outer;
    }
}

static void print(Run *run, MtsValue value, size_t at)
{
    if (!failed(run)) {
        mts_tpl_write(run->out, mts_value_print(run->tpl, value, at));
    }
}

static Flow run_statement(Run *run, const MtsTplNode *node)
{
    MtsValue value;
    switch (node->kind) {
    case MTS_NODE_TEXT:
        mts_tpl_write(run->out, node->text);
        return FLOW_ON;
    case MTS_NODE_OUTPUT:
        print(run, eval(run, node->a), node->at);
        return FLOW_ON;
    case MTS_NODE_IF:
        while (!mts_value_truth(eval(run, node->a)) && !failed(run)) {
            if (!node->c || node->c->kind != MTS_NODE_IF || node->c->next) {
                return run_body(run, node->c);
            }
            node = node->c; /* an elif, or an else with nothing but an if */
        }
        return run_body(run, node->b);
    case MTS_NODE_FOR:
        run_for(run, node);
        return FLOW_ON;
    case MTS_NODE_SET:
        value = eval(run, node->b);
        assign(run, node->d, value, node->at);
        return FLOW_ON;
    case MTS_NODE_WITH:
        run_with(run, node);
        return FLOW_ON;
    case MTS_NODE_MACRO:
        mts_dict_set(run->tpl, run->scope->names, node->text, macro_value(run, node));
        return FLOW_ON;
    case MTS_NODE_CALLER:
        print(run, call_with(run, node->a, macro_value(run, node->b)), node->at);
        return FLOW_ON;
    case MTS_NODE_UNKNOWN:
        fail_unknown(run, node);
        return FLOW_ON;
    case MTS_NODE_BREAK:
        return FLOW_BREAK;
    case MTS_NODE_CONTINUE:
        return FLOW_CONTINUE;
    default:
        mts_tpl_fail(run->tpl, MTS_EFORMAT, node->at, "no statement");
        return FLOW_ON;
    }
}

static Flow run_body(Run *run, const MtsTplNode *node)
{
    if (failed(run) || !mts_tpl_enter(run->tpl, node ? node->at : 0)) {
        return FLOW_ON;
    }
    Flow flow = FLOW_ON;
    for (; node && flow == FLOW_ON && count_step(run, node->at); node = node->next) {
        flow = run_statement(run, node);
    }
    run->tpl->depth--;
    return flow;
}

void mts_tpl_run(MtsTpl *tpl, const MtsTplNode *statements, MtsDict *variables, MtsTplWriter *out)
{
    MtsTplScope global = {variables, NULL};
    Run run = {tpl, &global, out};
    run_body(&run, statements);
}
