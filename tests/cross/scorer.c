/* A reward program for systems that have no script that all of them run: the bytes of the text are its reward.
 *
 * usage: scorer [extra | hang | end | leave FILE]. extra: two lines for a question; hang: none; end: it ends at the
 * first one and says why on its standard error; leave: it starts a program that outlives it and makes FILE longer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef _WIN32
#include <process.h>

static int leave(const char *self, const char *file)
{
    char quoted[4096];
    snprintf(quoted, sizeof quoted, "\"%s\"", file);
    return _spawnl(_P_NOWAIT, self, "scorer", "beat", quoted, NULL) == -1;
}
#else
#include <spawn.h>
#include <sys/types.h>

extern char **environ;

static int leave(const char *self, const char *file)
{
    char name[] = "scorer", beat[] = "beat", path[4096];
    char *argv[] = {name, beat, path, NULL};
    pid_t pid;
    snprintf(path, sizeof path, "%s", file);
    return posix_spawn(&pid, self, NULL, NULL, argv, environ);
}
#endif

enum { LONGEST = 1 << 16 };

static void pause_for(long milliseconds)
{
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* For ten seconds. */
static int beat(const char *path)
{
    for (int i = 0; i < 500; i++) {
        FILE *file = fopen(path, "ab");
        if (file) {
            putc('.', file);
            fclose(file);
        }
        pause_for(20);
    }
    return 0;
}

/* The bytes of the member "text" as it stands. */
static size_t text_size(const char *line)
{
    const char *text = strstr(line, "\"text\":");
    size_t n = 0;
    if (!text || !(text = strchr(text + strlen("\"text\":"), '"'))) {
        return 0;
    }
    while (text[n + 1] && text[n + 1] != '"') {
        n += text[n + 1] == '\\' && text[n + 2] ? 2 : 1;
    }
    return n;
}

static int answer(const char *how)
{
    static char line[LONGEST];
    char said[128];
    while (fgets(line, sizeof line, stdin)) {
        const char *id = strstr(line, "\"id\":");
        if (strcmp(how, "hang") == 0) {
            pause_for(60000);
        } else if (strcmp(how, "end") == 0) {
            fputs("scorer: does not like it\n", stderr);
            return 3;
        }
        int n = snprintf(said, sizeof said, "{\"id\": %ld, \"reward\": %zu}\n%s",
                         id ? strtol(id + strlen("\"id\":"), NULL, 10) : 0, text_size(line),
                         strcmp(how, "extra") ? "" : "one more\n");
        fwrite(said, 1, (size_t)n, stdout); /* at once, also where the stream has no buffer */
        fflush(stdout);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "";
    if (strcmp(how, "beat") == 0 && argc > 2) {
        return beat(argv[2]);
    }
    if (strcmp(how, "leave") == 0 && argc > 2 && leave(argv[0], argv[2])) {
        return 1;
    }
    return answer(how);
}
