/* transaction.h: one message over a session: MAIL, RCPT, DATA, the content, the dot.
 */
#ifndef SMTP_TRANSACTION_H
#define SMTP_TRANSACTION_H

#include "smtp/session.h"

enum transaction_result {
    TRANSACTION_DONE,   /* the session may be used for another one */
    TRANSACTION_BROKEN, /* recipients have what is due to them, but the session is over */
    TRANSACTION_STALE   /* the session was dead all the time: nothing has happened */
};

/* Try the recipients that are left. Each ends as PROGRESS_FINISHED or PROGRESS_LATER (or remains
 * PROGRESS_LEFT when the request was cancelled, or the session stale). is_announced: the commands
 * are on their way already. */
enum transaction_result smtp_transaction(struct attempt *a, struct session *s, bool is_announced);

/* All commands of the transaction, to be sent ahead. False: it must not be announced. */
bool smtp_transaction_commands(struct attempt *a, struct session *s, struct str *out);

#endif
