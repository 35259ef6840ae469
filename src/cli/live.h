/* cli/live.h - the tree of a search as it grows, on a terminal. */
#ifndef MTS_CLI_LIVE_H
#define MTS_CLI_LIVE_H

#include <maxts/search.h>

#include "cli/token_label.h"

typedef struct LiveNode {
    size_t parent, first, next; /* its first child, its next sibling; SIZE_MAX: none */
    int32_t token;
    size_t visits;
    double best; /* the largest reward below; NaN: none yet */
} LiveNode;

typedef struct Live {
    LiveNode *nodes; /* [count] the prompt's first */
    size_t count, cap;
    TokenLabels labels;
    size_t rows; /* on the screen */
    char head[160];
    double last;       /* seconds */
    bool drawing;      /* standard error is a terminal that can draw again */
    MtsEventSink sink; /* give this to the search; the struct must not move */
} Live;

/* Everything drawn goes to standard error. live_end() draws the last state and releases. */
void live_begin(Live *live, const MtsTokenizer *tokenizer);
void live_end(Live *live);

#endif
