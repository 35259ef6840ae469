/* search/methods/population.h - what methods that carry texts forward together share: greedy, beams, particles. */
#ifndef MTS_SEARCH_METHODS_POPULATION_H
#define MTS_SEARCH_METHODS_POPULATION_H

#include "search/search.h"

/* Evaluates those of n nodes, of one depth, that are not yet. *go is false, and search->stop_reason set, when the
 * caller's stop flag, the clock or the limit on positions comes first; nothing is evaluated then. Until a text is
 * backed up, positions for finishing the leading one are kept back. */
int mts_population_extend(MtsSearch *search, MtsNode *const *nodes, size_t n, bool *go, MtsError *err);

/* How many times that was done: MtsMethodOps.write_stop of these methods. */
bool mts_population_write_stop(const MtsSearch *search, MtsBytes *line);

/* A scored text is an answer: visits its path, counts it and tells the sink. log_q: log of the probability it was
 * drawn with, 0 where nothing was drawn. */
int mts_population_back_up(MtsSearch *search, MtsNode *text, double log_q, double log_weight, MtsError *err);

#endif
