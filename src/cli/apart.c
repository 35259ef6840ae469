/* cli/apart.c - see apart.h. */
#include "cli/apart.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/mem.h"

static const char *const written[] = {"save", "trace", "out", "csv", "svg", "html", "markdown", "latex"};

static bool is_written(const char *option)
{
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        if (strcmp(option, written[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* The regular file that a path leads to, which may end in #SELECTION. */
static bool find_file(const char *path, struct stat *st)
{
    char *alone = mts_strndup(path, strcspn(path, "#"));
    bool there = (stat(path, st) == 0 || (alone && stat(alone, st) == 0)) && S_ISREG(st->st_mode);
    free(alone);
    return there && st->st_ino != 0; /* 0: a system without such numbers */
}

/* Devices and standard streams may be named twice. */
static bool is_same(const char *one, const char *other)
{
    struct stat a, b;
    if (find_file(one, &a) && find_file(other, &b)) {
        return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
    }
    return strcmp(one, other) == 0 && strcmp(one, "-") != 0 && stat(one, &a) != 0;
}

/* What an option of the command says of a file; NULL: it says nothing, or of something else. */
static const char *path_of(const Option *o, unsigned command, const Args *args)
{
    bool names_file = o->kind == OPTION_TEXT && (o->commands & command) != 0 && strcmp(o->value, "FILE") == 0;
    return names_file ? *(const char *const *)((const char *)args + o->offset) : NULL;
}

static bool may_be_one(const Option *out, const Option *other)
{
    return strcmp(out->name, "save") == 0 && strcmp(other->name, "resume") == 0;
}

int files_stand_apart(const Option *options, size_t count, unsigned command, const char *name, const Args *args,
                      MtsError *err)
{
    for (const Option *out = options; out < options + count; out++) {
        const char *path = path_of(out, command, args), *other;
        if (!path || !is_written(out->name)) {
            continue;
        }
        for (const Option *o = options; o < options + count; o++) {
            if (o != out && !may_be_one(out, o) && (other = path_of(o, command, args)) && is_same(path, other)) {
                return mts_fail(err, MTS_EREQUEST, "%s: --%s would write over --%s: both are %s", name, out->name,
                                o->name, path);
            }
        }
        for (const char **operand = args->operands; *operand; operand++) {
            if (is_same(path, *operand)) {
                return mts_fail(err, MTS_EREQUEST, "%s: --%s would write over %s, which is read", name, out->name,
                                *operand);
            }
        }
    }
    return MTS_OK;
}
