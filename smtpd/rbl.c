#include "smtpd/rbl.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "dns/dns.h"
#include "smtpd/hostname.h"

/* The set of values that one byte of the answer may have. */
struct byte_set {
    uint8_t bits[32];
};

struct rbl {
    const char *domain;
    bool has_filter;
    struct byte_set filter[4];
};

static void add_range(struct byte_set *set, unsigned long from, unsigned long to)
{
    for (unsigned long i = from; i <= to; i++)
        set->bits[i / 8] |= (uint8_t) (1 << i % 8);
}

static bool has_byte(const struct byte_set *set, unsigned byte)
{
    return (set->bits[byte / 8] & 1 << byte % 8) != 0;
}

static bool parse_number(const char **text, unsigned long *number)
{
    char *end;

    if (**text < '0' || **text > '9')
        return false;
    *number = strtoul(*text, &end, 10);
    *text = end;
    return *number <= 255;
}

/* "7", or inside of brackets "1..3". */
static bool parse_range(const char **text, struct byte_set *set, bool may_have_range)
{
    unsigned long from, to;

    if (!parse_number(text, &from))
        return false;
    to = from;
    if (may_have_range && strncmp(*text, "..", 2) == 0) {
        *text += 2;
        if (!parse_number(text, &to))
            return false;
    }
    if (to < from)
        return false;
    add_range(set, from, to);
    return true;
}

/* "7" or "[1;3..5]". */
static bool parse_byte(const char **text, struct byte_set *set)
{
    if (**text != '[')
        return parse_range(text, set, false);
    do {
        ++*text;
        if (!parse_range(text, set, true))
            return false;
    } while (**text == ';');
    return *(*text)++ == ']';
}

static bool parse_filter(struct rbl *rbl, const char *text)
{
    for (int i = 0; i < 4; i++) {
        if (i > 0 && *text++ != '.')
            return false;
        if (!parse_byte(&text, &rbl->filter[i]))
            return false;
    }
    rbl->has_filter = true;
    return *text == 0;
}

const struct rbl *smtpd_rbl_parse(struct arena *a, const char *text)
{
    struct rbl *rbl = arena_new(a, struct rbl);
    size_t n = strcspn(text, "=");

    rbl->domain = arena_strndup(a, text, n);
    if (!smtpd_hostname_is_valid(rbl->domain) || (text[n] == '=' && !parse_filter(rbl, text + n + 1)))
        return NULL;
    return rbl;
}

const char *smtpd_rbl_domain(const struct rbl *rbl)
{
    return rbl->domain;
}

static bool matches(const struct rbl *rbl, const struct net_addr *addr)
{
    const uint8_t *bytes = (const uint8_t *) &addr->in.sin_addr;

    for (int i = 0; rbl->has_filter && i < 4; i++)
        if (!has_byte(&rbl->filter[i], bytes[i]))
            return false;
    return true;
}

static const char *reason_of(struct session *s, const char *query)
{
    struct dns_answer answer;

    if (dns_query(&s->scratch, query, DNS_TXT, 0, &answer) == DNS_FOUND)
        return answer.records[0].bytes;
    if (answer.result == DNS_RETRY)
        log_warn("%s: TXT lookup error: %s", query, answer.reason);
    return "";
}

static bool ask(struct session *s, const struct rbl *rbl, const char *query, struct rbl_hit *hit, bool *is_error)
{
    struct dns_answer answer;
    char text[NET_HOST_LEN];

    *is_error = false;
    if (dns_query(&s->scratch, query, DNS_A, 0, &answer) == DNS_RETRY) {
        log_warn("%s: RBL lookup error: %s", query, answer.reason);
        *is_error = true;
        return false;
    }
    for (size_t i = 0; answer.result == DNS_FOUND && i < answer.count; i++) {
        if (!matches(rbl, &answer.records[i].addr))
            continue;
        hit->code = arena_strdup(&s->scratch, net_host(&answer.records[i].addr, text));
        hit->reason = reason_of(s, query);
        return true;
    }
    return false;
}

/* RFC 5782 2.1, 2.4: bytes, or for IPv6 half bytes, in reverse. */
bool smtpd_rbl_has_address(struct session *s, const struct rbl *rbl, const struct net_addr *addr, struct rbl_hit *hit,
    bool *is_error)
{
    struct str query = {0};

    *is_error = false;
    if (addr->len == 0)
        return false;
    if (addr->sa.sa_family == AF_INET6) {
        const uint8_t *bytes = addr->in6.sin6_addr.s6_addr;
        for (int i = 15; i >= 0; i--)
            str_addf(&query, "%x.%x.", bytes[i] & 15, bytes[i] >> 4);
    } else {
        const uint8_t *bytes = (const uint8_t *) &addr->in.sin_addr;
        str_addf(&query, "%u.%u.%u.%u.", bytes[3], bytes[2], bytes[1], bytes[0]);
    }
    str_adds(&query, rbl->domain);
    bool is_listed = ask(s, rbl, str_text(&query), hit, is_error);
    str_done(&query);
    return is_listed;
}

bool smtpd_rbl_has_domain(struct session *s, const struct rbl *rbl, const char *domain, struct rbl_hit *hit,
    bool *is_error)
{
    *is_error = false;
    if (!smtpd_hostname_is_valid(domain))
        return false;
    return ask(s, rbl, arena_printf(&s->scratch, "%s.%s", domain, rbl->domain), hit, is_error);
}
