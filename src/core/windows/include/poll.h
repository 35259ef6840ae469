/* core/windows/include/poll.h - keys and readers that are waited for: see posix.h. */
#ifndef MTS_CORE_WINDOWS_POLL_H
#define MTS_CORE_WINDOWS_POLL_H

#define POLLIN 1
#define POLLOUT 2
#define POLLERR 4
struct pollfd {
    int fd;
    short events, revents;
};
/* Of one: whether a key of the console was pressed, or the reader of a pipe is gone. */
int poll(struct pollfd *all, unsigned count, int patience);

#endif
