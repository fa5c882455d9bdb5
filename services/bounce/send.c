#include "services/bounce/send.h"

#include <strings.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "mail/cleanup_client.h"
#include "mail/date.h"

static const char *const names[] = {
    [NOTICE_FAILURE] = "non-delivery notification",
    [NOTICE_DELAY] = "delay notification",
    [NOTICE_SUCCESS] = "delivery status notification",
    [NOTICE_VERIFY] = "delivery status notification",
};

bool bounce_send_is_double_bounce(const char *sender)
{
    size_t n = strlen(conf.double_bounce_sender);

    return strncasecmp(sender, conf.double_bounce_sender, n) == 0 && (sender[n] == 0 || sender[n] == '@');
}

static void put_envelope(struct cleanup_message *m, bool is_for_sender, const char *recipient, bool is_8bit)
{
    struct str double_bounce = {0};

    str_setf(&double_bounce, "%s@%s", conf.double_bounce_sender, conf.myhostname);
    cleanup_attr(m, "rewrite_context", "local");
    cleanup_attr(m, "sender", is_for_sender ? "" : str_text(&double_bounce));
    cleanup_attr(m, "log_message_origin", "local");
    if (is_8bit)
        cleanup_attr(m, "encoding", "8bit");
    cleanup_recipient(m, recipient, recipient, "", 0);
    str_done(&double_bounce);
}

static void put_content(struct cleanup_message *m, const struct str *text)
{
    struct str received = {0};

    str_setf(&received, "Received: by %s (%s)\n\tid %s; %s\n", conf.myhostname, conf.mail_name, cleanup_queue_id(m),
        date_rfc5322(clock_wall().tv_sec));
    cleanup_content(m, received.data, received.len);
    cleanup_content(m, text->data, text->len);
    str_done(&received);
}

bool bounce_send_notice(enum notice_kind kind, enum notice_reader reader, const char *recipient,
    const struct notice_about *about, const struct vec *entries)
{
    bool is_for_sender = reader == NOTICE_SENDER;
    const char *who = is_for_sender ? "sender" : "postmaster";
    struct str text = {0}, reason = {0};
    struct cleanup_message *m =
        cleanup_open(CLEANUP_MASK_INTERNAL | (bounce_notice_is_utf8(about) ? CLEANUP_SMTPUTF8 : 0));

    if (m == NULL) {
        log_info("%s: %s notification failed to %s", about->queue_id, who, recipient);
        return false;
    }
    bool has_8bit = bounce_notice_build(&text, kind, reader, recipient, about, entries);
    /* In front of what cleanup and qmgr log about it, so that a log can be read from top to bottom. */
    log_info("%s: %s %s: %s", about->queue_id, who, names[kind], cleanup_queue_id(m));
    put_envelope(m, is_for_sender, recipient, has_8bit);
    put_content(m, &text);
    int status = cleanup_commit(m, &reason);
    if (status != 0)
        log_info("%s: %s notification failed to %s: %s", about->queue_id, who, recipient,
            reason.len > 0 ? str_text(&reason) : cleanup_words(status)->text);
    str_done(&text);
    str_done(&reason);
    return status == 0;
}
