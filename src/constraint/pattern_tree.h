/* constraint/pattern_tree.h - a pattern as a tree: what its parser (pattern.c) and its meaning (pattern_meaning.c)
 * share.
 */
#ifndef MTS_CONSTRAINT_PATTERN_TREE_H
#define MTS_CONSTRAINT_PATTERN_TREE_H

#include "constraint/pattern.h"

typedef enum MtsPatternKind {
    MTS_PART_LEAF,
    MTS_PART_NOTHING,
    MTS_PART_SEQUENCE,
    MTS_PART_CHOICE,
    MTS_PART_REPEATED,
    MTS_PART_AHEAD,
    MTS_PART_NOT_AHEAD,
    MTS_PART_START,
    MTS_PART_END,
    MTS_PART_END_OR_LINE
} MtsPatternKind;

typedef struct MtsPatternPart {
    MtsPatternKind kind;
    int a, b;
    uint32_t min, max;
    MtsRe leaf;
    bool special, starts; /* it has an anchor or a look-ahead; it has a ^ */
} MtsPatternPart;

typedef struct MtsPatternParser {
    MtsExprs *x;
    const char *name, *text;
    size_t size, at;
    MtsDialect dialect;
    MtsSpelling spell;
    MtsExtent extent;
    MtsPatternPart *parts;
    size_t count, cap;
    int depth;
    uint32_t written; /* how often the part in hand is written out, for repeats around it */
    bool caseless, dotall, extended, properties, multiline;
    MtsError *err;
    int rc;
} MtsPatternParser;

/* Parses the whole pattern: the tree's root, or -1 with parser->rc set. */
int mts_pattern_parse(MtsPatternParser *p);

/* Sets parser->rc and the sentence "the pattern ... at character N" unless there is one already; -1. */
int mts_pattern_wrong(MtsPatternParser *p, int code, const char *what);

/* Parts of the tree, by number; -1 on failure. */
int mts_pattern_join(MtsPatternParser *p, MtsPatternKind kind, int a, int b);
int mts_pattern_dot(MtsPatternParser *p, bool all);

#endif
