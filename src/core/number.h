/* core/number.h - decimal numbers: in cells of files, and anywhere in a text. */
#ifndef MTS_CORE_NUMBER_H
#define MTS_CORE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

/* The whole of s[0..n) as one decimal number: [+-] digits [. digits] [e [+-] digits], with a digit on at
 * least one side of the point, and nothing around it. Correctly rounded, whatever the locale. false when it
 * is anything else, or too large for a double. */
bool mts_number_parse(const char *s, size_t n, double *value);

/* Numbers from min to max joined by commas, at most `most` of them, into at[]. MTS_EREQUEST with a sentence that begins
 * with `option`, the option whose list it is. */
int mts_numbers_read(const char *option, const char *list, bool whole, double min, double max, double *at, size_t most,
                     size_t *count, MtsError *err);

/* A number found in a text, as bytes text[begin .. end). */
typedef struct MtsNumber {
    double value;
    size_t begin, end;
} MtsNumber;

typedef enum MtsNumberStyle {
    MTS_NUMBERS_LIST, /* a comma separates: "1,234" is 1 and 234 */
    MTS_NUMBERS_PROSE /* a comma before exactly three digits groups: "1,234" is 1234 */
} MtsNumberStyle;

/* Finds the next number at or after *position and moves *position behind it. The rules (docs/series.md):
 * digits that continue a word ("H12", "x2"), ordinals ("1st", "24th") and values beyond a double are
 * skipped whole; a sign counts unless a digit, a letter or a point stands right before it ("10-20" is 10 and 20;
 * U+2212 is a sign too); letters behind a number are its unit ("12h"). false: none left. */
bool mts_number_next(const char *text, size_t size, MtsNumberStyle style, size_t *position, MtsNumber *number);

#endif
