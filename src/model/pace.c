/* model/pace.c - see pace.h. */
#include "model/pace.h"

#include <stdbool.h>

static const double SHORTEST_REST = 1e-3, LONGEST_REST = 1; /* seconds */

MtsPace mts_pace(int threads)
{
    return (MtsPace){.full = threads, .now = threads, .patience = SHORTEST_REST};
}

void mts_pace_end(MtsPace *p, int left, double now)
{
    bool tried = p->now == p->full;
    p->now = left;
    if (!tried) {
        p->now = now < p->rests_until ? left : p->full;
    } else if (left == p->full) {
        p->patience = p->patience > SHORTEST_REST ? p->patience / 2 : SHORTEST_REST;
    } else {
        p->rests_until = now + p->patience;
        p->patience = p->patience < LONGEST_REST ? 2 * p->patience : LONGEST_REST;
    }
}
