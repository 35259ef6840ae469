/* reward/answer_line.c - reading the answer out of a text.
 *
 * Reading the answer out of a text, by the rules that the published stages score by: what follows the last
 * "Answer:", without end tokens and the final period, compared in lower case and without punctuation. */
#include "reward/answer_line.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

bool mts_answer_find(const char *text, size_t size, const char **answer, size_t *answer_size)
{
    static const char mark[] = "answer:";
    const size_t width = sizeof mark - 1;
    size_t begin = 0, end = size;
    bool found = false;
    for (size_t i = 0; i + width <= size; i++) {
        size_t k = 0;
        while (k < width && lower(text[i + k]) == mark[k]) {
            k++;
        }
        if (k == width) {
            begin = i + width;
            found = true;
        }
    }
    while (begin < end && is_space(text[begin])) {
        begin++;
    }
    for (bool more = true; more;) {
        more = false;
        while (end > begin && (is_space(text[end - 1]) || text[end - 1] == '.')) {
            end--;
        }
        if (end > begin && text[end - 1] == '>') { /* a special token: <...> without blanks */
            size_t open = end - 1;
            while (open > begin && text[open] != '<' && !is_space(text[open])) {
                open--;
            }
            if (text[open] == '<') {
                end = open;
                more = true;
            }
        }
    }
    *answer = text + begin;
    *answer_size = end - begin;
    return found;
}

char *mts_answer_normal(const char *s, size_t n)
{
    char *out = malloc(n + 1);
    size_t m = 0;
    if (!out) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        bool blank = is_space(s[i]) || s[i] == '_' || s[i] == '-';
        if (blank && m > 0 && out[m - 1] != ' ') {
            out[m++] = ' ';
        } else if (!blank && (!s[i] || !strchr(".,!?;:", s[i]))) {
            out[m++] = lower(s[i]);
        }
    }
    m -= m > 0 && out[m - 1] == ' ';
    out[m] = '\0';
    return out;
}

/* The letter that the normal form begins with as an option's sign: 'a'.. or 0; *rest is what follows it. */
static char letter_of(const char *normal, const char **rest)
{
    const char *s = normal;
    if (strncmp(s, "option ", 7) == 0) {
        s += 7;
    }
    bool open = *s == '(';
    s += open;
    char c = *s;
    if (c < 'a' || c > 'z') {
        return 0;
    }
    s++;
    bool closed = *s == ')';
    s += closed;
    if ((open && !closed) || (*s && *s != ' ' && !closed)) {
        return 0;
    }
    while (*s == ' ') {
        s++;
    }
    *rest = s;
    return c;
}

int mts_answer_option(const char *text, size_t size, const char *const *options, size_t count, bool lettered)
{
    const char *answer, *rest = "";
    size_t n;
    int found = MTS_NO_OPTION;
    mts_answer_find(text, size, &answer, &n);
    char *said = mts_answer_normal(answer, n);
    char letter = said && lettered ? letter_of(said, &rest) : 0;
    bool by_letter = letter && (size_t)(letter - 'a') < count;
    int rest_names = MTS_NO_OPTION;
    if (!said) {
        return MTS_NO_MEMORY;
    }
    for (size_t i = 0; i < count && found == MTS_NO_OPTION; i++) { /* "-1" is not "1", though in normal form it is */
        found = strlen(options[i]) == n && memcmp(options[i], answer, n) == 0 ? (int)i : found;
    }
    for (size_t i = 0; i < count && found == MTS_NO_OPTION; i++) {
        char *option = mts_answer_normal(options[i], strlen(options[i]));
        if (!option) {
            free(said);
            return MTS_NO_MEMORY;
        }
        found = strcmp(said, option) == 0 ? (int)i : found;
        rest_names = rest_names == MTS_NO_OPTION && strcmp(rest, option) == 0 ? (int)i : rest_names;
        free(option);
    }
    if (found == MTS_NO_OPTION && by_letter && (rest_names == MTS_NO_OPTION || rest_names == letter - 'a')) {
        found = letter - 'a';
    }
    free(said);
    return found;
}

int mts_answer_begins_option(const char *text, size_t size, const char *const *options, size_t count)
{
    char *said = mts_answer_normal(text, size);
    int fits = said ? 0 : MTS_NO_MEMORY;
    for (size_t i = 0; i < count && fits == 0; i++) {
        char *option = mts_answer_normal(options[i], strlen(options[i]));
        fits = option ? strncmp(option, said, strlen(said)) == 0 : MTS_NO_MEMORY;
        free(option);
    }
    free(said);
    return fits;
}
