/* core/unicode.c - classes looked up in the table. */
#include "core/unicode.h"

MtsCharClass mts_char_class(uint32_t code)
{
    /* The last run that starts at or before code. */
    size_t low = 0, high = mts_unicode_run_count;
    uint32_t key = code << 2 | 3;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (mts_unicode_runs[middle] <= key) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return (MtsCharClass)(mts_unicode_runs[low] & 3);
}
