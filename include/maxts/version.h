/* maxts/version.h - the version, in one place; meson.build reads it from here.
 *
 * What a change of each number may break is written in docs/library.md.
 */
#ifndef MAXTS_VERSION_H
#define MAXTS_VERSION_H

#include <maxts/api.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MTS_VERSION_MAJOR 0
#define MTS_VERSION_MINOR 1
#define MTS_VERSION_PATCH 0

/* "MAJOR.MINOR.PATCH" of these headers. */
#define MTS_VERSION MTS_VERSION_TEXT_(MTS_VERSION_MAJOR, MTS_VERSION_MINOR, MTS_VERSION_PATCH)
#define MTS_VERSION_TEXT_(major, minor, patch) MTS_VERSION_QUOTE_(major, minor, patch)
#define MTS_VERSION_QUOTE_(major, minor, patch) #major "." #minor "." #patch

/* Whether these headers are of at least this version; for #if. */
#define MTS_VERSION_AT_LEAST(major, minor, patch)                                                                      \
    (MTS_VERSION_MAJOR > (major) ||                                                                                    \
     (MTS_VERSION_MAJOR == (major) &&                                                                                  \
      (MTS_VERSION_MINOR > (minor) || (MTS_VERSION_MINOR == (minor) && MTS_VERSION_PATCH >= (patch)))))

/* The version of the library that runs, which may be newer than the headers a program was compiled with: static text as
 * MTS_VERSION, and its three numbers, any of which may be NULL. */
MTS_API const char *mts_version(int *major, int *minor, int *patch);

#ifdef __cplusplus
}
#endif
#endif
