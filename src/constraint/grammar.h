/* constraint/grammar.h - languages beyond the regular ones: rules over expressions.
 *
 * A node is a language; like an expression it is made once and known by its number. Besides sequence, alternative,
 * counted repeat and the call of a rule there is the bag: members between an opening and a closing text, each at most
 * once, in any order or in the one given, some of them required. It is what a JSON object is, and to write its orders
 * out as rules would take as many of them as there are subsets. */
#ifndef MTS_CONSTRAINT_GRAMMAR_H
#define MTS_CONSTRAINT_GRAMMAR_H

#include "constraint/expr.h"
#include "core/store.h"

typedef uint32_t MtsGrammarNode;

enum { MTS_NODE_NONE = 0, MTS_NODE_EMPTY = 1 };

typedef enum MtsGrammarNodeKind {
    MTS_NODE_NOTHING, /* no text */
    MTS_NODE_NO_BYTE, /* the empty text */
    MTS_NODE_RE,      /* [re] */
    MTS_NODE_SEQ,     /* [a, b] */
    MTS_NODE_ALT,     /* [...] ascending */
    MTS_NODE_RULE,    /* [rule] */
    MTS_NODE_REPEAT,  /* [node, min, max] */
    MTS_NODE_BAG      /* [bag, phase, members of the rest so far, words of the set of members seen ..., passed over] */
} MtsGrammarNodeKind;

enum { MTS_BAG_FIRST, MTS_BAG_AFTER, MTS_BAG_NEXT }; /* phases: just opened, behind a member, behind a comma */

typedef struct MtsBag {
    size_t count;
    MtsGrammarNode *members; /* [count] each at most once */
    bool *required;          /* [count] */
    MtsGrammarNode rest;     /* any number of these besides; MTS_NODE_NONE: none */
    MtsGrammarNode comma, close;
    uint32_t min, max; /* members in all */
    bool ordered;      /* members come in their order here, the rest behind them */
} MtsBag;

typedef struct MtsRule {
    MtsGrammarNode body;
    uint32_t shortest, rank; /* of a finished grammar; rank: callers at the same place have lower ones */
} MtsRule;

typedef struct MtsGrammar {
    MtsExprs *exprs;
    MtsStore nodes; /* [kind, ...] */
    uint32_t *lengths;
    size_t length_cap, length_count;
    MtsRule *rules;
    size_t rule_count, rule_cap;
    MtsBag *bags;
    size_t bag_count, bag_cap;
    MtsGrammarNode root;
    size_t budget; /* bytes of its nodes */
    int failed;
} MtsGrammar;

int mts_grammar_init(MtsGrammar *g, size_t budget);
void mts_grammar_free(MtsGrammar *g);

/* MTS_OK, or why a constructor has returned MTS_NODE_NONE that should not have. */
int mts_grammar_failed(const MtsGrammar *g);

MtsGrammarNode mts_node_re(MtsGrammar *g, MtsRe re);
MtsGrammarNode mts_node_text(MtsGrammar *g, const char *text);
MtsGrammarNode mts_node_seq(MtsGrammar *g, MtsGrammarNode a, MtsGrammarNode b);
MtsGrammarNode mts_node_alt(MtsGrammar *g, const MtsGrammarNode *list, size_t count);
MtsGrammarNode mts_node_or(MtsGrammar *g, MtsGrammarNode a, MtsGrammarNode b);
MtsGrammarNode mts_node_repeat(MtsGrammar *g, MtsGrammarNode a, uint32_t min, uint32_t max);
MtsGrammarNode mts_node_rule(MtsGrammar *g, uint32_t rule);

/* The bag's lists are taken over, and freed where it cannot be kept. */
MtsGrammarNode mts_node_bag(MtsGrammar *g, MtsBag bag);
MtsGrammarNode mts_node_bag_at(MtsGrammar *g, const uint32_t *words, size_t count);

/* A rule without a body yet; MTS_STORE_FULL when memory ran out. */
uint32_t mts_grammar_rule(MtsGrammar *g);

/* When all rules have their bodies: finds the shortest text of each and the order in which to expand them.
 * MTS_EUNSUPPORTED where a rule may begin with itself behind something that may be empty. */
int mts_grammar_finish(MtsGrammar *g, const char *name, MtsError *err);

/* Bytes of the node's shortest text; MTS_NO_LIMIT: it has none. */
uint32_t mts_node_shortest(MtsGrammar *g, MtsGrammarNode node);

/* After a rule's shortest text or body has changed. */
void mts_grammar_forget_lengths(MtsGrammar *g);

/* The word of a bag's node with the number of members that an ordered one has passed over, which count as seen. */
#define MTS_BAG_PASSED(bag) (4 + ((bag)->count + 31) / 32)

/* What a bag at [bag, phase, rest, seen...] may go on with; `tally` of the same words. */
typedef struct MtsBagTally {
    uint32_t count, missing; /* members so far, required ones to come */
    size_t first_missing;    /* the first of these; the bag's count: none */
} MtsBagTally;
MtsBagTally mts_bag_tally(const MtsGrammar *g, const uint32_t *words);
bool mts_bag_may_close(const MtsGrammar *g, const uint32_t *words, const MtsBagTally *tally);
bool mts_bag_may_take(MtsGrammar *g, const uint32_t *words, const MtsBagTally *tally,
                      size_t member); /* member == count: the rest */

#endif
