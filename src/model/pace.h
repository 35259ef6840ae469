/* model/pace.h - how many threads the next step gets on a machine that has other things to do.
 *
 * A decode step meets at a barrier every ten or twenty microseconds. When another program takes one of our processors,
 * every barrier may wait for a time slice of milliseconds, and two threads become ten times slower than one. The
 * calling thread sees that: it has run for much less time than has passed. Then the following steps run on it alone,
 * and the full team is tried again after a while, later and later as long as that goes badly. Results do not depend on
 * the number of threads. Long steps (prefill) meet rarely and always get the team. */
#ifndef MTS_MODEL_PACE_H
#define MTS_MODEL_PACE_H

#include <stddef.h>

typedef struct MtsPace {
    int full;         /* threads of a full team */
    int now;          /* threads of the next short step */
    int rest;         /* short steps until the full team is tried again */
    int patience;     /* `rest` after the next bad step */
    double wall, cpu; /* seconds at the beginning of the step */
} MtsPace;

enum { MTS_PACE_ROWS = 64 }; /* steps of more rows are long */

MtsPace mts_pace(int threads);
/* Begins a step of `rows` rows; returns its number of threads. */
int mts_pace_begin(MtsPace *pace, size_t rows);
void mts_pace_end(MtsPace *pace, size_t rows);

#endif
