/* core/unicode.h - is a character a letter, a number, a mark, white space? By Unicode 15.1, whatever the system
 * this runs on knows, so that a text has the same ids everywhere. And what are its other cases? */
#ifndef MTS_CORE_UNICODE_H
#define MTS_CORE_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* By general category, but for white space, which is a property (White_Space). */
typedef enum MtsCharClass {
    MTS_CHAR_OTHER,
    MTS_CHAR_UPPER,       /* Lu, Lt */
    MTS_CHAR_LOWER,       /* Ll */
    MTS_CHAR_CASELESS,    /* Lm, Lo */
    MTS_CHAR_MARK,        /* M */
    MTS_CHAR_NUMBER,      /* N */
    MTS_CHAR_PUNCTUATION, /* P */
    MTS_CHAR_SYMBOL,      /* S */
    MTS_CHAR_SPACE,
    MTS_CHAR_CLASSES
} MtsCharClass;

/* code <= 0x10FFFF */
MtsCharClass mts_char_class(uint32_t code);
bool mts_char_is_letter(uint32_t code);

/* unicode_table.c: the starts of runs of equal class, ascending; each is code << 4 | class, the first code is 0. */
extern const uint32_t mts_unicode_runs[];
extern const size_t mts_unicode_run_count;

typedef enum MtsLetterCase { MTS_UPPER, MTS_LOWER, MTS_TITLE } MtsLetterCase;

/* A character in that case: 1 to 3 characters. As Python has it, final sigmas excepted, which need the word. */
enum { MTS_CASE_MOST = 3 };
size_t mts_char_case(uint32_t code, MtsLetterCase to, uint32_t out[MTS_CASE_MOST]);

/* case_table.c: first, first + step, ..., last have the case that is `delta` away; step 0: it is `many`. Title: only
 * where it is not the upper case. */
typedef struct MtsCaseRun {
    uint32_t first, last, step;
    int32_t delta;
    uint32_t many[MTS_CASE_MOST];
} MtsCaseRun;

extern const MtsCaseRun mts_upper_runs[], mts_lower_runs[], mts_title_runs[];
extern const size_t mts_upper_run_count, mts_lower_run_count, mts_title_run_count;

#endif
