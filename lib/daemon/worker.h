/* worker.h: a daemon process at work: listeners, clients, limits, leaving. Part of the skeleton;
 * programs use daemon.h.
 */
#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include "daemon/daemon.h"

struct worker_options {
    int listener_count;      /* -s: so many descriptors from FIRST_LISTEN_FD on */
    unsigned generation;     /* of master, from the environment */
    int number;              /* among the workers of the service */
    int max_use, max_idle_s; /* 0: no limit */
    bool is_fifo;            /* the listener is a FIFO: its bytes are triggers */
    bool is_pass;            /* clients are handed over by another program */
};

/* Serve until it is time to leave. */
void worker_run(const struct daemon_program *program, const struct worker_options *options);

#endif
