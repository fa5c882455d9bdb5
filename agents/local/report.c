#include "agents/local/report.h"

#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "mail/bounce_client.h"

static struct dsn dsn_of(const char *status, const struct str *reason)
{
    return (struct dsn){.status = status, .action = "", .reason = str_text(reason), .diag_type = "", .diag_text = "",
        .mta_type = "", .mta_name = ""};
}

static struct delivery_recipient recipient_of(const struct target *t)
{
    return (struct delivery_recipient){.address = t->address, .original = t->original, .dsn_orcpt = t->dsn_orcpt,
        .dsn_notify = t->dsn_notify, .offset = t->job->recipient->offset};
}

static enum outcome end(const struct target *t, const struct delivery_recipient *r)
{
    t->job->is_all_sent = t->job->is_all_sent && r->is_sent;
    return r->outcome;
}

static enum outcome sent(const struct target *t, const struct str *reason, const char *action)
{
    struct delivery_recipient r = recipient_of(t);
    struct dsn dsn = dsn_of("2.0.0", reason);

    dsn.action = action;
    t->job->d->finished = clock_wall();
    delivery_sent(t->job->d, &r, daemon_service_name(), "", &dsn);
    return end(t, &r);
}

enum outcome local_report_sent(const struct target *t, const char *format, ...)
{
    struct str text = {0};
    va_list ap;

    va_start(ap, format);
    str_vaddf(&text, format, ap);
    va_end(ap);
    enum outcome outcome = sent(t, &text, "");
    str_done(&text);
    return outcome;
}

enum outcome local_report_relayed(const struct target *t, const char *queue_id)
{
    struct str text = {0};

    str_addf(&text, "forwarded as %s", queue_id);
    enum outcome outcome = sent(t, &text, "relayed");
    str_done(&text);
    return outcome;
}

enum outcome local_report_dsn(const struct target *t, const struct dsn *dsn)
{
    struct delivery *d = t->job->d;
    struct delivery_recipient r = recipient_of(t);

    d->finished = clock_wall();
    if (*dsn->status == '4') {
        delivery_deferred(d, &r, daemon_service_name(), "", dsn);
        return end(t, &r);
    }
    if (strcmp(t->sender, d->sender) != 0)
        d->owner = t->sender;
    delivery_bounced(d, &r, daemon_service_name(), "", dsn);
    d->owner = NULL;
    return end(t, &r);
}

enum outcome local_report_failed(const struct target *t, const char *status, const char *format, ...)
{
    struct str text = {0};
    va_list ap;

    va_start(ap, format);
    str_vaddf(&text, format, ap);
    va_end(ap);
    struct dsn dsn = dsn_of(status, &text);
    enum outcome outcome = local_report_dsn(t, &dsn);
    str_done(&text);
    return outcome;
}

enum outcome local_report_copy(const struct target *t, const struct copy *c, const char *format, ...)
{
    struct str text = {0};
    va_list ap;

    va_start(ap, format);
    str_vaddf(&text, format, ap);
    va_end(ap);
    struct dsn dsn = copy_dsn(c, str_text(&text));
    enum outcome outcome = local_report_dsn(t, &dsn);
    str_done(&text);
    return outcome;
}

void local_report_expanded(const struct target *t, const char *action)
{
    struct delivery_recipient r = recipient_of(t);
    struct str text = {0};

    if ((t->dsn_notify & DSN_NOTIFY_SUCCESS) == 0)
        return;
    str_addf(&text, "delivery via %s: alias expanded", daemon_service_name());
    struct dsn dsn = dsn_of("2.0.0", &text);
    dsn.action = action;
    dsn.diag_type = "X-Postfix";
    dsn.diag_text = dsn.reason;
    t->job->is_all_sent = false; /* there is a report for qmgr to have sent */
    if (!bounce_append(BOUNCE_SERVICE_TRACE, t->job->d->queue_id, &r, daemon_service_name(), &dsn))
        log_warn("%s: %s service failure", t->job->d->queue_id, conf.trace_service_name);
    str_done(&text);
}

void local_report_without_success(struct target *t)
{
    if ((t->dsn_notify & DSN_NOTIFY_SUCCESS) == 0)
        return;
    t->dsn_notify &= ~DSN_NOTIFY_SUCCESS;
    if (t->dsn_notify == 0)
        t->dsn_notify = DSN_NOTIFY_NEVER; /* 0 would mean failures */
}

enum outcome local_report_both(enum outcome a, enum outcome b)
{
    return a == OUTCOME_DONE && b == OUTCOME_DONE ? OUTCOME_DONE : OUTCOME_DEFERRED;
}
