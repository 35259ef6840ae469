/* core/list.c - see list.h. */
#include "core/list.h"

#include <string.h>

size_t mts_parts(const char *s, char mark)
{
    size_t n = 1;
    for (; *s; s++) {
        n += *s == mark;
    }
    return n;
}

static const char BLANKS[] = " \t\r\n";

/* Takes blanks away at both ends of s. */
static const char *bare(char *s)
{
    char *end = s + strlen(s);
    while (end > s && strchr(BLANKS, end[-1])) {
        *--end = '\0';
    }
    return s + strspn(s, BLANKS);
}

/* Where the quoted part that begins at s ends: behind its closing mark; NULL where something else follows than blanks
 * and `mark`, or nothing closes it: then its quotation mark is a letter like any. */
static char *quoted_end(char *s, char mark)
{
    for (char *p = s + 1; (p = strchr(p, '"')); p += 2) {
        if (p[1] != '"') {
            const char *next = p + 1 + strspn(p + 1, BLANKS);
            return *next == '\0' || *next == mark ? p + 1 : NULL;
        }
    }
    return NULL;
}

/* s, which begins and ends with a quotation mark, without them; two inside of it are one. */
static char *unquote(char *s)
{
    char *to = s;
    for (const char *p = s + 1; p[1]; p++) {
        *to++ = *p;
        p += p[0] == '"';
    }
    *to = '\0';
    return s;
}

size_t mts_cut(char *s, char mark, const char **parts)
{
    size_t n = 0;
    while (s) {
        char *begin = s + strspn(s, BLANKS), *closed = *begin == '"' ? quoted_end(begin, mark) : NULL;
        char *end = strchr(closed ? closed : s, mark);
        if (closed) {
            *closed = '\0'; /* a blank, the mark or the end */
        }
        if (end) {
            *end++ = '\0';
        }
        parts[n++] = closed ? unquote(begin) : bare(s);
        s = end;
    }
    return n;
}

int mts_check_texts(const char *const *texts, size_t count, const char *what, MtsError *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!*texts[i]) {
            return mts_fail(err, MTS_EREQUEST, "%s %zu is empty", what, i + 1);
        }
        for (size_t k = 0; k < i; k++) {
            if (strcmp(texts[i], texts[k]) == 0) {
                return mts_fail(err, MTS_EREQUEST, "%s %zu is %s %zu again: '%.80s'", what, i + 1,
                                strrchr(what, ' ') ? strrchr(what, ' ') + 1 : what, k + 1, texts[i]);
            }
        }
    }
    return MTS_OK;
}
