/* maxts/error.h - how every call of the library reports failure.
 *
 * A call that can fail returns MTS_OK (0) or one of the negative codes below and,
 * where the caller passed a non-NULL MtsError, writes one sentence that names the
 * file, the field and the value. The library never prints and never exits.
 */
#ifndef MAXTS_ERROR_H
#define MAXTS_ERROR_H

#include <maxts/api.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    MTS_OK = 0,
    MTS_EREQUEST = -1,     /* the request is wrong: an option, a prompt, a setting (exit 2) */
    MTS_EIO = -2,          /* a file cannot be opened, read or written whole */
    MTS_EFORMAT = -3,      /* a file's content breaks its format */
    MTS_EUNSUPPORTED = -4, /* a valid file asks for something this library does not do */
    MTS_ENOMEM = -5,       /* memory ran out, or a size does not fit in size_t */
    MTS_EREWARD = -6,      /* a reward failed, timed out or returned no finite number */
    MTS_ECAPACITY = -7,    /* a fixed capacity (context, KV pages) is too small for the request */
    MTS_EINTERRUPTED = -8, /* the caller's stop flag was raised before any result existed */
    MTS_ECONSTRAINT = -9   /* no text can satisfy the constraint */
};

/* One sentence, no trailing newline, always NUL-terminated. Zero-initialise before use. */
typedef struct MtsError {
    int code;       /* MTS_OK or the code that the failing call returned */
    char text[512]; /* UTF-8 */
} MtsError;

/* The program's exit status for a code: 0 done, 1 the work failed, 2 the request was wrong. */
MTS_API int mts_exit_status(int code);

#ifdef __cplusplus
}
#endif
#endif
