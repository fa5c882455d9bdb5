#include "services/bounce/notify.h"

#include "base/log.h"
#include "config/config.h"
#include "mail/postmaster.h"
#include "mail/verp.h"
#include "services/bounce/reasons.h"
#include "services/bounce/send.h"

static bool wants(enum notify_class class)
{
    return (postmaster_classes() & class) != 0;
}

/* The sender hears of those recipients for which he has not forbidden it: RFC 3461 4.1. */
static bool tell_sender(enum bounce_template_kind kind, const struct notice_about *about, const char *to,
    const struct vec *entries, int notify)
{
    struct vec wanted = {0};
    bool ok = true;

    for (size_t i = 0; i < entries->count; i++) {
        const struct reason *r = entries->items[i];
        if (notify == 0 || r->recipient.dsn_notify == 0 || (r->recipient.dsn_notify & notify) != 0)
            vec_add(&wanted, entries->items[i]);
    }
    if (wanted.count > 0)
        ok = bounce_send_notice(&(struct notice){kind, NOTICE_SENDER, about, &wanted}, to);
    vec_done(&wanted, NULL);
    return ok;
}

/* The postmaster hears of all. */
static bool tell_postmaster(enum bounce_template_kind kind, enum notice_reader reader,
    const struct notice_about *about, const char *to, const struct vec *entries)
{
    return bounce_send_notice(&(struct notice){kind, reader, about, entries}, to);
}

/* Nobody is told of a notification that cannot be delivered, but for the postmaster who asked. */
static bool handle_undeliverable_notice(const struct notice_about *about, const struct vec *entries)
{
    if (postmaster_is_sender(about->sender)) {
        log_warn("%s: undeliverable postmaster notification discarded", about->queue_id);
        return true;
    }
    return !wants(NOTIFY_2BOUNCE) ||
        tell_postmaster(BOUNCE_TEMPLATE_FAILURE, NOTICE_POSTMASTER, about, conf._2bounce_notice_recipient, entries);
}

static bool tell_of_failure(const struct notice_about *about, const char *to, const struct vec *entries)
{
    if (!tell_sender(BOUNCE_TEMPLATE_FAILURE, about, to, entries, DSN_NOTIFY_FAILURE))
        return false;
    if (wants(NOTIFY_BOUNCE))
        tell_postmaster(BOUNCE_TEMPLATE_FAILURE, NOTICE_COPY, about, conf.bounce_notice_recipient, entries);
    return true;
}

static bool tell_of_each_failure(const struct notice_about *about, const struct vec *entries, const char *delimiters)
{
    struct str to = {0};
    bool ok = true;

    for (size_t i = 0; ok && i < entries->count; i++) {
        const struct reason *r = entries->items[i];
        struct vec one = {0};
        vec_add(&one, entries->items[i]);
        str_clear(&to);
        verp_sender(&to, delimiters, about->sender,
            *r->recipient.original != 0 ? r->recipient.original : r->recipient.address);
        ok = tell_of_failure(about, str_text(&to), &one);
        vec_done(&one, NULL);
    }
    str_done(&to);
    return ok;
}

bool bounce_notify_failure(const struct notice_about *about, const struct vec *entries,
    const char *verp_delimiters)
{
    if (entries->count == 0)
        return true;
    if (*about->sender == 0 || postmaster_is_sender(about->sender))
        return handle_undeliverable_notice(about, entries);
    if (strlen(verp_delimiters) == 2)
        return tell_of_each_failure(about, entries, verp_delimiters);
    return tell_of_failure(about, about->sender, entries);
}

bool bounce_notify_owner(const struct notice_about *about, const char *owner, const struct vec *entries)
{
    return tell_of_failure(about, owner, entries);
}

bool bounce_notify_delay(const struct notice_about *about, const struct vec *entries)
{
    if (entries->count == 0 || *about->sender == 0)
        return true;
    if (postmaster_is_sender(about->sender))
        return handle_undeliverable_notice(about, entries);
    if (!tell_sender(BOUNCE_TEMPLATE_DELAY, about, about->sender, entries, DSN_NOTIFY_DELAY))
        return false;
    if (wants(NOTIFY_DELAY))
        tell_postmaster(BOUNCE_TEMPLATE_DELAY, NOTICE_COPY, about, conf.delay_notice_recipient, entries);
    return true;
}

/* Whoever wrote the log knew what was asked for. */
bool bounce_notify_report(const struct notice_about *about, const struct vec *entries, bool is_verify)
{
    enum bounce_template_kind kind = is_verify ? BOUNCE_TEMPLATE_VERIFY : BOUNCE_TEMPLATE_SUCCESS;

    if (entries->count == 0)
        return true;
    if (*about->sender == 0 || postmaster_is_sender(about->sender)) {
        log_info("%s: not sending trace/success notification for %s message", about->queue_id,
            *about->sender == 0 ? "single-bounce" : "double-bounce");
        return true;
    }
    return tell_sender(kind, about, about->sender, entries, 0);
}
