/* constraint/recursion.h - rules that begin with themselves, written anew. */
#ifndef MTS_CONSTRAINT_RECURSION_H
#define MTS_CONSTRAINT_RECURSION_H

#include "constraint/grammar.h"

/* Rewrites the bodies of the rules in group [rule_count] (which may begin with each other) so that none does, to the
 * same language. false when memory ran out. Needs the shortest texts of rules. */
bool mts_grammar_unwind(MtsGrammar *g, const bool *group);

#endif
