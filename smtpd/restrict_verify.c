/* restrict_verify.c: restrictions that ask whether an address is deliverable (the verify service).
 */
#include <strings.h>

#include "base/log.h"
#include "base/task.h"
#include "config/config.h"
#include "mail/verify_client.h"
#include "smtpd/restrict_rule.h"

enum { MAX_REASON = 250 }; /* of what a far host said */

/* What the parameters for senders, or for recipients, say. */
struct policy {
    const char *address, *class, *dsn;
    int defer_code, reject_code;
    const char *tempfail_action, *reason;
};

/* A probe takes a moment, so the client may have to wait for it. */
static bool ask(struct session *s, const char *address, enum verify_status *status, struct str *text)
{
    for (int count = 1;; count++) {
        if (!verify_query(address, status, text))
            return false;
        if (*status != VERIFY_TODO || count >= conf.address_verify_poll_count)
            return true;
        stream_flush(&s->stream);
        task_sleep((msec) conf.address_verify_poll_delay * 1000);
    }
}

static enum verdict judge(struct session *s, const struct policy *p, enum verify_status status, const char *text,
    struct reply *why)
{
    int code = status == VERIFY_BOUNCE ? p->reject_code : p->defer_code;

    if (status == VERIFY_OK || code < 400)
        return DUNNO;
    if (*p->reason != 0)
        text = p->reason;
    if (code < 500)
        return defer_if_permit(s, why, p->tempfail_action, code, p->dsn, "<%s>: %s rejected: unverified address: %.*s",
            p->address, p->class, MAX_REASON, text);
    return refuse(s, why, code, p->dsn, "<%s>: %s rejected: undeliverable address: %s", p->address, p->class, text);
}

static enum verdict verify(struct session *s, const struct policy *p, struct reply *why)
{
    enum verify_status status;
    struct str text = {0};
    enum verdict v;

    if (ask(s, p->address, &status, &text))
        v = judge(s, p, status, str_text(&text), why);
    else {
        log_warn("%s service failure", conf.address_verify_service_name);
        v = defer_if_permit(s, why, p->tempfail_action, 450, p->dsn,
            "<%s>: %s rejected: address verification problem", p->address, p->class);
    }
    str_done(&text);
    return v;
}

static enum verdict reject_unverified_sender(struct session *s, const struct rule *rule, struct reply *why)
{
    (void) rule;
    if (s->mail == NULL || s->mail->sender[0] == 0)
        return DUNNO;
    struct policy p = {
        .address = s->mail->sender,
        .class = CLASS_SENDER,
        .dsn = "4.1.7",
        .defer_code = conf.unverified_sender_defer_code,
        .reject_code = conf.unverified_sender_reject_code,
        .tempfail_action = conf.unverified_sender_tempfail_action,
        .reason = conf.unverified_sender_reject_reason,
    };
    return verify(s, &p, why);
}

static enum verdict reject_unverified_recipient(struct session *s, const struct rule *rule, struct reply *why)
{
    (void) rule;
    if (s->recipient == NULL || s->recipient[0] == 0)
        return DUNNO;
    struct policy p = {
        .address = s->recipient,
        .class = CLASS_RECIPIENT,
        .dsn = "4.1.1",
        .defer_code = conf.unverified_recipient_defer_code,
        .reject_code = conf.unverified_recipient_reject_code,
        .tempfail_action = conf.unverified_recipient_tempfail_action,
        .reason = conf.unverified_recipient_reject_reason,
    };
    return verify(s, &p, why);
}

const struct restriction smtpd_restrict_verify_table[] = {
    {"reject_unverified_sender",    NO_ARG, reject_unverified_sender,    false},
    {"reject_unverified_recipient", NO_ARG, reject_unverified_recipient, false},
    {NULL, NO_ARG, NULL, false}};
