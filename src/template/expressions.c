/* template/expressions.c - what stands inside the tags of a template, as a syntax tree.
 *
 * Read by recursive descent, one function per level of binding, loosest first:
 *   a, b;  a if b else c;  or;  and;  not;  comparisons;  + -;  ~;  * / // %;  **;  unary - +;  postfix . [] ();  | is
 * What is read but not known here becomes a node of its own kind, which is an error when it is reached. */
#include "template/expressions.h"

#include <string.h>

bool mts_parse_at_one_of(const MtsTplLexer *p, const char *const *words)
{
    for (; *words; words++) {
        if (mts_lex_at_word(p, *words)) {
            return true;
        }
    }
    return false;
}

MtsTplNode *mts_parse_node(MtsTplLexer *p, MtsTplNodeKind kind, size_t at)
{
    MtsTplNode *node = mts_tpl_alloc(p->tpl, sizeof *node);
    if (node) {
        node->kind = kind;
        node->at = at;
    }
    return node;
}

/* ---- expressions ---- */

void mts_parse_append(MtsTplNode ***tail, MtsTplNode *node)
{
    if (node) {
        **tail = node;
        *tail = &node->next;
    }
}

MtsTplNode *mts_parse_unknown(MtsTplLexer *p, size_t at, const char *what)
{
    MtsTplNode *node = mts_parse_node(p, MTS_NODE_UNKNOWN, at);
    if (node) {
        node->text = (MtsString){what, strlen(what)};
    }
    return node;
}

/* The arguments up to ")", which is taken. */
static MtsTplNode *parse_arguments(MtsTplLexer *p)
{
    MtsTplNode *first = NULL, **tail = &first;
    while (!mts_lex_failed(p) && !mts_lex_at_sign(p, ")")) {
        size_t at = p->token_at;
        bool spread = mts_lex_take_sign(p, "*") || mts_lex_take_sign(p, "**");
        MtsTplNode *value = mts_parse_expression(p);
        if (spread) {
            value = mts_parse_unknown(p, at, "arguments from a list or a dictionary (* and **)");
        } else if (value && value->kind == MTS_NODE_NAME && mts_lex_take_sign(p, "=")) {
            MtsTplNode *keyword = mts_parse_node(p, MTS_NODE_KEYWORD, at);
            if (keyword) {
                keyword->text = value->text;
                keyword->a = mts_parse_expression(p);
            }
            value = keyword;
        }
        mts_parse_append(&tail, value);
        if (!mts_lex_take_sign(p, ",")) {
            break;
        }
    }
    mts_lex_expect_sign(p, ")");
    return first;
}

/* Items up to the closing sign, which is taken; *commas says whether there was a comma. */
static MtsTplNode *parse_items(MtsTplLexer *p, const char *close, bool dict, bool *commas)
{
    MtsTplNode *first = NULL, **tail = &first;
    *commas = false;
    while (!mts_lex_failed(p) && !mts_lex_at_sign(p, close)) {
        size_t at = p->token_at;
        MtsTplNode *item = mts_parse_expression(p);
        if (dict) {
            MtsTplNode *pair = mts_parse_node(p, MTS_NODE_PAIR, at);
            mts_lex_expect_sign(p, ":");
            if (pair) {
                pair->a = item;
                pair->b = mts_lex_failed(p) ? NULL : mts_parse_expression(p);
            }
            item = pair;
        }
        mts_parse_append(&tail, item);
        if (!mts_lex_take_sign(p, ",")) {
            break;
        }
        *commas = true;
    }
    mts_lex_expect_sign(p, close);
    return first;
}

static MtsTplNode *parse_group(MtsTplLexer *p, size_t at)
{
    bool commas;
    if (mts_lex_take_sign(p, "(")) {
        MtsTplNode *items = parse_items(p, ")", false, &commas);
        if (items && !commas) {
            return items; /* plain parentheses */
        }
        MtsTplNode *tuple = mts_parse_node(p, MTS_NODE_LIST, at);
        if (tuple) {
            tuple->op = 't';
            tuple->a = items;
        }
        return tuple;
    }
    bool dict = mts_lex_at_sign(p, "{");
    mts_lex_advance(p);
    MtsTplNode *node = mts_parse_node(p, dict ? MTS_NODE_DICT : MTS_NODE_LIST, at);
    MtsTplNode *items = parse_items(p, dict ? "}" : "]", dict, &commas);
    if (node) {
        node->a = items;
    }
    return node;
}

/* A literal or a name. */
static void read_word(MtsTplLexer *p, MtsTplNode *node)
{
    static const char *const truths[] = {"true", "True", "false", "False", NULL};
    static const char *const special[] = {"caller", "varargs", "kwargs"};
    if (mts_parse_at_one_of(p, truths)) {
        node->kind = MTS_NODE_BOOL;
        node->number = p->word.data[0] == 't' || p->word.data[0] == 'T';
    } else if (mts_lex_at_word(p, "none") || mts_lex_at_word(p, "None")) {
        node->kind = MTS_NODE_NONE;
    }
    for (unsigned i = 0; i < 3; i++) {
        p->tpl->mentions |= mts_lex_at_word(p, special[i]) ? 1u << i : 0;
    }
    node->text = p->word;
    mts_lex_advance(p);
}

static MtsTplNode *parse_primary(MtsTplLexer *p)
{
    size_t at = p->token_at;
    if (mts_lex_at_sign(p, "(") || mts_lex_at_sign(p, "[") || mts_lex_at_sign(p, "{")) {
        return parse_group(p, at);
    }
    MtsTplNode *node = mts_parse_node(p, MTS_NODE_NAME, at);
    if (!node) {
        return NULL;
    }
    if (p->kind == MTS_TPL_STRING) {
        node->kind = MTS_NODE_STRING;
        node->text = p->word;
        for (mts_lex_advance(p); p->kind == MTS_TPL_STRING; mts_lex_advance(p)) { /* neighbours are one string */
            node->text = mts_tpl_concat(p->tpl, node->text, p->word);
        }
    } else if (p->kind == MTS_TPL_INTEGER || p->kind == MTS_TPL_REAL) {
        node->kind = p->kind == MTS_TPL_REAL ? MTS_NODE_REAL : MTS_NODE_INTEGER;
        node->number = p->number;
        node->real = p->real;
        node =
            p->kind == MTS_TPL_INTEGER && p->too_large ? mts_parse_unknown(p, at, "an integer beyond 64 bits") : node;
        mts_lex_advance(p);
    } else if (p->kind == MTS_TPL_NAME) {
        read_word(p, node);
    } else {
        mts_tpl_fail(p->tpl, MTS_EFORMAT, at, "an expression is expected");
    }
    return node;
}

/* [index] or [from:to:step] after `object`; "[" has been taken. */
static MtsTplNode *parse_subscript(MtsTplLexer *p, MtsTplNode *object, size_t at)
{
    MtsTplNode *parts[3] = {NULL, NULL, NULL};
    int colons = 0;
    while (!mts_lex_failed(p) && !mts_lex_at_sign(p, "]")) {
        if (mts_lex_take_sign(p, ":")) {
            if (++colons > 2) {
                mts_tpl_fail(p->tpl, MTS_EFORMAT, at, "a slice has more than three parts");
            }
        } else if (!parts[colons]) {
            parts[colons] = mts_parse_expression(p);
        } else {
            break;
        }
    }
    mts_lex_expect_sign(p, "]");
    MtsTplNode *node = mts_parse_node(p, colons ? MTS_NODE_SLICE : MTS_NODE_ITEM, at);
    if (node) {
        node->a = object;
        node->b = parts[0];
        node->c = parts[1];
        node->d = parts[2];
        if (!colons && !node->b) {
            mts_tpl_fail(p->tpl, MTS_EFORMAT, at, "an index is expected");
        }
    }
    return node;
}

static MtsTplNode *parse_postfix(MtsTplLexer *p, MtsTplNode *node)
{
    while (!mts_lex_failed(p)) {
        size_t at = p->token_at;
        MtsTplNode *outer;
        if (mts_lex_take_sign(p, "[")) {
            outer = parse_subscript(p, node, at);
        } else if (mts_lex_take_sign(p, "(")) {
            outer = mts_parse_node(p, MTS_NODE_CALL, at);
            MtsTplNode *arguments = parse_arguments(p);
            if (outer) {
                outer->a = node;
                outer->b = arguments;
            }
        } else if (mts_lex_take_sign(p, ".")) {
            bool index = p->kind == MTS_TPL_INTEGER; /* x.0 is x[0] */
            outer = mts_parse_node(p, index ? MTS_NODE_ITEM : MTS_NODE_ATTR, at);
            if (outer) {
                outer->a = node;
                outer->b = index ? parse_primary(p) : NULL;
                outer->text = index ? outer->text : mts_lex_expect_name(p);
            }
        } else {
            break;
        }
        node = outer;
    }
    return node;
}

/* Whether the token can be the operand of a test without parentheses: "is divisibleby 3". */
static bool begins_operand(const MtsTplLexer *p)
{
    static const char *const joining[] = {"else", "or", "and", "if", "is", "in", "not", NULL};
    return p->kind == MTS_TPL_STRING || p->kind == MTS_TPL_INTEGER || p->kind == MTS_TPL_REAL ||
           mts_lex_at_sign(p, "[") || mts_lex_at_sign(p, "{") ||
           (p->kind == MTS_TPL_NAME && !mts_parse_at_one_of(p, joining));
}

/* A filter's or a test's name; one with points in it is read as a whole. */
static MtsString parse_name(MtsTplLexer *p)
{
    MtsString name = mts_lex_expect_name(p);
    while (!mts_lex_failed(p) && mts_lex_take_sign(p, ".")) {
        MtsString part = mts_lex_expect_name(p);
        name.size = (size_t)(part.data - name.data) + part.size;
    }
    return name;
}

/* "| name(arguments)" whose "|" has been taken, of node. */
MtsTplNode *mts_parse_filter(MtsTplLexer *p, MtsTplNode *node, size_t at)
{
    MtsTplNode *outer = mts_parse_node(p, MTS_NODE_FILTER, at);
    MtsString name = parse_name(p);
    MtsTplNode *arguments = mts_lex_take_sign(p, "(") ? parse_arguments(p) : NULL;
    if (outer) {
        outer->a = node;
        outer->text = name;
        outer->b = arguments;
    }
    return outer;
}

/* "is name" and "is not name" whose "is" has been taken, of node. */
static MtsTplNode *parse_test(MtsTplLexer *p, MtsTplNode *node, size_t at)
{
    bool negated = mts_lex_take_word(p, "not");
    MtsTplNode *test = mts_parse_node(p, MTS_NODE_TEST, at), *arguments = NULL;
    MtsString name = parse_name(p);
    if (mts_lex_take_sign(p, "(")) {
        arguments = parse_arguments(p);
    } else if (begins_operand(p)) {
        arguments = parse_postfix(p, parse_primary(p));
    }
    MtsTplNode *outer = negated ? mts_parse_node(p, MTS_NODE_NOT, at) : test;
    if (test) {
        test->a = node;
        test->text = name;
        test->b = arguments;
    }
    if (negated && outer) {
        outer->a = test;
    }
    return outer;
}

/* Filters, tests and calls after `node`. */
MtsTplNode *mts_parse_filters(MtsTplLexer *p, MtsTplNode *node)
{
    while (!mts_lex_failed(p)) {
        size_t at = p->token_at;
        if (mts_lex_take_word(p, "is")) {
            node = parse_test(p, node, at);
        } else if (mts_lex_take_sign(p, "|")) {
            node = mts_parse_filter(p, node, at);
        } else if (mts_lex_at_sign(p, "(")) {
            node = parse_postfix(p, node);
        } else {
            break;
        }
    }
    return node;
}

static MtsTplNode *parse_unary(MtsTplLexer *p, bool filters)
{
    size_t at = p->token_at;
    MtsTplNode *node;
    if (!mts_tpl_enter(p->tpl, at)) {
        return NULL;
    }
    bool plus = mts_lex_at_sign(p, "+");
    if (mts_lex_take_sign(p, "-") || mts_lex_take_sign(p, "+")) {
        node = mts_parse_node(p, MTS_NODE_NEGATE, at);
        MtsTplNode *inner = parse_unary(p, false);
        if (node) {
            node->op = plus ? '+' : '-';
            node->a = inner;
        }
    } else {
        node = parse_primary(p);
    }
    node = parse_postfix(p, node);
    p->tpl->depth--;
    return filters ? mts_parse_filters(p, node) : node;
}

static MtsTplNode *binary(MtsTplLexer *p, MtsTplNodeKind kind, char op, MtsTplNode *a, MtsTplNode *b, size_t at)
{
    MtsTplNode *node = mts_parse_node(p, kind, at);
    if (node) {
        node->op = op;
        node->a = a;
        node->b = b;
    }
    return node;
}

/* level 0: + and -; 1: ~; 2: * / // %; 3: ** */
static MtsTplNode *parse_arithmetic(MtsTplLexer *p, int level)
{
    static const char *const signs[4][5] = {{"+", "-"}, {"~"}, {"*", "/", "//", "%"}, {"**"}};
    static const char ops[4][5] = {"+-", "~", "*/F%", "P"};
    if (level == 4) {
        return parse_unary(p, true);
    }
    MtsTplNode *node = parse_arithmetic(p, level + 1);
    for (int i = 0; !mts_lex_failed(p) && signs[level][i];) {
        size_t at = p->token_at;
        if (mts_lex_take_sign(p, signs[level][i])) {
            node = binary(p, MTS_NODE_BINARY, ops[level][i], node, parse_arithmetic(p, level + 1), at);
            i = 0;
        } else {
            i++;
        }
    }
    return node;
}

/* The comparison operator at hand, taken; 0: none. */
static char take_comparison(MtsTplLexer *p)
{
    static const char *const signs[] = {"==", "!=", "<", ">", "<=", ">="};
    for (int i = 0; i < 6; i++) {
        if (mts_lex_take_sign(p, signs[i])) {
            return "=!<>lg"[i];
        }
    }
    if (mts_lex_take_word(p, "in")) {
        return 'i';
    }
    if (mts_lex_at_word(p, "not")) { /* only "not in" can stand here */
        mts_lex_advance(p);
        if (!mts_lex_take_word(p, "in")) {
            mts_tpl_fail(p->tpl, MTS_EFORMAT, p->token_at, "\"in\" is expected");
        }
        return 'n';
    }
    return 0;
}

static MtsTplNode *parse_comparison(MtsTplLexer *p)
{
    size_t at = p->token_at;
    MtsTplNode *left = parse_arithmetic(p, 0), *chain = NULL;
    for (char op; !mts_lex_failed(p) && (op = take_comparison(p)) != 0;) {
        MtsTplNode *right = parse_arithmetic(p, 0);
        MtsTplNode *one = binary(p, MTS_NODE_COMPARE, op, left, right, at);
        chain = chain ? binary(p, MTS_NODE_AND, 0, chain, one, at) : one; /* a < b < c is a < b and b < c */
        left = right;
    }
    return chain ? chain : left;
}

static MtsTplNode *parse_not(MtsTplLexer *p)
{
    size_t at = p->token_at;
    if (!mts_lex_take_word(p, "not")) {
        return parse_comparison(p);
    }
    MtsTplNode *node = mts_parse_node(p, MTS_NODE_NOT, at);
    if (!mts_tpl_enter(p->tpl, at)) {
        return NULL;
    }
    MtsTplNode *inner = parse_not(p);
    p->tpl->depth--;
    if (node) {
        node->a = inner;
    }
    return node;
}

static MtsTplNode *parse_and(MtsTplLexer *p)
{
    MtsTplNode *node = parse_not(p);
    for (size_t at = p->token_at; !mts_lex_failed(p) && mts_lex_take_word(p, "and"); at = p->token_at) {
        node = binary(p, MTS_NODE_AND, 0, node, parse_not(p), at);
    }
    return node;
}

static MtsTplNode *parse_or(MtsTplLexer *p)
{
    MtsTplNode *node = parse_and(p);
    for (size_t at = p->token_at; !mts_lex_failed(p) && mts_lex_take_word(p, "or"); at = p->token_at) {
        node = binary(p, MTS_NODE_OR, 0, node, parse_and(p), at);
    }
    return node;
}

MtsTplNode *mts_parse_expression(MtsTplLexer *p)
{
    if (!mts_tpl_enter(p->tpl, p->token_at)) {
        return NULL;
    }
    MtsTplNode *node = parse_or(p);
    for (size_t at = p->token_at; !mts_lex_failed(p) && mts_lex_take_word(p, "if"); at = p->token_at) {
        node = binary(p, MTS_NODE_IF_ELSE, 0, node, parse_or(p), at);
        if (node && mts_lex_take_word(p, "else")) {
            node->c = mts_parse_expression(p);
        }
    }
    p->tpl->depth--;
    return node;
}

/* "a, b", a tuple, or one expression; `conditions`: with "if" in it. */
MtsTplNode *mts_parse_tuple(MtsTplLexer *p, bool conditions)
{
    size_t at = p->token_at;
    MtsTplNode *first = conditions ? mts_parse_expression(p) : parse_or(p);
    if (mts_lex_failed(p) || !mts_lex_at_sign(p, ",")) {
        return first;
    }
    MtsTplNode *tuple = mts_parse_node(p, MTS_NODE_LIST, at), **tail = first ? &first->next : NULL;
    while (tail && !mts_lex_failed(p) && mts_lex_take_sign(p, ",")) {
        if (p->kind == MTS_TPL_END) {
            break;
        }
        mts_parse_append(&tail, conditions ? mts_parse_expression(p) : parse_or(p));
    }
    if (tuple) {
        tuple->op = 't';
        tuple->a = first;
    }
    return tuple;
}
