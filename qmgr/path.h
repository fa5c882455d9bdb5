/* path.h: the way to one site over one transport, from one source: where limits hold.
 *
 * A path is ready when mail waits for it, its window has room, no rate limit stands in the way and
 * neither it nor its transport is suspended; the ready paths of a transport take turns.
 * The source is the host's own address until there are pools.
 */
#ifndef QMGR_PATH_H
#define QMGR_PATH_H

#include <stdbool.h>
#include <time.h>

#include "base/list.h"
#include "base/loop.h"
#include "mail/dsn.h"
#include "qmgr/limit.h"
#include "qmgr/suspend.h"

struct lane;
struct site;
struct transport;

struct path {
    struct transport *transport;
    struct site *site;
    const char *name;        /* the site, or user@site where recipients have paths of their own */
    struct window window;
    struct rate rate;        /* destination_rate_delay, counted from the end of a delivery */
    struct timer rate_timer;
    struct suspension suspension;
    int busy;                /* deliveries under way */
    unsigned waiting;        /* batches that wait in the lanes */
    struct list lanes;       /* those with mail waiting; the first has its turn */
    struct list all_lanes;
    struct list ready;       /* on one of the transport's ready lists, by is_ready_large */
    bool is_ready, is_ready_large;
    time_t last_done;        /* when a delivery ended */
    time_t clog_warning_due;
    struct list idle;        /* on the transport's list of paths without mail */
    msec idle_since;
};

struct path *qmgr_path_get(struct transport *t, const char *name, const char *nexthop);
void qmgr_path_refresh(struct path *p);                        /* what counts for being ready has changed */
struct lane *qmgr_path_next_lane(struct path *p);              /* whose turn it is; NULL: none has mail */

void qmgr_path_begin(struct path *p);                          /* a delivery begins */
void qmgr_path_end(struct path *p);                            /* a delivery has ended, after its feedback */
void qmgr_path_success(struct path *p);                        /* the site could be reached */
void qmgr_path_failure(struct path *p, const struct dsn *why); /* it could not */
void qmgr_path_resume(struct path *p);                         /* end a suspension, if there is one */

void qmgr_path_reload(struct path *p);                         /* its transport has other parameters now */
void qmgr_path_reap(struct transport *t);                      /* forget paths that have been idle for a while */

#endif
