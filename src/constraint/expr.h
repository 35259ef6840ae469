/* constraint/expr.h - regular languages of bytes as values.
 *
 * HOW THE ROOM WORKS. A constraint is a language of byte strings. It is held in three layers, each of immutable values
 * that are made once (hash-consed), so that equal values are the same number and branches share them for nothing:
 *
 *   expression (this file)   a regular language. Its derivative by a byte b - what may follow b - is an expression
 *                            again, so expressions are the states of a deterministic automaton that is built where
 *                            texts go and nowhere else. Intersection and complement are just two more kinds of node;
 *                            a counted repeat keeps its counts as numbers and is never written out.
 *   grammar (grammar.h)      what is not regular: rules, sequences, objects whose members come in any order; its
 *                            leaves are expressions.
 *   state (automaton.h)      where a text stands: a set of threads (expression under way, what follows it). What
 * follows is a linked list shared by all threads that were pushed on the same one, so that a set of threads is a
 * graph-structured stack. Nothing is cut into tokens first: where an expression may end, one thread goes on in it and
 * another one behind it.
 *
 * The vocabulary is a trie (vocabulary.h), and a mask (mask.c) is a walk over it that dead bytes prune. What a walk
 * finds inside one expression does not depend on what follows, so it is kept with the expression: a string's inside is
 * walked once however deep in the document the string stands. Runs of plain characters are not even walked: where the
 * next n bytes lead to the same state whatever plain characters they are, all plain tokens of at most n bytes are
 * alive.
 *
 * Liveness is exact. An expression without complement and intersection is empty only if it is MTS_RE_NONE, which the
 * constructors see to; under those two kinds a search for an accepting descendant decides, once for each state. Of a
 * grammar, rules that no finite text satisfies are found before the first byte (a least fixed point of lengths) and
 * dropped. So a state that has a thread can always be finished, and the shortest way there is a sum along its stack.
 *
 * Cost: a byte costs one look in a table once its state is known; a new state costs its derivative, which is linear in
 * the number of alternatives alive. All memory is counted against one budget: a constraint that needs more fails with
 * MTS_ECAPACITY, it never hangs. */
#ifndef MTS_CONSTRAINT_EXPR_H
#define MTS_CONSTRAINT_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

typedef uint32_t MtsRe; /* an expression of one MtsExprs */

enum {
    MTS_RE_NONE = 0,  /* no text */
    MTS_RE_EMPTY = 1, /* the empty text alone */
    MTS_RE_ALL = 2    /* every text */
};
#define MTS_RE_UNKNOWN UINT32_MAX
#define MTS_NO_LIMIT UINT32_MAX /* of a repeat; as a length: there is no such text */

typedef struct MtsByteSet {
    uint64_t bits[4];
} MtsByteSet;

bool mts_byte_set_has(const MtsByteSet *set, unsigned byte);
void mts_byte_set_add(MtsByteSet *set, unsigned from, unsigned to); /* both included */

typedef struct MtsExprs MtsExprs;

/* `budget`: bytes of memory that expressions may take, and as many steps of work from one mts_exprs_begin() to the
 * next. Once it is spent, or memory ran out, every call returns MTS_RE_NONE and mts_exprs_failed() the code,
 * MTS_ECAPACITY or MTS_ENOMEM. */
MtsExprs *mts_exprs_new(size_t budget);
void mts_exprs_free(MtsExprs **exprs);
int mts_exprs_failed(const MtsExprs *exprs);
const char *mts_exprs_short_of(const MtsExprs *exprs); /* "memory" or "steps": what it has failed for */
void mts_exprs_begin(MtsExprs *exprs);                 /* another request begins; needs no lock */
bool mts_exprs_work(MtsExprs *exprs, size_t steps);    /* counts steps; false: it has failed */
MtsRe mts_exprs_no_memory(MtsExprs *exprs); /* what an expression is to be made of could not be had: MTS_RE_NONE */
size_t mts_exprs_bytes(const MtsExprs *exprs);

/* What took long to find is noted under a key, any bytes, and not sought again; MTS_RE_UNKNOWN: it is new. */
MtsRe mts_exprs_recall(MtsExprs *x, const char *key, size_t size);
void mts_exprs_note(MtsExprs *x, const char *key, size_t size, MtsRe re);

MtsRe mts_re_bytes(MtsExprs *x, const MtsByteSet *set);
MtsRe mts_re_range(MtsExprs *x, unsigned from, unsigned to);
MtsRe mts_re_literal(MtsExprs *x, const char *text, size_t size);
MtsRe mts_re_seq(MtsExprs *x, MtsRe a, MtsRe b);
MtsRe mts_re_alt(MtsExprs *x, const MtsRe *list, size_t count);
MtsRe mts_re_or(MtsExprs *x, MtsRe a, MtsRe b);
MtsRe mts_re_and(MtsExprs *x, MtsRe a, MtsRe b);
MtsRe mts_re_not(MtsExprs *x, MtsRe a);
MtsRe mts_re_repeat(MtsExprs *x, MtsRe a, uint32_t min, uint32_t max);

/* A language that its own definition names: first the loop, then what it is made of. Whether it has the empty text must
 * be known before, and in `what` the loop stands only behind what is not empty. */
MtsRe mts_re_loop(MtsExprs *x, bool nullable);
void mts_re_close(MtsExprs *x, MtsRe loop, MtsRe what);

/* Decimal numbers "digits[.digits]" that are multiples of m / 10^scale, 0 < m <= MTS_RE_MODULUS; says nothing else
 * about their form. */
enum { MTS_RE_MODULUS = 100000 };
MtsRe mts_re_multiple(MtsExprs *x, uint32_t m, uint32_t scale);

/* From here on one thread at a time goes on making expressions, under its callers' lock, while any number call the
 * functions that are said to need none. */
void mts_exprs_share(MtsExprs *exprs);

/* Frees what is kept for those who read: there are none just now. */
void mts_exprs_settle(MtsExprs *exprs);

/* Whether the empty text is in the language. Needs no lock. */
bool mts_re_nullable(const MtsExprs *x, MtsRe r);

/* What may follow `byte`; MTS_RE_NONE exactly when nothing does. */
MtsRe mts_re_step(MtsExprs *x, MtsRe r, unsigned byte);

/* Adds the bytes that something may follow; false when memory ran out. */
bool mts_re_add_live(MtsExprs *x, MtsRe r, MtsByteSet *live);

/* The step where it is known; false: it is not. Needs no lock. */
bool mts_re_known_step(const MtsExprs *x, MtsRe r, unsigned byte, MtsRe *to);

/* Whether it is seen at once that two bytes lead to the same. */
bool mts_re_same_step(const MtsExprs *x, MtsRe r, unsigned byte, unsigned other);

/* Whether there is a text in the language. */
bool mts_re_alive(MtsExprs *x, MtsRe r);

/* Bytes of the shortest text; MTS_NO_LIMIT: none. The other one needs no lock, and returns false where it is not
 * known. */
uint32_t mts_re_shortest(MtsExprs *x, MtsRe r);
bool mts_re_known_shortest(const MtsExprs *x, MtsRe r, uint32_t *length);

/* Whether this whole text is in the language. */
bool mts_re_matches(MtsExprs *x, MtsRe r, const char *text, size_t size);

#endif
