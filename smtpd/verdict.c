#include "smtpd/verdict.h"

#include <stdarg.h>
#include <strings.h>

#include "base/log.h"
#include "config/config.h"
#include "mail/postmaster.h"
#include "mail/quote.h"
#include "smtpd/chat.h"
#include "smtpd/setup.h"

static const char *external(struct arena *a, const char *address)
{
    struct str buf = {0};
    const char *text = quote_822(address, &buf);

    if (text != address)
        text = arena_strdup(a, text);
    str_done(&buf);
    return text;
}

/* What info_log_address_format says. */
static const char *logged_address(struct session *s, const char *address)
{
    return strcasecmp(conf.info_log_address_format, "internal") == 0 ? address : external(&s->scratch, address);
}

void smtpd_verdict_log(struct session *s, const char *action, const char *text)
{
    struct str line = {0};
    const struct mail *m = s->mail;

    str_addf(&line, "%s: %s: %s from %s: %s;", m != NULL && m->queue_id != NULL ? m->queue_id : "NOQUEUE", action,
        s->where, s->peer.namaddr, text);
    if (m != NULL && m->sender != NULL)
        str_addf(&line, " from=<%s>", logged_address(s, m->sender));
    if (s->recipient != NULL)
        str_addf(&line, " to=<%s>", logged_address(s, s->recipient));
    str_addf(&line, " proto=%s", s->is_esmtp ? "ESMTP" : "SMTP");
    if (s->helo_name != NULL)
        str_addf(&line, " helo=<%s>", s->helo_name);
    log_info("%s", str_text(&line));
    str_done(&line);
}

/* The reply as it will be sent, for the log: after soft_bounce. */
static const char *logged_reply(struct session *s, const struct reply *r)
{
    bool is_soft = conf.soft_bounce && r->code >= 500;

    char *text = arena_printf(&s->scratch, "%d %c%s %s", is_soft ? r->code - 100 : r->code, is_soft ? '4' : r->dsn[0],
        r->dsn + 1, r->text);

    smtpd_chat_mask(text);
    return text;
}

/* RFC 3463: the first digit of both codes says the same. */
static const char *consistent_dsn(struct session *s, int code, const char *dsn)
{
    char class = (char) ('0' + code / 100);

    if (dsn[0] == class || (class != '4' && class != '5' && class != '2'))
        return dsn;
    return arena_printf(&s->scratch, "%c%s", class, dsn + 1);
}

enum verdict smtpd_verdict_reply(struct session *s, int notify, struct reply *why, struct reply r)
{
    struct checks *c = s->checks;
    bool is_ours = (notify & (NOTIFY_SOFTWARE | NOTIFY_RESOURCE | NOTIFY_DATA)) != 0;

    s->error_classes |= notify;
    if (c != NULL && c->is_warning && !is_ours) {
        smtpd_verdict_log(s, "reject_warning", logged_reply(s, &r));
        return DUNNO;
    }
    if (c != NULL && c->defer_if_reject.is_active && r.code >= 500)
        r = (struct reply){
            .code = c->defer_if_reject.code, .dsn = c->defer_if_reject.dsn, .text = c->defer_if_reject.text};
    r.dsn = consistent_dsn(s, r.code, r.dsn);
    smtpd_verdict_log(s, "reject", logged_reply(s, &r));
    *why = r;
    return REJECT;
}

static const char *format_text(struct session *s, const char *format, va_list ap) PRINTF(2, 0);
static const char *format_text(struct session *s, const char *format, va_list ap)
{
    struct str text = {0};

    str_vaddf(&text, format, ap);
    const char *kept = arena_strndup(&s->scratch, str_text(&text), text.len);
    str_done(&text);
    return kept;
}

enum verdict smtpd_verdict_refuse(struct session *s, struct reply *why, int notify, int code, const char *dsn,
    const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    const char *text = format_text(s, format, ap);
    va_end(ap);
    return smtpd_verdict_reply(s, notify, why, reply(code, dsn, text));
}

/* The first reason is kept: later ones often follow from it. */
static void remember(struct pending *p, int code, const char *dsn, const char *text)
{
    if (!p->is_active)
        *p = (struct pending){.is_active = true, .code = code, .dsn = dsn, .text = text};
}

enum verdict smtpd_verdict_defer_if_permit(struct session *s, struct reply *why, const char *action, int code,
    const char *dsn, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    const char *text = format_text(s, format, ap);
    va_end(ap);
    if (s->checks->is_warning || strcasecmp(action, "defer") == 0)
        return smtpd_verdict_reply(s, NOTIFY_POLICY, why, reply(code, dsn, text));
    remember(&s->checks->defer_if_permit, code, dsn, text);
    return DUNNO;
}

enum verdict smtpd_verdict_defer_if_reject(struct session *s, int code, const char *dsn, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    remember(&s->checks->defer_if_reject, code, dsn, format_text(s, format, ap));
    va_end(ap);
    return DUNNO;
}

enum verdict smtpd_verdict_permit_from(struct session *s, const char *action, const char *class, const char *name,
    const char *source)
{
    bool is_logged = !s->checks->is_silent && !match_list_is_empty(smtpd_setup.permit_log) &&
        match_list_find(smtpd_setup.permit_log, action) == MATCH_YES;

    if (is_logged)
        smtpd_verdict_log(
            s, "permit", arena_printf(&s->scratch, "action=%s for %s=%s %s", action, class, name, source));
    return PERMIT;
}

enum verdict smtpd_verdict_permit(struct session *s, const char *action, const char *class, const char *name)
{
    return smtpd_verdict_permit_from(s, action, class, name, "");
}
