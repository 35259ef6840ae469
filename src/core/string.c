/* core/string.c - views of bytes: compared, and measured in characters. */
#include "core/string.h"

#include <string.h>

bool mts_str_equal(MtsString a, MtsString b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool mts_str_is(MtsString s, const char *word)
{
    return mts_str_equal(s, (MtsString){word, strlen(word)});
}

size_t mts_str_characters(MtsString s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.size; i++) {
        count += (s.data[i] & 0xC0) != 0x80;
    }
    return count;
}

size_t mts_str_offset(MtsString s, size_t character)
{
    size_t at = 0;
    for (; at < s.size; at++) {
        if ((s.data[at] & 0xC0) != 0x80 && character-- == 0) {
            break;
        }
    }
    return at;
}

char *mts_str_show(MtsString s, char out[MTS_SHOWN])
{
    size_t n = s.size < MTS_SHOWN - 4 ? s.size : MTS_SHOWN - 4;
    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)s.data[i];
        out[i] = byte >= ' ' && byte <= '~' && byte != '"' ? (char)byte : '?';
    }
    memcpy(out + n, n < s.size ? "..." : "", n < s.size ? 4 : 1);
    return out;
}
