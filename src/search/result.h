/* search/result.h - what a search hands out once it has stopped. */
#ifndef MTS_SEARCH_RESULT_H
#define MTS_SEARCH_RESULT_H

#include "search/search.h"

int mts_search_result(MtsSearch *search, MtsSearchResult **result, MtsError *err);
/* search/tree.c: its tree, for settings.keep_tree. */
int mts_search_tree(MtsSearch *search, MtsSearchResult *result, MtsError *err);

#endif
