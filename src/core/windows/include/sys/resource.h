/* core/windows/include/sys/resource.h - memory that was used: see posix.h. */
#ifndef MTS_CORE_WINDOWS_SYS_RESOURCE_H
#define MTS_CORE_WINDOWS_SYS_RESOURCE_H

#define RUSAGE_SELF 0
struct rusage {
    long ru_maxrss; /* KiB */
};
int getrusage(int who, struct rusage *usage);

#endif
