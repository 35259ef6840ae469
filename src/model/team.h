/* model/team.h - the threads of one forward pass: an OpenMP team, or one thread where there is no OpenMP.
 *
 * The whole pass is one parallel region; its threads split every phase statically and meet at barriers. */
#ifndef MTS_MODEL_TEAM_H
#define MTS_MODEL_TEAM_H

#include <stddef.h>

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

/* Processors that this process may use. */
static inline int mts_team_processors(void)
{
    return omp_get_num_procs();
}

static inline void mts_team_barrier(void)
{
#pragma omp barrier
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

static inline int mts_team_processors(void)
{
    return 1;
}

static inline void mts_team_barrier(void)
{
}

#define MTS_TEAM(threads) (void)(threads);
#endif

/* The first of this thread's share of n things; the share ends where that of rank + 1 begins. */
static inline size_t mts_team_share(size_t n, size_t rank, size_t size)
{
    return n / size * rank + n % size * rank / size;
}

#endif
