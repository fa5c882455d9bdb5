/* flush_client.h: asking the flush service for mail that waits: by destination, or by queue id.
 *
 * The service remembers which deferred messages have recipients at a site (fast_flush_domains), so
 * that ETRN and "postqueue -s" need not look through the queue. Waits as io_wait() does, in a task or
 * without one.
 *
 * On the wire (public/$flush_service_name), as in Postfix, since outside programs ask, too: the service
 * begins with the list protocol=queue_flush_protocol; the client sends one list, in this order:
 *
 *     request=add site=... queue_id=...    a message for the site was deferred
 *     request=send_site site=...           deliver what waits for the site
 *     request=send_file queue_id=...       deliver this message
 *     request=refresh, request=purge       deliver what is listed: old entries, all entries
 *
 * and gets status=N. The letter W alone, from a trigger, is a refresh.
 */
#ifndef MAIL_FLUSH_CLIENT_H
#define MAIL_FLUSH_CLIENT_H

#include <stdbool.h>

#define FLUSH_PROTOCOL "queue_flush_protocol"

/* The status on the wire. */
enum flush_status {
    FLUSH_FAIL = -1, /* could not be done; logged */
    FLUSH_OK = 0,    /* also when there was nothing to do */
    FLUSH_BAD = 3,   /* malformed */
    FLUSH_DENY = 4   /* not one of fast_flush_domains */
};

/* Open the tables of fast_flush_domains: before the jail. */
void flush_open(void);

/* FLUSH_OK: the site is one of fast_flush_domains. */
enum flush_status flush_policy(const char *site);

/* What is denied is not sent to the service. flush_add() gives up soon, and then fails for a while at once. */
enum flush_status flush_add(const char *site, const char *queue_id);
enum flush_status flush_send_site(const char *site);
enum flush_status flush_send_file(const char *queue_id);

#endif
