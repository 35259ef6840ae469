/* core/error.h - writing the sentence. */
#ifndef MTS_CORE_ERROR_H
#define MTS_CORE_ERROR_H

#include <maxts/error.h>

#if defined(_WIN32)
#define MTS_PRINTF(fmt_at, args_at) __attribute__((format(gnu_printf, fmt_at, args_at)))
#elif defined(__GNUC__)
#define MTS_PRINTF(fmt_at, args_at) __attribute__((format(printf, fmt_at, args_at)))
#else
#define MTS_PRINTF(fmt_at, args_at)
#endif

/* Writes the sentence into err (which may be NULL) and returns code, so that a failing
 * function can say `return mts_fail(err, MTS_EFORMAT, "%s: ...", path);`. A sentence too
 * long for the buffer is cut at a UTF-8 boundary and ends in "...". What a file or a program has put in must not steer
 * a terminal or look like a second sentence: control characters and broken UTF-8 become U+FFFD. */
int mts_fail(MtsError *err, int code, const char *fmt, ...) MTS_PRINTF(3, 4);

#endif
