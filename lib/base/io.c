/* io.c: io_wait() and what is written with it.
 *
 * The loop's watcher of a descriptor stays armed between two waits for the same thing, so that
 * a conversation costs no epoll_ctl(2) per turn; it is disarmed when it fires and nobody waits.
 */
#include "base/io.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop_internal.h"
#include "base/mem.h"
#include "base/task.h"

enum { LONGEST_POLL_MS = 24 * 60 * 60 * 1000 };

struct descriptor {
    ev_io io;
    struct task *reader, *writer;
};

static struct descriptor **known; /* by descriptor number; NULL: never waited for since it was opened */
static size_t known_count;

static void fired(struct ev_loop *ev, ev_io *io, int events)
{
    struct descriptor *d = io->data;
    int keep = io->events & (EV_READ | EV_WRITE);

    if ((events & (EV_READ | EV_ERROR)) != 0) {
        if (d->reader != NULL)
            task_wake(d->reader);
        else
            keep &= ~EV_READ;
        d->reader = NULL;
    }
    if ((events & (EV_WRITE | EV_ERROR)) != 0) {
        if (d->writer != NULL)
            task_wake(d->writer);
        d->writer = NULL;
        keep &= ~EV_WRITE;
    }
    if (keep == (io->events & (EV_READ | EV_WRITE)))
        return;
    ev_io_stop(ev, io);
    ev_io_set(io, io->fd, keep);
    if (keep != 0)
        ev_io_start(ev, io);
}

static struct descriptor *lookup(int fd)
{
    size_t i = (size_t) fd;

    if (i >= known_count) {
        size_t count = i + 1 > known_count * 2 ? i + 1 : known_count * 2;
        known = mem_realloc(known, count * sizeof(struct descriptor *));
        memset(known + known_count, 0, (count - known_count) * sizeof(struct descriptor *));
        known_count = count;
    }
    if (known[i] == NULL) {
        known[i] = mem_zalloc(sizeof(*known[i]));
        ev_io_init(&known[i]->io, fired, fd, 0);
        known[i]->io.data = known[i];
    }
    return known[i];
}

static void arm(struct descriptor *d, int event)
{
    if (ev_is_active(&d->io) && (d->io.events & event) != 0)
        return;
    int events = event | (ev_is_active(&d->io) ? d->io.events & (EV_READ | EV_WRITE) : 0);
    ev_io_stop(loop_ev(), &d->io);
    ev_io_set(&d->io, d->io.fd, events);
    ev_io_start(loop_ev(), &d->io);
}

static enum io_result wait_by_poll(int fd, enum io_what what, msec deadline)
{
    struct pollfd p = {.fd = fd, .events = what == IO_READ ? POLLIN : POLLOUT};

    for (;;) {
        msec left = deadline == NEVER ? -1 : deadline - clock_now();
        if (deadline != NEVER && left < 0)
            left = 0;
        int n = poll(&p, 1, left > LONGEST_POLL_MS ? LONGEST_POLL_MS : (int) left);
        clock_has_waited();
        if (n > 0)
            return IO_READY;
        if (n == 0 && deadline != NEVER && clock_now() >= deadline)
            return IO_TIMEOUT;
        if (n < 0 && errno != EINTR)
            fatal("poll: %m");
    }
}

/* The task goes on, and waits for nothing. Its descriptor may have been closed before it got here, and
 * may be known anew, by a waiter of its own. */
static void forget_waiter(int fd, enum io_what what, const struct task *self)
{
    struct descriptor *d = (size_t) fd < known_count ? known[fd] : NULL;

    if (d != NULL && what == IO_READ && d->reader == self)
        d->reader = NULL;
    if (d != NULL && what == IO_WRITE && d->writer == self)
        d->writer = NULL;
}

enum io_result io_wait(int fd, enum io_what what, msec deadline)
{
    struct task *self = task_self();

    if (self == NULL)
        return wait_by_poll(fd, what, deadline);
    struct descriptor *d = lookup(fd);
    struct task **waiter = what == IO_READ ? &d->reader : &d->writer;
    if (*waiter != NULL)
        panic("io_wait: descriptor %d has a waiting task already", fd);
    *waiter = self;
    arm(d, what == IO_READ ? EV_READ : EV_WRITE);
    enum wake why = task_park(deadline);
    forget_waiter(fd, what, self);
    switch (why) {
    case WAKE_READY:
        return IO_READY;
    case WAKE_TIMEOUT:
        return IO_TIMEOUT;
    case WAKE_CANCELLED:
        return IO_CANCELLED;
    }
    panic("unknown task_park result");
}

void io_own(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if ((flags & O_NONBLOCK) != 0)
        return;
    fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void io_close(int fd)
{
    if (fd < 0)
        return;
    if ((size_t) fd < known_count && known[fd] != NULL) {
        struct descriptor *d = known[fd];
        ev_io_stop(loop_ev(), &d->io);
        known[fd] = NULL;
        if (d->reader != NULL)
            task_cancel(d->reader);
        if (d->writer != NULL)
            task_cancel(d->writer);
        mem_free(d);
    }
    close(fd);
}

bool io_await(int fd, enum io_what what, msec deadline)
{
    switch (io_wait(fd, what, deadline)) {
    case IO_READY:
        return true;
    case IO_TIMEOUT:
        errno = ETIMEDOUT;
        return false;
    case IO_CANCELLED:
        errno = ECANCELED;
        return false;
    }
    panic("unknown io_wait result");
}

ssize_t io_read(int fd, void *buffer, size_t n, msec deadline)
{
    for (;;) {
        ssize_t got = read(fd, buffer, n);
        if (got >= 0)
            return got;
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN || !io_await(fd, IO_READ, deadline))
            return -1;
    }
}

ssize_t io_write(int fd, const void *bytes, size_t n, msec deadline)
{
    for (;;) {
        ssize_t put = write(fd, bytes, n);
        if (put >= 0)
            return put;
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN || !io_await(fd, IO_WRITE, deadline))
            return -1;
    }
}

int io_write_all(int fd, const void *bytes, size_t n, msec deadline)
{
    const char *p = bytes;

    while (n > 0) {
        ssize_t put = io_write(fd, p, n, deadline);
        if (put < 0)
            return -1;
        p += put;
        n -= (size_t) put;
    }
    return 0;
}
