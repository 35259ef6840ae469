/* model/team.c - see team.h.
 *
 * A barrier's memory is written by the last thread to arrive, before it publishes the new generation, and read by the
 * others after they saw that; the next to write it is the last of the next meeting, for which all of them have come. */
#include "model/team.h"

#include <math.h>

#include "core/file.h"
#include "core/quota.h"

enum { POLLS = 64 }; /* between two looks at the clock */

static const double SPIN = 2e-4;     /* seconds before a thread sleeps */
static const double BEARABLE = 6e-3; /* seconds lost in a step before anybody leaves: other programs' short turns */
static const double SHARE = 0.25;    /* and which part they must be of what has passed of it */
static const double FEW = 1. / 16;   /* and of all of it: a long step outlives a short hitch */

#ifdef _OPENMP
int mts_team_processors(void)
{
    return mts_quota_processors(omp_get_num_procs());
}
#else
int mts_team_processors(void)
{
    return 1;
}
#endif

bool mts_barrier_init(MtsBarrier *b, int threads)
{
    *b = (MtsBarrier){.size = (size_t)threads, .spin = threads <= mts_team_processors()};
    if (pthread_mutex_init(&b->lock, NULL)) {
        return false;
    }
    if (pthread_cond_init(&b->met, NULL)) {
        pthread_mutex_destroy(&b->lock);
        return false;
    }
    return true;
}

void mts_barrier_destroy(MtsBarrier *b)
{
    pthread_cond_destroy(&b->met);
    pthread_mutex_destroy(&b->lock);
}

bool mts_hand_take(MtsHand *hand, uint32_t phase, size_t count, bool owner, size_t *begin, size_t *end)
{
    uint32_t old = __atomic_load_n(&hand->word, __ATOMIC_RELAXED), next;
    do {
        const bool begun = old >> 16 == phase;
        const uint32_t first = begun ? old >> 8 & 0xFF : 0, last = begun ? old & 0xFF : (uint32_t)count;
        if (first >= last) {
            return false;
        }
        const uint32_t n = last - first > 1 ? (last - first) / 2 : 1, at = owner ? first : last - n;
        *begin = at;
        *end = at + n;
        next = phase << 16 | (owner ? (at + n) << 8 | last : first << 8 | at);
    } while (!__atomic_compare_exchange_n(&hand->word, &old, next, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return true;
}

void mts_barrier_begin(MtsBarrier *b, int threads)
{
    b->size = (size_t)threads;
    b->began = mts_seconds();
    b->lost = 0;
}

static bool has_met(const MtsBarrier *b, size_t generation)
{
    return __atomic_load_n(&b->generation, __ATOMIC_SEQ_CST) != generation;
}

static void pause_a_little(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Whether the others came while this thread polled. */
static bool poll(const MtsBarrier *b, size_t generation)
{
    double began = 0;
    while (b->spin) {
        for (int i = 0; i < POLLS; i++) {
            if (has_met(b, generation)) {
                return true;
            }
            pause_a_little();
        }
        double now = mts_seconds();
        began = began > 0 ? began : now;
        if (now - began > SPIN) {
            return false;
        }
    }
    return has_met(b, generation);
}

static void sleep_until_met(MtsBarrier *b, size_t generation)
{
    pthread_mutex_lock(&b->lock);
    if (b->asleep == 0 || b->first_of != generation) {
        b->first = mts_seconds() - (b->spin ? SPIN : 0);
        b->first_of = generation;
    }
    __atomic_add_fetch(&b->asleep, 1, __ATOMIC_SEQ_CST);
    while (!has_met(b, generation)) {
        pthread_cond_wait(&b->met, &b->lock);
    }
    __atomic_sub_fetch(&b->asleep, 1, __ATOMIC_SEQ_CST);
    pthread_mutex_unlock(&b->lock);
}

/* Called by the last to arrive, when others sleep: whether it leaves. Once in a while the quickest comes last, too,
 * with the last piece: so no more has been waited for anybody than for who leaves, on the average. */
static bool too_late(MtsBarrier *b, size_t generation, MtsPart *part)
{
    pthread_mutex_lock(&b->lock);
    double now = mts_seconds(), lost = b->first_of == generation ? now - b->first : 0, passed = now - b->began;
    b->lost += lost;
    part->lost += lost;
    pthread_mutex_unlock(&b->lock);
    return lost > 0 && part->lost >= b->lost / (double)part->size && b->lost > BEARABLE && b->lost > SHARE * passed &&
           b->lost > FEW * (passed + fmax(passed - b->lost, 0) * part->ahead);
}

void mts_barrier_wait(MtsBarrier *b, MtsPart *part)
{
    if (part->size == MTS_LEFT || part->size == 1) {
        return;
    }
    size_t generation = __atomic_load_n(&b->generation, __ATOMIC_RELAXED);
    if (__atomic_add_fetch(&b->arrived, 1, __ATOMIC_ACQ_REL) < part->size) {
        if (!poll(b, generation)) {
            sleep_until_met(b, generation);
        }
        part->rank -= b->left < part->rank;
        part->size = b->size;
        return;
    }
    bool sleepers = __atomic_load_n(&b->asleep, __ATOMIC_SEQ_CST) > 0,
         leaves = sleepers && too_late(b, generation, part);
    b->left = leaves ? part->rank : MTS_LEFT;
    b->size -= leaves;
    part->size = leaves ? MTS_LEFT : part->size;
    __atomic_store_n(&b->arrived, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&b->generation, generation + 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&b->asleep, __ATOMIC_SEQ_CST) > 0) {
        pthread_mutex_lock(&b->lock); /* until whoever counted itself asleep has fallen asleep */
        pthread_mutex_unlock(&b->lock);
        pthread_cond_broadcast(&b->met);
    }
}
