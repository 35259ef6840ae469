/* core/quota.h - how much processor time this process may take.
 *
 * A container's share of a machine is a quota of its control group: so many microseconds of processor time in every
 * period. More threads than that do not run longer, they run out of it together, and all stand still until the next
 * period. */
#ifndef MTS_CORE_QUOTA_H
#define MTS_CORE_QUOTA_H

/* Processors' worth of time that the control groups above this process allow, the smallest of their quotas (Linux,
 * cgroup v1 and v2); HUGE_VAL where there is none. root: what stands before /proc and the groups' mount points: "", or
 * a folder that a test has made. */
double mts_quota(const char *root);

/* `processors`, or the quota of this process where that is less: 1.5 are 2. At least 1. */
int mts_quota_processors(int processors);

#endif
