/* trouble.h: what a failure means for the recipients.
 *
 * A soft failure while there are other servers is kept for them; with the last server it defers. A
 * hard failure bounces at once. A failure of the server as such (connect, greeting, EHLO, a session
 * that breaks) is also told to qmgr as the hop's, unless some session got to its end.
 */
#ifndef SMTP_TROUBLE_H
#define SMTP_TROUBLE_H

#include "smtp/session.h"

enum trouble_scope {
    TROUBLE_HOP,    /* the server as such */
    TROUBLE_MESSAGE /* it does not want this message */
};

/* Set a->why: of our own making, or from the session's last reply. */
void smtp_trouble_set(struct attempt *a, const char *status, const char *format, ...) PRINTF(3, 4);
void smtp_trouble_set_reply(struct attempt *a, struct session *s, const char *format, ...) PRINTF(3, 4);

/* What is in a->why concerns all recipients that are not finished, or one. */
void smtp_trouble_all(struct attempt *a, enum trouble_scope scope);
void smtp_trouble_recipient(struct attempt *a, size_t recipient);

/* The session broke while we were "sending RCPT TO". */
void smtp_trouble_stream(struct attempt *a, struct session *s, const char *doing);

/* A recipient is delivered; the text is that of the session's last reply. */
void smtp_trouble_none(struct attempt *a, struct session *s, size_t recipient);

#endif
