/* model/pace.c - the clock that decides about the next step's threads. */
#include "model/pace.h"

#include <time.h>

#include "model/team.h"

enum { SHORTEST_REST = 16, LONGEST_REST = 512 };

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

MtsPace mts_pace(int threads)
{
    return (MtsPace){.full = threads, .now = threads, .patience = SHORTEST_REST};
}

int mts_pace_begin(MtsPace *p, size_t rows)
{
    p->wall = seconds(CLOCK_MONOTONIC);
    p->cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
    return rows > MTS_PACE_ROWS ? p->full : p->now;
}

void mts_pace_end(MtsPace *p, size_t rows)
{
    if (rows > MTS_PACE_ROWS || p->full == 1) {
        return;
    }
    double wall = seconds(CLOCK_MONOTONIC) - p->wall, cpu = seconds(CLOCK_THREAD_CPUTIME_ID) - p->cpu;
    if (p->now == 1) {
        p->now = --p->rest > 0 ? 1 : p->full;
    } else if (wall < 2 * cpu + 5e-4) {
        p->patience = SHORTEST_REST;
    } else if (p->full > mts_team_processors()) {
        p->full = p->now = mts_team_processors();
    } else {
        p->now = 1;
        p->rest = p->patience;
        p->patience = p->patience < LONGEST_REST ? 2 * p->patience : LONGEST_REST;
    }
}
