/* deliver.h: one delivery: some recipients of one message to one destination, from the request to
 * an agent to what its reply means for the message, the path and the transport.
 */
#ifndef QMGR_DELIVER_H
#define QMGR_DELIVER_H

#include <stdbool.h>
#include <stddef.h>

struct agent;
struct path;

/* Hand the next recipients that wait on this path to an agent (NULL: to the transport's own
 * function, in a task). False: the message was taken away, and its recipients with it. */
bool qmgr_deliver_next(struct path *p, struct agent *a);

size_t qmgr_deliver_count(void);   /* under way */

#endif
