/* template/eval.c - running a chat template's syntax tree.
 *
 * Names live in scopes: the template's own, one for each turn of a loop, one for each call of a macro. Reading looks
 * outwards; setting makes or changes the name in the innermost scope only, so that what a loop sets is gone after each
 * turn (which is why templates carry state in a namespace). A macro sees its own scope and the template's. */
#include <string.h>

#include "template/ast.h"

typedef struct Scope {
    MtsDict *names;
    struct Scope *outer;
} Scope;

typedef enum Flow { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE } Flow;

typedef struct Run {
    MtsTpl *tpl;
    Scope *scope, *global;
    MtsBytes *out;
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

static void emit(Run *run, MtsString text)
{
    if (mts_tpl_charge(run->tpl, text.size) && !mts_bytes_append(run->out, text.data, text.size)) {
        mts_tpl_fail(run->tpl, MTS_ENOMEM, MTS_TPL_NOWHERE, "no memory for the prompt");
    }
}

/* ---- names and members ---- */

static MtsValue eval_name(Run *run, const MtsTplNode *node)
{
    static const char *const functions[] = {"raise_exception", "namespace", "range", "dict"};
    for (const Scope *scope = run->scope; scope; scope = scope->outer) {
        const MtsValue *found = mts_dict_find(run->tpl, scope->names, node->text);
        if (found) {
            return *found;
        }
    }
    MtsValue value = undefined();
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        if (mts_str_is(node->text, functions[i])) {
            value.kind = MTS_VALUE_BUILTIN;
        }
    }
    value.string = node->text; /* an undefined value knows its name, for sentences */
    return value;
}

static MtsValue member(Run *run, MtsValue object, MtsString name, size_t at)
{
    if (object.kind == MTS_VALUE_UNDEFINED) {
        char member_shown[MTS_SHOWN], shown[MTS_SHOWN];
        mts_tpl_fail(run->tpl, MTS_EFORMAT, at, "\"%s\" of \"%s\", which is undefined",
                     mts_str_show(name, member_shown), mts_str_show(object.string, shown));
    }
    const MtsValue *found = object.kind == MTS_VALUE_DICT ? mts_dict_find(run->tpl, object.dict, name) : NULL;
    MtsValue value = found ? *found : undefined();
    if (!found) {
        value.string = name;
    }
    return value;
}

static MtsValue eval_item(Run *run, const MtsTplNode *node)
{
    MtsValue object = eval(run, node->a), index = eval(run, node->b);
    if (index.kind == MTS_VALUE_STRING) {
        return member(run, object, index.string, node->at);
    }
    if (object.kind != MTS_VALUE_LIST && object.kind != MTS_VALUE_STRING) {
        return member(run, object, (MtsString){"[]", 2}, node->at);
    }
    if (!mts_value_is_number(index)) {
        mts_tpl_fail(run->tpl, MTS_EFORMAT, node->at, "an index that is no integer");
        return undefined();
    }
    bool list = object.kind == MTS_VALUE_LIST;
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
    if (!mts_value_is_number(value)) {
        mts_tpl_fail(run->tpl, MTS_EFORMAT, node->at, "a slice's bound that is no integer");
        return missing;
    }
    int64_t bound = value.integer < 0 ? value.integer + count : value.integer;
    return bound < low ? low : bound > high ? high : bound;
}

static MtsValue eval_slice(Run *run, const MtsTplNode *node)
{
    MtsValue object = eval(run, node->a), result = undefined();
    MtsValue step_value = node->d ? eval(run, node->d) : mts_value_integer(1);
    bool list = object.kind == MTS_VALUE_LIST;
    if (failed(run)) {
        return result;
    }
    if (!list && object.kind != MTS_VALUE_STRING) {
        mts_tpl_fail(run->tpl, MTS_EFORMAT, node->at, "a slice of something that is neither list nor string");
        return result;
    }
    if (!mts_value_is_number(step_value) || (step_value.integer != 1 && (step_value.integer != -1 || !list))) {
        mts_tpl_fail(run->tpl, MTS_EUNSUPPORTED, node->at, "a slice with such a step");
        return result;
    }
    if (!list && !mts_tpl_charge(run->tpl, 3 * object.string.size)) {
        return result;
    }
    int64_t step = step_value.integer, count = (int64_t)(list ? object.list->count : mts_str_characters(object.string));
    int64_t low = step > 0 ? 0 : -1, high = step > 0 ? count : count - 1;
    int64_t from = slice_bound(run, node->b, step > 0 ? 0 : count - 1, count, low, high);
    int64_t to = slice_bound(run, node->c, step > 0 ? count : -1, count, low, high);
    int64_t length = step > 0 ? to - from : from - to;
    length = length > 0 ? length : 0;
    if (!list) {
        size_t begin = mts_str_offset(object.string, (size_t)from);
        size_t end = mts_str_offset(object.string, (size_t)(from + length));
        return mts_value_string((MtsString){object.string.data + begin, end - begin});
    }
    result = mts_value_list(run->tpl, (size_t)length);
    for (int64_t i = 0; i < length && !failed(run); i++) {
        result.list->items[i] = object.list->items[from + i * step];
    }
    return result;
}

/* ---- calls ---- */

static MtsArguments eval_arguments(Run *run, const MtsTplNode *first)
{
    MtsArguments args = {NULL, NULL, 0};
    size_t count = 0;
    for (const MtsTplNode *node = first; node; node = node->next) {
        count++;
    }
    args.values = mts_tpl_alloc(run->tpl, count * sizeof *args.values);
    args.names = mts_tpl_alloc(run->tpl, count * sizeof *args.names);
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
    MtsBytes caught = {NULL, 0, 0}, *outer = run->out;
    run->out = &caught;
    run_body(run, body);
    run->out = outer;
    char *copy = mts_tpl_alloc(run->tpl, caught.len);
    if (copy && caught.len) {
        memcpy(copy, caught.data, caught.len);
    }
    MtsValue value = mts_value_string((MtsString){copy ? copy : "", copy ? caught.len : 0});
    mts_bytes_free(&caught);
    return value;
}

static MtsValue call_macro(Run *run, const MtsTplNode *macro, const MtsArguments *args, size_t at)
{
    MtsValue names = mts_value_dict(run->tpl);
    if (!names.dict || !mts_tpl_enter(run->tpl, at)) {
        return undefined();
    }
    Scope scope = {names.dict, run->global}, *outer = run->scope;
    run->scope = &scope;
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
        mts_dict_set(run->tpl, names.dict, parameter->text, value);
    }
    MtsValue text = capture(run, macro->b);
    run->scope = outer;
    run->tpl->depth--;
    return text;
}

static MtsValue eval_call(Run *run, const MtsTplNode *node)
{
    if (node->a->kind == MTS_NODE_ATTR) {
        MtsValue object = eval(run, node->a->a);
        MtsArguments args = eval_arguments(run, node->b);
        return failed(run) ? undefined() : mts_tpl_method(run->tpl, object, node->a->text, &args, node->at);
    }
    MtsValue callee = eval(run, node->a);
    MtsArguments args = eval_arguments(run, node->b);
    if (failed(run)) {
        return undefined();
    }
    if (callee.kind == MTS_VALUE_MACRO) {
        return call_macro(run, callee.macro, &args, node->at);
    }
    return mts_tpl_function(run->tpl, callee.string.data ? callee.string : (MtsString){"", 0}, &args, node->at);
}

/* ---- operators ---- */

static MtsValue arithmetic(Run *run, char op, int64_t a, int64_t b, size_t at)
{
    const int64_t limit = INT64_C(1) << 31; /* keeps every product and sum far from overflow */
    int64_t result = 0;
    if (a > limit || a < -limit || b > limit || b < -limit || op == '/' || (b == 0 && (op == 'F' || op == '%'))) {
        mts_tpl_fail(run->tpl, MTS_EUNSUPPORTED, at, "arithmetic beyond small integers");
        return undefined();
    }
    switch (op) {
    case '+':
        result = a + b;
        break;
    case '-':
        result = a - b;
        break;
    case '*':
        result = a * b;
        break;
    case 'F':
        result = a / b - (a % b != 0 && (a < 0) != (b < 0));
        break; /* rounds down */
    default:
        result = a % b + (a % b != 0 && (a < 0) != (b < 0) ? b : 0);
        break;
    }
    return mts_value_integer(result);
}

static MtsValue join_lists(Run *run, const MtsList *a, const MtsList *b)
{
    MtsValue both = mts_value_list(run->tpl, a->count + b->count);
    if (both.list) {
        for (size_t i = 0; i < both.list->count; i++) {
            both.list->items[i] = i < a->count ? a->items[i] : b->items[i - a->count];
        }
    }
    return both;
}

static MtsValue eval_binary(Run *run, const MtsTplNode *node)
{
    MtsValue a = eval(run, node->a), b = eval(run, node->b);
    if (failed(run)) {
        return undefined();
    }
    if (node->op == '~') {
        MtsString left = mts_value_print(run->tpl, a, node->at), right = mts_value_print(run->tpl, b, node->at);
        return mts_value_string(mts_tpl_concat(run->tpl, left, right));
    }
    if (node->op == '+' && a.kind == MTS_VALUE_STRING && b.kind == MTS_VALUE_STRING) {
        return mts_value_string(mts_tpl_concat(run->tpl, a.string, b.string));
    }
    if (node->op == '+' && a.kind == MTS_VALUE_LIST && b.kind == MTS_VALUE_LIST) {
        return join_lists(run, a.list, b.list);
    }
    if (mts_value_is_number(a) && mts_value_is_number(b)) {
        return arithmetic(run, node->op, a.integer, b.integer, node->at);
    }
    if (a.kind == MTS_VALUE_STRING && (node->op == '%' || node->op == '*')) {
        mts_tpl_fail(run->tpl, MTS_EUNSUPPORTED, node->at, "formatting or repeating a string by an operator");
    } else {
        mts_tpl_fail(run->tpl, MTS_EFORMAT, node->at, "an operator between values that it does not join");
    }
    return undefined();
}

static bool eval_compare(Run *run, const MtsTplNode *node)
{
    MtsValue a = eval(run, node->a), b = eval(run, node->b);
    int order;
    switch (node->op) {
    case '=':
        return mts_value_equal(run->tpl, a, b);
    case '!':
        return !mts_value_equal(run->tpl, a, b);
    case 'i':
        return mts_value_in(run->tpl, a, b, node->at);
    case 'n':
        return !mts_value_in(run->tpl, a, b, node->at);
    default:
        break;
    }
    if (mts_value_is_number(a) && mts_value_is_number(b)) {
        order = a.integer < b.integer ? -1 : a.integer > b.integer;
    } else if (a.kind == MTS_VALUE_STRING && b.kind == MTS_VALUE_STRING) {
        size_t common = a.string.size < b.string.size ? a.string.size : b.string.size;
        order = common && mts_tpl_charge(run->tpl, common) ? memcmp(a.string.data, b.string.data, common) : 0;
        order = order ? order : a.string.size < b.string.size ? -1 : a.string.size > b.string.size;
    } else {
        mts_tpl_fail(run->tpl, MTS_EFORMAT, node->at, "an order between values that have none");
        return false;
    }
    return node->op == '<' ? order < 0 : node->op == '>' ? order > 0 : node->op == 'l' ? order <= 0 : order >= 0;
}

static MtsValue eval_literal(Run *run, const MtsTplNode *node)
{
    size_t count = 0, i = 0;
    if (node->kind == MTS_NODE_DICT) {
        MtsValue dict = mts_value_dict(run->tpl);
        for (const MtsTplNode *pair = node->a; pair && !failed(run); pair = pair->next) {
            MtsValue key = eval(run, pair->a), value = eval(run, pair->b);
            if (key.kind != MTS_VALUE_STRING) {
                mts_tpl_fail(run->tpl, MTS_EUNSUPPORTED, pair->at, "a dictionary key that is no string");
            } else {
                mts_dict_set(run->tpl, dict.dict, key.string, value);
            }
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
    return list;
}

static MtsValue eval_filter(Run *run, const MtsTplNode *node)
{
    MtsValue value = eval(run, node->a);
    MtsArguments args = eval_arguments(run, node->b);
    return failed(run) ? undefined() : mts_tpl_filter(run->tpl, node->text, value, &args, node->at);
}

static MtsValue eval_test(Run *run, const MtsTplNode *node)
{
    MtsValue value = eval(run, node->a);
    MtsArguments args = eval_arguments(run, node->b);
    return failed(run) ? undefined() : mts_value_bool(mts_tpl_test(run->tpl, node->text, value, &args, node->at));
}

static MtsValue eval_kind(Run *run, const MtsTplNode *node)
{
    MtsValue value;
    switch (node->kind) {
    case MTS_NODE_STRING:
        return mts_value_string(node->text);
    case MTS_NODE_INTEGER:
        return mts_value_integer(node->number);
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
        return member(run, eval(run, node->a), node->text, node->at);
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
        value = eval(run, node->a);
        if (!mts_value_is_number(value)) {
            mts_tpl_fail(run->tpl, MTS_EFORMAT, node->at, "\"-\" before something that is no number");
        }
        return arithmetic(run, '-', 0, value.integer, node->at);
    case MTS_NODE_AND:
        value = eval(run, node->a);
        return mts_value_truth(value) ? eval(run, node->b) : value;
    case MTS_NODE_OR:
        value = eval(run, node->a);
        return mts_value_truth(value) ? value : eval(run, node->b);
    case MTS_NODE_BINARY:
        return eval_binary(run, node);
    case MTS_NODE_COMPARE:
        return mts_value_bool(eval_compare(run, node));
    case MTS_NODE_IF_ELSE:
        if (mts_value_truth(eval(run, node->b))) {
            return eval(run, node->a);
        }
        return node->c ? eval(run, node->c) : undefined();
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

/* The `loop` variable at item i. */
static MtsValue loop_value(Run *run, const MtsList *items, size_t i)
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
    };
    MtsValue loop = mts_value_dict(run->tpl);
    for (size_t k = 0; k < sizeof fields / sizeof *fields && !failed(run); k++) {
        mts_dict_set(run->tpl, loop.dict, (MtsString){fields[k].name, strlen(fields[k].name)}, fields[k].value);
    }
    return loop;
}

/* A scope with the loop's names set to the item: one name takes it whole, several take it apart. */
static Scope turn_scope(Run *run, const MtsTplNode *node, MtsValue item)
{
    Scope scope = {mts_value_dict(run->tpl).dict, run->scope};
    size_t count = 0, i = 0;
    for (const MtsTplNode *name = node->d; name; name = name->next) {
        count++;
    }
    if (count > 1 && !failed(run) && (item.kind != MTS_VALUE_LIST || item.list->count != count)) {
        mts_tpl_fail(run->tpl, MTS_EFORMAT, node->at, "a loop of %zu names over something else", count);
    }
    for (const MtsTplNode *name = node->d; name && !failed(run); name = name->next, i++) {
        mts_dict_set(run->tpl, scope.names, name->text, count > 1 ? item.list->items[i] : item);
    }
    return scope;
}

/* The items that the loop's own condition lets through. */
static MtsValue chosen_items(Run *run, const MtsTplNode *node)
{
    MtsValue items = mts_tpl_items(run->tpl, eval(run, node->a), node->at);
    if (!node->e || failed(run)) {
        return items;
    }
    MtsValue chosen = mts_value_list(run->tpl, items.list->count);
    size_t count = 0;
    for (size_t i = 0; i < items.list->count && !failed(run); i++) {
        Scope scope = turn_scope(run, node, items.list->items[i]), *outer = run->scope;
        run->scope = failed(run) ? outer : &scope;
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
    MtsValue items = chosen_items(run, node);
    if (failed(run)) {
        return;
    }
    if (items.list->count == 0) {
        run_body(run, node->c);
        return;
    }
    for (size_t i = 0; i < items.list->count && !failed(run); i++) {
        Scope scope = turn_scope(run, node, items.list->items[i]), *outer = run->scope;
        MtsValue loop = loop_value(run, items.list, i);
        if (failed(run)) {
            return;
        }
        mts_dict_set(run->tpl, scope.names, (MtsString){"loop", 4}, loop);
        run->scope = &scope;
        Flow flow = run_body(run, node->b);
        run->scope = outer;
        if (flow == FLOW_BREAK) {
            return;
        }
    }
}

static void run_set(Run *run, const MtsTplNode *node)
{
    MtsValue value = node->b ? eval(run, node->b) : capture(run, node->c);
    MtsDict *names = run->scope->names;
    if (node->number) {
        MtsValue object = eval(run, node->a);
        if (object.kind != MTS_VALUE_DICT || !object.dict->is_namespace) {
            mts_tpl_fail(run->tpl, MTS_EFORMAT, node->at, "\"set\" of a member of something that is no namespace");
            return;
        }
        names = object.dict;
    }
    if (!failed(run)) {
        mts_dict_set(run->tpl, names, node->text, value);
    }
}

static Flow run_statement(Run *run, const MtsTplNode *node)
{
    MtsValue value;
    switch (node->kind) {
    case MTS_NODE_TEXT:
        emit(run, node->text);
        return FLOW_ON;
    case MTS_NODE_OUTPUT:
        value = eval(run, node->a);
        if (!failed(run)) {
            emit(run, mts_value_print(run->tpl, value, node->at));
        }
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
        run_set(run, node);
        return FLOW_ON;
    case MTS_NODE_MACRO:
        value = mts_value(MTS_VALUE_MACRO);
        value.macro = node;
        mts_dict_set(run->tpl, run->scope->names, node->text, value);
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

void mts_tpl_run(MtsTpl *tpl, const MtsTplNode *statements, MtsDict *variables, MtsBytes *out)
{
    Scope global = {variables, NULL};
    Run run = {tpl, &global, &global, out};
    run_body(&run, statements);
}
