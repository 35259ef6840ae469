/* core/windows/include/sys/ioctl.h - the size of a console: see posix.h. */
#ifndef MTS_CORE_WINDOWS_SYS_IOCTL_H
#define MTS_CORE_WINDOWS_SYS_IOCTL_H

#define TIOCGWINSZ 1
struct winsize {
    unsigned short ws_row, ws_col;
};
int ioctl(int fd, int request, struct winsize *size);

#endif
