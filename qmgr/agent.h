/* agent.h: connections to the processes that deliver.
 *
 * An agent's hello says how many deliveries it takes at once. When all are busy one more connection
 * is opened, which counts from its hello on: where the process limit of master.cf is reached it
 * waits in the service's backlog, and so does the mail here. But if nothing else works for the
 * transport, and no hello comes within qmgr_ipc_timeout, then its process cannot start, and its
 * mail is deferred as if the service did not exist.
 */
#ifndef QMGR_AGENT_H
#define QMGR_AGENT_H

#include <stdbool.h>

#include "base/list.h"
#include "base/str.h"
#include "ipc/mux.h"

struct transport;

enum { NO_HELLO = ~0u };     /* as room: it is not known yet */

struct agent {
    struct transport *transport;
    struct mux *mux;
    unsigned room, busy;     /* room 0: no limit */
    msec idle_since;
    bool is_leaving;         /* no more deliveries for this one */
    struct list link;        /* on transport->agents */
    struct list free;        /* on transport->free_agents while it has room */
};

/* One with room, the least recently used; NULL: there is none, and another connection is on its way
 * if that is possible. */
struct agent *qmgr_agent_pick(struct transport *t);

/* done: as in mux.h. After it, qmgr_agent_release(). */
void qmgr_agent_call(struct agent *a, const struct str *request, call_done *done, void *arg);
void qmgr_agent_release(struct agent *a);

void qmgr_agent_reap(struct transport *t); /* close connections that were not used for max_idle */

#endif
