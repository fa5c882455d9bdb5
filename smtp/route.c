#include "smtp/route.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/idna.h"
#include "base/log.h"
#include "base/utf8.h"
#include "base/words.h"
#include "config/config.h"
#include "config/interfaces.h"
#include "dns/dns.h"
#include "smtp/trouble.h"

enum { SMTP_PORT = 25 };

static struct {
    bool asks_dns, asks_mx, asks_hosts;
    int flags;            /* enum dns_flag: secure, wanted families */
    int preferred_family; /* AF_UNSPEC: any */
} rules;

void smtp_route_open(void)
{
    struct str why = {0};
    const char *level = conf.smtp_dns_support_level;

    int protocols = interfaces_protocols(conf.inet_protocols, &why);
    rules.flags =
        ((protocols & INTERFACES_IPV4) != 0 ? DNS_WANT_V4 : 0) | ((protocols & INTERFACES_IPV6) != 0 ? DNS_WANT_V6 : 0);
    if (strcmp(level, "dnssec") == 0)
        rules.flags |= DNS_SECURE;
    rules.asks_mx = *level == 0 ? !conf.disable_dns_lookups : strcmp(level, "disabled") != 0;
    rules.asks_dns = rules.asks_mx && strstr(conf.smtp_host_lookup, "dns") != NULL;
    rules.asks_hosts = !rules.asks_mx || strstr(conf.smtp_host_lookup, "native") != NULL;
    rules.preferred_family = strcmp(conf.smtp_address_preference, "ipv4") == 0   ? AF_INET
                             : strcmp(conf.smtp_address_preference, "ipv6") == 0 ? AF_INET6
                                                                                 : AF_UNSPEC;
    if (!dns_set_options(conf.smtp_dns_resolver_options, &why))
        fatal(
            "unknown smtp_dns_resolver_options value \"%s\" in \"%s\"", str_text(&why), conf.smtp_dns_resolver_options);
    if (*conf.smtp_dns_reply_filter != 0)
        dns_set_reply_filter(conf.smtp_dns_reply_filter);
    dns_open();
    str_done(&why);
}

/* --- order --- */

static unsigned true_random(unsigned n)
{
    unsigned value = 0;

    if (getrandom(&value, sizeof(value), 0) != sizeof(value))
        value = 0;
    return value % n;
}

static int family_rank(const struct server *s)
{
    return rules.preferred_family != AF_UNSPEC && s->addr.sa.sa_family != rules.preferred_family;
}

static bool is_before(const struct server *a, const struct server *b)
{
    return a->preference != b->preference ? a->preference < b->preference : family_rank(a) < family_rank(b);
}

void smtp_route_sort(struct route *r, unsigned (*random_number)(unsigned n))
{
    struct server *list = r->servers;

    for (size_t i = r->count; conf.smtp_randomize_addresses && i > 1; i--) {
        size_t other = random_number((unsigned) i);
        struct server swap = list[i - 1];
        list[i - 1] = list[other];
        list[other] = swap;
    }
    for (size_t i = 1; i < r->count; i++) { /* stable, and lists are short */
        struct server s = list[i];
        size_t at = i;
        for (; at > 0 && is_before(&s, &list[at - 1]); at--)
            list[at] = list[at - 1];
        list[at] = s;
    }
}

/* A site with many addresses of one family, which is broken today, must not use up all attempts. */
void smtp_route_balance(struct route *r, size_t limit)
{
    size_t of_v4 = 0;

    if (limit < 2 || r->count <= limit)
        return;
    for (size_t i = 0; i < r->count; i++)
        of_v4 += r->servers[i].addr.sa.sa_family == AF_INET;
    size_t of_v6 = r->count - of_v4, fewer = of_v4 < of_v6 ? of_v4 : of_v6;
    if (fewer == 0)
        return;
    int rare = of_v4 < of_v6 ? AF_INET : AF_INET6;
    size_t places = fewer < limit / 2 ? fewer : limit / 2, seen = 0;
    for (size_t i = 0; i < limit; i++)
        seen += r->servers[i].addr.sa.sa_family == rare;
    /* One of the rare family that comes too late takes the last place, and the last of the others
     * gives way. */
    for (size_t i = limit; i < r->count && seen < places; i++) {
        size_t last = limit - 1;
        if (r->servers[i].addr.sa.sa_family != rare)
            continue;
        while (r->servers[last].addr.sa.sa_family == rare)
            last--;
        struct server moved = r->servers[i], gives_way = r->servers[last];
        memmove(&r->servers[last], &r->servers[last + 1], (limit - 1 - last) * sizeof(moved));
        memmove(&r->servers[limit + 1], &r->servers[limit], (i - limit) * sizeof(moved));
        r->servers[limit - 1] = moved;
        r->servers[limit] = gives_way;
        seen++;
    }
}

bool smtp_route_cut_self(struct route *r, bool (*is_self)(const struct net_addr *addr))
{
    unsigned own = 0;
    size_t kept = 0;

    r->are_we_mx = false;
    for (size_t i = 0; i < r->count; i++) {
        if (!is_self(&r->servers[i].addr))
            continue;
        if (!r->are_we_mx || r->servers[i].preference < own)
            own = r->servers[i].preference;
        r->are_we_mx = true;
    }
    for (size_t i = 0; r->are_we_mx && i < r->count; i++)
        if (r->servers[i].preference < own)
            r->servers[kept++] = r->servers[i];
    if (r->are_we_mx)
        r->count = kept;
    return r->count > 0;
}

static bool is_own_address(const struct net_addr *addr)
{
    return interfaces_has(interfaces_own(), addr) || interfaces_has(interfaces_proxy(), addr);
}

/* --- finding --- */

struct search {
    struct attempt *a;
    struct route *route;
    size_t room;
};

static void add_server(
    struct search *s, const char *host, const struct net_addr *addr, uint16_t port, unsigned preference)
{
    struct route *r = s->route;

    if (r->count == s->room) {
        size_t room = s->room == 0 ? 8 : s->room * 2;
        struct server *bigger = arena_alloc(s->a->memory, room * sizeof(*bigger));
        if (r->count > 0)
            memcpy(bigger, r->servers, r->count * sizeof(*bigger));
        r->servers = bigger;
        s->room = room;
    }
    struct server *server = &r->servers[r->count++];
    *server = (struct server){.host = arena_strdup(s->a->memory, host), .addr = *addr, .preference = preference};
    if (addr->sa.sa_family == AF_INET)
        server->addr.in.sin_port = htons(port);
    else
        server->addr.in6.sin6_port = htons(port);
}

static void lookup_failed(struct attempt *a, const struct dns_answer *answer, const char *status)
{
    struct str text = {0};

    dns_error_text(answer, &text);
    smtp_trouble_set(
        a, status, "%s%s", answer->result == DNS_POLICY ? "" : "Host or domain name not found. ", str_text(&text));
    str_done(&text);
}

/* The addresses of a host: from the DNS, then as the C library would find them. */
static void add_host(struct search *s, const char *host, uint16_t port, unsigned preference)
{
    struct dns_answer answer = {.result = DNS_NONE};
    int families = rules.flags & (DNS_WANT_V4 | DNS_WANT_V6);

    if (rules.asks_dns && dns_addr(s->a->memory, host, rules.flags, &answer) == DNS_RETRY) {
        lookup_failed(s->a, &answer, "4.4.3");
        return;
    }
    if (answer.result != DNS_FOUND && rules.asks_dns)
        lookup_failed(s->a, &answer, "5.4.4");
    if (answer.result != DNS_FOUND && rules.asks_hosts) {
        dns_addr(s->a->memory, host, families | DNS_HOSTS, &answer);
        if (answer.result != DNS_FOUND)
            smtp_trouble_set(s->a, answer.result == DNS_RETRY ? "4.4.3" : "5.4.4", "unable to look up host %s: %s",
                host, dns_addr_reason(&answer));
    }
    if (answer.result == DNS_FOUND && (conf.smtp_cname_overrides_servername || answer.is_secure))
        host = answer.name; /* or who points an alias somewhere could choose whose certificate is looked for */
    for (size_t i = 0; answer.result == DNS_FOUND && i < answer.count; i++)
        add_server(s, host, &answer.records[i].addr, port, preference);
}

static bool loops_back(struct attempt *a, const char *name)
{
    smtp_trouble_set(a, "5.4.6", "mail for %s loops back to myself", name);
    return false;
}

static void put_in_order(struct route *r)
{
    smtp_route_sort(r, true_random);
    if (conf.smtp_balance_inet_protocols)
        smtp_route_balance(r, (size_t) conf.smtp_mx_address_limit);
}

static bool find_by_host(struct search *s, const char *name, uint16_t port)
{
    add_host(s, name, port, 0);
    if (s->route->count == 0)
        return false;
    if (s->a->is_loop_checked && !smtp_route_cut_self(s->route, is_own_address))
        return loops_back(s->a, name);
    put_in_order(s->route);
    return true;
}

static bool find_by_exchangers(struct search *s, const char *name, uint16_t port, const struct dns_answer *mx)
{
    struct route *r = s->route;

    r->best_preference = mx->records[0].preference;
    for (size_t i = 0; i < mx->count && rules.asks_dns; i++)
        dns_prefetch_addr(mx->records[i].name, rules.flags);
    for (size_t i = 0; i < mx->count; i++)
        add_host(s, mx->records[i].name, port, mx->records[i].preference);
    if (r->count == 0) {
        if (conf.smtp_defer_if_no_mx_address_found && *s->a->why.status == '5')
            smtp_trouble_set(s->a, "4.4.4", "%s", s->a->why.reason);
        log_warn("no MX host for %s has a valid address record", name);
        return false;
    }
    unsigned best_found = UINT32_MAX;
    for (size_t i = 0; i < r->count; i++)
        if (r->servers[i].preference < best_found)
            best_found = r->servers[i].preference;
    if (s->a->is_loop_checked && !smtp_route_cut_self(r, is_own_address)) {
        if (r->best_preference == best_found)
            return loops_back(s->a, name);
        smtp_trouble_set(s->a, "4.4.4", "unable to find primary relay for %s", name);
        return false;
    }
    put_in_order(r);
    return true;
}

static bool find_by_domain(struct search *s, const char *name, uint16_t port)
{
    struct dns_answer mx;

    switch (dns_mx(s->a->memory, name, rules.flags & DNS_SECURE, &mx)) {
    case DNS_FOUND:
        return find_by_exchangers(s, name, port, &mx);
    case DNS_NONE:
        if (!mx.is_invalid || conf.ignore_mx_lookup_error)
            return find_by_host(s, name, port);
        lookup_failed(s->a, &mx, "5.4.4");
        return false;
    case DNS_RETRY:
        if (conf.ignore_mx_lookup_error)
            return find_by_host(s, name, port);
        lookup_failed(s->a, &mx, "4.4.3");
        return false;
    case DNS_POLICY:
        lookup_failed(s->a, &mx, "5.1.0");
        return false;
    }
    panic("unknown dns result");
}

/* --- SRV records (RFC 2782, RFC 6186), for the services in use_srv_lookup --- */

static bool is_srv_service(const struct destination *to)
{
    struct arena memory = {0};
    struct vec list = {0};
    bool found = false;

    if (*conf.use_srv_lookup == 0 || to->is_quoted || !rules.asks_mx)
        return false;
    words_split(&memory, conf.use_srv_lookup, WORDS_LIST, &list);
    for (size_t i = 0; i < list.count; i++)
        found = found || strcasecmp(list.items[i], to->service) == 0;
    vec_done(&list, NULL);
    arena_done(&memory);
    return found;
}

/* The next of the servers with the best priority, at random by weight; it leaves the list. */
static struct dns_record take_srv(struct dns_record *list, size_t *count)
{
    unsigned best = UINT16_MAX + 1u, sum = 0, at;
    size_t chosen = 0;

    for (size_t i = 0; i < *count; i++)
        if (list[i].preference < best)
            best = list[i].preference;
    for (size_t i = 0; i < *count; i++)
        sum += list[i].preference == best ? list[i].weight + 1u : 0;
    at = true_random(sum);
    for (size_t i = 0; i < *count; i++) {
        if (list[i].preference != best)
            continue;
        chosen = i;
        if (at < list[i].weight + 1u)
            break;
        at -= list[i].weight + 1u;
    }
    struct dns_record taken = list[chosen];
    memmove(&list[chosen], &list[chosen + 1], (--*count - chosen) * sizeof(*list));
    return taken;
}

enum srv_result { SRV_FOUND, SRV_FAILED, SRV_ELSEWHERE };

static enum srv_result find_by_service(struct search *s, const struct destination *to, const char *name)
{
    struct dns_answer answer;
    char *owner = arena_printf(s->a->memory, "_%s._tcp.%s", to->service, name);

    switch (dns_query(s->a->memory, owner, DNS_SRV, rules.flags & DNS_SECURE, &answer)) {
    case DNS_FOUND:
        break;
    case DNS_NONE:
    case DNS_POLICY:
        lookup_failed(s->a, &answer, "5.4.4");
        return conf.allow_srv_lookup_fallback ? SRV_ELSEWHERE : SRV_FAILED;
    case DNS_RETRY:
        lookup_failed(s->a, &answer, "4.4.3");
        return conf.ignore_srv_lookup_error ? SRV_ELSEWHERE : SRV_FAILED;
    }
    struct dns_record *list = arena_alloc(s->a->memory, answer.count * sizeof(*list));
    memcpy(list, answer.records, answer.count * sizeof(*list));
    for (unsigned place = 0; answer.count > 0; place++) {
        struct dns_record srv = take_srv(list, &answer.count);
        add_host(s, srv.name, srv.port, place);
    }
    if (s->route->count == 0)
        return SRV_FAILED;
    if (s->a->is_loop_checked && !smtp_route_cut_self(s->route, is_own_address)) {
        loops_back(s->a, name);
        return SRV_FAILED;
    }
    return SRV_FOUND;
}

bool smtp_route_find(struct attempt *a, const struct destination *to, struct route *route)
{
    struct search s = {.a = a, .route = route};
    struct str ascii = {0};
    const char *name = to->host;
    enum srv_result srv = SRV_ELSEWHERE;

    *route = (struct route){0};
    a->is_loop_checked = to->port == SMTP_PORT;
    if (!utf8_is_ascii(name, strlen(name)) && idna_to_ascii(name, &ascii))
        name = arena_strdup(a->memory, str_text(&ascii));
    str_done(&ascii);
    if (is_srv_service(to))
        srv = find_by_service(&s, to, name);
    if (srv != SRV_ELSEWHERE)
        return srv == SRV_FOUND;
    if (to->is_quoted || !rules.asks_mx || smtp_is_lmtp()) /* mail exchangers speak SMTP */
        return find_by_host(&s, name, to->port);
    return find_by_domain(&s, name, to->port);
}
