/* cli/box.c - see box.h. */
#define _XOPEN_SOURCE 700 /* realpath() */
#include "cli/box.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/mem.h"

enum { LONGEST = 4096 };

static bool wanted(unsigned command, const Args *args)
{
    return (command & (CMD_ASK | CMD_CAPTION)) != 0 || ((command & CMD_EVAL) != 0 && !args->merge) ||
           ((command & (CMD_SEARCH | CMD_GENERATE | CMD_CHOOSE)) != 0 && args->series);
}

/* Where `name` leads, as one path without links; false where nothing is there. */
static bool real_path(const char *name, char path[LONGEST])
{
    char *real = realpath(name, NULL); /* of any length */
    bool fits = real && strlen(real) < LONGEST;
    strcpy(path, fits ? real : "");
    free(real);
    return fits;
}

/* A program that was called by its name alone stands in a folder of PATH. */
static bool find_in_path(const char *name, char path[LONGEST])
{
    const char *from = getenv("PATH");
    char called[LONGEST];
    struct stat status;
    while (from && *from) {
        size_t size = strcspn(from, ":");
        int n = snprintf(called, sizeof called, "%.*s/%s", (int)size, size ? from : ".", name);
        if (n > 0 && n < LONGEST && access(called, X_OK) == 0 && stat(called, &status) == 0 &&
            S_ISREG(status.st_mode)) {
            return real_path(called, path);
        }
        from += size + (from[size] == ':');
    }
    return false;
}

/* The running program's path. Linux and Windows (core/windows) tell it; elsewhere it is what the program was called
 * by; false where that says nothing either. */
static bool own_path(const char *called, char path[LONGEST])
{
    ssize_t n = readlink("/proc/self/exe", path, LONGEST);
    if (n > 0 && n < LONGEST) {
        path[n] = '\0';
        return true;
    }
    return strchr(called, '/') ? real_path(called, path) : find_in_path(called, path);
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
static char *find(const char *called, bool *failed)
{
    /* Installed; beside the program; as built; and where the build installs to. */
    static const struct {
        size_t up;
        const char *name;
    } places[] = {{2, "/share/maxts/series.gguf"}, {1, "/series.gguf"}, {4, "/data/series.gguf"}, {0, MTS_BOX}};
    char folder[LONGEST] = "";
    *failed = false;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        MtsBytes name = {0};
        if (places[i].up && !(own_path(called, folder) && up(folder, places[i].up))) {
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

int box_open(unsigned command, const char *called, Args *args, char **path, MtsError *err)
{
    bool failed;
    *path = NULL;
    if (args->model || !wanted(command, args)) {
        return MTS_OK;
    }
    *path = find(called, &failed);
    if (failed) {
        return mts_fail(err, MTS_ENOMEM, "no memory for the name of the model");
    }
    args->model = *path;
    args->boxed = *path != NULL;
    return MTS_OK;
}
