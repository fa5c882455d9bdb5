/* transport.h: a delivery service of master.cf, its parameters, its agents and its paths.
 */
#ifndef QMGR_TRANSPORT_H
#define QMGR_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/hash.h"
#include "base/list.h"
#include "base/loop.h"
#include "qmgr/limit.h"
#include "qmgr/suspend.h"

struct delivery;
struct path;

/* Services that are no process of their own: deliveries end here, in a task. */
typedef void deliver_here(struct delivery *d);

struct transport {
    char *name;
    deliver_here *here;            /* NULL: agents do it */
    struct window_rules window;
    struct slot_rules slots;
    struct rate rate;              /* transport_rate_delay: between the beginnings of deliveries */
    msec destination_delay;        /* destination_rate_delay */
    size_t recipient_limit;        /* *_destination_recipient_limit: recipients in one delivery; 0: no limit */
    size_t memory_limit, memory_extra; /* *_recipient_limit, *_extra_recipient_limit: recipients in memory */
    size_t refill_limit;
    msec refill_delay;
    size_t recipients;             /* in memory */
    struct hash lanes, paths;
    struct list ready_small, ready_large; /* paths */
    unsigned ready_small_count, ready_large_count;
    struct turns turns;
    struct timer rate_timer;
    struct suspension suspension;  /* agents die, or cannot be reached */
    struct list idle_paths;        /* oldest first */
    struct list agents, free_agents; /* struct agent: all; those with room */
    struct agent *coming;          /* connected, its hello has not come */
    struct timer hello_timer;      /* for the longest that this may last */
    struct timer connect_timer;    /* no new connection before */
    unsigned agent_count;
};

struct transport *qmgr_transport_get(const char *name);
struct transport *qmgr_transport_retry(void);  /* defers, with the nexthop as reason; never suspended */
struct transport *qmgr_transport_error(void);  /* bounces; suspended: as retry */
struct transport *qmgr_transport_discard_here(void); /* undeliverable postmaster notifications */

void qmgr_transport_ready(struct path *p, bool is_ready, bool is_large); /* for path.c: on or off the ready lists */
void qmgr_transport_dispatch(void);            /* every transport: deliver while there are paths, room and rate */

/* No deliveries for transport_retry_time; what waits goes to the retry service. */
void qmgr_transport_suspend(struct transport *t, const struct dsn *why);
void qmgr_transport_resume(struct transport *t);
void qmgr_transport_resume_all(void);          /* and all paths: mail is flushed */

void qmgr_transport_reload(void);              /* main.cf was read again; transports and paths begin anew with it */
void qmgr_transport_each_path(void (*visit)(struct path *p, void *arg), void *arg);

void qmgr_transport_stop(void);                /* no delivery begins any more */

#endif
