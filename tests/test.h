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

/* Set where every access is ten times as dear, by a sanitizer or in an emulator (cross/cross.py): a test of numbers,
 * which another build checks on more, is there for the memory that it touches and for the processor, and has less to
 * learn from or to draw. */
#ifndef MTS_DEAR
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define MTS_DEAR 1
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MTS_DEAR 1
#endif
#endif
#ifndef MTS_DEAR
#define MTS_DEAR 0
#endif

/* Which of two numbers, or how many of something. */
#define MTS_IF_DEAR(dear, otherwise) (MTS_DEAR ? (dear) : (otherwise))

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
