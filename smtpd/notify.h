/* notify.h: telling the postmaster of a session that went wrong, as notify_classes asks.
 */
#ifndef SMTPD_NOTIFY_H
#define SMTPD_NOTIFY_H

#include <stdbool.h>

struct session;

enum notify_class {
    NOTIFY_POLICY = 1 << 0,   /* refused because of what main.cf says */
    NOTIFY_PROTOCOL = 1 << 1, /* the client broke the rules of SMTP */
    NOTIFY_BOUNCE = 1 << 2,
    NOTIFY_SOFTWARE = 1 << 3, /* our own fault, and so are the next ones */
    NOTIFY_RESOURCE = 1 << 4,
    NOTIFY_DATA = 1 << 5
};

/* A line of the transcript; direction: "In: " or "Out: ". Kept only if notify_classes has anything of
 * ours, and since the last message. */
void smtpd_notify_record(struct session *s, const char *direction, const char *text);
void smtpd_notify_forget(struct session *s);

/* At the end of a session: send the transcript if something happened that was asked for. */
void smtpd_notify_send(struct session *s);

#endif
