/* notify.h: telling the postmaster of a server that says we speak wrongly, if notify_classes has
 * "protocol".
 */
#ifndef SMTP_NOTIFY_H
#define SMTP_NOTIFY_H

#include "smtp/session.h"

/* For the transcript: commands on their way out, each with its CR LF; the reply in s->reply. */
void smtp_notify_commands(struct session *s, const char *bytes, size_t n);
void smtp_notify_reply(struct session *s);

/* The reply in s->reply is why something failed. */
void smtp_notify_failure(struct session *s);

/* The end of what the session did for this attempt: report what there is to report, and forget it. */
void smtp_notify_end(const struct attempt *a, struct session *s);

#endif
