/* etrn.c: ETRN (RFC 1985): deliver what is queued for a domain.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "ipc/attr.h"
#include "ipc/client.h"
#include "smtpd/chat.h"
#include "smtpd/hostname.h"
#include "smtpd/restrict.h"
#include "smtpd/setup.h"

enum { FLUSH_MS = 30000 };

static bool ask_flush_service(const char *domain)
{
    static struct client *service;
    struct str request = {0}, answer = {0};
    struct attrs list;

    if (service == NULL) {
        char *path = mem_printf("public/%s", conf.flush_service_name);
        service = client_new(path, NULL, NULL);
        mem_free(path);
    }
    attr_put(&request, "request", "send_site");
    attr_put(&request, "site", domain);
    attr_end(&request);
    bool ok = client_ask(service, &request, &answer, clock_after(FLUSH_MS));
    const char *cursor = str_text(&answer);
    ok = ok && attrs_parse(&cursor, cursor + answer.len, &list) && attrs_long(&list, "status", -1) == 0;
    str_done(&request);
    str_done(&answer);
    return ok;
}

/* The flush service keeps logs for fast_flush_domains only: for others nobody knows what is queued. */
static struct reply queue_run(struct session *s, const char *domain)
{
    switch (match_list_find(smtpd_setup.flush_domains, domain)) {
    case MATCH_NO:
        return smtpd_chat_reply(s, 459, NULL, "<%s>: service unavailable", domain);
    case MATCH_YES:
        if (ask_flush_service(domain))
            return reply(250, NULL, "Queuing started");
        break;
    case MATCH_ERROR:
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
    return queue_run(s, domain);
}
