/* forward.h: .forward files: forward_path.
 */
#ifndef LOCAL_FORWARD_H
#define LOCAL_FORWARD_H

#include "agents/local/target.h"

/* Deliver to what a user's own file says. False: there is no such user or file, or it says nothing, or
 * cannot be trusted (logged): deliver to the mailbox. */
bool local_forward_deliver(const struct target *t, enum outcome *outcome);

#endif
