/* core/windows/include/sys/mman.h - empty: see posix.h. */
