/* delivery_pass.h: a delivery given on to another agent, by an agent that is not the one for it.
 */
#ifndef MAIL_DELIVERY_PASS_H
#define MAIL_DELIVERY_PASS_H

#include "mail/delivery.h"

/* destination: "transport" or "transport:nexthop"; without a nexthop that of d stays. The other agent logs, and
 * tells bounce and defer; the outcomes and hop of d are what it said, hop in the arena. Waits in a task. False:
 * it could not be asked, or has not answered: everything is deferred, and nothing has been told. */
bool delivery_pass(struct arena *a, const char *destination, struct delivery *d);

#endif
