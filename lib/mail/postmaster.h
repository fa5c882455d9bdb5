/* postmaster.h: what the postmaster wants to hear of (notify_classes), and reports of sessions that
 * went wrong.
 */
#ifndef MAIL_POSTMASTER_H
#define MAIL_POSTMASTER_H

#include <stdbool.h>

#include "base/str.h"

enum notify_class {
    NOTIFY_BOUNCE = 1 << 0,   /* mail that came back to its sender */
    NOTIFY_2BOUNCE = 1 << 1,  /* mail that nobody can be told of */
    NOTIFY_DATA = 1 << 2,     /* a table or file of ours is unfit */
    NOTIFY_DELAY = 1 << 3,
    NOTIFY_POLICY = 1 << 4,   /* refused because of what main.cf says */
    NOTIFY_PROTOCOL = 1 << 5, /* the other side broke the rules of SMTP, or says that we did */
    NOTIFY_RESOURCE = 1 << 6, /* out of disk, memory ... */
    NOTIFY_SOFTWARE = 1 << 7
};

/* notify_classes as a set, read once; an unknown name is fatal: ask before there are clients. */
int postmaster_classes(void);

/* A line of a session, for the case that it goes wrong. Nothing is kept when no class is wanted, nor
 * beyond some length. */
enum postmaster_direction { POSTMASTER_IN, POSTMASTER_OUT };
void postmaster_note(struct str *transcript, enum postmaster_direction direction, const char *text);

struct postmaster_report {
    const char *recipient;              /* who gets it; To: has error_notice_recipient in any case */
    const char *who;                    /* "SMTP client": the one of us that reports */
    const char *peer;
    const char *beginning;              /* a sentence, or "" */
    const struct str *transcript;
    const char *ending;                 /* goes behind the transcript as it is */
};

/* Is this the sender of mail to the postmaster, double_bounce_sender? Trouble with it is not reported. */
bool postmaster_is_sender(const char *sender);

/* Waits. What cannot be stored is logged. */
void postmaster_send(const struct postmaster_report *r);

#endif
