/* core/string.h - a view of bytes that somebody else owns. */
#ifndef MTS_CORE_STRING_H
#define MTS_CORE_STRING_H

#include <stdbool.h>
#include <stddef.h>

typedef struct MtsString { /* not NUL-terminated */
    const char *data;
    size_t size;
} MtsString;

bool mts_str_is(MtsString s, const char *word);
bool mts_str_equal(MtsString a, MtsString b);

/* A string fit for a sentence: at most 60 bytes, bytes outside printable ASCII as '?'. Returns out. */
enum { MTS_SHOWN = 64 };
char *mts_str_show(MtsString s, char out[MTS_SHOWN]);

/* Of valid UTF-8: */
size_t mts_str_characters(MtsString s);               /* length in code points */
size_t mts_str_offset(MtsString s, size_t character); /* the byte where that code point begins; at most s.size */

#endif
