#include "qmgr/finish.h"

#include "base/log.h"
#include "config/config.h"
#include "mail/bounce_client.h"
#include "qmgr/deferred.h"
#include "qmgr/message.h"
#include "qmgr/store.h"
#include "qmgr/turn.h"

/* In order: what bounced is returned, what succeeded is reported where that was asked for; then, if
 * some recipient is deferred, the message is returned as too old, or its sender is warned, or
 * neither, and it waits. A notification that cannot be made now defers the message: its log stays. */

/* For a notification, which reads the message: notified() is due when it is made. */
static struct bounce_message about(struct message *m)
{
    const struct envelope *e = &m->e;

    m->notifying = qmgr_store_read_begins(m);

    return (struct bounce_message){.queue_id = m->queue_id, .queue = "active", .sender = e->sender,
        .encoding = e->encoding, .envelope_id = e->envelope_id,
        .verp_delimiters = conf.disable_verp_bounces ? "" : e->verp_delimiters, .where = m->where,
        .dsn_ret = e->dsn_ret, .sendopts = e->sendopts, .is_verify = (e->trace_flags & (TRACE_BV | TRACE_V)) != 0};
}

static void notified(struct message *m)
{
    qmgr_store_read_ended(m, m->notifying);
    m->notifying = NULL;
}

static void defer(struct message *m)
{
    qmgr_store_defer(m, qmgr_deferred_retry_time(m));
    qmgr_turn_soon();
}

static void removed(struct message *m)
{
    qmgr_store_remove(m);
    qmgr_turn_soon();
}

/* --- deferred: warn --- */

static void warned(void *arg, bool ok)
{
    struct message *m = arg;

    notified(m);
    if (ok)
        qmgr_store_no_more_warnings(m);
    defer(m);
}

static void warn(struct message *m)
{
    struct bounce_message b = about(m);

    bounce_warn(&b, warned, m);
}

static void warn_or_defer(struct message *m)
{
    if (m->e.warn_time > 0 && clock_seconds() >= m->e.warn_time - 1)
        qmgr_store_settle(m, warn); /* the file will say that it was done */
    else
        defer(m);
}

/* --- deferred: too old --- */

static bool is_too_old(const struct message *m)
{
    int lifetime = *m->e.sender == 0 ? conf.bounce_queue_lifetime : conf.maximal_queue_lifetime;
    time_t created = m->e.create_time != 0 ? m->e.create_time : m->e.arrival.tv_sec;

    return m->is_force_expired || clock_seconds() >= created + lifetime;
}

static void returned(void *arg, bool ok)
{
    struct message *m = arg;

    notified(m);
    if (ok)
        removed(m);
    else
        defer(m);
}

static void return_to_sender(struct message *m)
{
    struct bounce_message b = about(m);

    log_info("%s: from=<%s>, status=%s, returned to sender", m->queue_id, qmgr_message_log_address(m->e.sender),
        m->is_force_expired ? "force-expired" : "expired");
    bounce_flush_deferred(&b, returned, m);
}

/* --- all recipients have their outcome --- */

static void after_reports(struct message *m)
{
    if (!m->is_deferred)
        removed(m);
    else if (is_too_old(m))
        return_to_sender(m);
    else
        warn_or_defer(m);
}

/* sendmail -v is answered after the first attempt; its file does not ask again. */
static void traced_once(struct message *m)
{
    qmgr_store_no_more_traces(m);
    after_reports(m);
}

static void traced(void *arg, bool ok)
{
    struct message *m = arg;

    notified(m);
    if (!ok)
        m->is_deferred = true;
    if (ok && m->is_deferred && (m->e.trace_flags & TRACE_V) != 0)
        qmgr_store_settle(m, traced_once);
    else
        after_reports(m);
}

static void trace(struct message *m)
{
    if (!qmgr_store_has_log(m, "trace")) {
        after_reports(m);
        return;
    }
    struct bounce_message b = about(m);
    bounce_trace_flush(&b, traced, m);
}

static void bounced(void *arg, bool ok)
{
    struct message *m = arg;

    notified(m);
    if (!ok)
        m->is_deferred = true;
    trace(m);
}

/* A journal entry that is new, and of which no agent has said that it wrote a log, has none: so in
 * the ordinary case nothing is looked up. */
void qmgr_finish(struct message *m)
{
    if (m->is_gone)
        qmgr_store_drop(m);
    else if (!m->has_reports)
        after_reports(m);
    else if (!qmgr_store_has_log(m, "bounce"))
        trace(m);
    else {
        struct bounce_message b = about(m);
        bounce_flush(&b, bounced, m);
    }
}
