/* restrict_map.c: access tables, by client, HELO name, sender or recipient, and by the servers of
 * their domains.
 */
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "config/config.h"
#include "dns/dns.h"
#include "mail/addr_find.h"
#include "mail/address.h"
#include "smtpd/access.h"
#include "smtpd/restrict_rule.h"
#include "smtpd/setup.h"

/* What is judged: the subject of a check. */
#define about(name_, class_) (&(struct subject){.name = (name_), .class = (class_)})
struct subject {
    const char *name;   /* as the reply tells it */
    const char *class;
    bool is_known;      /* the table had an entry, be it DUNNO: no other key is tried */
};

static enum verdict conclude(struct session *s, const struct rule *rule, enum table_result found, struct str *value,
    const char *key, struct subject *subject, struct reply *why)
{
    enum verdict v = DUNNO;

    switch (found) {
    case TABLE_FOUND:
        subject->is_known = true;
        v = smtpd_access_act(s, arena_strdup(&s->scratch, str_text(value)), rule->text, key, subject->name,
            subject->class, why);
        break;
    case TABLE_ABSENT:
        break;
    case TABLE_ERROR:
        v = smtpd_verdict_refuse(s, why, NOTIFY_DATA, 451, "4.3.5", "<%s>: %s rejected: Server configuration error",
            subject->name, subject->class);
        break;
    }
    str_done(value);
    return v;
}

static enum verdict check_domain(struct session *s, const struct rule *rule, const char *domain,
    struct subject *subject, struct reply *why)
{
    struct str value = {0};
    enum table_result found =
        addr_find_domain(rule->tables, domain, match_parent("smtpd_access_maps"), &value);

    return conclude(s, rule, found, &value, domain, subject, why);
}

static enum verdict check_network(struct session *s, const struct rule *rule, const char *addr, struct subject *subject,
    struct reply *why)
{
    struct str value = {0};
    enum table_result found = addr_find_network(rule->tables, addr, &value);

    return conclude(s, rule, found, &value, addr, subject, why);
}

static enum verdict check_name_and_address(struct session *s, const struct rule *rule, const char *name,
    const char *addr, struct subject *subject, struct reply *why)
{
    enum verdict v = check_domain(s, rule, name, subject, why);

    return v == DUNNO && !subject->is_known ? check_network(s, rule, addr, subject, why) : v;
}

static enum verdict check_address(struct session *s, const struct rule *rule, const char *address, const char *class,
    struct reply *why)
{
    struct str value = {0};
    struct addr_find f = {.tables = rule->tables, .delimiters = conf.recipient_delimiter,
        .double_bounce = conf.double_bounce_sender,
        .steps = ADDR_FIND_ACCESS |
            (match_parent("smtpd_access_maps") ? ADDR_FIND_PARENTS : ADDR_FIND_DOT_PARENTS)};
    const struct resolved *r = smtpd_restrict_resolve(s, address);

    if (r == NULL)
        return refuse_lookup(s, why, address);
    enum table_result found = addr_find(&f, r->recipient, &value, NULL);
    return conclude(s, rule, found, &value, address, about(address, class), why);
}

/* --- by what the client says --- */

static enum verdict check_client(struct session *s, const struct rule *rule, struct reply *why)
{
    return check_name_and_address(
        s, rule, s->peer.name, s->peer.addr, about(s->peer.namaddr, CLASS_CLIENT), why);
}

static enum verdict check_reverse_client(struct session *s, const struct rule *rule, struct reply *why)
{
    return check_domain(
        s, rule, s->peer.reverse_name, about(s->peer.reverse_name, CLASS_REVERSE_CLIENT), why);
}

static enum verdict check_helo(struct session *s, const struct rule *rule, struct reply *why)
{
    if (s->helo_name == NULL)
        return DUNNO;
    return check_domain(s, rule, s->helo_name, about(s->helo_name, CLASS_HELO), why);
}

static enum verdict check_null_sender(struct session *s, const struct rule *rule, struct reply *why)
{
    const char *key = conf.smtpd_null_access_lookup_key;
    struct str value = {0};

    return conclude(s, rule, table_list_find(rule->tables, key, &value), &value, key,
        about("", CLASS_SENDER), why);
}

static enum verdict check_sender(struct session *s, const struct rule *rule, struct reply *why)
{
    if (s->mail == NULL)
        return DUNNO;
    if (s->mail->sender[0] == 0)
        return check_null_sender(s, rule, why);
    return check_address(s, rule, s->mail->sender, CLASS_SENDER, why);
}

static enum verdict check_recipient(struct session *s, const struct rule *rule, struct reply *why)
{
    return s->recipient == NULL ? DUNNO : check_address(s, rule, s->recipient, CLASS_RECIPIENT, why);
}

static enum verdict check_etrn(struct session *s, const struct rule *rule, struct reply *why)
{
    if (strcmp(s->checks->class, CLASS_ETRN) != 0)
        return DUNNO;
    return check_domain(s, rule, s->checks->name, about(s->checks->name, CLASS_ETRN), why);
}

/* A bare type:table is about what its list is about; in the lists for the message, about the
 * recipient. */
enum verdict smtpd_restrict_map_by_class(struct session *s, const struct rule *rule, struct reply *why)
{
    static const struct {
        const char *class;
        evaluator *check;
    } checks[] = {{CLASS_CLIENT, check_client}, {CLASS_HELO, check_helo}, {CLASS_SENDER, check_sender},
        {CLASS_RECIPIENT, check_recipient}, {CLASS_ETRN, check_etrn}};

    for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
        if (strcmp(s->checks->class, checks[i].class) == 0)
            return checks[i].check(s, rule, why);
    return check_recipient(s, rule, why);
}

/* --- by the servers of a domain --- */

/* One server: its name, then its addresses. */
static enum verdict check_server(struct session *s, const struct rule *rule, struct arena *a, const char *host,
    struct subject *subject, struct reply *why)
{
    enum { MAX_ADDRESSES = 100 };
    struct dns_answer answer;
    char text[NET_HOST_LEN];
    enum verdict v = check_domain(s, rule, host, subject, why);

    if (v != DUNNO || subject->is_known)
        return v;
    if (dns_addr(a, host, DNS_HOSTS, &answer) != DNS_FOUND) {
        log_warn("Unable to look up host %s for %s %s: %s", host, subject->class, subject->name, answer.reason);
        return DUNNO;
    }
    for (size_t i = 0; i < answer.count && i < MAX_ADDRESSES && v == DUNNO && !subject->is_known; i++)
        v = check_network(s, rule, net_host(&answer.records[i].addr, text), subject, why);
    return v;
}

/* Mail for a domain without MX goes to its address (RFC 5321 5.1): it is its own server. Name
 * servers are those of the closest parent that has some. */
static void find_servers(struct arena *a, const char *domain, enum dns_type type, struct dns_answer *answer)
{
    const char *parent = domain;

    if (type == DNS_MX)
        dns_mx(a, domain, 0, answer);
    else
        dns_query(a, domain, type, 0, answer);
    while (type == DNS_NS && answer->result == DNS_NONE && (parent = strchr(parent, '.')) != NULL) {
        parent++;
        if (strchr(parent, '.') == NULL)
            return; /* a top-level domain's servers say nothing about this domain */
        dns_query(a, parent, type, 0, answer);
    }
}

static enum verdict check_servers(struct session *s, const struct rule *rule, const char *domain,
    enum dns_type type, struct subject *subject, struct reply *why)
{
    struct arena a = {0};
    struct dns_answer answer = {0};
    enum verdict v = DUNNO;

    if (domain == NULL)
        return DUNNO;
    if (domain[0] == '[') { /* an address literal is its own server */
        size_t skip = strncasecmp(domain, "[IPv6:", 6) == 0 ? 6 : 1;
        char *addr = arena_strndup(&a, domain + skip, strcspn(domain + skip, "]"));
        v = check_network(s, rule, addr, subject, why);
        arena_done(&a);
        return v;
    }
    if (type != DNS_A)
        find_servers(&a, domain, type, &answer);
    if (type == DNS_A || (type == DNS_MX && answer.result == DNS_NONE))
        v = check_server(s, rule, &a, domain, subject, why);
    else if (answer.result != DNS_FOUND)
        log_warn("Unable to look up %s host for %s: %s", dns_type_name(type), domain, answer.reason);
    for (size_t i = 0; answer.result == DNS_FOUND && i < answer.count && v == DUNNO && !subject->is_known; i++)
        v = check_server(s, rule, &a, answer.records[i].name, subject, why);
    arena_done(&a);
    return v;
}

/* The subject that a rule's name tells: check_SUBJECT_TYPE_access. */
static enum verdict check_servers_of(struct session *s, const struct rule *rule, struct reply *why)
{
    const char *what = rule->what->name + strlen("check_");
    enum dns_type type = strstr(what, "_mx_") != NULL ? DNS_MX : strstr(what, "_ns_") != NULL ? DNS_NS : DNS_A;
    const char *sender = s->mail == NULL ? "" : s->mail->sender;

    if (strncmp(what, "client", 6) == 0)
        return strcmp(s->peer.name, "unknown") == 0 ? DUNNO : check_servers(s, rule, s->peer.name, type,
            about(s->peer.namaddr, CLASS_CLIENT), why);
    if (strncmp(what, "reverse", 7) == 0)
        return strcmp(s->peer.reverse_name, "unknown") == 0 ? DUNNO : check_servers(s, rule, s->peer.reverse_name,
            type, about(s->peer.reverse_name, CLASS_REVERSE_CLIENT), why);
    if (strncmp(what, "helo", 4) == 0)
        return s->helo_name == NULL ? DUNNO
            : check_servers(s, rule, s->helo_name, type, about(s->helo_name, CLASS_HELO), why);
    if (strncmp(what, "sender", 6) == 0)
        return check_servers(s, rule, address_domain(sender), type, about(sender, CLASS_SENDER), why);
    if (s->recipient == NULL)
        return DUNNO;
    return check_servers(s, rule, address_domain(s->recipient), type, about(s->recipient, CLASS_RECIPIENT),
        why);
}

#define SERVERS_OF(subject) \
    {"check_" subject "_mx_access", MAP_ARG, check_servers_of, false}, \
    {"check_" subject "_ns_access", MAP_ARG, check_servers_of, false}, \
    {"check_" subject "_a_access", MAP_ARG, check_servers_of, false}

const struct restriction smtpd_restrict_map_table[] = {
    {"check_client_access", MAP_ARG, check_client, false},
    {"check_reverse_client_hostname_access", MAP_ARG, check_reverse_client, false},
    {"check_helo_access", MAP_ARG, check_helo, false},
    {"check_sender_access", MAP_ARG, check_sender, false},
    {"check_recipient_access", MAP_ARG, check_recipient, false},
    {"check_etrn_access", MAP_ARG, check_etrn, false},
    SERVERS_OF("client"), SERVERS_OF("reverse_client_hostname"), SERVERS_OF("helo"), SERVERS_OF("sender"),
    SERVERS_OF("recipient"),
    {NULL, NO_ARG, NULL, false}};
