#include "smtpd/notify.h"

#include <string.h>

#include "config/config.h"
#include "mail/postmaster.h"
#include "smtpd/session.h"

static int lines_of(const struct str *text)
{
    int count = 0;

    for (const char *p = str_text(text); (p = strchr(p, '\n')) != NULL; p++)
        count++;
    return count;
}

void smtpd_notify_flush(struct session *s)
{
    if (lines_of(&s->transcript) <= conf.smtpd_history_flush_threshold)
        return;
    smtpd_notify_send(s);
    s->error_classes = 0;
    str_clear(&s->transcript);
}

void smtpd_notify_send(struct session *s)
{
    bool is_bounce = (s->error_classes & NOTIFY_BOUNCE) != 0;
    struct str ending = {0};

    if ((s->error_classes & postmaster_classes()) == 0 || s->is_stand_alone)
        return;
    if (s->reason != NULL && s->where != NULL)
        str_addf(&ending, "Session aborted, reason: %s\n", s->reason);
    str_addc(&ending, '\n');
    postmaster_send(&(struct postmaster_report){
        .recipient = is_bounce ? conf.bounce_notice_recipient : conf.error_notice_recipient,
        .who = "SMTP server", .peer = s->peer.namaddr, .beginning = "", .transcript = &s->transcript,
        .ending = str_text(&ending)});
    str_done(&ending);
}
