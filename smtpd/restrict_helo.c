/* restrict_helo.c: restrictions on the name in HELO and EHLO.
 */
#include <string.h>

#include "base/log.h"
#include "base/utf8.h"
#include "config/config.h"
#include "dns/dns.h"
#include "smtpd/hostname.h"
#include "smtpd/restrict_rule.h"

/* RFC 5321 4.1.4: a client without a name gives its address in brackets. */
static enum verdict check_literal(struct session *s, struct reply *why)
{
    if (smtpd_hostname_is_literal(s->helo_name))
        return DUNNO;
    return refuse(s, why, conf.invalid_hostname_reject_code, "5.5.2", "<%s>: %s rejected: invalid ip address",
        s->helo_name, CLASS_HELO);
}

static bool has_no_name(const struct session *s)
{
    return s->helo_name == NULL || s->helo_name[0] == '[';
}

static enum verdict without_name(struct session *s, struct reply *why)
{
    return s->helo_name == NULL ? DUNNO : check_literal(s, why);
}

/* RFC 6531 3.7.1: before MAIL nobody has said that names beyond ASCII are welcome. */
static bool is_ascii(const char *name)
{
    return utf8_is_ascii(name, strlen(name));
}

static enum verdict reject_invalid(struct session *s, const struct rule *rule, struct reply *why)
{
    const char *name = s->helo_name;

    (void) rule;
    if (has_no_name(s))
        return without_name(s, why);
    if (is_ascii(name) &&
        (smtpd_hostname_is_valid(name) || smtpd_hostname_is_qualified(name) || smtpd_hostname_is_address(name)))
        return DUNNO;
    return refuse(
        s, why, conf.invalid_hostname_reject_code, "5.5.2", "<%s>: %s rejected: Invalid name", name, CLASS_HELO);
}

static enum verdict reject_non_fqdn(struct session *s, const struct rule *rule, struct reply *why)
{
    (void) rule;
    if (has_no_name(s))
        return without_name(s, why);
    if (is_ascii(s->helo_name) && smtpd_hostname_is_qualified(s->helo_name))
        return DUNNO;
    return refuse(s, why, conf.non_fqdn_reject_code, "5.5.2", "<%s>: %s rejected: need fully-qualified hostname",
        s->helo_name, CLASS_HELO);
}

static enum verdict reject_unknown(struct session *s, const struct rule *rule, struct reply *why)
{
    (void) rule;
    if (has_no_name(s))
        return without_name(s, why);
    switch (dns_mx_or_addr(s->helo_name)) {
    case DNS_FOUND:
    case DNS_POLICY:
        return DUNNO;
    case DNS_NONE:
        return refuse(s, why, conf.unknown_hostname_reject_code, "4.7.1", "<%s>: %s rejected: Host not found",
            s->helo_name, CLASS_HELO);
    case DNS_RETRY:
        return defer_if_permit(s, why, conf.unknown_helo_hostname_tempfail_action, 450, "4.7.1",
            "<%s>: %s rejected: Host not found", s->helo_name, CLASS_HELO);
    }
    panic("unknown dns result");
}

const struct restriction smtpd_restrict_helo_table[] = {
    {"reject_invalid_helo_hostname",  NO_ARG, reject_invalid,  false},
    {"reject_invalid_hostname",       NO_ARG, reject_invalid,  false},
    {"reject_non_fqdn_helo_hostname", NO_ARG, reject_non_fqdn, false},
    {"reject_non_fqdn_hostname",      NO_ARG, reject_non_fqdn, false},
    {"reject_unknown_helo_hostname",  NO_ARG, reject_unknown,  false},
    {"reject_unknown_hostname",       NO_ARG, reject_unknown,  false},
    {NULL, NO_ARG, NULL, false}};
