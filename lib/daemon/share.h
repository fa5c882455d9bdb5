/* share.h: what master and the workers of one service share.
 *
 * A worker is started with these descriptors: the page of counts, the status pipe, then one or
 * more listening sockets. master sums the counts; a worker writes only its own. So the process
 * limit of master.cf holds for the sessions of all workers together, and the sessions of a worker
 * that died are given back when master clears its count.
 */
#ifndef DAEMON_SHARE_H
#define DAEMON_SHARE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

enum { SHARE_FD = 4, STATUS_FD = 5, FIRST_LISTEN_FD = 6 };
enum { SHARE_WORKERS = 1000 };

struct share {
    int limit;                          /* sessions at once; 0: no limit */
    int workers;                        /* so many are to share them, at least */
    _Atomic unsigned line_version;      /* another one when the service's line in master.cf is another */
    _Atomic int sessions[SHARE_WORKERS];/* by worker number */
};

/* What a worker writes to the status pipe. */
struct status_record {
    pid_t pid;
    unsigned generation;
    int is_available;                   /* can it take another client? */
};

static inline int share_total(const struct share *s)
{
    int total = 0;

    for (int i = 0; i < SHARE_WORKERS; i++)
        total += atomic_load_explicit(&s->sessions[i], memory_order_relaxed);
    return total;
}

#endif
