/* core/quota.c - the quotas in the file system: of this process's group, and of each group above it as far as the mount
 * shows them.
 *
 * /proc/self/cgroup has a line "number:controllers:group" for each hierarchy (version 2: number 0, no controllers);
 * /proc/self/mountinfo says where a hierarchy is mounted, and which of its groups stands there. In a container that may
 * be its own group, so the group's path goes on where the mounted one ends. What cannot be read or understood sets no
 * limit. */
#include "core/quota.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LINE = 4096 };

/* A hierarchy that can have quotas for processors. */
typedef struct Hierarchy {
    bool second;       /* of version 2 */
    char group[LINE];  /* this process's; "": not in this hierarchy */
    char top[LINE];    /* the group that is mounted */
    char folder[LINE]; /* where; "": nowhere */
} Hierarchy;

/* A line without its end; what is longer than the buffer is lost. */
static bool read_line(FILE *f, char line[LINE])
{
    if (!fgets(line, LINE, f)) {
        return false;
    }
    if (!strchr(line, '\n')) {
        for (int c; (c = fgetc(f)) != EOF && c != '\n';) {
        }
    }
    line[strcspn(line, "\n")] = '\0';
    return true;
}

static FILE *open_below(const char *root, const char *folder, const char *name)
{
    char path[3 * LINE];
    int n = snprintf(path, sizeof path, "%s%s/%s", root, folder, name);
    return n > 0 && (size_t)n < sizeof path ? fopen(path, "r") : NULL;
}

/* Whether a list joined by commas has the word "cpu". */
static bool names_cpu(const char *list)
{
    for (size_t n; *list; list += n + (list[n] == ',')) {
        n = strcspn(list, ",");
        if (n == 3 && memcmp(list, "cpu", 3) == 0) {
            return true;
        }
    }
    return false;
}

static void find_groups(const char *root, Hierarchy hierarchies[2])
{
    char line[LINE];
    FILE *f = open_below(root, "/proc/self", "cgroup");
    while (f && read_line(f, line)) {
        char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (group) {
            *group++ = '\0';
            bool second = controllers[1] == '\0';
            if (second || names_cpu(controllers + 1)) {
                snprintf(hierarchies[second].group, LINE, "%s", group);
            }
        }
    }
    if (f) {
        fclose(f);
    }
}

/* The next word of a line, ended; the rest follows. "" at the end. */
static char *next_word(char **line)
{
    char *word = *line, *end = word + strcspn(word, " ");
    *line = *end ? end + 1 : end;
    *end = '\0';
    return word;
}

/* "36 35 98:0 ROOT MOUNTPOINT OPTIONS [more ...] - TYPE SOURCE OPTIONS" */
static void find_mount(char *line, Hierarchy hierarchies[2])
{
    for (int i = 0; i < 3; i++) {
        next_word(&line);
    }
    const char *top = next_word(&line), *folder = next_word(&line);
    while (*line && strcmp(next_word(&line), "-") != 0) {
    }
    const char *type = next_word(&line);
    next_word(&line);
    bool second = strcmp(type, "cgroup2") == 0;
    Hierarchy *h = &hierarchies[second];
    if ((second || (strcmp(type, "cgroup") == 0 && names_cpu(next_word(&line)))) && !*h->folder) {
        snprintf(h->top, LINE, "%s", top);
        snprintf(h->folder, LINE, "%s", folder);
    }
}

static void find_mounts(const char *root, Hierarchy hierarchies[2])
{
    char line[LINE];
    FILE *f = open_below(root, "/proc/self", "mountinfo");
    while (f && read_line(f, line)) {
        find_mount(line, hierarchies);
    }
    if (f) {
        fclose(f);
    }
}

/* Up to two numbers of a file; how many. */
static int read_numbers(const char *root, const char *folder, const char *name, double x[2])
{
    FILE *f = open_below(root, folder, name);
    if (!f) {
        return 0;
    }
    int n = fscanf(f, "%lf %lf", &x[0], &x[1]);
    fclose(f);
    return n > 0 ? n : 0;
}

/* The quota of one group, which is a folder. "max" and -1 are none. */
static double quota_of(const char *root, const char *folder, bool second)
{
    double x[2] = {0, 0}, unused[2];
    bool both = second ? read_numbers(root, folder, "cpu.max", x) == 2
                       : read_numbers(root, folder, "cpu.cfs_quota_us", &x[0]) == 1 &&
                             read_numbers(root, folder, "cpu.cfs_period_us", unused) == 1;
    if (both && !second) {
        x[1] = unused[0];
    }
    return both && x[0] > 0 && x[1] > 0 ? x[0] / x[1] : HUGE_VAL;
}

/* What of the group's path is below the mounted one; "" where it is another's. */
static const char *below(const char *group, const char *top)
{
    size_t n = strcmp(top, "/") == 0 ? 0 : strlen(top);
    return strncmp(group, top, n) == 0 && group[n] == '/' && !strstr(group, "/..") ? group + n : "";
}

static double least_quota(const char *root, const Hierarchy *h)
{
    char folder[2 * LINE];
    double least = HUGE_VAL;
    size_t top = strlen(h->folder);
    if (!*h->folder || !*h->group) {
        return least;
    }
    snprintf(folder, sizeof folder, "%s%s", h->folder, below(h->group, h->top));
    for (bool more = true; more;) {
        least = fmin(least, quota_of(root, folder, h->second));
        char *end = strrchr(folder, '/');
        more = end && (size_t)(end - folder) >= top;
        if (more) {
            *end = '\0';
        }
    }
    return least;
}

double mts_quota(const char *root)
{
    Hierarchy hierarchies[2] = {{.second = false}, {.second = true}};
    find_groups(root, hierarchies);
    find_mounts(root, hierarchies);
    return fmin(least_quota(root, &hierarchies[0]), least_quota(root, &hierarchies[1]));
}

int mts_quota_processors(int processors)
{
    double quota = ceil(mts_quota("") - 1e-6);
    return quota >= processors ? processors : quota > 1 ? (int)quota : 1;
}
