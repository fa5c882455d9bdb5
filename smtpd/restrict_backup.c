/* restrict_backup.c: permit_mx_backup: mail for domains that name us, or a proxy in front of us, as a mail exchanger
 * for bad times.
 */
#include "config/config.h"
#include "config/interfaces.h"
#include "dns/dns.h"
#include "mail/address.h"
#include "smtpd/restrict_recipient.h"
#include "smtpd/restrict_rule.h"
#include "smtpd/setup.h"

/* What a look at some mail exchangers finds. */
enum found { NO, YES, UNKNOWN };

typedef bool test(const struct net_addr *addr);

static bool is_ours(const struct net_addr *addr)
{
    return interfaces_has(interfaces_own(), addr) || interfaces_has(interfaces_proxy(), addr);
}

static bool is_in_networks(const struct net_addr *addr)
{
    char text[NET_HOST_LEN];

    return match_list_find_client(smtpd_setup.mx_networks, "", net_host(addr, text)) == MATCH_YES;
}

static enum found has_address(struct arena *a, const char *host, test *is_wanted)
{
    struct dns_answer answer;

    if (dns_addr(a, host, DNS_HOSTS, &answer) != DNS_FOUND)
        return UNKNOWN;
    for (size_t i = 0; i < answer.count; i++)
        if (is_wanted(&answer.records[i].addr))
            return YES;
    return NO;
}

/* Has one of these exchangers an address that is wanted? */
static enum found any(struct arena *a, const struct dns_record *mx, size_t count, test *is_wanted)
{
    enum found result = NO;

    for (size_t i = 0; i < count && result != YES; i++) {
        enum found one = has_address(a, mx[i].name, is_wanted);
        if (one != NO)
            result = one;
    }
    return result;
}

/* Are we one of the exchangers, but not one of the first choice? */
static enum found is_backup(struct arena *a, const struct dns_answer *answer)
{
    const struct dns_record *mx = answer->records;
    size_t first = 0;

    while (first < answer->count && mx[first].preference == mx[0].preference)
        first++;
    enum found result = any(a, mx, first, is_ours);
    if (result != NO)
        return result == YES ? NO : UNKNOWN;
    result = any(a, mx + first, answer->count - first, is_ours);
    if (result == YES && *conf.permit_mx_backup_networks != 0)
        result = any(a, mx, first, is_in_networks);
    return result;
}

static enum found look(const char *domain)
{
    struct dns_answer answer;
    struct arena a = {0};
    enum found result = NO;

    switch (dns_mx(&a, domain, 0, &answer)) {
    case DNS_FOUND:
        result = is_backup(&a, &answer);
        break;
    case DNS_RETRY:
        result = UNKNOWN;
        break;
    case DNS_NONE:
    case DNS_POLICY:
        break;
    }
    arena_done(&a);
    return result;
}

/* What cannot be found out must not cost mail: what is refused later is deferred. */
static enum verdict permit_mx_backup(struct session *s, const struct rule *rule, struct reply *why)
{
    if (s->recipient == NULL)
        return DUNNO;
    enum verdict v = smtpd_restrict_recipient_permit_ours(s, rule, why);
    const char *domain = address_domain(s->recipient);
    if (v != DUNNO || domain == NULL || *domain == '[')
        return v;
    switch (look(domain)) {
    case YES:
        return smtpd_verdict_permit(s, rule->what->name, CLASS_RECIPIENT, s->recipient);
    case NO:
        return DUNNO;
    case UNKNOWN:
        return smtpd_verdict_defer_if_reject(s, 450, "4.4.4",
            "<%s>: %s rejected: Unable to look up mail exchanger information", s->recipient, CLASS_RECIPIENT);
    }
    return DUNNO;
}

const struct restriction smtpd_restrict_backup_table[] = {
    {"permit_mx_backup", NO_ARG, permit_mx_backup, false},
    {NULL, NO_ARG, NULL, false}};
