/* model/team.h - the threads of one forward pass: an OpenMP team, or one thread where there is no OpenMP.
 *
 * The whole pass is one parallel region; its threads split every phase and meet at barriers, some eight to a layer.
 * Those are our own (OpenMP's spin for milliseconds, or sleep and must be woken, as the environment has it): they spin
 * for longer than a balanced phase leaves to wait, then sleep.
 *
 * On a machine that has other things to do a thread may lose its processor for milliseconds, and all the others stand
 * still at the next barrier; two threads then get no further than one that waits for nobody, and much less far where
 * they spin. So the barrier adds up what was waited for in a step, and when that is too much for what has passed of it,
 * and not little beside what is to come at that rate (a hitch at the start of a long prompt), whoever comes last, and
 * has been waited for as often, leaves: its shares of the phases to come are empty, it waits for nothing, and so
 * reaches the end of the step at once, while the others go on. Results do not depend on it, as they do not depend on
 * the number of threads. */
#ifndef MTS_MODEL_TEAM_H
#define MTS_MODEL_TEAM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A thread's place among those that share a phase. Of the size MTS_LEFT: it has left the team. */
typedef struct MtsPart {
    size_t rank, size;
    double lost;  /* seconds that others slept in this step until this one came */
    double ahead; /* how many times as much of the step is to come as is behind this thread; 0 where nobody says */
} MtsPart;

#define MTS_LEFT SIZE_MAX /* whose share of anything is nothing */

typedef struct MtsBarrier {
    size_t arrived;       /* threads waiting */
    size_t generation;    /* how often all have met */
    size_t size;          /* threads that meet */
    size_t left;          /* rank of the one that has left at the last meeting, or MTS_LEFT */
    size_t asleep;        /* waiting threads that sleep */
    bool spin;            /* whether to poll before sleeping: not where threads outnumber processors */
    double first;         /* when the first of those asleep began to wait */
    size_t first_of;      /* at which meeting: its generation; who wakes late may sleep from an earlier one */
    double began, lost;   /* when the step began, and the seconds waited in it by those who slept */
    pthread_mutex_t lock; /* of `asleep`, `first`, `first_of` */
    pthread_cond_t met;
} MtsBarrier;

bool mts_barrier_init(MtsBarrier *b, int threads);
void mts_barrier_destroy(MtsBarrier *b);
/* Before a step of so many threads. */
void mts_barrier_begin(MtsBarrier *b, int threads);
/* Waits for the team, or leaves it: then *part says so, and further calls return at once. */
void mts_barrier_wait(MtsBarrier *b, MtsPart *part);

/* What is left of a thread's share of a phase, in pieces, the first to be taken by itself from the front on, the last
 * by those who have none left: so the slower of two threads ends up with fewer. */
typedef struct MtsHand {
    uint32_t word; /* the phase that it was last taken from in; the first piece left; where they end: 16, 8, 8 bits */
} __attribute__((aligned(64))) MtsHand;

/* Takes half of what is left of the share's `count` pieces (at most 255), rounded down, at least one: [*begin, *end),
 * for its owner those in front. phase: a number that no other phase of the step has, 1 to 65535; hands are zeros when
 * it begins. false: none is left. */
bool mts_hand_take(MtsHand *hand, uint32_t phase, size_t count, bool owner, size_t *begin, size_t *end);

/* Processors that this process may keep busy: by its affinity, and by the quota of its control group. */
int mts_team_processors(void);

#ifdef _OPENMP
#include <omp.h>

static inline size_t mts_team_size(void)
{
    return (size_t)omp_get_num_threads();
}

static inline size_t mts_team_rank(void)
{
    return (size_t)omp_get_thread_num();
}

#define MTS_TEAM_PRAGMA(x) _Pragma(#x)
/* Before a block: every one of `threads` threads runs it. */
#define MTS_TEAM(threads) MTS_TEAM_PRAGMA(omp parallel num_threads(threads))
#else

static inline size_t mts_team_size(void)
{
    return 1;
}

static inline size_t mts_team_rank(void)
{
    return 0;
}

#define MTS_TEAM(threads) (void)(threads);
#endif

/* The first of this thread's share of n things; the share ends where that of rank + 1 begins. */
static inline size_t mts_team_share(size_t n, size_t rank, size_t size)
{
    return n / size * rank + n % size * rank / size;
}

#endif
