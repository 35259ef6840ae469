/* constraint/automaton.h - where a text stands in a grammar, advanced byte by byte.
 *
 * A state is a number; equal places have equal numbers. It stands for a set of threads. A thread is an expression that
 * is under way and a tail: the list of nodes to follow, outermost last. All calls of one rule at one place share their
 * tails, so ambiguity adds threads, never paths. A call at a node's end takes over the tail it stands in, so
 * repetition by recursion at the right does not grow it. */
#ifndef MTS_CONSTRAINT_AUTOMATON_H
#define MTS_CONSTRAINT_AUTOMATON_H

#include "constraint/grammar.h"

typedef uint32_t MtsPlace; /* a state; MTS_DEAD: no text goes on from here */
typedef uint32_t MtsTail;

enum { MTS_DEAD = 0, MTS_TAIL_END = 0 };

typedef struct MtsThread {
    MtsRe re;
    MtsTail tail;
} MtsThread;

typedef struct MtsAutomaton MtsAutomaton;

/* `grammar` is finished and borrowed; it grows while texts are read. `budget` in bytes as in mts_exprs_new(). */
MtsAutomaton *mts_automaton_new(MtsGrammar *grammar, size_t budget);
void mts_automaton_free(MtsAutomaton **automaton);

/* MTS_OK, or why calls return MTS_DEAD that should not: MTS_ECAPACITY, MTS_ENOMEM. */
int mts_automaton_failed(const MtsAutomaton *a);

MtsPlace mts_automaton_start(const MtsAutomaton *a);
MtsPlace mts_automaton_step(MtsAutomaton *a, MtsPlace place, unsigned byte);
bool mts_automaton_accepts(const MtsAutomaton *a, MtsPlace place); /* needs no lock */

/* Bytes of the shortest text that ends well from here. */
uint32_t mts_automaton_shortest(MtsAutomaton *a, MtsPlace place);

/* The same where they are known; false: they are not. They need no lock, as mts_exprs_share() has it. */
bool mts_automaton_known_step(const MtsAutomaton *a, MtsPlace place, unsigned byte, MtsPlace *to);
bool mts_automaton_known_shortest(const MtsAutomaton *a, MtsPlace place, uint32_t *length);
void mts_automaton_share(MtsAutomaton *a);

/* Bytes kept for those who read, and frees them when there are none just now. */
size_t mts_automaton_outgrown(const MtsAutomaton *a);
void mts_automaton_settle(MtsAutomaton *a);

/* The threads of a place, and the place at the beginning of a tail. */
const MtsThread *mts_automaton_threads(const MtsAutomaton *a, MtsPlace place, size_t *count);
uint32_t mts_automaton_behind(MtsAutomaton *a, MtsTail tail); /* bytes of the tail's shortest text */
MtsPlace mts_automaton_enter(MtsAutomaton *a, MtsTail tail);
MtsExprs *mts_automaton_exprs(MtsAutomaton *a);

#endif
