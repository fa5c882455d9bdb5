/* bounce.h: what cannot be stored goes back to its sender, where the client wants it so (CLEANUP_BOUNCE):
 * one that cannot tell anybody, such as pickup.
 */
#ifndef CLEANUP_BOUNCE_H
#define CLEANUP_BOUNCE_H

#include <stdbool.h>

#include "cleanup/message.h"

/* Is a message with this status one of those? Not when it might be taken another time, or is for nobody. */
bool cleanup_bounce_is_possible(const struct message *m);

/* Return it, if that is possible: then its status is success. Waits. The message is complete. */
void cleanup_bounce(struct message *m);

#endif
