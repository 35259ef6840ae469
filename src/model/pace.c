/* model/pace.c - see pace.h. */
#include "model/pace.h"

#include <stdbool.h>

enum { SHORTEST_REST = 1, LONGEST_REST = 512 };

MtsPace mts_pace(int threads)
{
    return (MtsPace){.full = threads, .now = threads, .patience = SHORTEST_REST};
}

void mts_pace_end(MtsPace *p, int left)
{
    bool tried = p->now == p->full;
    p->now = left;
    if (!tried) {
        p->now = --p->rest > 0 ? left : p->full;
    } else if (left == p->full) {
        p->patience = p->patience > SHORTEST_REST ? p->patience / 2 : SHORTEST_REST;
    } else {
        p->rest = p->patience;
        p->patience = p->patience < LONGEST_REST ? 2 * p->patience : LONGEST_REST;
    }
}
