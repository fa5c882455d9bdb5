/* restrict_client.c: restrictions on who is connected.
 */
#include "base/log.h"
#include "config/config.h"
#include "config/interfaces.h"
#include "smtpd/restrict_rule.h"
#include "smtpd/setup.h"

/* mynetworks is what it is by a default of old: will the client be in it with the new one? */
static void note_old_networks(const struct session *s)
{
    struct match_list *list = smtpd_setup.new_networks;

    if (list != NULL && match_list_find_client(list, s->peer.name, s->peer.addr) == MATCH_NO)
        log_info("using backwards-compatible default setting mynetworks_style=%s to permit request from client \"%s\"",
            conf.mynetworks_style, s->peer.namaddr);
}

static enum verdict permit_mynetworks(struct session *s, const struct rule *rule, struct reply *why)
{
    switch (match_list_find_client(smtpd_setup.mynetworks, s->peer.name, s->peer.addr)) {
    case MATCH_YES:
        note_old_networks(s);
        return smtpd_verdict_permit(s, rule->what->name, CLASS_CLIENT, s->peer.namaddr);
    case MATCH_NO:
        return DUNNO;
    case MATCH_ERROR:
        return refuse_lookup(s, why, s->peer.namaddr);
    }
    panic("unknown match result");
}

static enum verdict permit_inet_interfaces(struct session *s, const struct rule *rule, struct reply *why)
{
    const struct net_addr *addr = &s->peer.sock;

    (void) why;
    if (!interfaces_has(interfaces_own(), addr) && !interfaces_has(interfaces_proxy(), addr))
        return DUNNO;
    return smtpd_verdict_permit(s, rule->what->name, CLASS_CLIENT, s->peer.namaddr);
}

/* A name that cannot be found now may be found later, whatever the code for "there is none". */
static int unknown_code(enum name_status status)
{
    return status >= NAME_PERMANENT ? conf.unknown_client_reject_code : 450;
}

static enum verdict reject_unknown_client(struct session *s, const struct rule *rule, struct reply *why)
{
    (void) rule;
    if (s->peer.name_status == NAME_OK)
        return DUNNO;
    return refuse(s, why, unknown_code(s->peer.name_status), "4.7.25",
        "Client host rejected: cannot find your hostname, [%s]", s->peer.addr);
}

static enum verdict reject_unknown_reverse(struct session *s, const struct rule *rule, struct reply *why)
{
    (void) rule;
    if (s->peer.reverse_name_status == NAME_OK)
        return DUNNO;
    return refuse(s, why, unknown_code(s->peer.reverse_name_status), "4.7.1",
        "Client host rejected: cannot find your reverse hostname, [%s]", s->peer.addr);
}

const struct restriction smtpd_restrict_client_table[] = {
    {"permit_mynetworks",                       NO_ARG, permit_mynetworks,      false},
    {"permit_inet_interfaces",                  NO_ARG, permit_inet_interfaces, false},
    {"reject_unknown_client_hostname",          NO_ARG, reject_unknown_client,  false},
    {"reject_unknown_client",                   NO_ARG, reject_unknown_client,  false},
    {"reject_unknown_reverse_client_hostname",  NO_ARG, reject_unknown_reverse, false},
    {NULL, NO_ARG, NULL, false}};
