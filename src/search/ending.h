/* search/ending.h - what a search that was cut short before any text was finished ends with. */
#ifndef MTS_SEARCH_ENDING_H
#define MTS_SEARCH_ENDING_H

#include "search/search.h"

/* Finishes the leading text within settings.grace_seconds and makes it the answer, search->last. */
int mts_search_finish_leading(MtsSearch *search, MtsError *err);

#endif
