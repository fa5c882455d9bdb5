/* etrn.c: ETRN (RFC 1985): deliver what is queued for a domain.
 */
#include "base/log.h"
#include "config/config.h"
#include "mail/flush_client.h"
#include "smtpd/chat.h"
#include "smtpd/hostname.h"
#include "smtpd/restrict.h"
#include "smtpd/setup.h"

/* The flush service keeps logs for fast_flush_domains only: for others nobody knows what is queued. */
static struct reply queue_run(struct session *s, const char *domain)
{
    switch (flush_send_site(domain)) {
    case FLUSH_OK:
        return reply(250, NULL, "Queuing started");
    case FLUSH_DENY:
        log_warn("reject: ETRN %.100s... from %s", domain, s->peer.namaddr);
        return smtpd_chat_reply(s, 459, NULL, "<%s>: service unavailable", domain);
    case FLUSH_BAD:
    case FLUSH_FAIL:
        break;
    }
    return reply(458, NULL, "Unable to queue messages");
}

struct reply smtpd_etrn_cmd(struct session *s, const struct words *w)
{
    struct reply why;

    if (conf.smtpd_helo_required && s->helo_name == NULL)
        return reply(503, NULL, "Error: send HELO/EHLO first");
    if (s->mail != NULL)
        return reply(503, NULL, "Error: MAIL transaction in progress");
    if (w->count != 2)
        return reply(500, NULL, "Syntax: ETRN domain");
    const char *domain = w->item[1].text;
    if (domain[0] == '@' || domain[0] == '#') /* RFC 1985 5.1: subdomains, queue names */
        domain++;
    if (!smtpd_hostname_is_valid(domain) && !smtpd_hostname_is_literal(domain))
        return reply(501, NULL, "Error: invalid parameter syntax");
    if (smtpd_restrict_etrn(s, domain, &why) == REJECT)
        return why;
    if (s->is_stand_alone) {
        log_warn("do not use ETRN in \"sendmail -bs\" mode");
        return reply(458, NULL, "Unable to queue messages");
    }
    return queue_run(s, domain);
}
