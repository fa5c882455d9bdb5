#include "smtpd/peer.h"

#include <string.h>

#include "base/log.h"
#include "config/config.h"
#include "dns/dns.h"
#include "smtpd/hostname.h"

void smtpd_peer_update(struct session *s)
{
    struct peer *p = &s->peer;

    p->rfc_addr = strchr(p->addr, ':') != NULL ? arena_printf(&s->arena, "IPv6:%s", p->addr) : p->addr;
    if (conf.smtpd_client_port_logging)
        p->namaddr = arena_printf(&s->arena, "%s[%s]:%s", p->name, p->addr, p->port);
    else
        p->namaddr = arena_printf(&s->arena, "%s[%s]", p->name, p->addr);
}

static void set_name(struct peer *p, const char *name, enum name_status status)
{
    p->name = name;
    p->name_status = status;
}

static bool has_address(const struct dns_answer *answer, const struct net_addr *addr)
{
    for (size_t i = 0; i < answer->count; i++)
        if (net_same_host(&answer->records[i].addr, addr))
            return true;
    return false;
}

/* A PTR record is in the hands of whoever has the address. Its name counts only if it leads back. */
static void verify_name(struct session *s, struct arena *a, const char *name)
{
    struct peer *p = &s->peer;
    struct dns_answer answer;
    int family = p->sock.sa.sa_family == AF_INET6 ? DNS_WANT_V6 : DNS_WANT_V4;

    switch (dns_addr(a, name, DNS_HOSTS | family, &answer)) {
    case DNS_FOUND:
        if (has_address(&answer, &p->sock)) {
            set_name(p, p->reverse_name, NAME_OK);
            return;
        }
        log_warn("hostname %s does not resolve to address %s", name, p->addr);
        set_name(p, "unknown", NAME_FORGED);
        return;
    case DNS_NONE:
    case DNS_POLICY:
        log_warn("hostname %s does not resolve to address %s: %s", name, p->addr, dns_addr_reason(&answer));
        set_name(p, "unknown", NAME_PERMANENT);
        return;
    case DNS_RETRY:
        log_warn("hostname %s does not resolve to address %s: %s", name, p->addr, dns_addr_reason(&answer));
        set_name(p, "unknown", NAME_TEMPORARY);
        return;
    }
}

static void find_name(struct session *s, struct arena *a)
{
    struct peer *p = &s->peer;
    struct dns_answer answer;
    enum dns_result result = dns_ptr(a, &p->sock, DNS_HOSTS, &answer);
    const char *name = result == DNS_FOUND ? answer.records[0].name : NULL;

    if (name == NULL || !smtpd_hostname_is_valid(name)) {
        set_name(p, "unknown", result == DNS_RETRY ? NAME_TEMPORARY : NAME_PERMANENT);
        p->reverse_name = "unknown";
        p->reverse_name_status = p->name_status;
        return;
    }
    p->reverse_name = arena_strdup(&s->arena, name);
    p->reverse_name_status = NAME_OK;
    verify_name(s, a, name);
}

static void set_address(struct session *s, const struct net_addr *addr)
{
    struct peer *p = &s->peer;
    char host[NET_HOST_LEN];
    struct arena a = {0}; /* DNS answers are large */

    p->sock = *addr;
    net_unmap(&p->sock);
    p->addr = arena_strdup(&s->arena, net_host(&p->sock, host));
    p->port = arena_printf(&s->arena, "%u", net_port(&p->sock));
    p->reverse_name = "unknown";
    p->reverse_name_status = NAME_PERMANENT;
    if (conf.smtpd_peername_lookup)
        find_name(s, &a);
    else
        set_name(p, "unknown", NAME_PERMANENT);
    arena_done(&a);
    smtpd_peer_update(s);
}

/* Standard input, or a UNIX-domain socket: a program on this machine. */
static void set_local(struct session *s)
{
    struct peer *p = &s->peer;

    net_parse(&p->sock, "127.0.0.1", 0);
    set_name(p, "localhost", NAME_OK);
    p->reverse_name = "localhost";
    p->reverse_name_status = NAME_OK;
    p->addr = "127.0.0.1";
    p->port = "0";
    smtpd_peer_update(s);
}

void smtpd_peer_find(struct session *s, const struct daemon_client *client)
{
    char host[NET_HOST_LEN];

    s->real_peer = client->peer;
    if (client->peer.len == 0 || client->peer.sa.sa_family == AF_UNIX) {
        set_local(s);
        return;
    }
    struct net_addr local = client->local;
    net_unmap(&local);
    s->peer.local_addr = arena_strdup(&s->arena, net_host(&local, host));
    s->peer.local_port = arena_printf(&s->arena, "%u", net_port(&local));
    set_address(s, &client->peer);
}
