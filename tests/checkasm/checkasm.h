/* tests/checkasm/checkasm.h - each vector kernel against its scalar twin: the same bits, and not a byte beyond its
 * buffers. */
#ifndef MTS_TESTS_CHECKASM_H
#define MTS_TESTS_CHECKASM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../kernels/random.h"
#include "core/error.h"
#include "kernels/kernels.h"

typedef struct Check {
    const MtsKernels *scalar, *vector;
    MtsRng rng;
    bool bench;
    const char *only;        /* kernels whose name contains this; NULL: all */
    const char *name;        /* of the kernel under test */
    size_t tested, failed;   /* kernels */
    void (*seen[512])(void); /* kernels tested before, of whatever table */
    size_t seen_count;
} Check;

/* True when this kernel is to be tested: it is not the scalar one, no earlier table had it and the filter lets it pass.
 */
bool check_begin(Check *check, const char *name, void (*scalar)(void), void (*vector)(void));
#define CHECK_BEGIN(check, name, member)                                                                               \
    check_begin(check, name, (void (*)(void))(check)->scalar->member, (void (*)(void))(check)->vector->member)

/* Notes a failure of the kernel under test (each kernel counts once) and prints the first few. */
void check_fail(Check *check, const char *fmt, ...) MTS_PRINTF(2, 3);

/* Compares n floats of got with want; the sentence names the case. */
void check_floats(Check *check, const float *got, const float *want, size_t n, const char *what, size_t a, size_t b);

/* bytes (> 0) of memory whose last byte, or if not `at_end` whose first, lies at an inaccessible page: a kernel that
 * reads or writes beyond dies at once. Filled with 0xA5. */
void *guard_new(size_t bytes, bool at_end);
void guard_free(void *p);

/* Calls per second of a loop, measured in processor time of this thread: run(data) is called until 50 ms have passed,
 * the best of three. */
double check_rate(void (*run)(void *data), void *data);

void check_matmul(Check *check);
void check_rows(Check *check);
void check_attention(Check *check);
void check_logits(Check *check);

#endif
