/* restrict_sender.c: restrictions on the sender's address, and what they share with recipients'.
 */
#include "smtpd/restrict_sender.h"

#include <strings.h>

#include "base/log.h"
#include "config/config.h"
#include "dns/dns.h"
#include "mail/address.h"
#include "smtpd/hostname.h"
#include "smtpd/recipient.h"
#include "smtpd/restrict_rule.h"

enum verdict smtpd_restrict_sender_non_fqdn(struct session *s, const char *address, const char *class,
    struct reply *why)
{
    const char *domain = address_domain(address);

    if (domain != NULL && (domain[0] == '[' || smtpd_hostname_is_qualified(domain)))
        return DUNNO;
    return refuse(s, why, conf.non_fqdn_reject_code, "5.5.2", "<%s>: %s rejected: need fully-qualified address",
        address, class);
}

static enum verdict no_mail_accepted(struct session *s, const char *address, const char *domain, const char *class,
    struct reply *why)
{
    bool is_sender = strcasecmp(class, CLASS_SENDER) == 0;

    return refuse(s, why, is_sender ? 550 : 556, is_sender ? "5.7.27" : "5.1.10",
        "<%s>: %s rejected: Domain %s does not accept mail (nullMX)", address, class, domain);
}

/* Mail for a domain that we are final for needs no DNS. */
enum verdict smtpd_restrict_sender_unknown_domain(struct session *s, const char *address, const char *class,
    struct reply *why)
{
    const char *dsn = strcasecmp(class, CLASS_SENDER) == 0 ? "4.1.8" : "4.1.2";
    const struct resolved *r = smtpd_restrict_resolve(s, address);
    const char *domain = r == NULL ? NULL : address_domain(r->recipient);

    if (r == NULL)
        return refuse_lookup(s, why, address);
    if (domain == NULL || domain[0] == '[' ||
        (r->flags & (RESOLVE_CLASS_LOCAL | RESOLVE_CLASS_ALIAS | RESOLVE_CLASS_VIRTUAL)) != 0)
        return DUNNO;
    switch (dns_mx_or_addr(domain)) {
    case DNS_FOUND:
        return DUNNO;
    case DNS_NONE:
        return refuse(s, why, conf.unknown_address_reject_code, dsn, "<%s>: %s rejected: Domain not found", address,
            class);
    case DNS_POLICY:
        return no_mail_accepted(s, address, domain, class, why);
    case DNS_RETRY:
        return defer_if_permit(s, why, conf.unknown_address_tempfail_action, 450, dsn,
            "<%s>: %s rejected: Domain not found", address, class);
    }
    panic("unknown dns result");
}

/* NULL: there is no sender to judge, or it is the null sender, which every server must take. */
static const char *judged_sender(const struct session *s)
{
    return s->mail == NULL || s->mail->sender[0] == 0 ? NULL : s->mail->sender;
}

static enum verdict reject_non_fqdn_sender(struct session *s, const struct rule *rule, struct reply *why)
{
    const char *sender = judged_sender(s);

    (void) rule;
    return sender == NULL ? DUNNO : smtpd_restrict_sender_non_fqdn(s, sender, CLASS_SENDER, why);
}

static enum verdict reject_unknown_sender_domain(struct session *s, const struct rule *rule, struct reply *why)
{
    const char *sender = judged_sender(s);

    (void) rule;
    return sender == NULL ? DUNNO : smtpd_restrict_sender_unknown_domain(s, sender, CLASS_SENDER, why);
}

static enum verdict reject_unlisted_sender(struct session *s, const struct rule *rule, struct reply *why)
{
    const char *sender = judged_sender(s);

    (void) rule;
    return sender == NULL ? DUNNO : smtpd_recipient_check(s, sender, CLASS_SENDER, why);
}

/* Who owns a sender address matters among clients that log in: without SASL nobody does. */
static enum verdict without_login(struct session *s, const struct rule *rule, struct reply *why)
{
    (void) s;
    (void) why;
    log_warn("restriction `%s' ignored: no SASL support", rule->what->name);
    return DUNNO;
}

/* It stands for two others. */
static enum verdict reject_login_mismatch(struct session *s, const struct rule *rule, struct reply *why)
{
    (void) s;
    (void) rule;
    (void) why;
    log_warn("restriction `reject_authenticated_sender_login_mismatch' ignored: no SASL support");
    log_warn("restriction `reject_unauthenticated_sender_login_mismatch' ignored: no SASL support");
    return DUNNO;
}

const struct restriction smtpd_restrict_sender_table[] = {
    {"reject_non_fqdn_sender",                       NO_ARG, reject_non_fqdn_sender,       false},
    {"reject_unknown_sender_domain",                 NO_ARG, reject_unknown_sender_domain, false},
    {"reject_unlisted_sender",                       NO_ARG, reject_unlisted_sender,       false},
    {"reject_sender_login_mismatch",                 NO_ARG, reject_login_mismatch,        false},
    {"reject_known_sender_login_mismatch",           NO_ARG, without_login,                false},
    {"reject_authenticated_sender_login_mismatch",   NO_ARG, without_login,                false},
    {"reject_unauthenticated_sender_login_mismatch", NO_ARG, without_login,                false},
    {NULL, NO_ARG, NULL, false}};
