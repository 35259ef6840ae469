/* template/parse.c - a chat template to a syntax tree.
 *
 * The outer language is text with {{ expression }}, {% statement %} and {# comment #}; one newline at the very end of
 * the template is not part of it. The inner language is read by recursive descent, one function per level of binding,
 * loosest first:
 *   a if b else c;  or;  and;  not;  comparisons;  + -;  ~;  * / // %;  unary - +;  postfix . [] ();  | and is */
#include <string.h>

#include "template/lex.h"

static MtsTplNode *parse_expression(MtsTplLexer *p);

static bool at_one_of(const MtsTplLexer *p, const char *const *words)
{
    for (; *words; words++) {
        if (mts_lex_at_word(p, *words)) {
            return true;
        }
    }
    return false;
}

static MtsTplNode *new_node(MtsTplLexer *p, MtsTplNodeKind kind, size_t at)
{
    MtsTplNode *node = mts_tpl_alloc(p->tpl, sizeof *node);
    if (node) {
        node->kind = kind;
        node->at = at;
    }
    return node;
}

/* ---- expressions ---- */

static void append(MtsTplNode ***tail, MtsTplNode *node)
{
    if (node) {
        **tail = node;
        *tail = &node->next;
    }
}

/* The arguments up to ")", which is taken. */
static MtsTplNode *parse_arguments(MtsTplLexer *p)
{
    MtsTplNode *first = NULL, **tail = &first;
    while (!mts_lex_failed(p) && !mts_lex_at_sign(p, ")")) {
        size_t at = p->token_at;
        MtsTplNode *value = parse_expression(p);
        if (value && value->kind == MTS_NODE_NAME && mts_lex_take_sign(p, "=")) {
            MtsTplNode *keyword = new_node(p, MTS_NODE_KEYWORD, at);
            if (keyword) {
                keyword->text = value->text;
                keyword->a = parse_expression(p);
            }
            value = keyword;
        }
        append(&tail, value);
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
        MtsTplNode *item = parse_expression(p);
        if (dict) {
            MtsTplNode *pair = new_node(p, MTS_NODE_PAIR, at);
            mts_lex_expect_sign(p, ":");
            if (pair) {
                pair->a = item;
                pair->b = mts_lex_failed(p) ? NULL : parse_expression(p);
            }
            item = pair;
        }
        append(&tail, item);
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
        MtsTplNode *tuple = new_node(p, MTS_NODE_LIST, at);
        if (tuple) {
            tuple->a = items;
        }
        return tuple;
    }
    bool dict = mts_lex_at_sign(p, "{");
    mts_lex_advance(p);
    MtsTplNode *node = new_node(p, dict ? MTS_NODE_DICT : MTS_NODE_LIST, at);
    MtsTplNode *items = parse_items(p, dict ? "}" : "]", dict, &commas);
    if (node) {
        node->a = items;
    }
    return node;
}

static MtsTplNode *parse_primary(MtsTplLexer *p)
{
    size_t at = p->token_at;
    if (mts_lex_at_sign(p, "(") || mts_lex_at_sign(p, "[") || mts_lex_at_sign(p, "{")) {
        return parse_group(p, at);
    }
    MtsTplNode *node = new_node(p, MTS_NODE_NAME, at);
    if (!node) {
        return NULL;
    }
    if (p->kind == MTS_TPL_STRING) {
        node->kind = MTS_NODE_STRING;
        node->text = p->word;
        for (mts_lex_advance(p); p->kind == MTS_TPL_STRING; mts_lex_advance(p)) { /* neighbours are one string */
            node->text = mts_tpl_concat(p->tpl, node->text, p->word);
        }
    } else if (p->kind == MTS_TPL_INTEGER) {
        node->kind = MTS_NODE_INTEGER;
        node->number = p->number;
        mts_lex_advance(p);
    } else if (p->kind == MTS_TPL_NAME) {
        static const char *const truths[] = {"true", "True", "false", "False", NULL};
        if (at_one_of(p, truths)) {
            node->kind = MTS_NODE_BOOL;
            node->number = p->word.data[0] == 't' || p->word.data[0] == 'T';
        } else if (mts_lex_at_word(p, "none") || mts_lex_at_word(p, "None")) {
            node->kind = MTS_NODE_NONE;
        }
        node->text = p->word;
        mts_lex_advance(p);
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
            parts[colons] = parse_expression(p);
        } else {
            break;
        }
    }
    mts_lex_expect_sign(p, "]");
    MtsTplNode *node = new_node(p, colons ? MTS_NODE_SLICE : MTS_NODE_ITEM, at);
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
            outer = new_node(p, MTS_NODE_CALL, at);
            MtsTplNode *arguments = parse_arguments(p);
            if (outer) {
                outer->a = node;
                outer->b = arguments;
            }
        } else if (mts_lex_take_sign(p, ".")) {
            bool index = p->kind == MTS_TPL_INTEGER; /* x.0 is x[0] */
            outer = new_node(p, index ? MTS_NODE_ITEM : MTS_NODE_ATTR, at);
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
    return p->kind == MTS_TPL_STRING || p->kind == MTS_TPL_INTEGER || mts_lex_at_sign(p, "[") ||
           mts_lex_at_sign(p, "{") || (p->kind == MTS_TPL_NAME && !at_one_of(p, joining));
}

/* "| name(arguments)", "is name", "is not name" after `node`. */
static MtsTplNode *parse_filters(MtsTplLexer *p, MtsTplNode *node)
{
    while (!mts_lex_failed(p)) {
        size_t at = p->token_at;
        bool test = mts_lex_at_word(p, "is");
        if (!test && !mts_lex_at_sign(p, "|")) {
            break;
        }
        mts_lex_advance(p);
        bool negated = test && mts_lex_take_word(p, "not");
        MtsTplNode *outer = new_node(p, test ? MTS_NODE_TEST : MTS_NODE_FILTER, at);
        MtsString name = mts_lex_expect_name(p);
        MtsTplNode *arguments = NULL;
        if (mts_lex_take_sign(p, "(")) {
            arguments = parse_arguments(p);
        } else if (test && begins_operand(p)) {
            arguments = parse_postfix(p, parse_primary(p));
        }
        if (outer) {
            outer->a = node;
            outer->text = name;
            outer->b = arguments;
        }
        node = outer;
        if (negated) {
            MtsTplNode *not = new_node(p, MTS_NODE_NOT, at);
            if (not) {
                not->a = node;
            }
            node = not;
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
    if (mts_lex_take_sign(p, "-")) {
        node = new_node(p, MTS_NODE_NEGATE, at);
        MtsTplNode *inner = parse_unary(p, false);
        if (node) {
            node->a = inner;
        }
    } else if (mts_lex_take_sign(p, "+")) {
        node = parse_unary(p, false);
    } else {
        node = parse_primary(p);
    }
    node = parse_postfix(p, node);
    p->tpl->depth--;
    return filters ? parse_filters(p, node) : node;
}

static MtsTplNode *binary(MtsTplLexer *p, MtsTplNodeKind kind, char op, MtsTplNode *a, MtsTplNode *b, size_t at)
{
    MtsTplNode *node = new_node(p, kind, at);
    if (node) {
        node->op = op;
        node->a = a;
        node->b = b;
    }
    return node;
}

/* level 0: + and -; 1: ~; 2: * / // % */
static MtsTplNode *parse_arithmetic(MtsTplLexer *p, int level)
{
    static const char *const signs[3][5] = {{"+", "-"}, {"~"}, {"*", "/", "//", "%"}};
    static const char ops[3][5] = {"+-", "~", "*/F%"};
    if (level == 3) {
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
    MtsTplNode *node = new_node(p, MTS_NODE_NOT, at);
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

static MtsTplNode *parse_expression(MtsTplLexer *p)
{
    if (!mts_tpl_enter(p->tpl, p->token_at)) {
        return NULL;
    }
    MtsTplNode *node = parse_or(p);
    for (size_t at = p->token_at; !mts_lex_failed(p) && mts_lex_take_word(p, "if"); at = p->token_at) {
        node = binary(p, MTS_NODE_IF_ELSE, 0, node, parse_or(p), at);
        if (node && mts_lex_take_word(p, "else")) {
            node->c = parse_expression(p);
        }
    }
    p->tpl->depth--;
    return node;
}

/* ---- statements ---- */

static MtsTplNode *parse_statements(MtsTplLexer *p, const char *const *ends);

/* A body up to one of the words `ends`, whose tag is left open with the word as the current token. */
static MtsTplNode *parse_body(MtsTplLexer *p, const char *const *ends)
{
    size_t at = p->token_at;
    mts_lex_close(p, "%}");
    if (!mts_tpl_enter(p->tpl, at)) {
        return NULL;
    }
    MtsTplNode *body = parse_statements(p, ends);
    p->tpl->depth--;
    if (!mts_lex_failed(p) && p->kind != MTS_TPL_NAME) {
        mts_tpl_fail(p->tpl, MTS_EFORMAT, at, "a block has no end");
    }
    return body;
}

static MtsTplNode *parse_if(MtsTplLexer *p, size_t at)
{
    static const char *const ends[] = {"elif", "else", "endif", NULL};
    static const char *const last[] = {"endif", NULL};
    MtsTplNode *first = NULL, **link = &first;
    do { /* if and each elif; an elif is an if in the else of the one before */
        MtsTplNode *node = new_node(p, MTS_NODE_IF, at);
        if (!node) {
            return NULL;
        }
        node->a = parse_expression(p);
        node->b = parse_body(p, ends);
        *link = node;
        link = &node->c;
        at = p->token_at;
    } while (!mts_lex_failed(p) && mts_lex_take_word(p, "elif"));
    if (!mts_lex_failed(p) && mts_lex_take_word(p, "else")) {
        *link = parse_body(p, last);
    }
    mts_lex_take_word(p, "endif");
    return first;
}

static MtsTplNode *parse_for(MtsTplLexer *p, size_t at)
{
    static const char *const ends[] = {"else", "endfor", NULL};
    static const char *const last[] = {"endfor", NULL};
    MtsTplNode *node = new_node(p, MTS_NODE_FOR, at), **tail = node ? &node->d : NULL;
    bool open = mts_lex_take_sign(p, "(");
    while (node && !mts_lex_failed(p)) {
        MtsTplNode *name = new_node(p, MTS_NODE_NAME, p->token_at);
        if (name) {
            name->text = mts_lex_expect_name(p);
        }
        append(&tail, name);
        if (!mts_lex_take_sign(p, ",")) {
            break;
        }
    }
    if (open) {
        mts_lex_expect_sign(p, ")");
    }
    if (!mts_lex_failed(p) && !mts_lex_take_word(p, "in")) {
        mts_tpl_fail(p->tpl, MTS_EFORMAT, p->token_at, "\"in\" is expected");
    }
    if (!node || mts_lex_failed(p)) {
        return NULL;
    }
    node->a = parse_or(p); /* an "if" that follows is the loop's */
    node->e = mts_lex_take_word(p, "if") ? parse_expression(p) : NULL;
    if (mts_lex_at_word(p, "recursive")) {
        mts_tpl_fail(p->tpl, MTS_EUNSUPPORTED, p->token_at, "a recursive loop");
    }
    node->b = parse_body(p, ends);
    if (!mts_lex_failed(p) && mts_lex_take_word(p, "else")) {
        node->c = parse_body(p, last);
    }
    mts_lex_take_word(p, "endfor");
    return node;
}

static MtsTplNode *parse_set(MtsTplLexer *p, size_t at)
{
    static const char *const ends[] = {"endset", NULL};
    MtsTplNode *node = new_node(p, MTS_NODE_SET, at);
    if (!node) {
        return NULL;
    }
    node->text = mts_lex_expect_name(p);
    if (mts_lex_take_sign(p, ".")) {
        node->number = 1;
        node->a = new_node(p, MTS_NODE_NAME, at);
        if (node->a) {
            node->a->text = node->text;
        }
        node->text = mts_lex_expect_name(p);
    }
    if (mts_lex_take_sign(p, "=")) {
        node->b = parse_expression(p);
    } else if (p->kind == MTS_TPL_END) {
        node->c = parse_body(p, ends);
        mts_lex_take_word(p, "endset");
    } else {
        mts_tpl_fail(p->tpl, MTS_EUNSUPPORTED, p->token_at, "\"set\" of anything but one name");
    }
    return node;
}

static MtsTplNode *parse_macro(MtsTplLexer *p, size_t at)
{
    static const char *const ends[] = {"endmacro", NULL};
    MtsTplNode *node = new_node(p, MTS_NODE_MACRO, at), **tail = node ? &node->a : NULL;
    if (!node) {
        return NULL;
    }
    node->text = mts_lex_expect_name(p);
    mts_lex_expect_sign(p, "(");
    while (!mts_lex_failed(p) && !mts_lex_at_sign(p, ")")) {
        MtsTplNode *parameter = new_node(p, MTS_NODE_KEYWORD, p->token_at);
        if (parameter) {
            parameter->text = mts_lex_expect_name(p);
            parameter->a = mts_lex_take_sign(p, "=") ? parse_expression(p) : NULL;
        }
        append(&tail, parameter);
        if (!mts_lex_take_sign(p, ",")) {
            break;
        }
    }
    mts_lex_expect_sign(p, ")");
    node->b = parse_body(p, ends);
    mts_lex_take_word(p, "endmacro");
    return node;
}

/* The statement whose tag has been opened; leaves the tag to be ended. */
static MtsTplNode *parse_statement(MtsTplLexer *p)
{
    static const char *const generation_end[] = {"endgeneration", NULL};
    size_t at = p->token_at;
    if (mts_lex_take_word(p, "if")) {
        return parse_if(p, at);
    }
    if (mts_lex_take_word(p, "for")) {
        return parse_for(p, at);
    }
    if (mts_lex_take_word(p, "set")) {
        return parse_set(p, at);
    }
    if (mts_lex_take_word(p, "macro")) {
        return parse_macro(p, at);
    }
    if (mts_lex_take_word(p, "break")) {
        return new_node(p, MTS_NODE_BREAK, at);
    }
    if (mts_lex_take_word(p, "continue")) {
        return new_node(p, MTS_NODE_CONTINUE, at);
    }
    if (mts_lex_take_word(p, "raw")) {
        MtsTplNode *text = new_node(p, MTS_NODE_TEXT, at);
        MtsString raw = mts_lex_raw(p);
        if (text) {
            text->text = raw;
        }
        return text;
    }
    if (mts_lex_take_word(p, "generation")) { /* marks the assistant's words for training; here it is its body */
        MtsTplNode *body = parse_body(p, generation_end);
        mts_lex_take_word(p, "endgeneration");
        return body;
    }
    char shown[MTS_SHOWN];
    mts_tpl_fail(p->tpl, MTS_EUNSUPPORTED, at, "the statement \"%s\"", mts_str_show(p->word, shown));
    return NULL;
}

static MtsTplNode *parse_statements(MtsTplLexer *p, const char *const *ends)
{
    MtsTplNode *first = NULL, **tail = &first;
    while (!mts_lex_failed(p)) {
        size_t at = p->at;
        MtsString text = mts_lex_text(p);
        MtsTplNode *node = text.size ? new_node(p, MTS_NODE_TEXT, at) : NULL;
        if (node) {
            node->text = text;
            append(&tail, node);
        }
        if (p->at >= p->size) {
            p->kind = MTS_TPL_END;
            break;
        }
        char sort = mts_lex_open(p);
        if (sort == '#') {
            continue;
        }
        if (sort == '{') {
            MtsTplNode *output = new_node(p, MTS_NODE_OUTPUT, p->token_at);
            if (output) {
                output->a = parse_expression(p);
            }
            append(&tail, output);
            mts_lex_close(p, "}}");
            continue;
        }
        if (ends && at_one_of(p, ends)) {
            return first;
        }
        MtsTplNode *statement = parse_statement(p);
        append(&tail, statement);
        while (*tail) { /* a "generation" is a list */
            tail = &(*tail)->next;
        }
        mts_lex_close(p, "%}");
    }
    return first;
}

MtsTplNode *mts_tpl_parse(MtsTpl *tpl)
{
    MtsTplLexer p = {tpl, tpl->text.data, tpl->text.size, 0, true, 0, MTS_TPL_END, 0, {NULL, 0}, 0};
    if (p.size > 0 && p.text[p.size - 1] == '\n') {
        p.size--;
    }
    MtsTplNode *statements = parse_statements(&p, NULL);
    return !tpl->rc ? statements : NULL;
}
