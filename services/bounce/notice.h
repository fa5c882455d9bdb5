/* notice.h: the notification that a message's sender gets (RFC 3461 to 3464).
 */
#ifndef BOUNCE_NOTICE_H
#define BOUNCE_NOTICE_H

#include <stdbool.h>

#include "base/vec.h"
#include "mail/bounce_client.h"
#include "queue/envelope.h"

enum notice_kind { NOTICE_FAILURE, NOTICE_DELAY, NOTICE_SUCCESS, NOTICE_VERIFY };

/* The message that a notification is about. */
struct notice_about {
    const char *queue_id, *sender, *encoding, *envelope_id;
    int dsn_ret, sendopts;
    struct envelope envelope;      /* zeroes when the message cannot be read any more */
    const char *bytes;             /* of the queue file; NULL: as above */
    size_t n;
};

/* Mail it, from (envelope sender) to recipient; entries: struct reason *. The new queue id replaces
 * what is in queue_id. False: it could not be stored, try again later (logged). */
bool notice_send(enum notice_kind kind, const struct notice_about *about, const struct vec *entries,
    const char *from, const char *recipient, struct str *queue_id);

#endif
