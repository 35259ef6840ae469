/* cli/apart.c - see apart.h. */
#include "cli/apart.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/mem.h"
#include "core/output.h"
#include "reward/rewards.h"

/* A file that the command line names. */
typedef struct Named {
    const char *option; /* NULL: an operand */
    char *path;
    bool writes;
} Named;

typedef struct Names {
    Named *all;
    size_t count, cap;
} Names;

static bool add(Names *names, const char *option, const char *path, size_t size, bool writes)
{
    char *copy =
        mts_grow(&names->all, &names->cap, names->count + 1, sizeof *names->all) ? mts_strndup(path, size) : NULL;
    if (copy) {
        names->all[names->count++] = (Named){option, copy, writes};
    }
    return copy != NULL;
}

typedef struct Spec {
    Names *names;
    const char *option;
} Spec;

static bool add_of_spec(void *context, const char *path, size_t size, bool written)
{
    const Spec *spec = context;
    return add(spec->names, spec->option, path, size, written);
}

static bool collect(Names *names, const Option *options, size_t count, unsigned command, const Args *args)
{
    bool ok = true;
    for (const Option *o = options; o < options + count && ok; o++) {
        bool texts = o->kind == OPTION_TEXT && (o->commands & command) != 0;
        const char *text = texts ? *(const char *const *)((const char *)args + o->offset) : NULL;
        if (text && strcmp(o->value, "FILE") == 0) {
            ok = add(names, o->name, text, strlen(text), o->writes);
        } else if (text && strcmp(o->value, "SPEC") == 0) {
            ok = mts_reward_each_file(text, add_of_spec, &(Spec){names, o->name});
        }
    }
    for (const char **operand = args->operands; *operand && ok; operand++) {
        ok = add(names, NULL, *operand, strlen(*operand), false);
    }
    return ok;
}

/* The regular file that a path leads to, which may end in #SELECTION. */
static bool find_file(const char *path, struct stat *st)
{
    char *alone = mts_strndup(path, strcspn(path, "#"));
    bool there = (stat(path, st) == 0 || (alone && stat(alone, st) == 0)) && S_ISREG(st->st_mode);
    free(alone);
    return there && st->st_ino != 0; /* 0: a system without such numbers */
}

/* Whether two paths are of one file, which may not be there yet; devices and standard streams may be named twice. */
static int are_same(const char *one, const char *other, bool *same, MtsError *err)
{
    struct stat a, b;
    if (find_file(one, &a) && find_file(other, &b)) {
        *same = a.st_dev == b.st_dev && a.st_ino == b.st_ino;
        return MTS_OK;
    }
    *same = false;
    bool there = stat(one, &a) == 0 || stat(other, &b) == 0 || strcmp(one, "-") == 0 || strcmp(other, "-") == 0;
    return there ? MTS_OK : mts_output_meet(one, other, same, err);
}

static bool may_be_one(const Named *a, const Named *b)
{
    return a->option && b->option && strcmp(a->option, "save") == 0 && strcmp(b->option, "resume") == 0;
}

static int refuse(const char *name, const Named *out, const Named *other, MtsError *err)
{
    if (!other->option) {
        return mts_fail(err, MTS_EREQUEST, "%s: --%s would write over %s, which is read", name, out->option,
                        other->path);
    }
    return mts_fail(err, MTS_EREQUEST, "%s: --%s would write over --%s: both are %s", name, out->option, other->option,
                    out->path);
}

int files_stand_apart(const Option *options, size_t count, unsigned command, const char *name, const Args *args,
                      MtsError *err)
{
    Names names = {0};
    int rc = collect(&names, options, count, command, args)
                 ? MTS_OK
                 : mts_fail(err, MTS_ENOMEM, "%s: memory ran out for the names of its files", name);
    for (size_t i = 0; i < names.count; i++) {
        for (size_t k = 0; k < names.count && names.all[i].writes && !rc; k++) {
            const Named *out = &names.all[i], *other = &names.all[k];
            bool same = false;
            rc = i == k || may_be_one(out, other) ? MTS_OK : are_same(out->path, other->path, &same, err);
            rc = rc || !same ? rc : refuse(name, out, other, err);
        }
    }
    for (size_t i = 0; i < names.count; i++) {
        free(names.all[i].path);
    }
    free(names.all);
    return rc;
}
