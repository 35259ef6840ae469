/* constraint/notation.c - one reader for two notations, which share all but a few signs.
 *
 *              GBNF                      Lark
 *   rule       name ::= ...              name: ...        NAME: ... (a terminal)
 *   start      root                      start
 *   texts      "..."                     "..."  "..."i  /regular expression/flags
 *   classes    [a-z]  .                  in regular expressions
 *   repeats    * + ? {n} {n,} {n,m}      * + ?  ~n  ~n..m  [optional]
 *   besides    # to the line's end       // to the line's end, %ignore, -> name,
 *                                        %import common.NAME -> NAME, %import common (NAME, ...)
 *
 * A rule ends where a line begins with the next one. What %ignore names may stand behind every text of a rule and
 * before the first; inside a terminal it may not. */
#include "constraint/notation.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "constraint/pattern.h"
#include "core/hash.h"
#include "core/mem.h"
#include "core/utf8.h"

enum { MAX_NESTING = 200, MAX_COUNT = 1 << 20, MAX_RULES = 20000, NAME_SLOTS = 1 << 16 };

typedef struct NamedRule {
    char *name;
    uint32_t rule;
    bool defined;
    size_t first_use;
} NamedRule;

typedef struct Reader {
    MtsGrammar *g;
    const char *name, *text;
    size_t size, at;
    bool lark, terminal; /* the notation; a terminal's body is under way */
    NamedRule *rules;
    size_t rule_count, rule_cap;
    uint32_t *slots;        /* [NAME_SLOTS] by name, open addressing: 0, or the rule's place + 1 */
    MtsGrammarNode ignored; /* what %ignore names; MTS_NODE_NONE: nothing */
    uint32_t gap;           /* the rule for any number of them */
    int depth, rc;
    MtsError *err;
} Reader;

static MtsGrammarNode choice(Reader *r);

static MtsGrammarNode complain(Reader *r, int code, size_t at, const char *what)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < at && i < r->size; i++) {
        column = r->text[i] == '\n' ? 1 : column + ((r->text[i] & 0xC0) != 0x80);
        line += r->text[i] == '\n';
    }
    if (!r->rc) {
        r->rc = mts_fail(r->err, code, "%s: line %zu, column %zu: %s", r->name, line, column, what);
    }
    return MTS_NODE_NONE;
}

static bool looking_at(const Reader *r, const char *what)
{
    size_t n = strlen(what);
    return r->size - r->at >= n && memcmp(r->text + r->at, what, n) == 0;
}

static bool take(Reader *r, const char *what)
{
    bool there = looking_at(r, what);
    r->at += there ? strlen(what) : 0;
    return there;
}

/* Blanks and comments, over line ends where `lines`. */
static void skip(Reader *r, bool lines)
{
    while (r->at < r->size) {
        char c = r->text[r->at];
        if (c == ' ' || c == '\t' || c == '\r' || (lines && c == '\n')) {
            r->at++;
        } else if (r->lark ? looking_at(r, "//") || c == '#' : c == '#') {
            while (r->at < r->size && r->text[r->at] != '\n') {
                r->at++;
            }
        } else {
            return;
        }
    }
}

static bool word_char(const Reader *r, size_t at)
{
    char c = at < r->size ? r->text[at] : 0;
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (c == '-' && !r->lark);
}

/* The length of the word at a place. */
static size_t word_at(const Reader *r, size_t at)
{
    size_t n = 0;
    while (word_char(r, at + n)) {
        n++;
    }
    return n;
}

/* Lark's marks before a rule's name, "?", "!" or both: what they say is of the tree, which we do not make. */
static size_t marks_at(const Reader *r, size_t at)
{
    size_t n = 0;
    while (r->lark && n < 2 && at + n < r->size && (r->text[at + n] == '?' || r->text[at + n] == '!')) {
        n++;
    }
    return n;
}

/* Lark's priority behind a rule's name, ".2" or ".-1". */
static size_t priority_at(const Reader *r, size_t at)
{
    size_t sign = at + 1 < r->size && (r->text[at + 1] == '-' || r->text[at + 1] == '+');
    return r->lark && at < r->size && r->text[at] == '.' ? 1 + sign + word_at(r, at + 1 + sign) : 0;
}

/* Whether a rule's head stands here: a word and "::=" or ":". */
static bool at_rule(const Reader *r)
{
    size_t at = r->at + marks_at(r, r->at);
    size_t n = word_at(r, at), end = at + n;
    end += priority_at(r, end);
    while (end < r->size && (r->text[end] == ' ' || r->text[end] == '\t')) {
        end++;
    }
    size_t left = r->size - end;
    return n > 0 && (r->lark ? left > 0 && r->text[end] == ':' : left > 2 && memcmp(r->text + end, "::=", 3) == 0);
}

/* ---- names ---- */

static NamedRule *find_rule(Reader *r, const char *word, size_t size)
{
    size_t at = mts_hash_spread(mts_hash(MTS_HASH_BEGIN, word, size)) & (NAME_SLOTS - 1);
    for (; r->slots[at]; at = (at + 1) & (NAME_SLOTS - 1)) {
        NamedRule *named = &r->rules[r->slots[at] - 1];
        if (strlen(named->name) == size && memcmp(named->name, word, size) == 0) {
            return named;
        }
    }
    if (r->rule_count == MAX_RULES) {
        complain(r, MTS_EUNSUPPORTED, r->at, "more than 20000 rules are not held");
        return NULL;
    }
    char *name = mts_strndup(word, size);
    uint32_t rule = mts_grammar_rule(r->g);
    if (!name || rule == MTS_STORE_FULL || !mts_grow(&r->rules, &r->rule_cap, r->rule_count + 1, sizeof *r->rules)) {
        free(name);
        complain(r, MTS_ENOMEM, r->at, "memory ran out");
        return NULL;
    }
    r->rules[r->rule_count] = (NamedRule){.name = name, .rule = rule, .first_use = r->at};
    r->slots[at] = (uint32_t)++r->rule_count;
    return &r->rules[r->rule_count - 1];
}

static bool is_terminal(const char *word)
{
    while (*word == '_') {
        word++;
    }
    return *word >= 'A' && *word <= 'Z';
}

/* A text of a rule, with what may be ignored behind it. */
static MtsGrammarNode with_gap(Reader *r, MtsGrammarNode node)
{
    return r->lark && !r->terminal ? mts_node_seq(r->g, node, mts_node_rule(r->g, r->gap)) : node;
}

static MtsGrammarNode reference(Reader *r)
{
    size_t n = word_at(r, r->at);
    NamedRule *rule = find_rule(r, r->text + r->at, n);
    r->at += n;
    if (!rule) {
        return MTS_NODE_NONE;
    }
    bool terminal = is_terminal(rule->name);
    MtsGrammarNode node = mts_node_rule(r->g, rule->rule);
    return terminal ? with_gap(r, node) : node;
}

/* ---- texts and classes ---- */

static uint32_t hex(Reader *r, size_t digits)
{
    uint32_t value = 0;
    for (size_t i = 0; i < digits; i++, r->at++) {
        char c = r->at < r->size ? r->text[r->at] : 0;
        int d = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
        if (d < 0) {
            complain(r, MTS_EREQUEST, r->at, "an escape needs more hexadecimal digits");
            return 0;
        }
        value = value << 4 | (uint32_t)d;
    }
    return value;
}

/* One character of a text or a class, escapes read. Lark knows few: before another character the backslash is one. */
static uint32_t character(Reader *r)
{
    static const char names[] = "n\nr\rt\tf\fb\b";
    uint32_t c = 0;
    size_t n = mts_utf8_decode(r->text + r->at, r->size - r->at, &c);
    if (n == 0) {
        complain(r, MTS_EREQUEST, r->at, "this is no valid UTF-8");
        r->at++;
        return 0;
    }
    r->at += n;
    if (c != '\\' || r->at >= r->size) {
        return c;
    }
    size_t from = r->at - 1;
    char e = r->text[r->at++];
    if (e == 'x' || e == 'u' || e == 'U') {
        c = hex(r, e == 'x' ? 2 : e == 'u' ? 4 : 8);
        if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) {
            complain(r, MTS_EREQUEST, from, "no character has this number");
        }
        return c;
    }
    for (size_t i = 0; i + 1 < sizeof names - (r->lark ? 2 : 0); i += 2) {
        if (names[i] == e) {
            return (unsigned char)names[i + 1];
        }
    }
    if (r->lark && e != '\\' && e != '"') {
        r->at--;
        return '\\';
    }
    if (!ispunct((unsigned char)e)) { /* \d means much elsewhere, but here nothing */
        complain(r, MTS_EREQUEST, from, "there is no such escape");
    }
    return (unsigned char)e;
}

static MtsRe spell(Reader *r, MtsChars *set)
{
    mts_chars_tidy(set);
    MtsRe re = mts_spell_utf8(r->g->exprs, set);
    mts_chars_free(set);
    return re;
}

/* A pattern that stands at a place of the text, or is meant there. */
static MtsRe compiled(Reader *r, size_t at, const char *pattern, size_t size)
{
    MtsError why = {0};
    MtsRe re = MTS_RE_NONE;
    int rc = mts_pattern_compile(r->g->exprs, "/", pattern, size, MTS_PATTERN_PCRE2, MTS_PATTERN_PART, mts_spell_utf8,
                                 &re, &why);
    if (rc) {
        complain(r, rc, at, why.text);
    }
    return re;
}

static MtsRe spell_one(Reader *r, uint32_t c, bool caseless)
{
    MtsChars one = {0};
    char pattern[24];
    if (caseless) {
        int n = snprintf(pattern, sizeof pattern, "(?i)\\x{%x}", (unsigned)c);
        return compiled(r, r->at, pattern, (size_t)n);
    }
    mts_chars_add(&one, c, c);
    return spell(r, &one);
}

static MtsGrammarNode quoted(Reader *r)
{
    size_t from = r->at++, end = r->at;
    while (end < r->size && r->text[end] != '"' && r->text[end] != '\n') {
        end += r->text[end] == '\\' && end + 1 < r->size ? 2 : 1;
    }
    if (end >= r->size || r->text[end] != '"') {
        return complain(r, MTS_EREQUEST, from, "a text has no closing quote");
    }
    bool caseless = r->lark && end + 1 < r->size && r->text[end + 1] == 'i';
    MtsRe *parts = NULL, all = MTS_RE_EMPTY;
    size_t count = 0, cap = 0;
    while (r->at < end && !r->rc) {
        if (!mts_grow(&parts, &cap, count + 1, sizeof *parts)) {
            complain(r, MTS_ENOMEM, from, "memory ran out");
            break;
        }
        parts[count++] = spell_one(r, character(r), caseless);
    }
    while (count > 0) { /* sequences lean to the right */
        all = mts_re_seq(r->g->exprs, parts[--count], all);
    }
    free(parts);
    r->at = end + 1 + caseless;
    return mts_node_re(r->g, all);
}

/* Lark's "a".."z", one character on either side; MTS_NODE_NONE, and nothing read, where none stands here. */
static MtsGrammarNode range(Reader *r)
{
    size_t from = r->at++;
    uint32_t first = r->lark && r->at < r->size ? character(r) : 0, last = 0;
    bool there = r->lark && take(r, "\"");
    skip(r, false);
    if (r->rc || !there || !take(r, "..")) {
        r->at = from;
        return MTS_NODE_NONE;
    }
    skip(r, false);
    there = take(r, "\"") && r->at < r->size;
    last = there ? character(r) : 0;
    if (!r->rc && (!there || !take(r, "\"") || last < first)) {
        return complain(r, MTS_EREQUEST, from, "a range is no \"a\"..\"b\" from one character to a later one");
    }
    MtsChars set = {0};
    mts_chars_add(&set, first, last);
    return mts_node_re(r->g, spell(r, &set));
}

static MtsGrammarNode class(Reader *r)
{
    size_t from = r->at++;
    MtsChars set = {0};
    bool negated = take(r, "^");
    while (r->at < r->size && r->text[r->at] != ']' && !r->rc) {
        uint32_t first = character(r), last = first;
        if (looking_at(r, "-") && r->at + 1 < r->size && r->text[r->at + 1] != ']') {
            r->at++;
            last = character(r);
        }
        if (last < first) {
            complain(r, MTS_EREQUEST, from, "a class has a range that runs backwards");
        }
        mts_chars_add(&set, first, last);
    }
    if (!take(r, "]")) {
        complain(r, MTS_EREQUEST, from, "a class has no ']'");
    }
    mts_chars_tidy(&set);
    if (negated) {
        mts_chars_negate(&set);
    }
    return mts_node_re(r->g, spell(r, &set));
}

static MtsGrammarNode any_character(Reader *r)
{
    MtsChars set = {0};
    mts_chars_negate(&set);
    return mts_node_re(r->g, spell(r, &set));
}

/* Where a regular expression's text ends, at its '/'; the text's end: nowhere. Only one with the flag x goes on over
 * the ends of lines. */
static size_t regular_end(const Reader *r)
{
    size_t end = r->at;
    bool lines = false;
    for (; end < r->size && r->text[end] != '/'; end++) {
        lines |= r->text[end] == '\n';
        end += r->text[end] == '\\' && end + 1 < r->size;
    }
    return !lines || (end < r->size && memchr(r->text + end, 'x', 1 + word_at(r, end + 1))) ? end : r->size;
}

/* Lark's regular expressions are Python's; what PCRE2 writes otherwise is written so. */
static bool as_pcre2(const Reader *r, size_t from, size_t end, MtsBytes *pattern)
{
    bool ok = true;
    for (size_t i = from, n; i < end && ok; i += n) {
        char next = r->text[i] == '\\' && i + 1 < end ? r->text[i + 1] : '\0';
        n = next ? 2 : 1;
        size_t digits = next == 'u' ? 4 : next == 'U' ? 8 : 0;
        if (digits && word_at(r, i + 2) >= digits) {
            n += digits;
            ok = mts_bytes_printf(pattern, "\\x{%.*s}", (int)digits, r->text + i + 2);
        } else if (next == 'Z') {
            ok = mts_bytes_append_str(pattern, "\\z");
        } else {
            ok = mts_bytes_append(pattern, r->text + i, n);
        }
    }
    return ok;
}

/* /.../flags */
static MtsGrammarNode regular(Reader *r)
{
    size_t from = ++r->at, end = regular_end(r), flags;
    if (end >= r->size) {
        return complain(r, MTS_EREQUEST, from - 1, "a regular expression has no closing '/'");
    }
    MtsBytes pattern = {0};
    bool ok = true;
    r->at = end + 1;
    flags = word_at(r, r->at);
    for (size_t i = 0; i < flags && ok; i++) {
        char flag = r->text[r->at + i];
        if (!strchr("imsux", flag)) {
            mts_bytes_free(&pattern);
            return complain(r, MTS_EUNSUPPORTED, r->at + i, "of a regular expression's flags i, m, s, u, x are held");
        }
        ok = flag == 'u' || mts_bytes_printf(&pattern, "(?%c)", flag); /* u: all text is Unicode */
    }
    r->at += flags;
    MtsRe re = MTS_RE_NONE;
    if (ok && as_pcre2(r, from, end, &pattern)) {
        re = compiled(r, from, pattern.data ? pattern.data : "", pattern.len);
    } else {
        complain(r, MTS_ENOMEM, from, "memory ran out");
    }
    mts_bytes_free(&pattern);
    return r->rc ? MTS_NODE_NONE : mts_node_re(r->g, re);
}

/* ---- expressions ---- */

static bool number(Reader *r, uint32_t *value)
{
    size_t from = r->at;
    for (*value = 0; r->at < r->size && r->text[r->at] >= '0' && r->text[r->at] <= '9'; r->at++) {
        *value = *value > MAX_COUNT ? *value : *value * 10 + (uint32_t)(r->text[r->at] - '0');
    }
    return r->at > from;
}

/* {n}, {n,}, {n,m}, {,m} or, in Lark, ~n and ~n..m. */
static bool counts(Reader *r, uint32_t *min, uint32_t *max)
{
    size_t from = r->at;
    bool braces = take(r, "{");
    if (braces && r->lark && r->at < r->size && !strchr("0123456789, ", r->text[r->at])) {
        complain(r, MTS_EUNSUPPORTED, from, "Lark's templates are not held");
        return true;
    }
    if (!braces && !(r->lark && take(r, "~"))) {
        return false;
    }
    skip(r, false);
    bool ok = number(r, min) || (braces && looking_at(r, ","));
    *max = *min;
    skip(r, false);
    if (ok && take(r, braces ? "," : "..")) {
        skip(r, false);
        if (!number(r, max)) {
            *max = MTS_NO_LIMIT;
            ok = braces;
        }
        skip(r, false);
    }
    if (!ok || (braces && !take(r, "}")) || *max < *min || *min > MAX_COUNT ||
        (*max != MTS_NO_LIMIT && *max > MAX_COUNT)) {
        complain(r, MTS_EREQUEST, from, "a repeat's counts are wrong");
    }
    return true;
}

static MtsGrammarNode repeated(Reader *r, MtsGrammarNode node)
{
    uint32_t min = 0, max = MTS_NO_LIMIT;
    while (!r->rc) {
        skip(r, false);
        if (take(r, "*")) {
            min = 0, max = MTS_NO_LIMIT;
        } else if (take(r, "+")) {
            min = 1, max = MTS_NO_LIMIT;
        } else if (looking_at(r, "?") && !at_rule(r)) {
            r->at++;
            min = 0, max = 1;
        } else if (!counts(r, &min, &max)) {
            break;
        }
        node = mts_node_repeat(r->g, node, min, max);
    }
    return node;
}

static MtsGrammarNode group(Reader *r, const char *close)
{
    size_t from = r->at++;
    if (++r->depth > MAX_NESTING) {
        return complain(r, MTS_EUNSUPPORTED, from, "groups nest too deeply");
    }
    MtsGrammarNode inner = choice(r);
    skip(r, true);
    if (!r->rc && !take(r, close)) {
        return complain(r, MTS_EREQUEST, from, "a group is not closed");
    }
    r->depth--;
    return *close == ']' ? mts_node_or(r->g, inner, MTS_NODE_EMPTY) : inner;
}

static MtsGrammarNode atom(Reader *r)
{
    char c = r->text[r->at];
    if (c == '"') {
        MtsGrammarNode characters = range(r);
        return with_gap(r, characters == MTS_NODE_NONE && !r->rc ? quoted(r) : characters);
    }
    if (c == '(') {
        return group(r, ")");
    }
    if (c == '[') {
        return r->lark ? group(r, "]") : class(r);
    }
    if (c == '/' && r->lark) {
        return with_gap(r, regular(r));
    }
    if (c == '.' && !r->lark) {
        r->at++;
        return any_character(r);
    }
    if (c == '<' || looking_at(r, "!<")) {
        return complain(r, MTS_EUNSUPPORTED, r->at, "tokens, as <...> names them, are not held");
    }
    return word_char(r, r->at) ? reference(r) : complain(r, MTS_EREQUEST, r->at, "this begins no text, class or rule");
}

/* Whether a sequence ends here: at a '|', a ')' or the next rule's head, blanks skipped. */
static bool at_end(Reader *r)
{
    size_t line = r->at;
    skip(r, true);
    bool new_line = memchr(r->text + line, '\n', r->at - line) != NULL || line == 0;
    return r->rc || r->at >= r->size || strchr("|)]%", r->text[r->at]) || (new_line && at_rule(r));
}

static MtsGrammarNode sequence(Reader *r)
{
    MtsGrammarNode *parts = NULL, all = MTS_NODE_EMPTY;
    size_t count = 0, cap = 0;
    while (!at_end(r)) {
        if (r->lark && take(r, "->")) { /* a name for the tree, which we do not make */
            skip(r, false);
            r->at += word_at(r, r->at);
            continue;
        }
        if (!mts_grow(&parts, &cap, count + 1, sizeof *parts)) {
            complain(r, MTS_ENOMEM, r->at, "memory ran out");
            break;
        }
        MtsGrammarNode one = atom(r);
        parts[count++] = repeated(r, one);
    }
    while (count > 0 && !r->rc) { /* from the last on: sequences lean to the right */
        all = mts_node_seq(r->g, parts[--count], all);
    }
    free(parts);
    return r->rc ? MTS_NODE_NONE : all;
}

static MtsGrammarNode choice(Reader *r)
{
    MtsGrammarNode *list = NULL, all = MTS_NODE_NONE;
    size_t count = 0, cap = 0;
    do { /* the first may be empty: a '|' in front of all stands behind nothing */
        if (!mts_grow(&list, &cap, count + 1, sizeof *list)) {
            complain(r, MTS_ENOMEM, r->at, "memory ran out");
            break;
        }
        MtsGrammarNode one = sequence(r);
        list[count++] = one;
    } while (!r->rc && take(r, "|"));
    if (!r->rc) {
        all = count == 1 ? list[0] : mts_node_alt(r->g, list, count);
    }
    free(list);
    return all;
}

/* ---- rules ---- */

static void read_rule(Reader *r)
{
    size_t from = r->at;
    r->at += marks_at(r, r->at);
    size_t n = word_at(r, r->at);
    NamedRule *named = find_rule(r, r->text + r->at, n);
    if (!named) {
        return;
    }
    uint32_t rule = named->rule;
    if (named->defined) {
        complain(r, MTS_EREQUEST, from, "a rule of this name stands above");
        return;
    }
    named->defined = true;
    r->terminal = r->lark && is_terminal(named->name);
    r->at += n;
    r->at += priority_at(r, r->at);
    skip(r, false);
    take(r, r->lark ? ":" : "::=");
    MtsGrammarNode body = choice(r);
    r->g->rules[rule].body = body;
    if (!r->rc && r->at < r->size && strchr(")]", r->text[r->at])) {
        complain(r, MTS_EREQUEST, r->at, "a bracket closes what was not opened");
    }
}

/* The terminals of Lark's library `common`. Texts in quotes end at the first quote that is not escaped, comments at
 * their first end. */
#define INT "[0-9]+"
#define SIGNED "[+-]?"
#define POWER "[eE]" SIGNED INT
#define DECIMAL "(?:" INT "\\.(?:" INT ")?|\\." INT ")"
#define FLOAT "(?:" INT POWER "|" DECIMAL "(?:" POWER ")?)"
#define NUMBER "(?:" FLOAT "|" INT ")"
static const struct {
    const char *name, *pattern;
} COMMON[] = {{"DIGIT", "[0-9]"},
              {"HEXDIGIT", "[0-9A-Fa-f]"},
              {"INT", INT},
              {"SIGNED_INT", SIGNED INT},
              {"DECIMAL", DECIMAL},
              {"FLOAT", FLOAT},
              {"SIGNED_FLOAT", SIGNED FLOAT},
              {"NUMBER", NUMBER},
              {"SIGNED_NUMBER", SIGNED NUMBER},
              {"ESCAPED_STRING", "\"(?:[^\"\\\\\\n]|\\\\[^\\n])*\""},
              {"LCASE_LETTER", "[a-z]"},
              {"UCASE_LETTER", "[A-Z]"},
              {"LETTER", "[A-Za-z]"},
              {"WORD", "[A-Za-z]+"},
              {"CNAME", "[A-Za-z_][0-9A-Za-z_]*"},
              {"WS_INLINE", "[ \\t]+"},
              {"WS", "[ \\t\\f\\r\\n]+"},
              {"CR", "\\r"},
              {"LF", "\\n"},
              {"NEWLINE", "(?:\\r?\\n)+"},
              {"SH_COMMENT", "#[^\\n]*"},
              {"CPP_COMMENT", "//[^\\n]*"},
              {"C_COMMENT", "/\\*(?:(?!\\*/)(?s:.))*\\*/"},
              {"SQL_COMMENT", "--[^\\n]*"}};

/* NAME or NAME -> OTHER of the library, as a terminal. */
static void import_one(Reader *r)
{
    size_t at = r->at, n = word_at(r, at), which = 0, count = sizeof COMMON / sizeof COMMON[0];
    while (which < count && (strlen(COMMON[which].name) != n || memcmp(COMMON[which].name, r->text + at, n) != 0)) {
        which++;
    }
    if (which == count) {
        complain(r, MTS_EUNSUPPORTED, at, "Lark's library common has no terminal of this name");
        return;
    }
    r->at += n;
    skip(r, false);
    if (take(r, "->")) {
        skip(r, false);
        at = r->at;
        r->at += n = word_at(r, at);
    }
    NamedRule *named = n > 0 ? find_rule(r, r->text + at, n) : NULL;
    if (!named || named->defined) {
        complain(r, MTS_EREQUEST, at, named ? "a rule of this name stands above" : "a name must stand here");
        return;
    }
    named->defined = true;
    uint32_t rule = named->rule;
    MtsRe re = compiled(r, at, COMMON[which].pattern, strlen(COMMON[which].pattern));
    MtsGrammarNode body = r->rc ? MTS_NODE_NONE : mts_node_re(r->g, re);
    r->g->rules[rule].body = body;
}

static void import(Reader *r)
{
    skip(r, false);
    if (word_at(r, r->at) != strlen("common") || !take(r, "common")) {
        complain(r, MTS_EUNSUPPORTED, r->at, "of Lark's libraries only common is held");
        return;
    }
    skip(r, false);
    if (take(r, ".")) {
        import_one(r);
        return;
    }
    bool more = take(r, "(");
    if (!more) {
        complain(r, MTS_EREQUEST, r->at, "a name, or several in brackets, must stand here");
    }
    while (more && !r->rc) {
        skip(r, true);
        import_one(r);
        skip(r, true);
        more = take(r, ",");
        if (!more && !take(r, ")")) {
            complain(r, MTS_EREQUEST, r->at, "the names to import end with ')'");
        }
    }
}

static void read_directive(Reader *r)
{
    if (take(r, "%import")) {
        import(r);
        return;
    }
    if (!take(r, "%ignore")) {
        complain(r, MTS_EUNSUPPORTED, r->at, "of Lark's directives only %ignore and %import are held");
        return;
    }
    r->terminal = true;
    r->ignored = mts_node_or(r->g, r->ignored, choice(r));
}

static void read_rules(Reader *r)
{
    skip(r, true);
    while (r->at < r->size && !r->rc) {
        if (r->lark && looking_at(r, "%")) {
            read_directive(r);
        } else if (at_rule(r)) {
            read_rule(r);
        } else {
            size_t end = r->at + marks_at(r, r->at), n = word_at(r, end);
            bool template = r->lark && n > 0 && end + n < r->size && r->text[end + n] == '{';
            complain(r, template ? MTS_EUNSUPPORTED : MTS_EREQUEST, r->at,
                     template ? "Lark's templates are not held" : "a rule begins with its name");
        }
        skip(r, true);
    }
}

static void choose_root(Reader *r)
{
    const char *start = r->lark ? "start" : "root";
    for (size_t i = 0; i < r->rule_count && !r->rc; i++) {
        if (!r->rules[i].defined) {
            complain(r, MTS_EREQUEST, r->rules[i].first_use, "no rule has this name");
        }
        if (strcmp(r->rules[i].name, start) == 0) {
            r->g->root = mts_node_rule(r->g, r->rules[i].rule);
        }
    }
    if (!r->rc && r->g->root == MTS_NODE_NONE && !mts_grammar_failed(r->g)) {
        complain(r, MTS_EREQUEST, r->size, r->lark ? "there is no rule start" : "there is no rule root");
    }
}

/* Whether a rule is written with "::=", comments and texts aside. */
static bool is_gbnf(const char *text, size_t size)
{
    for (size_t i = 0; i + 2 < size; i++) {
        if (text[i] == '#' || (text[i] == '/' && text[i + 1] == '/')) {
            while (i < size && text[i] != '\n') {
                i++;
            }
        } else if (memcmp(text + i, "::=", 3) == 0) {
            return true;
        } else if (text[i] == ':') {
            return false;
        }
    }
    return true;
}

int mts_notation_grammar(MtsGrammar *g, const char *text, size_t size, const char *name, MtsError *err)
{
    size_t mark = mts_utf8_mark(text, size);
    Reader r = {.g = g, .name = name, .text = text + mark, .size = size - mark, .err = err};
    r.lark = !is_gbnf(r.text, r.size);
    r.gap = mts_grammar_rule(g);
    r.slots = mts_calloc(NAME_SLOTS, sizeof *r.slots);
    if (r.gap == MTS_STORE_FULL || !r.slots) {
        free(r.slots);
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", name);
    }
    read_rules(&r);
    choose_root(&r);
    if (!r.rc) {
        g->rules[r.gap].body = mts_node_repeat(g, r.ignored, 0, MTS_NO_LIMIT);
        g->root = r.lark ? mts_node_seq(g, mts_node_rule(g, r.gap), g->root) : g->root;
        r.rc = mts_grammar_finish(g, name, err);
    }
    for (size_t i = 0; i < r.rule_count; i++) {
        free(r.rules[i].name);
    }
    free(r.rules);
    free(r.slots);
    if (!r.rc && mts_node_shortest(g, g->root) == MTS_NO_LIMIT) {
        r.rc = mts_fail(err, MTS_ECONSTRAINT, "%s: no finite text is of the grammar", name);
    }
    return r.rc;
}
