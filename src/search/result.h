/* search/result.h - what a search hands out once it has stopped. */
#ifndef MTS_SEARCH_RESULT_H
#define MTS_SEARCH_RESULT_H

#include "search/search.h"

int mts_search_result(MtsSearch *search, MtsSearchResult **result, MtsError *err);
/* Why the mean of its estimate of Z is not Z (MtsSearchResult.log_z_bias). */
const char *mts_search_bias(const MtsSearch *search, double log_z);
/* search/tree.c: its tree, for settings.keep_tree. */
int mts_search_tree(MtsSearch *search, MtsSearchResult *result, MtsError *err);

#endif
