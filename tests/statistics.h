/* tests/statistics.h - whether draws follow a law. */
#ifndef MTS_TESTS_STATISTICS_H
#define MTS_TESTS_STATISTICS_H

#include <stddef.h>

/* G-test: the chance of a G at least this large under the hypothesis that the n draws counted in counts[k] have the
 * probabilities p[k] (those of p = 0 must have count 0, else 0 is returned). Expected counts should be 5 or more. */
double g_test(const size_t *counts, const double *p, size_t k);

#endif
