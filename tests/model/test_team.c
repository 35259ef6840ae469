/* The team of a step: every share of every phase is done once, before the next phase begins, though threads leave; who
 * leaves; and what the next steps make of it. */
#include "../test.h"

#include <math.h>
#include <pthread.h>
#include <time.h>

#include "core/file.h"
#include "model/pace.h"
#include "model/team.h"

enum { THREADS = 4, PHASES = 300, ITEMS = 37 };

static MtsBarrier barrier;
static int done[PHASES][ITEMS]; /* how often */
static int bad;                 /* items of a phase that were not there when the next one began */

typedef struct Worker {
    pthread_t thread;
    size_t rank;
    int delay_ms; /* before each of its first phases */
    MtsPart part;
} Worker;

static void nap(int ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}

static void *work(void *context)
{
    Worker *w = context;
    for (int phase = 0; phase < PHASES; phase++) {
        size_t begin = mts_team_share(ITEMS, w->part.rank, w->part.size);
        size_t end = mts_team_share(ITEMS, w->part.rank + 1, w->part.size);
        if (w->delay_ms && phase < 20 && begin < end) {
            nap(w->delay_ms);
        }
        for (size_t i = 0; begin < end && phase > 0 && i < ITEMS; i++) {
            if (__atomic_load_n(&done[phase - 1][i], __ATOMIC_RELAXED) != 1) {
                __atomic_add_fetch(&bad, 1, __ATOMIC_RELAXED);
            }
        }
        for (size_t i = begin; i < end; i++) {
            __atomic_add_fetch(&done[phase][i], 1, __ATOMIC_RELAXED);
        }
        mts_barrier_wait(&barrier, &w->part);
    }
    return NULL;
}

/* Runs a step of `n` threads, `late` of which dawdle; returns how many are left. */
static size_t run(size_t n, size_t late, int delay_ms, Worker workers[THREADS])
{
    memset(done, 0, sizeof done);
    assert_true(mts_barrier_init(&barrier, (int)n));
    mts_barrier_begin(&barrier, (int)n);
    for (size_t i = 0; i < n; i++) {
        workers[i] = (Worker){.rank = i, .delay_ms = i < late ? delay_ms : 0, .part = {.rank = i, .size = n}};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
    }
    for (int phase = 0; phase < PHASES; phase++) {
        for (size_t i = 0; i < ITEMS; i++) {
            assert_int_equal(done[phase][i], 1);
        }
    }
    assert_int_equal(bad, 0);
    size_t left = barrier.size, parts = 0;
    for (size_t i = 0; i < n; i++) {
        parts += workers[i].part.size != MTS_LEFT;
        assert_true(workers[i].part.size == MTS_LEFT || workers[i].part.size == left);
    }
    assert_int_equal(parts, left);
    mts_barrier_destroy(&barrier);
    return left;
}

static void every_share_once(void **state)
{
    Worker workers[THREADS];
    (void)state;
    for (size_t n = 1; n <= THREADS; n++) {
        assert_in_range(run(n, 0, 0, workers), 1, n);
    }
}

/* Who is 20 ms late at every phase does not stay; somebody does. */
static void the_late_leave(void **state)
{
    Worker workers[THREADS];
    (void)state;
    for (size_t late = 1; late < THREADS; late++) {
        assert_in_range(run(THREADS, late, 20, workers), 1, THREADS - late);
    }
}

/* A step of which much is to come bears a longer wait: who is late by less than its share stays. */
static void long_steps_bear_more(void **state)
{
    MtsPart part = {.rank = 1, .size = 2};
    (void)state;
    static const struct {
        double passed, lost, ahead;
        size_t left;
    } c[] = {{1, 1, 0, 1}, {1, 1, 9, 1}, {2, 1, 0, 1}, {2, 1, 9, 1}, {2, 1, 98, 2}, {61, 60, 98, 1}, {100, 1, 0, 2}};
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        assert_true(mts_barrier_init(&barrier, 2));
        mts_barrier_begin(&barrier, 2);
        barrier.began -= c[i].passed;
        barrier.arrived = barrier.asleep = 1; /* as if another had been asleep for that long */
        barrier.first = mts_seconds() - c[i].lost;
        part = (MtsPart){.rank = 1, .size = 2, .ahead = c[i].ahead};
        mts_barrier_wait(&barrier, &part);
        assert_int_equal(barrier.size, c[i].left);
        assert_int_equal(part.size, c[i].left == 1 ? MTS_LEFT : 2);
        mts_barrier_destroy(&barrier);
    }
}

/* Nobody is waited for by who has not woken yet from the meeting before. */
static void late_sleepers_do_not_wait(void **state)
{
    MtsPart part = {.rank = 1, .size = 2};
    (void)state;
    assert_true(mts_barrier_init(&barrier, 2));
    mts_barrier_begin(&barrier, 2);
    barrier.generation = 8;
    barrier.first_of = 7;
    barrier.arrived = barrier.asleep = 1;
    barrier.first = mts_seconds() - 60;
    mts_barrier_wait(&barrier, &part);
    assert_int_equal(part.size, 2);
    assert_true(barrier.lost == 0);
    mts_barrier_destroy(&barrier);
}

/* Who comes last for once, after others were waited for, stays. */
static void the_quick_stay(void **state)
{
    (void)state;
    for (int others = 0; others < 2; others++) {
        MtsPart part = {.rank = 1, .size = 2, .lost = others ? 0 : 1};
        assert_true(mts_barrier_init(&barrier, 2));
        mts_barrier_begin(&barrier, 2);
        barrier.lost = 1;
        barrier.arrived = barrier.asleep = 1;
        barrier.first = mts_seconds() - .01;
        mts_barrier_wait(&barrier, &part);
        assert_int_equal(part.size, others ? 2 : MTS_LEFT);
        mts_barrier_destroy(&barrier);
    }
}

static void shares(void **state)
{
    (void)state;
    assert_int_equal(mts_team_share(1000000, 0, MTS_LEFT), 0);
    assert_int_equal(mts_team_share(1000000, 1, MTS_LEFT), 0);
    assert_int_equal(mts_team_share(10, 3, 3), 10);
}

/* Steps of so many milliseconds until the full team is tried again, after the given count of bad tries. */
static int steps_of_rest(double step_ms, int bad_tries)
{
    MtsPace p = mts_pace(4);
    double now = 100;
    int steps = 0;
    for (int i = 0; i < bad_tries; i++) {
        assert_int_equal(p.now, 4);
        mts_pace_end(&p, 2, now += step_ms * 1e-3);
        for (steps = 0; p.now < 4; steps++) {
            assert_int_equal(p.now, steps == 0 ? 2 : 1);
            mts_pace_end(&p, 1, now += step_ms * 1e-3); /* and of the smaller team one more leaves */
        }
    }
    for (int n = 0; n < 20; n++) {
        assert_int_equal(p.now, 4);
        mts_pace_end(&p, 4, now += step_ms * 1e-3);
    }
    mts_pace_end(&p, 1, now); /* after so many that went well it rests for one step */
    assert_int_equal(p.now, 1);
    mts_pace_end(&p, 1, now + fmax(2, step_ms) * 1e-3);
    assert_int_equal(p.now, 4);
    return steps;
}

static void paces(void **state)
{
    (void)state;
    static const struct {
        double step_ms;
        int bad_tries, steps;
    } c[] = {{.75, 1, 2},  {.75, 2, 3}, {.75, 3, 6},  {.75, 11, 1366}, {.75, 20, 1334},
             {3, 20, 334}, {600, 1, 1}, {600, 11, 2}, {600, 20, 2},    {3000, 20, 1}};
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        assert_in_range(steps_of_rest(c[i].step_ms, c[i].bad_tries), c[i].steps - 1, c[i].steps + 1);
    }
    MtsPace p = mts_pace(1);
    mts_pace_end(&p, 1, 0);
    assert_int_equal(p.now, 1);
}

/* What an owner and another take in turn, and that a hand of another phase counts as whole. */
static void hands(void **state)
{
    MtsHand hand = {0};
    size_t begin, end;
    (void)state;
    static const struct {
        uint32_t phase;
        size_t count;
        bool owner;
        size_t begin, end; /* 0, 0: none is left */
    } c[] = {{1, 10, true, 0, 5}, {1, 10, false, 8, 10}, {1, 10, true, 5, 6},        {1, 10, false, 7, 8},
             {1, 10, true, 6, 7}, {1, 10, true, 0, 0},   {1, 10, false, 0, 0},       {2, 3, false, 2, 3},
             {2, 3, true, 0, 1},  {2, 3, true, 1, 2},    {2, 3, true, 0, 0},         {3, 0, true, 0, 0},
             {4, 1, false, 0, 1}, {4, 1, true, 0, 0},    {65535, 255, true, 0, 127}, {65535, 255, false, 191, 255}};
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        assert_int_equal(mts_hand_take(&hand, c[i].phase, c[i].count, c[i].owner, &begin, &end), c[i].end > 0);
        if (c[i].end > 0) {
            assert_int_equal(begin, c[i].begin);
            assert_int_equal(end, c[i].end);
        }
    }
}

static MtsHand dealt[THREADS];
static size_t taken[THREADS]; /* items by thread */

/* Deals ITEMS to each of THREADS threads, phase after phase; the last of them dawdles with some. */
static void *take_pieces(void *context)
{
    Worker *w = context;
    for (uint32_t phase = 0; phase < PHASES; phase++) {
        for (size_t i = 0; w->part.size != MTS_LEFT && i < w->part.size; i++) {
            size_t begin, end, rank = (w->part.rank + i) % w->part.size;
            while (mts_hand_take(&dealt[rank], phase + 1, ITEMS, i == 0, &begin, &end)) {
                for (size_t k = begin; k < end; k++) {
                    __atomic_add_fetch(&done[phase][k], 1, __ATOMIC_RELAXED);
                }
                taken[w->rank] += end - begin;
                if (w->delay_ms && phase < 20) {
                    nap(w->delay_ms);
                }
            }
        }
        mts_barrier_wait(&barrier, &w->part);
    }
    return NULL;
}

/* Every piece of every share is taken once. */
static void every_piece_once(void **state)
{
    Worker workers[THREADS];
    (void)state;
    memset(done, 0, sizeof done);
    assert_true(mts_barrier_init(&barrier, THREADS));
    mts_barrier_begin(&barrier, THREADS);
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (Worker){.rank = i,
                              .delay_ms = i == THREADS - 1 ? 2 : 0,
                              .part = {.rank = i, .size = THREADS, .ahead = 1e9}}; /* so that nobody leaves */
        assert_int_equal(pthread_create(&workers[i].thread, NULL, take_pieces, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
    }
    size_t all = 0;
    for (int phase = 0; phase < PHASES; phase++) {
        for (size_t i = 0; i < ITEMS; i++) {
            if (done[phase][i] != THREADS) {
                fail_msg("phase %d: piece %zu of %d of %d shares; a team of %zu, %g s were lost, words %x %x %x %x",
                         phase, i, done[phase][i], THREADS, barrier.size, barrier.lost, (unsigned)dealt[0].word,
                         (unsigned)dealt[1].word, (unsigned)dealt[2].word, (unsigned)dealt[3].word);
            }
        }
    }
    for (size_t i = 0; i < THREADS; i++) {
        all += taken[i];
    }
    assert_int_equal(all, (size_t)PHASES * ITEMS * THREADS);
    mts_barrier_destroy(&barrier);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_share_once),
                                       cmocka_unit_test(the_late_leave),
                                       cmocka_unit_test(long_steps_bear_more),
                                       cmocka_unit_test(late_sleepers_do_not_wait),
                                       cmocka_unit_test(the_quick_stay),
                                       cmocka_unit_test(shares),
                                       cmocka_unit_test(hands),
                                       cmocka_unit_test(every_piece_once),
                                       cmocka_unit_test(paces)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
