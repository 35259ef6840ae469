/* model/team.h - the threads of one forward pass: an OpenMP team, or one thread where there is no OpenMP.
 *
 * The whole pass is one parallel region; its threads split every phase statically and meet at barriers, some eight to a
 * layer. Those are our own: they spin for the microseconds that a balanced phase leaves to wait, then yield the
 * processor until the last thread has come, so that neither more threads than processors nor a busy machine brings the
 * pass to a crawl (OpenMP's own barriers spin for milliseconds, or sleep and must be woken, as the environment has it).
 */
#ifndef MTS_MODEL_TEAM_H
#define MTS_MODEL_TEAM_H

#include <stddef.h>

typedef struct MtsBarrier {
    unsigned arrived;    /* threads waiting */
    unsigned generation; /* how often all have met */
    int spins;           /* polls before yielding; 0 where threads outnumber processors */
} MtsBarrier;

#ifdef _OPENMP
#include <omp.h>
#include <sched.h>

enum { MTS_BARRIER_SPINS = 4000 };

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

static inline MtsBarrier mts_barrier(int threads)
{
    return (MtsBarrier){.spins = threads <= omp_get_num_procs() ? MTS_BARRIER_SPINS : 0};
}

static inline void mts_barrier_wait(MtsBarrier *b)
{
    unsigned size = (unsigned)omp_get_num_threads(), generation = __atomic_load_n(&b->generation, __ATOMIC_RELAXED);
    if (__atomic_add_fetch(&b->arrived, 1, __ATOMIC_ACQ_REL) == size) {
        __atomic_store_n(&b->arrived, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&b->generation, generation + 1, __ATOMIC_RELEASE);
        return;
    }
    for (int polls = 0; __atomic_load_n(&b->generation, __ATOMIC_ACQUIRE) == generation; polls++) {
        if (polls >= b->spins) {
            sched_yield();
        } else {
#if defined(__x86_64__)
            __builtin_ia32_pause();
#elif defined(__aarch64__)
            __asm__ volatile("yield");
#endif
        }
    }
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

static inline MtsBarrier mts_barrier(int threads)
{
    (void)threads;
    return (MtsBarrier){0};
}

static inline void mts_barrier_wait(MtsBarrier *b)
{
    (void)b;
}

#define MTS_TEAM(threads) (void)(threads);
#endif

/* The first of this thread's share of n things; the share ends where that of rank + 1 begins. */
static inline size_t mts_team_share(size_t n, size_t rank, size_t size)
{
    return n / size * rank + n % size * rank / size;
}

#endif
