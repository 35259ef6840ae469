/* Quotas of control groups, in folders that look like a machine's: both versions, groups above, containers. */
#include "../test.h"

#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/quota.h"

static char root[] = "/tmp/maxts-quota-XXXXXX";

/* One machine: what a file says, NULL ends the list. */
typedef struct Machine {
    const char *what;
    double quota;
    const char *files[8][2];
} Machine;

#define TWO "25 20 0:22 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
#define ONE                                                                                                            \
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n32 31 0:29 / /sys/fs/cgroup/set rw - cgroup cgroup rw,cpuset\n"  \
    "33 31 0:30 / /sys/fs/cgroup/cpu rw shared:1 master:2 - cgroup cgroup rw,cpu,cpuacct\n"

static const Machine machines[] = {
    {"nothing", HUGE_VAL, {{NULL, NULL}}},
    {"no quota",
     HUGE_VAL,
     {{"proc/self/cgroup", "0::/a\n"}, {"proc/self/mountinfo", TWO}, {"sys/fs/cgroup/a/cpu.max", "max 100000\n"}}},
    {"version 2",
     1.5,
     {{"proc/self/cgroup", "0::/a/b\n"},
      {"proc/self/mountinfo", TWO},
      {"sys/fs/cgroup/a/b/cpu.max", "150000 100000\n"}}},
    {"a group above",
     0.5,
     {{"proc/self/cgroup", "0::/a/b\n"},
      {"proc/self/mountinfo", TWO},
      {"sys/fs/cgroup/a/cpu.max", "25000 50000\n"},
      {"sys/fs/cgroup/a/b/cpu.max", "150000 100000\n"}}},
    {"a container's own mount",
     2,
     {{"proc/self/cgroup", "0::/\n"}, {"proc/self/mountinfo", TWO}, {"sys/fs/cgroup/cpu.max", "200000 100000\n"}}},
    {"version 1",
     3,
     {{"proc/self/cgroup", "4:cpuset:/z\n3:cpu,cpuacct:/a\n0::/\n"},
      {"proc/self/mountinfo", ONE},
      {"sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "300000\n"},
      {"sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n"}}},
    {"version 1 without",
     HUGE_VAL,
     {{"proc/self/cgroup", "3:cpu,cpuacct:/a\n"},
      {"proc/self/mountinfo", ONE},
      {"sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "-1\n"},
      {"sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n"}}},
    {"version 1, its group mounted",
     4,
     {{"proc/self/cgroup", "3:cpu,cpuacct:/docker/x/in\n"},
      {"proc/self/mountinfo", "33 31 0:30 /docker/x /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"},
      {"sys/fs/cgroup/cpu/in/cpu.cfs_quota_us", "800000\n"},
      {"sys/fs/cgroup/cpu/in/cpu.cfs_period_us", "100000\n"},
      {"sys/fs/cgroup/cpu/cpu.cfs_quota_us", "400000\n"},
      {"sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"}}},
    {"another's group",
     2,
     {{"proc/self/cgroup", "0::/../other\n"},
      {"proc/self/mountinfo", TWO},
      {"sys/fs/cgroup/cpu.max", "200000 100000\n"},
      {"sys/fs/other/cpu.max", "1 100000\n"}}},
    {"what is no quota",
     HUGE_VAL,
     {{"proc/self/cgroup", "x\n0::/a\n:"},
      {"proc/self/mountinfo", "-\n\n1 2 3\n" TWO},
      {"sys/fs/cgroup/a/cpu.max", "many 100000\n"},
      {"sys/fs/cgroup/cpu.max", "100000\n"}}},
};

static void path_of(const Machine *m, const char *name, char *path, size_t size)
{
    snprintf(path, size, "%s/%td/%s", root, m - machines, name);
}

static void make(const char *path, const char *text)
{
    char folder[512];
    snprintf(folder, sizeof folder, "%s", path);
    for (char *p = folder + strlen(root); (p = strchr(p + 1, '/'));) {
        *p = '\0';
        mkdir(folder, 0700);
        *p = '/';
    }
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void quotas(void **state)
{
    (void)state;
    for (const Machine *m = machines; m < machines + sizeof machines / sizeof machines[0]; m++) {
        char path[512];
        for (size_t i = 0; i < 8 && m->files[i][0]; i++) {
            path_of(m, m->files[i][0], path, sizeof path);
            make(path, m->files[i][1]);
        }
        path_of(m, "", path, sizeof path);
        path[strlen(path) - 1] = '\0';
        double quota = mts_quota(path);
        if (!(quota == m->quota)) {
            fail_msg("%s: %g, not %g", m->what, quota, m->quota);
        }
    }
}

/* Of the machine this runs on only that it is some of what there is. */
static void processors(void **state)
{
    (void)state;
    assert_int_equal(mts_quota_processors(1), 1);
    for (int n = 2; n < 1000; n *= 3) {
        assert_in_range(mts_quota_processors(n), 1, n);
    }
}

static int make_root(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
    char command[64];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", root);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(quotas), cmocka_unit_test(processors)};
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
