/* template/operators.c - what joins two values. */
#include <math.h>
#include <string.h>

#include "template/ast.h"

static MtsValue undefined(void)
{
    return mts_value(MTS_VALUE_UNDEFINED);
}

MtsValue mts_value_negative(MtsTpl *tpl, MtsValue number, size_t at)
{
    if (mts_value_is_integer(number) && number.integer == INT64_MIN) {
        mts_tpl_fail(tpl, MTS_EUNSUPPORTED, at, "arithmetic beyond 64 bits");
        return undefined();
    }
    return number.kind == MTS_VALUE_REAL ? mts_value_real(-number.real) : mts_value_integer(-number.integer);
}

/* Of integers; the result stays far from overflow, or is a failure. */
static MtsValue whole_arithmetic(MtsTpl *tpl, char op, int64_t a, int64_t b, size_t at)
{
    const int64_t factor = INT64_C(1) << 31, limit = INT64_C(1) << 62;
    bool small = a <= factor && a >= -factor && b <= factor && b >= -factor;
    bool fits = op == '*' || op == 'P' ? small : a < limit && a > -limit && b < limit && b > -limit;
    int64_t power = 1;
    if (!fits) {
        mts_tpl_fail(tpl, MTS_EUNSUPPORTED, at, "arithmetic beyond 64 bits");
        return undefined();
    }
    if (b == 0 && (op == 'F' || op == '%')) {
        mts_tpl_fail(tpl, MTS_EFORMAT, at, "a division by zero");
        return undefined();
    }
    switch (op) {
    case '+':
        return mts_value_integer(a + b);
    case '-':
        return mts_value_integer(a - b);
    case '*':
        return mts_value_integer(a * b);
    case 'F':
        return mts_value_integer(a / b - (a % b != 0 && (a < 0) != (b < 0))); /* rounds down */
    case '%':
        return mts_value_integer(a % b + (a % b != 0 && (a < 0) != (b < 0) ? b : 0));
    default:
        for (int64_t i = 0; i < b; i++) {
            if (power > factor || power < -factor) {
                mts_tpl_fail(tpl, MTS_EUNSUPPORTED, at, "arithmetic beyond 64 bits");
                return undefined();
            }
            power *= a;
            if (power == 0 || power == 1) {
                break;
            }
        }
        return mts_value_integer(power);
    }
}

/* x // y (op 'F') and x % y, to the bits of Python's. */
static double divided(char op, double x, double y)
{
    double rest = fmod(x, y), quotient = (x - rest) / y;
    if (rest != 0 && (rest < 0) != (y < 0)) {
        rest += y;
        quotient -= 1;
    }
    if (op == '%') {
        return rest != 0 ? rest : copysign(0, y);
    }
    double down = floor(quotient);
    return quotient != 0 ? down + (quotient - down > 0.5) : copysign(0, x / y);
}

static MtsValue arithmetic(MtsTpl *tpl, char op, MtsValue a, MtsValue b, size_t at)
{
    double x = mts_value_number(a), y = mts_value_number(b);
    bool whole = mts_value_is_integer(a) && mts_value_is_integer(b) && op != '/' && !(op == 'P' && b.integer < 0);
    if (whole) {
        return whole_arithmetic(tpl, op, a.integer, b.integer, at);
    }
    if ((y == 0 && (op == '/' || op == 'F' || op == '%')) ||
        (op == 'P' && ((x == 0 && y < 0) || (x < 0 && y != floor(y))))) {
        mts_tpl_fail(tpl, MTS_EFORMAT, at, "a division by zero");
        return undefined();
    }
    double result = op == '+' ? x + y : op == '-' ? x - y : op == '*' ? x * y : op == '/' ? x / y : pow(x, y);
    if (op == 'F' || op == '%') {
        return mts_value_real(divided(op, x, y));
    }
    if (op == 'P' && isinf(result) && isfinite(x) && isfinite(y)) {
        mts_tpl_fail(tpl, MTS_EFORMAT, at, "a power beyond all numbers");
    }
    return mts_value_real(result);
}

/* A string or a list so many times. */
static MtsValue repeated(MtsTpl *tpl, MtsValue what, int64_t times, size_t at)
{
    MtsTplWriter w = {.tpl = tpl};
    if (what.kind == MTS_VALUE_STRING) {
        for (int64_t i = 0; i < times && what.string.size && !tpl->rc; i++) {
            mts_tpl_write(&w, what.string);
        }
        return mts_value_string(mts_tpl_written(&w));
    }
    size_t count = 0;
    if (times > 0 && ((uint64_t)times > SIZE_MAX || !mts_size_mul(what.list->count, (size_t)times, &count))) {
        mts_tpl_fail(tpl, MTS_ECAPACITY, at, "a list of too many items");
    }
    MtsValue list = mts_value_list(tpl, count);
    for (size_t i = 0; i < count && !tpl->rc; i++) {
        list.list->items[i] = what.list->items[i % what.list->count];
    }
    if (!tpl->rc) {
        list.list->sort = what.list->sort;
    }
    return list;
}

static MtsValue join_lists(MtsTpl *tpl, const MtsList *a, const MtsList *b)
{
    MtsValue both = mts_value_list(tpl, a->count + b->count);
    if (both.list) {
        for (size_t i = 0; i < both.list->count; i++) {
            both.list->items[i] = i < a->count ? a->items[i] : b->items[i - a->count];
        }
        both.list->sort = a->sort;
    }
    return both;
}

static bool is_sequence(MtsValue value)
{
    return value.kind == MTS_VALUE_LIST && value.list->sort <= MTS_LIST_TUPLE;
}

/* For HTML, unless it is safe. */
static MtsString escaped(MtsTpl *tpl, MtsValue value)
{
    static const char signs[] = "&<>'\"";
    static const char *const words[] = {"&amp;", "&lt;", "&gt;", "&#39;", "&#34;"};
    MtsTplWriter w = {.tpl = tpl};
    for (size_t i = 0; i < value.string.size && !value.safe; i++) {
        const char *sign = value.string.data[i] ? strchr(signs, value.string.data[i]) : NULL;
        mts_tpl_write(&w, sign ? (MtsString){words[sign - signs], strlen(words[sign - signs])}
                               : (MtsString){value.string.data + i, 1});
    }
    return value.safe ? value.string : mts_tpl_written(&w);
}

MtsValue mts_tpl_binary(MtsTpl *tpl, char op, MtsValue a, MtsValue b, size_t at)
{
    if (op == '~') {
        MtsString left = mts_value_print(tpl, a, at), right = mts_value_print(tpl, b, at);
        return mts_value_string(mts_tpl_concat(tpl, left, right));
    }
    if (op == '+' && a.kind == MTS_VALUE_STRING && b.kind == MTS_VALUE_STRING && (a.safe || b.safe)) {
        MtsValue both = mts_value_string(mts_tpl_concat(tpl, escaped(tpl, a), escaped(tpl, b)));
        both.safe = true;
        return both;
    }
    if (op == '+' && a.kind == MTS_VALUE_STRING && b.kind == MTS_VALUE_STRING) {
        return mts_value_string(mts_tpl_concat(tpl, a.string, b.string));
    }
    if (op == '+' && is_sequence(a) && is_sequence(b) && a.list->sort == b.list->sort) {
        return join_lists(tpl, a.list, b.list);
    }
    if (mts_value_is_number(a) && mts_value_is_number(b)) {
        return arithmetic(tpl, op, a, b, at);
    }
    if (op == '%' && a.kind == MTS_VALUE_STRING) {
        return mts_value_string(mts_tpl_format(tpl, a.string, b, at));
    }
    if (op == '*' && mts_value_is_integer(b) && (a.kind == MTS_VALUE_STRING || is_sequence(a))) {
        return repeated(tpl, a, b.integer, at);
    }
    if (op == '*' && mts_value_is_integer(a) && (b.kind == MTS_VALUE_STRING || is_sequence(b))) {
        return repeated(tpl, b, a.integer, at);
    }
    mts_tpl_fail(tpl, MTS_EFORMAT, at, "an operator between values that it does not join");
    return undefined();
}

bool mts_tpl_compare(MtsTpl *tpl, char op, MtsValue a, MtsValue b, size_t at)
{
    switch (op) {
    case '=':
        return mts_value_equal(tpl, a, b);
    case '!':
        return !mts_value_equal(tpl, a, b);
    case 'i':
        return mts_value_in(tpl, a, b, at);
    case 'n':
        return !mts_value_in(tpl, a, b, at);
    default:
        break;
    }
    int order = mts_value_order(tpl, a, b, at);
    return op == '<' ? order < 0 : op == '>' ? order > 0 : op == 'l' ? order <= 0 : order >= 0;
}
