/* search/methods/methods.h - the methods there are, a row each: enumerator, name, another name it goes by or NULL
 * (case,
 * '-', '_' apart, '*' is "star"), operations. A new one is its file, its enumerator in maxts/search.h and its row. */
#ifndef MTS_SEARCH_METHODS_METHODS_H
#define MTS_SEARCH_METHODS_METHODS_H

#include "search/method.h"

#define MTS_METHODS(ROW)                                                                                               \
    ROW(MTS_GREEDY, "greedy", NULL, mts_greedy_ops)                                                                    \
    ROW(MTS_SAMPLE, "sample", NULL, mts_sample_ops)                                                                    \
    ROW(MTS_BEAM, "beam", NULL, mts_beam_ops)                                                                          \
    ROW(MTS_BEST_OF_N, "best-of-n", NULL, mts_best_of_n_ops)                                                           \
    ROW(MTS_SMC, "smc", NULL, mts_smc_ops)                                                                             \
    ROW(MTS_MCTS, "mcts", NULL, mts_mcts_ops)                                                                          \
    ROW(MTS_DTS, "dts", NULL, mts_dts_ops)                                                                             \
    ROW(MTS_DTS_STAR, "dts-star", NULL, mts_dts_star_ops)                                                              \
    ROW(MTS_MAXENT_TS, "maxent-ts", "maxent", mts_maxent_ops)

#define MTS_DECLARE_OPS(method, name, other, ops) extern const MtsMethodOps ops;
MTS_METHODS(MTS_DECLARE_OPS)
#undef MTS_DECLARE_OPS

#endif
