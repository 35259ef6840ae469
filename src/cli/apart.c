/* cli/apart.c - see apart.h. */
#include "cli/apart.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/own_settings.h"
#include "core/mem.h"
#include "core/output.h"
#include "reward/rewards.h"
#include "series/set.h"

/* A file that the command line names, or something that it names. */
typedef struct Named {
    const char *option; /* NULL: an operand */
    char *path;
    bool writes;
    bool there; /* named by something else than the command line: it counts where it is there, as a file */
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
        names->all[names->count++] = (Named){.option = option, .path = copy, .writes = writes};
    }
    return copy != NULL;
}

/* What a reward's specification or a file names. */
typedef struct Source {
    Names *names;
    const char *option;
} Source;

static bool add_of_spec(void *context, const char *path, size_t size, bool written)
{
    const Source *spec = context;
    return add(spec->names, spec->option, path, size, written);
}

static bool add_there(void *context, const char *path, size_t size)
{
    const Source *from = context;
    bool ok = add(from->names, from->option, path, size, false);
    if (ok) {
        from->names->all[from->names->count - 1].there = true;
    }
    return ok;
}

static bool add_of_file(void *context, const char *path)
{
    return add_there(context, path, strlen(path));
}

/* A file that is read, which may end in #SELECTION, and those that it names: a WFDB record has several. */
static bool add_read(Names *names, const char *option, const char *path)
{
    char *alone = mts_strndup(path, strcspn(path, "#"));
    bool ok = alone && add(names, option, path, strlen(path), false) &&
              mts_set_each_file(alone, add_of_file, &(Source){names, option});
    free(alone);
    return ok;
}

/* What no option names: the file that standard input is, and the settings of one's own. */
static bool add_unnamed(Names *names)
{
    bool failed;
    char *settings = own_settings_path(&failed);
    bool ok = !failed && add_of_file(&(Source){names, NULL}, "/dev/stdin") &&
              (!settings || add_of_file(&(Source){names, NULL}, settings));
    free(settings);
    return ok;
}

static bool collect(Names *names, const Option *options, size_t count, unsigned command, const Args *args)
{
    bool ok = add_unnamed(names);
    for (const Option *o = options; o < options + count && ok; o++) {
        bool texts = o->kind == OPTION_TEXT && (o->commands & command) != 0;
        const char *text = texts ? *(const char *const *)((const char *)args + o->offset) : NULL;
        if (text && strcmp(o->value, "FILE") == 0) {
            ok = o->writes ? add(names, o->name, text, strlen(text), true) : add_read(names, o->name, text);
        } else if (text && strcmp(o->value, "SPEC") == 0) {
            Source spec = {names, o->name};
            ok = mts_reward_each_file(text, add_of_spec, &spec) && mts_reward_each_word(text, add_there, &spec);
        }
    }
    for (const char **operand = args->operands; *operand && ok; operand++) {
        ok = add_read(names, NULL, *operand);
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

/* Whether two are one file, which may not be there yet; devices and standard streams may be named twice. */
static int are_same(const Named *first, const Named *second, bool *same, MtsError *err)
{
    const char *one = first->path, *other = second->path;
    struct stat a, b;
    if (find_file(one, &a) && find_file(other, &b)) {
        *same = a.st_dev == b.st_dev && a.st_ino == b.st_ino;
        return MTS_OK;
    }
    *same = false;
    bool there =
        second->there || stat(one, &a) == 0 || stat(other, &b) == 0 || strcmp(one, "-") == 0 || strcmp(other, "-") == 0;
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
            rc = i == k || may_be_one(out, other) ? MTS_OK : are_same(out, other, &same, err);
            rc = rc || !same ? rc : refuse(name, out, other, err);
        }
    }
    for (size_t i = 0; i < names.count; i++) {
        free(names.all[i].path);
    }
    free(names.all);
    return rc;
}
