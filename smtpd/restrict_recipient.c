/* restrict_recipient.c: restrictions on the recipient's address: above all, who may relay.
 */
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "config/compat.h"
#include "config/config.h"
#include "mail/address.h"
#include "smtpd/recipient.h"
#include "smtpd/restrict_recipient.h"
#include "smtpd/restrict_rule.h"
#include "smtpd/restrict_sender.h"
#include "smtpd/setup.h"

enum destination { OURS, FOREIGN, DUBIOUS, NOT_KNOWN };

/* user@far@near, user%far@near, far!user@near: near would send it on, for anybody. */
static bool is_routed(const struct resolved *r)
{
    size_t n = strcspn(r->recipient, "@%!");

    return (r->flags & RESOLVE_ROUTED) != 0 || n < address_local_len(r->recipient);
}

static enum destination destination_of(struct session *s, const char *recipient)
{
    const struct resolved *r = smtpd_restrict_resolve(s, recipient);

    if (r == NULL)
        return NOT_KNOWN;
    if (address_domain(r->recipient) == NULL)
        return OURS;
    if (!conf.allow_untrusted_routing && is_routed(r))
        return DUBIOUS;
    if ((r->flags & (RESOLVE_CLASS_LOCAL | RESOLVE_CLASS_ALIAS | RESOLVE_CLASS_VIRTUAL)) != 0)
        return OURS;
    if ((r->flags & RESOLVE_CLASS_RELAY) == 0)
        return FOREIGN;
    if (compat.relay_domains)
        log_info("using backwards-compatible default setting relay_domains=$mydestination to accept mail for domain "
            "\"%s\"", address_domain(r->recipient));
    return OURS;
}

void smtpd_restrict_recipient_note_relay(struct session *s, const char *recipient)
{
    if (s->is_stand_alone || match_list_find_client(smtpd_setup.mynetworks, s->peer.name, s->peer.addr) == MATCH_YES)
        return;
    enum destination where = destination_of(s, recipient);
    if (where == FOREIGN || where == DUBIOUS)
        log_info("using backwards-compatible default setting \"smtpd_relay_restrictions = (empty)\" to avoid \"Relay "
            "access denied\" error for recipient \"%s\" from client \"%s\"", recipient, s->peer.namaddr);
}

static enum verdict refuse_foreign(struct session *s, struct reply *why, int code, const char *dsn)
{
    if (s->recipient == NULL)
        return DUNNO;
    switch (destination_of(s, s->recipient)) {
    case OURS:
        return DUNNO;
    case FOREIGN:
    case DUBIOUS:
        return refuse(s, why, code, dsn, "<%s>: Relay access denied", s->recipient);
    case NOT_KNOWN:
        return refuse_lookup(s, why, s->recipient);
    }
    return DUNNO;
}

static enum verdict reject_unauth_destination(struct session *s, const struct rule *rule, struct reply *why)
{
    (void) rule;
    return refuse_foreign(s, why, conf.relay_domains_reject_code, "5.7.1");
}

static enum verdict defer_unauth_destination(struct session *s, const struct rule *rule, struct reply *why)
{
    (void) rule;
    return refuse_foreign(s, why, conf.relay_domains_reject_code - 100, "4.7.1");
}

enum verdict smtpd_restrict_recipient_permit_ours(struct session *s, const struct rule *rule, struct reply *why)
{
    if (s->recipient == NULL)
        return DUNNO;
    switch (destination_of(s, s->recipient)) {
    case OURS:
        return smtpd_verdict_permit(s, rule->what->name, CLASS_RECIPIENT, s->recipient);
    case FOREIGN:
    case DUBIOUS:
        return DUNNO;
    case NOT_KNOWN:
        return refuse_lookup(s, why, s->recipient);
    }
    return DUNNO;
}

static enum verdict reject_non_fqdn_recipient(struct session *s, const struct rule *rule, struct reply *why)
{
    (void) rule;
    /* RFC 5321 4.5.1: postmaster without a domain is always good. */
    if (s->recipient == NULL || strcasecmp(s->recipient, "postmaster") == 0)
        return DUNNO;
    return smtpd_restrict_sender_non_fqdn(s, s->recipient, CLASS_RECIPIENT, why);
}

static enum verdict reject_unknown_recipient_domain(struct session *s, const struct rule *rule, struct reply *why)
{
    (void) rule;
    if (s->recipient == NULL)
        return DUNNO;
    return smtpd_restrict_sender_unknown_domain(s, s->recipient, CLASS_RECIPIENT, why);
}

static enum verdict reject_unlisted_recipient(struct session *s, const struct rule *rule, struct reply *why)
{
    (void) rule;
    return s->recipient == NULL ? DUNNO : smtpd_recipient_check(s, s->recipient, CLASS_RECIPIENT, why);
}

/* RFC 5321 4.5.5: a notification has one recipient, the sender of what it notifies of. */
static enum verdict reject_multi_recipient_bounce(struct session *s, const struct rule *rule, struct reply *why)
{
    unsigned allowed = strcmp(s->where, "RCPT") == 0 ? 0 : 1;

    (void) rule;
    if (s->mail == NULL || s->mail->sender[0] != 0 || s->mail->rcpt_count <= allowed)
        return DUNNO;
    return refuse(s, why, conf.multi_recipient_bounce_reject_code, "5.5.3", "<%s>: %s rejected: Multi-recipient bounce",
        s->checks->name, s->checks->class);
}

const struct restriction smtpd_restrict_recipient_table[] = {
    /* name                            argument evaluate                         guards relay */
    {"reject_unauth_destination",       NO_ARG, reject_unauth_destination,       true},
    {"defer_unauth_destination",        NO_ARG, defer_unauth_destination,        true},
    {"permit_auth_destination",         NO_ARG, smtpd_restrict_recipient_permit_ours, false},
    {"reject_non_fqdn_recipient",       NO_ARG, reject_non_fqdn_recipient,       false},
    {"reject_unknown_recipient_domain", NO_ARG, reject_unknown_recipient_domain, false},
    {"reject_unknown_address",          NO_ARG, reject_unknown_recipient_domain, false},
    {"reject_unlisted_recipient",       NO_ARG, reject_unlisted_recipient,       false},
    {"check_recipient_maps",            NO_ARG, reject_unlisted_recipient,       false},
    {"reject_multi_recipient_bounce",   NO_ARG, reject_multi_recipient_bounce,   false},
    {NULL, NO_ARG, NULL, false}};
