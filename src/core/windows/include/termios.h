/* core/windows/include/termios.h - how a console is read: see posix.h. */
#ifndef MTS_CORE_WINDOWS_TERMIOS_H
#define MTS_CORE_WINDOWS_TERMIOS_H

/* Of c_lflag alone; the rest is here for those who set it. */
#define ICANON 2u /* as the console's modes are numbered */
#define ECHO 4u
#define VMIN 0
#define VTIME 1
#define TCSANOW 0
typedef unsigned tcflag_t;
struct termios {
    tcflag_t c_lflag;
    unsigned char c_cc[2];
};
int tcgetattr(int fd, struct termios *how);
int tcsetattr(int fd, int when, const struct termios *how);

#endif
