/* template/parse.c - a chat template to a syntax tree: text with {{ expression }}, {% statement %} and {# comment #}.
 *
 * One newline at the very end of the template is not part of it. A statement that is not known here becomes a node of
 * its own kind, which is an error when it is reached. */
#include <stdio.h>
#include <string.h>

#include "template/expressions.h"

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
        MtsTplNode *node = mts_parse_node(p, MTS_NODE_IF, at);
        if (!node) {
            return NULL;
        }
        node->a = mts_parse_expression(p);
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

/* What "set" and "for" assign to: names, members of a namespace, groups of them in parentheses; linked by next. */
static MtsTplNode *parse_targets(MtsTplLexer *p)
{
    MtsTplNode *first = NULL, **tail = &first;
    if (!mts_tpl_enter(p->tpl, p->token_at)) {
        return NULL;
    }
    do {
        size_t at = p->token_at;
        bool group = mts_lex_take_sign(p, "(");
        MtsTplNode *target = mts_parse_node(p, group ? MTS_NODE_LIST : MTS_NODE_NAME, at);
        if (!target) {
            break;
        }
        if (group) {
            target->a = parse_targets(p);
            mts_lex_expect_sign(p, ")");
        } else {
            target->text = mts_lex_expect_name(p);
        }
        if (!group && mts_lex_take_sign(p, ".")) {
            MtsTplNode *member = mts_parse_node(p, MTS_NODE_ATTR, at);
            if (member) {
                member->a = target;
                member->text = mts_lex_expect_name(p);
            }
            target = member;
        }
        mts_parse_append(&tail, target);
    } while (!mts_lex_failed(p) && mts_lex_take_sign(p, ",") && (p->kind == MTS_TPL_NAME || mts_lex_at_sign(p, "(")));
    p->tpl->depth--;
    return first;
}

static MtsTplNode *parse_for(MtsTplLexer *p, size_t at)
{
    static const char *const ends[] = {"else", "endfor", NULL};
    static const char *const last[] = {"endfor", NULL};
    MtsTplNode *node = mts_parse_node(p, MTS_NODE_FOR, at), *targets = parse_targets(p);
    if (!mts_lex_failed(p) && !mts_lex_take_word(p, "in")) {
        mts_tpl_fail(p->tpl, MTS_EFORMAT, p->token_at, "\"in\" is expected");
    }
    if (!node || mts_lex_failed(p)) {
        return NULL;
    }
    node->d = targets;
    node->a = mts_parse_tuple(p, false); /* an "if" that follows is the loop's */
    node->e = mts_lex_take_word(p, "if") ? mts_parse_expression(p) : NULL;
    mts_lex_take_word(p, "recursive"); /* a call of the loop is what is not known */
    node->b = parse_body(p, ends);
    if (!mts_lex_failed(p) && mts_lex_take_word(p, "else")) {
        node->c = parse_body(p, last);
    }
    mts_lex_take_word(p, "endfor");
    return node;
}

/* The text of a body up to the word `end`, as filters, which have been begun to be read, make it. */
static MtsTplNode *parse_captured(MtsTplLexer *p, const char *end, bool filters, size_t at)
{
    const char *const ends[] = {end, NULL};
    MtsTplNode *captured = mts_parse_node(p, MTS_NODE_CAPTURE, at), *node = captured;
    if (filters && captured) {
        node = mts_parse_filters(p, mts_parse_filter(p, captured, at));
    }
    if (captured) {
        captured->b = parse_body(p, ends);
    }
    mts_lex_take_word(p, end);
    return node;
}

static MtsTplNode *parse_set(MtsTplLexer *p, size_t at)
{
    MtsTplNode *node = mts_parse_node(p, MTS_NODE_SET, at), *targets = parse_targets(p);
    if (!node || mts_lex_failed(p)) {
        return NULL;
    }
    node->d = targets;
    if (mts_lex_take_sign(p, "=")) {
        node->b = mts_parse_tuple(p, true);
    } else {
        node->b = parse_captured(p, "endset", mts_lex_take_sign(p, "|"), at);
    }
    return node;
}

static MtsTplNode *parse_with(MtsTplLexer *p, size_t at)
{
    static const char *const ends[] = {"endwith", NULL};
    MtsTplNode *node = mts_parse_node(p, MTS_NODE_WITH, at), **tail = node ? &node->a : NULL;
    while (node && !mts_lex_failed(p) && p->kind == MTS_TPL_NAME) {
        MtsTplNode *set = mts_parse_node(p, MTS_NODE_SET, p->token_at);
        MtsTplNode *name = mts_parse_node(p, MTS_NODE_NAME, p->token_at);
        if (!set || !name) {
            return NULL;
        }
        name->text = mts_lex_expect_name(p);
        mts_lex_expect_sign(p, "=");
        set->d = name;
        set->b = mts_lex_failed(p) ? NULL : mts_parse_expression(p);
        mts_parse_append(&tail, set);
        if (!mts_lex_take_sign(p, ",")) {
            break;
        }
    }
    if (node) {
        node->b = parse_body(p, ends);
    }
    mts_lex_take_word(p, "endwith");
    return node;
}

/* A macro's parameters up to ")", "(" having been taken. */
static void parse_parameters(MtsTplLexer *p, MtsTplNode *node)
{
    MtsTplNode **tail = &node->a;
    while (!mts_lex_failed(p) && !mts_lex_at_sign(p, ")")) {
        MtsTplNode *parameter = mts_parse_node(p, MTS_NODE_KEYWORD, p->token_at);
        if (parameter) {
            parameter->text = mts_lex_expect_name(p);
            parameter->a = mts_lex_take_sign(p, "=") ? mts_parse_expression(p) : NULL;
        }
        mts_parse_append(&tail, parameter);
        if (!mts_lex_take_sign(p, ",")) {
            break;
        }
    }
    mts_lex_expect_sign(p, ")");
}

/* A macro's body, which knows what of its call it speaks of. */
static void parse_macro_body(MtsTplLexer *p, MtsTplNode *node, const char *end)
{
    const char *const ends[] = {end, NULL};
    unsigned outer = p->tpl->mentions;
    p->tpl->mentions = 0;
    node->b = parse_body(p, ends);
    mts_lex_take_word(p, end);
    node->number = p->tpl->mentions;
    p->tpl->mentions |= outer;
}

static MtsTplNode *parse_macro(MtsTplLexer *p, size_t at)
{
    MtsTplNode *node = mts_parse_node(p, MTS_NODE_MACRO, at);
    if (!node) {
        return NULL;
    }
    node->text = mts_lex_expect_name(p);
    mts_lex_expect_sign(p, "(");
    parse_parameters(p, node);
    parse_macro_body(p, node, "endmacro");
    return node;
}

/* {% call(parameters) macro(arguments) %} body {% endcall %}: the body is what the macro's caller() gives. */
static MtsTplNode *parse_call(MtsTplLexer *p, size_t at)
{
    MtsTplNode *node = mts_parse_node(p, MTS_NODE_CALLER, at), *body = mts_parse_node(p, MTS_NODE_MACRO, at);
    if (!node || !body) {
        return NULL;
    }
    if (mts_lex_take_sign(p, "(")) {
        parse_parameters(p, body);
    }
    node->a = mts_parse_expression(p);
    if (node->a && node->a->kind != MTS_NODE_CALL) {
        mts_tpl_fail(p->tpl, MTS_EFORMAT, at, "a call is expected");
    }
    node->b = body;
    parse_macro_body(p, body, "endcall");
    return node;
}

static MtsTplNode *parse_filter_block(MtsTplLexer *p, size_t at)
{
    MtsTplNode *node = mts_parse_node(p, MTS_NODE_OUTPUT, at);
    if (node) {
        node->a = parse_captured(p, "endfilter", true, at);
    }
    return node;
}

static MtsTplNode *parse_raw(MtsTplLexer *p, size_t at)
{
    MtsTplNode *text = mts_parse_node(p, MTS_NODE_TEXT, at);
    MtsString raw = mts_lex_raw(p);
    if (text) {
        text->text = raw;
    }
    return text;
}

/* Marks the assistant's words for training; here it is its body. */
static MtsTplNode *parse_generation(MtsTplLexer *p, size_t at)
{
    static const char *const ends[] = {"endgeneration", NULL};
    (void)at;
    MtsTplNode *body = parse_body(p, ends);
    mts_lex_take_word(p, "endgeneration");
    return body;
}

static MtsTplNode *parse_break(MtsTplLexer *p, size_t at)
{
    return mts_parse_node(p, MTS_NODE_BREAK, at);
}

static MtsTplNode *parse_continue(MtsTplLexer *p, size_t at)
{
    return mts_parse_node(p, MTS_NODE_CONTINUE, at);
}

/* A statement that is not known is skipped, and what belongs to it: all up to its "end..." if there is one. */
static MtsTplNode *parse_other(MtsTplLexer *p, size_t at)
{
    char end[64], what[80], shown[MTS_SHOWN];
    MtsString name = p->word;
    snprintf(end, sizeof end, "end%.*s", (int)(name.size < 40 ? name.size : 40), name.data);
    snprintf(what, sizeof what, "the statement \"%s\"", mts_str_show(name, shown));
    if (p->kind != MTS_TPL_NAME || (name.size > 3 && memcmp(name.data, "end", 3) == 0)) {
        mts_tpl_fail(p->tpl, MTS_EFORMAT, at, "%s stands where none can", what);
        return NULL;
    }
    MtsTplNode *node = mts_parse_node(p, MTS_NODE_UNKNOWN, at);
    char *copy = mts_tpl_alloc(p->tpl, strlen(what) + 1);
    if (node && copy) {
        strcpy(copy, what);
        node->text = (MtsString){copy, strlen(copy)};
    }
    while (!mts_lex_failed(p) && p->kind != MTS_TPL_END) {
        mts_lex_advance(p);
    }
    MtsString rest = {p->text + p->at, p->size - p->at};
    if (!mts_lex_failed(p) && mts_tpl_search(p->tpl, rest, (MtsString){end, strlen(end)}) != SIZE_MAX) {
        const char *const ends[] = {end, NULL};
        parse_body(p, ends);
        mts_lex_take_word(p, end);
    }
    while (!mts_lex_failed(p) && p->kind != MTS_TPL_END) { /* "endblock name" */
        mts_lex_advance(p);
    }
    return node;
}

/* The statement whose tag has been opened; leaves the tag to be ended. */
static MtsTplNode *parse_statement(MtsTplLexer *p)
{
    static const struct {
        const char *word;
        MtsTplNode *(*parse)(MtsTplLexer *p, size_t at);
    } statements[] = {
        {"if", parse_if},
        {"for", parse_for},
        {"set", parse_set},
        {"macro", parse_macro},
        {"break", parse_break},
        {"call", parse_call},
        {"with", parse_with},
        {"continue", parse_continue},
        {"raw", parse_raw},
        {"filter", parse_filter_block},
        {"generation", parse_generation},
    };
    size_t at = p->token_at;
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        if (mts_lex_take_word(p, statements[i].word)) {
            return statements[i].parse(p, at);
        }
    }
    return parse_other(p, at);
}

static MtsTplNode *parse_statements(MtsTplLexer *p, const char *const *ends)
{
    MtsTplNode *first = NULL, **tail = &first;
    while (!mts_lex_failed(p)) {
        size_t at = p->at;
        MtsString text = mts_lex_text(p);
        MtsTplNode *node = text.size ? mts_parse_node(p, MTS_NODE_TEXT, at) : NULL;
        if (node) {
            node->text = text;
            mts_parse_append(&tail, node);
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
            MtsTplNode *output = mts_parse_node(p, MTS_NODE_OUTPUT, p->token_at);
            if (output) {
                output->a = mts_parse_tuple(p, true);
            }
            mts_parse_append(&tail, output);
            mts_lex_close(p, "}}");
            continue;
        }
        if (ends && mts_parse_at_one_of(p, ends)) {
            return first;
        }
        MtsTplNode *statement = parse_statement(p);
        mts_parse_append(&tail, statement);
        while (*tail) { /* a "generation" is a list */
            tail = &(*tail)->next;
        }
        mts_lex_close(p, "%}");
    }
    return first;
}

MtsTplNode *mts_tpl_parse(MtsTpl *tpl)
{
    MtsTplLexer p = {
        .tpl = tpl, .text = tpl->text.data, .size = tpl->text.size, .line_start = true, .kind = MTS_TPL_END};
    if (p.size > 0 && p.text[p.size - 1] == '\n') {
        p.size--;
    }
    MtsTplNode *statements = parse_statements(&p, NULL);
    return !tpl->rc ? statements : NULL;
}
