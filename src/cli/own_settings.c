/* cli/own_settings.c - see config.h. */
#include "cli/own_settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "core/file.h"
#include "core/mem.h"
#include "core/near.h"
#include "core/utf8.h"

enum { MOST = 1 << 20 }; /* bytes of the file */

char *own_settings_path(bool *failed)
{
    const char *folder = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    bool own = folder && mts_path_is_absolute(folder); /* others are to be ignored, the specification says */
    MtsBytes path = {0};
    *failed = false;
    if (!own && !(home && *home)) {
        return NULL;
    }
    *failed = !mts_bytes_printf(&path, "%s%s/maxts/config", own ? folder : home, own ? "" : "/.config");
    return path.data;
}

static char *trimmed(char *text)
{
    size_t n = strlen(text);
    while (n && isspace((unsigned char)text[n - 1])) {
        text[--n] = '\0';
    }
    return text + strspn(text, " \t");
}

static int unknown(const char *where, const char *name, MtsError *err)
{
    size_t count;
    char hint[MTS_NEAR_HINT];
    const Option *options = args_options(&count);
    const char *bare = name + strspn(name, "-");
    if (bare > name && options_find(options, count, ~0u, bare)) {
        return mts_fail(err, MTS_EREQUEST, "%s: '%s' is written '%s' here", where, name, bare);
    }
    return mts_fail(err, MTS_EREQUEST, "%s: '%s' is no option of any command%s", where, name,
                    options_hint(options, count, ~0u, name, hint, sizeof hint));
}

/* Whether there is a file, as far as it can be seen: links that lead nowhere at all are told when it is read. */
static bool is_there(const char *path)
{
    return access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR && errno != EACCES);
}

/* "on" and "off" of a flag, anything of others. */
static int set(const Option *o, const char *where, const char *value, Args *args, MtsError *err)
{
    if (o->kind != OPTION_FLAG) {
        return options_store(o, where, value, args, err);
    }
    if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0) {
        return mts_fail(err, MTS_EREQUEST, "%s: --%s: '%s' is neither on nor off", where, o->name, value);
    }
    *(bool *)((char *)args + o->offset) = strcmp(value, "on") == 0;
    return MTS_OK;
}

static int read_line(char *line, const char *where, unsigned command, Args *args, MtsError *err)
{
    size_t count;
    const Option *options = args_options(&count);
    char *name = trimmed(line), *equals = strchr(name, '=');
    if (!*name || *name == '#') {
        return MTS_OK;
    }
    if (!equals) {
        return mts_fail(err, MTS_EREQUEST, "%s: '%.60s' is no line of the form option = value", where, name);
    }
    *equals = '\0';
    char *value = trimmed(equals + 1);
    name = trimmed(name);
    const Option *o = options_find(options, count, command, name);
    if (strcmp(name, "help") == 0 || !options_find(options, count, ~0u, name)) {
        return unknown(where, name, err);
    }
    return o ? set(o, where, value, args, err) : MTS_OK;
}

static int read_lines(char *text, const char *path, unsigned command, Args *args, MtsError *err)
{
    size_t number = 1;
    for (char *line = text, *next; line; line = next, number++) {
        MtsBytes where = {0};
        next = strchr(line, '\n');
        if (next) {
            *next++ = '\0';
        }
        if (!mts_bytes_printf(&where, "%s: line %zu", path, number)) {
            return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
        }
        int rc = read_line(line, where.data, command, args, err);
        mts_bytes_free(&where);
        if (rc) {
            return rc;
        }
    }
    return MTS_OK;
}

int own_settings_read(unsigned command, Args *args, char **text, MtsError *err)
{
    bool failed;
    size_t size;
    char *path = own_settings_path(&failed);
    const char *model = getenv("MAXTS_MODEL");
    int rc = failed ? mts_fail(err, MTS_ENOMEM, "no memory for the path of the configuration") : MTS_OK;
    *text = NULL;
    if (path && is_there(path) && (rc = mts_read_file(path, MOST, text, &size, err)) == 0) {
        rc = strlen(*text) == size ? read_lines(*text + mts_utf8_mark(*text, size), path, command, args, err)
                                   : mts_fail(err, MTS_EREQUEST, "%s: holds a NUL byte at %zu", path, strlen(*text));
    }
    if (!rc && model && *model) {
        args->model = model;
    }
    free(path);
    return rc;
}
