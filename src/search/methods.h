/* search/methods.h - the methods' tables, one file each. */
#ifndef MTS_SEARCH_METHODS_H
#define MTS_SEARCH_METHODS_H

#include "search/run.h"

extern const MtsMethodOps mts_maxent_ops; /* search/maxent.c */

#endif
