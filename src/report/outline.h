/* report/outline.h - a search tree as lists in lists, to fold open. */
#ifndef MTS_REPORT_OUTLINE_H
#define MTS_REPORT_OUTLINE_H

#include "core/json.h"
#include "report/markup.h"

/* A record's nodes, depth first; a depth that jumps is held to one below its predecessor. */
void mts_report_outline(MtsMarkup *m, const json_t *nodes);

#endif
