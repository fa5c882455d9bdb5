/* notice.h: the notification that a message's sender gets: RFC 3461 to 3464, 6522, 6533.
 */
#ifndef BOUNCE_NOTICE_H
#define BOUNCE_NOTICE_H

#include <stdbool.h>

#include "base/str.h"
#include "base/vec.h"
#include "mail/bounce_template.h"
#include "queue/envelope.h"

enum notice_reader {
    NOTICE_SENDER,      /* of the message */
    NOTICE_COPY,        /* the postmaster, who is told what the sender was, but not what he wrote */
    NOTICE_POSTMASTER   /* the postmaster, since the sender cannot be told */
};

/* The message that a notification is about. */
struct notice_about {
    const char *queue_id, *sender, *envelope_id;
    int dsn_ret, sendopts;
    struct envelope envelope;      /* zeroes when the message cannot be read any more */
    const char *bytes;             /* of the queue file; NULL: as above */
    size_t n;
};

struct notice {
    enum bounce_template_kind kind;
    enum notice_reader reader;
    const struct notice_about *about;
    const struct vec *entries;         /* struct reason * */
};

/* The whole mail but for Received: and Date:, appended to text; what encoding the mail has is returned:
 * "8bit", "7bit", or "" (not said). Lines of ours end in LF and are at most 998 bytes; whatever the
 * texts of other servers hold, they cannot add a line. */
const char *bounce_notice_build(const struct notice *n, const char *recipient, struct str *text);

bool bounce_notice_is_utf8(const struct notice_about *about); /* RFC 6533: the message was sent with SMTPUTF8 */

#endif
