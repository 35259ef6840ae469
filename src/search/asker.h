/* search/asker.h - asking the reward, on threads of its own where it allows that.
 *
 * A question is put with mts_ask() and its answer taken with mts_ask_take(). Rewards are deterministic in
 * the candidate, so which thread answers, and when, has no effect on what a search computes; when it takes
 * an answer is decided by the search, in an order of its own. */
#ifndef MTS_SEARCH_ASKER_H
#define MTS_SEARCH_ASKER_H

#include <stdbool.h>

#include <maxts/search.h>

#include "core/error.h"

typedef struct MtsAsker MtsAsker;
typedef struct MtsQuestion MtsQuestion;

/* Starts reward->workers threads (fewer where the system gives fewer). */
int mts_asker_new(MtsAsker **asker, const MtsSearchReward *reward, MtsError *err);
/* Waits for calls under way, drops what nobody took. */
void mts_asker_free(MtsAsker **asker);

/* Puts a question; the candidate's tokens are copied. Without workers it is answered in this call.
 * NULL: memory ran out. */
MtsQuestion *mts_ask(MtsAsker *asker, const MtsCandidate *candidate);

/* Waits up to `seconds` (0: does not wait); true when the answer is there. */
bool mts_ask_ready(MtsAsker *asker, const MtsQuestion *question, double seconds);

/* Waits for the answer, frees the question and nulls it. A value that is neither finite nor -HUGE_VAL is
 * MTS_EREWARD. */
int mts_ask_take(MtsAsker *asker, MtsQuestion **question, double *value, MtsError *err);

#endif
