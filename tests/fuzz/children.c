/* tests/fuzz/children.c - stands in for reward/child.c: no process is started, and a program's answers are the lines of
 * a text. */
#include "children.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

struct MtsChild {
    int there;
};

static const char *lines, *end;
static char *answer_line;

void children_answer(const char *text, size_t size)
{
    lines = text;
    end = text ? text + size : NULL;
    free(answer_line);
    answer_line = NULL;
}

int mts_child_new(MtsChild **child, const char *program, const MtsChildLimits *limits, int errors, MtsError *err)
{
    (void)limits;
    (void)errors;
    *child = NULL;
    if (!lines) {
        return mts_fail(err, MTS_EREWARD, "reward command: %s cannot be started", program);
    }
    *child = mts_calloc(1, sizeof **child);
    return *child ? 0 : mts_fail(err, MTS_ENOMEM, "reward command: memory ran out");
}

int mts_child_ask(MtsChild *child, const char *line, size_t size, double timeout, const char **answer,
                  size_t *answer_size, MtsError *err)
{
    (void)child;
    (void)timeout;
    const char *newline = lines < end ? memchr(lines, '\n', (size_t)(end - lines)) : NULL;
    if (size == 0 || line[size - 1] != '\n' || !newline) {
        return mts_fail(err, MTS_EREWARD, "reward command: ended before it answered");
    }
    free(answer_line);
    answer_line = mts_strndup(lines, (size_t)(newline - lines));
    if (!answer_line) {
        return mts_fail(err, MTS_ENOMEM, "reward command: memory ran out");
    }
    *answer = answer_line;
    *answer_size = (size_t)(newline - lines);
    lines = newline + 1;
    return 0;
}

void mts_child_close_input(MtsChild *child)
{
    (void)child;
}

int mts_child_finish(MtsChild **child, double patience, MtsError *err)
{
    mts_child_free(child, patience);
    return lines == end ? 0 : mts_fail(err, MTS_EREWARD, "reward command: wrote a line too many");
}

void mts_child_free(MtsChild **child, double patience)
{
    (void)patience;
    free(*child);
    *child = NULL;
}
