/* cli/tell.h - a story told: as a table, step by step, as a page. */
#ifndef MTS_CLI_TELL_H
#define MTS_CLI_TELL_H

#include "cli/story.h"
#include "cli/token_label.h"

/* Whether six decimals tell exp of a logarithm (NaN: there is none); else it wants an exponent. A column has one
 * notation: plain only where all of it is. */
bool tell_is_plain(double log_value);

/* exp of a logarithm, into out, which it returns; "-" where there is none. */
const char *tell_natural(double log_value, bool plain, char out[32]);

/* The table of docs/algorithm.md, an object a rollout: i, text, q, z, K, u, W, Z^; numbers as they are read, or
 * themselves. NULL: memory ran out. */
json_t *tell_rows(const Story *story, TokenLabels *labels, bool read);

/* A screen a rollout, walked by keys where both ends are a terminal; otherwise one after the other. */
int tell_steps(const Story *story, TokenLabels *labels, MtsError *err);

/* One HTML file that needs nothing else: a tree to unfold, a slider. */
int tell_page(const Story *story, TokenLabels *labels, const char *path, MtsError *err);

#endif
