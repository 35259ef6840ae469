/* core/version.c - which library this is, asked at run time. */
#include <maxts/version.h>

#include <stddef.h>

static void put(int *to, int value)
{
    if (to) {
        *to = value;
    }
}

const char *mts_version(int *major, int *minor, int *patch)
{
    put(major, MTS_VERSION_MAJOR);
    put(minor, MTS_VERSION_MINOR);
    put(patch, MTS_VERSION_PATCH);
    return MTS_VERSION;
}
