/* core/windows/include/sys/mman.h - files as memory: see posix.h. */
#ifndef MTS_CORE_WINDOWS_SYS_MMAN_H
#define MTS_CORE_WINDOWS_SYS_MMAN_H

#include <stddef.h>
#include <sys/types.h>

#define PROT_READ 1
#define MAP_PRIVATE 2
#define MAP_FAILED ((void *)-1)

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
int munmap(void *at, size_t size);

#endif
