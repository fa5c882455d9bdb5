/* mail.h: a mail transaction, from MAIL to the end of data.
 */
#ifndef SMTPD_MAIL_H
#define SMTPD_MAIL_H

#include "smtpd/session.h"

/* Open the message with cleanup at the first valid recipient, and log it: from now on the
 * transaction has a queue id. False: cleanup cannot be reached. */
bool smtpd_mail_open(struct session *s);

/* All recipients are known: tell cleanup the envelope. Before the first content. */
void smtpd_mail_begin_content(struct session *s);

/* Send it off, and wait until it is safe. The reply; the transaction is over. */
struct reply smtpd_mail_commit(struct session *s);

/* End the transaction, if there is one; what is with cleanup is cancelled. */
void smtpd_mail_free(struct session *s);

/* A "sender" or "recipient" beyond ASCII without the SMTPUTF8 that it needs. */
bool smtpd_mail_lacks_smtputf8(const struct session *s, const char *which, const char *address);

struct word;

/* One of the two parameters ("RET=", "ENVID=") where DSN is not offered; *why is the answer. */
bool smtpd_mail_lacks_dsn(
    const struct session *s, const struct word *word, const char *one, const char *other, struct reply *why);

/* "queue file write error" and the like, as a reply. reason: cleanup's own words, may be "". */
struct reply smtpd_mail_failure(struct session *s, int status, const char *reason);

#endif
