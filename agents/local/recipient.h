/* recipient.h: the ways that mail for a local address may go, in the order in which they are tried.
 */
#ifndef LOCAL_RECIPIENT_H
#define LOCAL_RECIPIENT_H

#include "agents/local/target.h"

/* Deliver to t->address. */
enum outcome local_recipient_deliver(const struct target *t);

#endif
