/* core/near.c - see near.h.
 *
 * The distance is that of Damerau and Levenshtein in its common form (no part is edited twice), by rows of the usual
 * table: three of them are enough. A word is near when less than a third of it, or one character, must change, or when
 * one of the two begins with the other and a good part of it is there. */
#include "core/near.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static char plain(char c)
{
    return c == '_' ? '-' : c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t mts_near_distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t rows[3][MTS_NEAR_LONGEST + 1], *two = rows[0], *one = rows[1], *now = rows[2];
    if (n > MTS_NEAR_LONGEST || m > MTS_NEAR_LONGEST) {
        return n > m ? n : m;
    }
    for (size_t j = 0; j <= m; j++) {
        one[j] = j;
        two[j] = j;
    }
    for (size_t i = 1; i <= n; i++) {
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            bool same = plain(a[i - 1]) == plain(b[j - 1]);
            now[j] = least(least(one[j], now[j - 1]) + 1, one[j - 1] + (same ? 0 : 1));
            if (i > 1 && j > 1 && plain(a[i - 1]) == plain(b[j - 2]) && plain(a[i - 2]) == plain(b[j - 1])) {
                now[j] = least(now[j], two[j - 2] + 1);
            }
        }
        size_t *oldest = two;
        two = one;
        one = now;
        now = oldest;
    }
    return one[m];
}

/* "rollout" for "rollouts", "hel" for "help": what is missing at the end counts as one character. */
static bool begins(const char *a, size_t n, const char *b, size_t m)
{
    size_t shorter = least(n, m), longer = n > m ? n : m, i = 0;
    if (shorter < 3 || 2 * shorter < longer) {
        return false;
    }
    while (i < shorter && plain(a[i]) == plain(b[i])) {
        i++;
    }
    return i == shorter;
}

void mts_near_try(MtsNear *near, const char *candidate, size_t size)
{
    if (near->size == 0 || near->size > MTS_NEAR_LONGEST || size == 0 || size > MTS_NEAR_LONGEST) {
        return;
    }
    size_t most = near->size < 3 ? 0 : near->size < 6 ? 1 : near->size / 3;
    size_t apart = size > near->size ? size - near->size : near->size - size; /* no distance is less */
    size_t distance = apart > most ? apart : mts_near_distance(near->word, near->size, candidate, size);
    if (distance > most && begins(near->word, near->size, candidate, size)) {
        distance = most; /* near, but behind whatever is nearer */
    }
    if (distance <= most && (!near->best[0] || distance < near->distance)) {
        memcpy(near->best, candidate, size);
        near->best[size] = '\0';
        near->distance = distance;
    }
}

void mts_near_try_list(MtsNear *near, const char *list, const char *joins)
{
    while (*list) {
        size_t n = strcspn(list, joins);
        mts_near_try(near, list, n);
        list += n;
        list += strspn(list, joins);
    }
}

const char *mts_near_hint(const MtsNear *near, char *out, size_t size)
{
    snprintf(out, size, near->best[0] ? "; did you mean '%s'?" : "%s", near->best);
    return out;
}

const char *mts_near_in(const char *word, size_t size, const char *list, const char *joins, char *hint, size_t room)
{
    MtsNear near = {.word = word, .size = size};
    mts_near_try_list(&near, list, joins);
    return mts_near_hint(&near, hint, room);
}
