/* template/ast.h - what the parser, the evaluator and the built-ins of templates share. */
#ifndef MTS_TEMPLATE_AST_H
#define MTS_TEMPLATE_AST_H

#include <stdbool.h>
#include <stdint.h>

#include "core/mem.h"
#include "core/string.h"
#include "template/template.h"

/* ---- limits ---- */

enum {
    MTS_TEMPLATE_BYTES = 1 << 20, /* of a template */
    MTS_TEMPLATE_DEPTH = 200,     /* of nested expressions, blocks and macro calls */
    MTS_TEMPLATE_STEPS = 1 << 20, /* nodes evaluated */
    MTS_TEMPLATE_WORK = 1 << 26,  /* bytes allocated, written or compared, besides 64 times the messages' size */
};

/* ---- the run: memory, position, failure ---- */

typedef struct MtsTplBlock MtsTplBlock;

/* One rendering. The first failure sets rc and writes the sentence; everything then returns as fast as it can. */
typedef struct MtsTpl {
    const char *name;
    MtsString text;
    MtsError *err;
    int rc;
    size_t work_left, steps_left;
    int depth;
    MtsTplBlock *blocks; /* all memory of the run, released at once */
} MtsTpl;

/* Counts `size` bytes of work; false (and rc set) when the limit is reached. */
bool mts_tpl_charge(MtsTpl *tpl, size_t size);

/* Zeroed memory that lives as long as the run, counted as work; NULL (and rc set) when there is none. */
void *mts_tpl_alloc(MtsTpl *tpl, size_t size);

void mts_tpl_free(MtsTpl *tpl); /* all that mts_tpl_alloc() gave */

/* Fails with a sentence that names the template and the line of the byte `at`, unless that is MTS_TPL_NOWHERE. */
#define MTS_TPL_NOWHERE SIZE_MAX
void mts_tpl_fail(MtsTpl *tpl, int code, size_t at, const char *fmt, ...) MTS_PRINTF(4, 5);

/* Call on the way down and, when it was true, depth-- on the way up. */
bool mts_tpl_enter(MtsTpl *tpl, size_t at);

/* ---- syntax tree ---- */

typedef enum MtsTplNodeKind {
    /* expressions */
    MTS_NODE_STRING,  /* text */
    MTS_NODE_INTEGER, /* number */
    MTS_NODE_BOOL,    /* number */
    MTS_NODE_NONE,
    MTS_NODE_NAME,    /* text */
    MTS_NODE_LIST,    /* a: items, linked by next */
    MTS_NODE_DICT,    /* a: items, each a MTS_NODE_PAIR */
    MTS_NODE_PAIR,    /* a: key, b: value */
    MTS_NODE_ATTR,    /* a.text */
    MTS_NODE_ITEM,    /* a[b] */
    MTS_NODE_SLICE,   /* a[b:c:d] */
    MTS_NODE_CALL,    /* a(b...) */
    MTS_NODE_KEYWORD, /* text=a, an argument */
    MTS_NODE_FILTER,  /* a | text(b...) */
    MTS_NODE_TEST,    /* a is text(b...) */
    MTS_NODE_NOT,     /* a */
    MTS_NODE_NEGATE,  /* a */
    MTS_NODE_AND,     /* a, b */
    MTS_NODE_OR,      /* a, b */
    MTS_NODE_BINARY,  /* a op b; op is one of + - * / % ~ and 'F' for // */
    MTS_NODE_COMPARE, /* a op b; op is one of = ! < > 'l' (<=) 'g' (>=) 'i' (in) 'n' (not in) */
    MTS_NODE_IF_ELSE, /* a if b else c (c may be NULL) */
    /* statements, linked by next */
    MTS_NODE_TEXT,   /* text */
    MTS_NODE_OUTPUT, /* a */
    MTS_NODE_IF,     /* a: condition, b: body, c: else */
    MTS_NODE_FOR,    /* d: names, a: iterable, b: body, c: else, e: condition or NULL */
    MTS_NODE_SET,    /* text (of number != 0: the attribute of the namespace a) = b, or of the body c */
    MTS_NODE_MACRO,  /* text, a: parameters (KEYWORDs, a NULL: no default), b: body */
    MTS_NODE_BREAK,
    MTS_NODE_CONTINUE
} MtsTplNodeKind;

typedef struct MtsTplNode {
    MtsTplNodeKind kind;
    char op;
    size_t at; /* byte of the template, for sentences */
    MtsString text;
    int64_t number;
    struct MtsTplNode *a, *b, *c, *d, *e, *next;
} MtsTplNode;

/* The statements of tpl->text; NULL for an empty template, or on failure (then tpl->rc is set). */
MtsTplNode *mts_tpl_parse(MtsTpl *tpl);

/* ---- values ---- */

typedef enum MtsValueKind {
    MTS_VALUE_UNDEFINED,
    MTS_VALUE_NONE,
    MTS_VALUE_BOOL,    /* integer */
    MTS_VALUE_INTEGER, /* integer */
    MTS_VALUE_STRING,  /* string */
    MTS_VALUE_LIST,    /* list */
    MTS_VALUE_DICT,    /* dict */
    MTS_VALUE_MACRO,   /* macro */
    MTS_VALUE_BUILTIN  /* string: its name */
} MtsValueKind;

typedef struct MtsValue {
    MtsValueKind kind;
    int64_t integer;
    MtsString string;
    struct MtsList *list;
    struct MtsDict *dict;
    const MtsTplNode *macro;
} MtsValue;

typedef struct MtsList {
    MtsValue *items;
    size_t count;
} MtsList;

/* In order of insertion. Scopes of variables are dictionaries, too. */
typedef struct MtsDict {
    struct MtsDictEntry *first, *last;
    size_t count;
    bool is_namespace; /* may be assigned to */
} MtsDict;

typedef struct MtsDictEntry {
    MtsString key;
    MtsValue value;
    struct MtsDictEntry *next;
} MtsDictEntry;

MtsValue mts_value(MtsValueKind kind); /* of that kind, all else zero */
MtsValue mts_value_bool(bool truth);
MtsValue mts_value_integer(int64_t integer);
MtsValue mts_value_string(MtsString string);
MtsValue mts_value_list(MtsTpl *tpl, size_t count); /* of undefined items */
MtsValue mts_value_dict(MtsTpl *tpl);

MtsValue *mts_dict_find(MtsTpl *tpl, const MtsDict *dict, MtsString key); /* NULL: absent; counted as work */
void mts_dict_set(MtsTpl *tpl, MtsDict *dict, MtsString key, MtsValue value);

bool mts_value_truth(MtsValue value);
bool mts_value_is_number(MtsValue value); /* an integer or a boolean, which counts as 0 or 1 */
bool mts_value_equal(MtsTpl *tpl, MtsValue a, MtsValue b);
bool mts_value_in(MtsTpl *tpl, MtsValue item, MtsValue container, size_t at);
/* As it is printed; a list or a dictionary cannot be (a sentence). */
MtsString mts_value_print(MtsTpl *tpl, MtsValue value, size_t at);
MtsString mts_tpl_concat(MtsTpl *tpl, MtsString a, MtsString b);
/* Where `part` begins in s, SIZE_MAX: nowhere. Counted as work. */
size_t mts_tpl_search(MtsTpl *tpl, MtsString s, MtsString part);

/* What a filter, a test or a call is given: values by position, then by name. */
typedef struct MtsArguments {
    MtsValue *values; /* [count] */
    MtsString *names; /* [count] data NULL: by position */
    size_t count;
} MtsArguments;

/* The argument of that place or name; NULL: not given. */
const MtsValue *mts_argument(const MtsArguments *args, size_t place, const char *name);

/* template_builtins.c. `at` is for sentences; an unknown name is MTS_EUNSUPPORTED. */
MtsValue mts_tpl_filter(MtsTpl *tpl, MtsString name, MtsValue value, const MtsArguments *args, size_t at);
bool mts_tpl_test(MtsTpl *tpl, MtsString name, MtsValue value, const MtsArguments *args, size_t at);
MtsValue mts_tpl_method(MtsTpl *tpl, MtsValue object, MtsString name, const MtsArguments *args, size_t at);
MtsValue mts_tpl_function(MtsTpl *tpl, MtsString name, const MtsArguments *args, size_t at);

/* What iterating over a value gives: a list of items (of a dictionary: its keys, of undefined: none). */
MtsValue mts_tpl_items(MtsTpl *tpl, MtsValue value, size_t at);

/* template_eval.c: runs the statements with these variables and appends to out. */
void mts_tpl_run(MtsTpl *tpl, const MtsTplNode *statements, MtsDict *variables, MtsBytes *out);

#endif
