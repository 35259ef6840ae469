/* core/windows/include/sys/resource.h - empty: see posix.h. */
