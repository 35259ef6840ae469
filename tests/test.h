/* tests/test.h - what every cmocka test file includes first. */
#ifndef MTS_TESTS_TEST_H
#define MTS_TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Fails with the library's own sentence. */
#define assert_ok(call, err)                                                                                           \
    do {                                                                                                               \
        int rc_ = (call);                                                                                              \
        if (rc_ != 0) {                                                                                                \
            fail_msg("%s: %d: %s", #call, rc_, (err)->text);                                                           \
        }                                                                                                              \
    } while (0)

/* A path below the source root, or below shared/ beside it (developers' large files); static buffer. */
static inline const char *test_path(const char *below)
{
    static char path[4][4096];
    static int turn;
    const char *root = getenv("MAXTS_SOURCE_ROOT");
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/%s", root ? root : ".", below);
    return path[turn];
}

#endif
