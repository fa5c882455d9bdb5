/* agent.h: what all delivery agents have in common, over daemon.h.
 *
 * An agent tells qmgr how many deliveries it takes at once (its hello, see delivery.h), runs each
 * request in a task of its own, and sends back what deliver() left in it. When qmgr is gone or
 * withdraws a request, what is under way is cancelled: every wait of the task ends at once.
 */
#ifndef DAEMON_AGENT_H
#define DAEMON_AGENT_H

#include "mail/delivery.h"

struct agent {
    const char *name;
    void (*before_jail)(void);             /* as in daemon.h; each may be NULL */
    void (*after_jail)(void);
    void (*draining)(void);
    bool (*is_idle)(void);
    void (*deliver)(struct delivery *d);   /* set the outcome of each recipient, and d->hop */
    bool is_single, keeps_root;
};

int agent_main(int argc, char **argv, const struct agent *agent);

/* Inside deliver(): from here on the message may be the receiver's, so do not cancel. False: it is
 * cancelled already. */
bool agent_commit(struct delivery *d);

/* For deliver() where each recipient is delivered to by itself: open the message, commit, and deliver to one after
 * the other. */
typedef void agent_deliver_one(struct delivery *d, struct delivery_recipient *r, const struct message_bytes *message);
void agent_deliver_each(struct delivery *d, agent_deliver_one *one);

/* Memory that lives as long as the request. */
struct arena *agent_memory(struct delivery *d);

#endif
