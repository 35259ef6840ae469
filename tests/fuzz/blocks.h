/* tests/fuzz/blocks.h - allocations: one of them fails, and what is left of them is counted. */
#ifndef MTS_TESTS_FUZZ_BLOCKS_H
#define MTS_TESTS_FUZZ_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which allocation of a run fails (from 1; 0: none), and whether all behind it do too. */
typedef struct Failure {
    uint64_t at;
    bool lasts;
} Failure;

/* A run of this thread begins; ends: how many allocations it had. Between fuzz_judge() and fuzz_judged() none count. */
void blocks_begin(Failure failure);
uint64_t blocks_end(void);

/* Blocks and objects that runs have made and that are there. */
size_t blocks_count(void);

/* On standard error: what failed in the last run; which allocations' blocks it left, the first of which shows where it
 * stands in the next run. */
void blocks_say_failure(void);
void blocks_say_left(void);

#endif
