/* io.h: waiting for a descriptor, the only place where a program waits.
 *
 * In a task, other tasks run meanwhile; without tasks it is poll(2). Descriptors are
 * non-blocking; io_own() makes them so. A descriptor that was waited for in a task must be
 * closed with io_close(), since the loop goes on knowing it.
 */
#ifndef BASE_IO_H
#define BASE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/clock.h"

enum io_what { IO_READ = 1, IO_WRITE = 2 };
enum io_result { IO_READY, IO_TIMEOUT, IO_CANCELLED };

/* Sleep until fd is ready or the deadline passes. One task at a time waits to read a descriptor,
 * and one to write it. IO_READY may be spurious. */
enum io_result io_wait(int fd, enum io_what what, msec deadline);
bool io_await(int fd, enum io_what what, msec deadline); /* false: errno is ETIMEDOUT, or ECANCELED */

void io_own(int fd);    /* non-blocking, close-on-exec; what is non-blocking already is taken to be both */
void io_close(int fd);  /* close(2), and forget; a task that waits for it is cancelled; -1 is nothing */

/* As read(2) and write(2), but wait instead of EAGAIN. A deadline that passes gives -1 with
 * errno ETIMEDOUT, a cancelled task ECANCELED. io_write_all() writes everything, or gives -1. */
ssize_t io_read(int fd, void *buffer, size_t n, msec deadline);
ssize_t io_write(int fd, const void *bytes, size_t n, msec deadline);
int io_write_all(int fd, const void *bytes, size_t n, msec deadline);

#endif
