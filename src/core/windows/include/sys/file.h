/* core/windows/include/sys/file.h - locks: see posix.h. */
#ifndef MTS_CORE_WINDOWS_SYS_FILE_H
#define MTS_CORE_WINDOWS_SYS_FILE_H

#define LOCK_EX 2
#define LOCK_NB 4

int flock(int fd, int operation);

#endif
