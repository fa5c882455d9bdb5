#include "config/interfaces.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/words.h"
#include "config/config.h"

/* The bytes of an address, most significant first. */
static size_t address_bytes(struct net_addr *a, unsigned char **bytes)
{
    if (a->sa.sa_family == AF_INET6) {
        *bytes = a->in6.sin6_addr.s6_addr;
        return sizeof(a->in6.sin6_addr);
    }
    *bytes = (unsigned char *) &a->in.sin_addr;
    return sizeof(a->in.sin_addr);
}

static bool from_sockaddr(struct net_addr *a, const struct sockaddr *sa)
{
    *a = (struct net_addr){0};
    if (sa == NULL || (sa->sa_family != AF_INET && sa->sa_family != AF_INET6))
        return false;
    a->len = sa->sa_family == AF_INET ? sizeof(a->in) : sizeof(a->in6);
    memcpy(&a->sa, sa, a->len);
    return true;
}

static bool is_wanted(const struct net_addr *a, int protocols)
{
    return (protocols & (a->sa.sa_family == AF_INET ? INTERFACES_IPV4 : INTERFACES_IPV6)) != 0;
}

static bool is_loopback(const struct net_addr *a)
{
    if (a->sa.sa_family == AF_INET)
        return ntohl(a->in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return IN6_IS_ADDR_LOOPBACK(&a->in6.sin6_addr);
}

bool interfaces_has(const struct interfaces *i, const struct net_addr *addr)
{
    for (size_t n = 0; n < i->count; n++)
        if (net_same_host(&i->list[n].addr, addr))
            return true;
    return false;
}

/* Keeps IPv4 in front. */
static void add(struct interfaces *i, const struct net_addr *addr, int prefix_len)
{
    size_t at = i->count;

    if (interfaces_has(i, addr))
        return;
    i->list = mem_realloc(i->list, (i->count + 1) * sizeof(*i->list));
    if (addr->sa.sa_family == AF_INET)
        while (at > 0 && i->list[at - 1].addr.sa.sa_family == AF_INET6)
            at--;
    memmove(&i->list[at + 1], &i->list[at], (i->count - at) * sizeof(*i->list));
    i->list[at] = (struct interface){*addr, prefix_len};
    i->count++;
}

static int prefix_len_of(const struct sockaddr *netmask)
{
    struct net_addr mask;
    unsigned char *bytes;
    int len = 0;

    if (!from_sockaddr(&mask, netmask))
        return 0;
    size_t n = address_bytes(&mask, &bytes);
    for (size_t bit = 0; bit < n * 8 && (bytes[bit / 8] & (0x80 >> bit % 8)) != 0; bit++)
        len++;
    return len;
}

/* Every address of the machine, with its network. */
static bool find_all(struct interfaces *i, int protocols, struct str *why)
{
    struct ifaddrs *first;
    struct net_addr addr;

    if (getifaddrs(&first) < 0) {
        str_setf(why, "getifaddrs: %m");
        return false;
    }
    for (struct ifaddrs *ifa = first; ifa != NULL; ifa = ifa->ifa_next)
        if ((ifa->ifa_flags & IFF_UP) != 0 && from_sockaddr(&addr, ifa->ifa_addr) && is_wanted(&addr, protocols))
            add(i, &addr, prefix_len_of(ifa->ifa_netmask));
    freeifaddrs(first);
    return true;
}

int interfaces_protocols(const char *inet_protocols, struct str *why)
{
    static const struct {
        const char *name;
        int protocols;
    } names[] = {
        {"all", INTERFACES_IPV4 | INTERFACES_IPV6},
        {"ipv4", INTERFACES_IPV4},
        {"ipv6", INTERFACES_IPV6},
    };
    int protocols = 0;
    char *copy = mem_strdup(inet_protocols), *cursor = copy;

    for (char *word; (word = words_next(&cursor, WORDS_LIST)) != NULL;) {
        size_t n = 0;
        while (n < ARRAY_SIZE(names) && strcmp(names[n].name, word) != 0)
            n++;
        if (n == ARRAY_SIZE(names)) {
            str_setf(why, "unknown inet_protocols value \"%s\" in \"%s\"", word, inet_protocols);
            mem_free(copy);
            return 0;
        }
        protocols |= names[n].protocols;
    }
    mem_free(copy);
    return protocols != 0 ? protocols : names[0].protocols;
}

static bool resolve_host(
    struct interfaces *i, const char *parameter_name, const char *host, int protocols, struct str *why)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found = NULL;
    struct net_addr addr;

    if (getaddrinfo(host, NULL, &hints, &found) != 0) {
        str_setf(why, "config variable %s: host not found: %s", parameter_name, host);
        return false;
    }
    for (struct addrinfo *ai = found; ai != NULL; ai = ai->ai_next)
        if (from_sockaddr(&addr, ai->ai_addr) && is_wanted(&addr, protocols))
            add(i, &addr, addr.sa.sa_family == AF_INET ? 32 : 128);
    freeaddrinfo(found);
    return true;
}

static bool resolve_all(
    struct interfaces *i, const char *parameter_name, const char *hosts, const char *inet_protocols, struct str *why)
{
    int protocols = interfaces_protocols(inet_protocols, why);
    char *copy = mem_strdup(hosts), *cursor = copy;
    bool ok = protocols != 0;

    for (char *word; ok && (word = words_next(&cursor, WORDS_LIST)) != NULL;) {
        size_t len = strlen(word);
        if (*word == '[' && word[len - 1] == ']') {
            word[len - 1] = 0;
            word++;
        }
        ok = resolve_host(i, parameter_name, word, protocols, why);
    }
    mem_free(copy);
    return ok;
}

/* Those of all that are asked for, with the network that all knows; one that all has not got is an error. */
static bool select_named(
    struct interfaces *i, const struct interfaces *all, const struct interfaces *named, struct str *why)
{
    char host[NET_HOST_LEN];

    for (size_t n = 0; n < named->count; n++)
        if (!interfaces_has(all, &named->list[n].addr)) {
            str_setf(why, "parameter inet_interfaces: no local interface found for %s",
                net_host(&named->list[n].addr, host));
            return false;
        }
    for (size_t n = 0; n < all->count; n++)
        if (interfaces_has(named, &all->list[n].addr))
            add(i, &all->list[n].addr, all->list[n].prefix_len);
    return true;
}

bool interfaces_find(struct interfaces *i, const char *inet_interfaces, const char *inet_protocols, struct str *why)
{
    struct interfaces all = {0}, named = {0};
    int protocols = interfaces_protocols(inet_protocols, why);
    bool ok = protocols != 0 && find_all(&all, protocols, why);

    if (ok && strcmp(inet_interfaces, "all") == 0) {
        *i = all;
        return true;
    }
    if (ok && strcmp(inet_interfaces, "loopback-only") == 0) {
        for (size_t n = 0; n < all.count; n++)
            if (is_loopback(&all.list[n].addr))
                add(i, &all.list[n].addr, all.list[n].prefix_len);
    } else if (ok)
        ok = resolve_all(&named, "inet_interfaces", inet_interfaces, inet_protocols, why) &&
             select_named(i, &all, &named, why);
    interfaces_done(&named);
    interfaces_done(&all);
    return ok;
}

/* Class A, B and C networks, as they were before 1993. */
static int class_prefix_len(const struct interface *it)
{
    if (it->addr.sa.sa_family == AF_INET6)
        return it->prefix_len;
    in_addr_t a = ntohl(it->addr.in.sin_addr.s_addr);
    return IN_CLASSA(a) ? 8 : IN_CLASSB(a) ? 16 : IN_CLASSC(a) ? 24 : 32;
}

static int subnet_prefix_len(const struct interface *it)
{
    return it->prefix_len;
}

static int host_prefix_len(const struct interface *it)
{
    return it->addr.sa.sa_family == AF_INET6 ? 128 : 32;
}

static const struct {
    const char *name;
    int (*prefix_len)(const struct interface *);
} styles[] = {
    {"class", class_prefix_len},
    {"subnet", subnet_prefix_len},
    {"host", host_prefix_len},
};

static void add_network(struct interfaces *networks, const struct interface *it, int prefix_len)
{
    struct net_addr network = it->addr;
    unsigned char *bytes;
    size_t n = address_bytes(&network, &bytes);

    for (size_t bit = (size_t) prefix_len; bit < n * 8; bit++)
        bytes[bit / 8] &= (unsigned char) ~(0x80 >> bit % 8);
    if (network.sa.sa_family == AF_INET6)
        network.in6.sin6_scope_id = 0;
    add(networks, &network, prefix_len);
}

bool interfaces_networks(const struct interfaces *i, const char *style, struct str *text, struct str *why)
{
    struct interfaces networks = {0};
    char host[NET_HOST_LEN];
    size_t s = 0;

    while (s < ARRAY_SIZE(styles) && strcmp(styles[s].name, style) != 0)
        s++;
    if (s == ARRAY_SIZE(styles)) {
        str_setf(why, "unknown mynetworks mask style value \"%.*s\" in \"%s\"", (int) strcspn(style, WORDS_LIST), style,
            style);
        return false;
    }
    for (size_t n = 0; n < i->count; n++)
        add_network(&networks, &i->list[n], styles[s].prefix_len(&i->list[n]));
    for (size_t n = 0; n < networks.count; n++) {
        bool is_v6 = networks.list[n].addr.sa.sa_family == AF_INET6;
        str_addf(text, "%s%s%s%s/%d", n > 0 ? " " : "", is_v6 ? "[" : "", net_host(&networks.list[n].addr, host),
            is_v6 ? "]" : "", networks.list[n].prefix_len);
    }
    interfaces_done(&networks);
    return true;
}

void interfaces_done(struct interfaces *i)
{
    mem_free(i->list);
    *i = (struct interfaces){0};
}

const struct interfaces *interfaces_own(void)
{
    static struct interfaces own; /* as inet_interfaces was at start: a change needs a restart */
    struct str why = {0};

    if (own.count == 0 && !interfaces_find(&own, conf.inet_interfaces, conf.inet_protocols, &why))
        fatal("%s", str_text(&why));
    return &own;
}

const struct interfaces *interfaces_proxy(void)
{
    static struct interfaces proxy;
    static bool is_known;
    struct str why = {0};

    if (!is_known && !resolve_all(&proxy, "proxy_interfaces", conf.proxy_interfaces, conf.inet_protocols, &why))
        fatal("%s", str_text(&why));
    is_known = true;
    return &proxy;
}
