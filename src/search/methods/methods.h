/* search/methods/methods.h - the methods there are, a row each: enumerator, name, another name it goes by or NULL,
 * operations, file. In names case, '-' and '_' do not count, and '*' is "star". A new method is its file, its
 * enumerator in maxts/search.h and its row: the room's list of sources (meson.build) is made from the rows. */
#ifndef MTS_SEARCH_METHODS_METHODS_H
#define MTS_SEARCH_METHODS_METHODS_H

#include "search/method.h"

/* clang-format off */
#define MTS_METHODS(ROW) \
    ROW(MTS_GREEDY, "greedy", NULL, mts_greedy_ops, "greedy.c") \
    ROW(MTS_SAMPLE, "sample", NULL, mts_sample_ops, "sample.c") \
    ROW(MTS_BEAM, "beam", NULL, mts_beam_ops, "beam.c") \
    ROW(MTS_BEST_OF_N, "best-of-n", NULL, mts_best_of_n_ops, "sample.c") \
    ROW(MTS_STOCHASTIC_BEAM, "stochastic-beam", "sbs", mts_stochastic_beam_ops, "stochastic_beam.c") \
    ROW(MTS_METROPOLIS, "metropolis", "mh", mts_metropolis_ops, "metropolis.c") \
    ROW(MTS_SMC, "smc", NULL, mts_smc_ops, "smc.c") \
    ROW(MTS_MCTS, "mcts", NULL, mts_mcts_ops, "mcts.c") \
    ROW(MTS_DTS, "dts", NULL, mts_dts_ops, "dts.c") \
    ROW(MTS_DTS_STAR, "dts-star", NULL, mts_dts_star_ops, "dts.c") \
    ROW(MTS_REJECTION, "rejection", NULL, mts_rejection_ops, "rejection.c") \
    ROW(MTS_ADAPTIVE_REJECTION, "adaptive-rejection", "ars", mts_adaptive_rejection_ops, "rejection.c") \
    ROW(MTS_CARS, "cars", NULL, mts_cars_ops, "rejection.c") \
    ROW(MTS_AWRS_SMC, "awrs-smc", "awrs", mts_awrs_ops, "awrs.c") \
    ROW(MTS_MAXENT_TS, "maxent-ts", "maxent", mts_maxent_ops, "../maxent/maxent.c")
/* clang-format on */

#define MTS_DECLARE_OPS(method, name, other, ops, file) extern const MtsMethodOps ops;
MTS_METHODS(MTS_DECLARE_OPS)
#undef MTS_DECLARE_OPS

#endif
