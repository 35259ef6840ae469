/* core/windows/include/sys/ioctl.h - empty: see posix.h. */
