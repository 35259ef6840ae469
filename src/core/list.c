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

/* Takes blanks away at both ends of s. */
static const char *bare(char *s)
{
    static const char BLANKS[] = " \t\r\n";
    char *end = s + strlen(s);
    while (end > s && strchr(BLANKS, end[-1])) {
        *--end = '\0';
    }
    return s + strspn(s, BLANKS);
}

size_t mts_cut(char *s, char mark, const char **parts)
{
    size_t n = 0;
    while (s) {
        char *end = strchr(s, mark);
        if (end) {
            *end++ = '\0';
        }
        parts[n++] = bare(s);
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
