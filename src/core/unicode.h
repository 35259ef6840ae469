/* core/unicode.h - is a character a letter, a number or white space? By Unicode 15.1, whatever the system
 * this runs on knows, so that a text has the same ids everywhere. */
#ifndef MTS_CORE_UNICODE_H
#define MTS_CORE_UNICODE_H

#include <stddef.h>
#include <stdint.h>

typedef enum MtsCharClass {
    MTS_CHAR_OTHER,
    MTS_CHAR_LETTER, /* general category L */
    MTS_CHAR_NUMBER, /* general category N */
    MTS_CHAR_SPACE   /* property White_Space */
} MtsCharClass;

/* code <= 0x10FFFF */
MtsCharClass mts_char_class(uint32_t code);

/* unicode_table.c: the starts of runs of equal class, ascending; each is code << 2 | class, the first code is 0. */
extern const uint32_t mts_unicode_runs[];
extern const size_t mts_unicode_run_count;

#endif
