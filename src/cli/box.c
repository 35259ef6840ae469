/* cli/box.c - see box.h. */
#include "cli/box.h"

#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "core/mem.h"

enum { LONGEST = 4096 };

static bool wanted(unsigned command, const Args *args)
{
    return (command & (CMD_ASK | CMD_CAPTION)) != 0 || ((command & CMD_EVAL) != 0 && !args->merge) ||
           ((command & (CMD_SEARCH | CMD_GENERATE | CMD_CHOOSE)) != 0 && args->series);
}

/* The running program's path; false where the system does not tell. */
static bool own_path(char path[LONGEST])
{
    ssize_t n = readlink("/proc/self/exe", path, LONGEST - 1);
    path[n > 0 ? n : 0] = '\0';
    return n > 0;
}

/* Cuts the last `count` parts off a path; false where it has no more. */
static bool up(char *path, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *slash = strrchr(path, '/');
        if (!slash) {
            return false;
        }
        *slash = '\0';
    }
    return true;
}

/* The model's file, malloc'ed; NULL where it is not there or memory ran out (then *failed). */
static char *find(bool *failed)
{
    /* Installed; as built; and where the build installs to, for systems that do not tell a program its path. */
    static const struct {
        size_t up;
        const char *name;
    } places[] = {{2, "/share/maxts/series.gguf"}, {4, "/data/series.gguf"}, {0, MTS_BOX}};
    char folder[LONGEST] = "";
    *failed = false;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        MtsBytes name = {0};
        if (places[i].up && !(own_path(folder) && up(folder, places[i].up))) {
            continue;
        }
        if (!mts_bytes_printf(&name, "%s%s", places[i].up ? folder : "", places[i].name)) {
            *failed = true;
            return NULL;
        }
        if (access(name.data, R_OK) == 0) {
            return name.data;
        }
        mts_bytes_free(&name);
    }
    return NULL;
}

int box_open(unsigned command, Args *args, char **path, MtsError *err)
{
    bool failed;
    *path = NULL;
    if (args->model || !wanted(command, args)) {
        return MTS_OK;
    }
    *path = find(&failed);
    if (failed) {
        return mts_fail(err, MTS_ENOMEM, "no memory for the name of the model");
    }
    args->model = *path;
    args->boxed = *path != NULL;
    return MTS_OK;
}
