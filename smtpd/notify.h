/* notify.h: telling the postmaster of a session that went wrong, as notify_classes asks.
 */
#ifndef SMTPD_NOTIFY_H
#define SMTPD_NOTIFY_H

struct session;

/* At the end of a session: send the transcript if something happened that was asked for since the
 * last message. */
void smtpd_notify_send(struct session *s);

/* Something else begins: a transcript that has grown long (smtpd_history_flush_threshold) is sent or forgotten. */
void smtpd_notify_flush(struct session *s);

#endif
