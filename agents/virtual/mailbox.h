/* mailbox.h: delivery to a file in UNIX mailbox format.
 */
#ifndef VIRTUAL_MAILBOX_H
#define VIRTUAL_MAILBOX_H

#include "agents/virtual/copy.h"
#include "agents/virtual/place.h"

void virtual_mailbox_open(void);   /* virtual_mailbox_lock, checked once */

/* Sets status and reason, "delivered to mailbox" or why not. Waits for locks, in a task. After a
 * failure the file is cut to its former size. */
bool virtual_mailbox_deliver(const struct place *p, struct copy *c);

#endif
