/* core/utf8.h - Unicode scalar values as UTF-8 (RFC 3629): no surrogates, no overlong forms, at most U+10FFFF. */
#ifndef MTS_CORE_UTF8_H
#define MTS_CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes the character at s (n >= 1 bytes available) into *cp and returns its length 1..4;
 * 0 when the bytes do not begin a valid character. */
size_t mts_utf8_decode(const char *s, size_t n, uint32_t *cp);

/* Writes cp as 1..4 bytes and returns their number; 0 when cp is no scalar value. */
size_t mts_utf8_encode(uint32_t cp, char out[4]);

/* The length of the longest prefix of s that is valid; equal to n when all of it is. */
size_t mts_utf8_valid_prefix(const char *s, size_t n);

/* The bytes of a mark of byte order that the text begins with: 3, or 0 where it has none. */
size_t mts_utf8_mark(const char *s, size_t n);

/* How many bytes at the end of s are the valid beginning of an unfinished character (0..3). */
size_t mts_utf8_pending(const char *s, size_t n);

/* Whether a character steers a terminal or the order of what is read: C0, DEL, C1, line and paragraph separators, marks
 * of direction. */
bool mts_utf8_is_control(uint32_t cp);

/* Copies text from anywhere into out[room] for a line that somebody reads: control characters and broken bytes become
 * U+FFFD, what does not fit is left off at a character. NUL-terminated; returns whether all of it fitted. */
bool mts_utf8_printable(const char *text, size_t size, char *out, size_t room);

#endif
