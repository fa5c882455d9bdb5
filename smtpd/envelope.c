#include "smtpd/envelope.h"

#include <string.h>
#include <strings.h>

#include "config/config.h"
#include "queue/envelope.h"
#include "smtpd/restrict.h"
#include "smtpd/setup.h"

static void attr_if(struct cleanup_message *m, const char *name, const char *value)
{
    if (value != NULL && value[0] != 0)
        cleanup_attr(m, name, value);
}

static const char *or_unknown(const char *text)
{
    return text == NULL ? "unknown" : text;
}

/* Who sent it first, as XFORWARD says: what delivery agents log and pass on. */
static void put_origin(struct session *s, struct cleanup_message *m)
{
    const struct forwarded *f = s->forwarded;

    if (f == NULL)
        return;
    cleanup_attr(m, "log_client_name", or_unknown(f->name));
    cleanup_attr(m, "log_client_address", or_unknown(f->addr));
    cleanup_attr(m, "log_client_port", or_unknown(f->port));
    cleanup_attr(m, "log_message_origin", f->namaddr);
    attr_if(m, "log_helo_name", f->helo);
    cleanup_attr(m, "log_protocol_name", or_unknown(f->proto));
}

static void put_client(struct session *s, struct cleanup_message *m)
{
    const struct peer *p = &s->peer;

    if (s->is_stand_alone)
        return;
    if (s->forwarded == NULL) {
        cleanup_attr(m, "log_client_name", p->name);
        cleanup_attr(m, "log_client_address", p->addr);
        cleanup_attr(m, "log_client_port", p->port);
        cleanup_attr(m, "log_message_origin", p->namaddr);
        attr_if(m, "log_helo_name", s->helo_name);
        cleanup_attr(m, "log_protocol_name", s->is_esmtp ? "ESMTP" : "SMTP");
    } else
        put_origin(s, m);
    cleanup_attr(m, "client_name", p->name);
    cleanup_attr(m, "reverse_client_name", p->reverse_name);
    cleanup_attr(m, "client_address", p->addr);
    cleanup_attr(m, "client_port", p->port);
    attr_if(m, "server_address", p->local_addr);
    attr_if(m, "server_port", p->local_port);
    attr_if(m, "helo_name", s->helo_name);
    cleanup_attr(m, "protocol_name", s->is_esmtp ? "ESMTP" : "SMTP");
    cleanup_attr(m, "client_address_type", strchr(p->addr, ':') != NULL ? "10" : "2");
}

static bool is_local_rewrite(struct session *s)
{
    if (s->forwarded != NULL && s->forwarded->domain != NULL)
        return strcasecmp(s->forwarded->domain, "LOCAL") == 0;
    return smtpd_restrict_is_local_rewrite(s);
}

/* Mail of those who may send through us is signed as ours; mail that only claims to be is not. */
static bool is_signed(const struct session *s)
{
    return match_list_find_client(smtpd_setup.mynetworks, s->peer.name, s->peer.addr) == MATCH_YES;
}

/* In the order in which Postfix's smtpd writes them to a queue file. */
void smtpd_envelope_put(struct session *s)
{
    struct mail *mail = s->mail;
    struct cleanup_message *m = mail->cleanup;

    cleanup_add_flags(m, (mail->is_hold ? CLEANUP_HOLD : 0) | (mail->is_discard ? CLEANUP_DISCARD : 0) |
        (is_signed(s) ? CLEANUP_SIGN : 0));
    for (size_t i = 0; i < mail->bcc.count; i++)
        cleanup_recipient(m, mail->bcc.items[i], "", "", DSN_NOTIFY_NEVER);

    cleanup_attr(m, "sender", mail->sender);
    attr_if(m, "filter", mail->filter != NULL ? mail->filter : conf.content_filter);
    attr_if(m, "redirect", mail->redirect);
    if (s->forwarded != NULL)
        attr_if(m, "log_ident", s->forwarded->ident);
    cleanup_attr(m, "rewrite_context", is_local_rewrite(s) ? "local" : "remote");
    attr_if(m, "verp_delimiters", mail->verp);
    attr_if(m, "envelope_id", mail->dsn_envid);
    if (mail->dsn_ret != 0)
        cleanup_attr(m, "ret_flags", mail->dsn_ret == DSN_RET_FULL ? "1" : "2");
    if (mail->body != BODY_UNKNOWN)
        cleanup_attr(m, "encoding", mail->body == BODY_8BIT ? "8bit" : "7bit");
    put_client(s, m);
}
