/* core/windows/include/poll.h - empty: see posix.h. */
