/* search/methods/methods.h - the methods' tables, one file each. */
#ifndef MTS_SEARCH_METHODS_METHODS_H
#define MTS_SEARCH_METHODS_METHODS_H

#include "search/run.h"

extern const MtsMethodOps mts_greedy_ops;    /* search/methods/greedy.c */
extern const MtsMethodOps mts_sample_ops;    /* search/methods/sample.c */
extern const MtsMethodOps mts_best_of_n_ops; /* search/methods/sample.c */
extern const MtsMethodOps mts_beam_ops;      /* search/methods/beam.c */
extern const MtsMethodOps mts_smc_ops;       /* search/methods/smc.c */
extern const MtsMethodOps mts_mcts_ops;      /* search/methods/mcts.c */
extern const MtsMethodOps mts_dts_ops;       /* search/methods/dts.c; DTS* too */
extern const MtsMethodOps mts_maxent_ops;    /* search/maxent/maxent.c */

#endif
