/* bounce_client.h: the clients of the bounce, defer and trace services.
 *
 * One log file per message and service collects the reasons of its recipients; when the message
 * leaves the queue (or is delayed), a notification is made from it. All wait, in a task, unless said.
 *
 * On the wire (private/$bounce_service_name and so on, mux requests): one attribute list,
 *
 *     request=append    log a recipient: queue_id, address original dsn_orcpt dsn_notify offset,
 *                       relay, and the outcome as dsn_put() has it
 *     request=flush     bounce: non-delivery notification; defer: the same for a message that is too
 *                       old. The log is removed when the notification is stored
 *     request=warn      defer: delay notification; the log stays
 *     request=trace     trace: success or verbose report; the log is removed
 *     request=one       bounce: non-delivery notification for one recipient at once, without a log:
 *                       what append has, and what the notifications have; and owner, who is told instead
 *
 * Notifications have queue_id queue sender encoding envelope_id verp_delimiters path offset length
 * dsn_ret sendopts verify. What is empty or 0 is not sent. The reply is one list with status: 0
 * done (also when there was nothing to do), anything else: not done, try again later.
 */
#ifndef MAIL_BOUNCE_CLIENT_H
#define MAIL_BOUNCE_CLIENT_H

#include <stdbool.h>

#include "mail/delivery.h"

enum bounce_service { BOUNCE_SERVICE_BOUNCE, BOUNCE_SERVICE_DEFER, BOUNCE_SERVICE_TRACE };

/* Append a recipient's reason to the log of the message. False: the service cannot be had. */
bool bounce_append(enum bounce_service which, const char *queue_id, const struct delivery_recipient *r,
    const char *relay, const struct dsn *dsn);

/* What is known of the message when a notification is made. */
struct bounce_message {
    const char *queue_id, *queue, *sender, *encoding, *envelope_id;
    const char *owner;           /* bounce_one(): who is told instead of the sender; "" or NULL: nobody else */
    const char *verp_delimiters; /* "" or NULL: one notification for all recipients */
    struct location where;       /* to quote it */
    int dsn_ret, sendopts;
    bool is_verify;              /* the report of sendmail -bv */
};

/* A notification for one recipient, at once and without a log: where the sender of the notification
 * differs from that of the message (local's owner- aliases). False: the service cannot be had. */
bool bounce_one(const struct bounce_message *m, const struct delivery_recipient *r, const char *relay,
    const struct dsn *dsn);

/* Without waiting: done(arg, ok) runs from the loop. ok false: try again later. */
typedef void bounce_done(void *arg, bool ok);

/* The non-delivery notification, from the bounce log, which is removed; for a message that is too old, from
 * the defer log, which is removed, too. */
void bounce_flush(const struct bounce_message *m, bounce_done *done, void *arg);
void bounce_flush_deferred(const struct bounce_message *m, bounce_done *done, void *arg);

/* The delay notification, from the defer log, which stays. */
void bounce_warn(const struct bounce_message *m, bounce_done *done, void *arg);

/* The success or verbose report, from the trace log, which is removed. */
void bounce_trace_flush(const struct bounce_message *m, bounce_done *done, void *arg);

#endif
