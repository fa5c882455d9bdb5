/* send.h: notifications into the queue.
 */
#ifndef BOUNCE_SEND_H
#define BOUNCE_SEND_H

#include "services/bounce/notice.h"

/* Build it, and hand it to cleanup for the sender of the message or the postmaster (recipient);
 * waits. False: it is not stored, try again later (logged). */
bool bounce_send_notice(enum notice_kind kind, enum notice_reader reader, const char *recipient,
    const struct notice_about *about, const struct vec *entries);

/* The envelope sender of what the postmaster gets. */
bool bounce_send_is_double_bounce(const char *sender);

#endif
