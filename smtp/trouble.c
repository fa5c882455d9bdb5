#include "smtp/trouble.h"

#include "base/log.h"
#include "config/config.h"
#include "smtp/filter.h"
#include "smtp/notify.h"

static char *one_line(struct attempt *a, const struct str *text)
{
    char *copy = arena_strndup(a->memory, str_text(text), text->len);

    for (char *p = copy; (p = strchr(p, '\n')) != NULL;)
        *p = ' ';
    return copy;
}

static void set_text(struct attempt *a, const char *status, const char *format, va_list ap)
{
    struct str text = {0};

    str_vaddf(&text, format, ap);
    a->why = (struct dsn){
        .status = arena_strdup(a->memory, status),
        .action = "",
        .reason = one_line(a, &text),
        .diag_type = "",
        .diag_text = "",
        .mta_type = "",
        .mta_name = "",
    };
    str_done(&text);
}

void smtp_trouble_set(struct attempt *a, const char *status, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    set_text(a, status, format, ap);
    va_end(ap);
}

void smtp_trouble_set_reply(struct attempt *a, struct session *s, const char *format, ...)
{
    char status[DSN_STATUS_SIZE];
    va_list ap;

    memcpy(status, s->reply.status, sizeof(status));
    if (status[0] != '4' && status[0] != '5') /* success, where there cannot be one: try again */
        status[0] = '4';
    smtp_notify_failure(s);
    va_start(ap, format);
    set_text(a, status, format, ap);
    va_end(ap);
    a->why.diag_type = "smtp";
    a->why.diag_text = one_line(a, &s->reply.text);
    a->why.mta_type = "dns";
    a->why.mta_name = arena_strdup(a->memory, s->host);
}

/* A failure that waiting may cure: with soft_bounce, every one. */
static bool is_temporary(const struct attempt *a)
{
    return *a->why.status == '4' || (*a->why.status == '5' && conf.soft_bounce);
}

static void finish(struct attempt *a, size_t i)
{
    struct delivery_recipient *r = &a->d->recipients[i];

    if (*a->why.status == '5')
        delivery_bounced(a->d, r, a->relay, a->extra, &a->why);
    else
        delivery_deferred(a->d, r, a->relay, a->extra, &a->why);
    a->progress[i] = PROGRESS_FINISHED;
    a->left--;
}

static bool is_open(enum progress p)
{
    return p == PROGRESS_LEFT || p == PROGRESS_ACCEPTED;
}

void smtp_trouble_all(struct attempt *a, enum trouble_scope scope)
{
    bool waits_for_next = is_temporary(a) && !a->is_final_server;

    if (waits_for_next)
        log_info("%s: %s", a->d->queue_id, a->why.reason);
    for (size_t i = 0; i < a->d->recipient_count; i++) {
        if (!is_open(a->progress[i]))
            continue;
        if (waits_for_next)
            a->progress[i] = PROGRESS_LATER;
        else
            finish(a, i);
    }
    if (!waits_for_next && scope == TROUBLE_HOP && is_temporary(a) && !a->has_completed && *a->d->hop.status == 0)
        a->d->hop = a->why;
}

void smtp_trouble_recipient(struct attempt *a, size_t recipient)
{
    if (is_temporary(a) && !a->is_final_server) {
        log_info("%s: %s", a->d->queue_id, a->why.reason);
        a->progress[recipient] = PROGRESS_LATER;
    } else
        finish(a, recipient);
}

void smtp_trouble_stream(struct attempt *a, struct session *s, const char *doing)
{
    if (stream_error(&s->stream) == STREAM_CANCELLED) /* qmgr is gone: nobody wants to know */
        return;
    if (s->has_data_error)
        smtp_trouble_set(a, "4.3.0", "local data error while talking to %s", s->peer);
    else if (stream_error(&s->stream) == STREAM_TIMEOUT)
        smtp_trouble_set(a, "4.4.2", "conversation with %s timed out while %s", s->peer, doing);
    else
        smtp_trouble_set(a, "4.4.2", "lost connection with %s while %s", s->peer, doing);
    smtp_trouble_all(a, TROUBLE_HOP);
}

void smtp_trouble_none(struct attempt *a, struct session *s, size_t recipient)
{
    struct delivery_recipient *r = &a->d->recipients[recipient];
    bool is_dsn_next = (s->features & FEATURE_DSN) != 0;
    const char *text = one_line(a, &s->reply.text);
    struct dsn dsn = {
        .status = s->reply.status,
        .action = smtp_filter_is_final() || (!is_dsn_next && smtp_is_lmtp() && conf.lmtp_assume_final) ? "delivered"
                                                                                                       : "relayed",
        .reason = text,
        .diag_type = "smtp",
        .diag_text = text,
        .mta_type = "dns",
        .mta_name = s->host,
    };

    if (is_dsn_next) /* whoever delivers in the end will report success */
        r->dsn_notify &= ~DSN_NOTIFY_SUCCESS;
    delivery_sent(a->d, r, a->relay, a->extra, &dsn);
    a->progress[recipient] = PROGRESS_FINISHED;
    a->left--;
}
