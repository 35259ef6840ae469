/* cli/explain.h - the tree of a search, the best first, in the forms that --explain-as names. */
#ifndef MTS_CLI_EXPLAIN_H
#define MTS_CLI_EXPLAIN_H

#include <maxts/engine.h>

#include "core/json.h"

/* A table for reading, malloc'ed; NULL: memory ran out. */
char *explain_text(const MtsEngine *engine, const MtsTextResult *result);
/* A graph for dot, malloc'ed; likewise. */
char *explain_dot(const MtsEngine *engine, const MtsTextResult *result);
/* {"nodes": [...], "shown", "of"}; likewise. */
json_t *explain_json(const MtsEngine *engine, const MtsTextResult *result);

#endif
