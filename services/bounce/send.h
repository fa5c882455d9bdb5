/* send.h: notifications into the queue.
 */
#ifndef BOUNCE_SEND_H
#define BOUNCE_SEND_H

#include "services/bounce/notice.h"

/* Build it, and hand it to cleanup for the sender of the message or the postmaster (recipient);
 * waits. False: it is not stored, try again later (logged). */
bool bounce_send_notice(const struct notice *n, const char *recipient);

#endif
