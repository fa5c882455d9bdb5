/* resubmit.h: mail that goes on to other addresses, as a new message through cleanup.
 *
 * Addresses are gathered; when all else that a recipient stands for is done they are submitted, those with the
 * same sender and Delivered-To in one message. If something else is to be tried again, so are they.
 */
#ifndef LOCAL_RESUBMIT_H
#define LOCAL_RESUBMIT_H

#include "agents/local/target.h"

/* Send it on to t->address, when the time comes. */
enum outcome local_resubmit_add(const struct target *t);

/* Now it has. top is the recipient of the request, to which "forwarded as ..." is reported. */
enum outcome local_resubmit_all(const struct target *top);

void local_resubmit_forget(struct job *job); /* release what was gathered */

#endif
