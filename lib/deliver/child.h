/* child.h: somebody else's program, started as somebody else.
 *
 * It gets a session of its own, default signals, three descriptors and no more, and an environment of
 * what export_environment names, PATH and what the caller adds. Its end can be waited for, as
 * io_wait() waits.
 */
#ifndef DELIVER_CHILD_H
#define DELIVER_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/task.h"

struct child_program {
    const char *const *argv;        /* executed as it is, found in PATH; NULL: line */
    const char *line;               /* a command line: executed directly if a shell would do the same, else by it */
    const char *shell;              /* local_command_shell: always runs line, its last argument; "" or NULL: as above */
    uid_t uid;                      /* never 0: child_start() panics */
    gid_t gid;                      /* also the only supplementary group */
    const char *chroot_dir;         /* NULL: none */
    const char *directory;          /* NULL: as it is, $queue_directory in a daemon */
    const char *const *environment; /* "NAME=value" ..., NULL; NULL: nothing */
    const char *caller;             /* what the log says in front of "execvp ..."; NULL: nothing */
    bool is_service;                /* if it cannot be executed: exit status 1, and no word to its standard error */
};

struct child;

/* Start it with these as standard input, output and error, which stay ours, too. NULL: errno. */
struct child *child_start(const struct child_program *p, int in, int out, int err);

/* WAKE_READY: it has ended, with a status as wait(2) gives it. One that could not be executed ends with
 * EX_TEMPFAIL; the reason has been logged, and written to its standard error. */
enum wake child_wait(struct child *c, msec deadline, int *status);

pid_t child_pid(const struct child *c);
void child_free(struct child *c);   /* one that was not waited for is killed with its process group; accepts NULL */

#endif
