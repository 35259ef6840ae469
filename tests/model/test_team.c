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
        workers[i] = (Worker){.rank = i, .delay_ms = i < late ? delay_ms : 0, .part = {i, n}};
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

/* A step that is long, as the last one says, bears a longer wait: who is late by less than its share stays. */
static void long_steps_bear_more(void **state)
{
    MtsPart part = {1, 2};
    (void)state;
    static const struct {
        double last, lost;
        size_t left;
    } c[] = {{0, 1, 1}, {.001, 1, 1}, {100, 1, 2}, {100, 60, 1}};
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        assert_true(mts_barrier_init(&barrier, 2));
        mts_barrier_begin(&barrier, 2);
        mts_barrier_end(&barrier, barrier.began + c[i].last);
        mts_barrier_begin(&barrier, 2);
        barrier.arrived = barrier.asleep = 1; /* as if another had been asleep for that long */
        barrier.first = mts_seconds() - c[i].lost;
        part = (MtsPart){1, 2};
        mts_barrier_wait(&barrier, &part);
        assert_int_equal(barrier.size, c[i].left);
        assert_int_equal(part.size, c[i].left == 1 ? MTS_LEFT : 2);
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_share_once), cmocka_unit_test(the_late_leave),
                                       cmocka_unit_test(long_steps_bear_more), cmocka_unit_test(shares),
                                       cmocka_unit_test(paces)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
