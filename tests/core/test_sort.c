/* A number chosen by its rank is the one that sorting puts there, whatever the order before. */
#include "../test.h"

#include <string.h>

#include "core/rng.h"
#include "core/sort.h"

enum { MOST = 1000 };

typedef enum Kind { DRAWN, FEW_VALUES, ASCENDING, DESCENDING, UP_AND_DOWN, EQUAL, KINDS } Kind;

static double value(Kind kind, size_t i, size_t n, MtsRng *rng)
{
    switch (kind) {
    case DRAWN:
        return mts_rng_uniform(rng);
    case FEW_VALUES:
        return (double)(int)(4 * mts_rng_uniform(rng));
    case ASCENDING:
        return (double)i;
    case DESCENDING:
        return -(double)i;
    case UP_AND_DOWN:
        return (double)(i < n / 2 ? i : n - i);
    default:
        return 1;
    }
}

static void assert_chosen(const double *x, const double *sorted, size_t n, size_t rank)
{
    double mine[MOST];
    memcpy(mine, x, n * sizeof *x);
    mts_select_double(mine, n, rank);
    assert_true(mine[rank] == sorted[rank]);
    for (size_t i = 0; i < n; i++) {
        assert_true(i < rank ? mine[i] <= mine[rank] : mine[i] >= mine[rank]);
    }
    mts_sort_doubles(mine, n);
    assert_memory_equal(mine, sorted, n * sizeof *x); /* none is lost */
}

static void a_rank_is_its_place_when_sorted(void **state)
{
    (void)state;
    const size_t sizes[] = {1, 2, 3, 4, 7, 16, 100, MOST};
    for (int kind = 0; kind < KINDS; kind++) {
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            double x[MOST], sorted[MOST];
            MtsRng rng = mts_rng(5, (uint64_t)kind, s);
            size_t n = sizes[s], step = n < 20 ? 1 : n / 20;
            for (size_t i = 0; i < n; i++) {
                x[i] = value((Kind)kind, i, n, &rng);
            }
            memcpy(sorted, x, n * sizeof *x);
            mts_sort_doubles(sorted, n);
            for (size_t rank = 0; rank < n; rank += step) {
                assert_chosen(x, sorted, n, rank);
            }
            assert_chosen(x, sorted, n, n - 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_rank_is_its_place_when_sorted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
