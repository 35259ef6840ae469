/* core/windows/include/sys/file.h - empty: see posix.h. */
