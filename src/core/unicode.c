/* core/unicode.c - classes and cases looked up in the tables. */
#include "core/unicode.h"

MtsCharClass mts_char_class(uint32_t code)
{
    /* The last run that starts at or before code. */
    size_t low = 0, high = mts_unicode_run_count;
    uint32_t key = code << 4 | 15;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (mts_unicode_runs[middle] <= key) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return (MtsCharClass)(mts_unicode_runs[low] & 15);
}

bool mts_char_is_letter(uint32_t code)
{
    MtsCharClass class = mts_char_class(code);
    return class == MTS_CHAR_UPPER || class == MTS_CHAR_LOWER || class == MTS_CHAR_CASELESS;
}

static size_t look_up(const MtsCaseRun *runs, size_t count, uint32_t code, uint32_t out[MTS_CASE_MOST])
{
    for (size_t i = 0; i < count; i++) {
        const MtsCaseRun *run = &runs[i];
        if (code < run->first || code > run->last || (run->step && (code - run->first) % run->step)) {
            continue;
        }
        if (run->step) {
            out[0] = (uint32_t)((int64_t)code + run->delta);
            return 1;
        }
        size_t n = 0;
        for (; n < MTS_CASE_MOST && run->many[n]; n++) {
            out[n] = run->many[n];
        }
        return n;
    }
    return 0;
}

size_t mts_char_case(uint32_t code, MtsLetterCase to, uint32_t out[MTS_CASE_MOST])
{
    size_t n = 0;
    if (code < 0x80) {
        bool lower = code >= 'a' && code <= 'z', upper = code >= 'A' && code <= 'Z';
        out[0] = (to == MTS_LOWER ? upper : lower) ? code ^ 0x20 : code;
        return 1;
    }
    if (to == MTS_TITLE) {
        n = look_up(mts_title_runs, mts_title_run_count, code, out);
    }
    if (n == 0) {
        n = to == MTS_LOWER ? look_up(mts_lower_runs, mts_lower_run_count, code, out)
                            : look_up(mts_upper_runs, mts_upper_run_count, code, out);
    }
    if (n == 0) {
        out[n++] = code;
    }
    return n;
}
