/* model/pace.h - how many threads the next step gets on a machine that has other things to do.
 *
 * A step whose team lost threads on the way (model/team.h) is followed by steps of as few as were left, and the full
 * team is tried again after a while: later each time that goes badly, sooner each time it goes well. The while is a
 * time and not a number of steps: a step may take a millisecond or a second. */
#ifndef MTS_MODEL_PACE_H
#define MTS_MODEL_PACE_H

typedef struct MtsPace {
    int full;           /* threads of a full team */
    int now;            /* threads of the next step */
    double rests_until; /* when the full team is tried again; the clock of mts_seconds() */
    double patience;    /* seconds until then after the next step that goes badly */
} MtsPace;

MtsPace mts_pace(int threads);
/* After a step of pace->now threads, of which so many were left at its end, the time `now`. */
void mts_pace_end(MtsPace *pace, int left, double now);

#endif
