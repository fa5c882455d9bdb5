#include "services/bounce/send.h"

#include "base/log.h"
#include "config/config.h"
#include "mail/cleanup_client.h"

static const char *const names[] = {
    [BOUNCE_TEMPLATE_FAILURE] = "non-delivery notification",
    [BOUNCE_TEMPLATE_DELAY] = "delay notification",
    [BOUNCE_TEMPLATE_SUCCESS] = "delivery status notification",
    [BOUNCE_TEMPLATE_VERIFY] = "delivery status notification",
};

static void put_envelope(struct cleanup_message *m, bool is_for_sender, const char *recipient, const char *encoding)
{
    struct str double_bounce = {0};

    str_setf(&double_bounce, "%s@%s", conf.double_bounce_sender, conf.myhostname);
    cleanup_attr(m, "rewrite_context", "local");
    cleanup_attr(m, "sender", is_for_sender ? "" : str_text(&double_bounce));
    cleanup_attr(m, "log_message_origin", "local");
    if (*encoding != 0)
        cleanup_attr(m, "encoding", encoding);
    cleanup_recipient(m, recipient, recipient, "", 0);
    str_done(&double_bounce);
}

bool bounce_send_notice(const struct notice *n, const char *recipient)
{
    const struct notice_about *about = n->about;
    bool is_for_sender = n->reader == NOTICE_SENDER;
    const char *who = is_for_sender ? "sender" : "postmaster";
    struct str text = {0}, reason = {0};
    int flags = cleanup_internal_flags(CLEANUP_INTERNAL_BOUNCE);
    struct cleanup_message *m = cleanup_open(flags | (bounce_notice_is_utf8(about) ? CLEANUP_SMTPUTF8 : 0));

    if (m == NULL) {
        log_info("%s: %s notification failed to %s", about->queue_id, who, recipient);
        return false;
    }
    const char *encoding = bounce_notice_build(n, recipient, &text);
    /* In front of what cleanup and qmgr log about it, so that a log can be read from top to bottom. */
    log_info("%s: %s %s: %s", about->queue_id, who, names[n->kind], cleanup_queue_id(m));
    put_envelope(m, is_for_sender, recipient, encoding);
    cleanup_own_header(m);
    cleanup_content(m, text.data, text.len);
    int status = cleanup_commit(m, &reason);
    if (status != 0)
        log_info("%s: %s notification failed to %s: %s", about->queue_id, who, recipient,
            reason.len > 0 ? str_text(&reason) : cleanup_words(status)->text);
    str_done(&text);
    str_done(&reason);
    return status == 0;
}
