/* core/utf8.c - UTF-8 decoded, and checked. */
#include "core/utf8.h"

#include <string.h>

size_t mts_utf8_decode(const char *s, size_t n, uint32_t *cp)
{
    const unsigned char *b = (const unsigned char *)s;
    if (n == 0) {
        return 0;
    }
    if (b[0] < 0x80) {
        *cp = b[0];
        return 1;
    }
    size_t len;
    uint32_t value, least;
    if (b[0] >= 0xC2 && b[0] <= 0xDF) {
        len = 2;
        value = b[0] & 0x1F;
        least = 0x80;
    } else if (b[0] >= 0xE0 && b[0] <= 0xEF) {
        len = 3;
        value = b[0] & 0x0F;
        least = 0x800;
    } else if (b[0] >= 0xF0 && b[0] <= 0xF4) {
        len = 4;
        value = b[0] & 0x07;
        least = 0x10000;
    } else {
        return 0;
    }
    if (n < len) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if ((b[i] & 0xC0) != 0x80) {
            return 0;
        }
        value = value << 6 | (b[i] & 0x3F);
    }
    if (value < least || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
        return 0;
    }
    *cp = value;
    return len;
}

size_t mts_utf8_encode(uint32_t cp, char out[4])
{
    unsigned char *b = (unsigned char *)out;
    if (cp < 0x80) {
        b[0] = (unsigned char)cp;
        return 1;
    }
    if (cp < 0x800) {
        b[0] = (unsigned char)(0xC0 | cp >> 6);
        b[1] = (unsigned char)(0x80 | (cp & 0x3F));
        return 2;
    }
    if (cp >= 0xD800 && cp <= 0xDFFF) {
        return 0;
    }
    if (cp < 0x10000) {
        b[0] = (unsigned char)(0xE0 | cp >> 12);
        b[1] = (unsigned char)(0x80 | (cp >> 6 & 0x3F));
        b[2] = (unsigned char)(0x80 | (cp & 0x3F));
        return 3;
    }
    if (cp > 0x10FFFF) {
        return 0;
    }
    b[0] = (unsigned char)(0xF0 | cp >> 18);
    b[1] = (unsigned char)(0x80 | (cp >> 12 & 0x3F));
    b[2] = (unsigned char)(0x80 | (cp >> 6 & 0x3F));
    b[3] = (unsigned char)(0x80 | (cp & 0x3F));
    return 4;
}

size_t mts_utf8_valid_prefix(const char *s, size_t n)
{
    size_t at = 0;
    while (at < n) {
        uint32_t cp;
        size_t len = mts_utf8_decode(s + at, n - at, &cp);
        if (len == 0) {
            break;
        }
        at += len;
    }
    return at;
}

/* True when the k bytes at b (1..3) could still become a valid character of `len` > k bytes. */
static bool viable(const unsigned char *b, size_t k)
{
    size_t len = b[0] >= 0xF0 ? 4 : b[0] >= 0xE0 ? 3 : 2;
    if (b[0] < 0xC2 || b[0] > 0xF4 || k >= len) {
        return false;
    }
    for (size_t i = 1; i < k; i++) {
        if ((b[i] & 0xC0) != 0x80) {
            return false;
        }
    }
    if (k >= 2) {
        if ((b[0] == 0xE0 && b[1] < 0xA0) || (b[0] == 0xED && b[1] > 0x9F) || (b[0] == 0xF0 && b[1] < 0x90) ||
            (b[0] == 0xF4 && b[1] > 0x8F)) {
            return false;
        }
    }
    return true;
}

size_t mts_utf8_mark(const char *s, size_t n)
{
    return n >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

size_t mts_utf8_pending(const char *s, size_t n)
{
    for (size_t k = 1; k <= 3 && k <= n; k++) {
        const unsigned char *b = (const unsigned char *)s + n - k;
        if ((b[0] & 0xC0) != 0x80) {
            return viable(b, k) ? k : 0;
        }
    }
    return 0;
}

bool mts_utf8_is_control(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || cp == 0x200E || cp == 0x200F || (cp >= 0x2028 && cp <= 0x202E) ||
           (cp >= 0x2066 && cp <= 0x2069);
}

bool mts_utf8_printable(const char *text, size_t size, char *out, size_t room)
{
    static const char replaced[] = "\xEF\xBF\xBD";
    size_t n = 0;
    while (size > 0) {
        uint32_t cp = 0;
        size_t length = mts_utf8_decode(text, size, &cp);
        bool good = length > 0 && !mts_utf8_is_control(cp);
        size_t put = good ? length : sizeof replaced - 1;
        if (n + put + 1 > room) {
            break;
        }
        memcpy(out + n, good ? text : replaced, put);
        n += put;
        length = length ? length : 1;
        text += length;
        size -= length;
    }
    out[n] = '\0';
    return size == 0;
}
