/* template/tests.c - what may stand behind "is". */
#include <math.h>
#include <string.h>

#include "template/ast.h"

typedef bool Test(MtsTpl *tpl, const MtsTplCall *c);

/* ---- kinds ---- */

static bool is_kind(MtsTpl *tpl, const MtsTplCall *c)
{
    static const struct {
        const char *name;
        MtsValueKind kind;
    } kinds[] = {{"undefined", MTS_VALUE_UNDEFINED}, {"none", MTS_VALUE_NONE},       {"string", MTS_VALUE_STRING},
                 {"mapping", MTS_VALUE_DICT},        {"integer", MTS_VALUE_INTEGER}, {"float", MTS_VALUE_REAL},
                 {"boolean", MTS_VALUE_BOOL}};
    size_t i = 0;
    (void)tpl;
    while (!mts_str_is(c->name, kinds[i].name)) {
        i++;
    }
    bool opaque = c->value.kind == MTS_VALUE_DICT && (c->value.dict->is_namespace || c->value.dict->is_loop);
    return c->value.kind == kinds[i].kind && !opaque;
}

static bool is_defined(MtsTpl *tpl, const MtsTplCall *c)
{
    (void)tpl;
    return c->value.kind != MTS_VALUE_UNDEFINED;
}

static bool is_iterable(MtsTpl *tpl, const MtsTplCall *c)
{
    MtsValueKind kind = c->value.kind;
    (void)tpl;
    bool stream = kind == MTS_VALUE_LIST && c->value.list->sort >= MTS_LIST_VIEW;
    return (kind == MTS_VALUE_LIST && !(stream && c->name.data[0] == 's')) || kind == MTS_VALUE_STRING ||
           (kind == MTS_VALUE_DICT && !c->value.dict->is_namespace) || kind == MTS_VALUE_UNDEFINED;
}

static bool is_number(MtsTpl *tpl, const MtsTplCall *c)
{
    (void)tpl;
    return mts_value_is_number(c->value);
}

static bool is_truth(MtsTpl *tpl, const MtsTplCall *c)
{
    (void)tpl;
    return c->value.kind == MTS_VALUE_BOOL && (c->value.integer != 0) == (c->name.data[0] == 't');
}

static bool is_callable(MtsTpl *tpl, const MtsTplCall *c)
{
    (void)tpl;
    return c->value.kind == MTS_VALUE_MACRO || c->value.kind == MTS_VALUE_BUILTIN ||
           c->value.kind == MTS_VALUE_UNDEFINED;
}

static bool is_never(MtsTpl *tpl, const MtsTplCall *c)
{
    (void)tpl;
    (void)c;
    return false; /* nothing is escaped here */
}

/* ---- numbers and texts ---- */

static bool wrong(MtsTpl *tpl, const MtsTplCall *c)
{
    char shown[MTS_SHOWN];
    mts_tpl_fail(tpl, MTS_EFORMAT, c->at, "the test \"%s\" of such values", mts_str_show(c->name, shown));
    return false;
}

static bool is_parity(MtsTpl *tpl, const MtsTplCall *c)
{
    if (!mts_value_is_integer(c->value)) {
        return wrong(tpl, c);
    }
    return (c->value.integer % 2 != 0) == (c->name.data[0] == 'o');
}

static bool is_divisible(MtsTpl *tpl, const MtsTplCall *c)
{
    const MtsValue *by = mts_argument(c->args, 0, "num");
    if (!by || !mts_value_is_integer(*by) || by->integer == 0 || !mts_value_is_integer(c->value)) {
        return wrong(tpl, c);
    }
    return by->integer == -1 || c->value.integer % by->integer == 0;
}

static bool is_in_case(MtsTpl *tpl, const MtsTplCall *c)
{
    static const char *const names[] = {"isupper", "islower"};
    bool known;
    const char *name = names[c->name.data[0] == 'l'];
    MtsTplCall call = *c;
    call.name = (MtsString){name, strlen(name)};
    call.value = mts_value_string(mts_value_print(tpl, c->value, c->at));
    return mts_value_truth(mts_tpl_string_method(tpl, &call, call.name, &known));
}

/* ---- two values ---- */

static bool is_compared(MtsTpl *tpl, const MtsTplCall *c)
{
    static const struct {
        const char *names[4];
        char op;
    } words[] = {{{"eq", "equalto", "=="}, '='},    {{"ne", "!="}, '!'}, {{"lt", "lessthan", "<"}, '<'},
                 {{"gt", "greaterthan", ">"}, '>'}, {{"le", "<="}, 'l'}, {{"ge", ">="}, 'g'}};
    const MtsValue *other = mts_argument(c->args, 0, "other");
    char op = 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        for (size_t k = 0; words[i].names[k]; k++) {
            op = mts_str_is(c->name, words[i].names[k]) ? words[i].op : op;
        }
    }
    if (!other) {
        return wrong(tpl, c);
    }
    if (op == '=' || op == '!') {
        return mts_value_equal(tpl, c->value, *other) == (op == '=');
    }
    int order = mts_value_order(tpl, c->value, *other, c->at);
    return op == '<' ? order < 0 : op == '>' ? order > 0 : op == 'l' ? order <= 0 : order >= 0;
}

static bool is_member(MtsTpl *tpl, const MtsTplCall *c)
{
    const MtsValue *container = mts_argument(c->args, 0, "seq");
    return container ? mts_value_in(tpl, c->value, *container, c->at) : wrong(tpl, c);
}

/* The same object: for what has no identity here, the same kind and value. */
static bool is_same(MtsTpl *tpl, const MtsTplCall *c)
{
    const MtsValue *other = mts_argument(c->args, 0, "other");
    if (!other) {
        return wrong(tpl, c);
    }
    if (c->value.kind != other->kind || c->value.list != other->list || c->value.dict != other->dict) {
        return false;
    }
    return mts_value_equal(tpl, c->value, *other);
}

static const struct {
    const char *name;
    Test *test;
} TESTS[] = {
    {"boolean", is_kind},      {"callable", is_callable},    {"defined", is_defined},   {"divisibleby", is_divisible},
    {"eq", is_compared},       {"equalto", is_compared},     {"==", is_compared},       {"escaped", is_never},
    {"even", is_parity},       {"false", is_truth},          {"float", is_kind},        {"ge", is_compared},
    {">=", is_compared},       {"greaterthan", is_compared}, {"gt", is_compared},       {">", is_compared},
    {"in", is_member},         {"integer", is_kind},         {"iterable", is_iterable}, {"le", is_compared},
    {"<=", is_compared},       {"lessthan", is_compared},    {"lower", is_in_case},     {"lt", is_compared},
    {"<", is_compared},        {"mapping", is_kind},         {"ne", is_compared},       {"!=", is_compared},
    {"none", is_kind},         {"number", is_number},        {"odd", is_parity},        {"sameas", is_same},
    {"sequence", is_iterable}, {"string", is_kind},          {"true", is_truth},        {"undefined", is_kind},
    {"upper", is_in_case},
};

bool mts_tpl_test(MtsTpl *tpl, const MtsTplCall *call)
{
    for (size_t i = 0; i < sizeof TESTS / sizeof TESTS[0]; i++) {
        if (mts_str_is(call->name, TESTS[i].name)) {
            bool holds = TESTS[i].test(tpl, call);
            mts_tpl_all_asked(tpl, call);
            return holds;
        }
    }
    mts_tpl_unknown(tpl, "test", call->name, call->at);
    return false;
}
