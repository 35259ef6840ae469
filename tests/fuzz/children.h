/* tests/fuzz/children.h - reward programs without a process. */
#ifndef MTS_TESTS_FUZZ_CHILDREN_H
#define MTS_TESTS_FUZZ_CHILDREN_H

#include "reward/child.h"

/* The answers of all programs from here on, a line each, in text [size], which is borrowed. NULL: none can be started.
 */
void children_answer(const char *text, size_t size);

#endif
