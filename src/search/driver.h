/* search/driver.h - one search from its settings to its stop. */
#ifndef MTS_SEARCH_DRIVER_H
#define MTS_SEARCH_DRIVER_H

#include "search/search.h"

/* How many rollouts are in flight, or in a wave, where that is left to the method. */
size_t mts_search_in_flight(const MtsMethodOps *ops, size_t rollouts, bool prefixes);

/* Makes a search (settings checked by the caller: mts_search_check()) and leads it to its stop; it stays for
 * mts_search_result(), policies and proofs. *search is set (and mts_search_free() due) on failure too, unless it is
 * NULL. */
int mts_search_new(MtsSearch **search, const MtsSearchModel *model, const MtsSearchReward *reward,
                   const MtsSearchSettings *settings, const MtsEventSink *sink, MtsError *err);
int mts_search_lead(MtsSearch *search, MtsError *err);
void mts_search_free(MtsSearch **search);

#endif
