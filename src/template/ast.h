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
    unsigned mentions;   /* MTS_MENTIONS_*: names that the macro being parsed uses */
    const MtsTemplateDate *date;
    bool dated; /* it was asked for */
} MtsTpl;

enum { MTS_MENTIONS_CALLER = 1, MTS_MENTIONS_VARARGS = 2, MTS_MENTIONS_KWARGS = 4 };

/* Counts `size` bytes of work; false (and rc set) when the limit is reached. */
bool mts_tpl_charge(MtsTpl *tpl, size_t size);

/* Zeroed memory that lives as long as the run, counted as work; NULL (and rc set) when there is none. */
void *mts_tpl_alloc(MtsTpl *tpl, size_t size);

void mts_tpl_free(MtsTpl *tpl); /* all that mts_tpl_alloc() gave */

/* Whose words are they? Every byte that mts_tpl_alloc() gave has a shadow, which is 1 where the byte came out of a
 * message and not out of the template. Slices share the shadow of what they are cut from; what copies bytes copies
 * their shadows with mts_tpl_copy(). The shadow of bytes from elsewhere (the template's own text) is NULL. */
char *mts_tpl_shadow(const MtsTpl *tpl, const char *byte);
void mts_tpl_copy(const MtsTpl *tpl, char *to, const char *from, size_t size);

/* A string that grows; zero-initialise but for tpl. */
typedef struct MtsTplWriter {
    MtsTpl *tpl;
    char *data;
    size_t size, cap;
} MtsTplWriter;

void mts_tpl_write(MtsTplWriter *w, MtsString text);
void mts_tpl_write_word(MtsTplWriter *w, const char *word);
MtsString mts_tpl_written(const MtsTplWriter *w);

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
    MTS_NODE_REAL,    /* real */
    MTS_NODE_BOOL,    /* number */
    MTS_NODE_NONE,
    MTS_NODE_NAME,    /* text */
    MTS_NODE_LIST,    /* a: items, linked by next; op 't': a tuple */
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
    MTS_NODE_NEGATE,  /* op a; op is - or + */
    MTS_NODE_AND,     /* a, b */
    MTS_NODE_OR,      /* a, b */
    MTS_NODE_BINARY,  /* a op b; op is one of + - * / % ~, 'F' for //, 'P' for ** */
    MTS_NODE_COMPARE, /* a op b; op is one of = ! < > 'l' (<=) 'g' (>=) 'i' (in) 'n' (not in) */
    MTS_NODE_IF_ELSE, /* a if b else c (c may be NULL) */
    MTS_NODE_CAPTURE, /* what the body b prints, as a string */
    MTS_NODE_UNKNOWN, /* text: a construct that is not here, which is an error when it is reached; statement, too */
    /* statements, linked by next */
    MTS_NODE_TEXT,   /* text */
    MTS_NODE_OUTPUT, /* a */
    MTS_NODE_IF,     /* a: condition, b: body, c: else */
    MTS_NODE_FOR,    /* d: targets, a: iterable, b: body, c: else, e: condition or NULL */
    MTS_NODE_SET,    /* d: targets, b: value */
    MTS_NODE_WITH,   /* a: SETs, b: body */
    MTS_NODE_MACRO,  /* text, a: parameters (KEYWORDs, a NULL: no default), b: body, number: what it mentions */
    MTS_NODE_CALLER, /* a: a CALL, b: the MACRO that it sees as caller() */
    MTS_NODE_BREAK,
    MTS_NODE_CONTINUE
} MtsTplNodeKind;

typedef struct MtsTplNode {
    MtsTplNodeKind kind;
    char op;
    size_t at; /* byte of the template, for sentences */
    MtsString text;
    int64_t number;
    double real;
    struct MtsTplNode *a, *b, *c, *d, *e, *next;
} MtsTplNode;

/* Targets are NAMEs, ATTRs of one (of a namespace), and LISTs of targets; several are taken apart together. */

/* The statements of tpl->text; NULL for an empty template, or on failure (then tpl->rc is set). */
MtsTplNode *mts_tpl_parse(MtsTpl *tpl);

/* ---- values ---- */

typedef enum MtsValueKind {
    MTS_VALUE_UNDEFINED,
    MTS_VALUE_NONE,
    MTS_VALUE_BOOL,    /* integer */
    MTS_VALUE_INTEGER, /* integer */
    MTS_VALUE_REAL,    /* real */
    MTS_VALUE_STRING,  /* string */
    MTS_VALUE_LIST,    /* list */
    MTS_VALUE_DICT,    /* dict */
    MTS_VALUE_MACRO,   /* macro, scope */
    MTS_VALUE_BUILTIN  /* string: its name; a function, or a method that was not called */
} MtsValueKind;

typedef struct MtsValue {
    MtsValueKind kind;
    int64_t integer;
    double real;
    MtsString string;
    bool safe; /* of a string that "safe" gave: what "+" joins to it is escaped, as Jinja does */
    struct MtsList *list;
    struct MtsDict *dict;
    const MtsTplNode *macro;
    struct MtsTplScope *scope; /* that the macro was defined in */
} MtsValue;

typedef enum MtsListSort {
    MTS_LIST_LIST,
    MTS_LIST_TUPLE,
    MTS_LIST_RANGE, /* of range(): not printed, not joined to others */
    MTS_LIST_VIEW,  /* of a dictionary: no index, not printed */
    MTS_LIST_STREAM /* what most filters give: always true, without a length, gone once it was gone through */
} MtsListSort;

typedef struct MtsList {
    MtsValue *items;
    size_t count;
    MtsListSort sort;
    bool is_group; /* a tuple whose items are its .grouper and .list */
} MtsList;

/* The names that one piece of a template sees, and where it looks next. */
typedef struct MtsTplScope {
    struct MtsDict *names;
    struct MtsTplScope *outer;
} MtsTplScope;

/* In order of insertion. Scopes of variables are dictionaries, too. */
typedef struct MtsDict {
    struct MtsDictEntry *first, *last;
    size_t count;
    bool is_namespace; /* may be assigned to */
    bool is_loop;      /* the loop variable; changed: what its changed() was last asked about, NULL: nothing */
    MtsValue *changed;
} MtsDict;

typedef struct MtsDictEntry {
    MtsValue key; /* a string, a number, none or a tuple of such */
    MtsValue value;
    struct MtsDictEntry *next;
} MtsDictEntry;

MtsValue mts_value(MtsValueKind kind); /* of that kind, all else zero */
MtsValue mts_value_bool(bool truth);
MtsValue mts_value_integer(int64_t integer);
MtsValue mts_value_real(double real);
MtsValue mts_value_string(MtsString string);
MtsValue mts_value_list(MtsTpl *tpl, size_t count); /* of undefined items */
MtsValue mts_value_dict(MtsTpl *tpl);

MtsValue *mts_dict_find(MtsTpl *tpl, const MtsDict *dict, MtsString key); /* NULL: absent; counted as work */
void mts_dict_set(MtsTpl *tpl, MtsDict *dict, MtsString key, MtsValue value);
MtsValue *mts_dict_find_key(MtsTpl *tpl, const MtsDict *dict, MtsValue key);
void mts_dict_set_key(MtsTpl *tpl, MtsDict *dict, MtsValue key, MtsValue value, size_t at);

bool mts_value_truth(MtsValue value);
bool mts_value_is_integer(MtsValue value); /* or a boolean, which counts as 0 or 1 */
bool mts_value_is_number(MtsValue value);  /* one of these, or real */
double mts_value_number(MtsValue value);   /* of a number */
bool mts_value_equal(MtsTpl *tpl, MtsValue a, MtsValue b);
bool mts_value_in(MtsTpl *tpl, MtsValue item, MtsValue container, size_t at);
/* Less than 0, 0 or more than 0; an order that values do not have is a failure. */
int mts_value_order(MtsTpl *tpl, MtsValue a, MtsValue b, size_t at);
MtsString mts_tpl_concat(MtsTpl *tpl, MtsString a, MtsString b);
/* To `width` characters with `fill`: side 'l' keeps s on the left, 'r', 'c'. */
MtsString mts_tpl_pad(MtsTpl *tpl, MtsString s, int64_t width, char side, MtsString fill);
/* Where `part` begins in s, SIZE_MAX: nowhere. Counted as work. */
size_t mts_tpl_search(MtsTpl *tpl, MtsString s, MtsString part);

/* What a filter, a test or a call is given: values by position, then by name. */
typedef struct MtsArguments {
    MtsValue *values; /* [count] */
    MtsString *names; /* [count] data NULL: by position */
    bool *asked;      /* [count] whether mts_argument() was asked for it */
    size_t count;
} MtsArguments;

/* The argument of that place or name; NULL: not given. */
const MtsValue *mts_argument(const MtsArguments *args, size_t place, const char *name);
void mts_arguments_taken(const MtsArguments *args); /* all of them, otherwise than by mts_argument() */

/* A call of something by its name. */
typedef struct MtsTplCall {
    MtsString name;
    MtsValue value; /* the filter's, the test's or the method's object */
    const MtsArguments *args;
    size_t at; /* for sentences */
} MtsTplCall;

/* The string argument at that place; the default where it is missing or none. Another kind is a failure. */
MtsString mts_argument_string(MtsTpl *tpl, const MtsTplCall *call, size_t place, const char *name, MtsString otherwise);
/* A count, width or place; none is larger than MTS_TPL_MOST either way, so that two can be added. */
#define MTS_TPL_MOST ((int64_t)INT32_MAX)
int64_t mts_argument_integer(MtsTpl *tpl, const MtsTplCall *call, size_t place, const char *name, int64_t otherwise);
bool mts_argument_truth(const MtsTplCall *call, size_t place, const char *name, bool otherwise);

/* Fails where an argument was not asked for: what was called does not take it. */
void mts_tpl_all_asked(MtsTpl *tpl, const MtsTplCall *call);

/* Fails: there is no such filter, test, method or function here. */
MtsValue mts_tpl_unknown(MtsTpl *tpl, const char *what, MtsString name, size_t at);

/* ---- print.c ---- */

/* As {{ }} prints it: str() of Python. */
MtsString mts_value_print(MtsTpl *tpl, MtsValue value, size_t at);
/* As it stands in a printed list: repr(). */
void mts_value_write(MtsTplWriter *w, MtsValue value, size_t at);
/* As JSON: json.dumps(ensure_ascii, indent, separators, sort_keys). */
typedef struct MtsTplJson {
    bool ascii, sorted;
    MtsString indent;    /* of a level; data NULL: all on one line */
    MtsString item, key; /* separators */
} MtsTplJson;
void mts_value_json(MtsTplWriter *w, MtsValue value, const MtsTplJson *how, int64_t level, size_t at);
/* pattern % values, values being a tuple, a dictionary or a single one. */
MtsString mts_tpl_format(MtsTpl *tpl, MtsString pattern, MtsValue values, size_t at);

/* ---- strings.c ---- */

size_t mts_tpl_blank(const char *s, size_t n); /* bytes of the white space that s [n] begins with; 0: none */
MtsString mts_tpl_strip(MtsTpl *tpl, MtsString s, MtsString set, bool left, bool right); /* set NULL: white space */
MtsString mts_tpl_replace(MtsTpl *tpl, MtsString s, MtsString from, MtsString to, int64_t most);
MtsString mts_tpl_change_case(MtsTpl *tpl, MtsString s, char how); /* 'u' 'l' 'c' 't', 'w': title of the filter */
/* Calls a method of a string; *known false: it has no such method. call NULL: only asks. */
MtsValue mts_tpl_string_method(MtsTpl *tpl, const MtsTplCall *call, MtsString name, bool *known);

/* ---- operators.c ---- */

MtsValue mts_value_negative(MtsTpl *tpl, MtsValue number, size_t at);
/* a op b of MTS_NODE_BINARY, and of MTS_NODE_COMPARE. */
MtsValue mts_tpl_binary(MtsTpl *tpl, char op, MtsValue a, MtsValue b, size_t at);
bool mts_tpl_compare(MtsTpl *tpl, char op, MtsValue a, MtsValue b, size_t at);

/* ---- tests.c, filters.c, builtins.c: an unknown name is MTS_EUNSUPPORTED ---- */

bool mts_tpl_test(MtsTpl *tpl, const MtsTplCall *call);
MtsValue mts_tpl_filter(MtsTpl *tpl, const MtsTplCall *call);
MtsValue mts_tpl_method(MtsTpl *tpl, const MtsTplCall *call);
bool mts_tpl_has_method(MtsTpl *tpl, MtsValue object, MtsString name);
MtsValue mts_tpl_function(MtsTpl *tpl, const MtsTplCall *call);
bool mts_tpl_has_function(const MtsTpl *tpl, MtsString name);
MtsString mts_tpl_date(MtsTpl *tpl, MtsString format, size_t at); /* date.c: strftime() of tpl->date */

/* ---- items.c ---- */

/* What iterating over a value gives: a list of items (of a dictionary: its keys, of undefined: none). A stream is gone
 * through by it. */
MtsValue mts_tpl_items(MtsTpl *tpl, MtsValue value, size_t at);
MtsValue mts_tpl_dict_items(MtsTpl *tpl, const MtsDict *dict, char which); /* 'k' keys, 'v' values, 'i' pairs */

/* eval.c: runs the statements with these variables and appends to out. */
void mts_tpl_run(MtsTpl *tpl, const MtsTplNode *statements, MtsDict *variables, MtsTplWriter *out);

#endif
