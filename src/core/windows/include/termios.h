/* core/windows/include/termios.h - empty: see posix.h. */
