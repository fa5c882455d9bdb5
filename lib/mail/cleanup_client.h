/* cleanup_client.h: handing a message to cleanup; for smtpd, pickup, bounce and whoever makes mail.
 *
 * In a task. A message is opened, gets its envelope, then its content as LF-terminated text in
 * pieces of any size, then is committed; only cleanup_commit() with status 0 means that it is on
 * stable storage and will not be lost. Everything leaves in few large frames.
 */
#ifndef MAIL_CLEANUP_CLIENT_H
#define MAIL_CLEANUP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/time.h>

#include "base/str.h"

struct cleanup_message;

enum cleanup_flag {
    CLEANUP_BOUNCE = 1 << 0,        /* return it to the sender when cleanup rejects it (pickup) */
    CLEANUP_FILTER = 1 << 1,        /* header and body checks */
    CLEANUP_HOLD = 1 << 2,          /* into the hold queue */
    CLEANUP_DISCARD = 1 << 3,
    CLEANUP_BCC_OK = 1 << 4,        /* always_bcc and the like */
    CLEANUP_MAP_OK = 1 << 5,        /* canonical, virtual, masquerade */
    CLEANUP_MILTER = 1 << 6,
    CLEANUP_SMTPUTF8 = 1 << 7,      /* the client asked for SMTPUTF8 */
    CLEANUP_AUTOUTF8 = 1 << 8,      /* find out (smtputf8_autodetect_classes) */
    CLEANUP_INTERNAL = 1 << 9,      /* made by ourselves: bounces, notices */
    CLEANUP_SIGN = 1 << 10          /* from one who may send through us (mynetworks, SASL, local): DKIM-sign it */
};
enum {
    CLEANUP_MASK_EXTERNAL = CLEANUP_FILTER | CLEANUP_MILTER | CLEANUP_BCC_OK | CLEANUP_MAP_OK,
    CLEANUP_MASK_INTERNAL = CLEANUP_INTERNAL | CLEANUP_MAP_OK | CLEANUP_SIGN
};

/* The flags of mail of our own making; internal_mail_filter_classes may have it filtered. */
enum cleanup_internal { CLEANUP_INTERNAL_BOUNCE = 1 << 0, CLEANUP_INTERNAL_NOTIFY = 1 << 1 };
int cleanup_internal_flags(enum cleanup_internal which);

/* Result bits, as Postfix's: 0 is success. */
enum cleanup_status {
    CLEANUP_STAT_BAD = 1 << 0,      /* internal protocol error, or the service is gone */
    CLEANUP_STAT_WRITE = 1 << 1,    /* queue file write error: 451 4.3.0 */
    CLEANUP_STAT_SIZE = 1 << 2,     /* message file too big: 552 5.3.4 */
    CLEANUP_STAT_CONT = 1 << 3,     /* content rejected: 550 5.7.1 */
    CLEANUP_STAT_HOPS = 1 << 4,     /* 554 5.4.0 too many hops */
    CLEANUP_STAT_RCPT = 1 << 6,     /* no recipients: 554 */
    CLEANUP_STAT_PROXY = 1 << 7,
    CLEANUP_STAT_DEFER = 1 << 8,    /* 451 4.7.1 */
    CLEANUP_STAT_NOPERM = 1 << 9,   /* 550 5.7.1 */
    CLEANUP_STAT_SPACE = 1 << 10,   /* 452 4.3.1 insufficient system storage (ours) */
    CLEANUP_STAT_BARE_LF = 1 << 16
};

/* Open a message and get its queue id (in journal mode without any waiting, from the id slot that
 * cleanup gave this process when it connected; with queue_store = file cleanup makes the file first).
 * NULL: cleanup cannot be reached (451 4.3.0). */
struct cleanup_message *cleanup_open(int flags);

/* From now on messages go to postdrop(1) instead, as those of anybody: the mail system need not be up, and
 * the process needs no rights. What only the mail system may say about a message is left out. */
void cleanup_through_postdrop(void);
const char *cleanup_queue_id(const struct cleanup_message *m);

/* Envelope, before the first content: named attributes (sender first: "sender", then "client_name",
 * "log_client_name" ..., exactly the REC_ATTR names of the queue file, plus "sender", "full_name",
 * "warn" ...), then recipients. Strings are copied. */
void cleanup_attr(struct cleanup_message *m, const char *name, const char *value);
void cleanup_recipient(struct cleanup_message *m, const char *address, const char *original, const char *dsn_orcpt,
    int dsn_notify);

/* When it came, if that is before it got this queue id: requeued mail. Before the first content. */
void cleanup_arrival(struct cleanup_message *m, struct timeval when);

/* What turns out later: flags to add, and to send nothing before cleanup_commit(), so that flags,
 * attributes and recipients may be added even behind the content. Before the first content. */
void cleanup_add_flags(struct cleanup_message *m, int flags);
void cleanup_keep(struct cleanup_message *m);

/* Content; false: cleanup has refused it already or is gone, go on to cleanup_commit(). */
bool cleanup_content(struct cleanup_message *m, const char *bytes, size_t n);
bool cleanup_own_header(struct cleanup_message *m); /* Received: and Date:, with which mail of our own making begins */

/* The end: waits until it is durable. The status bits; reason (may be NULL) is replaced by cleanup's text.
 * m is gone. */
int cleanup_commit(struct cleanup_message *m, struct str *reason);
void cleanup_cancel(struct cleanup_message *m); /* nothing is stored; NULL is accepted; m is gone */

/* Words for a status, for those who must answer: status "5.3.4", SMTP code 552, text "message file too big". */
struct cleanup_words {
    int status, smtp_code;
    const char *dsn, *text;
};
const struct cleanup_words *cleanup_words(int status);

#endif
